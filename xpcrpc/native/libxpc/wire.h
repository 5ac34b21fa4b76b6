/* Apple's serialisation, version 5, both ways; and the record around it.
 *
 * Nothing here keeps state; the functions may run on any thread. */
#ifndef XPC__WIRE_H
#define XPC__WIRE_H

#include "buffer.h"
#include "limits.h"

enum {
  XPC__WRAPPER_BYTES = 24,
  XPC__PAYLOAD_HEADER_BYTES = 8,
  XPC__FRAGMENT_BYTES = XPC_PORTABLE_INLINE_BYTES,
  XPC__VERSION = 5
};
#define XPC__WRAPPER_MAGIC 0x29b00b92u
#define XPC__PAYLOAD_MAGIC 0x42133742u
#define XPC__PAYLOAD_MAGIC_MACH 0x40585043u

/* Flags of the wrapper. The first four are Apple's; the others are ours,
 * in bits Apple has not been seen to use. */
#define XPC__FLAG_ALWAYS 0x00000001u
#define XPC__FLAG_MESSAGE 0x00000100u
#define XPC__FLAG_WANTS_REPLY 0x00010000u
#define XPC__FLAG_REPLY 0x00020000u
/* No body: the request with this id was dropped unanswered (C-139). */
#define XPC__FLAG_NO_REPLY 0x01000000u
/* The first descriptor is a sealed memfd that holds the body. */
#define XPC__FLAG_MEMFD 0x02000000u
/* The id of this reply is from its sender's numbering: an answer to a reply
 * that itself wanted one (C-135). */
#define XPC__FLAG_SENDERS_ID 0x04000000u
/* The body, of the stated length, follows in fragments, nothing between. */
#define XPC__FLAG_FRAGMENTED 0x08000000u
/* A fragment; the id is its offset in the body. All but the last of a body
 * carry XPC__FRAGMENT_BYTES. */
#define XPC__FLAG_FRAGMENT 0x10000000u

/* What a message would take, found before a byte is written. */
struct xpc__measure {
  size_t bytes; /* the payload, its header included */
  size_t handles;
  size_t objects;
  /* The largest data object, if it is worth leaving where it is, or NULL. */
  struct xpc__bytes *cut;
};

/* 0, EINVAL, ELOOP, E2BIG or ETOOMANYREFS, as xpc_portable_serialize(). */
int xpc__measure(xpc_object_t object, struct xpc__measure *measure);

/* Writes exactly measure->bytes to `bytes` and the measure->handles objects
 * that carry a descriptor, borrowed, to `handles`. An object changed since it
 * was measured is misuse (C-6). */
void xpc__encode(xpc_object_t object, const struct xpc__measure *measure,
                 uint8_t *bytes, xpc_object_t *handles);

/* The same, but for the bytes of measure->cut: they belong at *cut_at of the
 * payload and are left out of `bytes`, which is so much shorter. */
void xpc__encode_around(xpc_object_t object, const struct xpc__measure *measure,
                        uint8_t *bytes, xpc_object_t *handles, size_t *cut_at);

/* Where a decoder gets the object for the next descriptor: +1, or NULL when
 * there is none that fits. `length` is for shmem alone. */
struct xpc__handle_source {
  xpc_object_t (*take)(struct xpc__handle_source *source, xpc_type_t type,
                       uint64_t length);
};

/* 0 and an owned object, or EBADMSG, ELOOP, E2BIG and nothing. Trusts no
 * byte; zero bytes after the root are allowed. Data that makes up most of the
 * payload stays in `buffer`, where the payload lies, unless that is NULL. */
int xpc__decode(const uint8_t *bytes, size_t length, struct xpc__buffer *buffer,
                struct xpc__handle_source *source, xpc_object_t *object);

static inline void xpc__store32(uint8_t *at, uint32_t value) {
  for (unsigned i = 0; i < 4; i++)
    at[i] = (uint8_t)(value >> (8 * i));
}

static inline void xpc__store64(uint8_t *at, uint64_t value) {
  for (unsigned i = 0; i < 8; i++)
    at[i] = (uint8_t)(value >> (8 * i));
}

static inline uint32_t xpc__load32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
         (uint32_t)at[3] << 24;
}

static inline uint64_t xpc__load64(const uint8_t *at) {
  return (uint64_t)xpc__load32(at) | (uint64_t)xpc__load32(at + 4) << 32;
}

static inline size_t xpc__padded(size_t length) {
  return (length + 3) & ~(size_t)3;
}

#endif
