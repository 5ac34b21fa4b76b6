/* Contract sections 2 to 6, rule by rule, where the other files do not
 * reach. */
#include "check.h"

#include <pthread.h>
#include <sys/stat.h>

static struct seen listener, server, client;

static xpc_connection_t pair(void) {
  return client_of(listen_here(&listener, &server), &client);
}

TEST(c48_a_name_makes_a_client_and_none_a_listener) {
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.bundled", echo);
  xpc_connection_t c = xpc_connection_create("org.example.bundled", NULL);
  struct seen reply = {0};

  start(c, &client);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(strcmp(xpc_connection_get_name(c), "org.example.bundled") == 0);
  CHECK(xpc_connection_get_name(xpc_connection_create(NULL, NULL)) == NULL);
  kill_child(child);
}

TEST(c52_the_connection_keeps_its_queue) {
  dispatch_queue_t queue = dispatch_queue_create("short", NULL);
  xpc_connection_t l = xpc_connection_create(NULL, queue);

  CHECK(strcmp(dispatch_queue_get_label(queue), "short") == 0);
  CHECK(*dispatch_queue_get_label(dispatch_queue_create(NULL, NULL)) == 0);
  start(l, &listener);
  xpc_connection_cancel(l);
  dispatch_release(queue); /* not the last */
  while (listener.invalid == 0)
    check_pump(queue, __FILE__, __LINE__, "the end");
}

TEST(c53_nothing_moves_before_activation) {
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  xpc_connection_t c = xpc_connection_create_from_endpoint(endpoint);

  xpc_connection_set_event_handler(c, HANDLER(record, &client));
  send_number(c, 1);
  check_quiet(NULL);
  CHECK(listener.peers == 0);
  xpc_connection_activate(c);
  PUMP_UNTIL(server.messages == 1);
}

TEST(c54_peers_do_not_inherit_the_listeners_queue) {
  dispatch_queue_t queue = dispatch_queue_create("listener", NULL);
  xpc_connection_t l = xpc_connection_create(NULL, queue), c;

  xpc_connection_set_context(l, &server);
  listener.on_peer = accept_peer;
  start(l, &listener);
  c = client_of(l, &client);
  send_number(c, 1);
  while (listener.peers == 0)
    check_pump(queue, __FILE__, __LINE__, "the peer");
  check_quiet(queue);
  CHECK(server.messages == 0); /* it waits on the default queue */
  PUMP_UNTIL(server.messages == 1);
}

TEST(c56_target_queue_and_handler_in_either_order) {
  dispatch_queue_t queue = dispatch_queue_create("either", NULL);
  xpc_connection_t l = xpc_connection_create(NULL, NULL);

  xpc_connection_set_event_handler(l, HANDLER(record, &listener));
  xpc_connection_set_target_queue(l, queue);
  xpc_connection_activate(l);
  xpc_connection_cancel(l);
  while (listener.invalid == 0)
    check_pump(queue, __FILE__, __LINE__, "the end");
}

TEST(c60_a_connection_never_used_is_disposed_of_safely) {
  xpc_connection_t c = xpc_connection_create(NULL, NULL);

  start(c, &client);
  xpc_connection_cancel(c);
  xpc_release(c);
  PUMP_UNTIL(client.invalid == 1);
}

TEST(c64_each_client_has_a_peer_of_its_own) {
  xpc_connection_t l = listen_here(&listener, &server), first, second;
  struct seen other = {0};

  first = client_of(l, &client);
  second = client_of(l, &other);
  send_number(first, 1);
  PUMP_UNTIL(server.messages == 1);
  xpc_connection_t peer = xpc_retain(listener.peer);
  send_number(second, 2);
  PUMP_UNTIL(server.messages == 2);
  CHECK(listener.peers == 2 && listener.peer != peer);
  CHECK(!xpc_equal(listener.peer, peer)); /* OQ-16: identity */
}

TEST(c65_a_client_gets_what_its_peer_sends_unasked) {
  xpc_connection_t c = pair();

  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
  send_number(listener.peer, 7); /* C-108: at any time */
  PUMP_UNTIL(client.messages == 1 && client.numbers[0] == 7);
  CHECK(listener.messages == 0);
}

static void drop_at_end(void *context, xpc_object_t event) {
  xpc_connection_t *c = context;

  CHECK(event == XPC_ERROR_CONNECTION_INVALID);
  xpc_release(*c);
  client.invalid++;
}

TEST(c70_the_handler_may_drop_the_last_reference) {
  static xpc_connection_t c;

  c = xpc_connection_create(NULL, NULL);
  xpc_connection_set_event_handler(c, HANDLER(drop_at_end, &c));
  xpc_connection_activate(c);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
}

TEST(c71_a_handler_set_after_the_end_is_let_go_at_once) {
  xpc_connection_t c = xpc_connection_create(NULL, NULL);
  int first = 0, second = 0;

  xpc_connection_set_event_handler(c,
                                   HANDLER_COUNTED(record, &client, &first));
  xpc_connection_activate(c);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
  CHECK(first == 1);
  xpc_connection_set_event_handler(c,
                                   HANDLER_COUNTED(record, &client, &second));
  CHECK(second == 1);
}

static void answer_twice_over(struct seen *seen, xpc_object_t message) {
  xpc_connection_t c = xpc_dictionary_get_remote_connection(message);

  send_number(c, 100); /* C-77: from inside the handler */
  send_number(c, 101);
  echo(seen, message);
  send_number(c, 102);
}

TEST(c79_replies_are_no_part_of_the_stream) {
  struct seen reply = {0};
  xpc_connection_t c = pair();

  server.on_message = answer_twice_over;
  request(c, 1, &reply);
  PUMP_UNTIL(client.messages == 3 && reply.messages == 1); /* T-13 */
  for (int i = 0; i < 3; i++)
    CHECK(client.numbers[i] == 100 + i);
}

TEST(c81_a_message_over_the_limit_is_refused) {
  xpc_object_t message = number(1);
  uint8_t bytes[2000] = {0};

  xpc_portable_set_message_limit(1000);
  CHECK(xpc_portable_check_message(message) == 0);
  xpc_dictionary_set_data(message, "d", bytes, sizeof bytes);
  CHECK(xpc_portable_check_message(message) == E2BIG);
  CHECK(xpc_portable_set_message_limit(SIZE_MAX) == 1000);
  CHECK(xpc_portable_set_message_limit(0) == UINT32_MAX); /* the wire's own */
  CHECK(xpc_portable_check_message(xpc_null_create()) == EINVAL);
}

TEST(c90_what_was_received_before_a_cancel_is_delivered) {
  xpc_connection_t c = pair();

  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
  send_number(c, 1);
  send_number(c, 2);
  while (server.messages == 1) /* one turn takes both off the socket */
    xpc_portable_queue_drain(NULL, 1);
  xpc_connection_cancel(listener.peer);
  PUMP_UNTIL(server.invalid == 1);
  CHECK(server.messages == 3);
}

TEST(c91_cancel_leaves_the_references_alone) {
  xpc_connection_t c = pair();

  xpc_connection_cancel(c);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
  CHECK(xpc_get_type(c) == XPC_TYPE_CONNECTION);
  xpc_release(c);
}

TEST(c93_a_cancelled_listener_gives_its_name_back) {
  struct seen second = {0}, l = {0};

  use_bootstrap_directory();
  xpc_connection_t first = xpc_connection_create_mach_service(
      "org.example.again", NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
  start(first, &l);
  xpc_connection_cancel(first);
  PUMP_UNTIL(l.invalid == 1);
  start(xpc_connection_create_mach_service("org.example.again", NULL,
                                           XPC_CONNECTION_MACH_SERVICE_LISTENER),
        &second);
  check_quiet(NULL);
  CHECK(second.invalid == 0);
}

TEST(oq11_cancel_while_suspended_is_told_upon_resume) {
  xpc_connection_t c = pair();

  xpc_connection_suspend(c);
  xpc_connection_cancel(c);
  check_quiet(NULL);
  CHECK(client.invalid == 0); /* C-94 */
  xpc_connection_resume(c);
  PUMP_UNTIL(client.invalid == 1);
}

TEST(c95_context_is_a_pointer_and_no_more) {
  xpc_connection_t c = xpc_connection_create(NULL, NULL);
  int context;

  CHECK(xpc_connection_get_context(c) == NULL);
  xpc_connection_set_context(c, &context);
  CHECK(xpc_connection_get_context(c) == &context);
}

TEST(c97_names_are_those_of_creation) {
  xpc_connection_t c = pair();

  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
  CHECK(xpc_connection_get_name(c) == NULL);
  CHECK(xpc_connection_get_name(listener.peer) == NULL);
  CHECK(strcmp(xpc_connection_get_name(xpc_connection_create_mach_service(
                   "org.example.l", NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER)),
               "org.example.l") == 0); /* OQ-33 */
}

static void check_credentials(struct seen *seen, xpc_connection_t peer) {
  CHECK(xpc_connection_get_pid(peer) == getpid()); /* C-99: already here */
  CHECK(xpc_connection_get_euid(peer) == geteuid());
  CHECK(xpc_connection_get_egid(peer) == getegid());
  CHECK(xpc_connection_get_asid(peer) == xpc_connection_get_asid(peer));
  accept_peer(seen, peer);
}

TEST(c98_credentials_are_nobodys_before_an_exchange) {
  struct seen reply = {0};
  xpc_connection_t c;

  listener.on_peer = check_credentials;
  server.on_message = echo;
  c = pair();
  CHECK(xpc_connection_get_pid(c) == 0);
  CHECK(xpc_connection_get_euid(c) == (uid_t)-1);
  CHECK(xpc_connection_get_egid(c) == (gid_t)-1);
  CHECK(xpc_connection_get_asid(c) == -1);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(xpc_connection_get_pid(c) == getpid()); /* C-100, OQ-4 */
  CHECK(xpc_connection_get_euid(c) == geteuid());
  (void)!xpc_connection_get_asid(c);
}

TEST(c102_the_reason_appears_with_the_end) {
  xpc_connection_t c = pair();
  char *reason;

  CHECK(xpc_connection_copy_invalidation_reason(c) == NULL);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
  reason = xpc_connection_copy_invalidation_reason(c);
  CHECK(reason != NULL && *reason != 0);
  free(reason);
}

static void reject(struct seen *seen, xpc_connection_t peer) {
  (void)seen;
  xpc_connection_cancel(peer);
}

TEST(c104_a_listener_rejects_by_cancelling) {
  listener.on_peer = reject;
  xpc_connection_t c = pair();

  send_number(c, 1);
  PUMP_UNTIL(client.invalid == 1 && listener.peers == 1);
  CHECK(server.messages == 0);
}

static void accept_and_forget(struct seen *seen, xpc_connection_t peer) {
  (void)seen;
  xpc_connection_set_event_handler(peer, HANDLER(record, &server));
  xpc_connection_resume(peer); /* C-57: as activate */
}

TEST(c107_an_accepted_peer_lives_without_the_users_reference) {
  listener.on_peer = accept_and_forget;
  xpc_connection_t c = pair();

  send_number(c, 1);
  send_number(c, 2);
  PUMP_UNTIL(server.messages == 2);
  xpc_connection_cancel(c);
  PUMP_UNTIL(server.invalid == 1); /* E7 */
}

TEST(c112_a_listener_hears_only_of_peers_and_its_own_end) {
  xpc_connection_t c = pair();

  send_number(c, 1);
  PUMP_UNTIL(server.messages == 1);
  xpc_connection_cancel(c);
  PUMP_UNTIL(server.invalid == 1);
  check_quiet(NULL);
  CHECK(listener.peers == 1 && listener.interrupted == 0);
  CHECK(listener.messages == 0 && listener.invalid == 0);
  xpc_connection_cancel(listener.connection);
  PUMP_UNTIL(listener.invalid == 1);
}

TEST(c117_every_error_says_what_it_is) {
  const struct _xpc_dictionary_s *errors[] = {
      XPC_ERROR_CONNECTION_INTERRUPTED, XPC_ERROR_CONNECTION_INVALID,
      XPC_ERROR_TERMINATION_IMMINENT, XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT};
  const char *texts[] = {"Connection interrupted", "Connection invalid",
                         "Termination imminent", "Peer Forbidden"};

  for (size_t i = 0; i < 4; i++) { /* C-126: told by address */
    xpc_object_t error = (xpc_object_t)(uintptr_t)errors[i];
    CHECK(xpc_get_type(error) == XPC_TYPE_ERROR);
    CHECK(strcmp(xpc_dictionary_get_string(error, XPC_ERROR_KEY_DESCRIPTION),
                 texts[i]) == 0);
  }
}

TEST(e6_server_cancelling_its_peer_ends_an_endpoint_client) {
  struct seen reply = {0};
  xpc_connection_t c = pair();

  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
  request(c, 1, &reply);
  xpc_connection_cancel(listener.peer);
  PUMP_UNTIL(client.invalid == 1 && reply.invalid == 1); /* OQ-1 */
  CHECK(client.interrupted == 0 && server.invalid == 1);
  request(c, 1, &reply); /* C-120: terminal */
  PUMP_UNTIL(reply.invalid == 2);
}

static void answer_later(struct seen *seen, xpc_object_t message) {
  seen->last = xpc_retain(message);
}

TEST(c142_a_reply_after_the_cancel_is_safe_and_lost) {
  struct seen reply = {0};
  xpc_connection_t c = pair();

  server.on_message = answer_later;
  request(c, 1, &reply);
  PUMP_UNTIL(server.last != NULL);
  check_quiet(NULL);
  CHECK(reply.messages + reply.interrupted + reply.invalid == 0); /* C-140 */
  xpc_connection_cancel(listener.peer);
  xpc_release(listener.peer);
  PUMP_UNTIL(server.invalid == 1 && reply.invalid == 1); /* C-136: once */
  server.on_message = NULL;
  echo(&server, server.last);
  xpc_release(server.last);
  check_quiet(NULL);
  CHECK(reply.messages == 0 && reply.invalid == 1);
}

TEST(c144_a_sync_send_on_an_ended_connection_returns_the_error) {
  xpc_connection_t c = pair();
  xpc_object_t message = number(1);

  xpc_connection_cancel(c);
  CHECK(xpc_connection_send_message_with_reply_sync(c, message) ==
        XPC_ERROR_CONNECTION_INVALID);
}

static void *cancel_it(void *connection) {
  xpc_connection_cancel(connection);
  return NULL;
}

static void *ask_and_wait(void *connection) {
  xpc_object_t message = number(1);
  xpc_object_t reply =
      xpc_connection_send_message_with_reply_sync(connection, message);

  xpc_release(message);
  return reply;
}

TEST(c145_a_sync_send_ends_with_a_cancel_from_another_thread) {
  xpc_connection_t c = pair();
  pthread_t asking, cancelling;
  void *reply;

  server.on_message = answer_later; /* never */
  CHECK(pthread_create(&asking, NULL, ask_and_wait, c) == 0);
  PUMP_UNTIL(server.last != NULL);
  CHECK(pthread_create(&cancelling, NULL, cancel_it, c) == 0);
  CHECK(pthread_join(asking, &reply) == 0);
  CHECK(pthread_join(cancelling, NULL) == 0);
  CHECK(reply == XPC_ERROR_CONNECTION_INVALID);
}

TEST(a_terminated_peers_sync_send_ends_with_its_client) {
  xpc_connection_t c = pair();
  pthread_t asking;
  void *reply;

  client.on_message = answer_later;
  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
  xpc_portable_terminate();
  PUMP_UNTIL(server.terminated == 1);
  CHECK(pthread_create(&asking, NULL, ask_and_wait, listener.peer) == 0);
  PUMP_UNTIL(client.last != NULL);
  xpc_connection_cancel(c);
  CHECK(pthread_join(asking, &reply) == 0);
  CHECK(reply == XPC_ERROR_CONNECTION_INVALID);
}

TEST(c150_an_endpoint_of_a_named_client_leads_to_its_service) {
  struct seen reply = {0}, other = {0}, none = {0};
  xpc_endpoint_t endpoint;
  xpc_connection_t c;

  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.named", echo);
  c = named_client("org.example.named", &client);
  endpoint = xpc_endpoint_create(c);
  c = xpc_connection_create_from_endpoint(endpoint);
  start(c, &other);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  kill_child(child);
  PUMP_UNTIL(other.invalid == 1); /* E5, C-156 */
  xpc_connection_t gone =
      xpc_connection_create_mach_service("org.example.nobody", NULL, 0);
  endpoint = xpc_endpoint_create(gone); /* leads nowhere, and says so late */
  start(xpc_connection_create_from_endpoint(endpoint), &none);
  PUMP_UNTIL(none.invalid == 1);
  start(gone, &none);
}

TEST(c152_an_endpoint_opens_nothing_by_itself) {
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  xpc_object_t d = xpc_dictionary_create_empty();

  xpc_dictionary_set_value(d, "e", endpoint);
  xpc_release(endpoint);
  check_quiet(NULL);
  CHECK(listener.peers == 0);
  CHECK(xpc_hash(xpc_dictionary_get_value(d, "e")) ==
        xpc_hash(xpc_endpoint_create(l))); /* C-157 */
}

TEST(c159_a_client_reports_its_own_process_whoever_made_the_endpoint) {
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  pid_t child = check_fork();

  if (child == 0) {
    struct seen own = {0}, reply = {0};
    xpc_connection_t c = xpc_connection_create_from_endpoint(endpoint);
    start(c, &own);
    request(c, 1, &reply);
    PUMP_UNTIL(reply.messages == 1);
    check_exit(0);
  }
  server.on_message = echo;
  PUMP_UNTIL(server.messages == 1);
  CHECK(xpc_connection_get_pid(listener.peer) == child);
  check_child(child);
}

TEST(c171_code_signing_requirements_are_not_supported_here) {
  xpc_connection_t c = xpc_connection_create(NULL, NULL);
  xpc_object_t value = xpc_bool_create(true);

  CHECK(xpc_connection_set_peer_code_signing_requirement(c, "anchor apple") ==
        ENOTSUP);
  CHECK(xpc_connection_set_peer_entitlement_exists_requirement(c, "e") ==
        ENOTSUP);
  CHECK(xpc_connection_set_peer_entitlement_matches_value_requirement(
            c, "e", value) == ENOTSUP);
  CHECK(xpc_connection_set_peer_team_identity_requirement(c, NULL) == ENOTSUP);
  CHECK(xpc_connection_set_peer_platform_identity_requirement(c, NULL) ==
        ENOTSUP);
  CHECK(xpc_connection_set_peer_lightweight_code_requirement(c, value) ==
        ENOTSUP);
}

TEST(misuse_of_connections_aborts) {
  xpc_connection_t l = xpc_connection_create(NULL, NULL);
  xpc_object_t message = number(1), none = NULL;

  CHECK_DIES((void)!xpc_connection_create_mach_service(NULL, NULL, 0));
  CHECK_DIES(xpc_connection_set_event_handler(l, NULL));
  CHECK_DIES(xpc_connection_send_message(l, none));
  CHECK_DIES(xpc_connection_send_message_with_reply(l, message, NULL, NULL));
  CHECK_DIES(xpc_connection_send_barrier(l, NULL));
  CHECK_DIES(xpc_connection_activate(none));
  CHECK_DIES((void)!xpc_connection_create_from_endpoint(message));
}
