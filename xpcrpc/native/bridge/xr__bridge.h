/* What the bridge's files ask of each other; cffi does not see it.
 *
 * Only public names of <xpc/xpc.h> are used, so that the same source runs over
 * Apple's libxpc and over the portable one. What must differ is a pair of
 * sibling files: wakeup_, peer_ and limits_ with _apple/_dispatch or
 * _portable. */
#ifndef XR__BRIDGE_H
#define XR__BRIDGE_H

#include <pthread.h>
#include <stdatomic.h>
#include <xpc/xpc.h>

#include "xr_connection.h"
#include "xr_log.h"
#include "xr_transaction.h"
#include "xr_mailbox.h"
#include "xr_message.h"
#include "xr_peer.h"

/* Type words of Apple's serialisation. */
enum {
  XR__NULL = 0x01000,
  XR__BOOL = 0x02000,
  XR__INT64 = 0x03000,
  XR__UINT64 = 0x04000,
  XR__DOUBLE = 0x05000,
  XR__DATE = 0x07000,
  XR__DATA = 0x08000,
  XR__STRING = 0x09000,
  XR__UUID = 0x0a000,
  XR__FD = 0x0b000,
  XR__SHMEM = 0x0c000,
  XR__ARRAY = 0x0e000,
  XR__DICTIONARY = 0x0f000,
  XR__ENDPOINT = 0x12000
};

enum { XR__HEADER_BYTES = 8 };
#define XR__MAGIC 0x42133742u
#define XR__MAGIC_MACH 0x40585043u

struct xr__event {
  struct xr__event *next;
  xr_connection *connection; /* +1 */
  xpc_object_t object;       /* +1; NULL for peers and known errors */
  xr_connection *peer;       /* +1, XR_EVENT_PEER alone */
  uint64_t call;
  uint32_t kind;
  uint32_t error;
  int32_t pid;
  uint32_t euid;
  uint32_t egid;
  int32_t asid;
};

struct xr_mailbox {
  atomic_uint references;
  pthread_mutex_t lock; /* guards the six fields below it */
  struct xr__event *first;
  struct xr__event **last;
  size_t count;
  bool closed;
  bool overdue;              /* somebody is held */
  struct xr_connection *held; /* suspended until there is room */
  size_t capacity;
  dispatch_queue_t queue;
  atomic_ullong next_token;
  int wake[2]; /* wakeup_dispatch.c: a pipe; wakeup_portable.c: unused */
};

struct xr_connection {
  atomic_uint references;
  xr_mailbox *box;             /* +1 */
  xpc_connection_t connection; /* +1 */
  uint64_t token;
  unsigned suspends; /* by the program; loop's thread */
  bool listener;
  bool active;            /* loop's thread */
  bool cancelled;         /* loop's thread */
  atomic_bool silent;     /* closed: post nothing further */
  bool held;              /* suspended by the mailbox; box->lock */
  xr_connection *next_held; /* +1 while held; box->lock */
};

/* -- xr_mailbox.c: any thread unless said otherwise */

xr_mailbox *xr__mailbox_retain(xr_mailbox *box);
void xr__mailbox_release(xr_mailbox *box);
/* Takes the event over. A closed mailbox drops it. */
void xr__mailbox_post(xr_mailbox *box, struct xr__event *event);
/* Undoes what the mailbox did to a connection that is to be cancelled. */
void xr__mailbox_unhold(xr_mailbox *box, xr_connection *connection);

/* -- wakeup_dispatch.c, wakeup_portable.c */

/* Makes the queue and the descriptor: 0 or -1 with errno. */
int xr__wakeup_init(xr_mailbox *box);
void xr__wakeup_free(xr_mailbox *box);
int xr__wakeup_fd(xr_mailbox *box);
/* Under box->lock: the mailbox became not empty, or empty. */
void xr__wakeup_set(xr_mailbox *box);
void xr__wakeup_clear(xr_mailbox *box);
/* Lets libxpc run up to `blocks` blocks on this thread, where that is how it
 * works; returns how many ran. The loop's thread, no lock. */
size_t xr__wakeup_run(xr_mailbox *box, size_t blocks);

/* -- xr_connection.c: any thread */

xr_connection *xr__connection_retain(xr_connection *connection);
void xr__connection_release(xr_connection *connection);
/* An inactive connection of libxpc, whose reference is taken over, or NULL
 * when memory is short (then it is disposed of). */
xr_connection *xr__connection_wrap(xr_mailbox *box, xpc_connection_t raw,
                                   bool listener);
/* Bodies of the blocks; they borrow their arguments. */
void xr__connection_on_event(xr_connection *connection, xpc_object_t event);
void xr__connection_on_reply(xr_connection *connection, uint64_t call,
                             xpc_object_t reply);
void xr__connection_on_barrier(xr_connection *connection, uint64_t call);

/* -- xr_block.c: any thread; libxpc copies the block inside the call */

void xr__set_event_handler(xpc_connection_t raw, xr_connection *context);
void xr__send_with_reply(xr_connection *connection, xpc_object_t message,
                         uint64_t call);
void xr__send_barrier(xr_connection *connection, uint64_t call);
/* Calls `each` for every entry; stops when it returns false. */
bool xr__dictionary_each(xpc_object_t dictionary,
                         bool (*each)(void *context, const char *key,
                                      xpc_object_t value),
                         void *context);

/* -- xr_reader.c: frame to objects; any thread */

/* Fills `dictionary`, or when that is NULL a new one owned by the caller. On
 * an error *dictionary is as it was, but may hold some entries. */
int xr__read_frame(const void *frame, size_t length,
                   const struct xr_handle *handles, size_t count,
                   xpc_object_t *dictionary);

/* -- xr_writer.c: objects to frame; any thread that owns the object */

/* Room for one record's frame and handles. */
struct xr__space {
  uint8_t *bytes;
  size_t size;
};
/* Writes the frame, padding and handles if they fit; *needed says what they
 * take in either case. Returns whether they fit; *frame_length is 0 for an
 * object that no frame can hold. */
bool xr__write_frame(xpc_object_t object, struct xr__space space,
                     size_t *needed, uint64_t *frame_length,
                     uint32_t *handle_count);

/* -- log_apple.c, log_portable.c: any thread */

/* From here on libxpc's lines are kept; may be repeated. */
void xr__log_start(void);
bool xr__log_waits(void);

/* -- limits_apple.c, limits_portable.c: any thread */

/* Containers within containers, the root counted. */
unsigned xr__depth_limit(void);
size_t xr__object_limit(void);
/* Tells libxpc; 0 is its default. Returns what holds now. */
size_t xr__apply_message_limit(size_t bytes);
/* The descriptor of an fd object in a message that is ours alone and about to
 * be released, for the caller to close; -1 when there is none to be had. */
int xr__fd_take(xpc_object_t object);
/* A shmem object for a mapping of ours, or NULL when it cannot be shared. */
xpc_object_t xr__shmem_create(void *address, size_t size);
/* NULL where libxpc is too old to say. */
char *xr__copy_reason(xpc_connection_t raw);
/* PEER_CODE_SIGNING_REQUIREMENT, or NULL where it does not exist (C-168). */
xpc_object_t xr__peer_requirement_error(void);

static inline size_t xr__padded(size_t length, size_t to) {
  return (length + to - 1) & ~(to - 1);
}

#endif
