/* A record as it comes off the socket, and what becomes of it.
 *
 * Every descriptor that arrives is owned by its baggage until an object takes
 * it over; what is left is closed. All functions want the connection locked. */
#ifndef XPC__RECEIVE_H
#define XPC__RECEIVE_H

#include "connection.h"

enum { XPC__MAX_FDS = 253 }; /* the kernel's limit for one record */

/* What came beside the bytes. */
struct xpc__baggage {
  struct xpc__handle_source source;
  int fds[XPC__MAX_FDS];
  size_t count;
  size_t next;
  struct ucred sender;
  bool has_sender;
};

struct xpc__record {
  uint32_t flags;
  uint64_t length;
  uint64_t id;
  const uint8_t *body;
  size_t body_length;
};

/* A message that comes in fragments, as far as it has come. */
struct xpc__assembly {
  struct xpc__record record;
  struct xpc__baggage baggage;
  struct xpc__buffer *buffer;
  size_t have;
  bool admitted;
};

/* The descriptors that its objects own, or will. */
static inline size_t xpc__handles_of(const struct xpc__record *record,
                                     const struct xpc__baggage *baggage) {
  return baggage->count - (record->flags & XPC__FLAG_MEMFD ? 1 : 0);
}

/* record_in.c: takes the control messages apart. */
void xpc__unpack(struct msghdr *header, struct xpc__baggage *baggage);
void xpc__baggage_close(struct xpc__baggage *baggage);
/* False when the wrapper contradicts itself or the record. */
bool xpc__read_wrapper(const uint8_t *bytes, size_t length,
                       struct xpc__record *record);
/* The dictionary in the record's body: 0 and +1, or an errno value. `buffer`
 * is where the body lies, if it may stay there, or NULL. */
int xpc__decode_record(const struct xpc__record *record,
                       struct xpc__baggage *baggage, struct xpc__buffer *buffer,
                       xpc_object_t *object);

/* receive.c: delivers a whole record. False when it is malformed. */
bool xpc__deliver_record(xpc_connection_t connection,
                         const struct xpc__record *record,
                         struct xpc__baggage *baggage,
                         struct xpc__buffer *buffer, bool admitted);

/* assembly.c: starts one and takes the descriptors over; false when too much
 * is unfinished in this process already. */
bool xpc__assembly_begin(xpc_connection_t connection,
                         const struct xpc__record *record,
                         struct xpc__baggage *baggage, bool admitted);
/* The next fragment: `body` is its bytes, possibly in place already. False
 * when it is not the one that must come; delivers the message at its end. */
bool xpc__assembly_add(xpc_connection_t connection,
                       const struct xpc__record *record, const uint8_t *body,
                       const struct xpc__baggage *baggage);
/* Gives up what is unfinished, if anything is. */
void xpc__assembly_free(xpc_connection_t connection);

#endif
