/* What travels beside a frame: one entry of a message's table of handles.
 *
 * Public headers of the bridge hold declarations alone, as build.py reads
 * them as the cdef. */
#ifndef XR_HANDLE_H
#define XR_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum xr_handle_kind {
  XR_HANDLE_FD = 1,
  XR_HANDLE_SHMEM = 2,
  XR_HANDLE_ENDPOINT = 3
};

/* In a table that is sent, everything is borrowed. In one that was received,
 * the receiver owns `fd` (close it), `object` (xr_object_release) and the
 * mapping at `address` (xr_shmem_unmap). */
struct xr_handle {
  uint32_t kind;
  int32_t fd;
  uint64_t size;   /* shmem: bytes at `address` */
  uint64_t writable; /* shmem received: whether it may be written */
  void *object;    /* endpoint, shmem received earlier; else NULL */
  void *address;   /* shmem: where it is mapped */
};

/* Drops the one reference that the caller owns. Any thread. */
void xr_object_release(void *object);

/* Whether two endpoints lead to the same listener. Borrows. Any thread. */
bool xr_object_equal(void *object, void *other);
size_t xr_object_hash(void *object);

/* Ends a mapping that a received table brought. Any thread. */
void xr_shmem_unmap(void *address, size_t size);

#endif
