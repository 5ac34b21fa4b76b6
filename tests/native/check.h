/* A test harness of one header and one file: tests are propositions, each run
 * in a process of its own, so a test may die, leak or change its ids.
 *
 * Nothing here sleeps. In one process every delivery is decided when a send
 * returns, so "quiet" means: nothing is readable any more. */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <Block.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <xpc/portable.h>

struct test {
  const char *name;
  void (*run)(void);
  struct test *next;
};

void check_register(struct test *test);
_Noreturn void check_exit(int status);
_Noreturn void check_fail(const char *file, int line, const char *what);

#define TEST(proposition)                                              \
  static void run_##proposition(void);                                 \
  __attribute__((constructor)) static void add_##proposition(void) {   \
    static struct test test = {#proposition, run_##proposition, NULL}; \
    check_register(&test);                                             \
  }                                                                    \
  static void run_##proposition(void)

#define CHECK(condition) \
  ((condition) ? (void)0 : check_fail(__FILE__, __LINE__, #condition))

/* Runs the statement in a child, which must die by a signal (C-175). */
#define CHECK_DIES(statement)            \
  do {                                   \
    pid_t child_ = check_fork();         \
    if (child_ == 0) {                   \
      statement;                         \
      check_exit(0);                     \
    }                                    \
    CHECK(check_died_by_signal(child_)); \
  } while (0)

/* A child that is killed with its parent and says nothing on stderr. */
pid_t check_fork(void);
bool check_died_by_signal(pid_t child);
/* Waits for the child; CHECKs that it ended with exit(0). */
void check_child(pid_t child);

/* Blocks built by hand: a function and one pointer. */
struct block {
  void *isa;
  uint32_t flags;
  uint32_t reserved;
  void (*invoke)(void);
  const void *descriptor;
  void (*call)(void *context, xpc_object_t object);
  void *context;
  int *disposed; /* counted up when the block is freed, if not NULL */
};
struct block check_block(void (*call)(void *, xpc_object_t), void *context,
                         int *disposed);
#define HANDLER(call, context) \
  ((xpc_handler_t)(void *)&(struct block[]){check_block(call, context, NULL)})
#define HANDLER_COUNTED(call, context, disposed) \
  ((xpc_handler_t)(void *)&(struct block[]){     \
      check_block(call, context, disposed)})
/* For barriers: the function is called with a NULL object. */
#define BARRIER(call, context) \
  ((dispatch_block_t)(void *)&(struct block[]){check_barrier(call, context)})
struct block check_barrier(void (*call)(void *, xpc_object_t), void *context);

/* Drains the default queue until the condition holds; fails when nothing
 * comes for ten seconds. */
#define PUMP_UNTIL(condition)                           \
  do {                                                  \
    while (!(condition))                                \
      check_pump(NULL, __FILE__, __LINE__, #condition); \
  } while (0)
void check_pump(dispatch_queue_t queue, const char *file, int line,
                const char *what);
/* Drains until nothing is readable. */
void check_quiet(dispatch_queue_t queue);

/* What a connection has seen. */
struct seen {
  xpc_connection_t connection;
  int messages;
  int peers;
  int interrupted;
  int invalid;
  int requirement;
  int terminated;
  int64_t numbers[1024]; /* of {"n": int64}, in order */
  xpc_object_t last;     /* the last message, retained */
  xpc_connection_t peer; /* the last peer, retained */
  void (*on_message)(struct seen *seen, xpc_object_t message);
  void (*on_peer)(struct seen *seen, xpc_connection_t peer);
};
void record(void *seen, xpc_object_t event);

/* An active anonymous listener that accepts everybody; peers' events go to
 * `server`, which counts for all of them. */
xpc_connection_t listen_here(struct seen *listener, struct seen *server);
/* An active client of it. */
xpc_connection_t client_of(xpc_connection_t listener, struct seen *client);
/* Any connection, with `seen` as its handler, activated. */
void start(xpc_connection_t connection, struct seen *seen);
void accept_peer(struct seen *listener, xpc_connection_t peer);

xpc_object_t number(int64_t value); /* {"n": value}, +1 */
void send_number(xpc_connection_t to, int64_t value);
void echo(struct seen *seen, xpc_object_t message); /* replies {"n": n + 1} */

/* A child that serves `name` with `on_message` until it is killed; returns
 * once the name is taken. Fork before the library is used in this process. */
pid_t serve_in_child(const char *name,
                     void (*on_message)(struct seen *, xpc_object_t));
/* Kills and reaps it. */
void kill_child(pid_t child);
xpc_connection_t named_client(const char *name, struct seen *client);
void request(xpc_connection_t to, int64_t value, struct seen *reply);

int open_descriptors(void);
/* A fresh bootstrap directory for this test. */
const char *use_bootstrap_directory(void);

#endif
