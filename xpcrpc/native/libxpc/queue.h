/* A dispatch queue as a reactor: an epoll set and a list of work.
 *
 * Only the thread that drains runs anything. Everything else here may be
 * called from any thread; a queue's lock is taken last, after any
 * connection's, and never held while work runs. */
#ifndef XPC__QUEUE_H
#define XPC__QUEUE_H

#include "object.h"

/* Something to run. The poster keeps it alive until it has run. */
struct xpc__work {
  struct xpc__work *next;
  /* Runs at most `budget` blocks and returns how many. */
  size_t (*run)(struct xpc__work *work, size_t budget);
};

/* A descriptor in the queue's epoll set. The owner embeds it; hold and drop
 * keep that owner alive around a call of ready(). */
struct xpc__watch {
  dispatch_queue_t queue; /* where it is watched, or NULL */
  uint32_t slot;
  uint32_t events;
  int fd;
  const void *user; /* whose turn it is when it is ready, or NULL: anybody's */
  /* True when the descriptor gave something. */
  bool (*ready)(struct xpc__watch *watch, uint32_t events);
  void (*hold)(struct xpc__watch *watch);
  void (*drop)(struct xpc__watch *watch);
};

/* NULL becomes the default queue; borrowed. */
dispatch_queue_t xpc__queue_resolve(dispatch_queue_t queue);

void xpc__queue_post(dispatch_queue_t queue, struct xpc__work *work);

/* Runs a block with an object (retained here, may be NULL for a barrier) on
 * the queue; takes over the block reference. */
void xpc__queue_post_block(dispatch_queue_t queue, void *block,
                           xpc_object_t object);

/* Makes the set watch exactly this: adds, changes or, with events 0, removes.
 * False with errno when the kernel refuses. */
bool xpc__queue_watch(dispatch_queue_t queue, struct xpc__watch *watch, int fd,
                      uint32_t events);

#endif
