/* A client that writes records itself, and a service for it to attack. */
#ifndef RAW_H
#define RAW_H

#include "check.h"

#define EMPTY_DICTIONARY "\x42\x37\x13\x42\5\0\0\0\0\xf0\0\0\4\0\0\0\0\0\0\0"

extern int logged; /* lines */
extern char last_line[256];
extern struct seen raw_listener, raw_server;

/* Serves "org.example.h" on the default queue, echoing. */
void raw_serve(void);
/* A well-behaved client still gets its answer. */
void raw_still_serves(void);
/* A connected socket that has said nothing. */
int raw_client(void);
void raw_send(int fd, const void *bytes, size_t length, const int *fds,
              size_t count);
/* A record: wrapper and body; returns its length. */
size_t record_of(uint8_t *out, uint32_t flags, uint64_t length, uint64_t id,
                 const void *body, size_t body_length);
/* Whether the other side has closed. */
bool raw_at_end(int fd);
/* Sends the record on a connection of its own, which must end with one line
 * in the log and without a peer at the listener. */
void must_be_dropped(const void *bytes, size_t length, const int *fds,
                     size_t count);

#endif
