/* Values to bytes: what has the same form wherever it is found, and the walk
 * over values of any type. Only exact types are written here, so no code of
 * Python's runs, nothing changes under the walk, and references can be
 * borrowed. */
#include "buffer.h"
#include "slot.h"

bool xc_write_bool(struct xc_buffer *buffer, bool value) {
  uint8_t *at = xc_add(buffer, 8);

  if (at == NULL)
    return false;
  xc_store32(at, XC_BOOL);
  xc_store32(at + 4, value);
  return true;
}

static bool write_null(struct xc_buffer *buffer) {
  uint8_t *at = xc_add(buffer, 4);

  if (at == NULL)
    return false;
  xc_store32(at, XC_NULL);
  return true;
}

/* The text's UTF-8, which has no NUL, or NULL. It is the text's own and lives
 * as long as the text does. */
static const char *utf8_of(PyObject *text, size_t *size) {
  Py_ssize_t length;
  const char *bytes = PyUnicode_AsUTF8AndSize(text, &length);

  if (bytes == NULL || (uint64_t)length >= UINT32_MAX ||
      memchr(bytes, 0, (size_t)length) != NULL)
    return NULL;
  *size = (size_t)length;
  return bytes;
}

/* Bytes, a NUL, zeros up to a multiple of four. */
static void put_padded(uint8_t *at, const char *bytes, size_t size) {
  xc_store32(at + xc_padded(size + 1) - 4, 0);
  memcpy(at, bytes, size);
}

bool xc_write_text(struct xc_buffer *buffer, PyObject *text) {
  size_t size;
  const char *bytes = utf8_of(text, &size);
  uint8_t *at;

  if (bytes == NULL)
    return false;
  at = xc_add(buffer, 8 + xc_padded(size + 1));
  if (at == NULL)
    return false;
  xc_store32(at, XC_STRING);
  xc_store32(at + 4, (uint32_t)size + 1);
  put_padded(at + 8, bytes, size);
  return true;
}

bool xc_write_key(struct xc_buffer *buffer, PyObject *key) {
  size_t size;
  const char *bytes = PyUnicode_CheckExact(key) ? utf8_of(key, &size) : NULL;
  uint8_t *at;

  if (bytes == NULL)
    return false;
  at = xc_add(buffer, xc_padded(size + 1));
  if (at == NULL)
    return false;
  put_padded(at, bytes, size);
  return true;
}

bool xc_write_data(struct xc_buffer *buffer, PyObject *data) {
  char *bytes;
  Py_ssize_t size;
  uint8_t *at;

  if (PyBytes_AsStringAndSize(data, &bytes, &size) < 0 ||
      (uint64_t)size > UINT32_MAX)
    return false;
  at = xc_add(buffer, 8);
  if (at == NULL)
    return false;
  xc_store32(at, XC_DATA);
  xc_store32(at + 4, (uint32_t)size);
  return xc_add_data(buffer, data, bytes, (size_t)size);
}

bool xc_write_int64(struct xc_buffer *buffer, enum xc_word word,
                    PyObject *number) {
  long long value = PyLong_AsLongLong(number);

  if (value == -1 && PyErr_Occurred() != NULL)
    return false;
  return xc_write_number(buffer, word, (uint64_t)value);
}

static bool write_uint64(struct xc_buffer *buffer, PyObject *number) {
  unsigned long long value = PyLong_AsUnsignedLongLong(number);

  if (value == (unsigned long long)-1 && PyErr_Occurred() != NULL)
    return false;
  return xc_write_number(buffer, XC_UINT64, value);
}

bool xc_write_nanoseconds(struct xc_buffer *buffer, enum xc_word word,
                          PyObject *object) {
  PyObject *ns = xc_slot_get(object, buffer->state->ns_at);
  bool done =
      ns != NULL && PyLong_CheckExact(ns) && xc_write_int64(buffer, word, ns);

  Py_XDECREF(ns);
  return done;
}

/* The upper half of a uuid's number; false if it is no such number. */
static bool upper_half(struct xc_state *state, PyObject *number,
                       unsigned long long *half) {
  PyObject *upper = PyNumber_Rshift(number, state->sixty_four);

  if (upper == NULL)
    return false;
  *half = PyLong_AsUnsignedLongLong(upper);
  Py_DECREF(upper);
  return PyErr_Occurred() == NULL;
}

bool xc_write_uuid(struct xc_buffer *buffer, PyObject *uuid) {
  struct xc_state *state = buffer->state;
  PyObject *number =
      state->uuid_int_at == 0 ? NULL : xc_slot_get(uuid, state->uuid_int_at);
  unsigned long long halves[2];
  uint8_t *at = NULL;

  if (number != NULL && PyLong_CheckExact(number) &&
      upper_half(state, number, &halves[0])) {
    halves[1] = PyLong_AsUnsignedLongLongMask(number);
    at = xc_add(buffer, 20);
  }
  Py_XDECREF(number);
  if (at == NULL)
    return false;
  xc_store32(at, XC_UUID);
  for (size_t i = 0; i < 16; i++) /* the first byte is the highest */
    at[4 + i] = (uint8_t)(halves[i / 8] >> (56 - 8 * (i % 8)));
  return true;
}

static bool write_list(struct xc_buffer *buffer, PyObject *list,
                       unsigned depth) {
  Py_ssize_t count = PyList_Size(list);
  struct xc_mark mark;

  if (depth > buffer->state->max_depth || !xc_open(buffer, XC_ARRAY, &mark))
    return false;
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *item = PyList_GetItem(list, i);
    if (item == NULL || !xc_write_any(buffer, item, depth + 1))
      return false;
  }
  return xc_close(buffer, &mark, (size_t)count);
}

static bool write_dict(struct xc_buffer *buffer, PyObject *dict,
                       unsigned depth) {
  Py_ssize_t place = 0;
  size_t count = 0;
  PyObject *key, *value;
  struct xc_mark mark;

  if (depth > buffer->state->max_depth ||
      !xc_open(buffer, XC_DICTIONARY, &mark))
    return false;
  for (; PyDict_Next(dict, &place, &key, &value); count++)
    if (!xc_write_key(buffer, key) || !xc_write_any(buffer, value, depth + 1))
      return false;
  return xc_close(buffer, &mark, count);
}

bool xc_write_any(struct xc_buffer *buffer, PyObject *value, unsigned depth) {
  const struct xc_state *state = buffer->state;
  PyTypeObject *type = Py_TYPE(value);

  if (type == &PyUnicode_Type)
    return xc_write_text(buffer, value);
  if (type == &PyLong_Type)
    return xc_write_int64(buffer, XC_INT64, value);
  if (type == &PyDict_Type)
    return write_dict(buffer, value, depth);
  if (type == &PyList_Type)
    return write_list(buffer, value, depth);
  if (type == &PyBool_Type)
    return xc_write_bool(buffer, value == Py_True);
  if (type == &PyBytes_Type)
    return xc_write_data(buffer, value);
  if (type == &PyFloat_Type)
    return xc_write_number(buffer, XC_DOUBLE,
                           xc_bits_of(PyFloat_AsDouble(value)));
  if (value == Py_None)
    return write_null(buffer);
  if (type == (PyTypeObject *)state->uint64)
    return write_uint64(buffer, value);
  if (type == (PyTypeObject *)state->date)
    return xc_write_nanoseconds(buffer, XC_DATE, value);
  if (type == (PyTypeObject *)state->uuid)
    return xc_write_uuid(buffer, value);
  return false;
}
