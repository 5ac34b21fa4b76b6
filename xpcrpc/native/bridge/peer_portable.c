/* Peer rules on Linux: the kernel's credentials, no code signing. */
#include <errno.h>
#include <xpc/portable.h>

#include "xr__bridge.h"

int xr_connection_set_peer_rule(xr_connection *connection, const void *frame,
                                size_t length) {
  xpc_object_t rule = NULL;
  int error;

  if (xr__read_frame(frame, length, NULL, 0, &rule) != XR_OK)
    return EINVAL;
  error = xpc_portable_connection_set_peer_rule(connection->connection, rule);
  xpc_release(rule);
  return error;
}

int xr_connection_set_code_requirement(xr_connection *connection,
                                       const char *text) {
  (void)connection;
  (void)text;
  return ENOTSUP;
}

int xr_connection_set_same_team(xr_connection *connection,
                                const char *identifier) {
  (void)connection;
  (void)identifier;
  return ENOTSUP;
}

int xr_connection_set_entitlement(xr_connection *connection, const char *name,
                                  const void *frame, size_t length) {
  (void)connection;
  (void)name;
  (void)frame;
  (void)length;
  return ENOTSUP;
}

int xr_connection_set_lwcr(xr_connection *connection, const void *frame,
                           size_t length) {
  (void)connection;
  (void)frame;
  (void)length;
  return ENOTSUP;
}
