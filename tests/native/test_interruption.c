/* What becomes of messages whose service dies (C-119), and where replies and
 * errors run (C-137). */
#include "check.h"

#include <poll.h>
#include <sys/mman.h>

enum { INSTANCES = 6, SENT = 120 };

/* What each instance of the service was given, seen by all processes. */
static struct ledger {
  int instance;
  int counts[INSTANCES];
  int64_t numbers[INSTANCES][INSTANCES * SENT];
} *ledger;

/* Writes it down, and answers every third. */
static void note(struct seen *seen, xpc_object_t message) {
  int instance = ledger->instance;

  ledger->numbers[instance][ledger->counts[instance]++] =
      xpc_dictionary_get_int64(message, "n");
  if (xpc_dictionary_get_int64(message, "n") % 3 == 0)
    echo(seen, message);
}

/* A message, or a request, which ends in any case. */
static void say(xpc_connection_t to, int64_t n, struct seen *replies,
                int *asked) {
  if (n % 2 != 0) {
    send_number(to, n);
    return;
  }
  request(to, n, replies);
  (*asked)++;
}

static int ended(const struct seen *replies) {
  return replies->messages + replies->interrupted + replies->invalid;
}

/* Every number was given to the instance it was sent to or to none, in order
 * and once. */
static void check_ledger(const int64_t *first_of) {
  for (int i = 0; i < INSTANCES; i++) {
    int64_t before = first_of[i] - 1;
    for (int at = 0; at < ledger->counts[i]; at++) {
      CHECK(ledger->numbers[i][at] > before);
      before = ledger->numbers[i][at];
    }
    CHECK(before < first_of[i + 1]);
  }
}

TEST(c119_nothing_is_sent_again_nor_to_the_next_instance) {
  struct seen client = {0}, replies = {0};
  int64_t first_of[INSTANCES + 1], n = 0;
  int asked = 0;
  xpc_connection_t c = NULL;

  use_bootstrap_directory();
  ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(ledger != MAP_FAILED);
  for (int i = 0; i < INSTANCES; i++) {
    ledger->instance = i;
    pid_t child = serve_in_child("org.example.again", note);
    if (c == NULL)
      c = named_client("org.example.again", &client);
    first_of[i] = n;
    say(c, n++, &replies, &asked);
    while (*(volatile int *)&ledger->counts[i] == 0) { /* until it works */
      xpc_portable_queue_drain(NULL, 4096);
      poll(NULL, 0, 1);
    }
    /* Killed among them: some read, some in the socket, some not sent. */
    for (int sent = 0; sent < SENT; sent++) {
      if (sent == 17 * (i + 1))
        kill_child(child);
      if (i % 2 == 0 && sent % 8 == 0)
        xpc_portable_queue_drain(NULL, 4096);
      if (client.interrupted > i) /* what follows is for the next */
        break;
      say(c, n++, &replies, &asked);
    }
    while (client.interrupted == i || ended(&replies) < asked)
      check_pump(NULL, __FILE__, __LINE__, "the interruption");
    CHECK(client.interrupted == i + 1 && client.invalid == 0);
  }
  first_of[INSTANCES] = n;
  check_ledger(first_of);
  CHECK(ended(&replies) == asked && replies.invalid == 0);
  CHECK(replies.interrupted > 0);
}

TEST(c119_what_was_queued_while_suspended_is_gone) {
  struct seen client = {0}, queued = {0}, reply = {0};
  xpc_connection_t c;
  pid_t child;

  use_bootstrap_directory();
  ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  child = serve_in_child("org.example.again", note);
  c = named_client("org.example.again", &client);
  request(c, 0, &reply);
  PUMP_UNTIL(reply.messages == 1);
  xpc_connection_suspend(c);
  send_number(c, 1);
  request(c, 3, &queued);
  kill_child(child);
  ledger->instance = 1;
  child = serve_in_child("org.example.again", note);
  xpc_connection_resume(c);
  PUMP_UNTIL(client.interrupted == 1 && queued.interrupted == 1);
  request(c, 9, &reply);
  PUMP_UNTIL(reply.messages == 2);
  CHECK(ledger->counts[1] == 1 && ledger->numbers[1][0] == 9);
  kill_child(child);
}

/* -- replies to a service that is no more */

/* The service writes down what answers its own question. */
static void take_note(void *context, xpc_object_t reply) {
  int at = ledger->counts[ledger->instance]++;

  (void)context;
  ledger->numbers[ledger->instance][at] =
      xpc_get_type(reply) == XPC_TYPE_DICTIONARY
          ? xpc_dictionary_get_int64(reply, "n")
          : -1;
}

/* Asks back whoever says something: its first request, of id 1 each time. */
static void ask_back(struct seen *seen, xpc_object_t message) {
  xpc_object_t question = number(0);

  if (xpc_dictionary_get_int64(message, "n") == 1)
    xpc_connection_send_message_with_reply(
        xpc_dictionary_get_remote_connection(message), question, NULL,
        HANDLER(take_note, seen));
  xpc_release(question);
  echo(seen, message);
}

static xpc_object_t questions[2];

static void keep_question(struct seen *seen, xpc_object_t question) {
  questions[seen->messages - 1] = xpc_retain(question);
}

/* A client that was asked something by one instance, and again by the next. */
static xpc_connection_t asked_twice(pid_t *second, struct seen *client) {
  xpc_connection_t c;
  pid_t first;

  use_bootstrap_directory();
  ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  client->on_message = keep_question;
  first = serve_in_child("org.example.back", ask_back);
  c = named_client("org.example.back", client);
  send_number(c, 1);
  PUMP_UNTIL(client->messages == 1);
  kill_child(first);
  PUMP_UNTIL(client->interrupted == 1);
  ledger->instance = 1;
  *second = serve_in_child("org.example.back", ask_back);
  send_number(c, 1);
  PUMP_UNTIL(client->messages == 2);
  return c;
}

static void answer_with(xpc_connection_t c, xpc_object_t question, int64_t n) {
  xpc_object_t mine = xpc_dictionary_create_reply(question);

  xpc_dictionary_set_int64(mine, "n", n);
  xpc_connection_send_message(c, mine);
  xpc_release(mine);
}

TEST(c119_an_answer_to_the_dead_does_not_reach_the_living) {
  struct seen client = {0}, reply = {0};
  pid_t child;
  xpc_connection_t c = asked_twice(&child, &client);

  answer_with(c, questions[0], 7);
  answer_with(c, questions[1], 8);
  request(c, 2, &reply);
  PUMP_UNTIL(reply.messages == 1); /* so all before it has been read */
  CHECK(ledger->counts[1] == 1 && ledger->numbers[1][0] == 8);
  kill_child(child);
}

TEST(c119_a_question_of_the_dead_that_is_dropped_disturbs_nobody) {
  struct seen client = {0}, reply = {0};
  pid_t child;
  xpc_connection_t c = asked_twice(&child, &client);

  xpc_release(questions[0]);
  answer_with(c, questions[1], 8);
  request(c, 2, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(ledger->counts[1] == 1 && ledger->numbers[1][0] == 8);
  kill_child(child);
}

/* -- the reply queue */

static dispatch_queue_t replies_here;

/* A reply or an error, which must run while its own queue is drained. */
struct answer {
  bool draining;
  int dictionaries;
  int interrupted;
  int invalid;
  int requirement;
};

static struct answer answer;

static void take_answer(void *context, xpc_object_t event) {
  (void)context;
  CHECK(answer.draining);
  if (event == XPC_ERROR_CONNECTION_INTERRUPTED)
    answer.interrupted++;
  else if (event == XPC_ERROR_CONNECTION_INVALID)
    answer.invalid++;
  else if (event == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT)
    answer.requirement++;
  else
    answer.dictionaries++;
}

static void ask_there(xpc_connection_t to, int64_t n) {
  xpc_object_t message = number(n);

  xpc_connection_send_message_with_reply(to, message, replies_here,
                                         HANDLER(take_answer, NULL));
  xpc_release(message);
}

/* Runs the connection's own queue, then the other one. */
static void run_both(void) {
  check_quiet(NULL);
  answer.draining = true;
  check_quiet(replies_here);
  answer.draining = false;
}

static void drop(struct seen *seen, xpc_object_t message) {
  (void)seen; /* not retained: dropped unanswered (C-139) */
  (void)message;
}

TEST(c137_errors_too_run_on_the_reply_queue) {
  struct seen l = {0}, s = {.on_message = drop}, client = {0};
  xpc_connection_t listener = listen_here(&l, &s);
  xpc_connection_t c = client_of(listener, &client);

  replies_here = dispatch_queue_create("replies", NULL);
  ask_there(c, 1);
  run_both();
  CHECK(answer.interrupted == 1); /* E9 */
  s.on_message = echo;
  ask_there(c, 1);
  run_both();
  CHECK(answer.dictionaries == 1);
  s.on_message = NULL; /* kept */
  ask_there(c, 1);
  run_both();
  xpc_connection_cancel(c);
  run_both();
  CHECK(answer.invalid == 1 && client.invalid == 1); /* E8 */
  ask_there(c, 1);
  run_both();
  CHECK(answer.invalid == 2); /* C-78 */
}

TEST(c137_a_refused_reply_is_told_on_the_reply_queue) {
  struct seen l = {0}, s = {.on_message = echo}, client = {0};
  xpc_connection_t listener = listen_here(&l, &s);
  xpc_endpoint_t endpoint = xpc_endpoint_create(listener);
  xpc_connection_t c = xpc_connection_create_from_endpoint(endpoint);
  xpc_object_t rule = xpc_dictionary_create_empty();

  replies_here = dispatch_queue_create("replies", NULL);
  xpc_dictionary_set_uint64(rule, "uid", geteuid() + 1);
  CHECK(xpc_portable_connection_set_peer_rule(c, rule) == 0);
  start(c, &client);
  ask_there(c, 1);
  run_both();
  CHECK(answer.requirement == 1 && client.requirement == 0);
}

/* OQ-31: until the handler returns nothing is received, so the reply waits,
 * though its own queue is free. */
static void ask_and_run(struct seen *seen, xpc_object_t message) {
  (void)message;
  ask_there(seen->connection, 2);
  answer.draining = true;
  check_quiet(replies_here);
  answer.draining = false;
  CHECK(answer.dictionaries == 0);
}

TEST(t17_a_reply_on_its_own_queue_waits_for_the_handlers_return) {
  struct seen l = {0}, s = {.on_message = echo};
  struct seen client = {.on_message = ask_and_run};
  xpc_connection_t listener = listen_here(&l, &s);
  xpc_connection_t c = client_of(listener, &client);

  replies_here = dispatch_queue_create("replies", NULL);
  send_number(c, 1);
  PUMP_UNTIL(l.peer != NULL);
  send_number(l.peer, 1);
  PUMP_UNTIL(client.messages == 1);
  run_both();
  CHECK(answer.dictionaries == 1);
}

TEST(c137_a_suspended_connection_receives_no_reply_for_any_queue) {
  struct seen l = {0}, s = {.on_message = echo}, client = {0};
  xpc_connection_t listener = listen_here(&l, &s);
  xpc_connection_t c = client_of(listener, &client);

  replies_here = dispatch_queue_create("replies", NULL);
  ask_there(c, 1);
  xpc_connection_suspend(c); /* C-59: nothing is received */
  run_both();
  CHECK(answer.dictionaries == 0);
  xpc_connection_resume(c);
  run_both();
  CHECK(answer.dictionaries == 1);
}
