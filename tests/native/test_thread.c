/* Two queues drained by two threads: counts atomic, state under locks. */
#include "check.h"

#include <poll.h>
#include <pthread.h>

enum { ROUNDS = 500 };

struct side {
  dispatch_queue_t queue;
  xpc_connection_t connection;
  int replies;
  int errors;
};

static _Atomic bool stop;

static void serve_message(void *context, xpc_object_t event) {
  struct seen server = {0};

  (void)context;
  if (xpc_get_type(event) == XPC_TYPE_DICTIONARY)
    echo(&server, event);
}

static void take_peer(void *context, xpc_object_t event) {
  xpc_connection_t peer = event;

  if (xpc_get_type(event) != XPC_TYPE_CONNECTION)
    return;
  xpc_connection_set_target_queue(peer, ((struct side *)context)->queue);
  xpc_connection_set_event_handler(peer, HANDLER(serve_message, NULL));
  xpc_connection_activate(peer);
}

static void *drain_until_stopped(void *context) {
  struct side *side = context;

  while (!stop) {
    struct pollfd ready = {xpc_portable_queue_get_fd(side->queue), POLLIN, 0};
    poll(&ready, 1, 10);
    xpc_portable_queue_drain(side->queue, 64);
  }
  return NULL;
}

static void count_reply(void *context, xpc_object_t event) {
  struct side *side = context;

  if (xpc_get_type(event) == XPC_TYPE_DICTIONARY)
    side->replies++;
  else
    side->errors++;
}

static void *ask_synchronously(void *context) {
  struct side *side = context;

  for (int i = 0; i < ROUNDS; i++) {
    xpc_object_t message = number(i);
    xpc_object_t reply =
        xpc_connection_send_message_with_reply_sync(side->connection, message);
    CHECK(xpc_dictionary_get_int64(reply, "n") == i + 1);
    xpc_release(reply);
    xpc_release(message);
  }
  return NULL;
}

TEST(queues_may_be_drained_by_different_threads) {
  struct side server = {dispatch_queue_create("server", NULL), NULL, 0, 0};
  struct side client = {dispatch_queue_create("client", NULL), NULL, 0, 0};
  xpc_connection_t l = xpc_connection_create(NULL, server.queue);
  pthread_t threads[3];
  xpc_endpoint_t endpoint;

  xpc_connection_set_event_handler(l, HANDLER(take_peer, &server));
  xpc_connection_activate(l);
  endpoint = xpc_endpoint_create(l);
  client.connection = xpc_connection_create_from_endpoint(endpoint);
  xpc_connection_set_target_queue(client.connection, client.queue);
  xpc_connection_set_event_handler(client.connection,
                                   HANDLER(count_reply, &client));
  xpc_connection_activate(client.connection);
  CHECK(pthread_create(&threads[0], NULL, drain_until_stopped, &server) == 0);
  CHECK(pthread_create(&threads[1], NULL, ask_synchronously, &client) == 0);
  CHECK(pthread_create(&threads[2], NULL, ask_synchronously, &client) == 0);
  for (int i = 0; i < ROUNDS; i++) {
    xpc_object_t message = number(i);
    xpc_connection_send_message_with_reply(client.connection, message,
                                           client.queue,
                                           HANDLER(count_reply, &client));
    xpc_release(message);
    xpc_portable_queue_drain(client.queue, 64);
  }
  while (client.replies + client.errors < ROUNDS)
    check_pump(client.queue, __FILE__, __LINE__, "the replies");
  CHECK(pthread_join(threads[1], NULL) == 0);
  CHECK(pthread_join(threads[2], NULL) == 0);
  stop = true;
  CHECK(pthread_join(threads[0], NULL) == 0);
  CHECK(client.errors == 0);
}

enum { LARGE_ROUNDS = 20 };

static void *send_large(void *context) {
  struct side *side = context;
  uint8_t *bytes = calloc(1, 300000);

  for (int i = 0; i < LARGE_ROUNDS; i++) {
    xpc_object_t message = number(i);
    xpc_dictionary_set_data(message, "data", bytes,
                            (size_t)(i + 1) * 14999); /* in every form */
    xpc_connection_send_message(side->connection, message);
    xpc_release(message);
  }
  free(bytes);
  return NULL;
}

TEST(large_messages_of_two_threads_do_not_mix) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  struct side side = {dispatch_queue_create("client", NULL), NULL, 0, 0};
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  pthread_t threads[3];

  stop = false;
  side.connection = xpc_connection_create_from_endpoint(endpoint);
  xpc_connection_set_target_queue(side.connection, side.queue);
  start(side.connection, &client);
  CHECK(pthread_create(&threads[0], NULL, drain_until_stopped, &side) == 0);
  CHECK(pthread_create(&threads[1], NULL, send_large, &side) == 0);
  CHECK(pthread_create(&threads[2], NULL, send_large, &side) == 0);
  PUMP_UNTIL(server.messages == 2 * LARGE_ROUNDS);
  CHECK(pthread_join(threads[1], NULL) == 0);
  CHECK(pthread_join(threads[2], NULL) == 0);
  stop = true;
  CHECK(pthread_join(threads[0], NULL) == 0);
  CHECK(server.invalid == 0 && client.invalid == 0);
}

static void *terminate_and_cancel(void *context) {
  struct side *side = context;

  xpc_portable_terminate();
  xpc_connection_cancel(side->connection);
  return NULL;
}

TEST(ends_from_several_threads_are_one_end) {
  struct seen listener = {0}, server = {0}, client = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  struct side side = {NULL, client_of(l, &client), 0, 0};
  pthread_t threads[3];

  send_number(side.connection, 1);
  PUMP_UNTIL(server.messages == 1);
  CHECK(pthread_create(&threads[0], NULL, send_large, &side) == 0);
  for (int i = 1; i < 3; i++)
    CHECK(pthread_create(&threads[i], NULL, terminate_and_cancel, &side) == 0);
  PUMP_UNTIL(server.invalid == 1 && client.invalid == 1);
  for (int i = 0; i < 3; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  check_quiet(NULL);
  CHECK(server.terminated <= 1 && client.invalid == 1);
}
