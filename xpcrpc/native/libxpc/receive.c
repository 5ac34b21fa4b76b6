/* Receiving: records off the socket, checked, decoded, and queued as events.
 *
 * Whatever is wrong with a record ends its connection with one log line and
 * touches nobody else. Every descriptor that arrives is owned by the batch
 * until an object takes it over; what is left is closed. */
#include "connection.h"

#include <errno.h>

enum {
  BATCH = 16, /* records taken by one system call */
  /* Undelivered events after which the socket is left to fill up. */
  BACKLOG_EVENTS = 256,
  ROOM = XPC__WRAPPER_BYTES + XPC_PORTABLE_INLINE_BYTES,
  MAX_FDS = 253,
  CONTROL_BYTES =
      CMSG_SPACE(sizeof(int) * MAX_FDS) + CMSG_SPACE(sizeof(struct ucred)) + 64
};

/* One thread's buffers; only the pages that records touch are ever real. */
struct intake {
  struct mmsghdr headers[BATCH];
  struct iovec parts[BATCH];
  union {
    struct cmsghdr align;
    uint8_t bytes[CONTROL_BYTES];
  } control[BATCH];
  uint8_t records[BATCH][ROOM];
};

/* What came with one record. */
struct baggage {
  struct xpc__handle_source source;
  int fds[MAX_FDS];
  size_t count;
  size_t next;
  struct ucred sender;
  bool has_sender;
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

static void prepare(struct intake *intake, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    intake->parts[i] = (struct iovec){intake->records[i], ROOM};
    intake->headers[i].msg_hdr =
        (struct msghdr){.msg_iov = &intake->parts[i],
                        .msg_iovlen = 1,
                        .msg_control = &intake->control[i],
                        .msg_controllen = CONTROL_BYTES};
    intake->headers[i].msg_len = 0;
  }
}

static xpc_object_t take_handle(struct xpc__handle_source *source,
                                xpc_type_t type, uint64_t length) {
  struct baggage *baggage = (struct baggage *)source;
  int fd;

  if (baggage->next >= baggage->count)
    return NULL;
  fd = baggage->fds[baggage->next];
  baggage->fds[baggage->next++] = -1;
  if (type == XPC_TYPE_SHMEM)
    return xpc__shmem_adopt(fd, length);
  if (type == XPC_TYPE_ENDPOINT)
    return xpc__endpoint_adopt(fd);
  return xpc__handle_new(XPC_TYPE_FD, fd);
}

static void unpack(struct msghdr *header, struct baggage *baggage) {
  struct cmsghdr *control;

  baggage->source.take = take_handle;
  baggage->count = 0;
  baggage->next = 0;
  baggage->has_sender = false;
  baggage->sender = (struct ucred){0, (uid_t)-1, (gid_t)-1};
  for (control = CMSG_FIRSTHDR(header); control != NULL;
       control = CMSG_NXTHDR(header, control)) {
    if (control->cmsg_level != SOL_SOCKET)
      continue;
    if (control->cmsg_type == SCM_CREDENTIALS) {
      memcpy(&baggage->sender, CMSG_DATA(control), sizeof baggage->sender);
      baggage->has_sender = true;
    } else if (control->cmsg_type == SCM_RIGHTS) {
      size_t bytes = control->cmsg_len - CMSG_LEN(0);
      size_t count = bytes / sizeof(int);
      for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(control) + i * sizeof fd, sizeof fd);
        if (baggage->count < MAX_FDS)
          baggage->fds[baggage->count++] = fd;
        else
          close(fd);
      }
    }
  }
}

static void close_left(struct baggage *baggage) {
  for (size_t i = baggage->next; i < baggage->count; i++)
    if (baggage->fds[i] >= 0)
      close(baggage->fds[i]);
}

/* A body in a memfd: sealed for good and of the stated size, or refused. */
static int decode_memfd(struct baggage *baggage, uint64_t length,
                        xpc_object_t *object) {
  const int wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  void *memory;
  int fd, seals, error;
  off_t size;

  if (baggage->count == 0 || length == 0 || length > xpc__message_limit())
    return EBADMSG;
  fd = baggage->fds[0];
  baggage->fds[0] = -1;
  baggage->next = 1;
  seals = fcntl(fd, F_GET_SEALS);
  size = lseek(fd, 0, SEEK_END);
  memory = MAP_FAILED;
  if (seals >= 0 && (seals & wanted) == wanted && size >= 0 &&
      (uint64_t)size == length)
    memory = mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE | MAP_POPULATE,
                  fd, 0);
  close(fd);
  if (memory == MAP_FAILED)
    return EBADMSG;
  error = xpc__decode(memory, (size_t)length, &baggage->source, object);
  munmap(memory, (size_t)length);
  return error;
}

struct record {
  uint32_t flags;
  uint64_t length;
  uint64_t id;
  const uint8_t *body;
  size_t body_length;
};

#define KNOWN_FLAGS                                               \
  (XPC__FLAG_ALWAYS | XPC__FLAG_MESSAGE | XPC__FLAG_WANTS_REPLY | \
   XPC__FLAG_REPLY | XPC__FLAG_NO_REPLY | XPC__FLAG_MEMFD |       \
   XPC__FLAG_SENDERS_ID)

static bool read_wrapper(const uint8_t *bytes, size_t length,
                         struct record *record) {
  if (length < XPC__WRAPPER_BYTES || xpc__load32(bytes) != XPC__WRAPPER_MAGIC)
    return false;
  record->flags = xpc__load32(bytes + 4);
  record->length = xpc__load64(bytes + 8);
  record->id = xpc__load64(bytes + 16);
  record->body = bytes + XPC__WRAPPER_BYTES;
  record->body_length = length - XPC__WRAPPER_BYTES;
  if ((record->flags & XPC__FLAG_ALWAYS) == 0 ||
      (record->flags & ~KNOWN_FLAGS) != 0 || record->id >> 63 != 0)
    return false;
  if (record->flags & XPC__FLAG_NO_REPLY)
    return (record->flags & XPC__FLAG_REPLY) != 0 && record->length == 0 &&
           record->body_length == 0;
  if (record->flags & XPC__FLAG_MEMFD)
    return record->body_length == 0;
  return record->length == record->body_length;
}

/* Whether the sender may speak here at all (C-163, C-164). */
static bool admitted(xpc_connection_t connection,
                     const struct baggage *baggage) {
  return xpc__rule_admits(connection->rule, connection, &baggage->sender);
}

static void attach_origin(xpc_connection_t connection,
                          const struct record *record,
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
static void take_reply(xpc_connection_t connection, const struct record *record,
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

static int decode_body(const struct record *record, struct baggage *baggage,
                       xpc_object_t *object) {
  int error;

  if (record->flags & XPC__FLAG_MEMFD)
    error = decode_memfd(baggage, record->length, object);
  else
    error = xpc__decode(record->body, record->body_length, &baggage->source,
                        object);
  if (error != 0)
    return error;
  if (xpc__kind_of(*object) == XPC__DICTIONARY &&
      baggage->next == baggage->count)
    return 0;
  xpc_release(*object);
  return EBADMSG;
}

/* One record. False when it is malformed or its sender is not wanted. */
static bool accept_record(xpc_connection_t connection, const uint8_t *bytes,
                          size_t length, struct baggage *baggage) {
  struct record record;
  xpc_object_t object;
  int error;

  if (!read_wrapper(bytes, length, &record) || !baggage->has_sender) {
    xpc__log("xpc: pid %d sent a malformed record of %zu bytes: dropped",
             (int)baggage->sender.pid, length);
    return false;
  }
  if (connection->listener_rule != NULL &&
      !xpc__rule_admits(connection->listener_rule, connection,
                        &baggage->sender)) {
    xpc__log("xpc: pid %d (uid %u) does not satisfy the listener's rule",
             (int)baggage->sender.pid, (unsigned)baggage->sender.uid);
    return false;
  }
  if (!admitted(connection, baggage)) { /* C-165, OQ-14 */
    if (record.flags & XPC__FLAG_REPLY)
      take_reply(connection, &record,
                 xpc__error(XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT));
    return true;
  }
  connection->credentials = baggage->sender; /* OQ-4 */
  connection->known = true;
  if (record.flags & XPC__FLAG_NO_REPLY) {
    take_reply(connection, &record,
               xpc__error(XPC_ERROR_CONNECTION_INTERRUPTED));
    return true;
  }
  error = decode_body(&record, baggage, &object);
  if (error != 0) {
    xpc__log("xpc: pid %d sent a malformed message of %zu bytes (%s): dropped",
             (int)baggage->sender.pid, (size_t)record.length, strerror(error));
    return false;
  }
  if (record.flags & XPC__FLAG_REPLY) {
    take_reply(connection, &record, object);
    return true;
  }
  attach_origin(connection, &record, object);
  xpc__event_push(connection, XPC__EVENT_MESSAGE, NULL, object);
  return true;
}

/* The records of a batch from `i` on will not be looked at. */
static void discard(struct intake *intake, int i, int count) {
  struct baggage baggage;

  for (; i < count; i++) {
    unpack(&intake->headers[i].msg_hdr, &baggage);
    close_left(&baggage);
  }
}

static bool take_batch(xpc_connection_t connection, struct intake *intake,
                       int count) {
  for (int i = 0; i < count; i++) {
    struct msghdr *header = &intake->headers[i].msg_hdr;
    struct baggage baggage;
    bool good;

    if (intake->headers[i].msg_len == 0) { /* the end; it will come again */
      discard(intake, i, count);
      if (i == 0)
        xpc__lost(connection, "the other side has gone");
      return true;
    }
    unpack(header, &baggage);
    good = (header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
           accept_record(connection, intake->records[i],
                         intake->headers[i].msg_len, &baggage);
    close_left(&baggage);
    if (!good) {
      discard(intake, i + 1, count);
      xpc__lost(connection, "the other side sent what it must not");
      return true;
    }
  }
  return count > 0;
}

bool xpc__receive(xpc_connection_t connection) {
  struct intake *intake = this_intake();
  unsigned want = BATCH;
  bool embryo = connection->listener != NULL;
  int count;

  if (connection->in_count >= BACKLOG_EVENTS)
    return false;
  prepare(intake, want);
  do {
    count = recvmmsg(connection->fd, intake->headers, want,
                     MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
    /* A peer that closed with our messages unread sets ECONNRESET once; what
     * it had sent lies behind it (C-129). */
  } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
  if (count < 0) {
    if (errno != EAGAIN)
      xpc__lost(connection, strerror(errno));
    return errno != EAGAIN;
  }
  take_batch(connection, intake, count);
  if (embryo && connection->listener != NULL && connection->in != NULL)
    xpc__embryo_show(connection);
  return true;
}
