/* See process.h. The handler does only what is safe after a fork: it counts
 * and forgets. */
#include "process.h"

#include <pthread.h>

uint32_t xpc__process;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void after_fork(void) {
  xpc__process++;
  xpc__queue_forget_default();
  xpc__peers_forget();
  xpc__users_forget();
  xpc__buffers_forget();
}

static void watch(void) {
  if (pthread_atfork(NULL, NULL, after_fork) != 0)
    xpc__misuse("no memory to watch for fork()");
}

void xpc__process_watch(void) { pthread_once(&once, watch); }
