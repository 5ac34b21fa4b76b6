/* Named services: two real processes, deaths, taken and missing names. */
#include "check.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

static void hold(struct seen *seen, xpc_object_t message) {
  (void)seen;
  (void)xpc_retain(message); /* kept for ever: no reply, no refusal (C-140) */
}

static void die(struct seen *seen, xpc_object_t message) {
  (void)seen;
  (void)message;
  raise(SIGKILL);
}

static void reject(struct seen *listener, xpc_connection_t peer) {
  (void)listener;
  xpc_connection_cancel(peer);
}

static void cancel_peer(struct seen *seen, xpc_object_t message) {
  (void)seen;
  xpc_connection_cancel(xpc_dictionary_get_remote_connection(message));
}

static xpc_connection_t listener_named(const char *name, struct seen *seen,
                                       struct seen *server) {
  xpc_connection_t connection = xpc_connection_create_mach_service(
      name, NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);

  xpc_connection_set_context(connection, server);
  if (seen->on_peer == NULL)
    seen->on_peer = accept_peer;
  start(connection, seen);
  return connection;
}

TEST(named_service_answers_another_process) {
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.echo", echo);
  xpc_connection_t c = named_client("org.example.echo", &client);

  CHECK(xpc_connection_get_pid(c) == 0); /* C-98 */
  CHECK(xpc_connection_get_euid(c) == (uid_t)-1);
  CHECK(xpc_connection_get_egid(c) == (gid_t)-1);
  CHECK(xpc_connection_get_asid(c) == AU_ASSIGN_ASID);
  for (int i = 0; i < 100; i++) {
    request(c, i, &reply);
    PUMP_UNTIL(reply.messages == i + 1);
    CHECK(reply.numbers[i] == i + 1);
  }
  CHECK(xpc_connection_get_pid(c) == child);
  CHECK(xpc_connection_get_euid(c) == geteuid());
  CHECK(xpc_connection_get_egid(c) == getegid());
  CHECK(strcmp(xpc_connection_get_name(c), "org.example.echo") == 0);
  kill_child(child);
}

TEST(c118_killed_service_interrupts_and_the_next_send_reaches_a_new_one) {
  struct seen client = {0}, reply = {0}, lost = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.dies", echo);
  struct stat before, now;
  char path[128];
  xpc_connection_t c;
  pid_t again;

  again = fork(); /* the second instance: waits for the first's end */
  if (again == 0) {
    while (kill(child, 0) == 0)
      poll(NULL, 0, 1);
    struct seen l = {.on_peer = accept_peer}, s = {.on_message = echo};
    listener_named("org.example.dies", &l, &s);
    for (;;)
      check_pump(NULL, __FILE__, __LINE__, "served");
  }
  c = named_client("org.example.dies", &client);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(xpc_connection_get_pid(c) == child);
  (void)snprintf(path, sizeof path, "%s/org.example.dies",
                 getenv("XPCRPC_BOOTSTRAP_DIR"));
  CHECK(stat(path, &before) == 0); /* while it is the first instance's alone */
  kill(child, SIGSTOP);
  request(c, 5, &lost);
  kill_child(child);
  PUMP_UNTIL(client.interrupted == 1 && lost.interrupted == 1);
  CHECK(client.invalid == 0 && lost.messages == 0);
  do /* the dead service's file is replaced when the new one listens */
    poll(NULL, 0, 1);
  while (stat(path, &now) != 0 || now.st_ino == before.st_ino);
  request(c, 10, &reply);
  PUMP_UNTIL(reply.messages == 2);
  CHECK(reply.numbers[1] == 11);
  CHECK(xpc_connection_get_pid(c) == again);
  CHECK(client.interrupted == 1 && client.invalid == 0);
  kill_child(again);
}

TEST(e1_missing_name_is_one_async_invalid) {
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  xpc_connection_t c =
      xpc_connection_create_mach_service("org.example.none", NULL, 0);

  xpc_connection_set_event_handler(c, HANDLER(record, &client));
  request(c, 1, &reply); /* queued before activation (C-62) */
  xpc_connection_activate(c);
  CHECK(client.invalid == 0);
  PUMP_UNTIL(client.invalid == 1 && reply.invalid == 1);
  request(c, 2, &reply); /* C-78 */
  PUMP_UNTIL(reply.invalid == 2);
  check_quiet(NULL);
  CHECK(client.invalid == 1 && client.interrupted == 0);
}

TEST(e12_taken_name_is_invalid_and_the_first_listener_goes_on) {
  struct seen first = {0}, second = {0}, server = {.on_message = echo};
  struct seen client = {0}, reply = {0}, third = {0};
  use_bootstrap_directory();
  xpc_connection_t l = listener_named("org.example.one", &first, &server);
  xpc_connection_t c;

  listener_named("org.example.one", &second, &server);
  PUMP_UNTIL(second.invalid == 1);
  c = named_client("org.example.one", &client);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(first.invalid == 0);
  xpc_connection_cancel(l); /* C-93: then it is free again */
  PUMP_UNTIL(first.invalid == 1);
  listener_named("org.example.one", &third, &server);
  check_quiet(NULL);
  CHECK(third.invalid == 0);
}

TEST(a_cancelled_listener_leaves_an_empty_directory) {
  struct seen listener = {0}, server = {0};
  const char *directory = use_bootstrap_directory();
  char path[128];
  xpc_connection_t l = listener_named("org.example.tidy", &listener, &server);

  (void)snprintf(path, sizeof path, "%s/org.example.tidy", directory);
  CHECK(access(path, F_OK) == 0);
  xpc_connection_cancel(l);
  PUMP_UNTIL(listener.invalid == 1);
  CHECK(rmdir(directory) == 0);
}

TEST(a_stale_socket_is_taken_over) {
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.stale", echo);
  kill_child(child); /* the file stays */
  child = serve_in_child("org.example.stale", echo);
  xpc_connection_t c = named_client("org.example.stale", &client);

  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  kill_child(child);
}

TEST(e3_server_cancelling_its_peer_interrupts_a_named_client) {
  struct seen listener = {0}, server = {.on_message = cancel_peer};
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  listener_named("org.example.drop", &listener, &server);
  xpc_connection_t c = named_client("org.example.drop", &client);

  request(c, 1, &reply);
  PUMP_UNTIL(client.interrupted == 1 && server.invalid == 1);
  CHECK(reply.interrupted == 1 && client.invalid == 0);
  server.on_message = echo;
  request(c, 1, &reply); /* T-6: a new peer */
  PUMP_UNTIL(reply.messages == 1);
  CHECK(listener.peers == 2);
}

TEST(a_rejected_peer_interrupts_a_named_client) {
  struct seen listener = {.on_peer = reject}, server = {0};
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  listener_named("org.example.reject", &listener, &server);
  xpc_connection_t c = named_client("org.example.reject", &client);

  request(c, 1, &reply);
  PUMP_UNTIL(client.interrupted == 1 && reply.interrupted == 1);
  CHECK(server.messages == 0);
}

TEST(c119_interruption_empties_the_queue) {
  struct seen client = {0}, held = {0}, queued = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.t5", hold);
  xpc_connection_t c = named_client("org.example.t5", &client);

  request(c, 1, &held);
  check_quiet(NULL);
  xpc_connection_suspend(c);
  send_number(c, 2);
  send_number(c, 3);
  request(c, 4, &queued);
  kill_child(child);
  child = serve_in_child("org.example.t5", echo);
  check_quiet(NULL);
  CHECK(client.interrupted == 0 && held.interrupted == 0); /* suspended */
  xpc_connection_resume(c);
  PUMP_UNTIL(held.interrupted == 1 && queued.interrupted == 1);
  PUMP_UNTIL(client.interrupted == 1);
  CHECK(queued.messages == 0);
  kill_child(child);
}

TEST(c129_what_was_sent_before_death_is_delivered_first) {
  struct seen client = {0}, reply = {0}, second = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.last", echo);
  xpc_connection_t c = named_client("org.example.last", &client);

  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  request(c, 2, &second);
  xpc_object_t ping = number(3);
  xpc_object_t answer = xpc_connection_send_message_with_reply_sync(c, ping);
  CHECK(xpc_dictionary_get_int64(answer, "n") == 4);
  kill_child(child); /* the answer to 2 lies in our socket or queue */
  PUMP_UNTIL(client.interrupted == 1);
  CHECK(second.messages == 1 && second.interrupted == 0);
}

TEST(c148_sync_send_ends_when_the_service_dies) {
  struct seen client = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.sync", die);
  xpc_connection_t c = named_client("org.example.sync", &client);
  xpc_object_t message = number(1);

  CHECK(xpc_connection_send_message_with_reply_sync(c, message) ==
        XPC_ERROR_CONNECTION_INTERRUPTED);
  CHECK(waitpid(child, NULL, 0) == child);
}

TEST(c109_a_peer_learns_of_its_clients_exit_as_invalid) {
  struct seen listener = {0}, server = {0};
  use_bootstrap_directory();
  int gate[2];
  char byte = 0;
  CHECK(pipe(gate) == 0);
  pid_t child = fork();
  if (child == 0) {
    struct seen client = {0};
    CHECK(read(gate[0], &byte, 1) == 1);
    send_number(named_client("org.example.exit", &client), 9);
    check_exit(0);
  }
  listener_named("org.example.exit", &listener, &server);
  CHECK(write(gate[1], &byte, 1) == 1);
  PUMP_UNTIL(server.messages == 1);
  CHECK(xpc_connection_get_pid(listener.peer) == child); /* C-99 */
  PUMP_UNTIL(server.invalid == 1);
  CHECK(server.interrupted == 0 && listener.invalid == 0);
  check_child(child);
}

TEST(names_that_are_paths_are_invalid) {
  const char *names[] = {"",
                         ".",
                         "..",
                         ".hidden",
                         "a/b",
                         "/etc/passwd",
                         "0123456789012345678901234567890123456789012345678901"
                         "2345678901234567890123456789012345678901234567890123"
                         "45678901234567890123456789"};
  use_bootstrap_directory();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct seen client = {0}, listener = {0}, server = {0};
    named_client(names[i], &client);
    listener_named(names[i], &listener, &server);
    PUMP_UNTIL(client.invalid == 1 && listener.invalid == 1);
  }
}

TEST(a_name_may_have_127_bytes) {
  struct seen listener = {0}, server = {.on_message = echo};
  struct seen client = {0}, reply = {0};
  char name[128];
  use_bootstrap_directory();
  memset(name, 'x', 127);
  name[127] = 0;
  listener_named(name, &listener, &server);
  request(named_client(name, &client), 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
}

TEST(a_directory_others_can_write_is_not_trusted) {
  struct seen listener = {0}, server = {0};
  const char *directory = use_bootstrap_directory();

  CHECK(chmod(directory, 0777) == 0);
  listener_named("org.example.open", &listener, &server);
  PUMP_UNTIL(listener.invalid == 1);
}

TEST(a_symlinked_directory_is_not_followed) {
  struct seen listener = {0}, server = {0};
  const char *directory = use_bootstrap_directory();
  char link[128];

  (void)snprintf(link, sizeof link, "%s.link", directory);
  CHECK(symlink(directory, link) == 0);
  setenv("XPCRPC_BOOTSTRAP_DIR", link, 1);
  listener_named("org.example.link", &listener, &server);
  PUMP_UNTIL(listener.invalid == 1);
  CHECK(unlink(link) == 0);
}

TEST(a_listener_takes_the_socket_it_inherits) {
  struct seen listener = {0}, server = {.on_message = echo};
  struct seen client = {0}, reply = {0};
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *directory = use_bootstrap_directory();
  char pid[16];
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

  (void)snprintf(address.sun_path, sizeof address.sun_path,
                 "%s/org.example.inherit", directory);
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(listen(fd, 5) == 0);
  if (fd != 4) {
    CHECK(dup2(fd, 4) == 4);
    close(fd);
  }
  (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
  setenv("LISTEN_PID", pid, 1);
  setenv("LISTEN_FDS", "2", 1);
  setenv("LISTEN_FDNAMES", "other:org.example.inherit", 1);
  xpc_connection_t l =
      listener_named("org.example.inherit", &listener, &server);
  request(named_client("org.example.inherit", &client), 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  xpc_connection_cancel(l);
  PUMP_UNTIL(listener.invalid == 1);
  CHECK(access(address.sun_path, F_OK) == 0); /* not ours to remove */
}

TEST(connections_leave_no_descriptor_behind) {
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.fds", echo);
  int before = 0;

  for (int i = 0; i < 20; i++) {
    struct seen client = {0}, reply = {0};
    xpc_connection_t c = named_client("org.example.fds", &client);
    request(c, 1, &reply);
    PUMP_UNTIL(reply.messages == 1);
    xpc_connection_cancel(c);
    PUMP_UNTIL(client.invalid == 1);
    xpc_release(reply.last);
    xpc_release(c);
    if (i == 0)
      before = open_descriptors();
  }
  CHECK(open_descriptors() == before);
  kill_child(child);
}
