/* Apple's libxpc runs blocks on libdispatch's threads: a pipe wakes the loop.
 * It holds one byte while events wait, and none otherwise. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "xr__bridge.h"

static int prepare(int fd) {
  int flags = fcntl(fd, F_GETFL);

  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
    return -1;
  return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int xr__wakeup_init(xr_mailbox *box) {
  int error;

  if (pipe(box->wake) != 0)
    return -1;
  if (prepare(box->wake[0]) == 0 && prepare(box->wake[1]) == 0)
    box->queue = dispatch_queue_create("xpcrpc", NULL);
  if (box->queue != NULL)
    return 0;
  error = errno;
  close(box->wake[0]);
  close(box->wake[1]);
  errno = error;
  return -1;
}

void xr__wakeup_free(xr_mailbox *box) {
  dispatch_release(box->queue);
  close(box->wake[0]);
  close(box->wake[1]);
}

int xr__wakeup_fd(xr_mailbox *box) { return box->wake[0]; }

void xr__wakeup_set(xr_mailbox *box) {
  /* The pipe is empty, so one byte always fits. */
  while (write(box->wake[1], "", 1) < 0 && errno == EINTR) {
  }
}

void xr__wakeup_clear(xr_mailbox *box) {
  char byte;

  while (read(box->wake[0], &byte, 1) < 0 && errno == EINTR) {
  }
}

size_t xr__wakeup_run(xr_mailbox *box, size_t blocks) {
  (void)box;
  (void)blocks;
  return 0;
}
