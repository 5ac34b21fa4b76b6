#include "check.h"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>

/* There in builds that count which lines ran. */
extern void __gcov_dump(void) __attribute__((weak));

static struct test *tests;

void check_register(struct test *test) {
  test->next = tests;
  tests = test;
}

_Noreturn void check_fail(const char *file, int line, const char *what) {
  printf("  %s:%d: not so: %s\n", file, line, what);
  check_exit(1);
}

static void count_and_die(int signal_number) {
  __gcov_dump();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

pid_t check_fork(void) {
  pid_t child;

  fflush(stdout);
  child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)!freopen("/dev/null", "w", stderr);
    prctl(PR_SET_DUMPABLE, 0);
    if (__gcov_dump != NULL)
      signal(SIGABRT, count_and_die);
  }
  return child;
}

bool check_died_by_signal(pid_t child) {
  int status;

  CHECK(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM;
}

void check_child(pid_t child) {
  int status;

  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

struct descriptor {
  unsigned long reserved;
  unsigned long size;
  void (*copy)(void *, const void *);
  void (*dispose)(const void *);
};

static void copy_block(void *target, const void *source) {
  (void)target;
  (void)source;
}

static void dispose_block(const void *block) {
  const struct block *literal = block;

  if (literal->disposed != NULL)
    (*literal->disposed)++;
}

static const struct descriptor block_descriptor = {0, sizeof(struct block),
                                                   copy_block, dispose_block};

static void invoke_handler(struct block *block, xpc_object_t object) {
  block->call(block->context, object);
}

static void invoke_barrier(struct block *block) {
  block->call(block->context, NULL);
}

struct block check_block(void (*call)(void *, xpc_object_t), void *context,
                         int *disposed) {
  return (struct block){
      _NSConcreteStackBlock, 1u << 25, 0,       (void (*)(void))invoke_handler,
      &block_descriptor,     call,     context, disposed};
}

struct block check_barrier(void (*call)(void *, xpc_object_t), void *context) {
  struct block block = check_block(call, context, NULL);

  block.invoke = (void (*)(void))invoke_barrier;
  return block;
}

void check_pump(dispatch_queue_t queue, const char *file, int line,
                const char *what) {
  struct pollfd ready = {xpc_portable_queue_get_fd(queue), POLLIN, 0};

  if (xpc_portable_queue_drain(queue, 64) != 0)
    return;
  if (poll(&ready, 1, 10000) == 0)
    check_fail(file, line, what);
}

void check_quiet(dispatch_queue_t queue) {
  struct pollfd ready = {xpc_portable_queue_get_fd(queue), POLLIN, 0};

  while (poll(&ready, 1, 0) == 1)
    xpc_portable_queue_drain(queue, 64);
}

void record(void *context, xpc_object_t event) {
  struct seen *seen = context;

  if (xpc_get_type(event) == XPC_TYPE_CONNECTION) {
    seen->peers++;
    if (seen->on_peer != NULL)
      seen->on_peer(seen, event);
  } else if (event == XPC_ERROR_CONNECTION_INTERRUPTED) {
    seen->interrupted++;
  } else if (event == XPC_ERROR_CONNECTION_INVALID) {
    seen->invalid++;
  } else if (event == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT) {
    seen->requirement++;
  } else if (event == XPC_ERROR_TERMINATION_IMMINENT) {
    seen->terminated++;
  } else {
    CHECK(xpc_get_type(event) == XPC_TYPE_DICTIONARY);
    if (seen->messages < 1024)
      seen->numbers[seen->messages] = xpc_dictionary_get_int64(event, "n");
    seen->messages++;
    if (seen->on_message != NULL) {
      seen->on_message(seen, event);
      return;
    }
    if (seen->last != NULL)
      xpc_release(seen->last);
    seen->last = xpc_retain(event);
  }
}

void start(xpc_connection_t connection, struct seen *seen) {
  seen->connection = connection;
  xpc_connection_set_event_handler(connection, HANDLER(record, seen));
  xpc_connection_activate(connection);
}

void accept_peer(struct seen *listener, xpc_connection_t peer) {
  struct seen *server =
      (struct seen *)xpc_connection_get_context(listener->connection);

  if (listener->peer != NULL)
    xpc_release(listener->peer);
  listener->peer = xpc_retain(peer);
  xpc_connection_set_event_handler(peer, HANDLER(record, server));
  xpc_connection_activate(peer);
}

xpc_connection_t listen_here(struct seen *listener, struct seen *server) {
  xpc_connection_t connection = xpc_connection_create(NULL, NULL);

  xpc_connection_set_context(connection, server);
  if (listener->on_peer == NULL)
    listener->on_peer = accept_peer;
  start(connection, listener);
  return connection;
}

xpc_connection_t client_of(xpc_connection_t listener, struct seen *client) {
  xpc_endpoint_t endpoint = xpc_endpoint_create(listener);
  xpc_connection_t connection = xpc_connection_create_from_endpoint(endpoint);

  xpc_release(endpoint);
  start(connection, client);
  return connection;
}

xpc_object_t number(int64_t value) {
  xpc_object_t message = xpc_dictionary_create_empty();

  xpc_dictionary_set_int64(message, "n", value);
  return message;
}

void send_number(xpc_connection_t to, int64_t value) {
  xpc_object_t message = number(value);

  xpc_connection_send_message(to, message);
  xpc_release(message);
}

void echo(struct seen *seen, xpc_object_t message) {
  xpc_object_t reply = xpc_dictionary_create_reply(message);

  (void)seen;
  if (reply == NULL)
    return;
  xpc_dictionary_set_int64(reply, "n",
                           xpc_dictionary_get_int64(message, "n") + 1);
  xpc_connection_send_message(xpc_dictionary_get_remote_connection(message),
                              reply);
  xpc_release(reply);
}

pid_t serve_in_child(const char *name,
                     void (*on_message)(struct seen *, xpc_object_t)) {
  struct seen listener = {.on_peer = accept_peer};
  struct seen server = {.on_message = on_message};
  xpc_connection_t connection;
  char byte = 0;
  int ends[2];
  pid_t child;

  CHECK(pipe(ends) == 0);
  child = fork();
  if (child != 0) {
    close(ends[1]);
    CHECK(read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    return child;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close(ends[0]);
  connection = xpc_connection_create_mach_service(
      name, NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_context(connection, &server);
  start(connection, &listener);
  CHECK(write(ends[1], &byte, 1) == 1);
  close(ends[1]);
  for (;;) {
    struct pollfd ready = {xpc_portable_queue_get_fd(NULL), POLLIN, 0};
    poll(&ready, 1, -1);
    xpc_portable_queue_drain(NULL, 64);
  }
}

void kill_child(pid_t child) {
  kill(child, SIGKILL);
  CHECK(waitpid(child, NULL, 0) == child);
}

xpc_connection_t named_client(const char *name, struct seen *client) {
  xpc_connection_t connection =
      xpc_connection_create_mach_service(name, NULL, 0);

  start(connection, client);
  return connection;
}

void request(xpc_connection_t to, int64_t value, struct seen *reply) {
  xpc_object_t message = number(value);

  xpc_connection_send_message_with_reply(to, message, NULL,
                                         HANDLER(record, reply));
  xpc_release(message);
}

int open_descriptors(void) {
  DIR *directory = opendir("/proc/self/fd");
  int count = 0;

  CHECK(directory != NULL);
  while (readdir(directory) != NULL)
    count++;
  closedir(directory);
  return count;
}

static char bootstrap[64];

static void remove_bootstrap(void) {
  DIR *directory = opendir(bootstrap);
  struct dirent *entry;

  if (directory == NULL)
    return;
  while ((entry = readdir(directory)) != NULL)
    (void)unlinkat(dirfd(directory), entry->d_name, 0);
  closedir(directory);
  (void)rmdir(bootstrap);
}

const char *use_bootstrap_directory(void) {
  /* Root's tests let another user in, who may not get as far as TMPDIR. */
  const char *parent = geteuid() == 0 ? NULL : getenv("TMPDIR");

  (void)snprintf(bootstrap, sizeof bootstrap, "%s/xpc-test-XXXXXX",
                 parent != NULL && strlen(parent) < 40 ? parent : "/tmp");
  CHECK(mkdtemp(bootstrap) != NULL);
  setenv("XPCRPC_BOOTSTRAP_DIR", bootstrap, 1);
  return bootstrap;
}

/* There in builds with the address sanitizer. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* Ends a process of the tests, at once but for the counting. */
_Noreturn void check_exit(int status) {
  fflush(stdout);
  if (__gcov_dump != NULL)
    __gcov_dump();
  _exit(status);
}

/* Most tests keep what they made until they end; those whose proposition is
 * that nothing leaks say so in their name. */
static _Noreturn void finish(const struct test *test) {
  if (bootstrap[0] != 0)
    remove_bootstrap();
  if (strstr(test->name, "leak") != NULL &&
      __lsan_do_recoverable_leak_check != NULL)
    CHECK(__lsan_do_recoverable_leak_check() == 0);
  check_exit(0);
}

static bool run(const struct test *test) {
  pid_t child;
  int status;

  fflush(stdout);
  child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(60);
    test->run();
    finish(test);
  }
  CHECK(waitpid(child, &status, 0) == child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    printf("ok %s\n", test->name);
    return true;
  }
  if (WIFSIGNALED(status))
    printf("  killed by signal %d\n", WTERMSIG(status));
  printf("FAIL %s\n", test->name);
  return false;
}

int main(int count, char **names) {
  int failed = 0;

  for (const struct test *test = tests; test != NULL; test = test->next) {
    bool wanted = count == 1;
    for (int i = 1; i < count; i++)
      wanted = wanted || strcmp(names[i], test->name) == 0;
    if (wanted && !run(test))
      failed++;
  }
  return failed != 0;
}
