/* Peers that do not speak the protocol: only their own connection ends. */
#include "raw.h"

#include <sys/stat.h>
#include <sys/un.h>

#define FD_DICTIONARY                                           \
  "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\x0c\0\0\0\1\0\0\0k\0\0\0" \
  "\0\xb0\0\0"
#define SHMEM_DICTIONARY                                        \
  "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\x14\0\0\0\1\0\0\0k\0\0\0" \
  "\0\xc0\0\0\0\x10\0\0\0\0\0\0"
#define ENDPOINT_DICTIONARY                                     \
  "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\x0c\0\0\0\1\0\0\0k\0\0\0" \
  "\0\x20\1\0"

TEST(malformed_records_end_their_connection_and_no_other) {
  uint8_t record[256];
  size_t n;
  int descriptors;

  raw_serve();
  raw_still_serves();
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
  CHECK(raw_server.messages == 1);
  raw_still_serves();
  CHECK(open_descriptors() == descriptors);
}

TEST(handles_that_do_not_fit_are_refused_and_closed) {
  uint8_t record[256];
  size_t n;
  int pair[2], memfd = memfd_create("plain", 0), descriptors;

  CHECK(pipe(pair) == 0 && ftruncate(memfd, 4096) == 0);
  raw_serve();
  raw_still_serves();
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
  raw_still_serves();
  CHECK(open_descriptors() == descriptors);
}

TEST(a_payload_memfd_must_be_sealed_and_as_long_as_stated) {
  const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  uint8_t record[64];
  size_t n = record_of(record, 0x2000101, 20, 1, "", 0);
  int descriptors, fd = memfd_create("body", MFD_ALLOW_SEALING);
  int raw, pair[2];

  CHECK(write(fd, EMPTY_DICTIONARY, 20) == 20 && pipe(pair) == 0);
  raw_serve();
  raw_still_serves();
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
  PUMP_UNTIL(raw_server.messages == 2);
  close(raw);
  check_quiet(NULL);
  raw_still_serves();
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

  raw_serve();
  raw = raw_client();
  raw_send(raw, record, n, NULL, 0);
  n = record_of(record, 0x101, 20, 1, EMPTY_DICTIONARY, 20);
  raw_send(raw, record, n, NULL, 0);
  PUMP_UNTIL(raw_server.messages == 1);
  CHECK(logged == 0);
}

TEST(a_silent_socket_is_nobody) {
  int raw;

  raw_serve();
  raw = raw_client();
  check_quiet(NULL);
  CHECK(raw_listener.peers == 0);
  close(raw);
  check_quiet(NULL);
  CHECK(raw_listener.peers == 0 && logged == 0);
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
