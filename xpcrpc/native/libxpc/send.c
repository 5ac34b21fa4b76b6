/* Sending: a message goes out at once where it may, and waits in the
 * connection where it may not. It is serialised first either way, so the
 * caller's object is its own again (C-74). */
#include "send.h"

#include <errno.h>

/* Up to here a record is built on the stack: no allocation for a message
 * that leaves at once. */
enum { STACK_BYTES = 4096 };

static bool may_transmit(const struct _xpc_connection_s *connection) {
  return connection->activated && !connection->cancelled &&
         connection->suspends == 0 && !connection->running &&
         !connection->in_barrier && !connection->broken && !connection->blocked;
}

/* What a message owns even on the stack; the record only off it. */
static void message_clear(struct xpc__message *message, bool on_stack) {
  if (message->memfd >= 0)
    close(message->memfd);
  xpc__buffer_release(message->body);
  if (!on_stack)
    free(message->record);
}

static void message_free(struct xpc__message *message) {
  for (size_t i = 0; i < message->handle_count; i++)
    xpc_release(message->handles[i]);
  if (message->cut != NULL)
    xpc_release(message->cut);
  message_clear(message, false);
  free(message->handles);
  free(message);
}

static void pop_front(xpc_connection_t connection) {
  struct xpc__message *message = connection->out;

  connection->out = message->next;
  if (connection->out == NULL)
    connection->out_last = &connection->out;
  connection->out_count--;
  connection->out_bytes -= message->payload;
  xpc__user_take_off(connection->user, XPC__UNSENT_BYTES, message->payload);
  message_free(message);
}

void xpc__drop_unsent(xpc_connection_t connection) {
  while (connection->out != NULL) {
    if (connection->out->barrier != NULL) { /* C-86 */
      xpc__event_push(connection, XPC__EVENT_BARRIER, connection->out->barrier,
                      NULL);
      connection->out->barrier = NULL;
    }
    pop_front(connection);
  }
}

/* What a failed send means: wait, wait for the reader to find the end, or
 * give the connection up. True when it is merely waiting. */
static void send_failed(xpc_connection_t connection) {
  switch (errno) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      connection->blocked = true;
      xpc__update_watch(connection);
      break;
    case ETOOMANYREFS: /* our user has too many descriptors under way */
      connection->blocked = true;
      if (!xpc__try_later(connection) && !connection->cancelled)
        xpc__lost(connection, "too many descriptors are under way");
      break;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      /* What the other side sent before it went comes first (C-129). */
      connection->broken = true;
      break;
    default:
      xpc__log("xpc: sending failed: %s", strerror(errno));
      xpc__lost(connection, "sending failed");
  }
}

/* A barrier at the front: its turn has come. */
static void start_barrier(xpc_connection_t connection) {
  void *block = connection->out->barrier;

  connection->out->barrier = NULL;
  pop_front(connection);
  connection->in_barrier = true; /* nothing is sent while it runs (C-82) */
  xpc__event_push(connection, XPC__EVENT_BARRIER, block, NULL);
  xpc__schedule(connection);
}

void xpc__flush(xpc_connection_t connection) {
  int sent;

  while (connection->out != NULL && may_transmit(connection)) {
    if (connection->out->barrier != NULL) {
      start_barrier(connection);
      return;
    }
    if (!xpc__ensure_connected(connection)) /* lazily (C-63) */
      return;
    sent = xpc__transmit(connection, connection->out);
    if (sent < 0) {
      send_failed(connection);
      return;
    }
    while (sent-- > 0)
      pop_front(connection);
  }
}

static void enqueue(xpc_connection_t connection, struct xpc__message *message) {
  *connection->out_last = message;
  connection->out_last = &message->next;
  connection->out_count++;
  connection->out_bytes += message->payload;
  xpc__user_add(connection->user, XPC__UNSENT_BYTES, message->payload);
  if (connection->out_count <= xpc__queue_messages() &&
      connection->out_bytes <= xpc__queue_bytes() &&
      xpc__user_may(connection->user, XPC__UNSENT_BYTES, 0))
    return;
  xpc__log("xpc: a peer does not read: %zu messages, %zu bytes wait",
           connection->out_count, connection->out_bytes);
  xpc__lost(connection, "the other side does not read");
}

/* A heap copy of a message built on the stack. */
static struct xpc__message *keep(const struct xpc__message *message,
                                 bool on_stack) {
  struct xpc__message *copy = xpc__alloc(sizeof *copy);
  size_t handles = message->handle_count * sizeof *copy->handles;

  *copy = *message;
  if (on_stack)
    copy->record = memcpy(xpc__alloc(message->record_length), message->record,
                          message->record_length);
  copy->handles = NULL;
  if (handles != 0)
    copy->handles = memcpy(xpc__alloc(handles), message->handles, handles);
  for (size_t i = 0; i < copy->handle_count; i++)
    xpc_retain(copy->handles[i]);
  if (copy->cut != NULL)
    xpc_retain(copy->cut);
  return copy;
}

/* Locked. Sends or keeps; afterwards the caller's message is used up, except
 * for borrowed objects and, if `on_stack`, the record. */
static void submit(xpc_connection_t connection, struct xpc__message *message,
                   bool on_stack) {
  if (connection->out == NULL && may_transmit(connection) &&
      xpc__ensure_connected(connection)) {
    if (xpc__transmit(connection, message) > 0) {
      message_clear(message, on_stack);
      return;
    }
    send_failed(connection);
  }
  if (connection->cancelled) { /* connecting or sending has ended it */
    message_clear(message, on_stack);
    return;
  }
  enqueue(connection, keep(message, on_stack));
}

void xpc__send_no_reply(xpc_connection_t connection, uint64_t key) {
  uint8_t record[XPC__WRAPPER_BYTES];
  struct xpc__message message = {
      .record = record, .record_length = sizeof record, .memfd = -1};

  xpc__write_wrapper(record,
                     XPC__FLAG_REPLY | XPC__FLAG_NO_REPLY |
                         (key & 1 ? 0 : XPC__FLAG_SENDERS_ID),
                     0, key >> 1);
  submit(connection, &message, true);
}

static const char *refusal(int error) {
  switch (error) {
    case ELOOP:
      return "is nested too deeply, or contains itself";
    case E2BIG:
      return "is larger than the message limit";
    case ETOOMANYREFS:
      return "carries too many descriptors";
    case EALREADY:
      return "is a reply that was sent before";
    default:
      return "is not a dictionary of transportable objects";
  }
}

int xpc_portable_check_message(xpc_object_t message) {
  struct xpc__measure measure;
  struct xpc__origin *origin;

  if (message == NULL || xpc__kind_of(message) != XPC__DICTIONARY)
    return EINVAL;
  origin = &((struct _xpc_dictionary_s *)message)->origin;
  if (origin->reply && origin->sent)
    return EALREADY;
  return xpc__measure(message, &measure);
}

/* Locked: registers the request, writes the wrapper, submits. */
static void dispatch(xpc_connection_t connection, struct xpc__message *message,
                     bool on_stack, struct xpc__origin *reply,
                     struct xpc__pending *pending) {
  uint64_t key = connection->next_id << 1;
  uint32_t flags = XPC__FLAG_MESSAGE;

  if (reply != NULL) {
    key = reply->key;
    flags |= XPC__FLAG_REPLY | (key & 1 ? 0 : XPC__FLAG_SENDERS_ID);
  } else {
    connection->next_id++;
  }
  if (pending != NULL) {
    flags |= XPC__FLAG_WANTS_REPLY;
    pending->key = key;
    xpc__pending_add(connection, pending);
  }
  if (message->memfd >= 0)
    flags |= XPC__FLAG_MEMFD;
  else if (message->body != NULL)
    flags |= XPC__FLAG_FRAGMENTED;
  xpc__write_wrapper(message->record, flags, message->payload, key >> 1);
  submit(connection, message, on_stack);
}

/* A request that will not be sent still gets its error (C-78). */
static void refuse(xpc_connection_t connection, struct xpc__pending *pending,
                   xpc_object_t error) {
  if (pending != NULL)
    xpc__settle_reply(connection, pending, error);
}

/* The payload in place: inline or in a memfd. False if there is no room. */
static bool load(struct xpc__message *message, xpc_object_t object,
                 const struct xpc__measure *measure, uint8_t *stack) {
  size_t length = XPC__WRAPPER_BYTES + measure->bytes;

  message->handle_count = measure->handles;
  message->payload = measure->bytes;
  if (measure->bytes > XPC_PORTABLE_INLINE_BYTES) {
    message->record = stack;
    message->record_length = XPC__WRAPPER_BYTES;
    message->cut = measure->cut;
    message->body = xpc__buffer_new(
        measure->bytes - (measure->cut == NULL ? 0 : measure->cut->length));
    xpc__encode_around(object, measure, message->body->bytes, message->handles,
                       &message->cut_at);
    return measure->bytes <= XPC_PORTABLE_SOCKET_BYTES ||
           xpc__into_memfd(message);
  }
  message->record = length <= STACK_BYTES ? stack : xpc__alloc(length);
  message->record_length = length;
  xpc__encode(object, measure, message->record + XPC__WRAPPER_BYTES,
              message->handles);
  return true;
}

void xpc__send_dictionary(xpc_connection_t connection, xpc_object_t object,
                          struct xpc__pending *pending, const char *caller) {
  struct _xpc_dictionary_s *dictionary = object;
  xpc_object_t handles[XPC_PORTABLE_HANDLES];
  uint8_t stack[STACK_BYTES];
  struct xpc__message message = {.memfd = -1, .handles = handles};
  struct xpc__measure measure;
  struct xpc__origin *reply = NULL;
  int error;
  bool loaded, stale;

  xpc__require_connection(connection, caller);
  error = xpc_portable_check_message(object);
  if (error != 0)
    xpc__misuse("%s: the message %s", caller, refusal(error));
  (void)xpc__measure(object, &measure);
  if (dictionary->origin.reply) {
    reply = &dictionary->origin;
    if (reply->connection != connection) /* C-132 */
      xpc__misuse("%s: a reply on another connection than its request's",
                  caller);
    reply->sent = true;
  }
  loaded = load(&message, object, &measure, stack);
  pthread_mutex_lock(&connection->lock);
  if (!loaded && !connection->cancelled) {
    xpc__log("xpc: no memory to send %zu bytes in", measure.bytes);
    xpc__lost(connection, "no memory to send a message in");
  }
  stale = reply != NULL && reply->generation != connection->generation;
  if (connection->cancelled || !loaded || stale) {
    message_clear(&message, message.record == stack);
    refuse(connection, pending,
           connection->cancelled
               ? xpc__error(XPC_ERROR_CONNECTION_INVALID)
               : xpc__error(XPC_ERROR_CONNECTION_INTERRUPTED));
  } else {
    dispatch(connection, &message, message.record == stack, reply, pending);
  }
  pthread_mutex_unlock(&connection->lock);
}

void xpc_connection_send_message(xpc_connection_t connection,
                                 xpc_object_t message) {
  xpc__send_dictionary(connection, message, NULL,
                       "xpc_connection_send_message");
}

void xpc_connection_send_message_with_reply(xpc_connection_t connection,
                                            xpc_object_t message,
                                            dispatch_queue_t replyq,
                                            xpc_handler_t handler) {
  struct xpc__pending *pending = xpc__alloc(sizeof *pending);

  if (handler == NULL)
    xpc__misuse("xpc_connection_send_message_with_reply: NULL handler");
  *pending =
      (struct xpc__pending){.block = _Block_copy((const void *)handler),
                            .queue = xpc__queue_resolve(replyq)}; /* OQ-5 */
  dispatch_retain(pending->queue);
  xpc__send_dictionary(connection, message, pending,
                       "xpc_connection_send_message_with_reply");
}

void xpc_connection_send_barrier(xpc_connection_t connection,
                                 dispatch_block_t barrier) {
  struct xpc__message *message = xpc__alloc(sizeof *message);
  dispatch_queue_t queue = NULL;
  void *block;

  xpc__require_connection(connection, "xpc_connection_send_barrier");
  if (barrier == NULL)
    xpc__misuse("xpc_connection_send_barrier: NULL barrier");
  block = _Block_copy((const void *)barrier);
  *message = (struct xpc__message){.barrier = block, .memfd = -1};
  pthread_mutex_lock(&connection->lock);
  if (connection->cancelled) { /* nothing to wait for (C-86) */
    queue = connection->queue;
    dispatch_retain(queue);
    free(message);
  } else {
    enqueue(connection, message);
    xpc__flush(connection);
  }
  pthread_mutex_unlock(&connection->lock);
  if (queue != NULL) {
    xpc__queue_post_block(queue, block, NULL);
    dispatch_release(queue);
  }
}
