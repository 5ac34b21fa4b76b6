/* What libxpc has to say about peers that it dropped, and the like. */
#ifndef XR_LOG_H
#define XR_LOG_H

#include <stddef.h>

enum xr_log_size {
  /* Lines that may wait; more are counted and not kept. */
  XR_LOG_LINES = 64,
  /* Bytes of one line with its NUL; a longer one is cut. */
  XR_LOG_LINE = 256
};

/* Moves the oldest line, NUL-terminated, to the caller's XR_LOG_LINE bytes and
 * returns its length; 0 when none waits. After the lines comes one that says
 * how many were lost. Any thread. Apple's libxpc writes to the system's log
 * instead: nothing ever waits there. */
size_t xr_log_take(char *line);

#endif
