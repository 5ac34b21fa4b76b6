/* Walking containers with a block; the container may not change meanwhile. */
#include "block.h"

bool xpc_array_apply(xpc_object_t xarray, xpc_array_applier_t applier) {
  struct xpc__array *array = xarray;
  bool more = true;

  if (array == NULL || xpc__kind_of(array) != XPC__ARRAY)
    return false;
  array->applying++;
  for (size_t i = 0; more && i < array->count; i++) /* C-39 */
    more = xpc__call_array_applier((void *)applier, i, array->items[i]);
  array->applying--;
  return more;
}

bool xpc_dictionary_apply(xpc_object_t xdict,
                          xpc_dictionary_applier_t applier) {
  struct _xpc_dictionary_s *dictionary = xdict;
  bool constant, more = true;

  if (dictionary == NULL || (xpc__kind_of(dictionary) != XPC__DICTIONARY &&
                             xpc__kind_of(dictionary) != XPC__ERROR))
    return false;
  /* Error constants lie in read-only memory, and nobody can change them. */
  constant = xpc__kind_of(dictionary) == XPC__ERROR;
  if (!constant)
    dictionary->applying++;
  for (size_t i = 0; more && i < XPC__BUCKETS; i++)
    for (struct xpc__entry *entry = dictionary->buckets[i];
         more && entry != NULL; entry = entry->next)
      more = xpc__call_dictionary_applier((void *)applier, entry->key,
                                          entry->value);
  if (!constant)
    dictionary->applying--;
  return more;
}
