/* The layout of a block and how the library calls one (contract section 11).
 *
 * Blocks are run with no lock held. */
#ifndef XPC__BLOCK_H
#define XPC__BLOCK_H

#include "object.h"

#include <Block.h>

struct xpc__block_descriptor {
  unsigned long reserved;
  unsigned long size;
  /* Only with XPC__BLOCK_HAS_HELPERS (C-203). */
  void (*copy)(void *target, const void *source);
  void (*dispose)(const void *block);
};

struct xpc__block {
  void *isa;
  _Atomic uint32_t flags;
  uint32_t reserved;
  void (*invoke)(void);
  struct xpc__block_descriptor *descriptor;
};

/* Flag bits (C-204). */
#define XPC__BLOCK_COUNT_STEP 0x2u
#define XPC__BLOCK_COUNT_MASK 0xfffeu
#define XPC__BLOCK_ON_HEAP (1u << 24)
#define XPC__BLOCK_HAS_HELPERS (1u << 25)
#define XPC__BLOCK_IS_GLOBAL (1u << 28)

/* A block is called by its layout, whatever its owner's C type for its first
 * argument: the sanitizers' check of function types has no say in that. */
#ifdef __clang__
#define XPC__CALLS_BLOCKS __attribute__((no_sanitize("function")))
#else
#define XPC__CALLS_BLOCKS
#endif

/* invoke takes the block itself first (C-205). */
void xpc__call_handler(void *block, xpc_object_t object);
void xpc__call_barrier(void *block);
bool xpc__call_array_applier(void *block, size_t index, xpc_object_t value);
bool xpc__call_dictionary_applier(void *block, const char *key,
                                  xpc_object_t value);

#endif
