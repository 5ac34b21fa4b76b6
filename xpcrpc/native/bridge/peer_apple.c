/* Peer rules on macOS: code-signing requirements, each looked for before it
 * is used, as the oldest system has none of them (C-170). */
#include <errno.h>

#include "xr__bridge.h"

#pragma clang diagnostic ignored "-Wunguarded-availability-new"

int xr_connection_set_peer_rule(xr_connection *connection, const void *frame,
                                size_t length) {
  (void)connection;
  (void)frame;
  (void)length;
  return ENOTSUP;
}

/* libxpc tells "bad" by any number; ours is one. */
static int answer(int result) {
  if (result == 0 || result == ENOTSUP)
    return result;
  return EINVAL;
}

int xr_connection_set_code_requirement(xr_connection *connection,
                                       const char *text) {
  if (&xpc_connection_set_peer_code_signing_requirement == NULL) /* 12.0 */
    return ENOTSUP;
  return answer(xpc_connection_set_peer_code_signing_requirement(
      connection->connection, text));
}

int xr_connection_set_same_team(xr_connection *connection,
                                const char *identifier) {
  if (&xpc_connection_set_peer_team_identity_requirement == NULL) /* 14.4 */
    return ENOTSUP;
  return answer(xpc_connection_set_peer_team_identity_requirement(
      connection->connection, identifier));
}

static int set_entitlement_value(xr_connection *connection, const char *name,
                                 const void *frame, size_t length) {
  xpc_object_t holder = NULL, value;
  xpc_type_t type;
  int result = EINVAL;

  if (xr__read_frame(frame, length, NULL, 0, &holder) != XR_OK)
    return EINVAL;
  value = xpc_dictionary_get_value(holder, "value");
  type = value == NULL ? NULL : xpc_get_type(value);
  if (type == XPC_TYPE_BOOL || type == XPC_TYPE_STRING ||
      type == XPC_TYPE_INT64) /* X13 */
    result = answer(xpc_connection_set_peer_entitlement_matches_value_requirement(
        connection->connection, name, value));
  xpc_release(holder);
  return result;
}

int xr_connection_set_entitlement(xr_connection *connection, const char *name,
                                  const void *frame, size_t length) {
  if (&xpc_connection_set_peer_entitlement_exists_requirement == NULL)
    return ENOTSUP; /* both are 14.4 */
  if (frame != NULL)
    return set_entitlement_value(connection, name, frame, length);
  return answer(xpc_connection_set_peer_entitlement_exists_requirement(
      connection->connection, name));
}

int xr_connection_set_lwcr(xr_connection *connection, const void *frame,
                           size_t length) {
  xpc_object_t requirement = NULL;
  int result;

  if (&xpc_connection_set_peer_lightweight_code_requirement == NULL)
    return ENOTSUP; /* 14.4 */
  if (xr__read_frame(frame, length, NULL, 0, &requirement) != XR_OK)
    return EINVAL;
  result = answer(xpc_connection_set_peer_lightweight_code_requirement(
      connection->connection, requirement));
  xpc_release(requirement);
  return result;
}
