/* Apple documents no limit of a message (C-81): these are ours, those of the
 * portable libxpc, so that what is sent on one system fits the other. And the
 * API that is newer than macOS 11, looked for before it is used. */
#include "xr__bridge.h"

#pragma clang diagnostic ignored "-Wunguarded-availability-new"

enum {
  DEPTH = 257,
  OBJECTS = 4 * 1024 * 1024,
  HANDLES = 252,
  MESSAGE_BYTES = 64 * 1024 * 1024
};

unsigned xr__depth_limit(void) { return DEPTH; }

size_t xr__object_limit(void) { return OBJECTS; }

size_t xr_handle_limit(void) { return HANDLES; }

size_t xr__apply_message_limit(size_t bytes) {
  return bytes != 0 ? bytes : MESSAGE_BYTES;
}

/* The caller hands over memory that Python mapped MAP_SHARED (X14). */
int xr__fd_take(xpc_object_t object) { return xpc_fd_dup(object); }

xpc_object_t xr__shmem_create(void *address, size_t size) {
  return address == NULL ? NULL : xpc_shmem_create(address, size);
}

char *xr__copy_reason(xpc_connection_t raw) {
  if (&xpc_connection_copy_invalidation_reason == NULL) /* 12.0 */
    return NULL;
  return xpc_connection_copy_invalidation_reason(raw);
}

xpc_object_t xr__peer_requirement_error(void) {
  /* The address of a weak symbol is NULL before 12.0. */
  return (xpc_object_t)XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT;
}
