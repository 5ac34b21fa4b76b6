/* The portable libxpc has no thread: its queue's descriptor wakes the loop,
 * and draining runs the blocks on the loop's thread. */
#include <errno.h>
#include <xpc/portable.h>

#include "xr__bridge.h"

int xr__wakeup_init(xr_mailbox *box) {
  box->queue = dispatch_queue_create("xpcrpc", NULL);
  if (box->queue != NULL)
    return 0;
  errno = EMFILE;
  return -1;
}

void xr__wakeup_free(xr_mailbox *box) { dispatch_release(box->queue); }

int xr__wakeup_fd(xr_mailbox *box) {
  return xpc_portable_queue_get_fd(box->queue);
}

/* Events appear only while the loop's thread drains: nobody is to be woken. */
void xr__wakeup_set(xr_mailbox *box) { (void)box; }

void xr__wakeup_clear(xr_mailbox *box) { (void)box; }

size_t xr__wakeup_run(xr_mailbox *box, size_t blocks) {
  return xpc_portable_queue_drain(box->queue, blocks);
}
