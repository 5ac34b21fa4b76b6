/* Memory that large messages pass through: counted, so that a data object can
 * lie in it, and kept for the next message, so that its pages are real
 * already. Safe from any thread. */
#ifndef XPC__BUFFER_H
#define XPC__BUFFER_H

#include "object.h"

struct xpc__buffer {
  _Atomic uint32_t references;
  bool mapped;
  size_t capacity;
  uint8_t *bytes;
  struct xpc__buffer *next; /* among those kept */
};

/* Room for `size` bytes, not cleared; owned by the caller. */
struct xpc__buffer *xpc__buffer_new(size_t size);

/* A read-only mapping of the first `length` bytes of a file, or NULL. The
 * descriptor stays the caller's. */
struct xpc__buffer *xpc__buffer_map(int fd, size_t length);

struct xpc__buffer *xpc__buffer_retain(struct xpc__buffer *buffer);
/* NULL is fine. */
void xpc__buffer_release(struct xpc__buffer *buffer);

#endif
