/* Any bytes as a payload: decoded with and without a buffer to stay in,
 * looked at in every way, encoded and decoded again to the same. */
#include "../../xpcrpc/native/libxpc/wire.h"

#define SAME(condition) \
  do {                  \
    if (!(condition))   \
      __builtin_trap(); \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Handles without descriptors: the decoder must not care. */
static xpc_object_t take(struct xpc__handle_source *source, xpc_type_t type,
                         uint64_t length) {
  struct xpc__handle *handle;

  (void)source;
  if (length % 7 == 3) /* some do not fit */
    return NULL;
  handle = xpc__handle_new(type, -1);
  handle->length = length;
  return handle;
}

static xpc_object_t decode(const uint8_t *bytes, size_t length,
                           struct xpc__buffer *buffer) {
  struct xpc__handle_source source = {take};
  xpc_object_t object = NULL;

  return xpc__decode(bytes, length, buffer, &source, &object) == 0 ? object
                                                                   : NULL;
}

static uint8_t *encode(xpc_object_t object, size_t *length) {
  struct xpc__measure measure;
  xpc_object_t *handles;
  uint8_t *bytes;

  if (xpc__measure(object, &measure) != 0) /* more handles than may travel */
    return NULL;
  handles = xpc__alloc(measure.handles * sizeof *handles);
  bytes = xpc__alloc(measure.bytes);
  xpc__encode(object, &measure, bytes, handles);
  *length = measure.bytes;
  free(handles);
  return bytes;
}

static void look_at(xpc_object_t object) {
  xpc_object_t copy = xpc_copy(object);
  char *text = xpc_copy_description(object);

  SAME(text != NULL);
  free(text);
  if (copy == NULL) /* a handle alone: there is no descriptor to duplicate */
    return;
  SAME(!xpc_equal(object, copy) ||
       xpc_hash(object) == xpc_hash(copy)); /* C-29 */
  xpc_release(copy);
}

static void round_trip(xpc_object_t object) {
  size_t length = 0, again_length = 0;
  uint8_t *bytes = encode(object, &length), *again_bytes;
  xpc_object_t again;

  if (bytes == NULL)
    return;
  again = decode(bytes, length, NULL);
  SAME(again != NULL);
  again_bytes = encode(again, &again_length);
  SAME(again_bytes != NULL && again_length == length &&
       memcmp(bytes, again_bytes, length) == 0);
  free(again_bytes);
  free(bytes);
  xpc_release(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  struct xpc__buffer *buffer = xpc__buffer_new(length);
  xpc_object_t plain = decode(bytes, length, NULL), kept;

  if (length != 0)
    memcpy(buffer->bytes, bytes, length);
  kept = decode(buffer->bytes, length, buffer);
  xpc__buffer_release(buffer);
  SAME((plain == NULL) == (kept == NULL));
  if (plain == NULL)
    return 0;
  look_at(kept);
  round_trip(kept);
  round_trip(plain);
  xpc_release(plain);
  xpc_release(kept);
  return 0;
}
