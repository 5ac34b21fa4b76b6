/* See share.h. */
#include "share.h"
#include "limits.h"
#include "process.h"

#include <pthread.h>
#include <sys/resource.h>

struct xpc__user {
  struct xpc__user *next;
  uid_t uid;
  size_t references; /* under the lock */
  _Atomic bool own;  /* not held to shares */
  _Atomic size_t has[XPC__GOODS];
  _Atomic bool awaited; /* somebody waits for room */
  struct xpc__waiter_for_room *waiters; /* under the lock */
};

static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;
static struct xpc__user *users;
static _Atomic size_t user_count;

struct xpc__user *xpc__user_of(uid_t uid) {
  struct xpc__user *user;

  pthread_mutex_lock(&users_lock);
  for (user = users; user != NULL && user->uid != uid; user = user->next)
    continue;
  if (user == NULL) {
    user = xpc__alloc(sizeof *user);
    memset(user, 0, sizeof *user);
    user->uid = uid;
    user->next = users;
    users = user;
    user_count++;
  }
  user->references++;
  user->own = uid == geteuid(); /* which may have changed */
  pthread_mutex_unlock(&users_lock);
  return user;
}

void xpc__user_release(struct xpc__user *user) {
  bool last = false;

  if (user == NULL)
    return;
  pthread_mutex_lock(&users_lock);
  if (--user->references == 0) {
    struct xpc__user **link = &users;
    while (*link != NULL && *link != user)
      link = &(*link)->next;
    if (*link != NULL) { /* a child of a fork has forgotten it */
      *link = user->next;
      user_count--;
    }
    last = true;
  }
  pthread_mutex_unlock(&users_lock);
  if (last)
    free(user);
}

size_t xpc__user_has(const struct xpc__user *user, enum xpc__good good) {
  return user == NULL ? 0 : atomic_load(&user->has[good]);
}

static size_t descriptors(void) {
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 0;
  return limit.rlim_cur > SIZE_MAX ? SIZE_MAX : (size_t)limit.rlim_cur;
}

/* How much of it one user may have. */
static size_t share_of(enum xpc__good good) {
  switch (good) {
    case XPC__SOCKETS:
      return descriptors() / XPC_PORTABLE_USER_PART;
    case XPC__SILENT:
      return xpc__silent_peers() / XPC_PORTABLE_USER_PART;
    case XPC__UNFINISHED_BYTES:
      return XPC_PORTABLE_UNFINISHED_BYTES / XPC_PORTABLE_USER_PART;
    case XPC__UNSENT_BYTES:
      return xpc__queue_bytes();
    case XPC__WAITING_BYTES:
      return XPC_PORTABLE_USER_BACKLOG_BYTES;
    case XPC__WAITING_DESCRIPTORS:
      return descriptors() / XPC_PORTABLE_USER_BACKLOG_PART;
    default:
      return 0;
  }
}

bool xpc__user_may(const struct xpc__user *user, enum xpc__good good,
                   size_t amount) {
  size_t share, has;

  if (user == NULL || user->own)
    return true;
  share = share_of(good);
  has = xpc__user_has(user, good);
  return has <= share && amount <= share - has;
}

void xpc__user_add(struct xpc__user *user, enum xpc__good good, size_t amount) {
  if (user != NULL && amount != 0)
    atomic_fetch_add(&user->has[good], amount);
}

bool xpc__user_is_full(const struct xpc__user *user) {
  size_t waiting = xpc__user_has(user, XPC__WAITING_DESCRIPTORS);

  if (user == NULL || user->own)
    return false;
  if (xpc__user_has(user, XPC__WAITING_BYTES) >= share_of(XPC__WAITING_BYTES))
    return true;
  return waiting != 0 && waiting >= share_of(XPC__WAITING_DESCRIPTORS);
}

unsigned xpc__user_batch(const struct xpc__user *user, unsigned most) {
  size_t share, has, records;

  if (user == NULL || user->own)
    return most;
  share = share_of(XPC__WAITING_DESCRIPTORS);
  has = xpc__user_has(user, XPC__WAITING_DESCRIPTORS);
  records = has >= share ? 0 : (share - has) / (XPC_PORTABLE_HANDLES + 1);
  if (records < 1)
    return 1;
  return records < most ? (unsigned)records : most;
}

/* Nobody is missed: a waiter says that he waits before he looks for room, and
 * whoever gives back does so before he looks for waiters. */
bool xpc__user_wait(struct xpc__user *user,
                    struct xpc__waiter_for_room *waiter) {
  bool waits;

  pthread_mutex_lock(&users_lock);
  atomic_store(&user->awaited, true);
  waits = xpc__user_is_full(user);
  if (waits) {
    waiter->next = user->waiters;
    user->waiters = waiter;
  }
  atomic_store(&user->awaited, user->waiters != NULL);
  pthread_mutex_unlock(&users_lock);
  return waits;
}

static void wake_waiters(struct xpc__user *user) {
  struct xpc__waiter_for_room *waiter;

  pthread_mutex_lock(&users_lock);
  if (!xpc__user_is_full(user)) {
    while ((waiter = user->waiters) != NULL) {
      user->waiters = waiter->next;
      xpc__queue_post(waiter->queue, &waiter->work);
    }
    atomic_store(&user->awaited, false);
  }
  pthread_mutex_unlock(&users_lock);
}

void xpc__user_take_off(struct xpc__user *user, enum xpc__good good,
                        size_t amount) {
  if (user == NULL || amount == 0)
    return;
  atomic_fetch_sub(&user->has[good], amount);
  if (atomic_load(&user->awaited))
    wake_waiters(user);
}

bool xpc__users_are_several(void) { return atomic_load(&user_count) > 1; }

void xpc__users_forget(void) {
  users_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  users = NULL;
  user_count = 0;
}
