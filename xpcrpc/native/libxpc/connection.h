/* The inside of a connection, shared by the files that move its messages.
 *
 * Two counts: the outer one is the users' (xpc_retain), the inner one keeps
 * the memory. While the outer is above 0 it holds one inner reference; so do
 * the queue that watches or will run the connection, every queued event, and
 * every message that came from it (C-70, C-142).
 *
 * "Locked" functions want the connection's lock held. Lock order: a peer that
 * is not shown yet, then its listener, then the users' accounts, then a queue.
 * No user block, dispose
 * helper or finalizer runs under a lock, and no message object is released
 * under one, as that may send. */
#ifndef XPC__CONNECTION_H
#define XPC__CONNECTION_H

#include "block.h"
#include "process.h"
#include "queue.h"
#include "share.h"
#include "wire.h"

#include <pthread.h>
#include <sys/socket.h>

enum xpc__role {
  XPC__LISTENER,
  XPC__NAMED,         /* a client of a name: can be interrupted and go on */
  XPC__FROM_ENDPOINT, /* a client of an endpoint: ends with its listener */
  XPC__PEER           /* what a listener hands out */
};

/* Bytes on their way out, or a barrier among them. */
struct xpc__message {
  struct xpc__message *next;
  void *barrier; /* a block; then nothing below is used */
  uint8_t *record;
  size_t record_length;
  size_t payload; /* bytes, counted against the queue's limit */
  int memfd;      /* the payload, or -1 */
  size_t handle_count;
  xpc_object_t *handles; /* retained */
  /* A payload that goes in fragments: all of it but the cut, and the cut. */
  struct xpc__buffer *body; /* or NULL */
  struct xpc__bytes *cut;   /* retained, or NULL */
  size_t cut_at;
  bool begun; /* its first record has gone, and */
  size_t sent; /* so many bytes of the payload */
};

struct xpc__assembly;

enum xpc__event_kind {
  XPC__EVENT_MESSAGE, /* object to the handler */
  XPC__EVENT_PEER,    /* object is a connection, to the handler */
  XPC__EVENT_ERROR,   /* object is a constant, to the handler */
  XPC__EVENT_FINAL,   /* INVALID, then the handler is let go */
  XPC__EVENT_REPLY,   /* object to the block */
  XPC__EVENT_BARRIER  /* the block alone */
};

struct xpc__event {
  struct xpc__event *next;
  enum xpc__event_kind kind;
  void *block;
  xpc_object_t object;
  size_t bytes; /* of the payload it came as */
  size_t handles; /* that came with it */
};

/* A caller of the sync send, on its own stack. */
struct xpc__waiter {
  xpc_object_t reply;
  int wake; /* an eventfd */
};

/* A request that awaits its reply; see pending.c. */
struct xpc__pending {
  struct xpc__pending *next;
  uint64_t key;
  void *block;
  dispatch_queue_t queue; /* retained */
  struct xpc__waiter *waiter;
};

struct xpc__pending_table {
  struct xpc__pending **buckets;
  size_t size; /* a power of two, or 0 */
  size_t count;
};

struct xpc__rule;

struct _xpc_connection_s {
  struct xpc__object object; /* its count is the outer one */
  _Atomic uint32_t inner;
  pthread_mutex_t lock;
  enum xpc__role role;
  uint64_t flags;
  char *name;
  dispatch_queue_t queue;
  void *handler;
  uint32_t process; /* that made it: xpc__process then */

  bool activated;
  bool cancelled; /* terminal, for whatever reason */
  bool finished;  /* the final INVALID has been delivered */
  bool dying;     /* its finalizer runs, which must not touch it (X23) */
  bool attached;  /* the runtime's own inner reference is held */
  bool showing;   /* a peer inside its listener's handler */
  bool terminated; /* told that this process ends: hears no more (C-123) */
  bool running;   /* a handler or reply block runs: nothing moves (C-68) */
  pthread_t runner;
  unsigned suspends;
  char *reason;

  int fd;    /* the socket, or -1 */
  int timer; /* a timerfd while something is to be tried again, or -1 */
  struct xpc__watch watch;
  uint32_t generation; /* counts sockets */
  bool broken;         /* sending failed; the reader will find the end */
  bool blocked;        /* the socket's buffer is full */
  bool in_barrier;
  bool roomy; /* the socket's buffer has been enlarged */
  bool large; /* the last message came in fragments */
  struct xpc__assembly *assembly; /* what has come of a message, or NULL */
  struct xpc__handle *endpoint; /* of an endpoint client */
  struct ucred own;             /* what to state about ourselves */
  bool state_own;               /* effective ids differ from real ones */

  struct xpc__message *out;
  struct xpc__message **out_last;
  size_t out_count;
  size_t out_bytes;

  struct xpc__event *in;
  struct xpc__event **in_last;
  size_t in_count;
  size_t in_bytes;
  size_t in_handles;
  bool handy; /* the last batch brought descriptors */
  /* Its user has had his share: it is read no further (XPC__WAITING_...). */
  bool held;
  bool awaits_room; /* `room` is in its user's list */
  struct xpc__waiter_for_room room;
  unsigned waiters; /* sync sends under way */
  struct xpc__work work;
  bool scheduled;

  struct xpc__pending_table pending;
  uint64_t next_id;

  bool known; /* credentials below are set */
  struct ucred credentials;
  pid_t connected_pid; /* whose SO_PEERPIDFD it is */
  au_asid_t asid;
  bool asid_known;

  void *context;
  xpc_finalizer_t finalizer;
  struct xpc__rule *rule;
  struct xpc__rule *listener_rule; /* a peer's: its listener's */

  /* Listeners. */
  struct xpc__registration *registration;
  xpc_connection_t embryos; /* accepted, nothing received yet */
  /* Peers not shown yet: their place in that list. */
  xpc_connection_t listener; /* an inner reference, or NULL */
  xpc_connection_t embryo_next;
  xpc_connection_t embryo_previous;
  bool paused; /* out of descriptors: nothing is accepted for a while */

  /* Peers: their place among all of this process; under a lock of its own. */
  bool counted;
  bool silent;
  struct xpc__user *user; /* who connected, or NULL; kept to the end */
  xpc_connection_t peer_next;
  xpc_connection_t peer_previous;
};

/* connection.c */
xpc_connection_t xpc__connection_new(enum xpc__role role, const char *name,
                                     dispatch_queue_t queue);
void xpc__connection_hold(xpc_connection_t connection);
void xpc__connection_drop(xpc_connection_t connection);
/* Aborts unless it is a connection of this very process (C-33, X36). */
void xpc__require_connection(xpc_connection_t connection, const char *caller);
/* Ends a peer that nobody took. */
void xpc__connection_reject(xpc_connection_t peer);

/* delivery.c: events in, blocks out. The locked functions take over the block
 * and object references. */
struct xpc__event *xpc__event_push(xpc_connection_t connection,
                                   enum xpc__event_kind kind, void *block,
                                   xpc_object_t object);
void xpc__event_free_all(struct xpc__event *events);
/* Locked: counts what has just been pushed as what waits. */
void xpc__event_charge(xpc_connection_t connection, struct xpc__event *event,
                       size_t bytes, size_t handles);
/* Locked: takes all events off, to be freed unlocked. */
struct xpc__event *xpc__event_take_all(xpc_connection_t connection);
/* Locked: puts the connection on its queue if it can deliver something. */
void xpc__schedule(xpc_connection_t connection);
size_t xpc__deliver(struct xpc__work *work, size_t budget);
/* Locked: one reply, or error, to whoever waits for it. Frees `pending`. */
void xpc__settle_reply(xpc_connection_t connection,
                       struct xpc__pending *pending, xpc_object_t reply);

/* pending.c, locked. */
void xpc__pending_add(xpc_connection_t connection,
                      struct xpc__pending *pending);
struct xpc__pending *xpc__pending_take(xpc_connection_t connection,
                                       uint64_t key);
void xpc__pending_fail_all(xpc_connection_t connection, xpc_object_t error);

/* transport.c, locked: the socket's life. */
void xpc__update_watch(xpc_connection_t connection);
bool xpc__watch_ready(struct xpc__watch *watch, uint32_t events);
/* Connects if need be. False: not now (a timer runs) or never (ended). */
bool xpc__ensure_connected(xpc_connection_t connection);
/* Starts the timer after which sending goes on. False when there is none. */
bool xpc__try_later(xpc_connection_t connection);
/* The other side is gone: INTERRUPTED or INVALID, as the role says. */
void xpc__lost(xpc_connection_t connection, const char *reason);
/* That there is no descriptor left, if so; else the other reason. */
const char *xpc__why(int error, const char *reason);
/* The end: INVALID, whatever the role. */
void xpc__end(xpc_connection_t connection, const char *reason);
void xpc__close_socket(xpc_connection_t connection);

/* send.c, locked. */
void xpc__flush(xpc_connection_t connection);
void xpc__drop_unsent(xpc_connection_t connection);
void xpc__send_no_reply(xpc_connection_t connection, uint64_t key);

/* receive.c, locked: reads one batch; true when it brought anything. */
bool xpc__receive(xpc_connection_t connection);
/* One whose user has room again; see share.h. */
size_t xpc__go_on_reading(struct xpc__work *work, size_t budget);

/* listener.c */
bool xpc__listener_open(xpc_connection_t listener);   /* locked */
void xpc__listener_close(xpc_connection_t listener);  /* locked */
bool xpc__listener_accept(xpc_connection_t listener); /* locked */
/* Locked embryo: a first message came, or never will. */
void xpc__embryo_show(xpc_connection_t embryo);
void xpc__embryo_forget(xpc_connection_t embryo);
void xpc__embryos_close(xpc_connection_t listener); /* not locked */

/* peers.c: counts an accepted socket; false, with one log line, when there
 * are too many. Locked, its credentials known. */
bool xpc__peer_enter(xpc_connection_t peer);
void xpc__peer_spoke(xpc_connection_t peer);
void xpc__peer_leave(xpc_connection_t peer);

/* bootstrap.c: names. A listening socket and how to take it back. */
struct xpc__registration {
  int socket;
  int endpoint;  /* O_PATH descriptor of the socket's file */
  int directory; /* of a name we bound, or -1 */
  int lock;
  char *name;
  int pause; /* a timerfd, made early: it is for when no descriptor is left */
  int inherited_place; /* by socket activation: its file is not ours; or -1 */
};
/* 0 or errno. */
int xpc__register_name(const char *name, bool privileged,
                       struct xpc__registration *registration);
int xpc__register_anonymous(struct xpc__registration *registration);
void xpc__unregister(struct xpc__registration *registration);
/* An O_PATH descriptor of the service's socket, or -1 with errno. */
int xpc__find_name(const char *name, bool privileged);

/* activation.c: 0, ENOENT when no such socket was inherited, or errno. */
int xpc__take_activated(const char *name,
                        struct xpc__registration *registration);
void xpc__give_activated(int place);

/* credentials.c */
void xpc__state_own_credentials(xpc_connection_t connection);  /* locked */
void xpc__learn_peer_credentials(xpc_connection_t connection); /* locked */
/* The process that connected, as a pidfd to close, or -1; locked. */
int xpc__peer_pidfd(xpc_connection_t connection);
bool xpc__pidfd_alive(int pidfd);

/* rule.c */
bool xpc__rule_admits(const struct xpc__rule *rule, xpc_connection_t connection,
                      const struct ucred *sender);
struct xpc__rule *xpc__rule_retain(struct xpc__rule *rule);
void xpc__rule_release(struct xpc__rule *rule);

/* Same type, less const: the error constants as objects. */
static inline xpc_object_t xpc__error(const struct _xpc_dictionary_s *error) {
  return (xpc_object_t)(uintptr_t)error;
}

#endif
