/* Who may be at the other end. One rule per connection, before it is
 * activated, on the loop's thread: the caller sees to that, as libxpc aborts
 * otherwise.
 *
 * Each returns 0, ENOTSUP when this system or its version has no such rule,
 * or EINVAL when libxpc refuses the rule. Arguments are borrowed. */
#ifndef XR_PEER_H
#define XR_PEER_H

#include <stddef.h>

#include "xr_connection.h"

/* Linux: a rule dictionary of the portable libxpc, as a frame. */
int xr_connection_set_peer_rule(xr_connection *connection, const void *frame,
                                size_t length);

/* macOS 12: text in the code-requirement language. */
int xr_connection_set_code_requirement(xr_connection *connection,
                                       const char *text);

/* macOS 14.4: signed by the same team as this process; the signing
 * identifier may be NULL. */
int xr_connection_set_same_team(xr_connection *connection,
                                const char *identifier);

/* macOS 14.4: an entitlement; the value, a frame whose root holds it under
 * the key "value", or NULL when it need only exist. */
int xr_connection_set_entitlement(xr_connection *connection, const char *name,
                                  const void *frame, size_t length);

/* macOS 14.4: a lightweight code requirement, as a frame. */
int xr_connection_set_lwcr(xr_connection *connection, const void *frame,
                           size_t length);

#endif
