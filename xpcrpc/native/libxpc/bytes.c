/* Data, strings and uuids: bytes copied in, lent out. */
#include "buffer.h"

#include <stdio.h>

struct xpc__bytes *xpc__bytes_new(xpc_type_t type, size_t length) {
  struct xpc__bytes *bytes;

  if (length > SIZE_MAX - sizeof *bytes - 1)
    xpc__misuse("%s of %zu bytes", type->name, length);
  bytes = xpc__alloc(sizeof *bytes + length + 1);
  bytes->object.type = type;
  atomic_init(&bytes->object.references, 1);
  bytes->length = length;
  bytes->bytes = bytes->storage;
  bytes->buffer = NULL;
  bytes->bytes[length] = 0;
  return bytes;
}

struct xpc__bytes *xpc__bytes_in(struct xpc__buffer *buffer, uint8_t *at,
                                 size_t length) {
  struct xpc__bytes *bytes = xpc__object_new(XPC_TYPE_DATA, sizeof *bytes);

  bytes->length = length;
  bytes->bytes = at;
  bytes->buffer = xpc__buffer_retain(buffer);
  return bytes;
}

void xpc__bytes_free(struct xpc__bytes *bytes) {
  xpc__buffer_release(bytes->buffer);
  free(bytes);
}

static struct xpc__bytes *bytes_of(xpc_object_t object, xpc_type_t type) {
  if (object == NULL || ((struct xpc__object *)object)->type != type)
    return NULL;
  return object;
}

/* Large data lies in a buffer, of which some are kept: a fresh one is many
 * pages, and making those costs more than the copy. */
static struct xpc__bytes *data_new(size_t length) {
  struct xpc__buffer *buffer;
  struct xpc__bytes *data;

  if (length <= XPC_PORTABLE_INLINE_BYTES ||
      length > XPC_PORTABLE_SOCKET_BYTES)
    return xpc__bytes_new(XPC_TYPE_DATA, length);
  buffer = xpc__buffer_new(length);
  data = xpc__bytes_in(buffer, buffer->bytes, length);
  xpc__buffer_release(buffer);
  return data;
}

xpc_object_t xpc_data_create(const void *bytes, size_t length) {
  struct xpc__bytes *data;

  if (bytes == NULL && length != 0) /* C-17 */
    xpc__misuse("xpc_data_create: NULL with length %zu", length);
  data = data_new(length);
  if (length != 0)
    memcpy(data->bytes, bytes, length);
  return data;
}

size_t xpc_data_get_length(xpc_object_t xdata) {
  struct xpc__bytes *data = bytes_of(xdata, XPC_TYPE_DATA);

  return data == NULL ? 0 : data->length;
}

const void *xpc_data_get_bytes_ptr(xpc_object_t xdata) {
  struct xpc__bytes *data = bytes_of(xdata, XPC_TYPE_DATA);

  return data == NULL || data->length == 0 ? NULL : data->bytes;
}

size_t xpc_data_get_bytes(xpc_object_t xdata, void *buffer, size_t off,
                          size_t length) {
  struct xpc__bytes *data = bytes_of(xdata, XPC_TYPE_DATA);

  if (data == NULL || off >= data->length) /* C-18 */
    return 0;
  if (length > data->length - off)
    length = data->length - off;
  memcpy(buffer, data->bytes + off, length);
  return length;
}

xpc_object_t xpc_string_create(const char *string) {
  struct xpc__bytes *text;
  size_t length;

  if (string == NULL)
    xpc__misuse("xpc_string_create: NULL string");
  length = strlen(string);
  text = xpc__bytes_new(XPC_TYPE_STRING, length);
  memcpy(text->bytes, string, length);
  return text;
}

xpc_object_t xpc_string_create_with_format_and_arguments(const char *fmt,
                                                         va_list ap) {
  struct xpc__bytes *text;
  va_list again;
  int length;

  va_copy(again, ap);
  length = vsnprintf(NULL, 0, fmt, ap);
  if (length < 0)
    xpc__misuse("xpc_string_create_with_format: bad format");
  text = xpc__bytes_new(XPC_TYPE_STRING, (size_t)length);
  (void)vsnprintf((char *)text->bytes, (size_t)length + 1, fmt, again);
  va_end(again);
  /* A %c of 0 would end the text early; its length follows its NUL (C-15). */
  text->length = strlen((char *)text->bytes);
  return text;
}

xpc_object_t xpc_string_create_with_format(const char *fmt, ...) {
  xpc_object_t text;
  va_list arguments;

  va_start(arguments, fmt);
  text = xpc_string_create_with_format_and_arguments(fmt, arguments);
  va_end(arguments);
  return text;
}

size_t xpc_string_get_length(xpc_object_t xstring) {
  struct xpc__bytes *text = bytes_of(xstring, XPC_TYPE_STRING);

  return text == NULL ? 0 : text->length;
}

const char *xpc_string_get_string_ptr(xpc_object_t xstring) {
  struct xpc__bytes *text = bytes_of(xstring, XPC_TYPE_STRING);

  return text == NULL ? NULL : (const char *)text->bytes;
}

xpc_object_t xpc_uuid_create(const uuid_t uuid) {
  struct xpc__uuid *object = xpc__object_new(XPC_TYPE_UUID, sizeof *object);

  if (uuid == NULL)
    xpc__misuse("xpc_uuid_create: NULL uuid");
  memcpy(object->bytes, uuid, sizeof object->bytes);
  return object;
}

const uint8_t *xpc_uuid_get_bytes(xpc_object_t xuuid) {
  if (xuuid == NULL || ((struct xpc__object *)xuuid)->type != XPC_TYPE_UUID)
    return NULL;
  return ((struct xpc__uuid *)xuuid)->bytes;
}
