/* Dictionaries, kept in the order Apple's serialisation shows.
 *
 * That order is h = 5381, h * 33 + c over the key's bytes in 64 bits, bucket
 * h mod 7, the entry inserted last first in its bucket. A peer can choose
 * keys that all meet in one bucket, so above a small count a second index
 * under a seeded hash answers the look-ups. */
#include "object.h"

enum { INDEX_ABOVE = 24 };

struct xpc__index {
  size_t mask; /* slots less one; slots are a power of two */
  struct xpc__entry *slots[];
};

static uint64_t order_hash(const char *key, size_t length) {
  uint64_t hash = 5381;

  for (size_t i = 0; i < length; i++)
    hash = hash * 33 + (uint8_t)key[i];
  return hash;
}

static size_t home(const struct xpc__index *index,
                   const struct xpc__entry *entry) {
  return (size_t)xpc__seeded_hash(entry->key, entry->length) & index->mask;
}

static void index_insert(struct xpc__index *index, struct xpc__entry *entry) {
  size_t at = home(index, entry);

  while (index->slots[at] != NULL)
    at = (at + 1) & index->mask;
  index->slots[at] = entry;
}

static void index_rebuild(struct _xpc_dictionary_s *dictionary) {
  size_t slots = 64;
  struct xpc__index *index;

  while (slots < dictionary->count * 4)
    slots *= 2;
  index = xpc__alloc(sizeof *index + slots * sizeof index->slots[0]);
  index->mask = slots - 1;
  memset(index->slots, 0, slots * sizeof index->slots[0]);
  for (size_t i = 0; i < XPC__BUCKETS; i++)
    for (struct xpc__entry *entry = dictionary->buckets[i]; entry != NULL;
         entry = entry->next)
      index_insert(index, entry);
  free(dictionary->index);
  dictionary->index = index;
}

/* Closes the gap an entry leaves, so that no probe stops short of another. */
static void index_remove(struct xpc__index *index, struct xpc__entry *entry) {
  size_t gap = home(index, entry);
  size_t at;

  while (index->slots[gap] != entry)
    gap = (gap + 1) & index->mask;
  at = gap;
  for (;;) {
    index->slots[gap] = NULL;
    do {
      at = (at + 1) & index->mask;
      if (index->slots[at] == NULL)
        return;
    } while (((at - home(index, index->slots[at])) & index->mask) <
             ((at - gap) & index->mask));
    index->slots[gap] = index->slots[at];
    gap = at;
  }
}

static struct xpc__entry *find(const struct _xpc_dictionary_s *dictionary,
                               const char *key, size_t length, uint64_t hash) {
  struct xpc__index *index = dictionary->index;
  struct xpc__entry *entry;

  if (index != NULL) {
    size_t at = (size_t)xpc__seeded_hash(key, length) & index->mask;
    for (; (entry = index->slots[at]) != NULL; at = (at + 1) & index->mask)
      if (entry->length == length && memcmp(entry->key, key, length) == 0)
        return entry;
    return NULL;
  }
  for (entry = dictionary->buckets[hash % XPC__BUCKETS]; entry != NULL;
       entry = entry->next)
    if (entry->hash == hash && entry->length == length &&
        memcmp(entry->key, key, length) == 0)
      return entry;
  return NULL;
}

bool xpc__dictionary_put(struct _xpc_dictionary_s *dictionary, const char *key,
                         size_t length, xpc_object_t value) {
  uint64_t hash = order_hash(key, length);
  struct xpc__entry *entry = find(dictionary, key, length, hash);
  struct xpc__entry **head = &dictionary->buckets[hash % XPC__BUCKETS];

  if (entry != NULL) { /* C-42 */
    xpc_object_t old = entry->value;
    entry->value = value;
    xpc_release(old);
    return false;
  }
  entry = xpc__alloc(sizeof *entry + length + 1);
  entry->value = value;
  entry->hash = hash;
  entry->length = length;
  entry->key = (char *)(entry + 1);
  memcpy(entry->key, key, length);
  entry->key[length] = 0;
  entry->previous = NULL;
  entry->next = *head;
  if (*head != NULL)
    (*head)->previous = entry;
  *head = entry;
  dictionary->count++;
  if (dictionary->count > INDEX_ABOVE) {
    if (dictionary->index == NULL ||
        dictionary->count * 2 > dictionary->index->mask)
      index_rebuild(dictionary);
    else
      index_insert(dictionary->index, entry);
  }
  return true;
}

static void drop(struct _xpc_dictionary_s *dictionary,
                 struct xpc__entry *entry) {
  if (dictionary->index != NULL)
    index_remove(dictionary->index, entry);
  if (entry->previous != NULL)
    entry->previous->next = entry->next;
  else
    dictionary->buckets[entry->hash % XPC__BUCKETS] = entry->next;
  if (entry->next != NULL)
    entry->next->previous = entry->previous;
  dictionary->count--;
  xpc_release(entry->value);
  free(entry);
}

void xpc__dictionary_reverse(struct _xpc_dictionary_s *dictionary) {
  for (size_t i = 0; i < XPC__BUCKETS; i++) {
    struct xpc__entry *entry = dictionary->buckets[i];
    while (entry != NULL) {
      struct xpc__entry *next = entry->next;
      entry->next = entry->previous;
      entry->previous = next;
      dictionary->buckets[i] = entry;
      entry = next;
    }
  }
}

void xpc__dictionary_free(struct _xpc_dictionary_s *dictionary) {
  xpc__origin_clear(&dictionary->origin);
  for (size_t i = 0; i < XPC__BUCKETS; i++) {
    struct xpc__entry *entry = dictionary->buckets[i];
    while (entry != NULL) {
      struct xpc__entry *next = entry->next;
      xpc_release(entry->value);
      free(entry);
      entry = next;
    }
  }
  free(dictionary->index);
  free(dictionary);
}

xpc_object_t xpc_dictionary_create_empty(void) {
  return xpc__object_new(XPC_TYPE_DICTIONARY, sizeof(struct _xpc_dictionary_s));
}

xpc_object_t xpc_dictionary_create(const char *const *keys,
                                   const xpc_object_t *values, size_t count) {
  xpc_object_t dictionary = xpc_dictionary_create_empty();

  if (count != 0 && (keys == NULL || values == NULL)) /* C-40 */
    xpc__misuse("xpc_dictionary_create: NULL array with count %zu", count);
  for (size_t i = 0; i < count; i++)
    xpc_dictionary_set_value(dictionary, keys[i], values[i]);
  return dictionary;
}

void xpc_dictionary_set_value(xpc_object_t xdict, const char *key,
                              xpc_object_t value) {
  struct _xpc_dictionary_s *dictionary = xdict;
  struct xpc__entry *entry;
  size_t length;

  xpc__require(xdict, XPC__DICTIONARY, "xpc_dictionary_set_value");
  if (key == NULL)
    xpc__misuse("xpc_dictionary_set_value: NULL key");
  if (dictionary->applying != 0) /* C-44 */
    xpc__misuse("dictionary changed while it is being applied");
  length = strlen(key);
  if (value != NULL) {
    xpc__dictionary_put(dictionary, key, length, xpc_retain(value));
    return;
  }
  entry = find(dictionary, key, length, order_hash(key, length)); /* C-41 */
  if (entry != NULL)
    drop(dictionary, entry);
}

/* Errors answer the getters too (C-25). */
static bool readable(xpc_object_t xdict) {
  return xdict != NULL && (xpc__kind_of(xdict) == XPC__DICTIONARY ||
                           xpc__kind_of(xdict) == XPC__ERROR);
}

xpc_object_t xpc_dictionary_get_value(xpc_object_t xdict, const char *key) {
  struct xpc__entry *entry;
  size_t length;

  if (!readable(xdict) || key == NULL)
    return NULL;
  length = strlen(key);
  entry = find(xdict, key, length, order_hash(key, length));
  return entry == NULL ? NULL : entry->value;
}

size_t xpc_dictionary_get_count(xpc_object_t xdict) {
  return readable(xdict) ? ((struct _xpc_dictionary_s *)xdict)->count : 0;
}
