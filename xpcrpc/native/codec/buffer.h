/* Bytes that grow while an object is written. Large data is not copied into
 * them: it is remembered, and goes from its owner into the result at once. */
#ifndef XC_BUFFER_H
#define XC_BUFFER_H

#include "plan.h"

enum {
  XC_FIRST_BYTES = 4 * 1024,
  XC_KEPT_BYTES = 64 * 1024, /* a buffer up to this size serves the next call */
  XC_LARGE_BYTES = 32 * 1024 /* data from this size on is not copied twice */
};

struct xc_splice {
  size_t place; /* in the buffer; the data comes before what is there */
  PyObject *data;
};

struct xc_buffer {
  struct xc_state *state;
  uint8_t *bytes;
  size_t size, capacity;
  struct xc_splice *splices;
  size_t splice_count, splice_capacity;
  size_t spliced; /* bytes of all splices together */
};

struct xc_mark {
  size_t place; /* of a container's length */
  size_t start; /* what the length counts from, splices included */
};

/* An empty buffer; false with an exception set if there is no memory. End it
 * with `xc_buffer_end`, also after a failure of any other function. */
bool xc_buffer_begin(struct xc_buffer *buffer, struct xc_state *state);
void xc_buffer_end(struct xc_buffer *buffer);

/* Makes room for `more` bytes; false with an exception set if there is none. */
bool xc_buffer_grow(struct xc_buffer *buffer, size_t more);

/* The `size` bytes at the end, to be written; NULL with an exception set if
 * there is no memory. They stay where they are until the next call. */
static inline uint8_t *xc_add(struct xc_buffer *buffer, size_t size) {
  uint8_t *at;

  if (buffer->capacity - buffer->size < size && !xc_buffer_grow(buffer, size))
    return NULL;
  at = buffer->bytes + buffer->size;
  buffer->size += size;
  return at;
}

/* Bytes so far, splices included. */
static inline size_t xc_total(const struct xc_buffer *buffer) {
  return buffer->size + buffer->spliced;
}

static inline bool xc_write_number(struct xc_buffer *buffer, enum xc_word word,
                                   uint64_t bits) {
  uint8_t *at = xc_add(buffer, 12);

  if (at == NULL)
    return false;
  xc_store32(at, word);
  xc_store64(at + 4, bits);
  return true;
}

static inline bool xc_write_name(struct xc_buffer *buffer,
                                 const struct xc_name *name) {
  uint8_t *at = xc_add(buffer, name->padded);

  if (at == NULL)
    return false;
  for (size_t i = 0; i < name->padded; i += 4) /* few: no call of memcpy */
    xc_store32(at + i, xc_load32(name->bytes + i));
  return true;
}

/* Puts bytes, with what pads them, at the end; false with an exception set if
 * there is no memory. A reference to large `data` is kept. */
bool xc_add_data(struct xc_buffer *buffer, PyObject *data, const char *bytes,
                 size_t size);

/* Begins an array or a dictionary; false with an exception set if there is no
 * memory. */
bool xc_open(struct xc_buffer *buffer, enum xc_word word, struct xc_mark *mark);

/* Ends it: `count` objects or entries; false if it is too long. */
bool xc_close(struct xc_buffer *buffer, const struct xc_mark *mark,
              size_t count);

/* All of it as a new bytes object, or NULL with an exception set. */
PyObject *xc_buffer_bytes(const struct xc_buffer *buffer);

#endif
