/* What a user hangs on a connection or asks of it: name, context, reason. */
#include "connection.h"

const char *xpc_connection_get_name(xpc_connection_t connection) {
  xpc__require_connection(connection, "xpc_connection_get_name");
  return connection->name; /* C-97, OQ-33 */
}

void xpc_connection_set_context(xpc_connection_t connection, void *context) {
  xpc__require_connection(connection, "xpc_connection_set_context");
  pthread_mutex_lock(&connection->lock);
  connection->context = context; /* C-95 */
  pthread_mutex_unlock(&connection->lock);
}

void *xpc_connection_get_context(xpc_connection_t connection) {
  void *context;

  xpc__require_connection(connection, "xpc_connection_get_context");
  pthread_mutex_lock(&connection->lock);
  context = connection->context;
  pthread_mutex_unlock(&connection->lock);
  return context;
}

void xpc_connection_set_finalizer_f(xpc_connection_t connection,
                                    xpc_finalizer_t finalizer) {
  xpc__require_connection(connection, "xpc_connection_set_finalizer_f");
  pthread_mutex_lock(&connection->lock);
  connection->finalizer = finalizer;
  pthread_mutex_unlock(&connection->lock);
}

char *xpc_connection_copy_invalidation_reason(xpc_connection_t connection) {
  char *reason;

  xpc__require_connection(connection, "xpc_connection_copy_invalidation_reason");
  pthread_mutex_lock(&connection->lock);
  reason = connection->reason == NULL ? NULL : xpc__strdup(connection->reason);
  pthread_mutex_unlock(&connection->lock);
  return reason;
}

size_t xpc_portable_connection_get_queued(xpc_connection_t connection) {
  size_t queued;

  xpc__require_connection(connection, "xpc_portable_connection_get_queued");
  pthread_mutex_lock(&connection->lock);
  queued = connection->out_bytes;
  pthread_mutex_unlock(&connection->lock);
  return queued;
}

static _Atomic uint64_t transactions;

void xpc_transaction_begin(void) {
  atomic_fetch_add(&transactions, 1);
}

void xpc_transaction_end(void) {
  if (atomic_fetch_sub(&transactions, 1) == 0)
    xpc__misuse("xpc_transaction_end without a begin");
}
