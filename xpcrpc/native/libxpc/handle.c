/* Objects around a descriptor: fds here, shared memory and endpoints in
 * their own files. The object owns the descriptor and closes it. */
#include "object.h"

#include <errno.h>

struct xpc__handle *xpc__handle_new(xpc_type_t type, int fd) {
  struct xpc__handle *handle = xpc__object_new(type, sizeof *handle);

  handle->fd = fd;
  return handle;
}

void xpc__handle_free(struct xpc__handle *handle) {
  if (handle->fd >= 0)
    close(handle->fd);
  free(handle);
}

xpc_object_t xpc_fd_create(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

  return copy < 0 ? NULL : xpc__handle_new(XPC_TYPE_FD, copy);
}

int xpc_portable_fd_take(xpc_object_t xfd) {
  struct xpc__handle *handle = xfd;
  int fd;

  if (handle == NULL || xpc__kind_of(handle) != XPC__FD ||
      atomic_load(&handle->object.references) != 1)
    return -1;
  fd = handle->fd;
  handle->fd = -1;
  return fd;
}

int xpc_fd_dup(xpc_object_t xfd) {
  if (xfd == NULL || xpc__kind_of(xfd) != XPC__FD)
    return -1;
  return fcntl(((struct xpc__handle *)xfd)->fd, F_DUPFD_CLOEXEC, 0);
}
