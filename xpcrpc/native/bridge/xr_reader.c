/* A frame from Python becomes objects of libxpc.
 *
 * Our own codec wrote the frame, or a program did: no byte is trusted, since
 * what libxpc refuses it refuses by ending the process. */
#include <string.h>

#include "xr__bridge.h"

struct reader {
  const uint8_t *at;
  const struct xr_handle *handles;
  size_t count;  /* of handles */
  size_t taken;  /* of handles */
  size_t objects;
  int status;
};

static xpc_object_t read_object(struct reader *reader, const uint8_t *end,
                                unsigned depth);

static void *fail(struct reader *reader, int status) {
  if (reader->status == XR_OK)
    reader->status = status;
  return NULL;
}

static const uint8_t *take(struct reader *reader, const uint8_t *end,
                           size_t length) {
  const uint8_t *at = reader->at;

  if ((size_t)(end - at) < length)
    return fail(reader, XR_BAD_FRAME);
  reader->at += length;
  return at;
}

static bool take_word(struct reader *reader, const uint8_t *end,
                      uint32_t *word) {
  const uint8_t *at = take(reader, end, sizeof *word);

  if (at == NULL)
    return false;
  memcpy(word, at, sizeof *word); /* little-endian, as every target is */
  return true;
}

static xpc_object_t read_bool(struct reader *reader, const uint8_t *end) {
  uint32_t value;

  if (!take_word(reader, end, &value))
    return NULL;
  return value > 1 ? fail(reader, XR_BAD_FRAME) : xpc_bool_create(value == 1);
}

static xpc_object_t read_number(struct reader *reader, const uint8_t *end,
                                uint32_t type) {
  const uint8_t *at = take(reader, end, 8);
  uint64_t bits;
  int64_t integer;
  double real;

  if (at == NULL)
    return NULL;
  memcpy(&bits, at, 8);
  memcpy(&integer, at, 8);
  memcpy(&real, at, 8);
  switch (type) {
    case XR__INT64:
      return xpc_int64_create(integer);
    case XR__UINT64:
      return xpc_uint64_create(bits);
    case XR__DATE:
      return xpc_date_create(integer);
    default:
      return xpc_double_create(real);
  }
}

static xpc_object_t read_data(struct reader *reader, const uint8_t *end) {
  const uint8_t *at;
  uint32_t length;

  if (!take_word(reader, end, &length))
    return NULL;
  at = take(reader, end, xr__padded(length, 4));
  return at == NULL ? NULL : xpc_data_create(at, length);
}

static xpc_object_t read_string(struct reader *reader, const uint8_t *end) {
  const uint8_t *at;
  uint32_t length;

  if (!take_word(reader, end, &length))
    return NULL;
  at = take(reader, end, xr__padded(length, 4));
  if (at == NULL)
    return NULL;
  /* One NUL, and it is the last byte. */
  if (length == 0 || memchr(at, 0, length) != at + length - 1)
    return fail(reader, XR_BAD_FRAME);
  return xpc_string_create((const char *)at);
}

static xpc_object_t read_uuid(struct reader *reader, const uint8_t *end) {
  const uint8_t *at = take(reader, end, 16);

  return at == NULL ? NULL : xpc_uuid_create(at);
}

static const struct xr_handle *next_handle(struct reader *reader,
                                           uint32_t kind) {
  if (reader->taken == reader->count ||
      reader->handles[reader->taken].kind != kind)
    return fail(reader, XR_BAD_HANDLE);
  return &reader->handles[reader->taken++];
}

static xpc_object_t or_bad_handle(struct reader *reader, xpc_object_t object) {
  return object == NULL ? fail(reader, XR_BAD_HANDLE) : object;
}

static xpc_object_t read_fd(struct reader *reader) {
  const struct xr_handle *handle = next_handle(reader, XR_HANDLE_FD);

  if (handle == NULL)
    return NULL;
  return or_bad_handle(reader, xpc_fd_create(handle->fd));
}

static xpc_object_t read_shmem(struct reader *reader, const uint8_t *end) {
  const struct xr_handle *handle;

  if (take(reader, end, 8) == NULL) /* libxpc knows the size better */
    return NULL;
  handle = next_handle(reader, XR_HANDLE_SHMEM);
  if (handle == NULL)
    return NULL;
  if (handle->object != NULL)
    return xpc_retain(handle->object);
  return or_bad_handle(reader, xr__shmem_create(handle->address,
                                                (size_t)handle->size));
}

static xpc_object_t read_endpoint(struct reader *reader) {
  const struct xr_handle *handle = next_handle(reader, XR_HANDLE_ENDPOINT);

  if (handle == NULL)
    return NULL;
  if (handle->object == NULL)
    return fail(reader, XR_BAD_HANDLE);
  return xpc_retain(handle->object);
}

static bool read_items(struct reader *reader, const uint8_t *end,
                       uint32_t count, unsigned depth, xpc_object_t array) {
  for (uint32_t i = 0; i < count; i++) {
    xpc_object_t item = read_object(reader, end, depth);
    if (item == NULL)
      return false;
    xpc_array_append_value(array, item);
    xpc_release(item);
  }
  return true;
}

static bool read_entries(struct reader *reader, const uint8_t *end,
                         uint32_t count, unsigned depth,
                         xpc_object_t dictionary) {
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *key = reader->at;
    const uint8_t *nul = memchr(key, 0, (size_t)(end - key));
    xpc_object_t value;
    if (nul == NULL) {
      fail(reader, XR_BAD_FRAME);
      return false;
    }
    if (take(reader, end, xr__padded((size_t)(nul - key) + 1, 4)) == NULL)
      return false;
    value = read_object(reader, end, depth);
    if (value == NULL)
      return false;
    xpc_dictionary_set_value(dictionary, (const char *)key, value);
    xpc_release(value);
  }
  return true;
}

/* After the type word of an array or dictionary: fills `container`. */
static bool read_members(struct reader *reader, const uint8_t *end,
                         unsigned depth, uint32_t type,
                         xpc_object_t container) {
  /* The least a member takes: a type word; an entry has a key before it. */
  size_t least = type == XR__ARRAY ? 4 : 8;
  uint32_t length, count;
  bool whole;

  if (depth > xr__depth_limit()) {
    fail(reader, XR_TOO_DEEP);
    return false;
  }
  if (!take_word(reader, end, &length))
    return false;
  if (length > (size_t)(end - reader->at)) {
    fail(reader, XR_BAD_FRAME);
    return false;
  }
  end = reader->at + length;
  if (!take_word(reader, end, &count))
    return false;
  if (count > (size_t)(end - reader->at) / least) {
    fail(reader, XR_BAD_FRAME);
    return false;
  }
  if (type == XR__ARRAY)
    whole = read_items(reader, end, count, depth, container);
  else
    whole = read_entries(reader, end, count, depth, container);
  if (whole && reader->at != end) {
    fail(reader, XR_BAD_FRAME);
    return false;
  }
  return whole;
}

static xpc_object_t read_container(struct reader *reader, const uint8_t *end,
                                   unsigned depth, uint32_t type) {
  /* Not the _empty variants: these are as good and older (10.7). */
  xpc_object_t container = type == XR__ARRAY
                               ? xpc_array_create(NULL, 0)
                               : xpc_dictionary_create(NULL, NULL, 0);

  if (read_members(reader, end, depth, type, container))
    return container;
  xpc_release(container);
  return NULL;
}

static xpc_object_t read_object(struct reader *reader, const uint8_t *end,
                                unsigned depth) {
  uint32_t type;

  if (!take_word(reader, end, &type))
    return NULL;
  if (++reader->objects > xr__object_limit())
    return fail(reader, XR_TOO_MANY_OBJECTS);
  switch (type) {
    case XR__NULL:
      return xpc_null_create();
    case XR__BOOL:
      return read_bool(reader, end);
    case XR__INT64:
    case XR__UINT64:
    case XR__DOUBLE:
    case XR__DATE:
      return read_number(reader, end, type);
    case XR__DATA:
      return read_data(reader, end);
    case XR__STRING:
      return read_string(reader, end);
    case XR__UUID:
      return read_uuid(reader, end);
    case XR__FD:
      return read_fd(reader);
    case XR__SHMEM:
      return read_shmem(reader, end);
    case XR__ENDPOINT:
      return read_endpoint(reader);
    case XR__ARRAY:
    case XR__DICTIONARY:
      return read_container(reader, end, depth + 1, type);
    default:
      return fail(reader, XR_BAD_FRAME);
  }
}

static int read_root(struct reader *reader, const uint8_t *end,
                     xpc_object_t dictionary) {
  uint32_t magic, version, type;

  if (!take_word(reader, end, &magic) || !take_word(reader, end, &version))
    return XR_BAD_FRAME;
  if ((magic != XR__MAGIC && magic != XR__MAGIC_MACH) || version != 5)
    return XR_BAD_FRAME;
  if (!take_word(reader, end, &type))
    return XR_BAD_FRAME;
  if (type != XR__DICTIONARY)
    return XR_NOT_A_DICTIONARY;
  reader->objects = 1;
  if (!read_members(reader, end, 1, type, dictionary))
    return reader->status;
  for (; reader->at < end; reader->at++)
    if (*reader->at != 0)
      return XR_BAD_FRAME;
  return reader->taken == reader->count ? XR_OK : XR_BAD_HANDLE;
}

int xr__read_frame(const void *frame, size_t length,
                   const struct xr_handle *handles, size_t count,
                   xpc_object_t *dictionary) {
  struct reader reader = {frame, handles, count, 0, 0, XR_OK};
  xpc_object_t root = *dictionary;
  int status;

  if (length > xr_message_limit())
    return XR_TOO_LARGE;
  if (count > xr_handle_limit())
    return XR_TOO_MANY_HANDLES;
  if (root == NULL)
    root = xpc_dictionary_create(NULL, NULL, 0);
  status = read_root(&reader, reader.at + length, root);
  if (status == XR_OK)
    *dictionary = root;
  else if (root != *dictionary)
    xpc_release(root);
  return status;
}
