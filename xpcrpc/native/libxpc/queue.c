/* The reactor. One drain costs as few system calls as it can: the descriptor
 * that gave something last time is tried first, without asking epoll, and the
 * wake-up descriptor is touched only when work waits outside a drain. */
#include "queue.h"
#include "process.h"
#include "turns.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum {
  EPOLL_BATCH = 64,
  /* Turns the hot descriptor may take before all others are asked: it must
   * not starve them. */
  HOT_TURNS = 16,
  /* How often the set is asked for more in one look: 16,384 descriptors. */
  LOOK_BATCHES = 256,
  NO_SLOT = -1
};

/* A place in the epoll set; its generation tells an old event from a new
 * watch in the same place. */
struct slot {
  struct xpc__watch *watch;
  uint32_t generation;
  uint32_t next_free;
};

struct dispatch_queue_s {
  _Atomic uint32_t references;
  uint32_t process; /* that made it */
  pthread_mutex_t lock;
  char *label;
  /* Both -1 in a default queue for which no descriptor was left; see
   * ensure_open(). */
  _Atomic int epoll;
  int wake; /* an eventfd in the set: work waits while nobody drains */
  bool woken;
  bool draining;
  struct xpc__work *first;
  struct xpc__work **last;
  struct slot *slots;
  uint32_t slot_count;
  uint32_t free_slot; /* slot_count when there is none */
  uint32_t watches;
  int64_t hot; /* the slot to try first, or NO_SLOT */
  int64_t candidate;
  unsigned hot_turns;
};

static dispatch_queue_t default_queue;
static pthread_once_t default_once = PTHREAD_ONCE_INIT;

/* False with errno, and nothing opened, when the kernel refuses. */
static bool open_descriptors(dispatch_queue_t queue) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = UINT64_MAX}};
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  int wake = epoll < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int error;

  if (wake >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) == 0) {
    queue->wake = wake;
    queue->epoll = epoll;
    return true;
  }
  error = errno;
  if (epoll >= 0)
    close(epoll);
  if (wake >= 0)
    close(wake);
  errno = error;
  return false;
}

/* A queue without descriptors: it runs what is posted to it. */
static dispatch_queue_t queue_new(const char *label) {
  dispatch_queue_t queue = xpc__alloc(sizeof *queue);

  memset(queue, 0, sizeof *queue);
  xpc__process_watch();
  queue->process = xpc__process;
  atomic_init(&queue->references, 1);
  pthread_mutex_init(&queue->lock, NULL);
  queue->label = xpc__strdup(label == NULL ? "" : label);
  queue->epoll = -1;
  queue->wake = -1;
  queue->last = &queue->first;
  queue->hot = NO_SLOT;
  queue->candidate = NO_SLOT;
  return queue;
}

dispatch_queue_t dispatch_queue_create(const char *label,
                                       dispatch_queue_attr_t attr) {
  dispatch_queue_t queue = queue_new(label);
  int error;

  (void)attr;
  if (open_descriptors(queue))
    return queue;
  error = errno;
  dispatch_release(queue);
  errno = error;
  return NULL;
}

const char *dispatch_queue_get_label(dispatch_queue_t queue) {
  return xpc__queue_resolve(queue)->label;
}

void dispatch_retain(dispatch_object_t object) {
  atomic_fetch_add(&object._dq->references, 1);
}

void dispatch_release(dispatch_object_t object) {
  dispatch_queue_t queue = object._dq;
  uint32_t before = atomic_fetch_sub(&queue->references, 1);

  if (before == 0)
    xpc__misuse("over-release of a dispatch queue");
  if (before != 1)
    return;
  if (queue->epoll >= 0) {
    close(queue->epoll);
    close(queue->wake);
  }
  pthread_mutex_destroy(&queue->lock);
  free(queue->slots);
  free(queue->label);
  free(queue);
}

static void make_default(void) {
  default_queue = queue_new("xpc.portable.default");
}

dispatch_queue_t xpc_portable_default_queue(void) {
  pthread_once(&default_once, make_default);
  return default_queue;
}

void xpc__queue_forget_default(void) {
  default_once = (pthread_once_t)PTHREAD_ONCE_INIT;
}

dispatch_queue_t xpc__queue_resolve(dispatch_queue_t queue) {
  return queue == NULL ? xpc_portable_default_queue() : queue;
}

/* Keeps the wake-up descriptor readable exactly while work waits and nobody
 * drains. Called with the lock held. */
static void settle(dispatch_queue_t queue) {
  bool wanted = queue->first != NULL && !queue->draining;
  uint64_t count = 1;

  if (queue->draining || wanted == queue->woken || queue->wake < 0)
    return;
  if (wanted)
    (void)!write(queue->wake, &count, sizeof count);
  else
    (void)!read(queue->wake, &count, sizeof count);
  queue->woken = wanted;
}

/* The default queue cannot be refused for want of descriptors, as NULL stands
 * for it: it gets them here, as soon as there are some. With the lock held. */
static bool ensure_open(dispatch_queue_t queue) {
  if (queue->epoll < 0 && open_descriptors(queue))
    settle(queue);
  return queue->epoll >= 0;
}

int xpc_portable_queue_get_fd(dispatch_queue_t given) {
  dispatch_queue_t queue = xpc__queue_resolve(given);

  if (queue->epoll < 0) {
    pthread_mutex_lock(&queue->lock);
    (void)ensure_open(queue);
    pthread_mutex_unlock(&queue->lock);
  }
  return queue->epoll;
}

void xpc__queue_post(dispatch_queue_t queue, struct xpc__work *work) {
  work->next = NULL;
  pthread_mutex_lock(&queue->lock);
  *queue->last = work;
  queue->last = &work->next;
  settle(queue);
  pthread_mutex_unlock(&queue->lock);
}

static uint32_t take_slot(dispatch_queue_t queue) {
  uint32_t slot = queue->free_slot;

  if (slot == queue->slot_count) {
    uint32_t count = slot == 0 ? 8 : slot * 2;
    queue->slots = xpc__realloc(queue->slots, count * sizeof *queue->slots);
    for (uint32_t i = slot; i < count; i++)
      queue->slots[i] = (struct slot){NULL, 0, i + 1};
    queue->slot_count = count;
  }
  queue->free_slot = queue->slots[slot].next_free;
  return slot;
}

static void give_slot(dispatch_queue_t queue, uint32_t slot) {
  queue->slots[slot].watch = NULL;
  queue->slots[slot].generation++;
  queue->slots[slot].next_free = queue->free_slot;
  queue->free_slot = slot;
  if (queue->hot == (int64_t)slot)
    queue->hot = NO_SLOT;
  if (queue->candidate == (int64_t)slot)
    queue->candidate = NO_SLOT;
}

static bool watch_locked(dispatch_queue_t queue, struct xpc__watch *watch,
                         int fd, uint32_t events) {
  bool watched = watch->queue == queue;
  struct epoll_event event = {.events = events};
  int operation = EPOLL_CTL_MOD;

  if (events == 0) {
    epoll_ctl(queue->epoll, EPOLL_CTL_DEL, watch->fd, &event);
    give_slot(queue, watch->slot);
    queue->watches--;
    watch->queue = NULL;
    watch->events = 0;
    return true;
  }
  if (!watched) {
    if (!ensure_open(queue))
      return false;
    watch->slot = take_slot(queue);
    operation = EPOLL_CTL_ADD;
  }
  event.data.u64 =
      (uint64_t)queue->slots[watch->slot].generation << 32 | watch->slot;
  if (epoll_ctl(queue->epoll, operation, fd, &event) != 0) {
    if (!watched)
      give_slot(queue, watch->slot);
    return false;
  }
  if (!watched) {
    queue->slots[watch->slot].watch = watch;
    queue->watches++;
    watch->queue = queue;
    watch->fd = fd;
  }
  watch->events = events;
  return true;
}

bool xpc__queue_watch(dispatch_queue_t queue, struct xpc__watch *watch, int fd,
                      uint32_t events) {
  dispatch_queue_t before = watch->queue;
  bool done;

  if (before != NULL && (before != queue || watch->fd != fd)) {
    xpc__queue_watch(before, watch, watch->fd, 0);
    before = NULL;
  }
  if (events == (before == NULL ? 0 : watch->events))
    return true;
  if (before == NULL) {
    watch->hold(watch);
    dispatch_retain(queue);
  }
  pthread_mutex_lock(&queue->lock);
  done = watch_locked(queue, watch, fd, events);
  pthread_mutex_unlock(&queue->lock);
  if (before != NULL ? events == 0 : !done) {
    watch->drop(watch);
    dispatch_release(queue);
  }
  return done;
}

/* Calls ready() of the watch in that slot, if it is still the same one, and
 * its user's turn. */
static bool visit(dispatch_queue_t queue, uint32_t slot, uint32_t generation,
                  bool any_generation, uint32_t events, struct xpc__look *look) {
  struct xpc__watch *watch = NULL;
  bool gave;

  pthread_mutex_lock(&queue->lock);
  if (slot < queue->slot_count &&
      (any_generation || queue->slots[slot].generation == generation))
    watch = queue->slots[slot].watch;
  if (watch != NULL && look != NULL && !xpc__is_due(look, watch->user))
    watch = NULL;
  if (watch != NULL)
    watch->hold(watch);
  pthread_mutex_unlock(&queue->lock);
  if (watch == NULL)
    return false;
  gave = watch->ready(watch, events);
  watch->drop(watch);
  return gave;
}

/* A descriptor that alone was ready twice running becomes the hot one. */
static void learn(dispatch_queue_t queue, int64_t slot) {
  pthread_mutex_lock(&queue->lock);
  queue->hot = slot != NO_SLOT && slot == queue->candidate ? slot : NO_SLOT;
  queue->candidate = slot;
  queue->hot_turns = 0;
  pthread_mutex_unlock(&queue->lock);
}

/* Visits what is in one batch; returns how many, and the last that gave
 * something in *gave. */
static int visit_batch(dispatch_queue_t queue, const struct epoll_event *events,
                       int count, struct xpc__look *look, int64_t *gave) {
  int seen = 0;

  for (int i = 0; i < count; i++) {
    uint64_t token = events[i].data.u64;
    if (token == UINT64_MAX) /* the wake-up; settled at the end */
      continue;
    seen++;
    if (visit(queue, (uint32_t)token, (uint32_t)(token >> 32), false,
              events[i].events, look))
      *gave = (int64_t)(uint32_t)token;
  }
  return seen;
}

/* The set gives what is ready in turn, and one user may have filled it: then
 * it is asked on, past what is not due, until it begins anew. */
static void look_further(dispatch_queue_t queue, uint64_t first,
                         struct xpc__look *look) {
  struct epoll_event events[EPOLL_BATCH];
  int64_t gave = NO_SLOT;

  for (int i = 0; i < LOOK_BATCHES && look->refused != 0; i++) {
    int count = epoll_wait(queue->epoll, events, EPOLL_BATCH, 0);
    for (int at = 0; at < count; at++)
      if (events[at].data.u64 == first)
        count = at;
    visit_batch(queue, events, count, look, &gave);
    if (count < EPOLL_BATCH)
      return;
  }
}

static void poll_all(dispatch_queue_t queue) {
  struct epoll_event events[EPOLL_BATCH];
  int count = epoll_wait(queue->epoll, events, EPOLL_BATCH, 0);
  bool fair = count == EPOLL_BATCH && xpc__users_are_several();
  struct xpc__look look = {.users = 0, .refused = 0};
  int64_t only = NO_SLOT;
  int seen = visit_batch(queue, events, count, fair ? &look : NULL, &only);

  if (fair)
    look_further(queue, events[0].data.u64, &look);
  learn(queue, seen == 1 ? only : NO_SLOT);
}

static void poll_sources(dispatch_queue_t queue) {
  int64_t hot;

  pthread_mutex_lock(&queue->lock);
  hot = queue->hot_turns++ < HOT_TURNS ? queue->hot : NO_SLOT;
  pthread_mutex_unlock(&queue->lock);
  if (hot != NO_SLOT && visit(queue, (uint32_t)hot, 0, true, EPOLLIN, NULL))
    return;
  poll_all(queue);
}

static struct xpc__work *take_work(dispatch_queue_t queue) {
  struct xpc__work *work;

  pthread_mutex_lock(&queue->lock);
  work = queue->first;
  if (work != NULL) {
    queue->first = work->next;
    if (queue->first == NULL)
      queue->last = &queue->first;
  }
  pthread_mutex_unlock(&queue->lock);
  return work;
}

size_t xpc_portable_queue_drain(dispatch_queue_t given, size_t max_events) {
  dispatch_queue_t queue = xpc__queue_resolve(given);
  struct xpc__work *work;
  bool polled = false;
  size_t ran = 0;

  if (queue->process != xpc__process) /* X36 */
    xpc__misuse(
        "xpc_portable_queue_drain: the queue belongs to the parent process; "
        "after fork() make a new one, or exec");
  pthread_mutex_lock(&queue->lock);
  if (queue->draining) {
    pthread_mutex_unlock(&queue->lock);
    return 0;
  }
  queue->draining = true;
  pthread_mutex_unlock(&queue->lock);
  dispatch_retain(queue);
  while (ran < max_events) {
    work = take_work(queue);
    if (work != NULL) {
      ran += work->run(work, max_events - ran);
    } else if (!polled) {
      poll_sources(queue);
      polled = true;
    } else {
      break;
    }
  }
  pthread_mutex_lock(&queue->lock);
  queue->draining = false;
  settle(queue);
  pthread_mutex_unlock(&queue->lock);
  dispatch_release(queue);
  return ran;
}
