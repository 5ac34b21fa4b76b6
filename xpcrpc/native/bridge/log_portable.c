/* Lines wait here until a drain of some mailbox says so: libxpc speaks with
 * its locks held, so nobody else may be called then. */
#include <stdio.h>
#include <string.h>
#include <xpc/portable.h>

#include "xr__bridge.h"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char lines[XR_LOG_LINES][XR_LOG_LINE];
static size_t first_line, line_count, lines_lost;
static atomic_bool waits;

static void keep_line(const char *line) {
  pthread_mutex_lock(&log_lock);
  if (line_count == XR_LOG_LINES) {
    lines_lost++;
  } else {
    char *to = lines[(first_line + line_count++) % XR_LOG_LINES];
    (void)snprintf(to, XR_LOG_LINE, "%s", line);
  }
  atomic_store(&waits, true);
  pthread_mutex_unlock(&log_lock);
}

void xr__log_start(void) { xpc_portable_set_logger(keep_line); }

bool xr__log_waits(void) {
  return atomic_load_explicit(&waits, memory_order_relaxed);
}

size_t xr_log_take(char *line) {
  size_t length = 0;

  pthread_mutex_lock(&log_lock);
  if (line_count != 0) {
    length = strlen(lines[first_line]);
    memcpy(line, lines[first_line], length + 1);
    first_line = (first_line + 1) % XR_LOG_LINES;
    line_count--;
  } else if (lines_lost != 0) {
    length = (size_t)snprintf(line, XR_LOG_LINE,
                              "xpc: %zu more lines were not kept", lines_lost);
    lines_lost = 0;
  }
  if (line_count == 0 && lines_lost == 0)
    atomic_store(&waits, false);
  pthread_mutex_unlock(&log_lock);
  return length;
}
