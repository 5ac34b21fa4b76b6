/* The blocking send. It reads the socket itself while it waits, so it needs
 * nobody to drain; whoever else reads the reply wakes it (C-144 to C-148). */
#include "send.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

/* One wait for the reply, the socket, or another thread's word. */
static void wait_once(xpc_connection_t connection, struct xpc__waiter *waiter) {
  struct pollfd fds[2] = {{waiter->wake, POLLIN, 0}, {-1, POLLIN, 0}};
  /* A socket that somebody else may not have made yet, or may replace, is
   * looked for again after this time. */
  int timeout = 20;

  pthread_mutex_lock(&connection->lock);
  if (connection->activated && connection->suspends == 0 &&
      !connection->running) {
    if (connection->timer >= 0) {
      fds[1].fd = connection->timer;
    } else if (connection->fd >= 0) {
      fds[1].fd = connection->fd;
      if (connection->terminated)
        fds[1].events = POLLRDHUP;
      if (connection->blocked)
        fds[1].events |= POLLOUT;
    }
  }
  pthread_mutex_unlock(&connection->lock);
  (void)poll(fds, 2, timeout);
  if (fds[1].revents != 0 && fds[0].revents == 0)
    xpc__watch_ready(&connection->watch, (uint32_t)fds[1].revents);
}

static bool settled(xpc_connection_t connection, struct xpc__waiter *waiter) {
  bool done;

  pthread_mutex_lock(&connection->lock);
  done = waiter->reply != NULL;
  pthread_mutex_unlock(&connection->lock);
  return done;
}

xpc_object_t xpc_connection_send_message_with_reply_sync(
    xpc_connection_t connection, xpc_object_t message) {
  struct xpc__waiter waiter = {NULL, -1};
  struct xpc__pending *pending = xpc__alloc(sizeof *pending);

  xpc__require_connection(connection, "xpc_connection_send_message_with_reply_sync");
  pthread_mutex_lock(&connection->lock);
  if (connection->running &&
      pthread_equal(connection->runner, pthread_self())) /* X11 */
    xpc__misuse(
        "a synchronous send in the connection's own handler can "
        "never return");
  connection->waiters++;
  if (connection->held) { /* the reply must be got at */
    connection->held = false;
    xpc__update_watch(connection);
  }
  pthread_mutex_unlock(&connection->lock);
  waiter.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  *pending = (struct xpc__pending){.waiter = &waiter};
  xpc__connection_hold(connection);
  xpc__send_dictionary(connection, message, pending,
                       "xpc_connection_send_message_with_reply_sync");
  while (!settled(connection, &waiter))
    wait_once(connection, &waiter);
  pthread_mutex_lock(&connection->lock);
  connection->waiters--;
  pthread_mutex_unlock(&connection->lock);
  if (waiter.wake >= 0)
    close(waiter.wake);
  xpc__connection_drop(connection);
  return waiter.reply;
}
