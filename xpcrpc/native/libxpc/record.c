/* Records: a wrapper, a body or a memfd in its place, and what rides beside
 * them in control messages. */
#include "send.h"

#include <errno.h>

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

static bool plain(xpc_connection_t connection,
                  const struct xpc__message *message) {
  return message->barrier == NULL && message->memfd < 0 &&
         message->body == NULL && message->handle_count == 0 && !connection->state_own;
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

size_t xpc__add_credentials(xpc_connection_t connection, struct cmsghdr *at) {
  if (!connection->state_own)
    return 0;
  at->cmsg_level = SOL_SOCKET;
  at->cmsg_type = SCM_CREDENTIALS;
  at->cmsg_len = CMSG_LEN(sizeof connection->own);
  memcpy(CMSG_DATA(at), &connection->own, sizeof connection->own);
  return CMSG_SPACE(sizeof connection->own);
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
  header.msg_controllen += xpc__add_credentials(connection, at);
  if (header.msg_controllen != 0)
    header.msg_control = &control;
  sent = sendmsg(connection->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? -1 : 1;
}

/* Our ids may have changed since the connection was made. */
static int transmit_stated(xpc_connection_t connection,
                           struct xpc__message *message) {
  int sent = transmit_one(connection, message);

  if (sent >= 0 || errno != EPERM || !connection->state_own)
    return sent;
  xpc__state_own_credentials(connection);
  return transmit_one(connection, message);
}

int xpc__transmit(xpc_connection_t connection, struct xpc__message *first) {
  if (plain(connection, first)) {
    if (first->next != NULL)
      return transmit_batch(connection, first);
    return send(connection->fd, first->record, first->record_length,
                MSG_NOSIGNAL | MSG_DONTWAIT) < 0
               ? -1
               : 1;
  }
  if (!first->begun && transmit_stated(connection, first) < 0)
    return -1;
  if (first->body == NULL)
    return 1;
  first->begun = true;
  return xpc__transmit_fragments(connection, first);
}
