/* Records: a wrapper, a body or a memfd in its place, and what rides beside
 * them in control messages. */
#include "send.h"

#include <errno.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

enum {
  BATCH = 16, /* plain records handed over by one system call */
  CONTROL_BYTES = CMSG_SPACE(sizeof(int) * (XPC_PORTABLE_HANDLES + 1)) +
                  CMSG_SPACE(sizeof(struct ucred))
};

void xpc__write_wrapper(uint8_t *record, uint32_t flags, uint64_t length,
                        uint64_t id) {
  xpc__store32(record, XPC__WRAPPER_MAGIC);
  xpc__store32(record + 4, flags | XPC__FLAG_ALWAYS);
  xpc__store64(record + 8, length);
  xpc__store64(record + 16, id);
}

int xpc__payload_memfd(xpc_object_t message, const struct xpc__measure *measure,
                       xpc_object_t *handles) {
  const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  int fd = memfd_create("xpc-message",
                        MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  void *memory;

  if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
    fd = memfd_create("xpc-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return -1;
  if (ftruncate(fd, (off_t)measure->bytes) != 0) {
    close(fd);
    return -1;
  }
  memory = mmap(NULL, measure->bytes, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_POPULATE, fd, 0);
  if (memory == MAP_FAILED) {
    close(fd);
    return -1;
  }
  xpc__encode(message, measure, memory, handles);
  munmap(memory, measure->bytes); /* no writable mapping may be left */
  if (fcntl(fd, F_ADD_SEALS, seals) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static bool plain(xpc_connection_t connection,
                  const struct xpc__message *message) {
  return message->barrier == NULL && message->memfd < 0 &&
         message->handle_count == 0 && !connection->state_own;
}

static int transmit_batch(xpc_connection_t connection,
                          struct xpc__message *first) {
  struct mmsghdr headers[BATCH];
  struct iovec parts[BATCH];
  unsigned count = 0;

  memset(headers, 0, sizeof headers);
  for (struct xpc__message *message = first;
       count < BATCH && message != NULL && plain(connection, message);
       message = message->next, count++) {
    parts[count] = (struct iovec){message->record, message->record_length};
    headers[count].msg_hdr.msg_iov = &parts[count];
    headers[count].msg_hdr.msg_iovlen = 1;
  }
  return sendmmsg(connection->fd, headers, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void add_descriptors(struct msghdr *header, struct cmsghdr **at,
                            const struct xpc__message *message) {
  size_t count = message->handle_count + (message->memfd >= 0 ? 1 : 0);
  int fds[XPC_PORTABLE_HANDLES + 1];
  size_t next = 0;

  if (count == 0)
    return;
  if (message->memfd >= 0)
    fds[next++] = message->memfd;
  for (size_t i = 0; i < message->handle_count; i++)
    fds[next++] = ((struct xpc__handle *)message->handles[i])->fd;
  (*at)->cmsg_level = SOL_SOCKET;
  (*at)->cmsg_type = SCM_RIGHTS;
  (*at)->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(*at), fds, count * sizeof(int));
  header->msg_controllen += CMSG_SPACE(count * sizeof(int));
  *at =
      (struct cmsghdr *)(void *)((char *)*at + CMSG_SPACE(count * sizeof(int)));
}

static int transmit_one(xpc_connection_t connection,
                        struct xpc__message *message) {
  union {
    struct cmsghdr align;
    uint8_t bytes[CONTROL_BYTES];
  } control;
  struct iovec part = {message->record, message->record_length};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  struct cmsghdr *at = &control.align;
  ssize_t sent;

  memset(&control, 0, sizeof control);
  add_descriptors(&header, &at, message);
  if (connection->state_own) {
    at->cmsg_level = SOL_SOCKET;
    at->cmsg_type = SCM_CREDENTIALS;
    at->cmsg_len = CMSG_LEN(sizeof connection->own);
    memcpy(CMSG_DATA(at), &connection->own, sizeof connection->own);
    header.msg_controllen += CMSG_SPACE(sizeof connection->own);
  }
  if (header.msg_controllen != 0)
    header.msg_control = &control;
  sent = sendmsg(connection->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? -1 : 1;
}

int xpc__transmit(xpc_connection_t connection, struct xpc__message *first) {
  int sent;

  if (plain(connection, first)) {
    if (first->next != NULL)
      return transmit_batch(connection, first);
    return send(connection->fd, first->record, first->record_length,
                MSG_NOSIGNAL | MSG_DONTWAIT) < 0
               ? -1
               : 1;
  }
  sent = transmit_one(connection, first);
  if (sent < 0 && errno == EPERM && connection->state_own) {
    /* Our ids have changed since the connection was made. */
    xpc__state_own_credentials(connection);
    sent = transmit_one(connection, first);
  }
  return sent;
}
