/* Peers that do not speak the protocol: only their own connection ends. */
#include "check.h"

#include <sys/stat.h>
#include <sys/un.h>

static int logged;
static char last_line[256];

static void count_line(const char *line) {
  logged++;
  (void)snprintf(last_line, sizeof last_line, "%s", line);
}

static int raw_client(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/org.example.h",
                 getenv("XPCRPC_BOOTSTRAP_DIR"));
  CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  return fd;
}

static void raw_send(int fd, const void *bytes, size_t length, const int *fds,
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

static bool at_end(int fd) {
  char byte;

  return recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

/* A record: wrapper and body. */
static size_t record_of(uint8_t *out, uint32_t flags, uint64_t length,
                        uint64_t id, const void *body, size_t body_length) {
  uint32_t magic = 0x29b00b92;

  memcpy(out, &magic, 4);
  memcpy(out + 4, &flags, 4);
  memcpy(out + 8, &length, 8);
  memcpy(out + 16, &id, 8);
  memcpy(out + 24, body, body_length);
  return 24 + body_length;
}

#define EMPTY_DICTIONARY "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\4\0\0\0\0\0\0\0"
#define FD_DICTIONARY                                           \
  "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\x0c\0\0\0\1\0\0\0k\0\0\0" \
  "\0\xb0\0\0"
#define SHMEM_DICTIONARY                                        \
  "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\x14\0\0\0\1\0\0\0k\0\0\0" \
  "\0\xc0\0\0\0\x10\0\0\0\0\0\0"
#define ENDPOINT_DICTIONARY                                     \
  "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\x0c\0\0\0\1\0\0\0k\0\0\0" \
  "\0\x20\1\0"

static struct seen listener, server;

static void serve(void) {
  xpc_connection_t l;

  use_bootstrap_directory();
  xpc_portable_set_logger(count_line);
  l = xpc_connection_create_mach_service("org.example.h", NULL,
                                         XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_context(l, &server);
  listener.on_peer = accept_peer;
  server.on_message = echo;
  start(l, &listener);
}

static void still_serves(void) {
  struct seen client = {0}, reply = {0};
  xpc_connection_t c = named_client("org.example.h", &client);

  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
}

static void must_be_dropped(const void *bytes, size_t length, const int *fds,
                            size_t count) {
  int fd = raw_client(), before = logged, peers = listener.peers;

  raw_send(fd, bytes, length, fds, count);
  check_quiet(NULL);
  CHECK(at_end(fd));
  CHECK(logged == before + 1); /* one line */
  CHECK(listener.peers == peers);
  close(fd);
}

TEST(malformed_records_end_their_connection_and_no_other) {
  uint8_t record[256];
  size_t n;
  int descriptors;

  serve();
  still_serves();
  descriptors = open_descriptors();
  must_be_dropped("x", 1, NULL, 0);
  must_be_dropped("GET / HTTP/1.1\r\n\r\n        ", 26, NULL, 0);
  n = record_of(record, 0x101, 20, 1, EMPTY_DICTIONARY, 20);
  record[0] ^= 1;
  must_be_dropped(record, n, NULL, 0); /* magic */
  n = record_of(record, 0x101, 21, 1, EMPTY_DICTIONARY, 20);
  must_be_dropped(record, n, NULL, 0); /* length */
  n = record_of(record, 0x80000101, 20, 1, EMPTY_DICTIONARY, 20);
  must_be_dropped(record, n, NULL, 0); /* flags */
  n = record_of(record, 0x101, 20, UINT64_MAX, EMPTY_DICTIONARY, 20);
  must_be_dropped(record, n, NULL, 0); /* id */
  n = record_of(record, 0x101, 12, 1, "\x42\x37\x13\x42\5\0\0\0\0\x10\0\0", 12);
  must_be_dropped(record, n, NULL, 0); /* the root is no dictionary */
  n = record_of(record, 0x101, 19, 1, EMPTY_DICTIONARY, 19);
  must_be_dropped(record, n, NULL, 0);
  n = record_of(record, 0x1000101, 0, 1, "", 0);
  must_be_dropped(record, n, NULL, 0); /* NO_REPLY that is no reply */
  CHECK(server.messages == 1);
  still_serves();
  CHECK(open_descriptors() == descriptors);
}

TEST(handles_that_do_not_fit_are_refused_and_closed) {
  uint8_t record[256];
  size_t n;
  int pair[2], memfd = memfd_create("plain", 0), descriptors;

  CHECK(pipe(pair) == 0 && ftruncate(memfd, 4096) == 0);
  serve();
  still_serves();
  descriptors = open_descriptors();
  n = record_of(record, 0x101, 28, 1, FD_DICTIONARY, 28);
  must_be_dropped(record, n, NULL, 0); /* too few */
  must_be_dropped(record, n, pair, 2); /* too many */
  n = record_of(record, 0x101, 20, 1, EMPTY_DICTIONARY, 20);
  must_be_dropped(record, n, pair, 1);
  n = record_of(record, 0x101, 36, 1, SHMEM_DICTIONARY, 36);
  must_be_dropped(record, n, pair, 1);   /* no memfd */
  must_be_dropped(record, n, &memfd, 1); /* can be truncated */
  n = record_of(record, 0x101, 28, 1, ENDPOINT_DICTIONARY, 28);
  must_be_dropped(record, n, pair, 1); /* no socket */
  must_be_dropped("junk", 4, pair, 2);
  still_serves();
  CHECK(open_descriptors() == descriptors);
}

TEST(a_payload_memfd_must_be_sealed_and_as_long_as_stated) {
  const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  uint8_t record[64];
  size_t n = record_of(record, 0x2000101, 20, 1, "", 0);
  int descriptors, fd = memfd_create("body", MFD_ALLOW_SEALING);
  int raw, pair[2];

  CHECK(write(fd, EMPTY_DICTIONARY, 20) == 20 && pipe(pair) == 0);
  serve();
  still_serves();
  descriptors = open_descriptors();
  must_be_dropped(record, n, &fd, 1); /* not sealed */
  must_be_dropped(record, n, pair, 1);
  must_be_dropped(record, n, NULL, 0);
  CHECK(fcntl(fd, F_ADD_SEALS, seals) == 0);
  n = record_of(record, 0x2000101, 24, 1, "", 0);
  must_be_dropped(record, n, &fd, 1); /* shorter than stated */
  n = record_of(record, 0x2000101, (uint64_t)1 << 40, 1, "", 0);
  must_be_dropped(record, n, &fd, 1);
  n = record_of(record, 0x2000101, 20, 1, "", 0);
  raw = raw_client();
  raw_send(raw, record, n, &fd, 1); /* as it should be */
  PUMP_UNTIL(server.messages == 2);
  close(raw);
  check_quiet(NULL);
  still_serves();
  CHECK(open_descriptors() <= descriptors);
}

TEST(a_malformed_server_ends_an_endpoint_client_and_interrupts_a_named_one) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct seen client = {0}, reply = {0};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), peer;

  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/org.example.h",
                 use_bootstrap_directory());
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, 4) == 0);
  xpc_connection_t c = named_client("org.example.h", &client);
  request(c, 1, &reply);
  peer = accept(fd, NULL, NULL);
  CHECK(send(peer, "nonsense", 8, 0) == 8);
  PUMP_UNTIL(client.interrupted == 1 && reply.interrupted == 1);
}

TEST(unasked_replies_are_ignored) {
  uint8_t record[64];
  size_t n = record_of(record, 0x20101, 20, 77, EMPTY_DICTIONARY, 20);
  int raw;

  serve();
  raw = raw_client();
  raw_send(raw, record, n, NULL, 0);
  n = record_of(record, 0x101, 20, 1, EMPTY_DICTIONARY, 20);
  raw_send(raw, record, n, NULL, 0);
  PUMP_UNTIL(server.messages == 1);
  CHECK(logged == 0);
}

TEST(a_silent_socket_is_nobody) {
  int raw;

  serve();
  raw = raw_client();
  check_quiet(NULL);
  CHECK(listener.peers == 0);
  close(raw);
  check_quiet(NULL);
  CHECK(listener.peers == 0 && logged == 0);
}

TEST(a_full_backlog_delays_and_does_not_fail) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct seen clients[8] = {{0}};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0), accepted = 0;
  char byte[256];

  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/org.example.h",
                 use_bootstrap_directory());
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(fd, 1) == 0);
  for (int i = 0; i < 8; i++)
    send_number(named_client("org.example.h", &clients[i]), i);
  while (accepted < 8) { /* the clients retry by their timers */
    int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
    if (peer >= 0) {
      while (recv(peer, byte, sizeof byte, 0) < 0)
        check_pump(NULL, __FILE__, __LINE__, "its message");
      accepted++;
    }
    xpc_portable_queue_drain(NULL, 16);
  }
  for (int i = 0; i < 8; i++)
    CHECK(clients[i].invalid == 0 && clients[i].interrupted == 0);
}

TEST(a_peer_that_does_not_read_blocks_nobody) {
  struct seen l = {0}, s = {0}, client = {0};
  xpc_connection_t connection = listen_here(&l, &s);
  xpc_connection_t c = client_of(connection, &client);

  send_number(c, 0);
  PUMP_UNTIL(s.messages == 1);
  xpc_connection_suspend(l.peer);
  for (int i = 1; i < 1000; i++)
    send_number(c, i); /* far more than a socket holds */
  CHECK(xpc_portable_connection_get_queued(c) > 0);
  check_quiet(NULL);
  CHECK(s.messages == 1);
  xpc_connection_resume(l.peer);
  PUMP_UNTIL(s.messages == 1000);
  for (int i = 0; i < 1000; i++)
    CHECK(s.numbers[i] == i); /* C-75 */
  CHECK(xpc_portable_connection_get_queued(c) == 0);
}
