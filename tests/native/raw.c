#include "raw.h"

#include <sys/un.h>

int logged;
char last_line[256];

static void count_line(const char *line) {
  logged++;
  (void)snprintf(last_line, sizeof last_line, "%s", line);
}

int raw_client(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/org.example.h",
                 getenv("XPCRPC_BOOTSTRAP_DIR"));
  CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  return fd;
}

void raw_send(int fd, const void *bytes, size_t length, const int *fds,
              size_t count) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * 16)];
  } control = {0};
  struct iovec part = {(void *)(uintptr_t)bytes, length};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

  if (count != 0) {
    header.msg_control = &control;
    header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    control.align.cmsg_level = SOL_SOCKET;
    control.align.cmsg_type = SCM_RIGHTS;
    control.align.cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * count);
  }
  CHECK(sendmsg(fd, &header, MSG_NOSIGNAL) == (ssize_t)length);
}

bool raw_at_end(int fd) {
  char byte;

  return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

/* A record: wrapper and body. */
size_t record_of(uint8_t *out, uint32_t flags, uint64_t length, uint64_t id,
                 const void *body, size_t body_length) {
  uint32_t magic = 0x29b00b92;

  memcpy(out, &magic, 4);
  memcpy(out + 4, &flags, 4);
  memcpy(out + 8, &length, 8);
  memcpy(out + 16, &id, 8);
  memcpy(out + 24, body, body_length);
  return 24 + body_length;
}

struct seen raw_listener, raw_server;

void raw_serve(void) {
  xpc_connection_t l;

  use_bootstrap_directory();
  xpc_portable_set_logger(count_line);
  l = xpc_connection_create_mach_service("org.example.h", NULL,
                                         XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_context(l, &raw_server);
  raw_listener.on_peer = accept_peer;
  raw_server.on_message = echo;
  start(l, &raw_listener);
}

void raw_still_serves(void) {
  struct seen client = {0}, reply = {0};
  xpc_connection_t c = named_client("org.example.h", &client);

  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
}

void must_be_dropped(const void *bytes, size_t length, const int *fds,
                     size_t count) {
  int fd = raw_client(), before = logged, peers = raw_listener.peers;

  raw_send(fd, bytes, length, fds, count);
  check_quiet(NULL);
  CHECK(raw_at_end(fd));
  CHECK(logged == before + 1); /* one line */
  CHECK(raw_listener.peers == peers);
  close(fd);
}
