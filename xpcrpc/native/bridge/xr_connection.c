/* Connections, safe to drop in any state (contract X2, X3). */
#include <errno.h>

#include "xr__bridge.h"

xr_connection *xr__connection_retain(xr_connection *connection) {
  atomic_fetch_add_explicit(&connection->references, 1, memory_order_relaxed);
  return connection;
}

void xr__connection_release(xr_connection *connection) {
  if (atomic_fetch_sub(&connection->references, 1) != 1)
    return;
  xpc_release(connection->connection);
  xr__mailbox_release(connection->box);
  free(connection);
}

xr_connection *xr__connection_wrap(xr_mailbox *box, xpc_connection_t raw,
                                   bool listener) {
  xr_connection *connection;

  if (raw == NULL)
    return NULL;
  connection = calloc(1, sizeof *connection);
  if (connection == NULL) {
    xpc_connection_cancel(raw);
    return NULL;
  }
  atomic_init(&connection->references, 1);
  atomic_init(&connection->silent, false);
  connection->box = xr__mailbox_retain(box);
  connection->connection = raw;
  connection->token = atomic_fetch_add(&box->next_token, 1);
  connection->listener = listener;
  xr__set_event_handler(raw, connection);
  return connection;
}

xr_connection *xr_connection_to_service(xr_mailbox *box, const char *name,
                                        bool privileged) {
  uint64_t flags = privileged ? XPC_CONNECTION_MACH_SERVICE_PRIVILEGED : 0;

  return xr__connection_wrap(
      box, xpc_connection_create_mach_service(name, box->queue, flags), false);
}

xr_connection *xr_connection_to_endpoint(xr_mailbox *box, void *endpoint) {
  xpc_connection_t raw =
      xpc_connection_create_from_endpoint((xpc_endpoint_t)endpoint);

  if (raw == NULL)
    return NULL;
  xpc_connection_set_target_queue(raw, box->queue);
  return xr__connection_wrap(box, raw, false);
}

xr_connection *xr_listener_named(xr_mailbox *box, const char *name,
                                 bool privileged) {
  uint64_t flags = XPC_CONNECTION_MACH_SERVICE_LISTENER;

  /* Ignored beside LISTENER (C-49), but for root in a session on Linux. */
  if (privileged)
    flags |= XPC_CONNECTION_MACH_SERVICE_PRIVILEGED;
  return xr__connection_wrap(
      box, xpc_connection_create_mach_service(name, box->queue, flags), true);
}

xr_connection *xr_listener_anonymous(xr_mailbox *box) {
  return xr__connection_wrap(box, xpc_connection_create(NULL, box->queue),
                             true);
}

void *xr_listener_endpoint(xr_connection *listener) {
  if (!listener->listener) /* X19 */
    return NULL;
  return xpc_endpoint_create(listener->connection);
}

uint64_t xr_connection_token(xr_connection *connection) {
  return connection->token;
}

void xr_connection_activate(xr_connection *connection) {
  connection->active = true;
  xpc_connection_activate(connection->connection);
}

void xr_connection_suspend(xr_connection *connection) {
  connection->suspends++;
  if (!connection->cancelled) /* or its final event would never come */
    xpc_connection_suspend(connection->connection);
}

bool xr_connection_resume(xr_connection *connection) {
  if (connection->suspends == 0) /* X4 */
    return false;
  connection->suspends--;
  if (!connection->cancelled)
    xpc_connection_resume(connection->connection);
  return true;
}

void xr_connection_cancel(xr_connection *connection) {
  if (connection->cancelled)
    return;
  connection->cancelled = true;
  /* Cancelled first, resumed after: no handler runs in between. libdispatch
   * holds the final event back until then (C-94). An inactive connection must
   * be active to be dropped (C-60, X25), but suspended, or what waits in it
   * would be sent (C-87). */
  if (!connection->active) {
    connection->suspends++;
    xpc_connection_suspend(connection->connection);
    xr_connection_activate(connection);
  }
  xpc_connection_cancel(connection->connection);
  for (; connection->suspends != 0; connection->suspends--)
    xpc_connection_resume(connection->connection);
  xr__mailbox_unhold(connection->box, connection);
}

void xr_connection_close(xr_connection *connection) {
  atomic_store(&connection->silent, true);
  xr_connection_cancel(connection);
  xr__connection_release(connection);
}

void xr_connection_peer(xr_connection *connection, int32_t *pid,
                        uint32_t *euid, uint32_t *egid, int32_t *asid) {
  *pid = xpc_connection_get_pid(connection->connection);
  *euid = xpc_connection_get_euid(connection->connection);
  *egid = xpc_connection_get_egid(connection->connection);
  *asid = xpc_connection_get_asid(connection->connection);
}

char *xr_connection_copy_reason(xr_connection *connection) {
  return xr__copy_reason(connection->connection);
}

void xr_text_free(char *text) { free(text); }

int xr_connection_send(xr_connection *connection, const void *frame,
                       size_t length, const struct xr_handle *handles,
                       size_t count) {
  xpc_object_t message = NULL;
  int status = xr__read_frame(frame, length, handles, count, &message);

  if (status != XR_OK)
    return status;
  xpc_connection_send_message(connection->connection, message);
  xpc_release(message);
  return XR_OK;
}

int xr_connection_request(xr_connection *connection, const void *frame,
                          size_t length, const struct xr_handle *handles,
                          size_t count, uint64_t call) {
  xpc_object_t message = NULL;
  int status = xr__read_frame(frame, length, handles, count, &message);

  if (status != XR_OK)
    return status;
  xr__send_with_reply(connection, message, call);
  xpc_release(message);
  return XR_OK;
}

void xr_connection_barrier(xr_connection *connection, uint64_t call) {
  xr__send_barrier(connection, call);
}

/* -- what libxpc's blocks run */

static uint32_t error_of(xpc_object_t object) {
  if (object == (xpc_object_t)XPC_ERROR_CONNECTION_INTERRUPTED)
    return XR_ERROR_INTERRUPTED;
  if (object == (xpc_object_t)XPC_ERROR_CONNECTION_INVALID)
    return XR_ERROR_INVALID;
  if (object == (xpc_object_t)XPC_ERROR_TERMINATION_IMMINENT)
    return XR_ERROR_TERMINATION;
  if (object == xr__peer_requirement_error())
    return XR_ERROR_PEER_REQUIREMENT;
  return XR_ERROR_OTHER;
}

/* Out of memory for some 80 bytes: the one event is lost, which libxpc turns
 * into INTERRUPTED for whoever waits for a reply to it. */
static struct xr__event *new_event(xr_connection *connection, uint32_t kind) {
  struct xr__event *event = calloc(1, sizeof *event);

  if (event == NULL)
    return NULL;
  event->kind = kind;
  event->connection = xr__connection_retain(connection);
  xr_connection_peer(connection, &event->pid, &event->euid, &event->egid,
                     &event->asid);
  return event;
}

static void set_object(struct xr__event *event, xpc_object_t object) {
  if (xpc_get_type(object) == XPC_TYPE_ERROR)
    event->error = error_of(object);
  if (event->error == XR_ERROR_NONE || event->error == XR_ERROR_OTHER)
    event->object = xpc_retain(object);
}

static void on_peer(xr_connection *listener, xpc_connection_t raw) {
  xr_mailbox *box = listener->box;
  xr_connection *peer;
  struct xr__event *event;

  xpc_connection_set_target_queue(raw, box->queue); /* C-54 */
  xpc_retain(raw);
  peer = xr__connection_wrap(box, raw, false);
  if (peer == NULL)
    return;
  event = new_event(peer, XR_EVENT_PEER);
  if (event == NULL) {
    xr_connection_close(peer);
    return;
  }
  /* The record names the listener, and brings the peer. */
  event->peer = peer;
  xr__connection_release(event->connection);
  event->connection = xr__connection_retain(listener);
  xr__mailbox_post(box, event);
}

void xr__connection_on_event(xr_connection *connection, xpc_object_t object) {
  xpc_type_t type = xpc_get_type(object);
  struct xr__event *event;

  if (atomic_load(&connection->silent)) {
    if (type == XPC_TYPE_CONNECTION) /* turned away (C-104) */
      xpc_connection_cancel((xpc_connection_t)object);
    return;
  }
  if (type == XPC_TYPE_CONNECTION) {
    on_peer(connection, (xpc_connection_t)object);
    return;
  }
  event = new_event(connection, type == XPC_TYPE_ERROR ? XR_EVENT_ERROR
                                                       : XR_EVENT_MESSAGE);
  if (event == NULL)
    return;
  set_object(event, object);
  xr__mailbox_post(connection->box, event);
}

void xr__connection_on_reply(xr_connection *connection, uint64_t call,
                             xpc_object_t reply) {
  struct xr__event *event;

  if (atomic_load(&connection->silent))
    return;
  event = new_event(connection, XR_EVENT_REPLY);
  if (event == NULL)
    return;
  event->call = call;
  set_object(event, reply);
  xr__mailbox_post(connection->box, event);
}

void xr__connection_on_barrier(xr_connection *connection, uint64_t call) {
  struct xr__event *event;

  if (atomic_load(&connection->silent))
    return;
  event = new_event(connection, XR_EVENT_BARRIER);
  if (event == NULL)
    return;
  event->call = call;
  xr__mailbox_post(connection->box, event);
}
