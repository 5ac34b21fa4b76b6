#include "buffer.h"

bool xc_buffer_begin(struct xc_buffer *buffer, struct xc_state *state) {
  /* A call that runs inside this one, or in another thread, gets its own. */
  *buffer = (struct xc_buffer){
      .state = state, .bytes = state->spare, .capacity = state->spare_size};
  state->spare = NULL;
  state->spare_size = 0;
  return buffer->bytes != NULL || xc_buffer_grow(buffer, XC_FIRST_BYTES);
}

void xc_buffer_end(struct xc_buffer *buffer) {
  struct xc_state *state = buffer->state;

  if (state->spare == NULL && buffer->capacity <= XC_KEPT_BYTES) {
    state->spare = buffer->bytes;
    state->spare_size = buffer->capacity;
  } else {
    PyMem_Free(buffer->bytes);
  }
  for (size_t i = 0; i < buffer->splice_count; i++)
    Py_DECREF(buffer->splices[i].data);
  PyMem_Free(buffer->splices);
}

bool xc_buffer_grow(struct xc_buffer *buffer, size_t more) {
  size_t capacity = buffer->capacity;
  uint8_t *bytes;

  if (more > (size_t)PY_SSIZE_T_MAX / 2 - buffer->size) {
    PyErr_NoMemory();
    return false;
  }
  capacity = capacity < XC_FIRST_BYTES ? XC_FIRST_BYTES : capacity * 2;
  if (capacity < buffer->size + more)
    capacity = buffer->size + more;
  bytes = PyMem_Realloc(buffer->bytes, capacity);
  if (bytes == NULL) {
    PyErr_NoMemory();
    return false;
  }
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  return true;
}

static bool splice(struct xc_buffer *buffer, PyObject *data, size_t size) {
  struct xc_splice *splices = buffer->splices;
  size_t capacity = buffer->splice_capacity;

  if (size > (size_t)PY_SSIZE_T_MAX / 2 - buffer->spliced) {
    PyErr_NoMemory();
    return false;
  }
  if (buffer->splice_count == capacity) {
    capacity = capacity == 0 ? 4 : capacity * 2;
    splices = PyMem_Realloc(splices, capacity * sizeof *splices);
    if (splices == NULL) {
      PyErr_NoMemory();
      return false;
    }
    buffer->splices = splices;
    buffer->splice_capacity = capacity;
  }
  Py_INCREF(data);
  splices[buffer->splice_count++] = (struct xc_splice){buffer->size, data};
  buffer->spliced += size;
  return true;
}

bool xc_add_data(struct xc_buffer *buffer, PyObject *data, const char *bytes,
                 size_t size) {
  size_t padding = xc_padded(size) - size;
  uint8_t *at;

  if (size >= XC_LARGE_BYTES) {
    if (!splice(buffer, data, size))
      return false;
    size = 0;
  }
  at = xc_add(buffer, size + padding);
  if (at == NULL)
    return false;
  memcpy(at, bytes, size);
  memset(at + size, 0, padding);
  return true;
}

bool xc_open(struct xc_buffer *buffer, enum xc_word word,
             struct xc_mark *mark) {
  uint8_t *at = xc_add(buffer, 12);

  if (at == NULL)
    return false;
  xc_store32(at, word);
  mark->place = buffer->size - 8;
  mark->start = xc_total(buffer) - 4;
  return true;
}

bool xc_close(struct xc_buffer *buffer, const struct xc_mark *mark,
              size_t count) {
  size_t length = xc_total(buffer) - mark->start;

  if (length > UINT32_MAX) /* so is the count, then: each takes four bytes */
    return false;
  xc_store32(buffer->bytes + mark->place, (uint32_t)length);
  xc_store32(buffer->bytes + mark->place + 4, (uint32_t)count);
  return true;
}

PyObject *xc_buffer_bytes(const struct xc_buffer *buffer) {
  PyObject *result =
      PyBytes_FromStringAndSize(NULL, (Py_ssize_t)xc_total(buffer));
  size_t place = 0;
  char *at;

  if (result == NULL)
    return NULL;
  at = PyBytes_AsString(result);
  for (size_t i = 0; i < buffer->splice_count; i++) {
    const struct xc_splice *each = &buffer->splices[i];
    size_t size = (size_t)PyBytes_Size(each->data);
    memcpy(at, buffer->bytes + place, each->place - place);
    at += each->place - place;
    place = each->place;
    memcpy(at, PyBytes_AsString(each->data), size);
    at += size;
  }
  memcpy(at, buffer->bytes + place, buffer->size - place);
  return result;
}
