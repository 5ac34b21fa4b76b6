/* The end of a process, told to its server peers (C-123, C-124, E10). */
#include "check.h"

static struct seen listener, server, client;
static xpc_connection_t c;

static void exchange(void (*on_message)(struct seen *, xpc_object_t)) {
  server.on_message = on_message;
  c = client_of(listen_here(&listener, &server), &client);
  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
}

TEST(c123_a_server_peer_is_told_once_and_hears_no_more) {
  exchange(NULL);
  CHECK(xpc_portable_terminate() == 1);
  CHECK(xpc_portable_terminate() == 0);
  PUMP_UNTIL(server.terminated == 1);
  send_number(c, 1);
  check_quiet(NULL);
  CHECK(server.messages == 1 && server.terminated == 1);
  CHECK(server.invalid == 0 && client.invalid == 0);
  CHECK(client.terminated == 0 && listener.terminated == 0); /* OQ-13 */
}

TEST(c123_what_had_been_received_comes_first) {
  exchange(NULL);
  send_number(c, 1);
  xpc_portable_queue_drain(NULL, 0); /* runs nothing */
  xpc_connection_suspend(listener.peer);
  CHECK(xpc_portable_terminate() == 1);
  check_quiet(NULL);
  CHECK(server.terminated == 0); /* C-59 holds for it too */
  xpc_connection_resume(listener.peer);
  PUMP_UNTIL(server.terminated == 1);
}

TEST(e10_sending_goes_on_and_open_requests_are_answered) {
  struct seen reply = {0};

  exchange(NULL);
  request(c, 5, &reply);
  PUMP_UNTIL(server.messages == 2);
  xpc_portable_terminate();
  PUMP_UNTIL(server.terminated == 1);
  send_number(listener.peer, 9);
  echo(&server, server.last);
  PUMP_UNTIL(reply.messages == 1 && client.messages == 1);
  CHECK(reply.numbers[0] == 6 && client.numbers[0] == 9);
}

TEST(e10_a_peer_still_learns_that_its_client_has_gone) {
  struct seen reply = {0};

  exchange(NULL);
  request(listener.peer, 1, &reply); /* pending at the end: it stays so */
  xpc_portable_terminate();
  PUMP_UNTIL(server.terminated == 1);
  CHECK(reply.invalid == 0);
  send_number(c, 1); /* unread, so the end comes behind it */
  xpc_connection_cancel(c);
  PUMP_UNTIL(server.invalid == 1 && reply.invalid == 1);
  CHECK(server.messages == 1);
}

TEST(c124_a_peer_may_cancel_once_it_was_told) {
  exchange(NULL);
  xpc_portable_terminate();
  PUMP_UNTIL(server.terminated == 1);
  xpc_connection_cancel(listener.peer);
  PUMP_UNTIL(server.invalid == 1 && client.invalid == 1);
}

static void keep_peer(struct seen *seen, xpc_connection_t peer) {
  seen->peer = xpc_retain(peer);
}

TEST(c123_a_deferred_peer_is_told_when_it_is_accepted) {
  listener.on_peer = keep_peer;
  c = client_of(listen_here(&listener, &server), &client);
  send_number(c, 0);
  PUMP_UNTIL(listener.peer != NULL);
  CHECK(xpc_portable_terminate() == 1);
  start(listener.peer, &server);
  PUMP_UNTIL(server.terminated == 1);
}

TEST(c123_a_socket_that_nobody_has_seen_is_not_told) {
  c = client_of(listen_here(&listener, &server), &client);
  check_quiet(NULL); /* connected, silent */
  CHECK(xpc_portable_terminate() == 0);
  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
  CHECK(server.terminated == 0);
}
