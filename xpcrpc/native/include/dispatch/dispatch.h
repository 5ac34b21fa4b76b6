/* The part of libdispatch that the xpc headers name, and no more.
 *
 * A queue of the portable library is a reactor, not a thread: it runs only
 * inside xpc_portable_queue_drain() (see <xpc/portable.h>). Retain and
 * release are safe from any thread. */
#ifndef XPC_PORTABLE_DISPATCH_H
#define XPC_PORTABLE_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef XPC_PORTABLE_SHARED
#define DISPATCH_EXPORT extern __attribute__((__visibility__("default")))
#else
#define DISPATCH_EXPORT extern
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dispatch_queue_s *dispatch_queue_t;
typedef struct dispatch_queue_attr_s *dispatch_queue_attr_t;

/* Anything that dispatch_retain() takes; here queues are all there is. */
typedef union {
  struct dispatch_object_s *_do;
  struct dispatch_queue_s *_dq;
} dispatch_object_t __attribute__((__transparent_union__));

typedef void (*dispatch_function_t)(void *context);

#ifdef __BLOCKS__
typedef void (^dispatch_block_t)(void);
#else
typedef struct _dispatch_block_literal_s *dispatch_block_t;
#endif

#define DISPATCH_QUEUE_SERIAL NULL
#define DISPATCH_TARGET_QUEUE_DEFAULT NULL

/* A new queue, owned by the caller; NULL when the process is out of
 * descriptors. The label is copied and may be NULL; the attribute is
 * accepted and ignored, as every queue here is serial. */
DISPATCH_EXPORT dispatch_queue_t dispatch_queue_create(
    const char *label, dispatch_queue_attr_t attr);

/* The label given at creation, or "". Lives as long as the queue. */
DISPATCH_EXPORT const char *dispatch_queue_get_label(dispatch_queue_t queue);

DISPATCH_EXPORT void dispatch_retain(dispatch_object_t object);
DISPATCH_EXPORT void dispatch_release(dispatch_object_t object);

#ifdef __cplusplus
}
#endif

#endif
