/* Bytes to objects. Every length, count and index comes from a peer: each is
 * held against what is really there before it is used, and what one byte can
 * make us allocate is bounded. */
#include "wire.h"

#include <errno.h>

struct decoder {
  const uint8_t *at;
  struct xpc__buffer *buffer;
  size_t least_kept; /* data from this size on stays in the buffer */
  struct xpc__handle_source *source;
  size_t objects;
  int error;
};

static xpc_object_t read_object(struct decoder *decoder, const uint8_t *end,
                                unsigned depth);

static xpc_object_t fail(struct decoder *decoder, int error) {
  if (decoder->error == 0)
    decoder->error = error;
  return NULL;
}

/* `length` bytes before `end`, or NULL. */
static const uint8_t *take(struct decoder *decoder, const uint8_t *end,
                           size_t length) {
  const uint8_t *at = decoder->at;

  if ((size_t)(end - at) < length)
    return fail(decoder, EBADMSG);
  decoder->at += length;
  return at;
}

static xpc_object_t read_scalar(struct decoder *decoder, const uint8_t *end,
                                xpc_type_t type) {
  const uint8_t *at = take(decoder, end, 8);
  struct xpc__scalar *scalar;

  if (at == NULL)
    return NULL;
  scalar = xpc__alloc(sizeof *scalar);
  scalar->object.type = type;
  atomic_init(&scalar->object.references, 1);
  scalar->as.uint64 = xpc__load64(at);
  return scalar;
}

static xpc_object_t read_bool(struct decoder *decoder, const uint8_t *end) {
  const uint8_t *at = take(decoder, end, 4);

  if (at == NULL)
    return NULL;
  if (xpc__load32(at) > 1)
    return fail(decoder, EBADMSG);
  return xpc_bool_create(xpc__load32(at) == 1);
}

static xpc_object_t read_bytes(struct decoder *decoder, const uint8_t *end,
                               xpc_type_t type) {
  const uint8_t *at = take(decoder, end, 4);
  struct xpc__bytes *bytes;
  size_t length;

  if (at == NULL)
    return NULL;
  length = xpc__load32(at);
  at = take(decoder, end, xpc__padded(length));
  if (at == NULL)
    return NULL;
  if (type == XPC_TYPE_STRING) {
    /* One NUL, and it is the last byte: a reader that trusts either the
     * length or the NUL alone can be made to leak (wire format, section 3). */
    if (length == 0 || memchr(at, 0, length) != at + length - 1)
      return fail(decoder, EBADMSG);
    length--;
  }
  if (type == XPC_TYPE_DATA && length >= decoder->least_kept)
    return xpc__bytes_in(decoder->buffer, (uint8_t *)(uintptr_t)at, length);
  bytes = xpc__bytes_new(type, length);
  memcpy(bytes->bytes, at, length);
  return bytes;
}

static xpc_object_t read_uuid(struct decoder *decoder, const uint8_t *end) {
  const uint8_t *at = take(decoder, end, 16);

  return at == NULL ? NULL : xpc_uuid_create(at);
}

static xpc_object_t read_handle(struct decoder *decoder, const uint8_t *end,
                                xpc_type_t type) {
  const uint8_t *at;
  xpc_object_t handle;
  uint64_t length = 0;

  if (type == XPC_TYPE_SHMEM) {
    at = take(decoder, end, 8);
    if (at == NULL)
      return NULL;
    length = xpc__load64(at);
  }
  handle = decoder->source == NULL
               ? NULL
               : decoder->source->take(decoder->source, type, length);
  return handle == NULL ? fail(decoder, EBADMSG) : handle;
}

static bool read_items(struct decoder *decoder, const uint8_t *end,
                       uint32_t count, unsigned depth,
                       struct xpc__array *array) {
  if (count != 0) {
    array->items = xpc__alloc(count * sizeof *array->items);
    array->capacity = count;
  }
  for (uint32_t i = 0; i < count; i++) {
    xpc_object_t item = read_object(decoder, end, depth);
    if (item == NULL)
      return false;
    array->items[array->count++] = item;
  }
  return true;
}

static bool read_entries(struct decoder *decoder, const uint8_t *end,
                         uint32_t count, unsigned depth,
                         struct _xpc_dictionary_s *dictionary) {
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *key = decoder->at;
    const uint8_t *nul = memchr(key, 0, (size_t)(end - key));
    xpc_object_t value;
    if (nul == NULL ||
        take(decoder, end, xpc__padded((size_t)(nul - key) + 1)) == NULL) {
      fail(decoder, EBADMSG);
      return false;
    }
    value = read_object(decoder, end, depth);
    if (value == NULL)
      return false;
    xpc__dictionary_put(dictionary, (const char *)key, (size_t)(nul - key),
                        value);
  }
  xpc__dictionary_reverse(dictionary);
  return true;
}

static xpc_object_t read_container(struct decoder *decoder, const uint8_t *end,
                                   unsigned depth, xpc_type_t type) {
  const uint8_t *at = take(decoder, end, 4);
  /* The least an item takes: a type word, for an entry also an empty key. */
  size_t least = type == XPC_TYPE_ARRAY ? 4 : 8;
  xpc_object_t container;
  uint32_t count;
  bool whole;

  if (at == NULL)
    return NULL;
  if (++depth > XPC_PORTABLE_DEPTH)
    return fail(decoder, ELOOP);
  if (xpc__load32(at) > (size_t)(end - decoder->at))
    return fail(decoder, EBADMSG);
  end = decoder->at + xpc__load32(at);
  at = take(decoder, end, 4);
  if (at == NULL)
    return NULL;
  count = xpc__load32(at);
  if (count > (size_t)(end - decoder->at) / least)
    return fail(decoder, EBADMSG);
  if (type == XPC_TYPE_ARRAY) {
    container = xpc_array_create_empty();
    whole = read_items(decoder, end, count, depth, container);
  } else {
    container = xpc_dictionary_create_empty();
    whole = read_entries(decoder, end, count, depth, container);
  }
  if (whole && decoder->at == end)
    return container;
  xpc_release(container);
  return fail(decoder, EBADMSG);
}

static xpc_object_t read_object(struct decoder *decoder, const uint8_t *end,
                                unsigned depth) {
  const uint8_t *at = take(decoder, end, 4);

  if (at == NULL)
    return NULL;
  if (++decoder->objects > XPC_PORTABLE_OBJECTS)
    return fail(decoder, E2BIG);
  switch (xpc__load32(at)) {
    case 0x01000:
      return xpc_null_create();
    case 0x02000:
      return read_bool(decoder, end);
    case 0x03000:
      return read_scalar(decoder, end, XPC_TYPE_INT64);
    case 0x04000:
      return read_scalar(decoder, end, XPC_TYPE_UINT64);
    case 0x05000:
      return read_scalar(decoder, end, XPC_TYPE_DOUBLE);
    case 0x07000:
      return read_scalar(decoder, end, XPC_TYPE_DATE);
    case 0x08000:
      return read_bytes(decoder, end, XPC_TYPE_DATA);
    case 0x09000:
      return read_bytes(decoder, end, XPC_TYPE_STRING);
    case 0x0a000:
      return read_uuid(decoder, end);
    case 0x0b000:
      return read_handle(decoder, end, XPC_TYPE_FD);
    case 0x0c000:
      return read_handle(decoder, end, XPC_TYPE_SHMEM);
    case 0x0e000:
      return read_container(decoder, end, depth, XPC_TYPE_ARRAY);
    case 0x0f000:
      return read_container(decoder, end, depth, XPC_TYPE_DICTIONARY);
    case 0x12000:
      return read_handle(decoder, end, XPC_TYPE_ENDPOINT);
    default: /* a layout we do not know cannot be stepped over */
      return fail(decoder, EBADMSG);
  }
}

int xpc__decode(const uint8_t *bytes, size_t length, struct xpc__buffer *buffer,
                struct xpc__handle_source *source, xpc_object_t *object) {
  struct decoder decoder = {
      .at = bytes + XPC__PAYLOAD_HEADER_BYTES,
      .buffer = buffer,
      /* Half of all: an object must not keep much more than itself. */
      .least_kept = buffer == NULL ? SIZE_MAX : length / 2 + 1,
      .source = source};
  const uint8_t *end = bytes + length;
  xpc_object_t root;

  if (length > xpc__message_limit())
    return E2BIG;
  if (length < XPC__PAYLOAD_HEADER_BYTES ||
      (xpc__load32(bytes) != XPC__PAYLOAD_MAGIC &&
       xpc__load32(bytes) != XPC__PAYLOAD_MAGIC_MACH) ||
      xpc__load32(bytes + 4) != XPC__VERSION)
    return EBADMSG;
  root = read_object(&decoder, end, 0);
  if (root == NULL)
    return decoder.error;
  for (; decoder.at < end; decoder.at++)
    if (*decoder.at != 0) {
      xpc_release(root);
      return EBADMSG;
    }
  *object = root;
  return 0;
}
