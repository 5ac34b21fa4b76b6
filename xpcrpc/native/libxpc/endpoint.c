/* Endpoints: an O_PATH descriptor of a listening socket. It opens nothing and
 * keeps nothing alive (C-152, C-155); holding it is the right to connect. */
#include "connection.h"

#include <errno.h>
#include <sys/stat.h>

static struct xpc__handle *endpoint_new(int fd) {
  struct xpc__handle *endpoint = xpc__handle_new(XPC_TYPE_ENDPOINT, fd);
  struct stat status;

  if (fstat(fd, &status) == 0) {
    endpoint->device = status.st_dev;
    endpoint->inode = status.st_ino;
  }
  return endpoint;
}

static int endpoint_of_listener(xpc_connection_t listener) {
  int fd = -1;

  errno = ECANCELED;
  pthread_mutex_lock(&listener->lock);
  if (!listener->cancelled && xpc__listener_open(listener) &&
      listener->registration->endpoint >= 0)
    fd = fcntl(listener->registration->endpoint, F_DUPFD_CLOEXEC, 0);
  pthread_mutex_unlock(&listener->lock);
  return fd;
}

xpc_endpoint_t xpc_endpoint_create(xpc_connection_t connection) {
  int fd = -1;

  xpc__require_connection(connection, "xpc_endpoint_create");
  if (connection->role == XPC__LISTENER) /* C-151: active or not */
    fd = endpoint_of_listener(connection);
  else if (connection->role == XPC__NAMED)
    fd = xpc__find_name(
        connection->name,
        (connection->flags & XPC_CONNECTION_MACH_SERVICE_PRIVILEGED) != 0);
  else /* C-150, X19 */
    xpc__misuse("xpc_endpoint_create: not a listener");
  /* Of a listener that could not be opened: a socket nobody listens on, so
   * that it travels, and connecting to it fails (C-155). But what failed for
   * want of descriptors may be tried again. */
  if (fd < 0 && errno != EMFILE && errno != ENFILE)
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  return fd < 0 ? NULL : (xpc_endpoint_t)(void *)endpoint_new(fd);
}

xpc_object_t xpc__endpoint_adopt(int fd) {
  struct stat status;

  /* A path to a socket, or a socket; any other descriptor is not what the
   * payload says. */
  if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode))
    return endpoint_new(fd);
  close(fd);
  return NULL;
}
