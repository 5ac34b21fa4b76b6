/* Requests that await replies, found by the key of their exchange. */
#include "connection.h"

enum { FIRST_SIZE = 16 };

static size_t bucket_of(const struct xpc__pending_table *table, uint64_t key) {
  return (size_t)(key >> 1) & (table->size - 1);
}

static void grow(struct xpc__pending_table *table) {
  struct xpc__pending_table larger = {NULL, FIRST_SIZE, table->count};

  if (table->size != 0)
    larger.size = table->size * 2;
  larger.buckets = xpc__alloc(larger.size * sizeof *larger.buckets);
  memset(larger.buckets, 0, larger.size * sizeof *larger.buckets);
  for (size_t i = 0; i < table->size; i++)
    while (table->buckets[i] != NULL) {
      struct xpc__pending *pending = table->buckets[i];
      size_t at = bucket_of(&larger, pending->key);
      table->buckets[i] = pending->next;
      pending->next = larger.buckets[at];
      larger.buckets[at] = pending;
    }
  free(table->buckets);
  *table = larger;
}

void xpc__pending_add(xpc_connection_t connection,
                      struct xpc__pending *pending) {
  struct xpc__pending_table *table = &connection->pending;
  size_t at;

  if (table->count >= table->size)
    grow(table);
  at = bucket_of(table, pending->key);
  pending->next = table->buckets[at];
  table->buckets[at] = pending;
  table->count++;
}

struct xpc__pending *xpc__pending_take(xpc_connection_t connection,
                                       uint64_t key) {
  struct xpc__pending_table *table = &connection->pending;
  struct xpc__pending **link, *pending;

  if (table->count == 0)
    return NULL;
  for (link = &table->buckets[bucket_of(table, key)]; (pending = *link) != NULL;
       link = &pending->next)
    if (pending->key == key) {
      *link = pending->next;
      table->count--;
      return pending;
    }
  return NULL;
}

void xpc__pending_fail_all(xpc_connection_t connection, xpc_object_t error) {
  struct xpc__pending_table *table = &connection->pending;

  for (size_t i = 0; i < table->size && table->count != 0; i++)
    while (table->buckets[i] != NULL) {
      struct xpc__pending *pending = table->buckets[i];
      table->buckets[i] = pending->next;
      table->count--;
      xpc__settle_reply(connection, pending, error);
    }
}
