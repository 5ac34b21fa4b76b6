/* The shapes of objects and what the object files ask of each other.
 *
 * Every object begins with struct xpc__object. Boxed values never change
 * after creation; arrays and dictionaries do, and their callers serialise
 * that (C-6). Reference counts are atomic. */
#ifndef XPC__OBJECT_H
#define XPC__OBJECT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stdatomic.h>
#include <xpc/portable.h>

enum xpc__kind {
  XPC__CONNECTION,
  XPC__ENDPOINT,
  XPC__NULL,
  XPC__BOOL,
  XPC__INT64,
  XPC__UINT64,
  XPC__DOUBLE,
  XPC__DATE,
  XPC__DATA,
  XPC__STRING,
  XPC__UUID,
  XPC__FD,
  XPC__SHMEM,
  XPC__ARRAY,
  XPC__DICTIONARY,
  XPC__ERROR,
  XPC__NO_OBJECTS /* types that exist by name only */
};

struct _xpc_type_s {
  const char *name;
  enum xpc__kind kind;
  uint32_t word; /* type word on the wire; 0 when it has none */
};

/* The count of an object that is never freed and never written (C-3). */
#define XPC__IMMORTAL UINT32_MAX

struct xpc__object {
  xpc_type_t type;
  _Atomic uint32_t references;
};

struct _xpc_bool_s {
  struct xpc__object object;
  bool value;
};

struct xpc__scalar {
  struct xpc__object object;
  union {
    int64_t int64;
    uint64_t uint64;
    double real;
  } as;
};

struct xpc__buffer;

/* Data and strings; a string has one NUL more than its length. */
struct xpc__bytes {
  struct xpc__object object;
  size_t length;
  uint8_t *bytes;             /* the storage, or inside the buffer */
  struct xpc__buffer *buffer; /* of received data that was not copied */
  uint8_t storage[];
};

struct xpc__uuid {
  struct xpc__object object;
  uuid_t bytes;
};

/* fd, shmem and endpoint: a descriptor owned by the object. */
struct xpc__handle {
  struct xpc__object object;
  int fd;
  uint64_t length; /* shmem: bytes, whole pages */
  uint64_t device; /* endpoint: the socket's identity, for xpc_equal */
  uint64_t inode;
};

struct xpc__array {
  struct xpc__object object;
  uint32_t applying; /* xpc_array_apply calls under way */
  size_t count;
  size_t capacity;
  xpc_object_t *items;
};

/* One dictionary entry with its key inside; a link of its bucket's list. */
struct xpc__entry {
  struct xpc__entry *next;
  struct xpc__entry *previous;
  xpc_object_t value;
  uint64_t hash; /* Apple's: decides bucket and order */
  size_t length; /* of the key */
  char *key;     /* the bytes behind this struct; a literal in errors */
};

enum { XPC__BUCKETS = 7 };

/* What a received message, or a reply made from one, knows of its sender. */
struct xpc__origin {
  xpc_connection_t connection; /* an inner reference, or NULL */
  uint64_t key;                /* the exchange: id << 1 | numbered by peer */
  uint32_t generation;         /* of the connection's socket */
  bool expects;                /* a request whose reply context is unused */
  bool reply;                  /* made by xpc_dictionary_create_reply() */
  bool sent;                   /* and already sent */
};

struct _xpc_dictionary_s {
  struct xpc__object object;
  uint32_t applying;
  size_t count;
  struct xpc__entry *buckets[XPC__BUCKETS];
  struct xpc__index *index; /* only above a small count */
  struct xpc__origin origin;
};

/* Prints "XPC API Misuse: ..." and aborts (C-175, C-176). */
_Noreturn void xpc__misuse(const char *format, ...) XPC_PRINTF(1, 2);

/* One line to the logger, if there is one. */
void xpc__log(const char *format, ...) XPC_PRINTF(1, 2);

/* malloc and friends that abort on exhaustion, as the API has no way to say
 * so; sizes that come from a peer are bounded before they get here. */
void *xpc__alloc(size_t size);
void *xpc__realloc(void *memory, size_t size);
char *xpc__strdup(const char *text);

/* A block of `size` zeroed bytes that starts as an object with one reference,
 * owned by the caller. */
void *xpc__object_new(xpc_type_t type, size_t size);

static inline enum xpc__kind xpc__kind_of(const void *object) {
  return ((const struct xpc__object *)object)->type->kind;
}

/* Aborts unless the object is there and of this kind (C-33). */
void xpc__require(const void *object, enum xpc__kind kind, const char *caller);

/* Bytes of a string or data object that the caller fills; +1. */
struct xpc__bytes *xpc__bytes_new(xpc_type_t type, size_t length);
/* Data that lies in a buffer, which it keeps; +1. */
struct xpc__bytes *xpc__bytes_in(struct xpc__buffer *buffer, uint8_t *bytes,
                                 size_t length);
void xpc__bytes_free(struct xpc__bytes *bytes);

/* A handle object that takes over the descriptor; +1. */
struct xpc__handle *xpc__handle_new(xpc_type_t type, int fd);
/* The same for shmem and endpoints from a peer: checked first. On refusal
 * NULL, and the descriptor is closed. */
xpc_object_t xpc__shmem_adopt(int fd, uint64_t length);
xpc_object_t xpc__endpoint_adopt(int fd);
void xpc__handle_free(struct xpc__handle *handle);

/* Adds an entry and takes over the value; replaces an older one. Returns
 * false when the key was there. The key need not end in NUL. */
bool xpc__dictionary_put(struct _xpc_dictionary_s *dictionary, const char *key,
                         size_t length, xpc_object_t value);
/* Turns the lists of the buckets around: a decoder puts entries in wire
 * order, and putting reverses it. */
void xpc__dictionary_reverse(struct _xpc_dictionary_s *dictionary);
void xpc__dictionary_free(struct _xpc_dictionary_s *dictionary);
void xpc__array_free(struct xpc__array *array);

/* SipHash-1-3 under a key drawn once per process. */
uint64_t xpc__seeded_hash(const void *bytes, size_t length);

/* connection.c: the outer count, with its own rules (C-60, C-61). */
void xpc__connection_retain_outer(xpc_connection_t connection);
void xpc__connection_release_outer(xpc_connection_t connection);
/* reply.c: a dictionary with an origin goes away. */
void xpc__origin_clear(struct xpc__origin *origin);

#endif
