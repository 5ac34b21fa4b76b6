/* Block literals by hand, so that gcc and clang build the same source
 * (contract C-202 to C-214). */
#include "xr__bridge.h"

/* Flag bits of a block: it has copy and dispose helpers (C-204). */
enum { HAS_HELPERS = 1 << 25 };

/* Exported arrays of the blocks runtime; only the address matters (C-206). */
extern void *_NSConcreteStackBlock[32];

struct descriptor {
  unsigned long reserved;
  unsigned long size;
  void (*copy)(void *target, const void *source);
  void (*dispose)(const void *block);
};

/* An event or reply handler, or a barrier. libxpc copies it inside the call that takes it;
 * the copy holds a reference of the connection until it is disposed of. */
struct handler_block {
  void *isa;
  int flags;
  int reserved;
  union {
    void (*invoke)(struct handler_block *block, xpc_object_t object);
    void (*run)(struct handler_block *block); /* a barrier */
  };
  const struct descriptor *descriptor;
  xr_connection *connection;
  uint64_t call;
};

/* Run inside xpc_dictionary_apply() and never copied: no helpers. */
struct applier_block {
  void *isa;
  int flags;
  int reserved;
  bool (*invoke)(struct applier_block *block, const char *key,
                 xpc_object_t value);
  const struct descriptor *descriptor;
  bool (*each)(void *context, const char *key, xpc_object_t value);
  void *context;
};

static void copy_handler(void *target, const void *source) {
  (void)source; /* already copied byte by byte */
  xr__connection_retain(((struct handler_block *)target)->connection);
}

static void dispose_handler(const void *block) {
  xr__connection_release(((const struct handler_block *)block)->connection);
}

static void invoke_event(struct handler_block *block, xpc_object_t object) {
  xr__connection_on_event(block->connection, object);
}

static void invoke_reply(struct handler_block *block, xpc_object_t object) {
  xr__connection_on_reply(block->connection, block->call, object);
}

static void invoke_barrier(struct handler_block *block) {
  xr__connection_on_barrier(block->connection, block->call);
}

static bool invoke_applier(struct applier_block *block, const char *key,
                           xpc_object_t value) {
  return block->each(block->context, key, value);
}

static const struct descriptor handler_descriptor = {
    0, sizeof(struct handler_block), copy_handler, dispose_handler};

static const struct descriptor applier_descriptor = {
    0, sizeof(struct applier_block), NULL, NULL};

static struct handler_block handler_block(
    xr_connection *connection, uint64_t call,
    void (*invoke)(struct handler_block *, xpc_object_t)) {
  return (struct handler_block){_NSConcreteStackBlock,
                                HAS_HELPERS,
                                0,
                                {invoke},
                                &handler_descriptor,
                                connection,
                                call};
}

void xr__set_event_handler(xpc_connection_t raw, xr_connection *context) {
  struct handler_block block = handler_block(context, 0, invoke_event);

  xpc_connection_set_event_handler(raw, (xpc_handler_t)(void *)&block);
}

void xr__send_with_reply(xr_connection *connection, xpc_object_t message,
                         uint64_t call) {
  struct handler_block block = handler_block(connection, call, invoke_reply);

  xpc_connection_send_message_with_reply(connection->connection, message,
                                         connection->box->queue,
                                         (xpc_handler_t)(void *)&block);
}

void xr__send_barrier(xr_connection *connection, uint64_t call) {
  struct handler_block block = handler_block(connection, call, NULL);

  block.run = invoke_barrier;
  xpc_connection_send_barrier(connection->connection,
                              (dispatch_block_t)(void *)&block);
}

bool xr__dictionary_each(xpc_object_t dictionary,
                         bool (*each)(void *context, const char *key,
                                      xpc_object_t value),
                         void *context) {
  struct applier_block block = {_NSConcreteStackBlock,
                                0,
                                0,
                                invoke_applier,
                                &applier_descriptor,
                                each,
                                context};

  return xpc_dictionary_apply(dictionary,
                              (xpc_dictionary_applier_t)(void *)&block);
}
