/* A few buffers of each size are kept: making the pages of a fresh one costs
 * as much as copying a message through it. */
#include "buffer.h"
#include "process.h"

#include <pthread.h>
#include <sys/mman.h>

enum {
  SMALLEST_KEPT = 128 * 1024, /* the sizes kept are this, and its doubles */
  SIZES = 5,
  KEPT_OF_A_SIZE = 2
};

static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct xpc__buffer *kept[SIZES];
static unsigned kept_count[SIZES];

/* The first kept size that has room, or SIZES. Below the smallest malloc is
 * good enough: a buffer of its own size each time. */
static unsigned size_for(size_t size) {
  unsigned place = 0;

  if (size <= SMALLEST_KEPT / 2)
    return SIZES;
  while (place < SIZES && size > (size_t)SMALLEST_KEPT << place)
    place++;
  return place;
}

static struct xpc__buffer *take_kept(unsigned place) {
  struct xpc__buffer *buffer;

  pthread_mutex_lock(&kept_lock);
  buffer = kept[place];
  if (buffer != NULL) {
    kept[place] = buffer->next;
    kept_count[place]--;
  }
  pthread_mutex_unlock(&kept_lock);
  return buffer;
}

static bool keep(unsigned place, struct xpc__buffer *buffer) {
  bool room;

  pthread_mutex_lock(&kept_lock);
  room = kept_count[place] < KEPT_OF_A_SIZE;
  if (room) {
    buffer->next = kept[place];
    kept[place] = buffer;
    kept_count[place]++;
  }
  pthread_mutex_unlock(&kept_lock);
  return room;
}

struct xpc__buffer *xpc__buffer_new(size_t size) {
  unsigned place = size_for(size);
  struct xpc__buffer *buffer = place < SIZES ? take_kept(place) : NULL;

  if (place < SIZES)
    size = (size_t)SMALLEST_KEPT << place;
  if (buffer == NULL) {
    buffer = xpc__alloc(sizeof *buffer + size);
    *buffer = (struct xpc__buffer){.capacity = size,
                                   .bytes = (uint8_t *)(buffer + 1)};
  }
  atomic_store_explicit(&buffer->references, 1, memory_order_relaxed);
  return buffer;
}

struct xpc__buffer *xpc__buffer_map(int fd, size_t length) {
  void *memory =
      mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  struct xpc__buffer *buffer;

  if (memory == MAP_FAILED)
    return NULL;
  buffer = xpc__alloc(sizeof *buffer);
  *buffer = (struct xpc__buffer){
      .references = 1, .mapped = true, .capacity = length, .bytes = memory};
  return buffer;
}

void xpc__buffers_forget(void) {
  kept_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

struct xpc__buffer *xpc__buffer_retain(struct xpc__buffer *buffer) {
  atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
  return buffer;
}

void xpc__buffer_release(struct xpc__buffer *buffer) {
  unsigned place;

  if (buffer == NULL ||
      atomic_fetch_sub_explicit(&buffer->references, 1,
                                memory_order_acq_rel) != 1)
    return;
  if (buffer->mapped) {
    munmap(buffer->bytes, buffer->capacity);
  } else {
    place = size_for(buffer->capacity);
    if (place < SIZES && buffer->capacity == (size_t)SMALLEST_KEPT << place &&
        keep(place, buffer))
      return;
  }
  free(buffer);
}
