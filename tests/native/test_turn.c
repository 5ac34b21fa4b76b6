/* Whose turn it is: one that never stops talking does not keep the others
 * from being heard. */
#include "raw.h"

/* A socket that was ready alone is tried first, without asking for others;
 * but not for ever. */
TEST(a_socket_that_is_always_ready_does_not_hide_the_others) {
  struct seen client = {0}, reply = {0};
  uint8_t record[64];
  size_t length;
  int fd, rounds = 0;

  raw_serve();
  xpc_connection_t c = named_client("org.example.h", &client);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  length = record_of(record, 0x101, 20, 1, EMPTY_DICTIONARY, 20);
  fd = raw_client();
  for (int i = 0; i < 4; i++) { /* it alone is ready */
    raw_send(fd, record, length, NULL, 0);
    xpc_portable_queue_drain(NULL, 64);
  }
  request(c, 1, &reply);
  while (reply.messages == 1) {
    CHECK(rounds++ < 1000);
    while (send(fd, record, length, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
      continue;
    xpc_portable_queue_drain(NULL, 64);
  }
}
