/* One block as a queue's work: a reply, or a barrier on an ended connection. */
#include "block.h"
#include "queue.h"

struct block_work {
  struct xpc__work work;
  dispatch_queue_t queue;
  void *block;
  xpc_object_t object;
};

static size_t run_block(struct xpc__work *work, size_t budget) {
  struct block_work *task = (struct block_work *)work;

  (void)budget;
  if (task->object != NULL) {
    xpc__call_handler(task->block, task->object);
    xpc_release(task->object);
  } else {
    xpc__call_barrier(task->block);
  }
  _Block_release(task->block);
  dispatch_release(task->queue);
  free(task);
  return 1;
}

void xpc__queue_post_block(dispatch_queue_t queue, void *block,
                           xpc_object_t object) {
  struct block_work *task = xpc__alloc(sizeof *task);

  task->work.run = run_block;
  task->queue = queue;
  task->block = block;
  task->object = object == NULL ? NULL : xpc_retain(object);
  dispatch_retain(queue);
  xpc__queue_post(queue, &task->work);
}
