/* Each limit is one number that any thread may read or set. */
#include "limits.h"

static _Atomic size_t message = XPC_PORTABLE_MESSAGE_BYTES;
static _Atomic size_t queue_messages = XPC_PORTABLE_QUEUE_MESSAGES;
static _Atomic size_t queue_bytes = XPC_PORTABLE_QUEUE_BYTES;
static _Atomic size_t peers = XPC_PORTABLE_PEERS;
static _Atomic size_t peers_of_user = XPC_PORTABLE_PEERS_OF_USER;
static _Atomic size_t silent_peers = XPC_PORTABLE_SILENT_PEERS;

static size_t get(_Atomic size_t *limit) {
  return atomic_load_explicit(limit, memory_order_relaxed);
}

static void set(_Atomic size_t *limit, size_t value, size_t standard) {
  atomic_store_explicit(limit, value == 0 ? standard : value,
                        memory_order_relaxed);
}

size_t xpc__message_limit(void) { return get(&message); }
size_t xpc__queue_messages(void) { return get(&queue_messages); }
size_t xpc__queue_bytes(void) { return get(&queue_bytes); }
size_t xpc__peers(void) { return get(&peers); }
size_t xpc__peers_of_user(void) { return get(&peers_of_user); }
size_t xpc__silent_peers(void) { return get(&silent_peers); }

size_t xpc_portable_set_message_limit(size_t bytes) {
  if (bytes == 0)
    bytes = XPC_PORTABLE_MESSAGE_BYTES;
  if (bytes > UINT32_MAX) /* lengths on the wire have 32 bits */
    bytes = UINT32_MAX;
  return atomic_exchange(&message, bytes);
}

void xpc_portable_set_queue_limits(size_t messages, size_t bytes) {
  set(&queue_messages, messages, XPC_PORTABLE_QUEUE_MESSAGES);
  set(&queue_bytes, bytes, XPC_PORTABLE_QUEUE_BYTES);
}

void xpc_portable_set_peer_limits(size_t all, size_t of_user, size_t silent) {
  set(&peers, all, XPC_PORTABLE_PEERS);
  set(&peers_of_user, of_user, XPC_PORTABLE_PEERS_OF_USER);
  set(&silent_peers, silent, XPC_PORTABLE_SILENT_PEERS);
}
