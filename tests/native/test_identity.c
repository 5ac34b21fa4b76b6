/* Who a message is from, when its process or its user is not what it was. */
#include "raw.h"

#include <fcntl.h>
#include <sys/stat.h>

static void let_everybody_in(void) {
  char path[128];

  (void)snprintf(path, sizeof path, "%s/org.example.h",
                 getenv("XPCRPC_BOOTSTRAP_DIR"));
  CHECK(chmod(getenv("XPCRPC_BOOTSTRAP_DIR"), 0755) == 0);
  CHECK(chmod(path, 0666) == 0);
}

static void change_ids_and_ask(void) {
  struct seen client = {0}, reply = {0};

  CHECK(setresuid(0, 65534, 0) == 0);
  xpc_connection_t c = named_client("org.example.h", &client);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(setresuid(0, 0, 0) == 0 && setresuid(65533, 65533, 65533) == 0);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 2);
  CHECK(client.interrupted == 0);
}

/* Effective ids are stated as long as they differ from the real ones; the
 * kernel refuses those that this process has no more (C-100). */
TEST(c100_a_sender_who_changes_its_ids_goes_on_as_who_it_is) {
  pid_t server, child;

  if (geteuid() != 0)
    return;
  use_bootstrap_directory();
  server = serve_in_child("org.example.h", echo);
  let_everybody_in();
  child = check_fork();
  if (child == 0) {
    alarm(60);
    change_ids_and_ask();
    check_exit(0);
  }
  check_child(child);
  kill_child(server);
}

/* The socket of one process, used by another that runs the same file: what
 * `exe` vouches for is the process that connected. */
TEST(an_executable_vouches_for_the_process_that_connected_alone) {
  struct seen l = {.on_peer = accept_peer}, s = {0};
  xpc_object_t rule = xpc_dictionary_create_empty();
  uint8_t record[64];
  char path[512];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  size_t n = record_of(record, 0x101, 20, 1, EMPTY_DICTIONARY, 20);
  int fd, sent[2];

  CHECK(length > 0);
  path[length] = 0;
  use_bootstrap_directory();
  xpc_connection_t listener = xpc_connection_create_mach_service(
      "org.example.h", NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_context(listener, &s);
  xpc_dictionary_set_string(rule, "exe", path);
  CHECK(xpc_portable_connection_set_peer_rule(listener, rule) == 0);
  start(listener, &l);
  fd = raw_client();
  CHECK(pipe(sent) == 0);
  pid_t child = check_fork();
  if (child == 0) {
    raw_send(fd, record, n, NULL, 0);
    CHECK(write(sent[1], "", 1) == 1);
    for (;;)
      pause(); /* it must be there to be looked at */
  }
  CHECK(read(sent[0], path, 1) == 1);
  check_quiet(NULL);
  CHECK(l.peers == 0 && raw_at_end(fd));
  kill_child(child);
  fd = raw_client();
  raw_send(fd, record, n, NULL, 0);
  PUMP_UNTIL(s.messages == 1); /* but itself it may */
}
