/* A message in fragments that is right in every byte, but for where they come
 * from and what comes with them. */
#include "raw.h"

enum { HEAD = 0x08000101, PART = 0x10000001, CUT = 64 * 1024 };

static uint8_t *payload;
static size_t payload_length;
static int connected;

/* All but the last fragment of a message. */
static void begin(void) {
  uint8_t *record = calloc(1, 24 + CUT), *bytes = calloc(1, CUT + 1000);
  xpc_object_t message = number(1);
  void *serialized;

  raw_serve();
  connected = raw_client();
  xpc_dictionary_set_data(message, "data", bytes, CUT + 1000);
  CHECK(xpc_portable_serialize(message, &serialized, &payload_length, NULL) ==
        0);
  payload = serialized;
  raw_send(connected, record, record_of(record, HEAD, payload_length, 1, "", 0),
           NULL, 0);
  raw_send(connected, record, record_of(record, PART, CUT, 0, payload, CUT),
           NULL, 0);
  check_quiet(NULL);
  xpc_release(message);
  free(record);
  free(bytes);
}

static void finish_with(const int *fds, size_t count) {
  uint8_t record[4096];
  size_t rest = payload_length - CUT;

  raw_send(connected, record,
           record_of(record, PART, rest, CUT, payload + CUT, rest), fds, count);
}

TEST(a_last_fragment_completes_the_message) {
  begin();
  finish_with(NULL, 0);
  PUMP_UNTIL(raw_server.messages == 1);
  CHECK(logged == 0);
}

TEST(a_fragment_with_a_descriptor_is_refused) {
  int zero = 0, before;

  begin();
  before = open_descriptors();
  finish_with(&zero, 1);
  check_quiet(NULL);
  CHECK(logged == 1 && raw_at_end(connected) && raw_server.messages == 0);
  CHECK(open_descriptors() == before - 1); /* the connection's alone */
}

TEST(a_fragment_from_another_process_is_refused) {
  pid_t child;

  begin();
  child = check_fork();
  if (child == 0) {
    finish_with(NULL, 0);
    check_exit(0);
  }
  check_child(child);
  check_quiet(NULL);
  CHECK(logged == 1 && raw_at_end(connected) && raw_server.messages == 0);
}
