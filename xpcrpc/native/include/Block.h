/* The runtime half of C blocks, for compilers with and without -fblocks.
 *
 * A block is a pointer to {isa, flags, reserved, invoke, descriptor,
 * captures...}; see contract section 11. All functions are safe from any
 * thread. */
#ifndef XPC_PORTABLE_BLOCK_H
#define XPC_PORTABLE_BLOCK_H

#ifdef __cplusplus
#define BLOCK_LINKAGE extern "C"
#else
#define BLOCK_LINKAGE extern
#endif
#ifdef XPC_PORTABLE_SHARED /* as in <xpc/base.h> */
#define BLOCK_EXPORT \
  BLOCK_LINKAGE __attribute__((__visibility__("default")))
#else
#define BLOCK_EXPORT BLOCK_LINKAGE
#endif

/* A heap copy of a stack block, one more reference to a heap block, or a
 * global block itself. The caller owes one _Block_release. */
BLOCK_EXPORT void *_Block_copy(const void *block);

/* Drops one reference; the last one runs the dispose helper and frees. */
BLOCK_EXPORT void _Block_release(const void *block);

/* Called by code the compiler emits for captured blocks and variables. */
BLOCK_EXPORT void _Block_object_assign(void *target, const void *object,
                                       const int flags);
BLOCK_EXPORT void _Block_object_dispose(const void *object, const int flags);

/* Only their addresses matter: what a literal carries as its isa. */
BLOCK_EXPORT void *_NSConcreteGlobalBlock[32];
BLOCK_EXPORT void *_NSConcreteStackBlock[32];

#define Block_copy(...) \
  ((__typeof(__VA_ARGS__))_Block_copy((const void *)(__VA_ARGS__)))
#define Block_release(...) _Block_release((const void *)(__VA_ARGS__))

#endif
