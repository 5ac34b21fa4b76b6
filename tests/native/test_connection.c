/* Connections in one process: contract sections 2 to 5. */
#include "check.h"

static void count_up(void *context, xpc_object_t object) {
  (void)object;
  ++*(int *)context;
}

TEST(c63_a_listener_sees_a_client_with_its_first_message) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  check_quiet(NULL);
  CHECK(listener.peers == 0);
  send_number(c, 7);
  PUMP_UNTIL(server.messages == 1);
  CHECK(listener.peers == 1 && listener.messages == 0);
  CHECK(server.numbers[0] == 7);
  check_quiet(NULL);
  CHECK(listener.peers == 1 && server.messages == 1);
  CHECK(client.messages + client.interrupted + client.invalid == 0);
}

TEST(c136_a_request_gets_its_reply) {
  struct seen listener = {0}, server = {.on_message = echo}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  xpc_object_t request = number(41);

  xpc_connection_send_message_with_reply(c, request, NULL,
                                         HANDLER(record, &reply));
  xpc_release(request);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(reply.numbers[0] == 42);
  CHECK(client.messages == 0); /* T-13: never to the event handler */
  check_quiet(NULL);
  CHECK(reply.messages == 1);
}

TEST(c88_cancel_gives_one_final_invalid) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  send_number(c, 1);
  PUMP_UNTIL(server.messages == 1);
  xpc_connection_cancel(c);
  xpc_connection_cancel(c);
  CHECK(client.invalid == 0); /* asynchronous */
  PUMP_UNTIL(client.invalid == 1);
  xpc_connection_cancel(c);
  PUMP_UNTIL(server.invalid == 1);
  check_quiet(NULL);
  CHECK(client.invalid == 1 && server.invalid == 1);
  CHECK(client.interrupted == 0 && server.interrupted == 0);
  xpc_release(c);
}

TEST(c86_barriers_run_once_each) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  int ran = 0;

  xpc_connection_send_barrier(c, BARRIER(count_up, &ran));
  send_number(c, 1);
  send_number(c, 2);
  xpc_connection_send_barrier(c, BARRIER(count_up, &ran));
  CHECK(ran == 0);
  PUMP_UNTIL(ran == 2);
  PUMP_UNTIL(server.messages == 2);
  xpc_connection_cancel(c);
  xpc_connection_send_barrier(c, BARRIER(count_up, &ran));
  PUMP_UNTIL(ran == 3);
}

TEST(c62_messages_sent_before_activation_are_flushed_by_it) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  xpc_connection_t c = xpc_connection_create_from_endpoint(endpoint);

  send_number(c, 1);
  send_number(c, 2);
  check_quiet(NULL);
  CHECK(server.messages == 0);
  start(c, &client);
  PUMP_UNTIL(server.messages == 2);
  CHECK(server.numbers[0] == 1 && server.numbers[1] == 2);
}

TEST(c74_a_message_is_snapshot_at_the_send) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  xpc_object_t message = number(1);

  xpc_connection_suspend(c);
  xpc_connection_send_message(c, message);
  xpc_dictionary_set_int64(message, "n", 2);
  xpc_release(message);
  xpc_connection_resume(c);
  PUMP_UNTIL(server.messages == 1);
  CHECK(server.numbers[0] == 1);
}

TEST(c78_sends_on_a_cancelled_connection_fail_softly) {
  struct seen listener = {0}, server = {0}, client = {0}, reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  xpc_object_t message = number(1);

  xpc_connection_cancel(c);
  send_number(c, 1);
  request(c, 2, &reply);
  CHECK(xpc_connection_send_message_with_reply_sync(c, message) ==
        XPC_ERROR_CONNECTION_INVALID);
  PUMP_UNTIL(reply.invalid == 1 && client.invalid == 1);
  check_quiet(NULL);
  CHECK(server.messages == 0 && listener.peers == 0 && reply.invalid == 1);
}

static xpc_object_t kept[8];
static int kept_count;

static void keep(struct seen *seen, xpc_object_t message) {
  (void)seen;
  kept[kept_count++] = xpc_retain(message);
}

TEST(c87_pending_replies_get_invalid_on_cancel) {
  struct seen listener = {0}, server = {.on_message = keep}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  for (int i = 0; i < 5; i++)
    request(c, i, &reply);
  PUMP_UNTIL(kept_count == 5);
  xpc_connection_cancel(c);
  PUMP_UNTIL(reply.invalid == 5 && client.invalid == 1);
  for (int i = 0; i < 5; i++) { /* C-142: late replies are safe and lost */
    echo(&server, kept[i]);
    xpc_release(kept[i]);
  }
  check_quiet(NULL);
  CHECK(reply.invalid == 5 && reply.messages == 0 && client.invalid == 1);
}

static void ignore(struct seen *seen, xpc_object_t message) {
  (void)seen;
  (void)message;
}

TEST(c139_a_dropped_request_is_told_at_once_and_the_connection_lives) {
  struct seen listener = {0}, server = {.on_message = ignore}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  request(c, 1, &reply);
  PUMP_UNTIL(reply.interrupted == 1); /* OQ-2 */
  CHECK(client.interrupted + client.invalid == 0);
  server.on_message = keep;
  request(c, 2, &reply);
  PUMP_UNTIL(kept_count == 1);
  check_quiet(NULL);
  CHECK(reply.interrupted == 1);                     /* C-140: held */
  xpc_release(xpc_dictionary_create_reply(kept[0])); /* a reply, dropped */
  PUMP_UNTIL(reply.interrupted == 2);
  server.on_message = echo;
  request(c, 3, &reply);
  PUMP_UNTIL(reply.messages == 1);
}

TEST(c131_create_reply_works_once_and_only_on_requests) {
  struct seen listener = {0}, server = {.on_message = keep}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  xpc_object_t answer;

  send_number(c, 1);
  request(c, 2, &reply);
  PUMP_UNTIL(kept_count == 2);
  CHECK(xpc_dictionary_create_reply(kept[0]) == NULL); /* C-130 */
  answer = xpc_dictionary_create_reply(kept[1]);
  CHECK(answer != NULL && xpc_dictionary_get_count(answer) == 0);
  CHECK(xpc_dictionary_create_reply(kept[1]) == NULL);
  CHECK(xpc_dictionary_get_remote_connection(answer) ==
        xpc_dictionary_get_remote_connection(kept[1]));
  CHECK(xpc_dictionary_get_remote_connection(kept[0]) != NULL); /* C-134 */
}

TEST(c143_both_sides_may_ask) {
  struct seen listener = {0}, server = {0}, reply = {0};
  struct seen client = {.on_message = echo};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  send_number(c, 1);
  PUMP_UNTIL(server.messages == 1);
  send_number(listener.peer, 10); /* C-108 */
  request(listener.peer, 20, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(client.messages == 2 && client.numbers[0] == 10);
  CHECK(reply.numbers[0] == 21);
}

static struct seen second_reply;

static void reply_with_reply(struct seen *seen, xpc_object_t message) {
  xpc_object_t reply = xpc_dictionary_create_reply(message);

  (void)seen;
  xpc_dictionary_set_int64(reply, "n", 100);
  xpc_connection_send_message_with_reply(
      xpc_dictionary_get_remote_connection(message), reply, NULL,
      HANDLER(record, &second_reply));
  xpc_release(reply);
}

TEST(c135_a_reply_may_itself_want_a_reply) {
  struct seen listener = {0}, server = {.on_message = reply_with_reply};
  struct seen client = {0}, reply = {.on_message = echo};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  request(c, 1, &reply);
  PUMP_UNTIL(second_reply.messages == 1);
  CHECK(reply.numbers[0] == 100 && second_reply.numbers[0] == 101);
  CHECK(client.messages == 0 && server.messages == 1);
}

TEST(c59_suspension_nests_and_stops_both_directions) {
  struct seen listener = {0}, server = {.on_message = echo}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  request(c, 0, &reply);
  PUMP_UNTIL(reply.messages == 1);
  xpc_connection_suspend(c);
  xpc_connection_suspend(c);
  send_number(listener.peer, 1);
  send_number(listener.peer, 2);
  send_number(c, 3);
  xpc_connection_resume(c);
  check_quiet(NULL);
  CHECK(client.messages == 0 && server.messages == 1);
  xpc_connection_resume(c);
  PUMP_UNTIL(client.messages == 2 && server.messages == 2);
  CHECK(client.numbers[0] == 1 && client.numbers[1] == 2);
}

static int disposed_first, disposed_second;

static void swap_handler(void *context, xpc_object_t event) {
  struct seen *seen = context;

  record(seen, event);
  xpc_connection_set_event_handler(
      seen->connection, HANDLER_COUNTED(record, seen, &disposed_second));
  CHECK(disposed_first == 0); /* the running block stays (C-70) */
}

TEST(c69_a_handler_may_replace_itself) {
  struct seen listener = {0}, server = {.on_message = echo}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  xpc_connection_set_event_handler(
      c, HANDLER_COUNTED(swap_handler, &client, &disposed_first));
  request(c, 0, &reply);
  PUMP_UNTIL(reply.messages == 1);
  send_number(listener.peer, 1);
  send_number(listener.peer, 2);
  PUMP_UNTIL(client.messages == 2);
  CHECK(disposed_first == 1 && disposed_second == 0);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
  check_quiet(NULL);
  CHECK(disposed_second == 1); /* C-71 */
}

static struct seen inside;

static void ask_and_look(struct seen *seen, xpc_object_t message) {
  request(seen->connection, 5, &inside);
  while (xpc_portable_queue_drain(NULL, 100) != 0) {
  }
  CHECK(inside.messages == 0 && seen->messages == 1); /* C-67, C-68 */
  (void)message;
}

TEST(c68_nothing_moves_while_the_handler_runs) {
  struct seen listener = {0}, server = {.on_message = echo};
  struct seen client = {0}, reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  request(c, 0, &reply);
  PUMP_UNTIL(reply.messages == 1);
  client.on_message = ask_and_look;
  send_number(listener.peer, 1);
  PUMP_UNTIL(inside.messages == 1);
}

static int finalized;
static void *finalized_with;

static void finalizer(void *context) {
  finalized++;
  finalized_with = context;
}

static void release_at_invalid(void *context, xpc_object_t event) {
  struct seen *seen = context;

  record(seen, event);
  if (event == XPC_ERROR_CONNECTION_INVALID) {
    xpc_release(seen->connection);
    CHECK(finalized == 0);
  }
}

TEST(c96_the_finalizer_runs_once_after_the_last_handler) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  int a, b;

  xpc_connection_set_event_handler(c, HANDLER(release_at_invalid, &client));
  xpc_connection_set_context(c, &a);
  xpc_connection_set_finalizer_f(c, finalizer);
  xpc_connection_set_context(c, &b);
  CHECK(xpc_connection_get_context(c) == &b);
  CHECK(xpc_connection_copy_invalidation_reason(c) == NULL); /* C-102 */
  xpc_connection_cancel(c);
  char *reason = xpc_connection_copy_invalidation_reason(c);
  CHECK(reason != NULL);
  free(reason);
  PUMP_UNTIL(client.invalid == 1);
  check_quiet(NULL);
  CHECK(finalized == 1 && finalized_with == &b);
}

TEST(c61_the_last_release_cancels) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  send_number(c, 1);
  PUMP_UNTIL(server.messages == 1);
  xpc_release(c);
  PUMP_UNTIL(server.invalid == 1 && client.invalid == 1); /* E7 */
}

static void defer(struct seen *listener, xpc_connection_t peer) {
  listener->peer = xpc_retain(peer);
  CHECK(xpc_connection_get_pid(peer) == getpid()); /* C-99 */
  CHECK(xpc_connection_get_euid(peer) == geteuid());
  CHECK(xpc_connection_get_name(peer) == NULL); /* C-97 */
}

TEST(c106_a_deferred_peer_waits_with_its_messages) {
  struct seen listener = {.on_peer = defer}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  send_number(c, 1);
  send_number(c, 2);
  check_quiet(NULL);
  xpc_connection_cancel(c); /* OQ-26: both, messages and INVALID */
  PUMP_UNTIL(client.invalid == 1);
  start(listener.peer, &server);
  PUMP_UNTIL(server.invalid == 1);
  CHECK(server.messages == 2);
}

TEST(oq25_a_deferred_peer_may_be_abandoned) {
  struct seen listener = {.on_peer = defer}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  send_number(c, 1);
  check_quiet(NULL);
  xpc_release(listener.peer);
  PUMP_UNTIL(client.invalid == 1);
}

static void neither(struct seen *listener, xpc_connection_t peer) {
  (void)listener;
  (void)peer;
}

TEST(c105_a_peer_nobody_took_is_closed) {
  struct seen listener = {.on_peer = neither}, server = {0}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);

  request(client_of(l, &client), 1, &reply);
  PUMP_UNTIL(client.invalid == 1 && reply.invalid == 1);
}

TEST(oq10_cancel_before_activation_is_told_upon_it) {
  struct seen listener = {0}, server = {0}, client = {0}, reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  xpc_connection_t c = xpc_connection_create_from_endpoint(endpoint);

  request(c, 1, &reply);
  xpc_connection_cancel(c);
  check_quiet(NULL);
  CHECK(reply.invalid == 0);
  start(c, &client);
  PUMP_UNTIL(client.invalid == 1 && reply.invalid == 1);
  CHECK(listener.peers == 0);
}

TEST(c137_a_reply_runs_on_its_own_queue) {
  struct seen listener = {0}, server = {.on_message = echo}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  dispatch_queue_t queue = dispatch_queue_create("replies", NULL);
  xpc_object_t message = number(1);

  xpc_connection_send_message_with_reply(c, message, queue,
                                         HANDLER(record, &reply));
  dispatch_release(queue); /* C-52 */
  check_quiet(NULL);
  CHECK(reply.messages == 0);
  while (reply.messages == 0)
    check_pump(queue, __FILE__, __LINE__, "the reply");
}

TEST(t15_a_barrier_does_not_wait_for_the_receiver) {
  struct seen listener = {0}, server = {.on_message = keep}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  int ran = 0;

  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
  xpc_connection_suspend(listener.peer);
  send_number(c, 1);
  request(c, 2, &reply);
  xpc_connection_send_barrier(c, BARRIER(count_up, &ran));
  PUMP_UNTIL(ran == 1);
  CHECK(server.messages == 1 && reply.messages == 0);
  xpc_connection_suspend(c);
  xpc_connection_send_barrier(c, BARRIER(count_up, &ran));
  xpc_connection_cancel(c); /* C-86: pending at cancel, runs still */
  xpc_connection_resume(c);
  PUMP_UNTIL(ran == 2 && client.invalid == 1);
}

TEST(a_drain_runs_no_more_than_it_is_asked_to) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  for (int i = 0; i < 10; i++)
    send_number(c, i);
  PUMP_UNTIL(server.messages > 0);
  while (server.messages < 10) {
    int before = server.messages;
    size_t ran = xpc_portable_queue_drain(NULL, 1);
    CHECK(ran <= 1 && server.messages - before == (int)ran);
  }
}

static void hold(struct seen *seen, xpc_object_t message) {
  (void)seen;
  (void)xpc_retain(message); /* for ever: neither reply nor refusal */
}

TEST(a_connection_with_much_to_tell_takes_turns_with_others) {
  struct seen listener = {0}, server = {.on_message = hold}, client = {0};
  struct seen other = {0};
  struct seen replies = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client), d = client_of(l, &other);
  int ran = 0;

  for (int i = 0; i < 200; i++)
    request(c, i, &replies);
  check_quiet(NULL);
  xpc_connection_suspend(d);
  xpc_connection_send_barrier(d, BARRIER(count_up, &ran));
  xpc_connection_cancel(c); /* 200 replies and an end to tell */
  xpc_connection_resume(d);
  xpc_portable_queue_drain(NULL, 64);
  CHECK(ran == 1 && replies.invalid > 0 && replies.invalid < 64);
  PUMP_UNTIL(client.invalid == 1 && replies.invalid == 200);
}

TEST(no_leak_in_the_life_of_a_connection) {
  struct seen listener = {0}, server = {.on_message = echo}, client = {0};
  struct seen reply = {0}, dropped = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  int ran = 0;

  request(c, 1, &reply);
  send_number(c, 1);
  xpc_connection_send_barrier(c, BARRIER(count_up, &ran));
  PUMP_UNTIL(reply.messages == 1 && ran == 1);
  xpc_connection_suspend(c);
  request(c, 2, &dropped);
  xpc_connection_resume(c);
  xpc_release(reply.last);
  reply.last = NULL;
  PUMP_UNTIL(dropped.messages == 1);
  xpc_release(dropped.last);
  dropped.last = NULL;
  xpc_release(c);
  xpc_connection_cancel(l);
  xpc_release(l);
  PUMP_UNTIL(client.invalid == 1 && server.invalid == 1 &&
             listener.invalid == 1);
  xpc_release(listener.peer);
  listener.peer = NULL;
  check_quiet(NULL);
}
