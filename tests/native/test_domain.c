/* Whose names are whose: the system's and each user's own (C-49). */
#include "check.h"

TEST(c49_privileged_looks_only_in_the_systems_directory) {
  const char *directory = use_bootstrap_directory();
  struct seen plain = {0}, privileged = {0}, reply = {0};

  setenv("XDG_RUNTIME_DIR", directory, 1);
  unsetenv("XPCRPC_BOOTSTRAP_DIR");
  pid_t child = serve_in_child("org.example.user-only", echo);
  xpc_connection_t c = named_client("org.example.user-only", &plain);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  start(xpc_connection_create_mach_service(
            "org.example.user-only", NULL,
            XPC_CONNECTION_MACH_SERVICE_PRIVILEGED),
        &privileged);
  PUMP_UNTIL(privileged.invalid == 1);
  xpc_connection_cancel(c);
  PUMP_UNTIL(plain.invalid == 1);
  kill_child(child);
  /* What the listener made lies in a directory of its own. */
  char path[128];
  (void)snprintf(path, sizeof path, "%s/xpcrpc/org.example.user-only",
                 directory);
  CHECK(unlink(path) == 0);
  (void)snprintf(path, sizeof path, "%s/xpcrpc/.lock.org.example.user-only",
                 directory);
  (void)unlink(path);
  (void)snprintf(path, sizeof path, "%s/xpcrpc", directory);
  CHECK(rmdir(path) == 0);
}

static const uint64_t privileged_listener =
    XPC_CONNECTION_MACH_SERVICE_LISTENER |
    XPC_CONNECTION_MACH_SERVICE_PRIVILEGED;

/* A user's own listener, whatever the flag; true when it is found. */
static bool listens_as_its_user(void) {
  struct seen l = {.on_peer = accept_peer}, s = {.on_message = echo};
  struct seen client = {0}, reply = {0};
  xpc_connection_t c = xpc_connection_create_mach_service(
      "org.example.user-only", NULL, privileged_listener);

  xpc_connection_set_context(c, &s);
  start(c, &l);
  request(named_client("org.example.user-only", &client), 1, &reply);
  PUMP_UNTIL(reply.messages + reply.invalid == 1);
  xpc_connection_cancel(c);
  PUMP_UNTIL(l.invalid == 1);
  return reply.messages == 1;
}

TEST(c49_privileged_is_ignored_beside_listener) {
  const char *directory = use_bootstrap_directory();
  char path[128];
  pid_t child;

  setenv("XDG_RUNTIME_DIR", directory, 1);
  unsetenv("XPCRPC_BOOTSTRAP_DIR");
  CHECK(geteuid() != 0 || chown(directory, 65534, 65534) == 0);
  child = check_fork();
  if (child == 0) {
    if (geteuid() == 0)
      CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    check_exit(listens_as_its_user() ? 0 : 1);
  }
  check_child(child);
  (void)snprintf(path, sizeof path, "%s/xpcrpc", directory);
  CHECK(rmdir(path) == 0);
}

TEST(c49_a_daemons_names_are_the_systems) {
  struct seen l = {.on_peer = accept_peer}, s = {.on_message = echo};
  struct seen client = {0}, reply = {0};
  char name[64];

  if (geteuid() != 0 || access("/run", W_OK) != 0)
    return; /* nobody else can be a daemon */
  unsetenv("XDG_RUNTIME_DIR");
  unsetenv("XPCRPC_BOOTSTRAP_DIR");
  (void)snprintf(name, sizeof name, "org.example.daemon-%d", (int)getpid());
  xpc_connection_t c = xpc_connection_create_mach_service(
      name, NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_context(c, &s);
  start(c, &l);
  xpc_connection_t asking = xpc_connection_create_mach_service(
      name, NULL, XPC_CONNECTION_MACH_SERVICE_PRIVILEGED);
  start(asking, &client);
  request(asking, 1, &reply);
  PUMP_UNTIL(reply.messages + reply.invalid == 1);
  xpc_connection_cancel(c);
  PUMP_UNTIL(l.invalid == 1);
  CHECK(reply.messages == 1);
}

TEST(c49_without_a_runtime_directory_names_are_the_users_own) {
  struct seen plain = {0};

  unsetenv("XDG_RUNTIME_DIR");
  unsetenv("XPCRPC_BOOTSTRAP_DIR");
  named_client("org.example.nowhere-at-all", &plain);
  PUMP_UNTIL(plain.invalid == 1);
}
