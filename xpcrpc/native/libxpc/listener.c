/* Listeners: accepting, and holding back a peer until it has said something.
 *
 * A client appears at its listener with its first message (C-63, C-103). Until
 * then its socket is an embryo: a peer nobody knows, watched on the listener's
 * queue. */
#include "connection.h"

#include <errno.h>
#include <sys/timerfd.h>

enum { ACCEPTS = 16, PAUSE_MS = 100 };

bool xpc__listener_open(xpc_connection_t listener) {
  struct xpc__registration *registration;
  int error;

  if (listener->registration != NULL)
    return true;
  registration = xpc__alloc(sizeof *registration);
  if (listener->name == NULL)
    error = xpc__register_anonymous(registration);
  else
    error = xpc__register_name(
        listener->name,
        (listener->flags & XPC_CONNECTION_MACH_SERVICE_PRIVILEGED) != 0,
        registration);
  if (error == 0) {
    registration->pause =
        timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (registration->pause < 0) {
      error = errno;
      xpc__unregister(registration);
    }
  }
  if (error != 0) {
    xpc__log("xpc: cannot listen on %s: %s",
             listener->name == NULL ? "an anonymous socket" : listener->name,
             strerror(error));
    free(registration);
    errno = error;
    return false;
  }
  listener->registration = registration;
  return true;
}

void xpc__listener_close(xpc_connection_t listener) {
  if (listener->registration == NULL)
    return;
  xpc__unregister(listener->registration);
  free(listener->registration);
  listener->registration = NULL;
}

/* Takes the embryo off its listener's list; that listener, whose inner
 * reference the caller now owns, is locked. */
static xpc_connection_t unlink_embryo(xpc_connection_t embryo) {
  xpc_connection_t listener = embryo->listener;

  pthread_mutex_lock(&listener->lock);
  if (embryo->embryo_previous != NULL)
    embryo->embryo_previous->embryo_next = embryo->embryo_next;
  else
    listener->embryos = embryo->embryo_next;
  if (embryo->embryo_next != NULL)
    embryo->embryo_next->embryo_previous = embryo->embryo_previous;
  embryo->embryo_next = NULL;
  embryo->embryo_previous = NULL;
  embryo->listener = NULL;
  return listener;
}

void xpc__embryo_show(xpc_connection_t embryo) {
  xpc_connection_t listener = unlink_embryo(embryo);

  xpc__peer_spoke(embryo);
  xpc__event_push(listener, XPC__EVENT_PEER, NULL, embryo);
  xpc__schedule(listener);
  pthread_mutex_unlock(&listener->lock);
  xpc__connection_drop(listener);
  xpc__update_watch(embryo); /* nothing more until it is accepted */
}

void xpc__embryo_forget(xpc_connection_t embryo) {
  xpc_connection_t listener = unlink_embryo(embryo);

  pthread_mutex_unlock(&listener->lock);
  xpc__connection_drop(listener);
  if (embryo->attached)
    xpc__connection_drop(embryo); /* the caller holds another */
  embryo->attached = false;
}

void xpc__embryos_close(xpc_connection_t listener) {
  xpc_connection_t embryo;

  for (;;) {
    pthread_mutex_lock(&listener->lock);
    embryo = listener->embryos;
    if (embryo != NULL)
      xpc__connection_hold(embryo);
    pthread_mutex_unlock(&listener->lock);
    if (embryo == NULL)
      return;
    pthread_mutex_lock(&embryo->lock);
    if (embryo->listener == listener)
      xpc__end(embryo, "its listener was cancelled");
    pthread_mutex_unlock(&embryo->lock);
    xpc__connection_drop(embryo);
  }
}

/* False when the listener has ended meanwhile. */
static bool link_embryo(xpc_connection_t listener, xpc_connection_t embryo) {
  bool open;

  pthread_mutex_lock(&listener->lock);
  open = !listener->cancelled;
  if (open) {
    embryo->listener = listener;
    embryo->embryo_next = listener->embryos;
    if (embryo->embryo_next != NULL)
      embryo->embryo_next->embryo_previous = embryo;
    listener->embryos = embryo;
  }
  pthread_mutex_unlock(&listener->lock);
  if (open)
    xpc__connection_hold(listener);
  return open;
}

/* A new peer around an accepted socket. Its one inner reference is the
 * runtime's; users have none yet (C-107). */
static void adopt(xpc_connection_t listener, int fd) {
  xpc_connection_t peer = xpc__connection_new(XPC__PEER, NULL, NULL);
  int yes = 1;

  /* Since Linux 6.16 it is inherited when the client connects, which on a
   * socket from socket activation is before we could ask for it. */
  (void)setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  atomic_store(&peer->object.references, 0);
  peer->attached = true;
  peer->fd = fd;
  peer->listener_rule = xpc__rule_retain(listener->rule);
  xpc__connection_hold(peer);
  pthread_mutex_lock(&peer->lock);
  xpc__state_own_credentials(peer);
  xpc__learn_peer_credentials(peer);
  peer->user = xpc__user_of(peer->credentials.uid);
  peer->watch.user = peer->user;
  if (xpc__peer_enter(peer) && link_embryo(listener, peer)) {
    /* Usually the first message is there already. */
    xpc__receive(peer);
    if (peer->listener != NULL)
      xpc__update_watch(peer);
  } else {
    xpc__peer_leave(peer);
    peer->attached = false;
    xpc__connection_drop(peer);
  }
  pthread_mutex_unlock(&peer->lock);
  xpc__connection_drop(peer);
}

/* Out of descriptors: whoever waits in the backlog goes on waiting there, and
 * we do not wake for them until some time has passed. */
static void pause_listener(xpc_connection_t listener) {
  struct itimerspec later = {{0, 0}, {0, PAUSE_MS * 1000000}};

  if (timerfd_settime(listener->registration->pause, 0, &later, NULL) != 0)
    return;
  xpc__log("xpc: out of descriptors: no client is accepted for %d ms",
           PAUSE_MS);
  listener->paused = true;
  xpc__update_watch(listener);
}

static void go_on(xpc_connection_t listener) {
  uint64_t count;

  (void)!read(listener->registration->pause, &count, sizeof count);
  listener->paused = false;
  xpc__update_watch(listener);
}

bool xpc__listener_accept(xpc_connection_t listener) {
  int fds[ACCEPTS];
  int count = 0;

  if (listener->registration == NULL)
    return false;
  if (listener->paused)
    go_on(listener);
  while (count < ACCEPTS) {
    fds[count] = accept4(listener->registration->socket, NULL, NULL,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fds[count] >= 0)
      count++;
    else if (errno != EINTR && errno != ECONNABORTED)
      break;
  }
  if (count < ACCEPTS && (errno == EMFILE || errno == ENFILE ||
                          errno == ENOBUFS || errno == ENOMEM))
    pause_listener(listener);
  pthread_mutex_unlock(&listener->lock); /* a peer's lock comes first */
  for (int i = 0; i < count; i++)
    adopt(listener, fds[i]);
  pthread_mutex_lock(&listener->lock);
  return count > 0;
}
