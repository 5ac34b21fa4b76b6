/* The array setters and getters that name a type: box and put, or get and
 * unbox. A getter of another type gives that type's default (C-31, C-34). */
#include "object.h"

#include <errno.h>

static void put(xpc_object_t xarray, size_t index, xpc_object_t value) {
  if (value == NULL) /* an fd that is none (C-21) */
    xpc__misuse("array setter: no value could be made");
  xpc_array_set_value(xarray, index, value);
  xpc_release(value);
}

void xpc_array_set_bool(xpc_object_t xarray, size_t index, bool value) {
  put(xarray, index, xpc_bool_create(value));
}

void xpc_array_set_int64(xpc_object_t xarray, size_t index, int64_t value) {
  put(xarray, index, xpc_int64_create(value));
}

void xpc_array_set_uint64(xpc_object_t xarray, size_t index, uint64_t value) {
  put(xarray, index, xpc_uint64_create(value));
}

void xpc_array_set_double(xpc_object_t xarray, size_t index, double value) {
  put(xarray, index, xpc_double_create(value));
}

void xpc_array_set_date(xpc_object_t xarray, size_t index, int64_t value) {
  put(xarray, index, xpc_date_create(value));
}

void xpc_array_set_data(xpc_object_t xarray, size_t index, const void *bytes,
                        size_t length) {
  put(xarray, index, xpc_data_create(bytes, length));
}

void xpc_array_set_string(xpc_object_t xarray, size_t index,
                          const char *string) {
  put(xarray, index, xpc_string_create(string));
}

void xpc_array_set_uuid(xpc_object_t xarray, size_t index, const uuid_t uuid) {
  put(xarray, index, xpc_uuid_create(uuid));
}

/* A descriptor, boxed; without one left for the box a null takes its place,
 * and what follows keeps its index. */
static void put_handle(xpc_object_t xarray, size_t index,
                       xpc_object_t value) {
  if (value == NULL && (errno == EMFILE || errno == ENFILE)) {
    xpc__log("xpc: out of descriptors: a null is in the array instead");
    value = xpc_null_create();
  }
  put(xarray, index, value);
}

void xpc_array_set_fd(xpc_object_t xarray, size_t index, int fd) {
  put_handle(xarray, index, xpc_fd_create(fd));
}

void xpc_array_set_connection(xpc_object_t xarray, size_t index,
                              xpc_connection_t connection) {
  put_handle(xarray, index, xpc_endpoint_create(connection));
}

bool xpc_array_get_bool(xpc_object_t xarray, size_t index) {
  return xpc_bool_get_value(xpc_array_get_value(xarray, index));
}

int64_t xpc_array_get_int64(xpc_object_t xarray, size_t index) {
  return xpc_int64_get_value(xpc_array_get_value(xarray, index));
}

uint64_t xpc_array_get_uint64(xpc_object_t xarray, size_t index) {
  return xpc_uint64_get_value(xpc_array_get_value(xarray, index));
}

double xpc_array_get_double(xpc_object_t xarray, size_t index) {
  return xpc_double_get_value(xpc_array_get_value(xarray, index));
}

int64_t xpc_array_get_date(xpc_object_t xarray, size_t index) {
  return xpc_date_get_value(xpc_array_get_value(xarray, index));
}

const char *xpc_array_get_string(xpc_object_t xarray, size_t index) {
  return xpc_string_get_string_ptr(xpc_array_get_value(xarray, index));
}

const uint8_t *xpc_array_get_uuid(xpc_object_t xarray, size_t index) {
  return xpc_uuid_get_bytes(xpc_array_get_value(xarray, index));
}

const void *xpc_array_get_data(xpc_object_t xarray, size_t index,
                               size_t *length) {
  xpc_object_t value = xpc_array_get_value(xarray, index);

  if (length != NULL)
    *length = xpc_data_get_length(value);
  return xpc_data_get_bytes_ptr(value);
}

int xpc_array_dup_fd(xpc_object_t xarray, size_t index) {
  xpc_object_t value = xpc_array_get_value(xarray, index);

  return value == NULL ? -1 : xpc_fd_dup(value);
}

xpc_connection_t xpc_array_create_connection(xpc_object_t xarray,
                                             size_t index) {
  xpc_object_t value = xpc_array_get_value(xarray, index);

  if (value == NULL || xpc__kind_of(value) != XPC__ENDPOINT) /* C-45 */
    return NULL;
  return xpc_connection_create_from_endpoint(value);
}

xpc_object_t xpc_array_get_dictionary(xpc_object_t xarray, size_t index) {
  xpc_object_t value = xpc_array_get_value(xarray, index);

  return value != NULL && xpc__kind_of(value) == XPC__DICTIONARY ? value : NULL;
}

xpc_object_t xpc_array_get_array(xpc_object_t xarray, size_t index) {
  xpc_object_t value = xpc_array_get_value(xarray, index);

  return value != NULL && xpc__kind_of(value) == XPC__ARRAY ? value : NULL;
}
