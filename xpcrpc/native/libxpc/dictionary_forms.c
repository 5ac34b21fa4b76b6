/* The dictionary setters and getters that name a type: box and put, or get
 * and unbox. A getter of another type gives that type's default (C-31, C-34).
 */
#include "object.h"

#include <errno.h>

static void put(xpc_object_t xdict, const char *key, xpc_object_t value) {
  if (value == NULL) /* an fd that is none (C-21) */
    xpc__misuse("dictionary setter: no value could be made");
  xpc_dictionary_set_value(xdict, key, value);
  xpc_release(value);
}

void xpc_dictionary_set_bool(xpc_object_t xdict, const char *key, bool value) {
  put(xdict, key, xpc_bool_create(value));
}

void xpc_dictionary_set_int64(xpc_object_t xdict, const char *key,
                              int64_t value) {
  put(xdict, key, xpc_int64_create(value));
}

void xpc_dictionary_set_uint64(xpc_object_t xdict, const char *key,
                               uint64_t value) {
  put(xdict, key, xpc_uint64_create(value));
}

void xpc_dictionary_set_double(xpc_object_t xdict, const char *key,
                               double value) {
  put(xdict, key, xpc_double_create(value));
}

void xpc_dictionary_set_date(xpc_object_t xdict, const char *key,
                             int64_t value) {
  put(xdict, key, xpc_date_create(value));
}

void xpc_dictionary_set_data(xpc_object_t xdict, const char *key,
                             const void *bytes, size_t length) {
  put(xdict, key, xpc_data_create(bytes, length));
}

void xpc_dictionary_set_string(xpc_object_t xdict, const char *key,
                               const char *string) {
  put(xdict, key, xpc_string_create(string));
}

void xpc_dictionary_set_uuid(xpc_object_t xdict, const char *key,
                             const uuid_t uuid) {
  put(xdict, key, xpc_uuid_create(uuid));
}

/* A descriptor, boxed; without one left for the box the key goes away, so
 * that whoever looks sees what there is. */
static void put_handle(xpc_object_t xdict, const char *key,
                       xpc_object_t value) {
  if (value != NULL || (errno != EMFILE && errno != ENFILE)) {
    put(xdict, key, value);
    return;
  }
  xpc__log("xpc: out of descriptors: %s is not in the dictionary", key);
  xpc_dictionary_set_value(xdict, key, NULL);
}

void xpc_dictionary_set_fd(xpc_object_t xdict, const char *key, int fd) {
  put_handle(xdict, key, xpc_fd_create(fd));
}

void xpc_dictionary_set_connection(xpc_object_t xdict, const char *key,
                                   xpc_connection_t connection) {
  put_handle(xdict, key, xpc_endpoint_create(connection));
}

bool xpc_dictionary_get_bool(xpc_object_t xdict, const char *key) {
  return xpc_bool_get_value(xpc_dictionary_get_value(xdict, key));
}

int64_t xpc_dictionary_get_int64(xpc_object_t xdict, const char *key) {
  return xpc_int64_get_value(xpc_dictionary_get_value(xdict, key));
}

uint64_t xpc_dictionary_get_uint64(xpc_object_t xdict, const char *key) {
  return xpc_uint64_get_value(xpc_dictionary_get_value(xdict, key));
}

double xpc_dictionary_get_double(xpc_object_t xdict, const char *key) {
  return xpc_double_get_value(xpc_dictionary_get_value(xdict, key));
}

int64_t xpc_dictionary_get_date(xpc_object_t xdict, const char *key) {
  return xpc_date_get_value(xpc_dictionary_get_value(xdict, key));
}

const char *xpc_dictionary_get_string(xpc_object_t xdict, const char *key) {
  return xpc_string_get_string_ptr(xpc_dictionary_get_value(xdict, key));
}

const uint8_t *xpc_dictionary_get_uuid(xpc_object_t xdict, const char *key) {
  return xpc_uuid_get_bytes(xpc_dictionary_get_value(xdict, key));
}

const void *xpc_dictionary_get_data(xpc_object_t xdict, const char *key,
                                    size_t *length) {
  xpc_object_t value = xpc_dictionary_get_value(xdict, key);

  if (length != NULL)
    *length = xpc_data_get_length(value);
  return xpc_data_get_bytes_ptr(value);
}

int xpc_dictionary_dup_fd(xpc_object_t xdict, const char *key) {
  xpc_object_t value = xpc_dictionary_get_value(xdict, key);

  return value == NULL ? -1 : xpc_fd_dup(value);
}

xpc_connection_t xpc_dictionary_create_connection(xpc_object_t xdict,
                                                  const char *key) {
  xpc_object_t value = xpc_dictionary_get_value(xdict, key);

  if (value == NULL || xpc__kind_of(value) != XPC__ENDPOINT) /* C-45 */
    return NULL;
  return xpc_connection_create_from_endpoint(value);
}

xpc_object_t xpc_dictionary_get_dictionary(xpc_object_t xdict,
                                           const char *key) {
  xpc_object_t value = xpc_dictionary_get_value(xdict, key);

  return value != NULL && xpc__kind_of(value) == XPC__DICTIONARY ? value : NULL;
}

xpc_object_t xpc_dictionary_get_array(xpc_object_t xdict, const char *key) {
  xpc_object_t value = xpc_dictionary_get_value(xdict, key);

  return value != NULL && xpc__kind_of(value) == XPC__ARRAY ? value : NULL;
}
