/* Names: which socket file stands for a service, and who may make it.
 *
 * A directory is opened once, checked on the descriptor and used through
 * /proc/self/fd, so no path can change underneath and no path is too long. */
#include "connection.h"

#include <errno.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { BACKLOG = 4096, NAME_ROOM = XPC_PORTABLE_NAME_BYTES + 16 };

static const char system_directory[] = "/run/xpcrpc";

static bool valid_name(const char *name) {
  size_t length = strlen(name);

  return length > 0 && length <= XPC_PORTABLE_NAME_BYTES && name[0] != '.' &&
         strchr(name, '/') == NULL;
}

/* Opens the directory and refuses one that others could have filled. */
static int open_trusted(const char *path, bool create, mode_t mode,
                        mode_t forbidden) {
  struct stat status;
  int fd;

  if (create && mkdir(path, mode) != 0 && errno != EEXIST)
    return -1;
  fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -1;
  if (fstat(fd, &status) == 0 && (status.st_mode & forbidden) == 0 &&
      (status.st_uid == geteuid() || status.st_uid == 0))
    return fd;
  close(fd);
  errno = EPERM;
  return -1;
}

static int open_system(bool create) {
  return open_trusted(system_directory, create, 0755, 0022);
}

static int open_user(bool create) {
  const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
  char path[PATH_MAX];
  int length;

  if (runtime != NULL && *runtime == '/')
    length = snprintf(path, sizeof path, "%s/xpcrpc", runtime);
  else
    length = snprintf(path, sizeof path, "/tmp/xpcrpc-%u", (unsigned)geteuid());
  if (length < 0 || (size_t)length >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return open_trusted(path, create, 0700, 0077);
}

/* The directory given for tests and containers, or NULL. */
static const char *given_directory(void) {
  const char *path = secure_getenv("XPCRPC_BOOTSTRAP_DIR");

  return path != NULL && *path != 0 ? path : NULL;
}

static int find_in(int directory, const char *name) {
  struct stat status;
  int fd;

  if (directory < 0)
    return -1;
  fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  close(directory);
  if (fd < 0)
    return -1;
  if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode))
    return fd;
  close(fd);
  errno = ENOENT;
  return -1;
}

int xpc__find_name(const char *name, bool privileged) {
  const char *given = given_directory();
  int fd = -1;

  if (!valid_name(name)) {
    errno = ENOENT;
    return -1;
  }
  if (given != NULL)
    return find_in(open_trusted(given, false, 0, 0022), name);
  if (!privileged)
    fd = find_in(open_user(false), name);
  /* A name that the user's own directory lacks is looked for in the system's,
   * as bootstrap look-ups go up; PRIVILEGED starts there (C-49). */
  return fd >= 0 ? fd : find_in(open_system(false), name);
}

static void registration_init(struct xpc__registration *registration) {
  *registration = (struct xpc__registration){-1, -1,   -1, -1,
                                             NULL, -1, -1};
}

void xpc__unregister(struct xpc__registration *registration) {
  struct stat ours, there;
  char lock_name[NAME_ROOM];

  if (registration->directory >= 0) {
    /* The file, unless somebody has put another in its place. */
    if (registration->endpoint >= 0 &&
        fstat(registration->endpoint, &ours) == 0 &&
        fstatat(registration->directory, registration->name, &there,
                AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
      (void)unlinkat(registration->directory, registration->name, 0);
    (void)snprintf(lock_name, sizeof lock_name, ".lock.%s", registration->name);
    (void)unlinkat(registration->directory, lock_name, 0);
    close(registration->directory);
  }
  if (registration->socket >= 0)
    close(registration->socket);
  if (registration->endpoint >= 0)
    close(registration->endpoint);
  if (registration->lock >= 0)
    close(registration->lock);
  if (registration->pause >= 0)
    close(registration->pause);
  if (registration->inherited_place >= 0)
    xpc__give_activated(registration->inherited_place);
  free(registration->name);
  registration_init(registration);
}

/* A bound socket that does not listen yet; -1 with errno. */
static int bound_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int yes = 1, error;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd < 0)
    return -1;
  if (strlen(path) >= sizeof address.sun_path) {
    close(fd);
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, strlen(path) + 1);
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0 &&
      bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  error = errno;
  close(fd);
  errno = error;
  return -1;
}

static int listen_in(const char *parent,
                     struct xpc__registration *registration) {
  char directory[PATH_MAX], path[PATH_MAX + 2];
  int error = 0;

  (void)snprintf(directory, sizeof directory, "%s/xpc-XXXXXX", parent);
  if (mkdtemp(directory) == NULL)
    return errno;
  (void)snprintf(path, sizeof path, "%s/s", directory);
  registration->socket = bound_socket(path);
  /* Open to all: whoever holds the descriptor may connect, and nobody else
   * can name the file, which is gone before anyone listens. */
  if (registration->socket < 0 || chmod(path, 0666) != 0)
    error = errno;
  if (error == 0)
    registration->endpoint = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (error == 0 && registration->endpoint < 0)
    error = errno;
  (void)unlink(path);
  (void)rmdir(directory);
  if (error == 0 && listen(registration->socket, BACKLOG) != 0)
    error = errno;
  if (error != 0)
    xpc__unregister(registration);
  return error;
}

int xpc__register_anonymous(struct xpc__registration *registration) {
  const char *parents[] = {secure_getenv("XDG_RUNTIME_DIR"), "/tmp", "/dev/shm",
                           "/var/tmp"};
  int error = ENOENT;

  registration_init(registration);
  for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
    if (parents[i] == NULL || *parents[i] != '/')
      continue;
    error = listen_in(parents[i], registration);
    if (error == 0)
      break;
  }
  return error;
}

/* Locks the name. The lock file goes away with its holder, so what was locked
 * must still be what lies there. */
static int lock_name(struct xpc__registration *registration) {
  struct stat ours, there;
  char name[NAME_ROOM];

  (void)snprintf(name, sizeof name, ".lock.%s", registration->name);
  for (;;) {
    int fd = openat(registration->directory, name,
                    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
      return errno;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      int error = errno == EWOULDBLOCK ? EADDRINUSE : errno;
      close(fd);
      return error;
    }
    if (fstat(fd, &ours) == 0 &&
        fstatat(registration->directory, name, &there, AT_SYMLINK_NOFOLLOW) ==
            0 &&
        ours.st_ino == there.st_ino) {
      registration->lock = fd;
      return 0;
    }
    close(fd);
  }
}

/* 0 when nobody listens on the file that is there, EADDRINUSE when somebody
 * does, or why that could not be found out. One that came by socket activation
 * holds no lock. */
static int in_use(const struct xpc__registration *registration) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int directory = fcntl(registration->directory, F_DUPFD_CLOEXEC, 0);
  int path, fd, error = 0;

  if (directory < 0)
    return errno;
  path = find_in(directory, registration->name);
  if (path < 0)
    return errno == ENOENT || errno == ELOOP ? 0 : errno;
  (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d",
                 path);
  fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    error = errno;
  else if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ||
           errno == EAGAIN)
    error = EADDRINUSE;
  if (fd >= 0)
    close(fd);
  close(path);
  return error;
}

/* Binds under another name and moves the file in place once it listens: no
 * client ever meets a socket that does not, and a stale one is replaced. */
static int bind_name(struct xpc__registration *registration, mode_t mode) {
  char path[96], temporary[32];
  uint64_t random = 0;
  int error = 0;

  if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
    return EIO;
  (void)snprintf(temporary, sizeof temporary, ".bind.%016llx",
                 (unsigned long long)random);
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d/%s",
                 registration->directory, temporary);
  registration->socket = bound_socket(path);
  if (registration->socket < 0)
    return errno;
  registration->endpoint = openat(registration->directory, temporary,
                                  O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (registration->endpoint < 0 ||
      fchmodat(registration->directory, temporary, mode, 0) != 0 ||
      listen(registration->socket, BACKLOG) != 0 ||
      renameat(registration->directory, temporary, registration->directory,
               registration->name) != 0) {
    error = errno;
    (void)unlinkat(registration->directory, temporary, 0);
  }
  return error;
}

/* One line for root, who can do something about it: anybody else's names are
 * his own anyway. */
static void log_refused(int error) {
  const char *instead = "names go to the user's directory instead; "
                        "it must be root's, with mode 755";
  struct stat status;

  if (geteuid() != 0)
    return;
  if (error == EPERM && lstat(system_directory, &status) == 0)
    xpc__log("xpc: %s is not trusted (owner uid %u, mode %o): %s",
             system_directory, (unsigned)status.st_uid,
             (unsigned)status.st_mode & 07777U, instead);
  else
    xpc__log("xpc: %s cannot be used (%s): %s", system_directory,
             strerror(error), instead);
}

/* The system's directory, if this process may put names there; or -1. */
static int open_system_to_write(void) {
  int fd = open_system(true);
  int error = errno;

  if (fd >= 0 && faccessat(fd, ".", W_OK, AT_EACCESS) == 0)
    return fd;
  if (fd >= 0) {
    error = errno;
    close(fd);
  }
  log_refused(error);
  return -1;
}

/* Apple's PRIVILEGED is ignored beside LISTENER (C-49): where a name belongs
 * is for the job's plist to say. Here a daemon's, who is root and in nobody's
 * session, belongs to the system and can be reached by all; anybody else's is
 * his user's own. What is left to the flag is root in a session. */
static int open_for_listener(bool privileged, mode_t *mode) {
  const char *given = given_directory();
  bool daemon = geteuid() == 0 && secure_getenv("XDG_RUNTIME_DIR") == NULL;
  int fd;

  *mode = 0600;
  if (given != NULL)
    return open_trusted(given, true, 0700, 0022);
  fd = privileged || daemon ? open_system_to_write() : -1;
  if (fd >= 0)
    *mode = 0666;
  return fd >= 0 ? fd : open_user(true);
}

int xpc__register_name(const char *name, bool privileged,
                       struct xpc__registration *registration) {
  mode_t mode;
  int error;

  registration_init(registration);
  if (!valid_name(name))
    return EINVAL;
  error = xpc__take_activated(name, registration);
  if (error != 0 && error != ENOENT)
    xpc__unregister(registration);
  if (error != ENOENT)
    return error;
  registration->directory = open_for_listener(privileged, &mode);
  if (registration->directory < 0)
    return errno;
  registration->name = xpc__strdup(name);
  error = lock_name(registration);
  if (error != 0) { /* the file and its lock belong to somebody else */
    close(registration->directory);
    registration->directory = -1;
  } else {
    error = in_use(registration);
    if (error == 0)
      error = bind_name(registration, mode);
  }
  if (error != 0)
    xpc__unregister(registration);
  return error;
}
