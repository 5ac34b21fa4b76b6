/* Reply contexts: who asked, and what happens when nobody answers. */
#include "send.h"

xpc_object_t xpc_dictionary_create_reply(xpc_object_t original) {
  struct _xpc_dictionary_s *request = original;
  struct _xpc_dictionary_s *reply;

  if (request == NULL || xpc__kind_of(request) != XPC__DICTIONARY ||
      !request->origin.expects) /* C-131 */
    return NULL;
  reply = xpc_dictionary_create_empty();
  reply->origin = request->origin;
  reply->origin.expects = false;
  reply->origin.reply = true;
  xpc__connection_hold(reply->origin.connection);
  request->origin.expects = false;
  return reply;
}

xpc_connection_t xpc_dictionary_get_remote_connection(xpc_object_t xdict) {
  struct _xpc_dictionary_s *dictionary = xdict;

  if (dictionary == NULL || xpc__kind_of(dictionary) != XPC__DICTIONARY)
    return NULL;
  return dictionary->origin.connection; /* C-134 */
}

void xpc__origin_clear(struct xpc__origin *origin) {
  xpc_connection_t connection = origin->connection;

  if (connection == NULL || connection->process != xpc__process)
    return;
  if (origin->expects || (origin->reply && !origin->sent)) { /* C-139 */
    pthread_mutex_lock(&connection->lock);
    if (!connection->cancelled && connection->fd >= 0 &&
        connection->generation == origin->generation)
      xpc__send_no_reply(connection, origin->key);
    pthread_mutex_unlock(&connection->lock);
  }
  xpc__connection_drop(connection);
}
