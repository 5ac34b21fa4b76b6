/* No descriptor left, at every moment where one is wanted: a call is refused or
 * an event says so, and the process lives. */
#include "raw.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* More numbers than the scenario ever needs at one time. */
enum { MOST_FREE = 40 };

/* Requests of one connection. */
struct calls {
  int asked;
  int ended;
};

static void count_end(void *context, xpc_object_t event) {
  CHECK(event != NULL);
  ((struct calls *)context)->ended++;
}

/* Leaves so many numbers free. */
static void leave(int count) {
  struct rlimit limit;
  int fd, next;

  next = dup(0);
  CHECK(next >= 0);
  close(next);
  for (fd = next; fd < next + 256; fd++)
    close(fd); /* no holes above it */
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = (rlim_t)(next + count);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void ask(xpc_connection_t to, xpc_object_t message,
                struct calls *calls) {
  calls->asked++;
  xpc_connection_send_message_with_reply(to, message, NULL,
                                         HANDLER(count_end, calls));
}

/* Drains until every request has ended, also while no descriptor says that
 * there is something to drain. */
static void run_until_ended(const struct calls *calls) {
  while (calls->ended < calls->asked) {
    struct pollfd ready = {xpc_portable_queue_get_fd(NULL), POLLIN, 0};
    if (xpc_portable_queue_drain(NULL, 64) == 0)
      CHECK(poll(&ready, 1, ready.fd < 0 ? 1 : 10000) >= 0);
  }
}

static void end(xpc_connection_t connection) {
  if (connection == NULL)
    return;
  xpc_connection_cancel(connection);
  xpc_release(connection);
}

/* Everything that wants descriptors; every request ends. */
static void use_everything(int count) {
  struct seen l = {0}, s = {0}, n = {0}, c = {0}, e = {0};
  struct calls calls = {0, 0}, inner = {0, 0};
  void *memory = xpc_portable_shmem_alloc(4096);
  xpc_connection_t listener = xpc_connection_create(NULL, NULL);
  xpc_connection_t named, client, other = NULL;
  xpc_object_t message = number(1), array = xpc_array_create_empty();
  xpc_object_t large = number(2), reply;
  xpc_endpoint_t endpoint;
  uint8_t *bytes = calloc(1, 5 << 20);

  xpc_connection_set_context(listener, &s);
  l.on_peer = accept_peer;
  s.on_message = echo;
  start(listener, &l);
  named = xpc_connection_create_mach_service(
      "org.example.mine", NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_context(named, &s);
  n.on_peer = accept_peer;
  start(named, &n);
  client = named_client("org.example.other", &c);
  endpoint = xpc_endpoint_create(listener);
  if (endpoint != NULL) {
    other = xpc_connection_create_from_endpoint(endpoint);
    start(other, &e);
    xpc_release(endpoint);
  }
  xpc_dictionary_set_fd(message, "fd", 0);
  xpc_dictionary_set_connection(message, "listener", listener);
  xpc_array_set_fd(array, XPC_ARRAY_APPEND, 0);
  xpc_array_set_connection(array, XPC_ARRAY_APPEND, listener);
  CHECK(xpc_array_get_count(array) == 2);
  xpc_dictionary_set_value(message, "array", array);
  if (memory != NULL) {
    xpc_object_t shmem = xpc_shmem_create(memory, 4096);
    CHECK(shmem != NULL || errno == EMFILE);
    if (shmem != NULL) {
      xpc_dictionary_set_value(message, "shmem", shmem);
      xpc_release(shmem);
    }
  }
  xpc_dictionary_set_data(large, "data", bytes, 5 << 20);
  for (int i = 0; i < 2; i++) {
    ask(client, message, &calls);
    ask(client, large, &calls);
    if (other != NULL)
      ask(other, message, &inner);
    run_until_ended(&calls);
  }
  reply = xpc_connection_send_message_with_reply_sync(client, number(3));
  CHECK(reply != NULL);
  if (count == MOST_FREE) { /* then nothing was refused */
    run_until_ended(&inner);
    CHECK(xpc_get_type(reply) == XPC_TYPE_DICTIONARY && inner.asked == 2 &&
          s.messages == 2 && xpc_dictionary_get_count(message) == 5);
  }
  end(client);
  end(other); /* whom this process may have had no descriptor to accept */
  end(listener);
  end(named);
  run_until_ended(&inner);
  while (xpc_portable_queue_drain(NULL, 64) != 0)
    continue;
  CHECK(calls.ended == calls.asked && inner.ended == inner.asked);
}

/* One request of a client alone: INVALID is the last that it hears. */
static void use_a_client(int count) {
  struct seen client = {0};
  struct calls calls = {0, 0};
  xpc_connection_t c = named_client("org.example.other", &client);

  ask(c, number(1), &calls);
  run_until_ended(&calls);
  while (xpc_portable_queue_drain(NULL, 64) != 0)
    continue;
  CHECK(client.interrupted == 0 && client.invalid <= 1);
  CHECK(client.invalid == 0 || count < MOST_FREE);
}

static void with_each_number_free(void (*use)(int count)) {
  for (int count = 0; count <= MOST_FREE; count++) {
    pid_t child = check_fork();
    if (child == 0) {
      alarm(60);
      leave(count);
      use(count);
      check_exit(0);
    }
    check_child(child);
  }
}

TEST(no_number_of_free_descriptors_ends_the_process) {
  use_bootstrap_directory();
  pid_t server = serve_in_child("org.example.other", echo);

  with_each_number_free(use_everything);
  with_each_number_free(use_a_client);
  kill_child(server);
}

static void count_up(void *context, xpc_object_t object) {
  (void)object;
  ++*(int *)context;
}

static void have_descriptors_again(void) {
  struct rlimit limit;

  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

TEST(the_default_queue_gets_its_descriptors_when_there_are_some) {
  struct pollfd ready = {-1, POLLIN, 0};
  struct seen client = {0};
  int ran = 0;

  use_bootstrap_directory();
  leave(0);
  xpc_connection_t c = named_client("org.example.other", &client);
  xpc_connection_send_barrier(c, BARRIER(count_up, &ran));
  CHECK(xpc_portable_queue_get_fd(NULL) == -1);
  have_descriptors_again();
  ready.fd = xpc_portable_queue_get_fd(NULL);
  CHECK(ready.fd >= 0 && poll(&ready, 1, 0) == 1); /* work waits already */
  PUMP_UNTIL(ran == 1 && client.invalid == 1);
  CHECK(strcmp(xpc_connection_copy_invalidation_reason(c),
               "out of descriptors") == 0);
  check_quiet(NULL);
}

/* A listener needs more than one: an endpoint that leads nowhere, which takes
 * one, would be a lie. */
TEST(an_endpoint_refused_for_want_of_descriptors_can_be_had_later) {
  struct seen l = {0}, s = {.on_message = echo}, client = {0}, reply = {0};
  xpc_connection_t listener = xpc_connection_create(NULL, NULL);

  CHECK(xpc_portable_queue_get_fd(NULL) >= 0);
  leave(1);
  CHECK(xpc_endpoint_create(listener) == NULL && errno == EMFILE);
  have_descriptors_again();
  xpc_connection_set_context(listener, &s);
  l.on_peer = accept_peer;
  request(client_of(listener, &client), 1, &reply);
  start(listener, &l);
  PUMP_UNTIL(reply.messages == 1);
}

static void with_descriptors(xpc_object_t message) {
  for (int i = 0; i < 20; i++) {
    char key[16];
    (void)snprintf(key, sizeof key, "%d", i);
    xpc_dictionary_set_fd(message, key, 0);
  }
}

/* The kernel lets a user have so many descriptors under way as a process of
 * his may open; one that is not root finds out. */
static void overdo_it(int overdone) {
  struct seen client = {0};
  struct calls calls = {0, 0};
  struct rlimit few = {48, 48};
  xpc_object_t message = number(1);

  CHECK(setgid(65534) == 0 && setuid(65534) == 0);
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  with_descriptors(message);
  xpc_connection_t c = named_client("org.example.other", &client);
  for (int i = 0; i < 8; i++)
    ask(c, message, &calls);
  CHECK(xpc_portable_connection_get_queued(c) > 0); /* refused, and kept */
  CHECK(write(overdone, "", 1) == 1);
  run_until_ended(&calls);
  CHECK(client.invalid == 0 && client.interrupted == 0);
}

TEST(too_many_descriptors_under_way_make_the_sender_wait) {
  const char *directory = use_bootstrap_directory();
  pid_t server, child;
  char path[128], byte;
  int status, overdone[2];

  if (geteuid() != 0) /* nobody else can be made to try */
    return;
  server = serve_in_child("org.example.other", echo);
  (void)snprintf(path, sizeof path, "%s/org.example.other", directory);
  CHECK(chmod(directory, 0755) == 0 && chmod(path, 0666) == 0);
  CHECK(kill(server, SIGSTOP) == 0);
  CHECK(waitpid(server, &status, WUNTRACED) == server && WIFSTOPPED(status));
  CHECK(pipe(overdone) == 0);
  child = check_fork();
  if (child == 0) {
    overdo_it(overdone[1]);
    check_exit(0);
  }
  close(overdone[1]);
  CHECK(read(overdone[0], &byte, 1) == 1);
  CHECK(kill(server, SIGCONT) == 0);
  check_child(child);
  kill_child(server);
}
