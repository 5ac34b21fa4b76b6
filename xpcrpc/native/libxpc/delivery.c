/* Events on their way to blocks: one list for each connection, run by its
 * queue, one at a time (C-67), and not while it is suspended (C-59). */
#include "connection.h"

#include <errno.h>

enum {
  /* Blocks of one connection in a row, before others get their turn. */
  TURN = 32,
  /* What blocks send is handed over by so many at a time: fewer calls, yet
   * early enough for the other side to work meanwhile. */
  FLUSH_AT = 16
};

struct xpc__event *xpc__event_push(xpc_connection_t connection,
                                   enum xpc__event_kind kind, void *block,
                                   xpc_object_t object) {
  struct xpc__event *event = xpc__alloc(sizeof *event);

  *event = (struct xpc__event){NULL, kind, block, object, 0, 0};
  *connection->in_last = event;
  connection->in_last = &event->next;
  connection->in_count++;
  return event;
}

void xpc__event_charge(xpc_connection_t connection, struct xpc__event *event,
                       size_t bytes, size_t handles) {
  event->bytes = bytes;
  event->handles = handles;
  connection->in_bytes += bytes;
  connection->in_handles += handles;
  xpc__user_add(connection->user, XPC__WAITING_BYTES, bytes);
  xpc__user_add(connection->user, XPC__WAITING_DESCRIPTORS, handles);
}

static void discharge(xpc_connection_t connection, size_t bytes,
                      size_t handles) {
  connection->in_bytes -= bytes;
  connection->in_handles -= handles;
  xpc__user_take_off(connection->user, XPC__WAITING_BYTES, bytes);
  xpc__user_take_off(connection->user, XPC__WAITING_DESCRIPTORS, handles);
}

struct xpc__event *xpc__event_take_all(xpc_connection_t connection) {
  struct xpc__event *events = connection->in;

  connection->in = NULL;
  connection->in_last = &connection->in;
  connection->in_count = 0;
  discharge(connection, connection->in_bytes, connection->in_handles);
  return events;
}

static void release_event(struct xpc__event *event) {
  if (event->kind == XPC__EVENT_PEER)
    xpc__connection_reject(event->object);
  else if (event->object != NULL)
    xpc_release(event->object);
  _Block_release(event->block);
  free(event);
}

void xpc__event_free_all(struct xpc__event *events) {
  while (events != NULL) {
    struct xpc__event *next = events->next;
    release_event(events);
    events = next;
  }
}

void xpc__schedule(xpc_connection_t connection) {
  if (connection->in == NULL || connection->scheduled || connection->running ||
      connection->suspends != 0 || !connection->activated)
    return;
  connection->scheduled = true;
  xpc__connection_hold(connection);
  xpc__queue_post(connection->queue, &connection->work);
}

/* The handler to run for an event, retained; C-55 when there is none. */
static void *handler_for(xpc_connection_t connection) {
  if (connection->handler == NULL)
    xpc__misuse("an event for a connection without an event handler");
  return _Block_copy(connection->handler);
}

/* C-103 to C-105. */
static void show_peer(xpc_connection_t listener, void *block,
                      xpc_connection_t peer) {
  bool accepted;

  (void)listener;
  pthread_mutex_lock(&peer->lock);
  peer->showing = true;
  pthread_mutex_unlock(&peer->lock);
  xpc__call_handler(block, peer);
  pthread_mutex_lock(&peer->lock);
  peer->showing = false;
  accepted = peer->activated || atomic_load(&peer->object.references) != 0;
  pthread_mutex_unlock(&peer->lock);
  if (!accepted)
    xpc__connection_reject(peer);
}

/* Runs one event, unlocked; owns it afterwards no more. */
static void run_event(xpc_connection_t connection, struct xpc__event *event,
                      void *handler, bool cancelled) {
  switch (event->kind) {
    case XPC__EVENT_PEER:
      if (cancelled) { /* nobody further (C-93) */
        release_event(event);
        return;
      }
      show_peer(connection, handler, event->object);
      free(event);
      return;
    case XPC__EVENT_MESSAGE:
      xpc__call_handler(handler, event->object);
      break;
    case XPC__EVENT_ERROR:
      xpc__call_handler(handler, event->object);
      break;
    case XPC__EVENT_FINAL:
      xpc__call_handler(handler, xpc__error(XPC_ERROR_CONNECTION_INVALID));
      break;
    case XPC__EVENT_REPLY:
      xpc__call_handler(event->block, event->object);
      break;
    case XPC__EVENT_BARRIER:
      xpc__call_barrier(event->block);
      break;
  }
  release_event(event);
}

static struct xpc__event *pop(xpc_connection_t connection) {
  struct xpc__event *event = connection->in;

  connection->in = event->next;
  if (connection->in == NULL)
    connection->in_last = &connection->in;
  connection->in_count--;
  discharge(connection, event->bytes, event->handles);
  return event;
}

/* Locked on entry and return; unlocked while the block runs. */
static void run_one(xpc_connection_t connection) {
  struct xpc__event *event = pop(connection);
  enum xpc__event_kind kind = event->kind;
  bool cancelled = connection->cancelled;
  void *handler = NULL, *last = NULL;

  if (kind != XPC__EVENT_REPLY && kind != XPC__EVENT_BARRIER &&
      !(kind == XPC__EVENT_PEER && cancelled))
    handler = handler_for(connection);
  connection->running = true;
  connection->runner = pthread_self();
  pthread_mutex_unlock(&connection->lock);
  run_event(connection, event, handler, cancelled);
  _Block_release(handler);
  pthread_mutex_lock(&connection->lock);
  connection->running = false;
  if (kind == XPC__EVENT_BARRIER)
    connection->in_barrier = false;
  if (kind != XPC__EVENT_FINAL)
    return;
  connection->finished = true;
  last = connection->handler; /* C-71 */
  connection->handler = NULL;
  if (connection->attached)
    xpc__connection_drop(connection); /* the deliverer holds another */
  connection->attached = false;
  pthread_mutex_unlock(&connection->lock);
  _Block_release(last);
  pthread_mutex_lock(&connection->lock);
}

size_t xpc__deliver(struct xpc__work *work, size_t budget) {
  xpc_connection_t connection =
      (xpc_connection_t)(void *)((char *)work -
                                 offsetof(struct _xpc_connection_s, work));
  size_t ran = 0;

  if (budget > TURN)
    budget = TURN;
  pthread_mutex_lock(&connection->lock);
  connection->scheduled = false;
  while (ran < budget && connection->in != NULL && !connection->running &&
         connection->suspends == 0) {
    run_one(connection);
    ran++;
    /* What the block sent goes out now that it has returned (C-68). */
    if (connection->out_count >= FLUSH_AT || connection->in == NULL)
      xpc__flush(connection);
  }
  if (connection->out != NULL)
    xpc__flush(connection);
  xpc__schedule(connection);
  pthread_mutex_unlock(&connection->lock);
  xpc__connection_drop(connection);
  return ran;
}

void xpc__settle_reply(xpc_connection_t connection,
                       struct xpc__pending *pending, xpc_object_t reply) {
  uint64_t one = 1;

  if (pending->waiter != NULL) {
    pending->waiter->reply = reply;
    (void)!write(pending->waiter->wake, &one, sizeof one);
  } else if (pending->queue == connection->queue && connection->activated) {
    xpc__event_push(connection, XPC__EVENT_REPLY, pending->block, reply);
    xpc__schedule(connection);
  } else {
    xpc__queue_post_block(pending->queue, pending->block, reply);
    xpc_release(reply); /* posting retained it */
  }
  if (pending->queue != NULL)
    dispatch_release(pending->queue);
  free(pending);
}
