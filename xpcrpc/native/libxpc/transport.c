/* The life of a connection's socket: connecting late, watching it, and what
 * its end means for whom (contract section 4, E1 to E9). */
#include "receive.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/un.h>

/* How long until what the kernel has no room for is tried again: to join a
 * full backlog, or to add descriptors to those that are under way. */
enum { RETRY_MS = 5 };

void xpc__close_socket(xpc_connection_t connection) {
  if (connection->watch.queue != NULL)
    xpc__queue_watch(connection->watch.queue, &connection->watch,
                     connection->watch.fd, 0);
  if (connection->fd >= 0)
    close(connection->fd);
  if (connection->timer >= 0)
    close(connection->timer);
  connection->fd = -1;
  connection->timer = -1;
  connection->blocked = false;
  connection->broken = false;
  connection->roomy = false;
  connection->large = false;
  xpc__assembly_free(connection);
  connection->generation++;
}

void xpc__update_watch(xpc_connection_t connection) {
  dispatch_queue_t queue = connection->queue;
  uint32_t events = 0;
  int fd = connection->fd;

  if (connection->listener != NULL) { /* an embryo: on its listener's queue */
    queue = connection->listener->queue;
    events = connection->held ? 0 : EPOLLIN;
  } else if (connection->activated && connection->suspends == 0 &&
             !connection->cancelled) {
    events = connection->held ? 0 : EPOLLIN;
    if (connection->role == XPC__LISTENER && connection->registration != NULL)
      fd = connection->paused ? connection->registration->pause
                              : connection->registration->socket;
    if (connection->terminated)
      events = EPOLLRDHUP; /* only to learn that the client has gone */
    if (connection->timer >= 0) {
      fd = connection->timer;
      events = EPOLLIN;
    } else if (connection->blocked) {
      events |= EPOLLOUT;
    }
  }
  if (fd < 0 || events == 0) {
    if (connection->watch.queue != NULL)
      xpc__queue_watch(connection->watch.queue, &connection->watch,
                       connection->watch.fd, 0);
    return;
  }
  if (!xpc__queue_watch(queue, &connection->watch, fd, events)) {
    xpc__log("xpc: a socket cannot be watched: %s", strerror(errno));
    xpc__end(connection, "its socket cannot be watched");
  }
}

static void expire_timer(xpc_connection_t connection) {
  uint64_t count;

  (void)!read(connection->timer, &count, sizeof count);
  if (connection->watch.queue != NULL)
    xpc__queue_watch(connection->watch.queue, &connection->watch,
                     connection->watch.fd, 0);
  close(connection->timer);
  connection->timer = -1;
  connection->blocked = false;
  if (connection->out != NULL)
    xpc__flush(connection);
  else
    xpc__ensure_connected(connection);
  xpc__update_watch(connection);
}

/* One that was told of the end of this process hears nothing more, but that
 * its client has gone. */
static void hang_up(xpc_connection_t connection, uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
    xpc__lost(connection, "the other side has gone");
}

bool xpc__watch_ready(struct xpc__watch *watch, uint32_t events) {
  xpc_connection_t connection =
      (xpc_connection_t)(void *)((char *)watch -
                                 offsetof(struct _xpc_connection_s, watch));
  bool gave = false;

  pthread_mutex_lock(&connection->lock);
  if (connection->watch.queue == NULL || connection->running) {
    pthread_mutex_unlock(&connection->lock);
    return false;
  }
  if (connection->timer >= 0) {
    expire_timer(connection);
    gave = true;
  } else if (connection->role == XPC__LISTENER) {
    gave = xpc__listener_accept(connection);
  } else {
    if (connection->blocked && (events & (EPOLLOUT | EPOLLIN)) != 0) {
      connection->blocked = false;
      xpc__flush(connection);
      xpc__update_watch(connection);
    }
    if (connection->fd >= 0 && connection->terminated)
      hang_up(connection, events);
    else if (connection->fd >= 0)
      gave = xpc__receive(connection);
  }
  xpc__schedule(connection);
  pthread_mutex_unlock(&connection->lock);
  return gave;
}

/* Barriers run whatever happens (C-86); INTERRUPTED and INVALID both empty
 * what was queued (C-119, C-87), and replies go first (OQ-23). */
static void empty_out(xpc_connection_t connection, xpc_object_t error) {
  xpc__drop_unsent(connection);
  xpc__pending_fail_all(connection, error);
}

void xpc__end(xpc_connection_t connection, const char *reason) {
  xpc__connection_hold(connection);
  if (connection->cancelled) { /* C-89 */
    xpc__connection_drop(connection);
    return;
  }
  connection->cancelled = true;
  connection->reason = xpc__strdup(reason);
  if (connection->listener != NULL && connection->in != NULL)
    xpc__embryo_show(connection); /* what it said before still counts */
  else if (connection->listener != NULL)
    xpc__embryo_forget(connection);
  xpc__close_socket(connection);
  xpc__peer_leave(connection);
  if (connection->role == XPC__LISTENER)
    xpc__listener_close(connection);
  if (connection->activated) {
    empty_out(connection, xpc__error(XPC_ERROR_CONNECTION_INVALID));
    xpc__event_push(connection, XPC__EVENT_FINAL, NULL, NULL);
    xpc__schedule(connection);
  }
  xpc__connection_drop(connection);
}

const char *xpc__why(int error, const char *reason) {
  return error == EMFILE || error == ENFILE
             ? "out of descriptors"
             : reason;
}

void xpc__lost(xpc_connection_t connection, const char *reason) {
  if (connection->role != XPC__NAMED) { /* E5 to E7 */
    xpc__end(connection, reason);
    return;
  }
  xpc__close_socket(connection); /* E2, E3: usable again */
  empty_out(connection, xpc__error(XPC_ERROR_CONNECTION_INTERRUPTED));
  xpc__event_push(connection, XPC__EVENT_ERROR, NULL,
                  xpc__error(XPC_ERROR_CONNECTION_INTERRUPTED));
  xpc__schedule(connection);
}

bool xpc__try_later(xpc_connection_t connection) {
  struct itimerspec later = {{0, 0}, {0, RETRY_MS * 1000000}};

  connection->timer =
      timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (connection->timer < 0)
    return false;
  (void)timerfd_settime(connection->timer, 0, &later, NULL);
  xpc__update_watch(connection);
  return !connection->cancelled;
}

/* A connected socket to the file behind an O_PATH descriptor, or -1. */
static int connect_to(int path_fd) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int yes = 1, error;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd < 0)
    return -1;
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d",
                 path_fd);
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0 &&
      connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  error = errno;
  close(fd);
  errno = error;
  return -1;
}

bool xpc__ensure_connected(xpc_connection_t connection) {
  int target = -1;

  if (connection->fd >= 0)
    return true;
  if (connection->cancelled || connection->timer >= 0)
    return false;
  if (connection->role == XPC__NAMED) {
    target = xpc__find_name(
        connection->name,
        (connection->flags & XPC_CONNECTION_MACH_SERVICE_PRIVILEGED) != 0);
    if (target >= 0) {
      connection->fd = connect_to(target);
      int error = errno;
      close(target);
      errno = error;
    }
  } else if (connection->role == XPC__FROM_ENDPOINT) {
    connection->fd = connect_to(connection->endpoint->fd);
  } else {
    errno = ENOTCONN;
  }
  if (connection->fd >= 0) {
    xpc__state_own_credentials(connection);
    xpc__learn_peer_credentials(connection);
    xpc__update_watch(connection);
    return !connection->cancelled; /* as it cannot be watched */
  }
  if (errno == EAGAIN && xpc__try_later(connection))
    return false;
  xpc__end(connection, xpc__why(errno, errno == EACCES
                                           ? "no permission to reach the service"
                                           : "the service cannot be reached"));
  return false;
}
