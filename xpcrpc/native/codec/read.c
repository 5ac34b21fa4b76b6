/* Bytes to typed objects. Constructors and rules may be anybody's code; what
 * they can reach is finished objects, never the bytes or the plan. */
#include "plan.h"

#include <math.h>

bool xc_fits(const struct xc_plan *plan, double *number) {
  if (plan->single) {
    /* As C's Annex F has it, what is too large becomes infinite. */
    double rounded = (double)(float)*number;
    if (isinf(rounded) && !isinf(*number))
      return false;
    *number = rounded;
  }
  return true;
}

/* The number as Python's; either word will do for either sign. */
static PyObject *read_int(struct xc_reader *reader,
                          const struct xc_plan *plan) {
  const struct xc_range *range = &plan->read;
  uint64_t bits;

  if (!xc_take_number(reader, plan->is_signed ? XC_INT64 : XC_UINT64, &bits)) {
    if (!xc_take_number(reader, plan->is_signed ? XC_UINT64 : XC_INT64,
                        &bits) ||
        bits > INT64_MAX) /* too large for the one, negative in the other */
      return NULL;
  }
  if (plan->is_signed) {
    if ((int64_t)bits < (int64_t)range->low ||
        (int64_t)bits > (int64_t)range->high)
      return NULL;
    return PyLong_FromLongLong((long long)bits);
  }
  if (bits < range->low || bits > range->high)
    return NULL;
  return PyLong_FromUnsignedLongLong(bits);
}

static PyObject *read_int_enum(struct xc_reader *reader,
                               const struct xc_plan *plan) {
  PyObject *number = read_int(reader, plan);
  PyObject *member;

  if (number == NULL)
    return NULL;
  /* The class's own table, which Python's `cls(number)` asks first, too. */
  member = PyDict_GetItemWithError(plan->members, number);
  if (member != NULL)
    Py_INCREF(member);
  else if (PyErr_Occurred() == NULL)
    member = PyObject_CallFunctionObjArgs(plan->cls, number, NULL);
  Py_DECREF(number);
  return member;
}

static PyObject *read_float(struct xc_reader *reader,
                            const struct xc_plan *plan) {
  uint64_t bits;
  double number;

  if (!xc_take_number(reader, XC_DOUBLE, &bits))
    return NULL;
  number = xc_double_of(bits);
  if (!xc_fits(plan, &number))
    return NULL;
  /* Not a number is within no bounds. */
  if (plan->bounded && !(number >= plan->low && number <= plan->high))
    return NULL;
  return PyFloat_FromDouble(number);
}

static bool take_word(struct xc_reader *reader, enum xc_word word) {
  if (xc_next_word(reader) != (uint32_t)word)
    return false;
  reader->at += 4;
  return true;
}

static bool is_sized(const struct xc_plan *plan) {
  return plan->least > 0 || plan->most < PY_SSIZE_T_MAX;
}

/* Gives the object back if it has as many parts as the plan allows; else gives
 * it up. NULL stays NULL. */
static PyObject *sized(const struct xc_plan *plan, PyObject *object) {
  Py_ssize_t size;

  if (object == NULL || !is_sized(plan))
    return object;
  size = PyObject_Size(object);
  if (size < plan->least || size > plan->most)
    Py_CLEAR(object);
  return object;
}

static PyObject *read_text(struct xc_reader *reader,
                           const struct xc_plan *plan) {
  size_t size;
  const uint8_t *bytes;

  if (!take_word(reader, XC_STRING))
    return NULL;
  bytes = xc_take_string(reader, &size);
  if (bytes == NULL || (Py_ssize_t)size > plan->most_bytes)
    return NULL;
  return sized(
      plan, PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL));
}

static PyObject *read_text_enum(struct xc_reader *reader,
                                const struct xc_plan *plan) {
  size_t size;
  const uint8_t *bytes;
  ptrdiff_t index;
  PyObject *text, *member;

  if (!take_word(reader, XC_STRING))
    return NULL;
  bytes = xc_take_string(reader, &size);
  if (bytes == NULL)
    return NULL;
  index = xc_names_find(plan->names, bytes, size);
  if (index >= 0)
    return Py_NewRef(PyTuple_GetItem(plan->members, index));
  if (!plan->open)
    return NULL;
  text = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL);
  if (text == NULL)
    return NULL;
  member = PyObject_CallFunctionObjArgs(plan->cls, text, NULL);
  Py_DECREF(text);
  return member;
}

static PyObject *read_data(struct xc_reader *reader,
                           const struct xc_plan *plan) {
  size_t size;
  const uint8_t *bytes;

  if (!take_word(reader, XC_DATA))
    return NULL;
  bytes = xc_take_sized(reader, &size);
  if (bytes == NULL || (Py_ssize_t)size < plan->least ||
      (Py_ssize_t)size > plan->most)
    return NULL;
  return PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)size);
}

static PyObject *read_nanoseconds(struct xc_reader *reader, enum xc_word word,
                                  PyObject *cls) {
  uint64_t bits;

  if (!xc_take_number(reader, word, &bits))
    return NULL;
  return xc_make_nanoseconds(reader->state, cls, bits);
}

static PyObject *read_list(struct xc_reader *reader, const struct xc_plan *plan,
                           unsigned depth) {
  struct xc_inside inside;
  PyObject *list, *item;
  bool done = true;

  if (!xc_enter(reader, XC_ARRAY, XC_LEAST_ITEM, depth, &inside))
    return NULL;
  list = PyList_New(0);
  for (size_t i = 0; list != NULL && done && i < inside.count; i++) {
    item = xc_read(reader, plan->item, depth + 1);
    done = item != NULL && PyList_Append(list, item) == 0;
    Py_XDECREF(item);
  }
  if (!done || !xc_leave(reader, &inside))
    Py_CLEAR(list);
  return sized(plan, list);
}

static bool read_entry(struct xc_reader *reader, struct xc_plan *item,
                       PyObject *dict, unsigned depth) {
  size_t size;
  const uint8_t *bytes = xc_take_key(reader, &size);
  PyObject *key, *value = NULL;
  bool done = false;

  if (bytes == NULL)
    return false;
  key = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL);
  if (key != NULL)
    value = xc_read(reader, item, depth);
  if (value != NULL)
    done = PyDict_SetItem(dict, key, value) == 0;
  Py_XDECREF(value);
  Py_XDECREF(key);
  return done;
}

static PyObject *read_map(struct xc_reader *reader, const struct xc_plan *plan,
                          unsigned depth) {
  struct xc_inside inside;
  PyObject *dict;
  bool done = true;

  if (!xc_enter(reader, XC_DICTIONARY, XC_LEAST_ENTRY, depth, &inside))
    return NULL;
  dict = PyDict_New();
  for (size_t i = 0; dict != NULL && done && i < inside.count; i++)
    done = read_entry(reader, plan->item, dict, depth + 1);
  if (!done || !xc_leave(reader, &inside))
    Py_CLEAR(dict);
  return sized(plan, dict);
}

static PyObject *read_union(struct xc_reader *reader,
                            const struct xc_plan *plan, unsigned depth) {
  struct xc_inside inside;
  size_t size;
  const uint8_t *label;
  ptrdiff_t index;
  PyObject *object = NULL;

  if (!xc_enter(reader, XC_DICTIONARY, XC_LEAST_ENTRY, depth, &inside) ||
      inside.count != 1)
    return NULL;
  label = xc_take_key(reader, &size);
  index = label == NULL ? -1 : xc_names_find(plan->names, label, size);
  if (index >= 0)
    object = xc_read(reader, plan->cases[index].plan, depth + 1);
  if (object != NULL && !xc_leave(reader, &inside))
    Py_CLEAR(object);
  return object;
}

static PyObject *read_optional(struct xc_reader *reader,
                               const struct xc_plan *plan, unsigned depth) {
  if (xc_next_word(reader) != XC_NULL)
    return xc_read(reader, plan->item, depth);
  reader->at += 4;
  return Py_NewRef(Py_None);
}

static PyObject *read_kind(struct xc_reader *reader, struct xc_plan *plan,
                           unsigned depth) {
  const struct xc_state *state = reader->state;

  switch (plan->kind) {
    case XC_KIND_ANY:
      return xc_read_any(reader, depth);
    case XC_KIND_BOOL:
      return xc_read_bool(reader);
    case XC_KIND_INT:
      return read_int(reader, plan);
    case XC_KIND_INT_ENUM:
      return read_int_enum(reader, plan);
    case XC_KIND_FLOAT:
      return read_float(reader, plan);
    case XC_KIND_TEXT:
      return read_text(reader, plan);
    case XC_KIND_TEXT_ENUM:
      return sized(plan, read_text_enum(reader, plan));
    case XC_KIND_DATA:
      return read_data(reader, plan);
    case XC_KIND_UUID:
      return xc_read_uuid(reader);
    case XC_KIND_DATE:
      return read_nanoseconds(reader, XC_DATE, state->date);
    case XC_KIND_DURATION:
      return read_nanoseconds(reader, XC_INT64, state->duration);
    case XC_KIND_LIST:
      return read_list(reader, plan, depth);
    case XC_KIND_MAP:
      return read_map(reader, plan, depth);
    case XC_KIND_OPTIONAL:
      return read_optional(reader, plan, depth);
    case XC_KIND_UNION:
      return read_union(reader, plan, depth);
    case XC_KIND_STRUCT:
      return xc_read_record(reader, plan, depth);
    case XC_KIND_EMPTY:
    case XC_KINDS:
      break;
  }
  return NULL;
}

PyObject *xc_read(struct xc_reader *reader, struct xc_plan *plan,
                  unsigned depth) {
  PyObject *object = read_kind(reader, plan, depth);

  if (object != NULL && plan->rules != NULL && !xc_follows(plan, object))
    Py_CLEAR(object);
  return object;
}
