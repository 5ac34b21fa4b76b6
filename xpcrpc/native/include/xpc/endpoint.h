/* Endpoints: inert values that lead back to a listener (contract section 6).
 *
 * Include <xpc/xpc.h>, never this file. */
#ifndef XPC_PORTABLE_ENDPOINT_H
#define XPC_PORTABLE_ENDPOINT_H

#ifndef __XPC_INDIRECT__
#error "include <xpc/xpc.h> instead"
#endif

XPC_EXTERN_C_BEGIN

/* An endpoint of a listener, active or not; owned by the caller. Any other
 * connection is misuse and aborts (C-150). NULL with errno when no descriptor
 * is left. */
XPC_EXPORT XPC_WARN_RESULT xpc_endpoint_t
xpc_endpoint_create(xpc_connection_t connection);

XPC_EXTERN_C_END

#endif
