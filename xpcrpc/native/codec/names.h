/* A fixed set of names, found by their bytes: the keys of a struct, the cases
 * of a union, the texts of an enum. */
#ifndef XC_NAMES_H
#define XC_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words.h"

struct xc_name {
  const uint8_t *bytes; /* as a key is written: NUL and padding follow */
  size_t size;          /* without them */
  size_t padded;        /* with them */
};

struct xc_names {
  size_t count;
  size_t mask;         /* one less than the number of slots, a power of two */
  uint32_t *slots;     /* one more than a name's index; 0 where there is none */
  struct xc_name *all; /* in the order in which they were added */
  uint8_t *free;       /* where the next name's bytes go */
};

/* Room for `count` names of `bytes` bytes in all; NULL with an exception set
 * if there is no memory. The caller owns it. */
struct xc_names *xc_names_new(size_t count, size_t bytes);

/* Copies one of the names that there is room for; false with an exception set
 * if it is there already or has a NUL. The bytes stay the caller's. */
bool xc_names_add(struct xc_names *names, const char *bytes, size_t size);

/* The index of a name, or -1. The bytes stay the caller's. */
ptrdiff_t xc_names_find(const struct xc_names *names, const uint8_t *bytes,
                        size_t size);

/* NULL is fine. */
void xc_names_free(struct xc_names *names);

/* Whether `at`, where `size` bytes are, begins with the name as it is written.
 * Names are short and multiples of four bytes: a call of memcmp costs more. */
static inline bool xc_name_is(const struct xc_name *name, const uint8_t *at,
                              size_t size) {
  if (size < name->padded)
    return false;
  for (size_t i = 0; i < name->padded; i += 4)
    if (xc_load32(at + i) != xc_load32(name->bytes + i))
      return false;
  return true;
}

#endif
