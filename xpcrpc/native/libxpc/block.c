/* The blocks runtime: copy, release, and the helpers that compiled blocks
 * with captures call. Works on literals built by hand as well as by clang. */
#include "block.h"

/* What a captured field is, in the flags of the helpers. */
enum {
  FIELD_IS_OBJECT = 3,
  FIELD_IS_BLOCK = 7,
  FIELD_IS_BYREF = 8,
  FIELD_FROM_BYREF = 128
};

/* A variable marked __block: shared by the frame and every copied block. */
struct byref {
  void *isa;
  struct byref *forwarding;
  _Atomic uint32_t flags;
  uint32_t size;
  void (*keep)(struct byref *target, struct byref *source);
  void (*destroy)(struct byref *);
};

void *_NSConcreteGlobalBlock[32];
void *_NSConcreteStackBlock[32];
static void *heap_block_class[32];

XPC__CALLS_BLOCKS void *_Block_copy(const void *literal) {
  struct xpc__block *block = (struct xpc__block *)(uintptr_t)literal;
  struct xpc__block *copy;
  uint32_t flags;

  if (block == NULL)
    return NULL;
  flags = atomic_load_explicit(&block->flags, memory_order_relaxed);
  if (flags & XPC__BLOCK_ON_HEAP) {
    /* A full count stays full: the block is then never freed. */
    while ((flags & XPC__BLOCK_COUNT_MASK) != XPC__BLOCK_COUNT_MASK &&
           !atomic_compare_exchange_weak(&block->flags, &flags,
                                         flags + XPC__BLOCK_COUNT_STEP)) {
    }
    return block;
  }
  if (flags & XPC__BLOCK_IS_GLOBAL)
    return block;
  copy = xpc__alloc(block->descriptor->size);
  memcpy(copy, block, block->descriptor->size);
  flags &= ~(XPC__BLOCK_COUNT_MASK | 1u);
  atomic_store(&copy->flags,
               flags | XPC__BLOCK_ON_HEAP | XPC__BLOCK_COUNT_STEP);
  copy->isa = heap_block_class;
  if (flags & XPC__BLOCK_HAS_HELPERS)
    copy->descriptor->copy(copy, block);
  return copy;
}

XPC__CALLS_BLOCKS void _Block_release(const void *literal) {
  struct xpc__block *block = (struct xpc__block *)(uintptr_t)literal;
  uint32_t flags;

  if (block == NULL)
    return;
  flags = atomic_load(&block->flags);
  if (!(flags & XPC__BLOCK_ON_HEAP)) /* C-208 */
    return;
  do {
    if ((flags & XPC__BLOCK_COUNT_MASK) == XPC__BLOCK_COUNT_MASK)
      return;
    if ((flags & XPC__BLOCK_COUNT_MASK) == 0)
      xpc__misuse("over-release of a block");
  } while (!atomic_compare_exchange_weak(&block->flags, &flags,
                                         flags - XPC__BLOCK_COUNT_STEP));
  if ((flags & XPC__BLOCK_COUNT_MASK) != XPC__BLOCK_COUNT_STEP)
    return;
  if (flags & XPC__BLOCK_HAS_HELPERS)
    block->descriptor->dispose(block);
  free(block);
}

XPC__CALLS_BLOCKS static struct byref *copy_byref(struct byref *source) {
  struct byref *shared = source->forwarding;
  struct byref *copy;
  uint32_t flags = atomic_load(&shared->flags);

  if (flags & XPC__BLOCK_ON_HEAP) {
    atomic_fetch_add(&shared->flags, XPC__BLOCK_COUNT_STEP);
    return shared;
  }
  copy = xpc__alloc(source->size);
  memcpy(copy, source, source->size);
  /* Two references: the frame's, dropped when its scope ends, and ours. */
  atomic_store(&copy->flags, (flags & ~XPC__BLOCK_COUNT_MASK) |
                                 XPC__BLOCK_ON_HEAP |
                                 2 * XPC__BLOCK_COUNT_STEP);
  copy->forwarding = copy;
  source->forwarding = copy;
  if (flags & XPC__BLOCK_HAS_HELPERS)
    copy->keep(copy, source);
  return copy;
}

XPC__CALLS_BLOCKS static void release_byref(struct byref *byref) {
  uint32_t before;

  byref = byref->forwarding;
  if (!(atomic_load(&byref->flags) & XPC__BLOCK_ON_HEAP))
    return;
  before = atomic_fetch_sub(&byref->flags, XPC__BLOCK_COUNT_STEP);
  if ((before & XPC__BLOCK_COUNT_MASK) != XPC__BLOCK_COUNT_STEP)
    return;
  if (before & XPC__BLOCK_HAS_HELPERS)
    byref->destroy(byref);
  free(byref);
}

void _Block_object_assign(void *target, const void *object, const int flags) {
  void **field = target;

  *field = (void *)(uintptr_t)object;
  if (flags & FIELD_FROM_BYREF) /* held by the variable, not by us */
    return;
  if (flags & FIELD_IS_BYREF)
    *field = copy_byref(*field);
  else if ((flags & FIELD_IS_BLOCK) == FIELD_IS_BLOCK)
    *field = _Block_copy(object);
}

void _Block_object_dispose(const void *object, const int flags) {
  if (flags & FIELD_FROM_BYREF)
    return;
  if (flags & FIELD_IS_BYREF)
    release_byref((struct byref *)(uintptr_t)object);
  else if ((flags & FIELD_IS_BLOCK) == FIELD_IS_BLOCK)
    _Block_release(object);
}

XPC__CALLS_BLOCKS void xpc__call_handler(void *block, xpc_object_t object) {
  struct xpc__block *literal = block;

  ((void (*)(void *, xpc_object_t))literal->invoke)(block, object);
}

XPC__CALLS_BLOCKS void xpc__call_barrier(void *block) {
  struct xpc__block *literal = block;

  ((void (*)(void *))literal->invoke)(block);
}

XPC__CALLS_BLOCKS bool xpc__call_array_applier(void *block, size_t index, xpc_object_t value) {
  struct xpc__block *literal = block;

  return ((bool (*)(void *, size_t, xpc_object_t))literal->invoke)(block, index,
                                                                   value);
}

XPC__CALLS_BLOCKS bool xpc__call_dictionary_applier(void *block, const char *key,
                                  xpc_object_t value) {
  struct xpc__block *literal = block;

  return ((bool (*)(void *, const char *, xpc_object_t))literal->invoke)(
      block, key, value);
}
