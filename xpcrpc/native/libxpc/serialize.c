/* The serialisation as a public function, with its handles in an array. */
#include "wire.h"

#include <errno.h>

int xpc_portable_serialize(xpc_object_t object, void **bytes, size_t *length,
                           xpc_object_t *handles) {
  struct xpc__measure measure;
  xpc_object_t *table;
  uint8_t *payload;
  int error;

  if (object == NULL || bytes == NULL || length == NULL)
    return EINVAL;
  error = xpc__measure(object, &measure);
  if (error != 0)
    return error;
  payload = xpc__alloc(measure.bytes);
  table = xpc__alloc(measure.handles * sizeof *table);
  xpc__encode(object, &measure, payload, table);
  *bytes = payload;
  *length = measure.bytes;
  if (handles != NULL)
    *handles = xpc_array_create(table, measure.handles);
  free(table);
  return 0;
}

struct array_source {
  struct xpc__handle_source source;
  xpc_object_t handles;
  size_t next;
};

static xpc_object_t take(struct xpc__handle_source *source, xpc_type_t type,
                         uint64_t length) {
  struct array_source *from = (struct array_source *)source;
  struct xpc__handle *handle;

  if (from->next >= xpc_array_get_count(from->handles))
    return NULL;
  handle = xpc_array_get_value(from->handles, from->next++);
  if (handle->object.type != type ||
      (type == XPC_TYPE_SHMEM && handle->length != length))
    return NULL;
  return xpc_retain(handle);
}

int xpc_portable_deserialize(const void *bytes, size_t length,
                             xpc_object_t handles, xpc_object_t *object) {
  struct array_source from = {{take}, handles, 0};
  int error;

  if (bytes == NULL || object == NULL)
    return EINVAL;
  error = xpc__decode(bytes, length, NULL, &from.source, object);
  if (error == 0 && from.next != xpc_array_get_count(handles)) {
    xpc_release(*object);
    error = EBADMSG;
  }
  return error;
}
