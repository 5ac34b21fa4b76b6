/* Objects to bytes, in two passes: the first finds every reason to refuse and
 * the exact size, the second writes and cannot fail. */
#include "wire.h"

#include <errno.h>

/* Data from this size on may be sent from where it lies. */
enum { LEAST_CUT = 32 * 1024 };

static int measure_object(xpc_object_t object, unsigned depth,
                          struct xpc__measure *measure);

static int measure_array(struct xpc__array *array, unsigned depth,
                         struct xpc__measure *measure) {
  int error = 0;

  for (size_t i = 0; error == 0 && i < array->count; i++)
    error = measure_object(array->items[i], depth, measure);
  return error;
}

static int measure_dictionary(struct _xpc_dictionary_s *dictionary,
                              unsigned depth, struct xpc__measure *measure) {
  for (size_t i = 0; i < XPC__BUCKETS; i++)
    for (struct xpc__entry *entry = dictionary->buckets[i]; entry != NULL;
         entry = entry->next) {
      int error;
      measure->bytes += xpc__padded(entry->length + 1);
      error = measure_object(entry->value, depth, measure);
      if (error != 0)
        return error;
    }
  return 0;
}

static int measure_object(xpc_object_t object, unsigned depth,
                          struct xpc__measure *measure) {
  size_t body;
  int error = 0;

  switch (xpc__kind_of(object)) {
    case XPC__NULL:
      body = 0;
      break;
    case XPC__BOOL:
      body = 4;
      break;
    case XPC__INT64:
    case XPC__UINT64:
    case XPC__DOUBLE:
    case XPC__DATE:
      body = 8;
      break;
    case XPC__DATA:
      body = 4 + xpc__padded(((struct xpc__bytes *)object)->length);
      if (((struct xpc__bytes *)object)->length >= LEAST_CUT &&
          (measure->cut == NULL ||
           ((struct xpc__bytes *)object)->length > measure->cut->length))
        measure->cut = object;
      break;
    case XPC__STRING:
      body = 4 + xpc__padded(((struct xpc__bytes *)object)->length + 1);
      break;
    case XPC__UUID:
      body = 16;
      break;
    case XPC__FD:
    case XPC__ENDPOINT:
      body = 0;
      measure->handles++;
      break;
    case XPC__SHMEM:
      body = 8;
      measure->handles++;
      break;
    case XPC__ARRAY:
    case XPC__DICTIONARY:
      body = 8;
      if (++depth > XPC_PORTABLE_DEPTH)
        return ELOOP;
      break;
    default: /* connections and errors do not travel (OQ-9) */
      return EINVAL;
  }
  measure->bytes += 4 + body;
  measure->objects++;
  if (measure->bytes > xpc__message_limit() ||
      measure->objects > XPC_PORTABLE_OBJECTS)
    return E2BIG;
  if (measure->handles > XPC_PORTABLE_HANDLES)
    return ETOOMANYREFS;
  if (xpc__kind_of(object) == XPC__ARRAY)
    error = measure_array(object, depth, measure);
  else if (xpc__kind_of(object) == XPC__DICTIONARY)
    error = measure_dictionary(object, depth, measure);
  return error;
}

int xpc__measure(xpc_object_t object, struct xpc__measure *measure) {
  int error;

  *measure = (struct xpc__measure){.bytes = XPC__PAYLOAD_HEADER_BYTES};
  error = measure_object(object, 0, measure);
  if (error == 0 && measure->bytes > xpc__message_limit())
    error = E2BIG;
  return error;
}

struct encoder {
  uint8_t *start;
  uint8_t *at;
  uint8_t *end;
  struct xpc__bytes *cut; /* to be left out, until it has been */
  size_t cut_at;
  size_t left_out;
  xpc_object_t *handles;
  size_t handles_left;
};

static uint8_t *reserve(struct encoder *encoder, size_t length) {
  uint8_t *at = encoder->at;

  if ((size_t)(encoder->end - at) < length)
    xpc__misuse("a message changed while it was being sent");
  encoder->at += length;
  return at;
}

static void write32(struct encoder *encoder, uint32_t value) {
  xpc__store32(reserve(encoder, 4), value);
}

static void write64(struct encoder *encoder, uint64_t value) {
  xpc__store64(reserve(encoder, 8), value);
}

static void write_padded(struct encoder *encoder, const void *bytes,
                         size_t length) {
  size_t padded = xpc__padded(length);
  uint8_t *at = reserve(encoder, padded);

  if (padded != length)
    memset(at + padded - 4, 0, 4);
  if (length != 0)
    memcpy(at, bytes, length);
}

static void write_data(struct encoder *encoder, struct xpc__bytes *data) {
  write32(encoder, (uint32_t)data->length);
  if (data != encoder->cut) {
    write_padded(encoder, data->bytes, data->length);
    return;
  }
  encoder->cut = NULL; /* a second time it is written as any other */
  encoder->cut_at = (size_t)(encoder->at - encoder->start);
  encoder->left_out = data->length;
  for (size_t i = data->length; i < xpc__padded(data->length); i++)
    *reserve(encoder, 1) = 0;
}

static void write_object(struct encoder *encoder, xpc_object_t object);

static void write_container(struct encoder *encoder, xpc_object_t object) {
  struct xpc__array *array = object;
  struct _xpc_dictionary_s *dictionary = object;
  uint8_t *length = reserve(encoder, 4);
  uint8_t *start = encoder->at;
  size_t left_out = encoder->left_out;

  if (xpc__kind_of(object) == XPC__ARRAY) {
    write32(encoder, (uint32_t)array->count);
    for (size_t i = 0; i < array->count; i++)
      write_object(encoder, array->items[i]);
  } else {
    write32(encoder, (uint32_t)dictionary->count);
    for (size_t i = 0; i < XPC__BUCKETS; i++)
      for (struct xpc__entry *entry = dictionary->buckets[i]; entry != NULL;
           entry = entry->next) {
        write_padded(encoder, entry->key, entry->length + 1);
        write_object(encoder, entry->value);
      }
  }
  left_out = encoder->left_out - left_out;
  xpc__store32(length, (uint32_t)((size_t)(encoder->at - start) + left_out));
}

static void write_handle(struct encoder *encoder, xpc_object_t object) {
  if (encoder->handles_left == 0)
    xpc__misuse("a message changed while it was being sent");
  encoder->handles_left--;
  *encoder->handles++ = object;
}

static void write_object(struct encoder *encoder, xpc_object_t object) {
  struct xpc__bytes *bytes = object;

  write32(encoder, ((struct xpc__object *)object)->type->word);
  switch (xpc__kind_of(object)) {
    case XPC__BOOL:
      write32(encoder, ((struct _xpc_bool_s *)object)->value ? 1 : 0);
      break;
    case XPC__INT64:
    case XPC__UINT64:
    case XPC__DOUBLE:
    case XPC__DATE:
      write64(encoder, ((struct xpc__scalar *)object)->as.uint64);
      break;
    case XPC__DATA:
      write_data(encoder, bytes);
      break;
    case XPC__STRING:
      write32(encoder, (uint32_t)bytes->length + 1);
      write_padded(encoder, bytes->bytes, bytes->length + 1);
      break;
    case XPC__UUID:
      write_padded(encoder, ((struct xpc__uuid *)object)->bytes, 16);
      break;
    case XPC__SHMEM:
      write64(encoder, ((struct xpc__handle *)object)->length);
      write_handle(encoder, object);
      break;
    case XPC__FD:
    case XPC__ENDPOINT:
      write_handle(encoder, object);
      break;
    case XPC__ARRAY:
    case XPC__DICTIONARY:
      write_container(encoder, object);
      break;
    default: /* null has no body; nothing else was measured */
      break;
  }
}

static size_t encode(xpc_object_t object, const struct xpc__measure *measure,
                     struct xpc__bytes *cut, uint8_t *bytes,
                     xpc_object_t *handles) {
  size_t length = measure->bytes - (cut == NULL ? 0 : cut->length);
  struct encoder encoder = {.start = bytes,
                            .at = bytes,
                            .end = bytes + length,
                            .cut = cut,
                            .handles = handles,
                            .handles_left = measure->handles};

  write32(&encoder, XPC__PAYLOAD_MAGIC);
  write32(&encoder, XPC__VERSION);
  write_object(&encoder, object);
  if (encoder.at != encoder.end || encoder.handles_left != 0 ||
      encoder.cut != NULL)
    xpc__misuse("a message changed while it was being sent");
  return encoder.cut_at;
}

void xpc__encode(xpc_object_t object, const struct xpc__measure *measure,
                 uint8_t *bytes, xpc_object_t *handles) {
  (void)encode(object, measure, NULL, bytes, handles);
}

void xpc__encode_around(xpc_object_t object, const struct xpc__measure *measure,
                        uint8_t *bytes, xpc_object_t *handles, size_t *cut_at) {
  *cut_at = encode(object, measure, measure->cut, bytes, handles);
}
