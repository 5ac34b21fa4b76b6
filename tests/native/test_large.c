/* Messages that take more than one record. */
#include "raw.h"

#include "../../xpcrpc/native/libxpc/wire.h"

#include <sys/stat.h>

enum { KIB = 1024, MIB = 1024 * 1024 };
#define HEAD (XPC__FLAG_ALWAYS | XPC__FLAG_MESSAGE | XPC__FLAG_FRAGMENTED)
#define PART (XPC__FLAG_ALWAYS | XPC__FLAG_FRAGMENT)

static uint8_t *pattern(size_t length) {
  uint8_t *bytes = malloc(length + 1);

  for (size_t i = 0; i < length; i++)
    bytes[i] = (uint8_t)(i * 31 + (i >> 12));
  return bytes;
}

static void return_all(struct seen *seen, xpc_object_t message) {
  xpc_object_t reply = xpc_dictionary_create_reply(message);
  const char *keys[] = {"a", "b", "list", "n"};

  (void)seen;
  for (size_t i = 0; i < 4; i++)
    xpc_dictionary_set_value(reply, keys[i],
                             xpc_dictionary_get_value(message, keys[i]));
  xpc_connection_send_message(xpc_dictionary_get_remote_connection(message),
                              reply);
  xpc_release(reply);
}

/* The message comes back equal from another process. */
static void comes_back(xpc_connection_t c, xpc_object_t message) {
  xpc_object_t reply = xpc_connection_send_message_with_reply_sync(c, message);

  CHECK(xpc_get_type(reply) == XPC_TYPE_DICTIONARY);
  CHECK(xpc_equal(reply, message));
  xpc_release(reply);
}

TEST(large_messages_come_whole_at_every_border) {
  const size_t sizes[] = {64 * KIB,      64 * KIB - 36, 64 * KIB - 32,
                          64 * KIB - 28, 128 * KIB,     192 * KIB - 32,
                          200001,        4 * MIB - 32,  4 * MIB - 28,
                          4 * MIB - 36,  5 * MIB + 3};
  struct seen client = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.large", return_all);
  xpc_connection_t c = named_client("org.example.large", &client);
  uint8_t *bytes = pattern(6 * MIB);

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    xpc_object_t message = number((int64_t)i);
    xpc_dictionary_set_data(message, "a", bytes + i, sizes[i]);
    comes_back(c, message);
    xpc_release(message);
  }
  free(bytes);
  kill_child(child);
}

TEST(large_messages_of_every_make_come_whole) {
  struct seen client = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.large", return_all);
  xpc_connection_t c = named_client("org.example.large", &client);
  uint8_t *bytes = pattern(MIB);
  xpc_object_t message = number(1), data = xpc_data_create(bytes, 300001);
  xpc_object_t list = xpc_array_create_empty();

  xpc_dictionary_set_value(message, "a", data); /* one object, two places */
  xpc_dictionary_set_value(message, "b", data);
  comes_back(c, message);
  xpc_dictionary_set_data(message, "a", bytes, 100000);
  xpc_dictionary_set_data(message, "b", bytes + 1, 700002); /* inside */
  for (int i = 0; i < 20000; i++)
    xpc_array_set_int64(list, XPC_ARRAY_APPEND, i);
  xpc_dictionary_set_value(message, "list", list);
  comes_back(c, message);
  xpc_dictionary_set_value(message, "a", NULL); /* nothing large in it */
  xpc_dictionary_set_value(message, "b", NULL);
  comes_back(c, message);
  for (int i = 0; i < 400000; i++) /* and in a memfd */
    xpc_array_set_int64(list, XPC_ARRAY_APPEND, i);
  comes_back(c, message);
  xpc_release(list);
  xpc_release(data);
  xpc_release(message);
  free(bytes);
  kill_child(child);
}

TEST(messages_behind_a_large_one_keep_their_place) {
  struct seen l = {0}, s = {0}, client = {0};
  xpc_connection_t connection = listen_here(&l, &s);
  xpc_connection_t c = client_of(connection, &client);
  uint8_t *bytes = pattern(3 * MIB);

  send_number(c, 0);
  PUMP_UNTIL(s.messages == 1);
  xpc_connection_suspend(l.peer);
  for (int i = 1; i < 12; i++) {
    xpc_object_t message = number(i);
    if (i % 2 == 0)
      xpc_dictionary_set_data(message, "a", bytes, (size_t)i * 250000);
    xpc_connection_send_message(c, message);
    xpc_release(message);
  }
  free(bytes);
  CHECK(xpc_portable_connection_get_queued(c) > MIB);
  xpc_connection_resume(l.peer);
  PUMP_UNTIL(s.messages == 12);
  for (int i = 0; i < 12; i++)
    CHECK(s.numbers[i] == i); /* C-75 */
}

TEST(descriptors_travel_with_fragments) {
  struct seen l = {0}, s = {0}, client = {0};
  xpc_connection_t connection = listen_here(&l, &s);
  xpc_connection_t c = client_of(connection, &client);
  xpc_object_t message = number(1);
  uint8_t *bytes = pattern(MIB);
  char byte = 0;
  int ends[2], fd;

  CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
  xpc_dictionary_set_data(message, "a", bytes, MIB);
  xpc_dictionary_set_fd(message, "fd", ends[0]);
  xpc_connection_send_message(c, message);
  xpc_release(message);
  PUMP_UNTIL(s.messages == 1);
  fd = xpc_dictionary_dup_fd(s.last, "fd");
  CHECK(read(fd, &byte, 1) == 1 && byte == 'x');
  free(bytes);
}

TEST(a_large_first_message_shows_the_peer_when_it_is_whole) {
  uint8_t *record = calloc(1, 24 + 64 * KIB);
  size_t n;
  int raw;

  raw_serve();
  raw = raw_client();
  n = record_of(record, HEAD, 100000, 1, "", 0);
  raw_send(raw, record, n, NULL, 0);
  n = record_of(record, PART, 64 * KIB, 0, EMPTY_DICTIONARY, 20);
  raw_send(raw, record, 24 + 64 * KIB, NULL, 0);
  check_quiet(NULL);
  CHECK(raw_listener.peers == 0); /* C-63 */
  memset(record, 0, 24 + 64 * KIB);
  n = record_of(record, PART, 100000 - 64 * KIB, 64 * KIB, "", 0);
  raw_send(raw, record, n + 100000 - 64 * KIB, NULL, 0);
  PUMP_UNTIL(raw_server.messages == 1 && raw_listener.peers == 1);
  free(record);
}

/* Sends a beginning of `first` bytes, then the record, which must not be. */
static void breaks_off(size_t length, bool begun, uint8_t *record, size_t n,
                       const int *fds, size_t count) {
  uint8_t *part = calloc(1, 24 + 64 * KIB);
  int fd = raw_client(), before = logged;

  raw_send(fd, part, record_of(part, HEAD, length, 1, "", 0), NULL, 0);
  if (begun) {
    record_of(part, PART, 64 * KIB, 0, EMPTY_DICTIONARY, 20);
    raw_send(fd, part, 24 + 64 * KIB, NULL, 0);
  }
  check_quiet(NULL);
  raw_send(fd, record, n, fds, count);
  check_quiet(NULL);
  CHECK(raw_at_end(fd));
  CHECK(logged == before + 1);
  CHECK(raw_listener.peers == raw_server.messages);
  close(fd);
  free(part);
}

TEST(fragments_that_do_not_fit_end_their_connection) {
  uint8_t *record = calloc(1, 128 * KIB);
  size_t whole = 24 + 64 * KIB, rest = 100000 - 64 * KIB, n;
  int pair[2], descriptors;

  CHECK(pipe(pair) == 0);
  raw_serve();
  raw_still_serves();
  descriptors = open_descriptors();
  record_of(record, PART, 64 * KIB, 0, "", 0);
  must_be_dropped(record, whole, NULL, 0); /* of nothing */
  n = record_of(record, HEAD, 64 * KIB, 1, "", 0);
  must_be_dropped(record, n, NULL, 0); /* would fit into one record */
  n = record_of(record, HEAD, 4 * MIB + 1, 1, "", 0);
  must_be_dropped(record, n, NULL, 0); /* belongs into a memfd */
  n = record_of(record, HEAD, UINT64_MAX, 1, "", 0);
  must_be_dropped(record, n, NULL, 0);
  n = record_of(record, HEAD | XPC__FLAG_MEMFD, 100000, 1, "", 0);
  must_be_dropped(record, n, pair, 1);
  n = record_of(record, HEAD, 100000, 1, "body", 4);
  must_be_dropped(record, n, NULL, 0);
  n = record_of(record, PART, 64 * KIB, 64 * KIB, "", 0);
  breaks_off(100000, false, record, whole, NULL, 0); /* out of order */
  n = record_of(record, PART, 64 * KIB, 0, "", 0);
  breaks_off(100000, true, record, whole, NULL, 0); /* twice */
  n = record_of(record, PART, 1, 0, "x", 1);
  breaks_off(100000, false, record, n, NULL, 0); /* too short */
  n = record_of(record, PART, rest - 1, 64 * KIB, "", 0);
  breaks_off(100000, true, record, n + rest - 1, NULL, 0);
  n = record_of(record, PART, rest + 1, 64 * KIB, "", 0);
  breaks_off(100000, true, record, n + rest + 1, NULL, 0); /* too long */
  n = record_of(record, PART, 65 * KIB, 0, "", 0);
  breaks_off(100000, false, record, n + 65 * KIB, NULL, 0);
  n = record_of(record, PART, rest, 64 * KIB, "", 0);
  breaks_off(100000, true, record, n + rest, pair, 1); /* a descriptor */
  n = record_of(record, PART | XPC__FLAG_REPLY, rest, 64 * KIB, "", 0);
  breaks_off(100000, true, record, n + rest, NULL, 0);
  n = record_of(record, 0x101, 20, 2, EMPTY_DICTIONARY, 20);
  breaks_off(100000, true, record, n, NULL, 0); /* something between */
  memset(record, 1, whole);
  n = record_of(record, PART, rest, 64 * KIB, "", 0);
  breaks_off(100000, true, record, n + rest, NULL, 0); /* no message */
  raw_still_serves();
  CHECK(open_descriptors() == descriptors);
  free(record);
}

TEST(a_message_that_is_never_finished_leaves_nothing) {
  uint8_t *record = calloc(1, 24 + 64 * KIB);
  int pair[2], descriptors, raw;

  CHECK(pipe(pair) == 0);
  raw_serve();
  raw_still_serves();
  descriptors = open_descriptors();
  raw = raw_client();
  raw_send(raw, record, record_of(record, HEAD, 100000, 1, "", 0), pair, 2);
  record_of(record, PART, 64 * KIB, 0, "", 0);
  raw_send(raw, record, 24 + 64 * KIB, NULL, 0);
  check_quiet(NULL);
  CHECK(open_descriptors() > descriptors);
  close(raw);
  raw_still_serves();
  CHECK(open_descriptors() == descriptors && raw_listener.peers == 2);
  free(record);
}

TEST(unfinished_messages_are_bounded_over_all_peers) {
  enum { MOST = XPC_PORTABLE_UNFINISHED_BYTES / XPC_PORTABLE_SOCKET_BYTES };
  uint8_t record[24];
  size_t n = record_of(record, HEAD, XPC_PORTABLE_SOCKET_BYTES, 1, "", 0);
  int sockets[MOST];

  raw_serve();
  raw_still_serves();
  for (int i = 0; i < MOST; i++) {
    sockets[i] = raw_client();
    raw_send(sockets[i], record, n, NULL, 0);
  }
  check_quiet(NULL);
  CHECK(logged == 0);
  must_be_dropped(record, n, NULL, 0);
  raw_still_serves();
  close(sockets[0]);
  check_quiet(NULL);
  sockets[0] = raw_client(); /* what one gives up another may have */
  raw_send(sockets[0], record, n, NULL, 0);
  check_quiet(NULL);
  CHECK(logged == 1);
}

TEST(a_large_message_of_a_changed_user_states_its_ids) {
  if (geteuid() != 0)
    return; /* needs to become somebody else */
  struct seen client = {0};
  use_bootstrap_directory();
  CHECK(chmod(getenv("XPCRPC_BOOTSTRAP_DIR"), 0755) == 0);
  pid_t child = serve_in_child("org.example.large", return_all);
  uint8_t *bytes = pattern(MIB);
  xpc_object_t message = number(1);

  CHECK(seteuid(65534) == 0);
  xpc_connection_t c = named_client("org.example.large", &client);
  CHECK(seteuid(0) == 0); /* to connect to a socket of root's */
  xpc_dictionary_set_data(message, "a", bytes, 100);
  comes_back(c, message);
  CHECK(setegid(65534) == 0);
  xpc_connection_t other = named_client("org.example.large", &client);
  xpc_dictionary_set_data(message, "a", bytes, MIB);
  comes_back(other, message);
  free(bytes);
  kill_child(child);
}

TEST(no_leak_in_large_messages_refused_or_kept) {
  struct seen l = {0}, s = {0}, client = {0};
  xpc_connection_t connection = listen_here(&l, &s);
  xpc_connection_t c = client_of(connection, &client);
  uint8_t *bytes = pattern(MIB);

  for (int i = 0; i < 12; i++) {
    xpc_object_t message = number(i);
    xpc_dictionary_set_data(message, "a", bytes, MIB - (size_t)i);
    xpc_connection_send_message(c, message);
    xpc_release(message);
  }
  xpc_connection_cancel(c); /* most of them unsent */
  PUMP_UNTIL(client.invalid == 1);
  PUMP_UNTIL(s.invalid == 1);
  xpc_release(c);
  if (s.last != NULL)
    xpc_release(s.last);
  xpc_release(l.peer);
  xpc_connection_cancel(connection);
  PUMP_UNTIL(l.invalid == 1);
  xpc_release(connection);
  free(bytes);
}
