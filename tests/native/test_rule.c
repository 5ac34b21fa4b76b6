/* Peer rules: contract section 7 on Linux (C-160 to C-166, C-171). */
#include "check.h"

#include "../../xpcrpc/native/libxpc/connection.h"

#include <sys/stat.h>

static xpc_object_t rule_number(const char *key, uint64_t value) {
  xpc_object_t rule = xpc_dictionary_create_empty();

  xpc_dictionary_set_uint64(rule, key, value);
  return rule;
}

static xpc_object_t rule_text(const char *key, const char *value) {
  xpc_object_t rule = xpc_dictionary_create_empty();

  xpc_dictionary_set_string(rule, key, value);
  return rule;
}

static xpc_object_t rule_list(const char *key, xpc_object_t a, xpc_object_t b) {
  xpc_object_t rule = xpc_dictionary_create_empty();
  xpc_object_t list = xpc_array_create_empty();

  if (a != NULL)
    xpc_array_append_value(list, a);
  if (b != NULL)
    xpc_array_append_value(list, b);
  xpc_dictionary_set_value(rule, key, list);
  return rule;
}

static xpc_object_t anyone(void) {
  xpc_object_t rule = xpc_dictionary_create_empty();

  xpc_dictionary_set_bool(rule, "anyone", true);
  return rule;
}

TEST(c160_bad_rules_are_told_at_once) {
  xpc_connection_t c = xpc_connection_create(NULL, NULL);
  xpc_object_t two = rule_number("uid", 0);

  xpc_dictionary_set_uint64(two, "gid", 0);
  xpc_object_t bad[] = {
      xpc_dictionary_create_empty(),
      xpc_null_create(),
      two,
      rule_number("pid", 1),
      rule_number("uid", UINT32_MAX),
      rule_text("uid", "root"),
      rule_text("exe", "relative"),
      rule_text("exe", ""),
      rule_list("all", NULL, NULL),
      rule_list("any", anyone(), xpc_dictionary_create_empty()),
      rule_number("anyone", 1),
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(xpc_portable_connection_set_peer_rule(c, bad[i]) == EINVAL);
  CHECK(xpc_connection_set_peer_code_signing_requirement(c, "x") == ENOTSUP);
  CHECK(xpc_portable_connection_set_peer_rule(c, anyone()) == 0);
}

static struct seen listener, server = {.on_message = echo}, client, reply;

/* A listener with the rule, a client that asks; events on both follow. */
static xpc_connection_t ask_under(xpc_object_t rule) {
  xpc_connection_t l = xpc_connection_create(NULL, NULL), c;

  CHECK(xpc_portable_connection_set_peer_rule(l, rule) == 0);
  xpc_release(rule); /* copied (C-160) */
  xpc_connection_set_context(l, &server);
  listener.on_peer = accept_peer;
  start(l, &listener);
  c = client_of(l, &client);
  request(c, 1, &reply);
  check_quiet(NULL);
  return c;
}

TEST(a_matching_uid_is_admitted) {
  ask_under(rule_number("uid", geteuid()));
  CHECK(reply.messages == 1 && listener.peers == 1);
}

TEST(c164_a_failing_peer_is_never_shown) {
  ask_under(rule_number("uid", geteuid() + 1));
  CHECK(listener.peers == 0 && server.messages == 0);
  CHECK(client.invalid == 1 && reply.invalid == 1); /* OQ-18 */
}

TEST(all_needs_all_and_any_needs_one) {
  ask_under(rule_list("any", rule_number("uid", geteuid() + 1),
                      rule_list("all", rule_number("uid", geteuid()),
                                rule_number("gid", getegid()))));
  CHECK(reply.messages == 1);
}

TEST(all_with_one_failing_member_fails) {
  ask_under(rule_list("all", anyone(), rule_number("gid", getegid() + 1)));
  CHECK(reply.messages == 0 && listener.peers == 0);
}

TEST(the_running_executable_is_admitted) {
  char path[512];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

  CHECK(length > 0);
  path[length] = 0;
  ask_under(rule_text("exe", path));
  CHECK(reply.messages == 1);
}

TEST(another_executable_is_not_admitted) {
  ask_under(rule_text("exe", "/bin/sh"));
  CHECK(reply.messages == 0 && listener.peers == 0);
}

TEST(an_absent_label_matches_nothing) {
  ask_under(rule_text("label", "no such label"));
  CHECK(reply.messages == 0 && listener.peers == 0);
}

TEST(c165_a_failing_reply_is_replaced_by_the_requirement_error) {
  struct seen own = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  xpc_connection_t c = xpc_connection_create_from_endpoint(endpoint);

  CHECK(xpc_portable_connection_set_peer_rule(
            c, rule_number("uid", geteuid() + 1)) == 0);
  start(c, &own);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.requirement == 1);
  CHECK(server.messages == 1); /* the unwanted peer did receive it */
  send_number(listener.peer, 5);
  check_quiet(NULL);
  CHECK(own.messages == 0 && own.invalid == 0 && own.requirement == 0);
  request(c, 2, &reply); /* usable as before (OQ-14) */
  PUMP_UNTIL(reply.requirement == 2);
}

TEST(c163_every_message_is_checked_against_its_own_sender) {
  /* The socket is passed on: another user sends on an admitted connection. */
  if (geteuid() != 0)
    return; /* needs to become somebody else */
  xpc_connection_t c;
  pid_t child;

  c = ask_under(rule_number("uid", 0));
  CHECK(reply.messages == 1);
  child = check_fork();
  if (child == 0) {
    static const char body[] =
        "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\4\0\0\0\0\0\0";
    uint8_t bytes[XPC__WRAPPER_BYTES + sizeof body] = {0};
    xpc__store32(bytes, XPC__WRAPPER_MAGIC);
    xpc__store32(bytes + 4, XPC__FLAG_ALWAYS | XPC__FLAG_MESSAGE);
    xpc__store64(bytes + 8, sizeof body);
    xpc__store64(bytes + 16, 9);
    memcpy(bytes + XPC__WRAPPER_BYTES, body, sizeof body);
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    CHECK(send(c->fd, bytes, sizeof bytes, 0) == sizeof bytes);
    check_exit(0);
  }
  check_child(child);
  PUMP_UNTIL(server.invalid == 1);
  CHECK(server.messages == 1);
}

TEST(effective_ids_count) {
  if (geteuid() != 0)
    return;
  int gate[2];
  char byte = 0;
  pid_t child;
  xpc_connection_t l;
  const char *directory = use_bootstrap_directory();

  CHECK(chmod(directory, 0755) == 0 && pipe(gate) == 0);
  child = check_fork();
  if (child == 0) {
    struct seen own = {0};
    CHECK(read(gate[0], &byte, 1) == 1);
    CHECK(setegid(4321) == 0);
    send_number(named_client("org.example.ids", &own), 1);
    check_exit(0);
  }
  l = xpc_connection_create_mach_service("org.example.ids", NULL,
                                         XPC_CONNECTION_MACH_SERVICE_LISTENER);
  CHECK(xpc_portable_connection_set_peer_rule(l, rule_number("gid", 4321)) ==
        0);
  xpc_connection_set_context(l, &server);
  listener.on_peer = accept_peer;
  start(l, &listener);
  CHECK(write(gate[1], &byte, 1) == 1);
  PUMP_UNTIL(server.messages == 1);
  CHECK(xpc_connection_get_egid(listener.peer) == 4321);
  check_child(child);
}
