/* Functions of Apple's libxpc that the bridge calls and that the portable one
 * does not have, in our own words: compared with Apple's headers as those of
 * the portable headers are, and what the test of peer_apple.c stands in for. */
#ifndef XPCRPC_NEWER_H
#define XPCRPC_NEWER_H

typedef struct xpc_peer_requirement_s *xpc_peer_requirement_t;
typedef struct xpc_rich_error_s *xpc_rich_error_t;

/* macOS 26.0: each makes an object that the caller owns, or NULL. */
XPC_EXPORT xpc_peer_requirement_t
xpc_peer_requirement_create_entitlement_exists(const char *entitlement,
                                               xpc_rich_error_t *error);
XPC_EXPORT xpc_peer_requirement_t
xpc_peer_requirement_create_entitlement_matches_value(const char *entitlement,
                                                      xpc_object_t value,
                                                      xpc_rich_error_t *error);
XPC_EXPORT xpc_peer_requirement_t
xpc_peer_requirement_create_team_identity(const char *identifier,
                                          xpc_rich_error_t *error);
XPC_EXPORT xpc_peer_requirement_t
xpc_peer_requirement_create_platform_identity(const char *identifier,
                                              xpc_rich_error_t *error);
XPC_EXPORT xpc_peer_requirement_t
xpc_peer_requirement_create_lwcr(xpc_object_t lwcr, xpc_rich_error_t *error);
XPC_EXPORT void
xpc_connection_set_peer_requirement(xpc_connection_t connection,
                                    xpc_peer_requirement_t requirement);

#endif
