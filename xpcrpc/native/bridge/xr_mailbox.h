/* Where events wait for the event loop: one mailbox per loop.
 *
 * Handler blocks post, on whatever thread libxpc runs them; the loop's thread
 * drains. A post never blocks for longer than the lock and never enters
 * Python. */
#ifndef XR_MAILBOX_H
#define XR_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

typedef struct xr_mailbox xr_mailbox;

enum xr_mailbox_size {
  /* Events that may wait before the connection that brings one more is
   * suspended; it is resumed when half of them were taken. So nothing is
   * lost: the rest waits in libxpc, and then with the sender. Replies and
   * errors always fit, as each answers something of ours. */
  XR_MAILBOX_EVENTS = 4096,
  /* Blocks of libxpc that one drain runs at most. */
  XR_MAILBOX_BATCH = 256
};

enum xr_event_kind {
  XR_EVENT_MESSAGE = 1, /* a dictionary outside replies */
  XR_EVENT_REPLY = 2,   /* what became of a request: see `error` */
  XR_EVENT_PEER = 3,    /* a listener's new connection, in `pointer` */
  XR_EVENT_ERROR = 4,   /* of the connection itself */
  XR_EVENT_BARRIER = 5  /* a barrier, named by `call`, has run */
};

enum xr_error {
  XR_ERROR_NONE = 0,
  XR_ERROR_INTERRUPTED = 1,
  XR_ERROR_INVALID = 2,
  XR_ERROR_TERMINATION = 3,
  XR_ERROR_PEER_REQUIREMENT = 4,
  XR_ERROR_OTHER = 5 /* its description, UTF-8, is the frame */
};

/* Bits of struct xr_batch.more. */
enum xr_more {
  XR_MORE_EVENTS = 1, /* drain again, without waiting for the descriptor */
  XR_MORE_LOG = 2     /* xr_log_take() has lines */
};

/* First in the buffer of a drain. */
struct xr_batch {
  uint32_t count;  /* records that follow */
  uint32_t more;   /* of enum xr_more */
  uint64_t needed; /* count is 0 as the next one needs this many bytes */
};

/* One event; `frame_length` bytes of frame follow, then zeros to a multiple
 * of 8, then `handle_count` struct xr_handle. */
struct xr_record {
  uint32_t kind;
  uint32_t error;
  uint64_t token; /* the connection's, see xr_connection_token() */
  uint64_t call;  /* the request's id for a reply, the barrier's own */
  /* The receiver owns it: an xr_connection for a new peer; else the reply
   * that is to be sent with xr_message_reply() or dropped with
   * xr_message_release(), or NULL as none is expected. */
  void *pointer;
  uint64_t frame_length; /* 0 in a message: it cannot be written as a frame */
  uint32_t handle_count;
  int32_t pid;
  uint32_t euid;
  uint32_t egid;
  int32_t asid;
  uint32_t reserved;
};

/* A new mailbox, owned by the caller (xr_mailbox_close), or NULL with errno.
 * Capacity 0 is XR_MAILBOX_EVENTS. Any thread. */
xr_mailbox *xr_mailbox_create(size_t capacity);

/* Readable when a drain has something to do; the mailbox keeps it: neither
 * read nor close it. Any thread. */
int xr_mailbox_fd(xr_mailbox *box);

/* Fills the caller's buffer with one struct xr_batch and as many records as
 * fit; returns the bytes used. On Linux it first lets libxpc read its sockets
 * on this thread. Never blocks. The loop's thread only. */
size_t xr_mailbox_drain(xr_mailbox *box, void *buffer, size_t size);

/* Refuses further events and drops those that wait: peers are turned away,
 * requests answered by libxpc with INTERRUPTED. Takes the caller's reference;
 * connections keep the memory. The loop's thread, once. */
void xr_mailbox_close(xr_mailbox *box);

#endif
