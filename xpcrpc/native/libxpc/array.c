/* Arrays: a growing vector of retained objects. */
#include "object.h"

xpc_object_t xpc_array_create_empty(void) {
  return xpc__object_new(XPC_TYPE_ARRAY, sizeof(struct xpc__array));
}

xpc_object_t xpc_array_create(const xpc_object_t *objects, size_t count) {
  xpc_object_t array = xpc_array_create_empty();

  if (objects == NULL && count != 0) /* C-36 */
    xpc__misuse("xpc_array_create: NULL objects with count %zu", count);
  for (size_t i = 0; i < count; i++)
    xpc_array_append_value(array, objects[i]);
  return array;
}

void xpc__array_free(struct xpc__array *array) {
  for (size_t i = 0; i < array->count; i++)
    xpc_release(array->items[i]);
  free(array->items);
  free(array);
}

static struct xpc__array *mutable_array(xpc_object_t xarray,
                                        const char *caller) {
  struct xpc__array *array = xarray;

  xpc__require(xarray, XPC__ARRAY, caller);
  if (array->applying != 0) /* C-44 */
    xpc__misuse("%s: array changed while it is being applied", caller);
  return array;
}

void xpc_array_append_value(xpc_object_t xarray, xpc_object_t value) {
  struct xpc__array *array = mutable_array(xarray, "xpc_array_append_value");

  if (value == NULL)
    xpc__misuse("xpc_array_append_value: NULL value");
  if (array->count == array->capacity) {
    array->capacity = array->capacity == 0 ? 4 : array->capacity * 2;
    array->items =
        xpc__realloc(array->items, array->capacity * sizeof *array->items);
  }
  array->items[array->count++] = xpc_retain(value);
}

void xpc_array_set_value(xpc_object_t xarray, size_t index,
                         xpc_object_t value) {
  struct xpc__array *array = mutable_array(xarray, "xpc_array_set_value");
  xpc_object_t old;

  if (value == NULL)
    xpc__misuse("xpc_array_set_value: NULL value");
  if (index == XPC_ARRAY_APPEND) { /* OQ-7 */
    xpc_array_append_value(xarray, value);
    return;
  }
  if (index >= array->count)
    xpc__misuse("xpc_array_set_value: index %zu of %zu", index, array->count);
  old = array->items[index];
  array->items[index] = xpc_retain(value);
  xpc_release(old);
}

size_t xpc_array_get_count(xpc_object_t xarray) {
  if (xarray == NULL || xpc__kind_of(xarray) != XPC__ARRAY)
    return 0;
  return ((struct xpc__array *)xarray)->count;
}

xpc_object_t xpc_array_get_value(xpc_object_t xarray, size_t index) {
  struct xpc__array *array = xarray;

  if (array == NULL || xpc__kind_of(array) != XPC__ARRAY)
    return NULL;
  if (index >= array->count) /* C-35 */
    xpc__misuse("xpc_array_get_value: index %zu of %zu", index, array->count);
  return array->items[index];
}
