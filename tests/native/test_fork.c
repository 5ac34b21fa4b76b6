/* X36: fork() without exec. What the parent made stays the parent's. */
#include "check.h"

static struct seen listener, server, client;
static xpc_connection_t c;

static void exchange(void (*on_message)(struct seen *, xpc_object_t)) {
  server.on_message = on_message;
  c = client_of(listen_here(&listener, &server), &client);
  send_number(c, 0);
  PUMP_UNTIL(server.messages == 1);
}

/* Still works in this process. */
static void goes_on(void) {
  int before = server.messages;

  send_number(c, 1);
  PUMP_UNTIL(server.messages == before + 1);
  CHECK(server.invalid == 0 && client.invalid == 0);
}

TEST(x36_a_connection_is_of_no_use_in_a_forked_child) {
  dispatch_queue_t queue = dispatch_queue_create("parent", NULL);
  xpc_connection_t idle = xpc_connection_create(NULL, NULL);

  exchange(echo);
  CHECK_DIES(send_number(c, 1));
  CHECK_DIES(xpc_connection_suspend(c));
  CHECK_DIES((void)!xpc_connection_get_pid(c));
  CHECK_DIES(xpc_connection_activate(idle));
  CHECK_DIES((void)!xpc_endpoint_create(idle));
  CHECK_DIES(xpc_portable_queue_drain(queue, 1));
  CHECK_DIES({
    xpc_object_t message = number(1);
    (void)!xpc_connection_send_message_with_reply_sync(c, message);
  });
  goes_on();
}

TEST(x36_dropping_what_was_the_parents_disturbs_nobody) {
  pid_t child;

  exchange(NULL);
  child = check_fork();
  if (child == 0) {
    xpc_connection_cancel(c);
    xpc_release(c);
    xpc_connection_cancel(listener.peer);
    xpc_release(server.last);
    check_exit(0);
  }
  check_child(child);
  goes_on();
}

TEST(x36_a_request_dropped_by_a_child_is_still_the_parents_to_answer) {
  struct seen reply = {0};
  pid_t child;

  exchange(NULL);
  request(c, 5, &reply);
  PUMP_UNTIL(server.messages == 2);
  child = check_fork();
  if (child == 0) {
    xpc_release(server.last);
    check_exit(0);
  }
  check_child(child);
  check_quiet(NULL);
  CHECK(reply.interrupted == 0 && reply.invalid == 0);
  echo(&server, server.last);
  PUMP_UNTIL(reply.messages == 1);
}

TEST(x36_a_forked_child_may_make_its_own) {
  pid_t child;

  exchange(NULL);
  child = check_fork();
  if (child == 0) {
    struct seen l = {0}, s = {.on_message = echo}, own = {0}, reply = {0};
    xpc_connection_t fresh = client_of(listen_here(&l, &s), &own);
    request(fresh, 1, &reply);
    PUMP_UNTIL(reply.messages == 1);
    CHECK(xpc_portable_terminate() == 1); /* its own peer, no other */
    PUMP_UNTIL(s.terminated == 1);
    check_exit(0);
  }
  check_child(child);
  goes_on();
}
