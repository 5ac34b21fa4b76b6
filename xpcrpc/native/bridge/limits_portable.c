/* What the portable libxpc refuses, so that we refuse it first: it would end
 * the process. */
#include <xpc/portable.h>

#include "xr__bridge.h"

unsigned xr__depth_limit(void) { return XPC_PORTABLE_DEPTH; }

size_t xr__object_limit(void) { return XPC_PORTABLE_OBJECTS; }

size_t xr_handle_limit(void) { return XPC_PORTABLE_HANDLES; }

size_t xr__apply_message_limit(size_t bytes) {
  xpc_portable_set_message_limit(bytes);
  return bytes != 0 ? bytes : XPC_PORTABLE_MESSAGE_BYTES;
}

int xr__fd_take(xpc_object_t object) {
  int fd = xpc_portable_fd_take(object);

  return fd >= 0 ? fd : xpc_fd_dup(object); /* it is in the message twice */
}

xpc_object_t xr__shmem_create(void *address, size_t size) {
  if (xpc_portable_shmem_check(address, size) != 0)
    return NULL;
  return xpc_shmem_create(address, size);
}

char *xr__copy_reason(xpc_connection_t raw) {
  return xpc_connection_copy_invalidation_reason(raw);
}

xpc_object_t xr__peer_requirement_error(void) {
  return (xpc_object_t)XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT;
}
