/* The objects that exist once and are never freed: booleans, null, errors. */
#include "object.h"

const struct _xpc_bool_s _xpc_bool_true = {{&_xpc_type_bool, XPC__IMMORTAL},
                                           true};
const struct _xpc_bool_s _xpc_bool_false = {{&_xpc_type_bool, XPC__IMMORTAL},
                                            false};

static const struct xpc__object null_object = {&_xpc_type_null, XPC__IMMORTAL};

const char *const _xpc_error_key_description = "XPCErrorDescription";
const char *const _xpc_event_key_name = "XPCEventName";

/* An error is a dictionary in all but type: one text under one key, in the
 * bucket where that key's hash (h * 33 + c from 5381) puts it (C-117). */
#define KEY "XPCErrorDescription"
#define KEY_HASH 0x96ce6d0568969ebeu
#define KEY_BUCKET 2

#define ERROR(symbol, text)                                       \
  static const struct xpc__bytes symbol##_text = {                \
      .object = {&_xpc_type_string, XPC__IMMORTAL},               \
      .length = sizeof text - 1,                                  \
      .bytes = (uint8_t *)(uintptr_t)text};                       \
  static struct xpc__entry symbol##_entry = {                     \
      .value = (xpc_object_t)(uintptr_t)&symbol##_text,           \
      .hash = KEY_HASH,                                           \
      .length = sizeof KEY - 1,                                   \
      .key = (char *)(uintptr_t)KEY};                             \
  const struct _xpc_dictionary_s symbol = {                       \
      .object = {&_xpc_type_error, XPC__IMMORTAL},                \
      .count = 1,                                                 \
      .buckets = {[KEY_BUCKET] = &symbol##_entry}}

ERROR(_xpc_error_connection_interrupted, "Connection interrupted");
ERROR(_xpc_error_connection_invalid, "Connection invalid");
ERROR(_xpc_error_termination_imminent, "Termination imminent");
ERROR(_xpc_error_peer_code_signing_requirement, "Peer Forbidden");

xpc_object_t xpc_null_create(void) {
  return (xpc_object_t)(uintptr_t)&null_object;
}

xpc_object_t xpc_bool_create(bool value) {
  return (xpc_object_t)(uintptr_t)(value ? XPC_BOOL_TRUE : XPC_BOOL_FALSE);
}
