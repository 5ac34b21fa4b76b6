/* What exists only in the portable libxpc.
 *
 * The library owns no thread. A dispatch queue is a reactor: an epoll set and
 * a list of pending work, run by whoever drains it. A program watches
 * xpc_portable_queue_get_fd() for readability and then calls
 * xpc_portable_queue_drain(). Functions that return int give 0 or an errno
 * value; every function may be called from any thread. */
#ifndef XPC_PORTABLE_H
#define XPC_PORTABLE_H

#include <xpc/xpc.h>

XPC_EXTERN_C_BEGIN

/* Limits. The contract leaves them open (OQ-27); these are ours. */
enum {
  /* Largest payload of one message, unless changed by the setter below. */
  XPC_PORTABLE_MESSAGE_BYTES = 64 * 1024 * 1024,
  /* Payloads up to here travel in one record, */
  XPC_PORTABLE_INLINE_BYTES = 64 * 1024,
  /* up to here in several, and larger ones in a memfd. */
  XPC_PORTABLE_SOCKET_BYTES = 4 * 1024 * 1024,
  /* Containers within containers, the root counted: 256 below it. */
  XPC_PORTABLE_DEPTH = 257,
  /* Objects in one message, so that small bytes cannot make large heaps. */
  XPC_PORTABLE_OBJECTS = 4 * 1024 * 1024,
  /* Descriptors in one message: one SCM_RIGHTS batch (the kernel's 253) less
   * the one that may carry the payload. */
  XPC_PORTABLE_HANDLES = 252,
  /* Bytes of the messages that have come in part, over all peers: one that
   * would exceed it is dropped. */
  XPC_PORTABLE_UNFINISHED_BYTES = 256 * 1024 * 1024,
  /* Unsent messages and payload bytes of one connection. A peer that lets
   * either run over is taken for dead: its connection ends as if it had
   * closed (INTERRUPTED or INVALID) with one log line. */
  XPC_PORTABLE_QUEUE_MESSAGES = 1024 * 1024,
  XPC_PORTABLE_QUEUE_BYTES = 512 * 1024 * 1024,
  /* Messages, and their payload bytes, that one connection has received and
   * no handler has seen. At either its socket is left to fill up, and the
   * sender's queue grows. A batch of 16 may run over. */
  XPC_PORTABLE_BACKLOG_MESSAGES = 256,
  XPC_PORTABLE_BACKLOG_BYTES = 64 * 1024 * 1024,
  /* The same for descriptors: what one message may carry. */
  XPC_PORTABLE_BACKLOG_HANDLES = XPC_PORTABLE_HANDLES,
  /* Clients of this process at one time, over all listeners; those of one
   * user; and those that have connected and said nothing. One more is turned
   * away with one log line, as if it had not been accepted. */
  XPC_PORTABLE_PEERS = 16384,
  XPC_PORTABLE_PEERS_OF_USER = 8192,
  XPC_PORTABLE_SILENT_PEERS = 8192,
  /* What clients share, one user cannot use up. Unless he is this process's
   * own, he has at most one part in so many of the places for silent clients,
   * of the bytes of unfinished messages, and, as connections, of the
   * descriptors this process may open (RLIMIT_NOFILE): one more is turned
   * away, or dropped. */
  XPC_PORTABLE_USER_PART = 2,
  /* In messages that no handler has seen he has at most one descriptor in so
   * many of RLIMIT_NOFILE, and so many bytes; at either his messages wait in
   * their sockets. */
  XPC_PORTABLE_USER_BACKLOG_PART = 4,
  XPC_PORTABLE_USER_BACKLOG_BYTES = 256 * 1024 * 1024,
  /* Sockets of one user that are read in one look at all that are ready, when
   * more than one user has connections. */
  XPC_PORTABLE_USER_TURNS = 16,
  /* Bytes of a service name, the final NUL not counted. */
  XPC_PORTABLE_NAME_BYTES = 127
};

/* The queue that NULL stands for; borrowed, never freed. */
XPC_EXPORT dispatch_queue_t xpc_portable_default_queue(void);

/* A descriptor that polls readable while the queue has work. It belongs to
 * the queue: do not read, change or close it. NULL is the default queue, which
 * alone may give -1 with errno: no descriptor is left to make it with. It can
 * be drained all the same; ask again afterwards. */
XPC_EXPORT int xpc_portable_queue_get_fd(dispatch_queue_t queue);

/* Runs what is ready, at most max_events blocks, on the calling thread, and
 * returns how many ran. Never blocks. Work that remains keeps the descriptor
 * readable. A drain of a queue that is being drained (from one of its own
 * blocks, or by another thread) returns 0. */
XPC_EXPORT size_t xpc_portable_queue_drain(dispatch_queue_t queue,
                                           size_t max_events);

/* Apple's serialisation, version 5, with its stand-alone magic.
 *
 * On success *bytes is malloc'd (free it) and *handles, unless handles is
 * NULL, is an array (+1) of the fd, shmem and endpoint objects in
 * serialisation order. Errors: EINVAL a member cannot be transported (NULL
 * bytes or length too), ELOOP too deep or cyclic, E2BIG over the message or
 * object limit, ETOOMANYREFS more handles than XPC_PORTABLE_HANDLES. */
XPC_EXPORT int xpc_portable_serialize(xpc_object_t object, void **bytes,
                                      size_t *length, xpc_object_t *handles);

/* The reverse; handles is an array or NULL for none; both magics are read.
 * On success *object is owned by the caller. Errors: EBADMSG malformed or the
 * handles do not fit the types, ELOOP, E2BIG. */
XPC_EXPORT int xpc_portable_deserialize(const void *bytes, size_t length,
                                        xpc_object_t handles,
                                        xpc_object_t *object);

/* Why a send of this message would abort: 0 it would not, EINVAL not a
 * dictionary or a member that cannot be transported, ELOOP, E2BIG,
 * ETOOMANYREFS as above, EALREADY a reply that was sent before. Changes
 * nothing. */
XPC_EXPORT int xpc_portable_check_message(xpc_object_t message);

/* The largest payload, in bytes, this process sends or accepts. 0 restores
 * the default; returns the limit before the call. */
XPC_EXPORT size_t xpc_portable_set_message_limit(size_t bytes);

/* Other limits for XPC_PORTABLE_QUEUE_* and XPC_PORTABLE_*PEERS in this
 * process, from now on; 0 restores a default. What may wait unsent in one
 * connection (`bytes`) may also wait in all those of a user together, who is
 * not this process's own. */
XPC_EXPORT void xpc_portable_set_queue_limits(size_t messages, size_t bytes);
XPC_EXPORT void xpc_portable_set_peer_limits(size_t all, size_t of_user,
                                             size_t silent);

/* Says that this process has been asked to end (a launcher's SIGTERM; call it
 * from the loop, not from the signal handler). Every server peer that a
 * listener handler has seen gets XPC_ERROR_TERMINATION_IMMINENT, once however
 * often this is called, after what it had received; it then receives nothing
 * more but the end of its client, and what it sends still goes out (C-123).
 * Listeners and clients are left alone: cancel the listeners. Returns how
 * many peers are told by this call. */
XPC_EXPORT size_t xpc_portable_terminate(void);

/* Payload bytes this connection has accepted and not yet handed to the
 * kernel: what back-pressure can be built on. */
XPC_EXPORT size_t
xpc_portable_connection_get_queued(xpc_connection_t connection);

/* Who may talk to this connection: the Linux form of Apple's peer
 * requirement, with its one slot and its timing (C-160 to C-165, C-171).
 *
 * A rule is a dictionary with one key: {"uid": n}, {"gid": n} (the sender's
 * effective ids, int64 or uint64), {"exe": path} (the sender runs this very
 * file), {"label": text} (its security label), {"all": [rules]}, {"any":
 * [rules]} (neither empty) or {"anyone": true}. It is copied. The kernel's
 * credentials of every message are held against it: a listener closes the
 * socket of a peer that fails before showing it, any other connection gives
 * XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT in place of a failing reply and
 * drops a failing message. Returns 0, or EINVAL for a bad rule, which leaves
 * the slot empty. A second rule, or one after activation, aborts. */
XPC_EXPORT XPC_WARN_RESULT int xpc_portable_connection_set_peer_rule(
    xpc_connection_t connection, xpc_object_t rule);

/* Zeroed shared memory that xpc_shmem_create() accepts, rounded up to whole
 * pages; NULL with errno on failure. Give it back with _free and the same
 * length; objects made from it, here or elsewhere, keep their own hold. */
XPC_EXPORT XPC_WARN_RESULT void *xpc_portable_shmem_alloc(size_t length);
XPC_EXPORT void xpc_portable_shmem_free(void *region, size_t length);

/* Whether xpc_shmem_create() would accept the region (0) or abort (EINVAL not
 * one shared mapping of a memfd from its start, EPERM cannot be sealed
 * against shrinking). */
XPC_EXPORT int xpc_portable_shmem_check(void *region, size_t length);

/* A duplicate of the descriptor behind a shmem object, for the caller to
 * close, or -1; its size in bytes goes to *length unless that is NULL. */
XPC_EXPORT XPC_WARN_RESULT int xpc_portable_shmem_dup(xpc_object_t xshmem,
                                                      size_t *length);

/* The descriptor of an fd object itself, for the caller to close; the object
 * has none afterwards and may only be released. For who has a received message
 * to himself: one call where xpc_fd_dup() and the release take two, and it
 * needs no descriptor to be free. -1 when the object has a second reference,
 * or none left to give; then xpc_fd_dup() is to be asked. */
XPC_EXPORT XPC_WARN_RESULT int xpc_portable_fd_take(xpc_object_t xfd);

/* Called with one line, without its newline, when a peer is dropped for
 * malformed input and the like; on any thread, with locks held, so it must
 * not call the library. NULL, the default, is silence. */
XPC_EXPORT void xpc_portable_set_logger(void (*logger)(const char *line));

XPC_EXTERN_C_END

#endif
