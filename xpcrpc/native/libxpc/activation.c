/* Sockets inherited by socket activation: LISTEN_PID, LISTEN_FDS and the
 * service's name among LISTEN_FDNAMES. */
#include "connection.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { FIRST_FD = 3, MOST_FDS = 64 };

static pthread_mutex_t claims_lock = PTHREAD_MUTEX_INITIALIZER;
static bool claims[MOST_FDS];

static long environment_number(const char *name) {
  const char *text = secure_getenv(name);

  return text == NULL ? -1 : strtol(text, NULL, 10);
}

/* The place of the name in the list, or -1. */
static int place_of(const char *name) {
  const char *at = secure_getenv("LISTEN_FDNAMES");
  size_t length = strlen(name);

  for (int place = 0; at != NULL && place < MOST_FDS; place++) {
    size_t here = strcspn(at, ":");
    if (here == length && memcmp(at, name, length) == 0)
      return place;
    at = at[here] == ':' ? at + here + 1 : NULL;
  }
  return -1;
}

static bool usable(int fd) {
  int type = 0, listens = 0;
  socklen_t length = sizeof type;

  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
         type == SOCK_SEQPACKET &&
         getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 &&
         listens;
}

/* An O_PATH descriptor of the socket's file; -1 for an abstract address. */
static int path_of(int fd) {
  struct sockaddr_un address;
  socklen_t length = sizeof address;

  memset(&address, 0, sizeof address);
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 ||
      address.sun_path[0] != '/' || length >= sizeof address)
    return -1;
  return open(address.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int xpc__take_activated(const char *name,
                        struct xpc__registration *registration) {
  int place, fd, yes = 1;

  if (environment_number("LISTEN_PID") != getpid())
    return ENOENT;
  place = place_of(name);
  if (place < 0 || place >= environment_number("LISTEN_FDS"))
    return ENOENT;
  fd = FIRST_FD + place;
  if (!usable(fd))
    return EPROTOTYPE;
  pthread_mutex_lock(&claims_lock);
  if (claims[place]) {
    pthread_mutex_unlock(&claims_lock);
    return EADDRINUSE; /* C-111 */
  }
  claims[place] = true;
  pthread_mutex_unlock(&claims_lock);
  /* The inherited number stays open: the name can be taken again later. */
  registration->inherited_place = place;
  registration->socket = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (registration->socket < 0)
    return errno;
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  (void)setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  registration->endpoint = path_of(fd);
  return 0;
}

void xpc__give_activated(int place) {
  pthread_mutex_lock(&claims_lock);
  claims[place] = false;
  pthread_mutex_unlock(&claims_lock);
}
