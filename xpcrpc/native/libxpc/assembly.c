/* Messages in fragments. The first record states the length; each fragment
 * must be the very next one and come from the same sender. */
#include "receive.h"

/* What unfinished messages take in this process, over all peers. */
static _Atomic size_t unfinished;

static void give_back(xpc_connection_t connection, size_t bytes) {
  atomic_fetch_sub(&unfinished, bytes);
  xpc__user_take_off(connection->user, XPC__UNFINISHED_BYTES, bytes);
}

/* It is no longer unfinished. */
static struct xpc__assembly *detach(xpc_connection_t connection) {
  struct xpc__assembly *assembly = connection->assembly;

  connection->assembly = NULL;
  give_back(connection, assembly->record.length);
  xpc__user_take_off(connection->user, XPC__WAITING_DESCRIPTORS,
                     assembly->baggage.count);
  return assembly;
}

static bool reserve(xpc_connection_t connection, size_t bytes) {
  bool within = xpc__user_may(connection->user, XPC__UNFINISHED_BYTES, bytes);

  xpc__user_add(connection->user, XPC__UNFINISHED_BYTES, bytes);
  if (atomic_fetch_add(&unfinished, bytes) + bytes <=
          XPC_PORTABLE_UNFINISHED_BYTES &&
      within)
    return true;
  give_back(connection, bytes);
  return false;
}

bool xpc__assembly_begin(xpc_connection_t connection,
                         const struct xpc__record *record,
                         struct xpc__baggage *baggage, bool admitted) {
  struct xpc__assembly *assembly;

  if (!reserve(connection, record->length)) {
    xpc__log("xpc: too many unfinished messages: pid %d (uid %u) is dropped",
             (int)baggage->sender.pid, (unsigned)baggage->sender.uid);
    return false;
  }
  assembly = xpc__alloc(sizeof *assembly);
  assembly->record = *record;
  assembly->baggage = *baggage;
  assembly->buffer = xpc__buffer_new(record->length);
  assembly->have = 0;
  assembly->admitted = admitted;
  baggage->count = 0;
  xpc__user_add(connection->user, XPC__WAITING_DESCRIPTORS,
                assembly->baggage.count);
  connection->assembly = assembly;
  connection->large = true;
  return true;
}

void xpc__assembly_free(xpc_connection_t connection) {
  struct xpc__assembly *assembly;

  if (connection->assembly == NULL)
    return;
  assembly = detach(connection);
  xpc__baggage_close(&assembly->baggage);
  xpc__buffer_release(assembly->buffer);
  free(assembly);
}

static bool same_sender(const struct xpc__baggage *a,
                        const struct xpc__baggage *b) {
  return b->has_sender && a->sender.pid == b->sender.pid &&
         a->sender.uid == b->sender.uid && a->sender.gid == b->sender.gid;
}

/* The assembly is finished: it leaves the connection before anything else
 * happens to that. */
static bool deliver(xpc_connection_t connection) {
  struct xpc__assembly *assembly = detach(connection);
  bool good;

  assembly->record.body = assembly->buffer->bytes;
  assembly->record.body_length = assembly->have;
  good = xpc__deliver_record(connection, &assembly->record, &assembly->baggage,
                             assembly->buffer, assembly->admitted);
  xpc__baggage_close(&assembly->baggage);
  xpc__buffer_release(assembly->buffer);
  free(assembly);
  return good;
}

bool xpc__assembly_add(xpc_connection_t connection,
                       const struct xpc__record *record, const uint8_t *body,
                       const struct xpc__baggage *baggage) {
  struct xpc__assembly *assembly = connection->assembly;
  size_t left = assembly->record.length - assembly->have;
  size_t wanted = left < XPC__FRAGMENT_BYTES ? left : XPC__FRAGMENT_BYTES;
  uint8_t *place = assembly->buffer->bytes + assembly->have;

  if ((record->flags & XPC__FLAG_FRAGMENT) == 0 || record->length != wanted ||
      record->id != assembly->have || baggage->count != 0 ||
      !same_sender(&assembly->baggage, baggage)) {
    xpc__log("xpc: pid %d sent a wrong fragment after %zu bytes: dropped",
             (int)baggage->sender.pid, assembly->have);
    return false;
  }
  if (body != place)
    memcpy(place, body, wanted);
  assembly->have += wanted;
  return assembly->have < assembly->record.length ||
         deliver(connection);
}
