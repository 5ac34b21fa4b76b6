/* A received object becomes a frame in the caller's buffer.
 *
 * One pass writes what fits and counts all of it, as snprintf does; only a
 * message that did not fit is walked a second time, into a buffer of the size
 * that the first pass found. Nothing is allocated but the list of handles. */
#include <string.h>

#include "xr__bridge.h"

/* Handles are rare: the first few need no memory of their own. */
enum { FEW_HANDLES = 8 };

struct writer {
  uint8_t *bytes;
  size_t size;
  size_t at; /* where the next byte would be, past `size` too */
  unsigned depth;
  bool failed;
  xpc_object_t *handles; /* borrowed objects; `few` until that is full */
  size_t handle_count;
  size_t handle_room;
  xpc_object_t few[FEW_HANDLES];
};

static void put(struct writer *writer, const void *bytes, size_t length) {
  if (length <= writer->size && writer->at <= writer->size - length &&
      length != 0)
    memcpy(writer->bytes + writer->at, bytes, length);
  writer->at += length;
}

static void put_word(struct writer *writer, uint32_t word) {
  put(writer, &word, sizeof word);
}

static void put_padding(struct writer *writer, size_t to) {
  static const uint8_t zeros[8];

  put(writer, zeros, xr__padded(writer->at, to) - writer->at);
}

/* A length word is kept free at `place`; what follows it ends here. */
static void set_word(struct writer *writer, size_t place, size_t value) {
  uint32_t word = (uint32_t)value;

  if (value > UINT32_MAX)
    writer->failed = true;
  if (writer->size >= sizeof word && place <= writer->size - sizeof word)
    memcpy(writer->bytes + place, &word, sizeof word);
}

static void put_number(struct writer *writer, uint32_t type,
                       const void *bytes) {
  put_word(writer, type);
  put(writer, bytes, 8);
}

static void put_blob(struct writer *writer, uint32_t type, const void *bytes,
                     size_t length) {
  if (length > UINT32_MAX) {
    writer->failed = true;
    return;
  }
  put_word(writer, type);
  put_word(writer, (uint32_t)length);
  put(writer, bytes, length);
  put_padding(writer, 4);
}

static void put_handle(struct writer *writer, uint32_t type,
                       xpc_object_t object) {
  static const uint8_t unknown_size[8];

  put_word(writer, type);
  /* The true size is in the table of handles, where it is mapped. */
  if (type == XR__SHMEM)
    put(writer, unknown_size, sizeof unknown_size);
  if (writer->handle_count == writer->handle_room) {
    size_t room = writer->handle_room * 2;
    xpc_object_t *grown = malloc(room * sizeof *grown);
    if (grown == NULL) {
      writer->failed = true;
      return;
    }
    memcpy(grown, writer->handles, writer->handle_count * sizeof *grown);
    if (writer->handles != writer->few)
      free(writer->handles);
    writer->handles = grown;
    writer->handle_room = room;
  }
  writer->handles[writer->handle_count++] = object;
}

static void write_object(struct writer *writer, xpc_object_t object);

static bool write_entry(void *context, const char *key, xpc_object_t value) {
  struct writer *writer = context;

  put(writer, key, strlen(key) + 1);
  put_padding(writer, 4);
  write_object(writer, value);
  return !writer->failed;
}

static void write_container(struct writer *writer, uint32_t type,
                            xpc_object_t container, size_t count) {
  size_t length_at;

  if (count > UINT32_MAX || ++writer->depth > xr__depth_limit()) {
    writer->failed = true;
    return;
  }
  put_word(writer, type);
  length_at = writer->at;
  put_word(writer, 0);
  put_word(writer, (uint32_t)count);
  if (type == XR__DICTIONARY)
    (void)xr__dictionary_each(container, write_entry, writer);
  else
    for (size_t i = 0; i < count && !writer->failed; i++)
      write_object(writer, xpc_array_get_value(container, i));
  set_word(writer, length_at, writer->at - length_at - 4);
  writer->depth--;
}

static void write_number(struct writer *writer, xpc_type_t type,
                         xpc_object_t object) {
  int64_t integer;
  uint64_t bits;
  double real;

  if (type == XPC_TYPE_INT64) {
    integer = xpc_int64_get_value(object);
    put_number(writer, XR__INT64, &integer);
  } else if (type == XPC_TYPE_UINT64) {
    bits = xpc_uint64_get_value(object);
    put_number(writer, XR__UINT64, &bits);
  } else if (type == XPC_TYPE_DATE) {
    integer = xpc_date_get_value(object);
    put_number(writer, XR__DATE, &integer);
  } else {
    real = xpc_double_get_value(object);
    put_number(writer, XR__DOUBLE, &real);
  }
}

/* The rarer types. One that no frame can hold (C-8) shows as null. */
static void write_other(struct writer *writer, xpc_type_t type,
                        xpc_object_t object) {
  if (type == XPC_TYPE_UUID) {
    put_word(writer, XR__UUID);
    put(writer, xpc_uuid_get_bytes(object), 16);
  } else if (type == XPC_TYPE_FD) {
    put_handle(writer, XR__FD, object);
  } else if (type == XPC_TYPE_SHMEM) {
    put_handle(writer, XR__SHMEM, object);
  } else if (type == XPC_TYPE_ENDPOINT) {
    put_handle(writer, XR__ENDPOINT, object);
  } else {
    put_word(writer, XR__NULL);
  }
}

static void write_object(struct writer *writer, xpc_object_t object) {
  xpc_type_t type = xpc_get_type(object);

  if (type == XPC_TYPE_STRING) {
    put_blob(writer, XR__STRING, xpc_string_get_string_ptr(object),
             xpc_string_get_length(object) + 1);
  } else if (type == XPC_TYPE_DICTIONARY) {
    write_container(writer, XR__DICTIONARY, object,
                    xpc_dictionary_get_count(object));
  } else if (type == XPC_TYPE_INT64 || type == XPC_TYPE_UINT64 ||
             type == XPC_TYPE_DATE || type == XPC_TYPE_DOUBLE) {
    write_number(writer, type, object);
  } else if (type == XPC_TYPE_BOOL) {
    put_word(writer, XR__BOOL);
    put_word(writer, xpc_bool_get_value(object) ? 1 : 0);
  } else if (type == XPC_TYPE_DATA) {
    put_blob(writer, XR__DATA, xpc_data_get_bytes_ptr(object),
             xpc_data_get_length(object));
  } else if (type == XPC_TYPE_ARRAY) {
    write_container(writer, XR__ARRAY, object, xpc_array_get_count(object));
  } else {
    write_other(writer, type, object);
  }
}

/* Whether the mapping may be written: asking for it is the portable test, and
 * changes nothing where it is writable already. */
static bool make_writable(void *address, size_t size) {
  return mprotect(address, size, PROT_READ | PROT_WRITE) == 0;
}

/* The receiver's own form of a handle. A descriptor or mapping that cannot be
 * had is -1 or NULL: the receiver says so when it is used. */
static struct xr_handle receive_handle(xpc_object_t object) {
  struct xr_handle handle = {0, -1, 0, 0, NULL, NULL};
  xpc_type_t type = xpc_get_type(object);

  if (type == XPC_TYPE_FD) {
    handle.kind = XR_HANDLE_FD;
    handle.fd = xr__fd_take(object);
  } else if (type == XPC_TYPE_SHMEM) {
    handle.kind = XR_HANDLE_SHMEM;
    handle.object = xpc_retain(object);
    handle.size = xpc_shmem_map(object, &handle.address);
    if (handle.size != 0)
      handle.writable = make_writable(handle.address, (size_t)handle.size);
  } else {
    handle.kind = XR_HANDLE_ENDPOINT;
    handle.object = xpc_retain(object);
  }
  return handle;
}

bool xr__write_frame(xpc_object_t object, struct xr__space space,
                     size_t *needed, uint64_t *frame_length,
                     uint32_t *handle_count) {
  struct writer writer = {.bytes = space.bytes,
                          .size = space.size,
                          .handle_room = FEW_HANDLES};
  bool fits;

  writer.handles = writer.few;
  put_word(&writer, XR__MAGIC);
  put_word(&writer, 5);
  write_object(&writer, object);
  if (writer.failed)
    writer.at = writer.handle_count = 0;
  *frame_length = writer.at;
  *handle_count = (uint32_t)writer.handle_count;
  put_padding(&writer, 8);
  *needed = writer.at + writer.handle_count * sizeof(struct xr_handle);
  fits = *needed <= space.size;
  /* Whoever is told that it fits has the handles, and the message no more. */
  for (size_t i = 0; fits && i < writer.handle_count; i++) {
    struct xr_handle handle = receive_handle(writer.handles[i]);
    put(&writer, &handle, sizeof handle);
  }
  if (writer.handles != writer.few)
    free(writer.handles);
  return fits;
}
