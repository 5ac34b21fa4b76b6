/* Messages in fragments. The first record states the length; each fragment
 * must be the very next one and come from the same sender. */
#include "receive.h"

/* What unfinished messages may take in this process, over all peers. */
static _Atomic size_t unfinished;

static bool reserve(size_t bytes) {
  if (atomic_fetch_add(&unfinished, bytes) + bytes <=
      XPC_PORTABLE_UNFINISHED_BYTES)
    return true;
  atomic_fetch_sub(&unfinished, bytes);
  return false;
}

bool xpc__assembly_begin(xpc_connection_t connection,
                         const struct xpc__record *record,
                         struct xpc__baggage *baggage, bool admitted) {
  struct xpc__assembly *assembly;

  if (!reserve(record->length)) {
    xpc__log("xpc: too many unfinished messages: pid %d is dropped",
             (int)baggage->sender.pid);
    return false;
  }
  assembly = xpc__alloc(sizeof *assembly);
  assembly->record = *record;
  assembly->baggage = *baggage;
  assembly->buffer = xpc__buffer_new(record->length);
  assembly->have = 0;
  assembly->admitted = admitted;
  baggage->count = 0;
  connection->assembly = assembly;
  connection->large = true;
  return true;
}

void xpc__assembly_free(xpc_connection_t connection) {
  struct xpc__assembly *assembly = connection->assembly;

  if (assembly == NULL)
    return;
  connection->assembly = NULL;
  atomic_fetch_sub(&unfinished, assembly->record.length);
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
static bool deliver(xpc_connection_t connection,
                    struct xpc__assembly *assembly) {
  bool good;

  connection->assembly = NULL;
  atomic_fetch_sub(&unfinished, assembly->record.length);
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
         deliver(connection, assembly);
}
