/* Sockets that are there already: inherited by socket activation, or bound by
 * somebody who holds no lock. */
#include "check.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>

enum { INHERITED = 3 };

/* A listening socket in the directory of names. */
static int listening(const char *directory, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

  (void)snprintf(address.sun_path, sizeof address.sun_path, "%.40s/%.40s",
                 directory, name);
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(listen(fd, 16) == 0);
  return fd;
}

/* As systemd does it. */
static void inherit(const char *name) {
  char pid[16];
  int fd = listening(use_bootstrap_directory(), name);

  if (fd != INHERITED) {
    CHECK(dup2(fd, INHERITED) == INHERITED);
    close(fd);
  }
  (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
  setenv("LISTEN_PID", pid, 1);
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_FDNAMES", name, 1);
}

static xpc_connection_t listener_of(const char *name, struct seen *listener,
                                    struct seen *server) {
  xpc_connection_t l = xpc_connection_create_mach_service(
      name, NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);

  xpc_connection_set_context(l, server);
  listener->on_peer = accept_peer;
  server->on_message = echo;
  start(l, listener);
  return l;
}

TEST(an_inherited_socket_is_taken_once_at_a_time) {
  struct seen first = {0}, second = {0}, third = {0}, server = {0};
  struct seen client = {0}, reply = {0};

  inherit("org.example.inherited");
  xpc_connection_t l = listener_of("org.example.inherited", &first, &server);
  listener_of("org.example.inherited", &second, &server);
  PUMP_UNTIL(second.invalid == 1); /* C-111 */
  request(named_client("org.example.inherited", &client), 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  xpc_connection_cancel(l);
  PUMP_UNTIL(first.invalid == 1);
  listener_of("org.example.inherited", &third, &server);
  check_quiet(NULL);
  CHECK(third.invalid == 0);
}

TEST(an_inherited_socket_refused_for_want_of_descriptors_is_free_again) {
  struct seen first = {0}, second = {0}, server = {0};
  struct rlimit limit, none;

  inherit("org.example.inherited");
  CHECK(xpc_portable_queue_get_fd(NULL) >= 0);
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  none = limit;
  none.rlim_cur = 4; /* all of them are in use */
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  listener_of("org.example.inherited", &first, &server);
  PUMP_UNTIL(first.invalid == 1);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  listener_of("org.example.inherited", &second, &server);
  check_quiet(NULL);
  CHECK(second.invalid == 0);
}

TEST(a_socket_that_does_not_listen_is_not_taken) {
  struct seen l = {0}, server = {0};
  int pair[2];

  inherit("org.example.inherited");
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
  CHECK(dup2(pair[0], INHERITED) == INHERITED);
  listener_of("org.example.inherited", &l, &server);
  PUMP_UNTIL(l.invalid == 1);
}

TEST(a_name_whose_socket_answers_is_taken_though_nobody_holds_its_lock) {
  struct seen l = {0}, later = {0}, server = {0};
  int fd = listening(use_bootstrap_directory(), "org.example.unlocked");

  listener_of("org.example.unlocked", &l, &server);
  PUMP_UNTIL(l.invalid == 1); /* E12 */
  close(fd);
  listener_of("org.example.unlocked", &later, &server); /* stale now */
  check_quiet(NULL);
  CHECK(later.invalid == 0);
}
