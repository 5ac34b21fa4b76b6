/* Replies and limits. A reply is the dictionary that libxpc made for it; the
 * pointer Python holds is that object. */
#include "xr__bridge.h"

static atomic_size_t limit; /* 0: not asked for yet */

int xr_message_reply(uintptr_t reply, const void *frame, size_t length,
                     const struct xr_handle *handles, size_t count) {
  xpc_object_t message = (xpc_object_t)reply;
  xpc_connection_t remote;
  int status = xr__read_frame(frame, length, handles, count, &message);

  if (status != XR_OK)
    return status;
  remote = xpc_dictionary_get_remote_connection(message); /* C-132 */
  if (remote != NULL)
    xpc_connection_send_message(remote, message);
  xpc_release(message);
  return XR_OK;
}

void xr_message_release(uintptr_t reply) {
  xpc_release((xpc_object_t)reply);
}

size_t xr_message_limit(void) {
  size_t bytes = atomic_load_explicit(&limit, memory_order_relaxed);

  return bytes != 0 ? bytes : xr_message_set_limit(0);
}

size_t xr_message_set_limit(size_t bytes) {
  size_t now = xr__apply_message_limit(bytes);

  atomic_store_explicit(&limit, now, memory_order_relaxed);
  return now;
}

void xr_object_release(void *object) { xpc_release(object); }

bool xr_object_equal(void *object, void *other) {
  return xpc_equal(object, other);
}

size_t xr_object_hash(void *object) { return xpc_hash(object); }

void xr_shmem_unmap(void *address, size_t size) { munmap(address, size); }
