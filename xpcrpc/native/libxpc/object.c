/* Types, reference counts, copy, equality, hash: what any object can do. */
#include "object.h"

#define TYPE(symbol, text, which, wire) \
  const struct _xpc_type_s symbol = {text, which, wire}

TYPE(_xpc_type_connection, "connection", XPC__CONNECTION, 0);
TYPE(_xpc_type_endpoint, "endpoint", XPC__ENDPOINT, 0x12000);
TYPE(_xpc_type_null, "null", XPC__NULL, 0x01000);
TYPE(_xpc_type_bool, "bool", XPC__BOOL, 0x02000);
TYPE(_xpc_type_int64, "int64", XPC__INT64, 0x03000);
TYPE(_xpc_type_uint64, "uint64", XPC__UINT64, 0x04000);
TYPE(_xpc_type_double, "double", XPC__DOUBLE, 0x05000);
TYPE(_xpc_type_date, "date", XPC__DATE, 0x07000);
TYPE(_xpc_type_data, "data", XPC__DATA, 0x08000);
TYPE(_xpc_type_string, "string", XPC__STRING, 0x09000);
TYPE(_xpc_type_uuid, "uuid", XPC__UUID, 0x0a000);
TYPE(_xpc_type_fd, "fd", XPC__FD, 0x0b000);
TYPE(_xpc_type_shmem, "shmem", XPC__SHMEM, 0x0c000);
TYPE(_xpc_type_array, "array", XPC__ARRAY, 0x0e000);
TYPE(_xpc_type_dictionary, "dictionary", XPC__DICTIONARY, 0x0f000);
TYPE(_xpc_type_error, "error", XPC__ERROR, 0);

void *xpc__object_new(xpc_type_t type, size_t size) {
  struct xpc__object *object = xpc__alloc(size);

  memset(object, 0, size);
  object->type = type;
  atomic_init(&object->references, 1);
  return object;
}

void xpc__require(const void *object, enum xpc__kind kind, const char *caller) {
  if (object == NULL)
    xpc__misuse("%s: NULL object", caller);
  if (xpc__kind_of(object) != kind)
    xpc__misuse("%s: object is of type %s", caller,
                ((const struct xpc__object *)object)->type->name);
}

xpc_object_t xpc_retain(xpc_object_t object) {
  struct xpc__object *header = object;

  if (header == NULL)
    xpc__misuse("xpc_retain: NULL object");
  if (header->type == XPC_TYPE_CONNECTION) {
    xpc__connection_retain_outer(object);
    return object;
  }
  if (atomic_load_explicit(&header->references, memory_order_relaxed) !=
      XPC__IMMORTAL)
    atomic_fetch_add_explicit(&header->references, 1, memory_order_relaxed);
  return object;
}

static void free_object(struct xpc__object *object) {
  switch (object->type->kind) {
    case XPC__FD:
    case XPC__SHMEM:
    case XPC__ENDPOINT:
      xpc__handle_free((struct xpc__handle *)object);
      break;
    case XPC__DATA:
      xpc__bytes_free((struct xpc__bytes *)object);
      break;
    case XPC__ARRAY:
      xpc__array_free((struct xpc__array *)object);
      break;
    case XPC__DICTIONARY:
      xpc__dictionary_free((struct _xpc_dictionary_s *)object);
      break;
    default:
      free(object);
  }
}

void xpc_release(xpc_object_t object) {
  struct xpc__object *header = object;
  uint32_t before;

  if (header == NULL)
    xpc__misuse("xpc_release: NULL object");
  if (header->type == XPC_TYPE_CONNECTION) {
    xpc__connection_release_outer(object);
    return;
  }
  if (atomic_load_explicit(&header->references, memory_order_relaxed) ==
      XPC__IMMORTAL)
    return;
  before =
      atomic_fetch_sub_explicit(&header->references, 1, memory_order_acq_rel);
  if (before == 0)
    xpc__misuse("over-release of an object");
  if (before == 1)
    free_object(header);
}

xpc_type_t xpc_get_type(xpc_object_t object) {
  if (object == NULL)
    xpc__misuse("xpc_get_type: NULL object");
  return ((struct xpc__object *)object)->type;
}

const char *xpc_type_get_name(xpc_type_t type) {
  return type->name;
}

static xpc_object_t copy_array(struct xpc__array *array) {
  xpc_object_t copy = xpc_array_create_empty();

  for (size_t i = 0; i < array->count; i++) {
    xpc_object_t item = xpc_copy(array->items[i]);
    /* What cannot be copied is shared rather than lost (C-26). */
    if (item == NULL)
      item = xpc_retain(array->items[i]);
    xpc_array_append_value(copy, item);
    xpc_release(item);
  }
  return copy;
}

static xpc_object_t copy_dictionary(struct _xpc_dictionary_s *dictionary) {
  struct _xpc_dictionary_s *copy = xpc_dictionary_create_empty();

  for (size_t i = 0; i < XPC__BUCKETS; i++)
    for (struct xpc__entry *entry = dictionary->buckets[i]; entry != NULL;
         entry = entry->next) {
      xpc_object_t value = xpc_copy(entry->value);
      if (value == NULL)
        value = xpc_retain(entry->value);
      xpc__dictionary_put(copy, entry->key, entry->length, value);
    }
  xpc__dictionary_reverse(copy);
  return copy;
}

xpc_object_t xpc_copy(xpc_object_t object) {
  if (object == NULL)
    xpc__misuse("xpc_copy: NULL object");
  switch (xpc__kind_of(object)) {
    case XPC__CONNECTION:
      return NULL;
    case XPC__ARRAY:
      return copy_array(object);
    case XPC__DICTIONARY:
      return copy_dictionary(object);
    case XPC__FD:
      return xpc_fd_create(((struct xpc__handle *)object)->fd);
    default:
      return xpc_retain(object);
  }
}

static bool equal_arrays(struct xpc__array *a, struct xpc__array *b) {
  if (a->count != b->count)
    return false;
  for (size_t i = 0; i < a->count; i++)
    if (!xpc_equal(a->items[i], b->items[i]))
      return false;
  return true;
}

static bool equal_dictionaries(struct _xpc_dictionary_s *a,
                               struct _xpc_dictionary_s *b) {
  if (a->count != b->count)
    return false;
  for (size_t i = 0; i < XPC__BUCKETS; i++)
    for (struct xpc__entry *entry = a->buckets[i]; entry != NULL;
         entry = entry->next) {
      xpc_object_t other = xpc_dictionary_get_value(b, entry->key);
      if (other == NULL || !xpc_equal(entry->value, other))
        return false;
    }
  return true;
}

static bool equal_reals(double a, double b) {
  return a == b || (a != a && b != b);
}

bool xpc_equal(xpc_object_t a, xpc_object_t b) {
  struct xpc__bytes *bytes_a = a, *bytes_b = b;
  struct xpc__handle *handle_a = a, *handle_b = b;

  if (a == NULL || b == NULL)
    xpc__misuse("xpc_equal: NULL object");
  if (a == b)
    return true;
  if (xpc_get_type(a) != xpc_get_type(b))
    return false;
  switch (xpc__kind_of(a)) {
    case XPC__NULL:
      return true;
    case XPC__INT64:
    case XPC__UINT64:
    case XPC__DATE:
      return ((struct xpc__scalar *)a)->as.uint64 ==
             ((struct xpc__scalar *)b)->as.uint64;
    case XPC__DOUBLE:
      return equal_reals(((struct xpc__scalar *)a)->as.real,
                         ((struct xpc__scalar *)b)->as.real);
    case XPC__DATA:
    case XPC__STRING:
      return bytes_a->length == bytes_b->length &&
             memcmp(bytes_a->bytes, bytes_b->bytes, bytes_a->length) == 0;
    case XPC__UUID:
      return memcmp(((struct xpc__uuid *)a)->bytes,
                    ((struct xpc__uuid *)b)->bytes, sizeof(uuid_t)) == 0;
    case XPC__ENDPOINT: /* one listener, one value (C-157) */
      return handle_a->fd >= 0 && handle_b->fd >= 0 &&
             handle_a->device == handle_b->device &&
             handle_a->inode == handle_b->inode;
    case XPC__ARRAY:
      return equal_arrays(a, b);
    case XPC__DICTIONARY:
      return equal_dictionaries(a, b);
    default: /* fd, shmem, connection, error, bool: identity (C-28) */
      return false;
  }
}

static uint64_t hash_container(xpc_object_t object) {
  struct xpc__array *array = object;
  struct _xpc_dictionary_s *dictionary = object;
  uint64_t hash = 0;

  if (xpc__kind_of(object) == XPC__ARRAY) {
    for (size_t i = 0; i < array->count; i++)
      hash = hash * 31 + xpc_hash(array->items[i]);
    return hash;
  }
  for (size_t i = 0; i < XPC__BUCKETS; i++) /* a sum: order must not count */
    for (struct xpc__entry *entry = dictionary->buckets[i]; entry != NULL;
         entry = entry->next)
      hash += (entry->hash ^ xpc_hash(entry->value)) * 0x9e3779b97f4a7c15u;
  return hash;
}

size_t xpc_hash(xpc_object_t object) {
  struct xpc__scalar *scalar = object;
  struct xpc__bytes *bytes = object;
  struct xpc__handle *handle = object;
  uint64_t hash;

  if (object == NULL)
    xpc__misuse("xpc_hash: NULL object");
  switch (xpc__kind_of(object)) {
    case XPC__NULL:
      hash = 1;
      break;
    case XPC__DOUBLE: /* +0 equals -0, and any NaN any other here */
      if (scalar->as.real != scalar->as.real || scalar->as.real == 0) {
        hash = scalar->as.real == 0 ? 3 : 2;
        break;
      }
      hash = scalar->as.uint64;
      break;
    case XPC__INT64:
    case XPC__UINT64:
    case XPC__DATE:
      hash = scalar->as.uint64;
      break;
    case XPC__DATA:
    case XPC__STRING:
      hash = xpc__seeded_hash(bytes->bytes, bytes->length);
      break;
    case XPC__UUID:
      hash =
          xpc__seeded_hash(((struct xpc__uuid *)object)->bytes, sizeof(uuid_t));
      break;
    case XPC__ENDPOINT:
      hash = handle->inode * 31 + handle->device;
      break;
    case XPC__ARRAY:
    case XPC__DICTIONARY:
      hash = hash_container(object);
      break;
    default:
      hash = (uintptr_t)object >> 4;
  }
  return (size_t)((hash ^ (hash >> 32)) * 0x9e3779b97f4a7c15u);
}
