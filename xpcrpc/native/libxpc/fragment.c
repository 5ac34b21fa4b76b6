/* Payloads that are too large for one record: cut into fragments, or moved to
 * a memfd. Either way the one large data object they usually hold is taken
 * from where it lies and copied by the kernel alone. */
#include "send.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

enum {
  BATCH = 16, /* fragments handed over by one system call */
  PIECES = 3, /* before the cut, the cut, after it */
  /* Asked for once a connection sends fragments, so that a whole message is
   * under way while the other side wakes; the kernel may grant less. */
  SEND_BUFFER_BYTES = 1024 * 1024
};

/* The part of [from, from + length) that lies in a piece of `size` bytes at
 * `at` of the payload; counts what it adds. */
static unsigned add_piece(struct iovec *out, const uint8_t *bytes, size_t at,
                          size_t size, size_t from, size_t length) {
  size_t end = at + size < from + length ? at + size : from + length;
  size_t start = at > from ? at : from;

  if (start >= end)
    return 0;
  *out = (struct iovec){(void *)(uintptr_t)(bytes + (start - at)), end - start};
  return 1;
}

/* Where `length` bytes of the payload from `from` on are. */
static unsigned pieces(const struct xpc__message *message, size_t from,
                       size_t length, struct iovec *out) {
  const uint8_t *body = message->body->bytes;
  size_t cut = message->cut == NULL ? 0 : message->cut->length;
  size_t after = message->cut_at + cut;
  unsigned count;

  count = add_piece(out, body, 0, message->cut_at, from, length);
  if (cut != 0)
    count += add_piece(out + count, message->cut->bytes, message->cut_at, cut,
                       from, length);
  return count + add_piece(out + count, body + message->cut_at, after,
                           message->payload - after, from, length);
}

static int new_memfd(void) {
  int fd = memfd_create("xpc-message",
                        MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

  if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
    fd = memfd_create("xpc-message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

/* Writing is cheaper than mapping: no page is cleared before it is filled. */
static bool write_payload(int fd, const struct xpc__message *message) {
  struct iovec parts[PIECES];
  size_t done = 0;
  ssize_t wrote;

  while (done < message->payload) {
    unsigned count = pieces(message, done, message->payload - done, parts);
    wrote = writev(fd, parts, (int)count);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0)
      return false;
    done += (size_t)wrote;
  }
  return true;
}

bool xpc__into_memfd(struct xpc__message *message) {
  const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  int fd = new_memfd();

  if (fd < 0)
    return false;
  if (!write_payload(fd, message) || fcntl(fd, F_ADD_SEALS, seals) != 0) {
    close(fd);
    return false;
  }
  xpc__buffer_release(message->body);
  message->body = NULL;
  message->cut = NULL; /* borrowed still */
  message->memfd = fd;
  return true;
}

struct batch {
  struct mmsghdr headers[BATCH];
  struct iovec parts[BATCH][1 + PIECES];
  uint8_t wrappers[BATCH][XPC__WRAPPER_BYTES];
  union {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(sizeof(struct ucred))];
  } control;
};

static size_t length_at(const struct xpc__message *message, size_t offset) {
  size_t left = message->payload - offset;

  return left < XPC__FRAGMENT_BYTES ? left : XPC__FRAGMENT_BYTES;
}

static unsigned fill(struct batch *batch, xpc_connection_t connection,
                     const struct xpc__message *message) {
  size_t offset = message->sent;
  size_t control;
  unsigned count = 0;

  memset(&batch->control, 0, sizeof batch->control);
  control = xpc__add_credentials(connection, &batch->control.align);
  for (; count < BATCH && offset < message->payload; count++) {
    size_t length = length_at(message, offset);
    struct iovec *parts = batch->parts[count];
    xpc__write_wrapper(batch->wrappers[count], XPC__FLAG_FRAGMENT, length,
                       offset);
    parts[0] = (struct iovec){batch->wrappers[count], XPC__WRAPPER_BYTES};
    batch->headers[count].msg_hdr = (struct msghdr){
        .msg_iov = parts,
        .msg_iovlen = 1 + pieces(message, offset, length, parts + 1),
        .msg_control = control == 0 ? NULL : &batch->control,
        .msg_controllen = control};
    offset += length;
  }
  return count;
}

int xpc__transmit_fragments(xpc_connection_t connection,
                            struct xpc__message *message) {
  const int size = SEND_BUFFER_BYTES;
  struct batch batch;
  int sent;

  if (!connection->roomy)
    (void)setsockopt(connection->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  connection->roomy = true;
  while (message->sent < message->payload) {
    unsigned count = fill(&batch, connection, message);
    sent = sendmmsg(connection->fd, batch.headers, count,
                    MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
      return -1;
    while (sent-- > 0)
      message->sent += length_at(message, message->sent);
  }
  return 1;
}
