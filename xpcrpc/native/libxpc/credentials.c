/* Who is at the other end, by the kernel's word (contract C-98 to C-100). */
#include "connection.h"

#include <errno.h>
#include <poll.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

void xpc__state_own_credentials(xpc_connection_t connection) {
  uid_t real_uid = getuid(), uid = geteuid();
  gid_t real_gid = getgid(), gid = getegid();

  /* Left alone the kernel states the real ids; the contract speaks of
   * effective ones. */
  connection->state_own = real_uid != uid || real_gid != gid;
  connection->own = (struct ucred){getpid(), uid, gid};
}

void xpc__learn_peer_credentials(xpc_connection_t connection) {
  struct ucred peer;
  socklen_t length = sizeof peer;

  if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
    return;
  connection->connected_pid = peer.pid;
  /* A client knows nobody before an exchange (C-98): for it this is the
   * process that listens, which need not be the one that answers. */
  if (connection->role != XPC__PEER)
    return;
  connection->credentials = peer;
  connection->known = true;
}

uid_t xpc_connection_get_euid(xpc_connection_t connection) {
  uid_t uid;

  xpc__require_connection(connection, "xpc_connection_get_euid");
  pthread_mutex_lock(&connection->lock);
  uid = connection->known ? connection->credentials.uid : (uid_t)-1;
  pthread_mutex_unlock(&connection->lock);
  return uid;
}

gid_t xpc_connection_get_egid(xpc_connection_t connection) {
  gid_t gid;

  xpc__require_connection(connection, "xpc_connection_get_egid");
  pthread_mutex_lock(&connection->lock);
  gid = connection->known ? connection->credentials.gid : (gid_t)-1;
  pthread_mutex_unlock(&connection->lock);
  return gid;
}

pid_t xpc_connection_get_pid(xpc_connection_t connection) {
  pid_t pid;

  xpc__require_connection(connection, "xpc_connection_get_pid");
  pthread_mutex_lock(&connection->lock);
  pid = connection->known ? connection->credentials.pid : 0;
  pthread_mutex_unlock(&connection->lock);
  return pid;
}

/* The session id in /proc, or -1 when it is none or cannot be read. */
static au_asid_t read_session(pid_t pid) {
  char path[64], text[32];
  unsigned long session;
  ssize_t length;
  int fd;

  (void)snprintf(path, sizeof path, "/proc/%d/sessionid", (int)pid);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return AU_ASSIGN_ASID;
  length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0)
    return AU_ASSIGN_ASID;
  text[length] = 0;
  session = strtoul(text, NULL, 10);
  return session >= INT32_MAX ? AU_ASSIGN_ASID : (au_asid_t)session;
}

int xpc__peer_pidfd(xpc_connection_t connection) {
  int pidfd = -1;
  socklen_t length = sizeof pidfd;

  if (connection->fd < 0 || getsockopt(connection->fd, SOL_SOCKET, SO_PEERPIDFD,
                                       &pidfd, &length) != 0)
    return -1;
  return pidfd;
}

bool xpc__pidfd_alive(int pidfd) {
  struct pollfd state = {pidfd, POLLIN, 0};

  return poll(&state, 1, 0) == 0;
}

au_asid_t xpc_connection_get_asid(xpc_connection_t connection) {
  au_asid_t asid;
  int pidfd;

  xpc__require_connection(connection, "xpc_connection_get_asid");
  pthread_mutex_lock(&connection->lock);
  if (connection->known && !connection->asid_known &&
      connection->credentials.pid == connection->connected_pid) {
    pidfd = xpc__peer_pidfd(connection);
    if (pidfd >= 0) {
      asid = read_session(connection->connected_pid);
      /* Alive after the read: so the number had not been reused before. */
      if (xpc__pidfd_alive(pidfd))
        connection->asid = asid;
      connection->asid_known = true;
      close(pidfd);
    }
  }
  asid = connection->asid;
  pthread_mutex_unlock(&connection->lock);
  return asid;
}
