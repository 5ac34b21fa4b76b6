/* What each user has of what all users of a process share, and how much of it
 * he may have: one must not be able to keep the others out.
 *
 * Only server peers are counted, each against the user who connected. This
 * process's own user is counted but not held to shares: whoever runs as him
 * can end the process anyway.
 *
 * Any thread; the lock inside is taken after any connection's and before a
 * queue's. */
#ifndef XPC__SHARE_H
#define XPC__SHARE_H

#include "queue.h"

enum xpc__good {
  XPC__SOCKETS,             /* accepted connections */
  XPC__SILENT,              /* those that have said nothing yet */
  XPC__UNFINISHED_BYTES,    /* of messages that have come in part */
  XPC__UNSENT_BYTES,        /* for peers that do not read */
  XPC__WAITING_BYTES,       /* of messages that no handler has seen */
  XPC__WAITING_DESCRIPTORS, /* in those messages */
  XPC__GOODS
};

struct xpc__user;

/* The account of that user, made if need be; +1. */
struct xpc__user *xpc__user_of(uid_t uid);
void xpc__user_release(struct xpc__user *user);

/* All of these take NULL for a connection that is not counted. */
size_t xpc__user_has(const struct xpc__user *user, enum xpc__good good);
/* Whether so much more is within the user's share. */
bool xpc__user_may(const struct xpc__user *user, enum xpc__good good,
                   size_t amount);
void xpc__user_add(struct xpc__user *user, enum xpc__good good, size_t amount);
/* Gives back, and wakes those that wait for room. */
void xpc__user_take_off(struct xpc__user *user, enum xpc__good good,
                        size_t amount);

/* Whether messages of this user must wait in their sockets. */
bool xpc__user_is_full(const struct xpc__user *user);
/* How many records may be read at once: what they could bring in descriptors
 * is within the share. Never 0. */
unsigned xpc__user_batch(const struct xpc__user *user, unsigned most);

/* One that waits until its user has room; the waiter keeps itself alive. */
struct xpc__waiter_for_room {
  struct xpc__waiter_for_room *next;
  struct xpc__work work; /* posted to the queue when there is room */
  dispatch_queue_t queue;
};
/* False when there is room already: then nothing is posted. */
bool xpc__user_wait(struct xpc__user *user, struct xpc__waiter_for_room *waiter);

/* More users than one have connections here. */
bool xpc__users_are_several(void);

#endif
