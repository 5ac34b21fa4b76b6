/* Receiving: records off the socket, checked, decoded, and queued as events.
 *
 * Whatever is wrong with a record ends its connection with one log line and
 * touches nobody else. Every descriptor that arrives is owned by the batch
 * until an object takes it over; what is left is closed. */
#include "receive.h"

#include <errno.h>

enum {
  BATCH = 16, /* records taken by one system call */
  ROOM = XPC__WRAPPER_BYTES + XPC_PORTABLE_INLINE_BYTES,
  CONTROL_BYTES =
      CMSG_SPACE(sizeof(int) * XPC__MAX_FDS) + CMSG_SPACE(sizeof(struct ucred)) + 64
};

/* One thread's buffers; only the pages that records touch are ever real. */
struct intake {
  struct mmsghdr headers[BATCH];
  struct iovec parts[BATCH][2];
  union {
    struct cmsghdr align;
    uint8_t bytes[CONTROL_BYTES];
  } control[BATCH];
  uint8_t records[BATCH][ROOM];
};

static pthread_key_t intake_key;
static pthread_once_t intake_once = PTHREAD_ONCE_INIT;

static void make_key(void) {
  if (pthread_key_create(&intake_key, free) != 0)
    xpc__misuse("no thread key for the receive buffers");
}

static struct intake *this_intake(void) {
  struct intake *intake;

  pthread_once(&intake_once, make_key);
  intake = pthread_getspecific(intake_key);
  if (intake == NULL) {
    intake = xpc__alloc(sizeof *intake);
    pthread_setspecific(intake_key, intake);
  }
  return intake;
}

/* How many records to ask for. Those that may bring descriptors come one by
 * one, lest a batch of them exceeds what this process may open. */
static unsigned batch_of(const struct _xpc_connection_s *connection) {
  if (connection->assembly != NULL)
    return BATCH;
  if (connection->large || connection->handy)
    return 1;
  return xpc__user_batch(connection->user, BATCH);
}

/* Where the next records go; returns how many of them to ask for. Fragments
 * are received where they belong, and no record behind their last. */
static unsigned prepare(struct intake *intake, xpc_connection_t connection) {
  const struct xpc__assembly *assembly = connection->assembly;
  size_t at = assembly == NULL ? 0 : assembly->have;
  unsigned want = batch_of(connection);
  unsigned i;

  for (i = 0; i < want && (assembly == NULL || at < assembly->record.length);
       i++) {
    struct iovec *parts = intake->parts[i];
    parts[0] = (struct iovec){intake->records[i], ROOM};
    if (assembly != NULL) {
      size_t left = assembly->record.length - at;
      parts[0].iov_len = XPC__WRAPPER_BYTES;
      parts[1].iov_base = assembly->buffer->bytes + at;
      parts[1].iov_len = left < XPC__FRAGMENT_BYTES ? left : XPC__FRAGMENT_BYTES;
      at += parts[1].iov_len;
    }
    intake->headers[i].msg_hdr =
        (struct msghdr){.msg_iov = parts,
                        .msg_iovlen = assembly == NULL ? 1 : 2,
                        .msg_control = &intake->control[i],
                        .msg_controllen = CONTROL_BYTES};
    intake->headers[i].msg_len = 0;
  }
  return i;
}

/* Whether the sender may speak here at all (C-163, C-164). */
static bool admitted(xpc_connection_t connection,
                     const struct xpc__baggage *baggage) {
  return xpc__rule_admits(connection->rule, connection, &baggage->sender);
}

static void attach_origin(xpc_connection_t connection,
                          const struct xpc__record *record,
                          struct _xpc_dictionary_s *message) {
  bool reply = (record->flags & XPC__FLAG_REPLY) != 0;
  bool ours = reply && (record->flags & XPC__FLAG_SENDERS_ID) == 0;

  xpc__connection_hold(connection);
  message->origin = (struct xpc__origin){
      .connection = connection,
      .key = record->id << 1 | (ours ? 0 : 1),
      .generation = connection->generation,
      .expects = (record->flags & XPC__FLAG_WANTS_REPLY) != 0};
}

/* A reply, or an error in its place, to whoever asked; owns it after. */
static void take_reply(xpc_connection_t connection, const struct xpc__record *record,
                       xpc_object_t reply) {
  uint64_t key =
      record->id << 1 | (record->flags & XPC__FLAG_SENDERS_ID ? 1 : 0);
  struct xpc__pending *pending = xpc__pending_take(connection, key);

  if (pending == NULL) { /* nobody asked; it has no origin yet */
    xpc_release(reply);
    return;
  }
  if (xpc__kind_of(reply) == XPC__DICTIONARY)
    attach_origin(connection, record, reply); /* OQ-15 */
  xpc__settle_reply(connection, pending, reply);
}

/* Whether the listener that made this peer lets the sender speak (C-164). */
static bool welcome(xpc_connection_t connection,
                    const struct xpc__baggage *baggage) {
  if (connection->listener_rule == NULL ||
      xpc__rule_admits(connection->listener_rule, connection,
                       &baggage->sender))
    return true;
  xpc__log("xpc: pid %d (uid %u) does not satisfy the listener's rule",
           (int)baggage->sender.pid, (unsigned)baggage->sender.uid);
  return false;
}

bool xpc__deliver_record(xpc_connection_t connection,
                         const struct xpc__record *record,
                         struct xpc__baggage *baggage,
                         struct xpc__buffer *buffer, bool is_admitted) {
  xpc_object_t object;
  int error;

  if (!is_admitted) { /* C-165, OQ-14 */
    if (record->flags & XPC__FLAG_REPLY)
      take_reply(connection, record,
                 xpc__error(XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT));
    return true;
  }
  connection->credentials = baggage->sender; /* OQ-4 */
  connection->known = true;
  if (record->flags & XPC__FLAG_NO_REPLY) {
    take_reply(connection, record,
               xpc__error(XPC_ERROR_CONNECTION_INTERRUPTED));
    return true;
  }
  error = xpc__decode_record(record, baggage, buffer, &object);
  if (error != 0) {
    xpc__log("xpc: pid %d sent a malformed message of %zu bytes (%s): dropped",
             (int)baggage->sender.pid, (size_t)record->length, strerror(error));
    return false;
  }
  if (record->flags & XPC__FLAG_REPLY) {
    take_reply(connection, record, object);
    return true;
  }
  attach_origin(connection, record, object);
  xpc__event_charge(
      connection, xpc__event_push(connection, XPC__EVENT_MESSAGE, NULL, object),
      record->length, xpc__handles_of(record, baggage));
  return true;
}

/* One record, whose body is at `body` if that is not NULL. False when it is
 * malformed or its sender is not wanted. */
static bool accept_record(xpc_connection_t connection, const uint8_t *bytes,
                          const uint8_t *body, size_t length,
                          struct xpc__baggage *baggage) {
  struct xpc__record record;

  if (!xpc__read_wrapper(bytes, length, &record) || !baggage->has_sender ||
      (connection->assembly == NULL && (record.flags & XPC__FLAG_FRAGMENT))) {
    xpc__log("xpc: pid %d sent a malformed record of %zu bytes: dropped",
             (int)baggage->sender.pid, length);
    return false;
  }
  if (connection->assembly != NULL)
    return xpc__assembly_add(connection, &record,
                             body == NULL ? record.body : body, baggage);
  if (!welcome(connection, baggage))
    return false;
  if (record.flags & XPC__FLAG_FRAGMENTED)
    return xpc__assembly_begin(connection, &record, baggage,
                               admitted(connection, baggage));
  connection->large = false;
  return xpc__deliver_record(connection, &record, baggage, NULL,
                             admitted(connection, baggage));
}

/* The records of a batch from `i` on will not be looked at. */
static void discard(struct intake *intake, int i, int count) {
  struct xpc__baggage baggage;

  for (; i < count; i++) {
    xpc__unpack(&intake->headers[i].msg_hdr, &baggage);
    xpc__baggage_close(&baggage);
  }
}

/* False when bytes or descriptors did not fit: a peer that sends too much, or
 * a process, this one, with no descriptor left. */
static bool came_whole(const struct msghdr *header,
                       const struct xpc__baggage *baggage) {
  if ((header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
    return true;
  xpc__log("xpc: pid %d sent more %s than can be taken: dropped",
           (int)baggage->sender.pid,
           header->msg_flags & MSG_TRUNC ? "bytes" : "descriptors");
  return false;
}

static void take_batch(xpc_connection_t connection, struct intake *intake,
                       int count) {
  bool in_place = connection->assembly != NULL;

  connection->handy = false;
  for (int i = 0; i < count; i++) {
    struct msghdr *header = &intake->headers[i].msg_hdr;
    struct xpc__baggage baggage;
    bool good;

    if (intake->headers[i].msg_len == 0) { /* the end; it will come again */
      discard(intake, i, count);
      if (i == 0)
        xpc__lost(connection, "the other side has gone");
      return;
    }
    xpc__unpack(header, &baggage);
    connection->handy = connection->handy || baggage.count != 0;
    good = came_whole(header, &baggage) &&
           accept_record(connection, intake->records[i],
                         in_place ? intake->parts[i][1].iov_base : NULL,
                         intake->headers[i].msg_len, &baggage);
    xpc__baggage_close(&baggage);
    if (!good) {
      discard(intake, i + 1, count);
      xpc__lost(connection, "the other side sent what it must not");
      return;
    }
  }
}

/* One system call's worth; as recvmmsg(2), with errno. */
static int receive_batch(xpc_connection_t connection, struct intake *intake) {
  unsigned want = prepare(intake, connection);
  int count;

  do {
    count = recvmmsg(connection->fd, intake->headers, want,
                     MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
    /* A peer that closed with our messages unread sets ECONNRESET once; what
     * it had sent lies behind it (C-129). */
  } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
  return count;
}

size_t xpc__go_on_reading(struct xpc__work *work, size_t budget) {
  xpc_connection_t connection =
      (xpc_connection_t)(void *)((char *)work -
                                 offsetof(struct _xpc_connection_s, room.work));
  dispatch_queue_t queue = connection->room.queue;

  (void)budget;
  pthread_mutex_lock(&connection->lock);
  connection->awaits_room = false;
  connection->held = false;
  xpc__update_watch(connection);
  pthread_mutex_unlock(&connection->lock);
  xpc__connection_drop(connection);
  dispatch_release(queue);
  return 0;
}

/* Whether this one's user has had his share of what waits unseen. It is then
 * not watched until he has room again. */
static bool must_wait(xpc_connection_t connection) {
  if (connection->held)
    return true;
  /* What has begun goes on: it is in the share already. */
  if (connection->assembly != NULL || !xpc__user_is_full(connection->user))
    return false;
  if (!connection->awaits_room) {
    connection->room.queue = connection->listener != NULL
                                 ? connection->listener->queue
                                 : connection->queue;
    connection->awaits_room = true; /* read under the lock, which we hold */
    xpc__connection_hold(connection);
    dispatch_retain(connection->room.queue);
    if (!xpc__user_wait(connection->user, &connection->room)) {
      connection->awaits_room = false;
      dispatch_release(connection->room.queue);
      xpc__connection_drop(connection); /* the caller holds another */
      return false;
    }
  }
  connection->held = true;
  xpc__update_watch(connection);
  return true;
}

/* Whether more may be taken off the socket. What nobody has looked at yet is
 * bounded, and the socket fills up behind it; but one that waits for a reply
 * must get to it, past all that came before. */
static bool has_room(xpc_connection_t connection) {
  bool room = connection->in_count < XPC_PORTABLE_BACKLOG_MESSAGES &&
              connection->in_bytes < XPC_PORTABLE_BACKLOG_BYTES &&
              connection->in_handles < XPC_PORTABLE_BACKLOG_HANDLES;

  if (connection->waiters == 0)
    return room && !must_wait(connection);
  if (room)
    return true;
  if (connection->in_count < xpc__queue_messages() &&
      connection->in_bytes < xpc__queue_bytes())
    return true;
  xpc__log("xpc: %zu messages, %zu bytes came before the reply waited for",
           connection->in_count, connection->in_bytes);
  xpc__lost(connection, "the other side sends without end");
  return false;
}

bool xpc__receive(xpc_connection_t connection) {
  struct intake *intake = this_intake();
  bool embryo = connection->listener != NULL, gave = false;
  int count;

  if (!has_room(connection))
    return false;
  do { /* a message in fragments is followed to its end, if it is there */
    count = receive_batch(connection, intake);
    if (count < 0) {
      if (errno != EAGAIN)
        xpc__lost(connection, strerror(errno));
      gave = gave || errno != EAGAIN;
      break;
    }
    gave = true;
    take_batch(connection, intake, count);
  } while (connection->assembly != NULL);
  if (embryo && connection->listener != NULL && connection->in != NULL)
    xpc__embryo_show(connection);
  return gave;
}
