/* Any records, with any descriptors, through real sockets into the real
 * receive path: a hostile client against a listener, or a hostile service
 * against a client that has asked it something.
 *
 * Input: one byte that chooses the side, then steps of a mode, a byte of
 * descriptors, a 16-bit length and so many bytes. */
#include "../../xpcrpc/native/libxpc/receive.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/un.h>

enum { ROOM = 24 + 64 * 1024 + 8, STEPS = 64, KINDS = 6 };

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int fds[KINDS]; /* what may be attached */
static xpc_endpoint_t ours, theirs;
static int hostile; /* the listening socket behind `theirs` */
static char ours_path[64];

struct block {
  void *isa;
  uint32_t flags, reserved;
  void (*invoke)(struct block *, xpc_object_t);
  const void *descriptor;
};
static const unsigned long descriptor[2] = {0, sizeof(struct block)};
#define BLOCK(name, function)                                                  \
  static struct block name = {_NSConcreteGlobalBlock, 1u << 28, 0, function, \
                              descriptor}
#define HANDLER(name) ((xpc_handler_t)(void *)&name)

static bool use(const char *key, xpc_object_t value) {
  void *region;
  size_t size;
  int fd;

  (void)key;
  if (xpc_get_type(value) == XPC_TYPE_FD && (fd = xpc_fd_dup(value)) >= 0)
    close(fd);
  if (xpc_get_type(value) == XPC_TYPE_SHMEM &&
      (size = xpc_shmem_map(value, &region)) != 0)
    munmap(region, size);
  return true;
}

/* A dictionary from outside is read, and answered where an answer is due. */
static void take_message(struct block *block, xpc_object_t event) {
  xpc_object_t reply;
  char *text;

  (void)block;
  if (xpc_get_type(event) != XPC_TYPE_DICTIONARY)
    return;
  text = xpc_copy_description(event);
  free(text);
  use("k", xpc_dictionary_get_value(event, "k") == NULL
               ? event
               : xpc_dictionary_get_value(event, "k"));
  reply = xpc_dictionary_create_reply(event);
  if (reply == NULL)
    return;
  xpc_dictionary_set_value(reply, "k", xpc_dictionary_get_value(event, "k"));
  if (xpc_portable_check_message(reply) == 0)
    xpc_connection_send_message(xpc_dictionary_get_remote_connection(event),
                                reply);
  xpc_release(reply);
}
BLOCK(on_message, take_message);

static void take_peer(struct block *block, xpc_object_t peer) {
  (void)block;
  if (xpc_get_type(peer) != XPC_TYPE_CONNECTION)
    return;
  xpc_connection_set_event_handler(peer, HANDLER(on_message));
  xpc_connection_activate(peer);
}
BLOCK(on_peer, take_peer);

static void drain(void) {
  struct pollfd ready = {xpc_portable_queue_get_fd(NULL), POLLIN, 0};

  while (poll(&ready, 1, 0) == 1)
    xpc_portable_queue_drain(NULL, 64);
}

static int memfd_of(const uint8_t *bytes, size_t length, bool sealed) {
  int fd = memfd_create("fuzz", MFD_ALLOW_SEALING);

  if (length != 0 && write(fd, bytes, length) != (ssize_t)length)
    abort();
  if (sealed)
    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
                               F_SEAL_SEAL);
  return fd;
}

static int bind_hostile(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int path;

  (void)snprintf(address.sun_path, sizeof address.sun_path, "/tmp/xpc-fuzz-%d",
                 (int)getpid());
  hostile = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  if (bind(hostile, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(hostile, 16) != 0)
    abort();
  path = open(address.sun_path, O_PATH);
  (void)unlink(address.sun_path);
  return path;
}

int LLVMFuzzerInitialize(int *count, char ***arguments) {
  xpc_connection_t listener = xpc_connection_create(NULL, NULL);
  static const uint8_t page[4096];
  int pair[2];

  (void)count;
  (void)arguments;
  xpc_connection_set_event_handler(listener, HANDLER(on_peer));
  xpc_connection_activate(listener);
  ours = xpc_endpoint_create(listener);
  (void)snprintf(ours_path, sizeof ours_path, "/proc/self/fd/%d",
                 ((struct xpc__handle *)(void *)ours)->fd);
  theirs = xpc__endpoint_adopt(bind_hostile());
  if (pipe(pair) != 0)
    abort();
  fds[0] = pair[0];
  fds[1] = memfd_of(page, sizeof page, false);
  fds[2] = memfd_of(page, sizeof page, true);
  fds[3] = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  fds[4] = fcntl(((struct xpc__handle *)(void *)ours)->fd, F_DUPFD, 0);
  fds[5] = open("/dev/null", O_RDONLY);
  return 0;
}

/* Where a message in fragments stands, so that inputs can get it right. */
struct state {
  int fd;
  size_t total;
  size_t sent;
  uint64_t id;
};

static void send_record(const struct state *state, uint8_t *bytes,
                        size_t length, uint8_t choice, int first) {
  union {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(sizeof(int) * 4)];
  } control;
  struct iovec part = {bytes, length};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  size_t count = choice & 3;
  int attached[4];
  size_t used = 0;

  memset(&control, 0, sizeof control);
  if (first >= 0)
    attached[used++] = first;
  for (size_t i = 0; i < count; i++)
    attached[used++] = fds[((choice >> 2) + i) % KINDS];
  if (used != 0) {
    header.msg_control = &control;
    header.msg_controllen = CMSG_SPACE(sizeof(int) * used);
    control.align.cmsg_level = SOL_SOCKET;
    control.align.cmsg_type = SCM_RIGHTS;
    control.align.cmsg_len = CMSG_LEN(sizeof(int) * used);
    memcpy(CMSG_DATA(&control.align), attached, sizeof(int) * used);
  }
  (void)sendmsg(state->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void wrap(uint8_t *record, uint32_t flags, uint64_t length,
                 uint64_t id) {
  xpc__store32(record, XPC__WRAPPER_MAGIC);
  xpc__store32(record + 4, flags | XPC__FLAG_ALWAYS);
  xpc__store64(record + 8, length);
  xpc__store64(record + 16, id);
}

static const uint32_t kinds_of_message[] = {
    XPC__FLAG_MESSAGE,
    XPC__FLAG_MESSAGE | XPC__FLAG_WANTS_REPLY,
    XPC__FLAG_REPLY,
    XPC__FLAG_REPLY | XPC__FLAG_SENDERS_ID,
    XPC__FLAG_REPLY | XPC__FLAG_WANTS_REPLY,
    XPC__FLAG_REPLY | XPC__FLAG_NO_REPLY,
    XPC__FLAG_NO_REPLY,
    XPC__FLAG_MESSAGE | XPC__FLAG_FRAGMENTED | XPC__FLAG_MEMFD};

static void step(struct state *state, uint8_t mode, uint8_t choice,
                 const uint8_t *bytes, size_t length) {
  static uint8_t record[ROOM];
  uint32_t flags = kinds_of_message[mode >> 5];
  size_t take = length < ROOM - 24 ? length : ROOM - 24;
  int memfd = -1;

  memset(record, 0, 24);
  if (take != 0)
    memcpy(record + 24, bytes, take);
  switch (mode & 7) {
    case 0: /* as it is */
      send_record(state, record + 24, take, choice, -1);
      return;
    case 1: /* a message that says its length */
      wrap(record, flags, take, ++state->id & 3);
      break;
    case 2: /* announces fragments */
      state->total = 65537;
      if (length >= 2)
        state->total += (size_t)(bytes[0] | bytes[1] << 8);
      state->sent = 0;
      wrap(record, flags | XPC__FLAG_FRAGMENTED, state->total, 1);
      take = 0;
      break;
    case 3: /* the next fragment, as it must be */
      take = state->total - state->sent;
      if (take > XPC__FRAGMENT_BYTES)
        take = XPC__FRAGMENT_BYTES;
      wrap(record, XPC__FLAG_FRAGMENT, take, state->sent);
      if (length < take)
        memset(record + 24 + length, 0, take - length);
      state->sent += take;
      break;
    case 4: /* in a memfd */
      memfd = memfd_of(bytes, length, (mode & 8) == 0);
      wrap(record, flags | XPC__FLAG_MEMFD, length, 1);
      take = 0;
      break;
    case 5: /* its own wrapper, then zeros */
      memcpy(record, record + 24, take < 24 ? take : 24);
      memset(record + 24, 0, ROOM - 24);
      take = (size_t)choice << 8;
      break;
    case 6:
      drain();
      return;
    default:
      (void)shutdown(state->fd, mode & 8 ? SHUT_RD : SHUT_WR);
      return;
  }
  send_record(state, record, 24 + take, choice, memfd);
  if (memfd >= 0)
    close(memfd);
}

static void play(int fd, const uint8_t *bytes, size_t length) {
  struct state state = {.fd = fd};

  for (int i = 0; i < STEPS && length >= 4; i++) {
    size_t take = (size_t)(bytes[2] | bytes[3] << 8);
    if (take > length - 4)
      take = length - 4;
    step(&state, bytes[0], bytes[1], bytes + 4, take);
    bytes += 4 + take;
    length -= 4 + take;
  }
  drain();
  close(fd);
  drain();
}

static void attack_listener(const uint8_t *bytes, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

  memcpy(address.sun_path, ours_path, sizeof ours_path);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
    abort();
  play(fd, bytes, length);
}

static void attack_client(const uint8_t *bytes, size_t length) {
  xpc_connection_t client = xpc_connection_create_from_endpoint(theirs);
  xpc_object_t message = xpc_dictionary_create_empty();
  int fd;

  xpc_connection_set_event_handler(client, HANDLER(on_message));
  xpc_connection_activate(client);
  for (int i = 0; i < 3; i++)
    xpc_connection_send_message_with_reply(client, message, NULL,
                                           HANDLER(on_message));
  xpc_release(message);
  fd = accept4(hostile, NULL, NULL, SOCK_NONBLOCK);
  if (fd < 0)
    abort();
  play(fd, bytes, length);
  xpc_connection_cancel(client);
  drain();
  xpc_release(client);
  drain();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  if (length == 0)
    return 0;
  if (bytes[0] & 1)
    attack_client(bytes + 1, length - 1);
  else
    attack_listener(bytes + 1, length - 1);
  return 0;
}
