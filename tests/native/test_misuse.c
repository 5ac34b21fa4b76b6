/* Misuse ends the process by a signal: contract section 9. */
#include "check.h"

static void nothing(void *context, xpc_object_t object) {
  (void)context;
  (void)object;
}

static xpc_connection_t inactive(void) {
  xpc_connection_t connection = xpc_connection_create(NULL, NULL);

  xpc_connection_set_event_handler(connection, HANDLER(nothing, NULL));
  return connection;
}

static xpc_connection_t active(void) {
  xpc_connection_t connection = inactive();

  xpc_connection_activate(connection);
  return connection;
}

static xpc_object_t uid_rule(void) {
  xpc_object_t rule = xpc_dictionary_create_empty();

  xpc_dictionary_set_uint64(rule, "uid", 0);
  return rule;
}

TEST(x1_over_release_of_a_connection) {
  xpc_connection_t c = active();

  xpc_retain(c); /* so that the memory is still there */
  CHECK_DIES({
    xpc_release(c);
    xpc_release(c);
    xpc_release(c);
  });
}

TEST(x2_release_of_an_inactive_connection) {
  CHECK_DIES(xpc_release(inactive()));
}

TEST(x3_release_of_a_suspended_connection) {
  CHECK_DIES({
    xpc_connection_t c = active();
    xpc_connection_suspend(c);
    xpc_release(c);
  });
}

TEST(x4_over_resume) {
  CHECK_DIES(xpc_connection_resume(active()));
  CHECK_DIES({
    xpc_connection_t c = inactive();
    xpc_connection_resume(c); /* acts as activate (C-57) */
    xpc_connection_resume(c);
  });
}

TEST(t20_activating_twice_is_fine) {
  xpc_connection_t c = inactive();

  xpc_connection_resume(c);
  xpc_connection_activate(c);
  xpc_connection_activate(c);
  xpc_connection_suspend(c);
  xpc_connection_resume(c);
}

TEST(x5_event_without_a_handler) {
  CHECK_DIES({
    xpc_connection_t c = xpc_connection_create(NULL, NULL);
    xpc_connection_activate(c);
    xpc_connection_cancel(c);
    check_quiet(NULL);
  });
}

TEST(x7_target_queue_after_activation) {
  CHECK_DIES(xpc_connection_set_target_queue(active(), NULL));
}

TEST(x8_message_that_is_no_dictionary) {
  CHECK_DIES(xpc_connection_send_message(active(), xpc_string_create("no")));
  CHECK_DIES(xpc_connection_send_message(
      active(), (xpc_object_t)(uintptr_t)XPC_ERROR_CONNECTION_INVALID));
}

TEST(oq9_message_with_a_connection_inside) {
  xpc_object_t d = xpc_dictionary_create_empty();
  xpc_connection_t c = active();

  xpc_dictionary_set_value(d, "c", c);
  CHECK(xpc_portable_check_message(d) == EINVAL);
  CHECK_DIES(xpc_connection_send_message(c, d));
}

static void answer_twice(struct seen *seen, xpc_object_t message) {
  xpc_object_t reply = xpc_dictionary_create_reply(message);

  (void)seen;
  CHECK(xpc_portable_check_message(reply) == 0);
  xpc_connection_send_message(xpc_dictionary_get_remote_connection(reply),
                              reply);
  CHECK(xpc_portable_check_message(reply) == EALREADY);
  xpc_connection_send_message(xpc_dictionary_get_remote_connection(reply),
                              reply);
}

static void answer_elsewhere(struct seen *seen, xpc_object_t message) {
  xpc_connection_send_message(seen->connection,
                              xpc_dictionary_create_reply(message));
}

static void sync_inside(struct seen *seen, xpc_object_t message) {
  (void)seen;
  xpc_release(xpc_connection_send_message_with_reply_sync(
      xpc_dictionary_get_remote_connection(message), message));
}

static void serve_one(void (*on_message)(struct seen *, xpc_object_t)) {
  struct seen listener = {0}, server = {.on_message = on_message};
  struct seen client = {0}, reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  server.connection = c;
  request(c, 1, &reply);
  check_quiet(NULL);
}

TEST(x9_reply_on_another_connection) {
  CHECK_DIES(serve_one(answer_elsewhere));
}

TEST(x10_reply_sent_twice) {
  CHECK_DIES(serve_one(answer_twice));
}

TEST(x11_sync_send_inside_the_handler) {
  CHECK_DIES(serve_one(sync_inside));
}

TEST(x12_second_peer_requirement) {
  xpc_connection_t c = inactive();

  CHECK(xpc_portable_connection_set_peer_rule(c, uid_rule()) == 0);
  CHECK_DIES((void)!xpc_portable_connection_set_peer_rule(c, uid_rule()));
  CHECK_DIES((void)!xpc_connection_set_peer_team_identity_requirement(c, NULL));
  CHECK_DIES(
      (void)!xpc_portable_connection_set_peer_rule(active(), uid_rule()));
}

TEST(x14_shared_memory_over_malloc) {
  CHECK_DIES((void)!xpc_shmem_create(malloc(4096), 4096));
}

struct changer {
  struct block block;
  xpc_object_t container;
};

static bool change(void *block, const char *key, xpc_object_t value) {
  struct changer *changer = block;

  (void)key;
  (void)value;
  xpc_dictionary_set_bool(changer->container, "new", true);
  return true;
}

TEST(x15_changing_a_dictionary_in_its_apply) {
  struct changer changer = {check_block(NULL, NULL, NULL), number(1)};

  changer.block.invoke = (void (*)(void))change;
  CHECK_DIES(xpc_dictionary_apply(changer.container,
                                  (xpc_dictionary_applier_t)(void *)&changer));
}

TEST(x16_array_index_out_of_range) {
  xpc_object_t list = xpc_array_create_empty();

  CHECK_DIES(xpc_array_get_value(list, 0));
  CHECK_DIES(xpc_array_set_int64(list, 0, 1));
}

TEST(x17_null_array_element) {
  CHECK_DIES(xpc_array_append_value(xpc_array_create_empty(), NULL));
}

TEST(x18_null_data_with_a_length) {
  CHECK_DIES((void)!xpc_data_create(NULL, 1));
  CHECK_DIES((void)!xpc_dictionary_create(NULL, NULL, 1));
}

static void endpoint_of_peer(struct seen *seen, xpc_object_t message) {
  (void)seen;
  (void)!xpc_endpoint_create(xpc_dictionary_get_remote_connection(message));
}

TEST(x19_endpoint_of_a_peer) {
  CHECK_DIES(serve_one(endpoint_of_peer));
}

TEST(x20_wrong_type) {
  CHECK_DIES(xpc_dictionary_set_bool(xpc_array_create_empty(), "k", true));
}

TEST(x30_transaction_end_without_begin) {
  xpc_transaction_begin();
  xpc_transaction_end();
  CHECK_DIES(xpc_transaction_end());
}

TEST(x38_a_cycle_is_refused) {
  xpc_object_t d = number(1), list = xpc_array_create_empty();

  xpc_dictionary_set_value(d, "list", list);
  xpc_array_append_value(list, d);
  CHECK(xpc_portable_check_message(d) == ELOOP);
  CHECK_DIES(xpc_connection_send_message(active(), d));
}

TEST(x13_entitlement_value_of_another_type_is_refused) {
  xpc_connection_t c = inactive();
  xpc_object_t list = xpc_array_create_empty();

  /* As everything about code signing is, whatever the value (C-171). */
  CHECK(xpc_connection_set_peer_entitlement_matches_value_requirement(
            c, "org.example", list) == ENOTSUP);
  CHECK(xpc_connection_set_peer_lightweight_code_requirement(c, list) ==
        ENOTSUP);
}

TEST(x21_null_where_there_must_be_something) {
  xpc_connection_t none = NULL, c = active();

  CHECK_DIES(xpc_connection_activate(none));
  CHECK_DIES(xpc_connection_send_message(c, NULL));
  CHECK_DIES(xpc_connection_set_event_handler(c, NULL));
  CHECK_DIES(xpc_connection_send_barrier(c, NULL));
  CHECK_DIES((void)!xpc_connection_create_mach_service(NULL, NULL, 0));
}

TEST(x22_changing_an_error) {
  xpc_object_t error = (xpc_object_t)(uintptr_t)XPC_ERROR_CONNECTION_INVALID;

  CHECK_DIES(xpc_dictionary_set_int64(error, "n", 1));
  CHECK_DIES(xpc_dictionary_set_value(error, XPC_ERROR_KEY_DESCRIPTION, NULL));
}

static xpc_connection_t finalized;

static void look_at_it(void *context) {
  (void)context;
  (void)!xpc_connection_get_pid(finalized);
}

static void retain_it(void *context) {
  (void)context;
  (void)xpc_retain(finalized);
}

static void finalize_with(xpc_finalizer_t finalizer) {
  finalized = active();
  xpc_connection_set_finalizer_f(finalized, finalizer);
  xpc_release(finalized);
  check_quiet(NULL);
}

TEST(x23_a_finalizer_that_touches_its_connection) {
  CHECK_DIES(finalize_with(look_at_it));
  CHECK_DIES(finalize_with(retain_it));
}

TEST(x25_cancel_of_a_connection_never_activated) {
  xpc_connection_t c = inactive();

  xpc_connection_cancel(c); /* OQ-10: accepted, but the release is still X2 */
  CHECK_DIES({
    xpc_connection_t other = inactive();
    xpc_connection_cancel(other);
    xpc_release(other);
  });
  xpc_connection_activate(c);
  check_quiet(NULL);
  xpc_release(c);
}

TEST(x26_a_block_released_more_often_than_copied) {
  CHECK_DIES({
    void *copy = _Block_copy((const void *)HANDLER(nothing, NULL));
    struct block *block = copy;
    block->flags -= 2; /* as a release does; the memory is still there */
    _Block_release(copy);
  });
}
