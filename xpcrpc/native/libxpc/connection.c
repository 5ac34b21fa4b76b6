/* Making, activating, suspending, ending connections, and their two counts.
 */
#include "connection.h"

#include <errno.h>

static xpc_connection_t of_watch(struct xpc__watch *watch) {
  return (xpc_connection_t)(void *)((char *)watch -
                                    offsetof(struct _xpc_connection_s, watch));
}

static void hold_watch(struct xpc__watch *watch) {
  xpc__connection_hold(of_watch(watch));
}

static void drop_watch(struct xpc__watch *watch) {
  xpc__connection_drop(of_watch(watch));
}

xpc_connection_t xpc__connection_new(enum xpc__role role, const char *name,
                                     dispatch_queue_t queue) {
  xpc_connection_t connection =
      xpc__object_new(XPC_TYPE_CONNECTION, sizeof *connection);

  xpc__process_watch();
  connection->process = xpc__process;
  atomic_init(&connection->inner, 1);
  pthread_mutex_init(&connection->lock, NULL);
  connection->role = role;
  connection->name = name == NULL ? NULL : xpc__strdup(name);
  connection->queue = xpc__queue_resolve(queue);
  dispatch_retain(connection->queue);
  connection->fd = -1;
  connection->timer = -1;
  connection->watch.ready = xpc__watch_ready;
  connection->watch.hold = hold_watch;
  connection->watch.drop = drop_watch;
  connection->work.run = xpc__deliver;
  connection->room.work.run = xpc__go_on_reading;
  connection->out_last = &connection->out;
  connection->in_last = &connection->in;
  connection->next_id = 1;
  connection->asid = AU_ASSIGN_ASID;
  return connection;
}

static void require_alive(xpc_connection_t connection, const char *caller) {
  if (connection->dying)
    xpc__misuse("%s: a finalizer must not touch its connection", caller);
}

void xpc__require_connection(xpc_connection_t connection, const char *caller) {
  xpc__require(connection, XPC__CONNECTION, caller);
  if (connection->process != xpc__process)
    xpc__misuse(
        "%s: the connection belongs to the parent process; after fork() make "
        "a new one, or exec",
        caller);
  require_alive(connection, caller);
}

void xpc__connection_hold(xpc_connection_t connection) {
  atomic_fetch_add_explicit(&connection->inner, 1, memory_order_relaxed);
}

static void connection_free(xpc_connection_t connection) {
  connection->dying = true;
  if (connection->finalizer != NULL) /* C-96 */
    connection->finalizer(connection->context);
  xpc__drop_unsent(connection);
  xpc__event_free_all(xpc__event_take_all(connection));
  xpc__close_socket(connection);
  xpc__listener_close(connection);
  xpc__rule_release(connection->rule);
  xpc__rule_release(connection->listener_rule);
  if (connection->endpoint != NULL)
    xpc_release(connection->endpoint);
  _Block_release(connection->handler);
  xpc__user_release(connection->user);
  free(connection->pending.buckets);
  dispatch_release(connection->queue);
  pthread_mutex_destroy(&connection->lock);
  free(connection->reason);
  free(connection->name);
  free(connection);
}

void xpc__connection_drop(xpc_connection_t connection) {
  if (atomic_fetch_sub_explicit(&connection->inner, 1, memory_order_acq_rel) ==
      1)
    connection_free(connection);
}

void xpc__connection_retain_outer(xpc_connection_t connection) {
  require_alive(connection, "xpc_retain");
  if (atomic_fetch_add(&connection->object.references, 1) == 0)
    xpc__connection_hold(connection); /* a peer's first user reference */
}

void xpc__connection_reject(xpc_connection_t peer) {
  struct xpc__event *events;
  bool attached;

  xpc__connection_hold(peer);
  pthread_mutex_lock(&peer->lock);
  xpc__end(peer, "the peer was not accepted");
  attached = peer->attached;
  peer->attached = false;
  events = xpc__event_take_all(peer);
  pthread_mutex_unlock(&peer->lock);
  xpc__event_free_all(events);
  if (attached)
    xpc__connection_drop(peer);
  xpc__connection_drop(peer);
}

/* The last outer reference of a connection we still need to look at. */
static void last_release(xpc_connection_t connection) {
  bool reject = false;

  pthread_mutex_lock(&connection->lock);
  if (connection->role == XPC__PEER) {
    /* The runtime keeps what was accepted (C-107); the rest is rejected, but
     * not from within the handler that may still accept it (OQ-25). */
    reject = !connection->activated && !connection->showing;
  } else {
    if (!connection->activated) /* C-60 */
      xpc__misuse("release of the last reference of an inactive connection");
    if (connection->suspends != 0)
      xpc__misuse("release of the last reference of a suspended connection");
    xpc__end(connection, "the last reference was released"); /* C-61 */
  }
  pthread_mutex_unlock(&connection->lock);
  if (reject)
    xpc__connection_reject(connection);
}

void xpc__connection_release_outer(xpc_connection_t connection) {
  uint32_t before = atomic_load(&connection->object.references);

  do {
    if (before == 0)
      xpc__misuse("over-release of a connection");
  } while (!atomic_compare_exchange_weak(&connection->object.references,
                                         &before, before - 1));
  /* A child's copy of its parent's connection is let go of, not ended. */
  if (before != 1 || connection->process != xpc__process)
    return;
  last_release(connection);
  xpc__connection_drop(connection); /* what the outer count held */
}

xpc_connection_t xpc_connection_create(const char *name,
                                       dispatch_queue_t targetq) {
  if (name == NULL)
    return xpc__connection_new(XPC__LISTENER, NULL, targetq);
  return xpc__connection_new(XPC__NAMED, name, targetq);
}

xpc_connection_t xpc_connection_create_mach_service(const char *name,
                                                    dispatch_queue_t targetq,
                                                    uint64_t flags) {
  xpc_connection_t connection;

  if (name == NULL)
    xpc__misuse("xpc_connection_create_mach_service: NULL name");
  connection = xpc__connection_new(
      flags & XPC_CONNECTION_MACH_SERVICE_LISTENER ? XPC__LISTENER : XPC__NAMED,
      name, targetq);
  connection->flags = flags;
  return connection;
}

xpc_connection_t xpc_connection_create_from_endpoint(xpc_endpoint_t endpoint) {
  xpc_connection_t connection;

  xpc__require(endpoint, XPC__ENDPOINT, "xpc_connection_create_from_endpoint");
  connection = xpc__connection_new(XPC__FROM_ENDPOINT, NULL, NULL);
  connection->endpoint = xpc_retain(endpoint);
  return connection;
}

void xpc_connection_set_target_queue(xpc_connection_t connection,
                                     dispatch_queue_t targetq) {
  dispatch_queue_t old, queue = xpc__queue_resolve(targetq);

  xpc__require_connection(connection, "xpc_connection_set_target_queue");
  dispatch_retain(queue);
  pthread_mutex_lock(&connection->lock);
  if (connection->activated) /* C-56 */
    xpc__misuse("xpc_connection_set_target_queue on an active connection");
  old = connection->queue;
  connection->queue = queue;
  pthread_mutex_unlock(&connection->lock);
  dispatch_release(old);
}

void xpc_connection_set_event_handler(xpc_connection_t connection,
                                      xpc_handler_t handler) {
  void *old, *copy;

  xpc__require_connection(connection, "xpc_connection_set_event_handler");
  if (handler == NULL)
    xpc__misuse("xpc_connection_set_event_handler: NULL handler");
  copy = _Block_copy((const void *)handler);
  pthread_mutex_lock(&connection->lock);
  old = connection->handler;
  connection->handler = copy;
  if (connection->finished) { /* nothing will ever call it (C-71) */
    connection->handler = NULL;
    pthread_mutex_unlock(&connection->lock);
    _Block_release(copy);
    return;
  }
  pthread_mutex_unlock(&connection->lock);
  _Block_release(old);
}

static void start_locked(xpc_connection_t connection) {
  int found;

  switch (connection->role) {
    case XPC__LISTENER:
      if (!xpc__listener_open(connection)) /* C-110, C-111 */
        xpc__end(connection,
                 xpc__why(errno, "the name or socket could not be taken"));
      break;
    case XPC__NAMED: /* a look-up launches and connects nothing (C-180) */
      found = xpc__find_name(
          connection->name,
          (connection->flags & XPC_CONNECTION_MACH_SERVICE_PRIVILEGED) != 0);
      if (found < 0)
        xpc__end(connection, xpc__why(errno, "no such service")); /* E1 */
      else
        close(found);
      break;
    case XPC__FROM_ENDPOINT:
      /* Connected at once, to learn of the listener's end (C-155); it shows
       * nobody before a first message (C-63). */
      xpc__ensure_connected(connection);
      break;
    case XPC__PEER:
      break;
  }
}

static void activate_locked(xpc_connection_t connection) {
  bool cancelled = connection->cancelled;

  connection->activated = true;
  if (!connection->attached)
    xpc__connection_hold(connection);
  connection->attached = true;
  if (cancelled) { /* before activation (OQ-10) */
    xpc__drop_unsent(connection);
    xpc__pending_fail_all(connection, xpc__error(XPC_ERROR_CONNECTION_INVALID));
    xpc__event_push(connection, XPC__EVENT_FINAL, NULL, NULL);
  } else {
    start_locked(connection);
  }
  xpc__update_watch(connection);
  xpc__flush(connection);
  xpc__schedule(connection);
}

void xpc_connection_activate(xpc_connection_t connection) {
  xpc__require_connection(connection, "xpc_connection_activate");
  pthread_mutex_lock(&connection->lock);
  if (!connection->activated) /* C-57 */
    activate_locked(connection);
  pthread_mutex_unlock(&connection->lock);
}

void xpc_connection_suspend(xpc_connection_t connection) {
  xpc__require_connection(connection, "xpc_connection_suspend");
  pthread_mutex_lock(&connection->lock);
  if (++connection->suspends == 1)
    xpc__update_watch(connection);
  pthread_mutex_unlock(&connection->lock);
}

void xpc_connection_resume(xpc_connection_t connection) {
  xpc__require_connection(connection, "xpc_connection_resume");
  pthread_mutex_lock(&connection->lock);
  if (connection->suspends == 0) {
    if (connection->activated) /* C-58 */
      xpc__misuse("Over-resume of a connection");
    activate_locked(connection);
  } else if (--connection->suspends == 0 && connection->activated) {
    xpc__update_watch(connection);
    xpc__flush(connection);
    xpc__schedule(connection);
  }
  pthread_mutex_unlock(&connection->lock);
}

void xpc_connection_cancel(xpc_connection_t connection) {
  xpc__require(connection, XPC__CONNECTION, "xpc_connection_cancel");
  if (connection->process != xpc__process)
    return; /* the parent's, not ours to end */
  xpc__connection_hold(connection);
  pthread_mutex_lock(&connection->lock);
  xpc__end(connection, "cancelled by this process"); /* C-87 to C-92 */
  pthread_mutex_unlock(&connection->lock);
  if (connection->role == XPC__LISTENER)
    xpc__embryos_close(connection);
  xpc__connection_drop(connection);
}
