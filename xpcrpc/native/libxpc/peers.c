/* All accepted sockets of this process: how many there may be, and who is
 * told that the process is about to end. */
#include "connection.h"

/* Taken after a connection's, before that of the users' accounts. */
static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static xpc_connection_t peers;
static size_t peer_count;
static size_t silent_count;

static const char *refusal(const struct xpc__user *user) {
  if (peer_count >= xpc__peers())
    return "there are too many clients";
  if (xpc__user_has(user, XPC__SOCKETS) >= xpc__peers_of_user())
    return "its user has too many connections";
  if (!xpc__user_may(user, XPC__SOCKETS, 1))
    return "its user has had his share of descriptors";
  if (silent_count >= xpc__silent_peers())
    return "too many clients have said nothing yet";
  if (!xpc__user_may(user, XPC__SILENT, 1))
    return "too many clients of its user have said nothing yet";
  return NULL;
}

static void link_peer(xpc_connection_t peer) {
  peer->counted = true;
  peer->silent = true;
  peer->peer_previous = NULL;
  peer->peer_next = peers;
  if (peers != NULL)
    peers->peer_previous = peer;
  peers = peer;
  peer_count++;
  silent_count++;
  xpc__user_add(peer->user, XPC__SOCKETS, 1);
  xpc__user_add(peer->user, XPC__SILENT, 1);
}

static void no_longer_silent(xpc_connection_t peer) {
  if (!peer->silent)
    return;
  peer->silent = false;
  silent_count--;
  xpc__user_take_off(peer->user, XPC__SILENT, 1);
}

bool xpc__peer_enter(xpc_connection_t peer) {
  const char *reason;

  pthread_mutex_lock(&peers_lock);
  reason = refusal(peer->user);
  if (reason == NULL)
    link_peer(peer);
  pthread_mutex_unlock(&peers_lock);
  if (reason != NULL)
    xpc__log("xpc: pid %d (uid %u) is turned away: %s",
             (int)peer->credentials.pid, (unsigned)peer->credentials.uid,
             reason);
  return reason == NULL;
}

void xpc__peer_spoke(xpc_connection_t peer) {
  pthread_mutex_lock(&peers_lock);
  no_longer_silent(peer);
  pthread_mutex_unlock(&peers_lock);
}

void xpc__peer_leave(xpc_connection_t peer) {
  pthread_mutex_lock(&peers_lock);
  if (peer->counted) {
    if (peer->peer_previous != NULL)
      peer->peer_previous->peer_next = peer->peer_next;
    else
      peers = peer->peer_next;
    if (peer->peer_next != NULL)
      peer->peer_next->peer_previous = peer->peer_previous;
    peer_count--;
    xpc__user_take_off(peer->user, XPC__SOCKETS, 1);
    no_longer_silent(peer);
    peer->counted = false;
  }
  pthread_mutex_unlock(&peers_lock);
}

void xpc__peers_forget(void) {
  peers_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  peers = NULL;
  peer_count = 0;
  silent_count = 0;
}

/* All peers, held. Whoever is listed has the runtime's reference still, as
 * leaving the list comes before giving that up. */
static xpc_connection_t *hold_all(size_t *count) {
  xpc_connection_t *all;

  pthread_mutex_lock(&peers_lock);
  all = xpc__alloc(peer_count * sizeof(xpc_connection_t));
  *count = 0;
  for (xpc_connection_t peer = peers; peer != NULL; peer = peer->peer_next) {
    xpc__connection_hold(peer);
    all[(*count)++] = peer;
  }
  pthread_mutex_unlock(&peers_lock);
  return all;
}

static bool tell(xpc_connection_t peer) {
  bool told = false;

  pthread_mutex_lock(&peer->lock);
  /* Not to one that no handler has seen (C-123). */
  if (!peer->cancelled && !peer->terminated && peer->listener == NULL) {
    told = true;
    peer->terminated = true;
    xpc__event_push(peer, XPC__EVENT_ERROR, NULL,
                    xpc__error(XPC_ERROR_TERMINATION_IMMINENT));
    xpc__update_watch(peer);
    xpc__schedule(peer);
  }
  pthread_mutex_unlock(&peer->lock);
  xpc__connection_drop(peer);
  return told;
}

size_t xpc_portable_terminate(void) {
  size_t count, told = 0;
  xpc_connection_t *all = hold_all(&count);

  for (size_t i = 0; i < count; i++)
    if (tell(all[i]))
      told++;
  free(all);
  return told;
}
