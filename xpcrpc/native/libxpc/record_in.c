/* One record taken apart: its wrapper, its control messages, its body. */
#include "receive.h"

#include <errno.h>

static xpc_object_t take_handle(struct xpc__handle_source *source,
                                xpc_type_t type, uint64_t length) {
  struct xpc__baggage *baggage = (struct xpc__baggage *)source;
  int fd;

  if (baggage->next >= baggage->count)
    return NULL;
  fd = baggage->fds[baggage->next];
  baggage->fds[baggage->next++] = -1;
  if (type == XPC_TYPE_SHMEM)
    return xpc__shmem_adopt(fd, length);
  if (type == XPC_TYPE_ENDPOINT)
    return xpc__endpoint_adopt(fd);
  return xpc__handle_new(XPC_TYPE_FD, fd);
}

void xpc__unpack(struct msghdr *header, struct xpc__baggage *baggage) {
  struct cmsghdr *control;

  baggage->source.take = take_handle;
  baggage->count = 0;
  baggage->next = 0;
  baggage->has_sender = false;
  baggage->sender = (struct ucred){0, (uid_t)-1, (gid_t)-1};
  for (control = CMSG_FIRSTHDR(header); control != NULL;
       control = CMSG_NXTHDR(header, control)) {
    if (control->cmsg_level != SOL_SOCKET)
      continue;
    if (control->cmsg_type == SCM_CREDENTIALS) {
      memcpy(&baggage->sender, CMSG_DATA(control), sizeof baggage->sender);
      baggage->has_sender = true;
    } else if (control->cmsg_type == SCM_RIGHTS) {
      size_t bytes = control->cmsg_len - CMSG_LEN(0);
      size_t count = bytes / sizeof(int);
      for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(control) + i * sizeof fd, sizeof fd);
        if (baggage->count < XPC__MAX_FDS)
          baggage->fds[baggage->count++] = fd;
        else
          close(fd);
      }
    }
  }
}

void xpc__baggage_close(struct xpc__baggage *baggage) {
  for (size_t i = baggage->next; i < baggage->count; i++)
    if (baggage->fds[i] >= 0)
      close(baggage->fds[i]);
}

/* A body in a memfd: sealed for good and of the stated size, or refused. */
static int decode_memfd(struct xpc__baggage *baggage, uint64_t length,
                        xpc_object_t *object) {
  const int wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  struct xpc__buffer *buffer = NULL;
  int fd, seals, error;
  off_t size;

  if (baggage->count == 0 || length == 0 || length > xpc__message_limit())
    return EBADMSG;
  fd = baggage->fds[0];
  baggage->fds[0] = -1;
  baggage->next = 1;
  seals = fcntl(fd, F_GET_SEALS);
  size = lseek(fd, 0, SEEK_END);
  if (seals >= 0 && (seals & wanted) == wanted && size >= 0 &&
      (uint64_t)size == length)
    buffer = xpc__buffer_map(fd, (size_t)length);
  close(fd);
  if (buffer == NULL)
    return EBADMSG;
  error = xpc__decode(buffer->bytes, (size_t)length, buffer, &baggage->source,
                      object);
  xpc__buffer_release(buffer);
  return error;
}

#define KNOWN_FLAGS                                               \
  (XPC__FLAG_ALWAYS | XPC__FLAG_MESSAGE | XPC__FLAG_WANTS_REPLY | \
   XPC__FLAG_REPLY | XPC__FLAG_NO_REPLY | XPC__FLAG_MEMFD |       \
   XPC__FLAG_SENDERS_ID | XPC__FLAG_FRAGMENTED | XPC__FLAG_FRAGMENT)

/* The flags that say how the body comes; no record has two of them. */
#define BODY_FLAGS                                                    \
  (XPC__FLAG_NO_REPLY | XPC__FLAG_MEMFD | XPC__FLAG_FRAGMENTED |      \
   XPC__FLAG_FRAGMENT)

bool xpc__read_wrapper(const uint8_t *bytes, size_t length,
                       struct xpc__record *record) {
  if (length < XPC__WRAPPER_BYTES || xpc__load32(bytes) != XPC__WRAPPER_MAGIC)
    return false;
  record->flags = xpc__load32(bytes + 4);
  record->length = xpc__load64(bytes + 8);
  record->id = xpc__load64(bytes + 16);
  record->body = bytes + XPC__WRAPPER_BYTES;
  record->body_length = length - XPC__WRAPPER_BYTES;
  if ((record->flags & XPC__FLAG_ALWAYS) == 0 ||
      (record->flags & ~KNOWN_FLAGS) != 0 || record->id >> 63 != 0)
    return false;
  switch (record->flags & BODY_FLAGS) {
    case 0:
      return record->length == record->body_length;
    case XPC__FLAG_NO_REPLY:
      return (record->flags & XPC__FLAG_REPLY) != 0 && record->length == 0 &&
             record->body_length == 0;
    case XPC__FLAG_MEMFD:
      return record->body_length == 0;
    case XPC__FLAG_FRAGMENTED:
      return record->body_length == 0 &&
             record->length > XPC_PORTABLE_INLINE_BYTES &&
             record->length <= XPC_PORTABLE_SOCKET_BYTES &&
             record->length <= xpc__message_limit();
    case XPC__FLAG_FRAGMENT:
      return record->flags == (XPC__FLAG_ALWAYS | XPC__FLAG_FRAGMENT) &&
             record->length == record->body_length;
    default:
      return false;
  }
}

int xpc__decode_record(const struct xpc__record *record,
                       struct xpc__baggage *baggage, struct xpc__buffer *buffer,
                       xpc_object_t *object) {
  int error;

  if (record->flags & XPC__FLAG_MEMFD)
    error = decode_memfd(baggage, record->length, object);
  else
    error = xpc__decode(record->body, record->body_length, buffer,
                        &baggage->source, object);
  if (error != 0)
    return error;
  if (xpc__kind_of(*object) == XPC__DICTIONARY &&
      baggage->next == baggage->count)
    return 0;
  xpc_release(*object);
  return EBADMSG;
}

