/* Bytes to values: the steps that every reader takes, what has the same form
 * wherever it is found, and the walk over values of any type.
 *
 * No byte is trusted. A length is held against what is there before anything
 * is done with it; a count is a bound for a loop, not for an allocation. */
#include "slot.h"

static size_t left(const struct xc_reader *reader) {
  return (size_t)(reader->end - reader->at);
}

bool xc_enter(struct xc_reader *reader, enum xc_word word, size_t least,
              unsigned depth, struct xc_inside *inside) {
  const uint8_t *at = reader->at;
  size_t size;

  if (left(reader) < 12 || xc_load32(at) != (uint32_t)word ||
      depth > reader->state->max_depth)
    return false;
  size = xc_load32(at + 4);
  inside->count = xc_load32(at + 8);
  if (size < 4 || size > left(reader) - 8 || inside->count > (size - 4) / least)
    return false;
  inside->outer_end = reader->end;
  reader->end = at + 8 + size;
  reader->at = at + 12;
  return true;
}

bool xc_leave(struct xc_reader *reader, const struct xc_inside *inside) {
  if (reader->at != reader->end)
    return false;
  reader->end = inside->outer_end;
  return true;
}

const uint8_t *xc_take_key(struct xc_reader *reader, size_t *size) {
  const uint8_t *key = reader->at;
  const uint8_t *nul = left(reader) == 0 ? NULL : memchr(key, 0, left(reader));

  if (nul == NULL)
    return NULL;
  *size = (size_t)(nul - key);
  if (xc_padded(*size + 1) > left(reader))
    return NULL;
  reader->at += xc_padded(*size + 1);
  return key;
}

const uint8_t *xc_take_sized(struct xc_reader *reader, size_t *size) {
  const uint8_t *at = reader->at;

  if (left(reader) < 4)
    return NULL;
  *size = xc_load32(at);
  if (*size > left(reader) - 4 || xc_padded(*size) > left(reader) - 4)
    return NULL;
  reader->at += 4 + xc_padded(*size);
  return at + 4;
}

const uint8_t *xc_take_string(struct xc_reader *reader, size_t *size) {
  const uint8_t *at = xc_take_sized(reader, size);

  /* One NUL, and it is the last byte. */
  if (at == NULL || *size == 0 || memchr(at, 0, *size) != at + *size - 1)
    return NULL;
  --*size;
  return at;
}

PyObject *xc_make_nanoseconds(struct xc_state *state, PyObject *cls,
                              uint64_t bits) {
  PyObject *ns = PyLong_FromLongLong((long long)bits);
  PyObject *made = NULL;

  if (ns != NULL)
    made = state->new_object((PyTypeObject *)cls, state->nothing, NULL);
  if (made != NULL) /* the constructor would only ask whether it fits */
    xc_slot_set(made, state->ns_at, ns);
  Py_XDECREF(ns);
  return made;
}

/* The number of sixteen bytes, the first of which is the highest. */
static PyObject *number_of(struct xc_state *state, const uint8_t *bytes) {
  unsigned long long halves[2] = {0, 0};
  PyObject *upper, *lower, *shifted = NULL, *number = NULL;

  for (size_t i = 0; i < 16; i++)
    halves[i / 8] = halves[i / 8] << 8 | bytes[i];
  upper = PyLong_FromUnsignedLongLong(halves[0]);
  lower = PyLong_FromUnsignedLongLong(halves[1]);
  if (upper != NULL && lower != NULL)
    shifted = PyNumber_Lshift(upper, state->sixty_four);
  if (shifted != NULL)
    number = PyNumber_Or(shifted, lower);
  Py_XDECREF(shifted);
  Py_XDECREF(lower);
  Py_XDECREF(upper);
  return number;
}

static PyObject *make_uuid(struct xc_state *state, const uint8_t *bytes) {
  PyObject *number = number_of(state, bytes), *made = NULL;

  if (number != NULL)
    made = state->new_object((PyTypeObject *)state->uuid, state->nothing, NULL);
  if (made != NULL) {
    xc_slot_set(made, state->uuid_int_at, number);
    xc_slot_set(made, state->uuid_safe_at, state->safe_unknown);
  }
  Py_XDECREF(number);
  return made;
}

/* A UInt64, without asking again whether the number fits. */
static PyObject *make_uint64(struct xc_state *state, uint64_t bits) {
  PyObject *number = PyLong_FromUnsignedLongLong(bits);
  PyObject *arguments = number == NULL ? NULL : PyTuple_Pack(1, number);
  PyObject *made =
      arguments == NULL
          ? NULL
          : state->new_int((PyTypeObject *)state->uint64, arguments, NULL);

  Py_XDECREF(arguments);
  Py_XDECREF(number);
  return made;
}

static PyObject *read_list(struct xc_reader *reader, unsigned depth) {
  struct xc_inside inside;
  PyObject *list, *item;
  bool done = true;

  if (!xc_enter(reader, XC_ARRAY, XC_LEAST_ITEM, depth, &inside))
    return NULL;
  list = PyList_New(0);
  for (size_t i = 0; list != NULL && done && i < inside.count; i++) {
    item = xc_read_any(reader, depth + 1);
    done = item != NULL && PyList_Append(list, item) == 0;
    Py_XDECREF(item);
  }
  if (!done || !xc_leave(reader, &inside))
    Py_CLEAR(list);
  return list;
}

static bool read_entry(struct xc_reader *reader, PyObject *dict,
                       unsigned depth) {
  size_t size;
  const uint8_t *bytes = xc_take_key(reader, &size);
  PyObject *key, *value = NULL;
  bool done = false;

  if (bytes == NULL)
    return false;
  key = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL);
  if (key != NULL)
    value = xc_read_any(reader, depth);
  if (value != NULL) /* of two with the same key the last one counts */
    done = PyDict_SetItem(dict, key, value) == 0;
  Py_XDECREF(value);
  Py_XDECREF(key);
  return done;
}

static PyObject *read_dict(struct xc_reader *reader, unsigned depth) {
  struct xc_inside inside;
  PyObject *dict;
  bool done = true;

  if (!xc_enter(reader, XC_DICTIONARY, XC_LEAST_ENTRY, depth, &inside))
    return NULL;
  dict = PyDict_New();
  for (size_t i = 0; dict != NULL && done && i < inside.count; i++)
    done = read_entry(reader, dict, depth + 1);
  if (!done || !xc_leave(reader, &inside))
    Py_CLEAR(dict);
  return dict;
}

static PyObject *read_bytes(struct xc_reader *reader, bool is_text) {
  size_t size;
  const char *at;

  reader->at += 4;
  at = (const char *)(is_text ? xc_take_string(reader, &size)
                              : xc_take_sized(reader, &size));
  if (at == NULL)
    return NULL;
  if (is_text)
    return PyUnicode_DecodeUTF8(at, (Py_ssize_t)size, NULL);
  return PyBytes_FromStringAndSize(at, (Py_ssize_t)size);
}

static PyObject *read_number(struct xc_reader *reader, enum xc_word word) {
  uint64_t bits;

  if (!xc_take_number(reader, word, &bits))
    return NULL;
  switch (word) {
    case XC_INT64:
      return PyLong_FromLongLong((long long)bits);
    case XC_UINT64:
      return make_uint64(reader->state, bits);
    case XC_DOUBLE:
      return PyFloat_FromDouble(xc_double_of(bits));
    default:
      return xc_make_nanoseconds(reader->state, reader->state->date, bits);
  }
}

PyObject *xc_read_bool(struct xc_reader *reader) {
  uint32_t value;

  if (left(reader) < 8 || xc_load32(reader->at) != XC_BOOL)
    return NULL;
  value = xc_load32(reader->at + 4);
  if (value > 1)
    return NULL;
  reader->at += 8;
  return PyBool_FromLong((long)value);
}

PyObject *xc_read_uuid(struct xc_reader *reader) {
  const uint8_t *at = reader->at;

  if (reader->state->uuid_int_at == 0 || left(reader) < 20 ||
      xc_load32(at) != XC_UUID)
    return NULL;
  reader->at += 20;
  return make_uuid(reader->state, at + 4);
}

PyObject *xc_read_any(struct xc_reader *reader, unsigned depth) {
  uint32_t word = xc_next_word(reader);

  switch (word) {
    case XC_NULL:
      reader->at += 4;
      return Py_NewRef(Py_None);
    case XC_BOOL:
      return xc_read_bool(reader);
    case XC_INT64:
    case XC_UINT64:
    case XC_DOUBLE:
    case XC_DATE:
      return read_number(reader, (enum xc_word)word);
    case XC_STRING:
    case XC_DATA:
      return read_bytes(reader, word == XC_STRING);
    case XC_UUID:
      return xc_read_uuid(reader);
    case XC_ARRAY:
      return read_list(reader, depth);
    case XC_DICTIONARY:
      return read_dict(reader, depth);
    default: /* handles, which are beside the bytes, and words nobody knows */
      return NULL;
  }
}
