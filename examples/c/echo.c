/* An echo service and its client in C, on the portable libxpc.
 *
 *   echo serve NAME        answers until it is told to end (SIGTERM)
 *   echo ask NAME TEXT     prints the answer
 *
 * With clang -fblocks the handlers could be block literals; built by hand, as
 * here, they suit any compiler. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <xpc/portable.h>

/* A block with nothing captured: a function that gets the block first. */
struct handler {
  void *isa;
  int flags, reserved;
  void (*call)(struct handler *self, xpc_object_t event);
  const void *descriptor;
};
extern void *_NSConcreteGlobalBlock[32];
static const unsigned long layout[2] = {0, sizeof(struct handler)};

#define HANDLER(name, function)                                               \
  static struct handler name = {_NSConcreteGlobalBlock, 1 << 28, 0, function, \
                                layout}
#define AS_BLOCK(name) ((xpc_handler_t)(void *)&name)

static volatile sig_atomic_t asked_to_end;
static sigset_t while_waiting; /* signals come only while we wait */
static int ended, status = 1;

static void on_signal(int number) {
  (void)number;
  asked_to_end = 1;
}

/* Runs what is ready, or waits. The library has no thread of its own: nothing
 * happens but in here. */
static void run_once(void) {
  struct pollfd ready = {xpc_portable_queue_get_fd(NULL), POLLIN, 0};

  if (xpc_portable_queue_drain(NULL, 64) == 0)
    (void)ppoll(&ready, 1, NULL, &while_waiting);
}

/* The service. */

static void on_client_event(struct handler *self, xpc_object_t event) {
  xpc_object_t reply;

  (void)self;
  if (xpc_get_type(event) != XPC_TYPE_DICTIONARY)
    return; /* the client has gone, or this process ends */
  reply = xpc_dictionary_create_reply(event);
  if (reply == NULL)
    return; /* not a request */
  xpc_dictionary_set_value(reply, "text",
                           xpc_dictionary_get_value(event, "text"));
  xpc_dictionary_set_int64(reply, "pid",
                           xpc_connection_get_pid(
                               xpc_dictionary_get_remote_connection(event)));
  xpc_connection_send_message(xpc_dictionary_get_remote_connection(event),
                              reply);
  xpc_release(reply);
}
HANDLER(client_events, on_client_event);

static void on_new_client(struct handler *self, xpc_object_t event) {
  (void)self;
  if (xpc_get_type(event) != XPC_TYPE_CONNECTION) {
    ended = 1; /* the name is taken, or we cancelled */
    return;
  }
  xpc_connection_set_event_handler(event, AS_BLOCK(client_events));
  xpc_connection_activate(event);
}
HANDLER(new_clients, on_new_client);

static int serve(const char *name) {
  xpc_connection_t listener = xpc_connection_create_mach_service(
      name, NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
  sigset_t term;

  signal(SIGTERM, on_signal);
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, NULL);
  xpc_connection_set_event_handler(listener, AS_BLOCK(new_clients));
  xpc_connection_activate(listener);
  while (!asked_to_end && !ended)
    run_once();
  if (ended) {
    fprintf(stderr, "echo: cannot listen on %s\n", name);
    return 1;
  }
  xpc_portable_terminate(); /* clients' connections learn of the end */
  xpc_connection_cancel(listener);
  while (!ended)
    run_once();
  xpc_release(listener);
  return 0;
}

/* The client. */

static void on_answer(struct handler *self, xpc_object_t answer) {
  (void)self;
  if (xpc_get_type(answer) == XPC_TYPE_DICTIONARY) {
    printf("%s\n", xpc_dictionary_get_string(answer, "text"));
    status = 0;
  } else {
    fprintf(stderr, "echo: %s\n",
            xpc_dictionary_get_string(answer, XPC_ERROR_KEY_DESCRIPTION));
  }
  ended = 1;
}
HANDLER(answers, on_answer);

static void on_event(struct handler *self, xpc_object_t event) {
  (void)self;
  (void)event; /* errors reach the answer's handler as well */
}
HANDLER(events, on_event);

static int ask(const char *name, const char *text) {
  xpc_connection_t service = xpc_connection_create_mach_service(name, NULL, 0);
  xpc_object_t request = xpc_dictionary_create_empty();

  xpc_connection_set_event_handler(service, AS_BLOCK(events));
  xpc_connection_activate(service);
  xpc_dictionary_set_string(request, "text", text);
  xpc_connection_send_message_with_reply(service, request, NULL,
                                         AS_BLOCK(answers));
  xpc_release(request);
  while (!ended)
    run_once();
  xpc_connection_cancel(service);
  xpc_release(service);
  return status;
}

int main(int count, char **arguments) {
  sigprocmask(SIG_BLOCK, NULL, &while_waiting);
  if (count == 3 && strcmp(arguments[1], "serve") == 0)
    return serve(arguments[2]);
  if (count == 4 && strcmp(arguments[1], "ask") == 0)
    return ask(arguments[2], arguments[3]);
  fprintf(stderr, "usage: echo serve NAME | echo ask NAME TEXT\n");
  return 2;
}
