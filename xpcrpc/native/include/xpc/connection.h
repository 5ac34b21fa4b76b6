/* Connections: clients, listeners and the peers listeners hand out
 * (contract sections 2 to 5).
 *
 * Every function may be called from any thread. Handlers, reply handlers and
 * barriers run only inside xpc_portable_queue_drain() of the queue they
 * belong to, with no lock of the library held.
 *
 * Include <xpc/xpc.h>, never this file. */
#ifndef XPC_PORTABLE_CONNECTION_H
#define XPC_PORTABLE_CONNECTION_H

#ifndef __XPC_INDIRECT__
#error "include <xpc/xpc.h> instead"
#endif

XPC_EXTERN_C_BEGIN

/* The error singletons; compare by address (C-126). */
#define XPC_ERROR_CONNECTION_INTERRUPTED \
  XPC_GLOBAL_OBJECT(_xpc_error_connection_interrupted)
XPC_EXPORT const struct _xpc_dictionary_s _xpc_error_connection_interrupted;
#define XPC_ERROR_CONNECTION_INVALID \
  XPC_GLOBAL_OBJECT(_xpc_error_connection_invalid)
XPC_EXPORT const struct _xpc_dictionary_s _xpc_error_connection_invalid;
#define XPC_ERROR_TERMINATION_IMMINENT \
  XPC_GLOBAL_OBJECT(_xpc_error_termination_imminent)
XPC_EXPORT const struct _xpc_dictionary_s _xpc_error_termination_imminent;
#define XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT \
  XPC_GLOBAL_OBJECT(_xpc_error_peer_code_signing_requirement)
XPC_EXPORT const struct _xpc_dictionary_s
    _xpc_error_peer_code_signing_requirement;

#define XPC_CONNECTION_MACH_SERVICE_LISTENER (1 << 0)
#define XPC_CONNECTION_MACH_SERVICE_PRIVILEGED (1 << 1)

/* Runs once, when the connection is freed, on any thread (C-96). */
typedef void (*xpc_finalizer_t)(void *value);

/* Creation: +1, inactive, never NULL; a missing service shows later, as
 * INVALID (C-48 to C-54). The queue is retained; NULL is the default. */
XPC_EXPORT XPC_WARN_RESULT xpc_connection_t
xpc_connection_create(const char *name, dispatch_queue_t targetq);
XPC_EXPORT XPC_WARN_RESULT xpc_connection_t xpc_connection_create_mach_service(
    const char *name, dispatch_queue_t targetq, uint64_t flags);
XPC_EXPORT XPC_WARN_RESULT xpc_connection_t
xpc_connection_create_from_endpoint(xpc_endpoint_t endpoint);

/* Only before activation; later it aborts (C-56). */
XPC_EXPORT void xpc_connection_set_target_queue(xpc_connection_t connection,
                                                dispatch_queue_t targetq);
/* Copies the block; may be called again at any time (C-69). */
XPC_EXPORT void xpc_connection_set_event_handler(xpc_connection_t connection,
                                                 xpc_handler_t handler);

XPC_EXPORT void xpc_connection_activate(xpc_connection_t connection);
XPC_EXPORT void xpc_connection_suspend(xpc_connection_t connection);
XPC_EXPORT void xpc_connection_resume(xpc_connection_t connection);

/* Never blocks; the message is serialised before the call returns (C-74).
 * What xpc_portable_check_message() refuses aborts here. */
XPC_EXPORT void xpc_connection_send_message(xpc_connection_t connection,
                                            xpc_object_t message);
XPC_EXPORT void xpc_connection_send_barrier(xpc_connection_t connection,
                                            dispatch_block_t barrier);
/* The handler runs exactly once, on replyq or the default queue (C-136). */
XPC_EXPORT void xpc_connection_send_message_with_reply(
    xpc_connection_t connection, xpc_object_t message, dispatch_queue_t replyq,
    xpc_handler_t handler);
/* Blocks the calling thread and reads the socket itself, so it works without
 * anybody draining. From this connection's own handler it aborts (X11). */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_connection_send_message_with_reply_sync(xpc_connection_t connection,
                                            xpc_object_t message);

XPC_EXPORT void xpc_connection_cancel(xpc_connection_t connection);

/* Borrowed; NULL for anonymous, endpoint and peer connections (C-97). */
XPC_EXPORT XPC_WARN_RESULT const char *
xpc_connection_get_name(xpc_connection_t connection);

/* The latest sender's ids; -1, -1, 0, -1 before any traffic (C-98). */
XPC_EXPORT XPC_WARN_RESULT uid_t
xpc_connection_get_euid(xpc_connection_t connection);
XPC_EXPORT XPC_WARN_RESULT gid_t
xpc_connection_get_egid(xpc_connection_t connection);
XPC_EXPORT XPC_WARN_RESULT pid_t
xpc_connection_get_pid(xpc_connection_t connection);
XPC_EXPORT XPC_WARN_RESULT au_asid_t
xpc_connection_get_asid(xpc_connection_t connection);

XPC_EXPORT void xpc_connection_set_context(xpc_connection_t connection,
                                           void *context);
XPC_EXPORT XPC_WARN_RESULT void *
xpc_connection_get_context(xpc_connection_t connection);
XPC_EXPORT void xpc_connection_set_finalizer_f(xpc_connection_t connection,
                                               xpc_finalizer_t finalizer);

/* malloc'd text for a log, or NULL while the connection is valid (C-102). */
XPC_EXPORT XPC_WARN_RESULT char *
xpc_connection_copy_invalidation_reason(xpc_connection_t connection);

/* There is no code signing here: each returns ENOTSUP and leaves the one slot
 * empty; called on a filled slot or an active connection it aborts (C-161,
 * C-171). What Linux offers is xpc_portable_connection_set_peer_rule(). */
XPC_EXPORT XPC_WARN_RESULT int xpc_connection_set_peer_code_signing_requirement(
    xpc_connection_t connection, const char *requirement);
XPC_EXPORT XPC_WARN_RESULT int
xpc_connection_set_peer_entitlement_exists_requirement(
    xpc_connection_t connection, const char *entitlement);
XPC_EXPORT XPC_WARN_RESULT int
xpc_connection_set_peer_entitlement_matches_value_requirement(
    xpc_connection_t connection, const char *entitlement, xpc_object_t value);
XPC_EXPORT XPC_WARN_RESULT int
xpc_connection_set_peer_team_identity_requirement(
    xpc_connection_t connection, const char *signing_identifier);
XPC_EXPORT XPC_WARN_RESULT int
xpc_connection_set_peer_platform_identity_requirement(
    xpc_connection_t connection, const char *signing_identifier);
XPC_EXPORT XPC_WARN_RESULT int
xpc_connection_set_peer_lightweight_code_requirement(
    xpc_connection_t connection, xpc_object_t lwcr);

XPC_EXTERN_C_END

#endif
