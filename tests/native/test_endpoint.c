/* Endpoints and what else travels beside the bytes: contract section 6. */
#include "check.h"

TEST(c151_endpoints_of_an_inactive_listener_work_once_it_is_active) {
  struct seen listener = {.on_peer = accept_peer};
  struct seen server = {.on_message = echo}, clients[3] = {{0}};
  struct seen reply = {0};
  xpc_connection_t l = xpc_connection_create(NULL, NULL);
  xpc_object_t message = xpc_dictionary_create_empty();
  xpc_connection_t boxed;

  xpc_connection_set_context(l, &server);
  xpc_connection_t one = client_of(l, &clients[0]);
  xpc_connection_t two = client_of(l, &clients[1]);
  xpc_dictionary_set_connection(message, "c", l); /* C-45 */
  boxed = xpc_dictionary_create_connection(message, "c");
  start(boxed, &clients[2]);
  request(one, 1, &reply);
  request(two, 2, &reply);
  request(boxed, 3, &reply);
  check_quiet(NULL);
  CHECK(reply.messages == 0 && reply.invalid == 0);
  start(l, &listener);
  PUMP_UNTIL(reply.messages == 3);
  CHECK(listener.peers == 3); /* C-64, C-153 */
}

TEST(c157_endpoints_of_one_listener_are_equal) {
  xpc_connection_t l = xpc_connection_create(NULL, NULL);
  xpc_connection_t other = xpc_connection_create(NULL, NULL);
  xpc_object_t a = (xpc_object_t)xpc_endpoint_create(l);
  xpc_object_t b = (xpc_object_t)xpc_endpoint_create(l);
  xpc_object_t c = (xpc_object_t)xpc_endpoint_create(other);

  CHECK(a != b && xpc_equal(a, b) && xpc_hash(a) == xpc_hash(b));
  CHECK(!xpc_equal(a, c));
  CHECK(xpc_get_type(a) == XPC_TYPE_ENDPOINT);
}

TEST(c155_an_endpoint_does_not_outlive_its_listener) {
  struct seen listener = {0}, server = {0}, client = {0}, early = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_endpoint_t endpoint = xpc_endpoint_create(l);
  xpc_connection_t c = xpc_connection_create_from_endpoint(endpoint);

  start(c, &early); /* active, has said nothing */
  check_quiet(NULL);
  xpc_connection_cancel(l);
  PUMP_UNTIL(early.invalid == 1);
  c = xpc_connection_create_from_endpoint(endpoint);
  start(c, &client);
  PUMP_UNTIL(client.invalid == 1);
  check_quiet(NULL);
  CHECK(listener.invalid == 1 && listener.peers == 0);
}

TEST(oq32_accepted_peers_outlive_their_listener) {
  struct seen listener = {0}, server = {.on_message = echo};
  struct seen client = {0}, reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);

  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  xpc_connection_cancel(l);
  PUMP_UNTIL(listener.invalid == 1);
  request(c, 2, &reply);
  PUMP_UNTIL(reply.messages == 2);
}

static void keep_endpoint(struct seen *seen, xpc_object_t message) {
  seen->peer = xpc_dictionary_create_connection(message, "endpoint");
}

TEST(e5_an_endpoint_from_a_killed_process_ends_invalid) {
  struct seen broker = {0}, server = {.on_message = keep_endpoint};
  struct seen client = {0}, reply = {0}, held = {0};
  use_bootstrap_directory();
  xpc_connection_t l;
  int gate[2];
  char byte = 0;
  CHECK(pipe(gate) == 0);
  pid_t child = fork();
  if (child == 0) {
    struct seen own = {0}, peers = {.on_message = echo}, to_broker = {0};
    CHECK(read(gate[0], &byte, 1) == 1);
    xpc_object_t message = xpc_dictionary_create_empty();
    xpc_connection_t anonymous = listen_here(&own, &peers);
    xpc_dictionary_set_connection(message, "endpoint", anonymous);
    xpc_connection_send_message(named_client("org.example.broker", &to_broker),
                                message);
    PUMP_UNTIL(false);
  }
  l = xpc_connection_create_mach_service("org.example.broker", NULL,
                                         XPC_CONNECTION_MACH_SERVICE_LISTENER);
  xpc_connection_set_context(l, &server);
  broker.on_peer = accept_peer;
  start(l, &broker);
  CHECK(write(gate[1], &byte, 1) == 1);
  PUMP_UNTIL(server.peer != NULL);
  start(server.peer, &client);
  request(server.peer, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  CHECK(xpc_connection_get_pid(server.peer) == child);
  kill(child, SIGSTOP);
  request(server.peer, 2, &held);
  kill_child(child);
  PUMP_UNTIL(client.invalid == 1 && held.invalid == 1); /* OQ-1 */
  CHECK(client.interrupted == 0);
}

static void check_all_types(struct seen *seen, xpc_object_t message) {
  char buffer[6] = "";
  size_t length;
  void *memory;
  int fd = xpc_dictionary_dup_fd(message, "fd");

  (void)seen;
  CHECK(fd >= 0 && read(fd, buffer, 5) == 5 && strcmp(buffer, "bytes") == 0);
  CHECK(xpc_dictionary_get_value(message, "true") == XPC_BOOL_TRUE); /* C-13 */
  CHECK(xpc_shmem_map(xpc_dictionary_get_value(message, "shmem"), &memory) ==
        4096);
  CHECK(strcmp(memory, "in shared memory") == 0);
  strcpy(memory, "seen");
  CHECK(memcmp(xpc_dictionary_get_data(message, "data", &length), "\0\1", 2) ==
            0 &&
        length == 2);
  CHECK(xpc_dictionary_get_date(message, "date") == -5);
  CHECK(xpc_dictionary_get_double(message, "double") == 0.5);
  CHECK(xpc_dictionary_get_uint64(message, "uint64") == UINT64_MAX);
  CHECK(xpc_dictionary_get_int64(message, "int64") == INT64_MIN);
  CHECK(strcmp(xpc_dictionary_get_string(message, "string"), "t\xc3\xa9xt") ==
        0);
  CHECK(xpc_dictionary_get_uuid(message, "uuid")[15] == 15);
  CHECK(xpc_get_type(xpc_dictionary_get_value(message, "null")) ==
        XPC_TYPE_NULL);
  CHECK(xpc_array_get_int64(xpc_dictionary_get_array(message, "array"), 1) ==
        2);
  echo(seen, message);
}

TEST(t25_every_type_reaches_another_process_unchanged) {
  const uuid_t uuid = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.types", check_all_types);
  xpc_connection_t c = named_client("org.example.types", &client);
  char *memory = xpc_portable_shmem_alloc(4096);
  xpc_object_t message = xpc_dictionary_create_empty();
  xpc_object_t list = xpc_array_create_empty();
  int ends[2];

  CHECK(pipe(ends) == 0 && write(ends[1], "bytes", 5) == 5);
  strcpy(memory, "in shared memory");
  xpc_array_set_int64(list, XPC_ARRAY_APPEND, 1);
  xpc_array_set_int64(list, XPC_ARRAY_APPEND, 2);
  xpc_dictionary_set_fd(message, "fd", ends[0]);
  xpc_dictionary_set_bool(message, "true", true);
  xpc_dictionary_set_value(message, "shmem", xpc_shmem_create(memory, 4096));
  xpc_dictionary_set_data(message, "data", "\0\1", 2);
  xpc_dictionary_set_date(message, "date", -5);
  xpc_dictionary_set_double(message, "double", 0.5);
  xpc_dictionary_set_uint64(message, "uint64", UINT64_MAX);
  xpc_dictionary_set_int64(message, "int64", INT64_MIN);
  xpc_dictionary_set_string(message, "string", "t\xc3\xa9xt");
  xpc_dictionary_set_uuid(message, "uuid", uuid);
  xpc_dictionary_set_value(message, "null", xpc_null_create());
  xpc_dictionary_set_value(message, "array", list);
  xpc_connection_send_message_with_reply(c, message, NULL,
                                         HANDLER(record, &reply));
  PUMP_UNTIL(reply.messages == 1 || client.interrupted);
  CHECK(reply.messages == 1);
  CHECK(strcmp(memory, "seen") == 0);
  kill_child(child);
}

static void return_data(struct seen *seen, xpc_object_t message) {
  xpc_object_t reply = xpc_dictionary_create_reply(message);

  (void)seen;
  xpc_dictionary_set_value(reply, "data",
                           xpc_dictionary_get_value(message, "data"));
  xpc_connection_send_message(xpc_dictionary_get_remote_connection(message),
                              reply);
  xpc_release(reply);
}

TEST(messages_of_any_size_up_to_the_limit_travel) {
  const size_t sizes[] = {0,     1,       65000,  65500,    65536,
                          65537, 1 << 20, 300000, 20 << 20, 63 << 20};
  struct seen client = {0}, reply = {0};
  use_bootstrap_directory();
  pid_t child = serve_in_child("org.example.large", return_data);
  xpc_connection_t c = named_client("org.example.large", &client);

  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    uint8_t *bytes = malloc(sizes[i] + 1);
    xpc_object_t message = xpc_dictionary_create_empty();
    size_t length;
    memset(bytes, (int)i + 1, sizes[i]);
    xpc_dictionary_set_data(message, "data", bytes, sizes[i]);
    xpc_connection_send_message_with_reply(c, message, NULL,
                                           HANDLER(record, &reply));
    xpc_release(message);
    PUMP_UNTIL(reply.messages == (int)i + 1);
    const void *back = xpc_dictionary_get_data(reply.last, "data", &length);
    CHECK(length == sizes[i]);
    CHECK(length == 0 || memcmp(back, bytes, length) == 0);
    free(bytes);
  }
  kill_child(child);
}

TEST(as_many_descriptors_as_promised_travel_and_no_more) {
  struct seen listener = {0}, server = {.on_message = echo}, client = {0};
  struct seen reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  xpc_object_t message = number(1), list = xpc_array_create_empty();

  for (int i = 0; i < XPC_PORTABLE_HANDLES; i++)
    xpc_array_set_fd(list, XPC_ARRAY_APPEND, 0);
  xpc_dictionary_set_value(message, "fds", list);
  xpc_connection_send_message_with_reply(c, message, NULL,
                                         HANDLER(record, &reply));
  PUMP_UNTIL(reply.messages == 1);
  uint8_t *large = calloc(1, 100000); /* and with a memfd beside them */
  xpc_dictionary_set_data(message, "large", large, 100000);
  xpc_connection_send_message_with_reply(c, message, NULL,
                                         HANDLER(record, &reply));
  PUMP_UNTIL(reply.messages == 2);
  xpc_array_set_fd(list, XPC_ARRAY_APPEND, 0);
  CHECK(xpc_portable_check_message(message) == ETOOMANYREFS);
}

static void drop_fds(struct seen *seen, xpc_object_t message) {
  (void)seen;
  (void)message;
}

TEST(no_leak_of_descriptors_when_requests_with_them_are_dropped) {
  struct seen listener = {0}, server = {.on_message = drop_fds};
  struct seen client = {0}, reply = {0};
  xpc_connection_t l = listen_here(&listener, &server);
  xpc_connection_t c = client_of(l, &client);
  int before = 0;

  for (int i = 0; i < 10; i++) {
    xpc_object_t message = number(1);
    xpc_dictionary_set_fd(message, "fd", 0);
    xpc_connection_send_message_with_reply(c, message, NULL,
                                           HANDLER(record, &reply));
    xpc_release(message);
    PUMP_UNTIL(reply.interrupted == i + 1); /* C-139 */
    if (i == 0)
      before = open_descriptors();
  }
  CHECK(open_descriptors() == before);
  CHECK(client.interrupted == 0 && client.invalid == 0);
  xpc_connection_cancel(c);
  xpc_connection_cancel(l);
  PUMP_UNTIL(client.invalid == 1 && server.invalid == 1 &&
             listener.invalid == 1);
  xpc_release(listener.peer);
  listener.peer = NULL;
  xpc_release(c);
  xpc_release(l);
}
