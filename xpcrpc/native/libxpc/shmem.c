/* Shared memory: a memfd that can no longer change its size.
 *
 * Apple's xpc_shmem_create() takes any shared mapping the caller owns. Here
 * the memory must be a memfd mapped from its start, found through our own
 * list of regions or through /proc; it is sealed against resizing, as a peer
 * that maps it would die of a later truncation. */
#include "object.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

enum { SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

struct region {
  struct region *next;
  void *start;
  size_t length;
  int fd;
};

static pthread_mutex_t regions_lock = PTHREAD_MUTEX_INITIALIZER;
static struct region *regions;

static size_t whole_pages(size_t length) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);

  if (length == 0 || length > SIZE_MAX / 2)
    return 0;
  return (length + page - 1) / page * page;
}

/* A memfd of that size whose size is final; -1 with errno. */
static int sized_memfd(size_t length) {
  int fd = memfd_create("xpc-shmem",
                        MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  int error;

  if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
    fd = memfd_create("xpc-shmem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0)
    return -1;
  if (ftruncate(fd, (off_t)length) == 0 &&
      fcntl(fd, F_ADD_SEALS, SIZE_SEALS) == 0)
    return fd;
  error = errno;
  close(fd);
  errno = error;
  return -1;
}

void *xpc_portable_shmem_alloc(size_t length) {
  size_t size = whole_pages(length);
  struct region *region;
  void *start;
  int fd;

  if (size == 0) {
    errno = EINVAL;
    return NULL;
  }
  fd = sized_memfd(size);
  if (fd < 0)
    return NULL;
  start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (start == MAP_FAILED) {
    close(fd);
    errno = ENOMEM;
    return NULL;
  }
  region = xpc__alloc(sizeof *region);
  *region = (struct region){NULL, start, size, fd};
  pthread_mutex_lock(&regions_lock);
  region->next = regions;
  regions = region;
  pthread_mutex_unlock(&regions_lock);
  return start;
}

void xpc_portable_shmem_free(void *start, size_t length) {
  struct region **link, *region;

  pthread_mutex_lock(&regions_lock);
  for (link = &regions; (region = *link) != NULL; link = &region->next)
    if (region->start == start)
      break;
  if (region != NULL)
    *link = region->next;
  pthread_mutex_unlock(&regions_lock);
  if (region == NULL || region->length != whole_pages(length))
    xpc__misuse("xpc_portable_shmem_free: not a region of that length");
  munmap(region->start, region->length);
  close(region->fd);
  free(region);
}

/* The descriptor of one of our own regions, duplicated; -1 if it is none. */
static int own_region(void *start, size_t length) {
  struct region *region;
  int fd = -1;

  pthread_mutex_lock(&regions_lock);
  for (region = regions; region != NULL; region = region->next)
    if (region->start == start && length <= region->length)
      fd = fcntl(region->fd, F_DUPFD_CLOEXEC, 0);
  pthread_mutex_unlock(&regions_lock);
  return fd;
}

struct mapping {
  bool writable;
  unsigned major_number, minor_number;
  unsigned long inode;
};

/* The mapping that starts at `start`, from file offset 0, MAP_SHARED and at
 * least `length` long. */
static bool find_mapping(void *start, size_t length, struct mapping *found) {
  FILE *maps = fopen("/proc/self/maps", "re");
  char *line = NULL;
  size_t room = 0;
  bool hit = false;

  if (maps == NULL)
    return false;
  while (!hit && getline(&line, &room, maps) > 0) {
    unsigned long from, to, offset;
    char bits[5];
    if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu", &from, &to, bits, &offset,
               &found->major_number, &found->minor_number, &found->inode) != 7)
      continue;
    found->writable = bits[1] == 'w';
    hit = from == (uintptr_t)start && length <= to - from && offset == 0 &&
          bits[3] == 's' && found->inode != 0;
  }
  free(line);
  fclose(maps);
  return hit;
}

/* Our descriptor for that file, read-only if the mapping is (C-24). */
static int find_descriptor(const struct mapping *mapping) {
  char path[64];
  struct stat status;
  int limit = (int)sysconf(_SC_OPEN_MAX);

  for (int fd = 0; fd < limit && fd < 65536; fd++) {
    if (fstat(fd, &status) != 0 || status.st_ino != mapping->inode ||
        major(status.st_dev) != mapping->major_number ||
        minor(status.st_dev) != mapping->minor_number ||
        fcntl(fd, F_GET_SEALS) < 0)
      continue;
    if (mapping->writable)
      return fcntl(fd, F_DUPFD_CLOEXEC, 0);
    /* Sealing takes a descriptor that may write, which the new one may not. */
    (void)fcntl(fd, F_ADD_SEALS, SIZE_SEALS);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
  }
  return -1;
}

/* Sealed and long enough? Tries to seal what is not. Gives the size. */
static int fix_size(int fd, size_t length, size_t *size) {
  struct stat status;
  int seals = fcntl(fd, F_GET_SEALS);

  if (seals < 0 || fstat(fd, &status) != 0)
    return EINVAL;
  if ((seals & SIZE_SEALS) != SIZE_SEALS &&
      fcntl(fd, F_ADD_SEALS, SIZE_SEALS) != 0)
    return EPERM;
  if (status.st_size <= 0 || (uint64_t)status.st_size < length)
    return EINVAL;
  *size = (size_t)status.st_size;
  return 0;
}

/* Finding out takes descriptors: without any there is no saying what the
 * region is, which is no misuse. */
static bool out_of_descriptors(int error) {
  return error == EMFILE || error == ENFILE;
}

static int open_region(void *start, size_t length, int *fd) {
  struct mapping mapping;
  size_t size;
  int error;

  if (start == NULL || length == 0)
    return EINVAL;
  errno = 0;
  *fd = own_region(start, length);
  if (*fd < 0 && find_mapping(start, length, &mapping))
    *fd = find_descriptor(&mapping);
  if (*fd < 0)
    return out_of_descriptors(errno) ? errno : EINVAL;
  error = fix_size(*fd, length, &size);
  if (error != 0)
    close(*fd);
  return error;
}

int xpc_portable_shmem_check(void *region, size_t length) {
  int fd, error = open_region(region, length, &fd);

  if (error == 0)
    close(fd);
  return error;
}

xpc_object_t xpc_shmem_create(void *region, size_t length) {
  struct xpc__handle *shmem;
  int fd, error = open_region(region, length, &fd);

  if (out_of_descriptors(error)) {
    errno = error;
    return NULL;
  }
  if (error != 0) /* C-23, X14 */
    xpc__misuse(
        "xpc_shmem_create: not caller-owned MAP_SHARED memory that "
        "can be sealed");
  shmem = xpc__handle_new(XPC_TYPE_SHMEM, fd);
  shmem->length = whole_pages(length);
  return shmem;
}

xpc_object_t xpc__shmem_adopt(int fd, uint64_t length) {
  struct xpc__handle *shmem;
  struct stat status;
  int seals = fcntl(fd, F_GET_SEALS);

  if (seals < 0 || (seals & SIZE_SEALS) != SIZE_SEALS || length == 0 ||
      length > SIZE_MAX / 2 || fstat(fd, &status) != 0 ||
      (uint64_t)status.st_size < length) {
    close(fd);
    return NULL;
  }
  shmem = xpc__handle_new(XPC_TYPE_SHMEM, fd);
  shmem->length = length;
  return shmem;
}

size_t xpc_shmem_map(xpc_object_t xshmem, void **region) {
  struct xpc__handle *shmem = xshmem;
  size_t size;
  void *start;

  if (shmem == NULL || xpc__kind_of(shmem) != XPC__SHMEM)
    return 0;
  size = whole_pages((size_t)shmem->length);
  start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shmem->fd, 0);
  if (start == MAP_FAILED)
    start = mmap(NULL, size, PROT_READ, MAP_SHARED, shmem->fd, 0);
  if (start == MAP_FAILED)
    return 0;
  *region = start;
  return size;
}

int xpc_portable_shmem_dup(xpc_object_t xshmem, size_t *length) {
  struct xpc__handle *shmem = xshmem;

  if (shmem == NULL || xpc__kind_of(shmem) != XPC__SHMEM)
    return -1;
  if (length != NULL)
    *length = (size_t)shmem->length;
  return fcntl(shmem->fd, F_DUPFD_CLOEXEC, 0);
}
