/* Descriptions for people and logs; unstable by contract (C-30). */
#include "object.h"

#include <inttypes.h>

enum { DATA_SHOWN = 16 };

static void describe(FILE *out, xpc_object_t object, unsigned depth) {
  struct xpc__scalar *scalar = object;
  struct xpc__bytes *bytes = object;
  struct xpc__array *array = object;
  struct _xpc_dictionary_s *dictionary = object;
  const char *separator = "";

  if (depth > XPC_PORTABLE_DEPTH) { /* a cycle, perhaps */
    fputs("...", out);
    return;
  }
  switch (xpc__kind_of(object)) {
    case XPC__BOOL:
      fputs(xpc_bool_get_value(object) ? "true" : "false", out);
      break;
    case XPC__INT64:
      fprintf(out, "%" PRId64, scalar->as.int64);
      break;
    case XPC__UINT64:
      fprintf(out, "%" PRIu64 "u", scalar->as.uint64);
      break;
    case XPC__DOUBLE:
      fprintf(out, "%.17g", scalar->as.real);
      break;
    case XPC__DATE:
      fprintf(out, "date(%" PRId64 " ns)", scalar->as.int64);
      break;
    case XPC__STRING:
      fprintf(out, "\"%s\"", (const char *)bytes->bytes);
      break;
    case XPC__DATA:
      fprintf(out, "data(%zu bytes", bytes->length);
      for (size_t i = 0; i < bytes->length && i < DATA_SHOWN; i++)
        fprintf(out, "%s%02x", i == 0 ? ": " : "", bytes->bytes[i]);
      fputs(bytes->length > DATA_SHOWN ? "...)" : ")", out);
      break;
    case XPC__UUID:
      for (size_t i = 0; i < sizeof(uuid_t); i++)
        fprintf(out, "%s%02X", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                ((struct xpc__uuid *)object)->bytes[i]);
      break;
    case XPC__ARRAY:
      fputc('[', out);
      for (size_t i = 0; i < array->count; i++, separator = ", ") {
        fputs(separator, out);
        describe(out, array->items[i], depth + 1);
      }
      fputc(']', out);
      break;
    case XPC__ERROR:
    case XPC__DICTIONARY:
      fputs(xpc__kind_of(object) == XPC__ERROR ? "error{" : "{", out);
      for (size_t i = 0; i < XPC__BUCKETS; i++)
        for (struct xpc__entry *entry = dictionary->buckets[i]; entry != NULL;
             entry = entry->next, separator = ", ") {
          fprintf(out, "%s\"%s\": ", separator, entry->key);
          describe(out, entry->value, depth + 1);
        }
      fputc('}', out);
      break;
    default:
      fprintf(out, "%s(%p)", ((struct xpc__object *)object)->type->name,
              object);
  }
}

char *xpc_copy_description(xpc_object_t object) {
  char *text = NULL;
  size_t length;
  FILE *out;

  if (object == NULL)
    xpc__misuse("xpc_copy_description: NULL object");
  out = open_memstream(&text, &length);
  if (out == NULL)
    return xpc__strdup("");
  describe(out, object, 0);
  fclose(out);
  return text;
}
