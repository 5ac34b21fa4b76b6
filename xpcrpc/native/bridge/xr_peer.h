/* Who may be at the other end. One rule per connection, before it is
 * activated, on the loop's thread: the caller sees to that, as libxpc aborts
 * otherwise. */
#ifndef XR_PEER_H
#define XR_PEER_H

#include <stddef.h>

#include "xr_connection.h"

/* The rule is a dictionary, as a frame, borrowed. Linux: one of the portable
 * libxpc; see <xpc/portable.h>. macOS: a plan, the one call that states the
 * rule there; see peer_apple.c.
 *
 * Returns 0, ENOTSUP when this system or its version has no such rule, or
 * EINVAL when libxpc refuses it or it is malformed. */
int xr_connection_set_peer_rule(xr_connection *connection, const void *frame,
                                size_t length);

#endif
