/* One block holds the slots, the list and the bytes. The names are the
 * contract's own and the table never grows, so a plain hash will do: a peer
 * can choose what is looked for, not what is found. */
#include "plan.h"

static size_t hash_of(const uint8_t *bytes, size_t size) {
  uint32_t hash = 2166136261u; /* FNV-1a */

  for (size_t i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

struct xc_names *xc_names_new(size_t count, size_t bytes) {
  size_t slots = 8;
  struct xc_names *names;
  uint8_t *block;

  /* Every name also has a NUL and up to three bytes of padding. */
  if (count > UINT32_MAX / 64 || bytes > UINT32_MAX / 2) {
    PyErr_SetString(PyExc_ValueError, "too many names");
    return NULL;
  }
  while (slots < count * 2)
    slots *= 2;
  block = PyMem_Calloc(1, sizeof *names + count * sizeof *names->all +
                              slots * sizeof *names->slots + bytes + count * 4);
  if (block == NULL) {
    PyErr_NoMemory();
    return NULL;
  }
  names = (struct xc_names *)(void *)block;
  names->mask = slots - 1;
  names->all = (struct xc_name *)(void *)(names + 1);
  names->slots = (uint32_t *)(void *)(names->all + count);
  names->free = (uint8_t *)(names->slots + slots);
  return names;
}

bool xc_names_add(struct xc_names *names, const char *bytes, size_t size) {
  struct xc_name *name = &names->all[names->count];
  size_t slot;

  if (memchr(bytes, 0, size) != NULL ||
      xc_names_find(names, (const uint8_t *)bytes, size) >= 0) {
    PyErr_SetString(PyExc_ValueError, "a name is there twice, or has a NUL");
    return false;
  }
  memcpy(names->free, bytes, size);
  *name = (struct xc_name){names->free, size, xc_padded(size + 1)};
  names->free += name->padded;
  slot = hash_of(name->bytes, size) & names->mask;
  while (names->slots[slot] != 0)
    slot = (slot + 1) & names->mask;
  names->slots[slot] = (uint32_t)++names->count;
  return true;
}

ptrdiff_t xc_names_find(const struct xc_names *names, const uint8_t *bytes,
                        size_t size) {
  size_t slot = hash_of(bytes, size) & names->mask;

  /* At least half of the slots are free, so this ends. */
  for (; names->slots[slot] != 0; slot = (slot + 1) & names->mask) {
    const struct xc_name *name = &names->all[names->slots[slot] - 1];
    if (name->size == size && memcmp(name->bytes, bytes, size) == 0)
      return (ptrdiff_t)names->slots[slot] - 1;
  }
  return -1;
}

void xc_names_free(struct xc_names *names) { PyMem_Free(names); }
