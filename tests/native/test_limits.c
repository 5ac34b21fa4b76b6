/* Where a peer, or too many of them, could make this process grow: every
 * bound ends in a stated outcome. */
#include "raw.h"

#include <poll.h>
#include <sys/resource.h>

enum { FEW = 200 };

TEST(a_stopped_reader_ends_as_if_it_had_gone) {
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.stopped", echo);
  xpc_connection_t c = named_client("org.example.stopped", &client);
  xpc_object_t message = number(1);
  uint8_t bytes[5000] = {0};
  size_t most = 0;
  int sent = 0;

  xpc_portable_set_queue_limits(FEW, 0);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(kill(child, SIGSTOP) == 0);
  request(c, 2, &reply); /* will not be answered */
  xpc_dictionary_set_data(message, "data", bytes, sizeof bytes);
  while (client.interrupted == 0) {
    size_t queued = xpc_portable_connection_get_queued(c);
    most = queued > most ? queued : most;
    CHECK(sent++ < 100000);
    xpc_connection_send_message(c, message);
    xpc_portable_queue_drain(NULL, 64);
  }
  CHECK(most > 0 && most <= (FEW + 1) * 5100); /* bounded, and then let go */
  CHECK(xpc_portable_connection_get_queued(c) == 0);
  PUMP_UNTIL(reply.interrupted == 1 && client.invalid == 0);
  CHECK(kill(child, SIGCONT) == 0);
  request(c, 3, &reply); /* a named service is found again */
  PUMP_UNTIL(reply.messages == 2);
  kill_child(child);
}

TEST(queued_bytes_are_bounded_as_well) {
  struct seen l = {0}, s = {0}, client = {0};
  xpc_connection_t connection = listen_here(&l, &s);
  xpc_connection_t c = client_of(connection, &client);
  xpc_object_t message = number(1);
  uint8_t *bytes = calloc(1, 1 << 20);

  send_number(c, 0);
  PUMP_UNTIL(s.messages == 1);
  xpc_connection_suspend(l.peer);
  xpc_portable_set_queue_limits(0, 5 << 20);
  xpc_dictionary_set_data(message, "data", bytes, 1 << 20);
  for (int i = 0; i < 20; i++)
    xpc_connection_send_message(c, message);
  PUMP_UNTIL(client.invalid == 1); /* an endpoint's client is not found again */
  free(bytes);
}

static void flood(struct seen *seen, xpc_object_t message) {
  for (int i = 0; i < 2000; i++)
    send_number(xpc_dictionary_get_remote_connection(message), i);
  echo(seen, message);
}

TEST(a_sync_send_gets_past_what_came_before_its_reply) {
  struct seen client = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.flood", flood);
  xpc_connection_t c = named_client("org.example.flood", &client);
  xpc_object_t message = number(5), reply;

  CHECK(2000 > XPC_PORTABLE_BACKLOG_MESSAGES);
  reply = xpc_connection_send_message_with_reply_sync(c, message);
  CHECK(xpc_dictionary_get_int64(reply, "n") == 6);
  PUMP_UNTIL(client.messages == 2000);
  kill_child(child);
}

TEST(a_sync_send_ends_when_too_much_comes_before_its_reply) {
  struct seen client = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.flood", flood);
  xpc_connection_t c = named_client("org.example.flood", &client);
  xpc_object_t message = number(5), reply;

  xpc_portable_set_queue_limits(FEW, 0);
  reply = xpc_connection_send_message_with_reply_sync(c, message);
  CHECK(reply == XPC_ERROR_CONNECTION_INTERRUPTED);
  kill_child(child);
}

/* With room for `allowed` more clients, so many are served and one is not. */
static void serves_only(int allowed) {
  struct seen clients[4] = {{0}}, last = {0}, reply = {0};

  CHECK(allowed <= 4);
  for (int i = 0; i < allowed; i++) {
    request(named_client("org.example.h", &clients[i]), 1, &reply);
    PUMP_UNTIL(reply.messages == i + 1);
  }
  xpc_connection_t c = named_client("org.example.h", &last);
  request(c, 1, &reply);
  PUMP_UNTIL(last.interrupted == 1 && reply.interrupted == 1);
  CHECK(logged == 1 && raw_listener.peers == allowed);
  xpc_connection_cancel(clients[0].connection);
  PUMP_UNTIL(clients[0].invalid == 1);
  check_quiet(NULL);
  request(c, 1, &reply); /* a place is free again */
  PUMP_UNTIL(reply.messages == allowed + 1);
}

TEST(clients_of_a_process_are_bounded) {
  raw_serve();
  xpc_portable_set_peer_limits(3, 0, 0);
  serves_only(3);
  CHECK(strstr(last_line, "too many clients") != NULL);
}

TEST(clients_of_a_user_are_bounded) {
  raw_serve();
  xpc_portable_set_peer_limits(0, 2, 0);
  serves_only(2);
  CHECK(strstr(last_line, "its user") != NULL);
}

TEST(clients_that_say_nothing_are_bounded_and_others_are_not) {
  int raw[3];

  raw_serve();
  raw_still_serves();
  xpc_portable_set_peer_limits(0, 0, 2);
  for (int i = 0; i < 3; i++) {
    raw[i] = raw_client();
    check_quiet(NULL);
  }
  CHECK(raw_at_end(raw[2]) && logged == 1);
  close(raw[0]);
  check_quiet(NULL);
  raw_still_serves(); /* it speaks at once: nobody is silent but raw[1] */
  CHECK(logged == 1 && raw_listener.peers == 2);
}

TEST(without_descriptors_a_listener_waits_and_does_not_spin) {
  struct rlimit limit, none;
  struct pollfd ready = {-1, POLLIN, 0};
  uint8_t record[64];
  int raw;

  raw_serve();
  raw_still_serves();
  raw = raw_client();
  raw_send(raw, record, record_of(record, 0x10101, 20, 1, EMPTY_DICTIONARY, 20),
           NULL, 0);
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  none = limit;
  none.rlim_cur = (rlim_t)raw; /* every number below is taken */
  ready.fd = xpc_portable_queue_get_fd(NULL);
  for (int fd = dup(0); fd < raw; fd = dup(0))
    CHECK(fd >= 0);
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  xpc_portable_queue_drain(NULL, 64);
  CHECK(logged == 1 && strstr(last_line, "out of descriptors") != NULL);
  CHECK(poll(&ready, 1, 0) == 0); /* asleep */
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  PUMP_UNTIL(raw_server.messages == 2); /* the client had waited */
}

TEST(a_process_without_descriptors_is_told_so) {
  struct rlimit before, limit;
  struct seen client = {0}, l = {0};
  xpc_connection_t c, listener;

  use_bootstrap_directory();
  CHECK(xpc_portable_default_queue() != NULL);
  while (dup(0) >= 0 && open_descriptors() < 64)
    continue;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  limit = before;
  limit.rlim_cur = 8;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(dispatch_queue_create("none", NULL) == NULL);
  CHECK(xpc_fd_create(0) == NULL);
  CHECK(xpc_portable_shmem_alloc(4096) == NULL);
  c = named_client("org.example.none", &client);
  PUMP_UNTIL(client.invalid == 1);
  listener = xpc_connection_create(NULL, NULL);
  start(listener, &l);
  PUMP_UNTIL(l.invalid == 1);
  xpc_release(c);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}
