/* Typed objects to bytes. Attributes and properties may be anybody's code, so
 * whatever is held across reading one has a reference of its own, and what
 * changed meanwhile is unusual. */
#include "buffer.h"

static bool within(const struct xc_plan *plan, const struct xc_range *range,
                   uint64_t bits) {
  if (plan->is_signed)
    return (int64_t)bits >= (int64_t)range->low &&
           (int64_t)bits <= (int64_t)range->high;
  return bits >= range->low && bits <= range->high;
}

static bool write_int(struct xc_buffer *buffer, const struct xc_plan *plan,
                      PyObject *object) {
  uint64_t bits = plan->is_signed ? (uint64_t)PyLong_AsLongLong(object)
                                  : (uint64_t)PyLong_AsUnsignedLongLong(object);

  if (bits == UINT64_MAX && PyErr_Occurred() != NULL)
    return false;
  return within(plan, &plan->write, bits) &&
         xc_write_number(buffer, plan->is_signed ? XC_INT64 : XC_UINT64, bits);
}

static bool write_float(struct xc_buffer *buffer, const struct xc_plan *plan,
                        PyObject *object) {
  double number;

  if (PyFloat_CheckExact(object)) {
    number = PyFloat_AsDouble(object);
  } else if (PyLong_CheckExact(object)) {
    number = PyLong_AsDouble(object);
    if (number == -1.0 && PyErr_Occurred() != NULL)
      return false;
  } else {
    return false;
  }
  return xc_fits(plan, &number) &&
         xc_write_number(buffer, XC_DOUBLE, xc_bits_of(number));
}

static bool write_list(struct xc_buffer *buffer, const struct xc_plan *plan,
                       PyObject *list, unsigned depth) {
  Py_ssize_t count = PyList_Size(list);
  bool done = true;
  struct xc_mark mark;

  if (depth > buffer->state->max_depth || !xc_open(buffer, XC_ARRAY, &mark))
    return false;
  for (Py_ssize_t i = 0; done && i < count; i++) {
    PyObject *item = PyList_GetItem(list, i);
    if (item == NULL) /* it is shorter now */
      return false;
    Py_INCREF(item);
    done = xc_write(buffer, plan->item, item, depth + 1);
    Py_DECREF(item);
  }
  return done && PyList_Size(list) == count &&
         xc_close(buffer, &mark, (size_t)count);
}

static bool write_map(struct xc_buffer *buffer, const struct xc_plan *plan,
                      PyObject *dict, unsigned depth) {
  Py_ssize_t size = PyDict_Size(dict), count = 0, place = 0;
  bool done = true;
  PyObject *key, *value;
  struct xc_mark mark;

  if (depth > buffer->state->max_depth ||
      !xc_open(buffer, XC_DICTIONARY, &mark))
    return false;
  for (; done && PyDict_Next(dict, &place, &key, &value); count++) {
    if (count == size) /* it grows while we look */
      return false;
    Py_INCREF(value);
    done = xc_write_key(buffer, key) &&
           xc_write(buffer, plan->item, value, depth + 1);
    Py_DECREF(value);
  }
  return done && count == size && PyDict_Size(dict) == size &&
         xc_close(buffer, &mark, (size_t)count);
}

static bool write_union(struct xc_buffer *buffer, const struct xc_plan *plan,
                        PyObject *object, unsigned depth) {
  const struct xc_names *names = plan->names;
  struct xc_mark mark;

  for (size_t i = 0; i < names->count; i++)
    if ((PyObject *)Py_TYPE(object) == plan->cases[i].cls) {
      return depth <= buffer->state->max_depth &&
             xc_open(buffer, XC_DICTIONARY, &mark) &&
             xc_write_name(buffer, &names->all[i]) &&
             xc_write(buffer, plan->cases[i].plan, object, depth + 1) &&
             xc_close(buffer, &mark, 1);
    }
  return false;
}

/* Whether the class is exactly what the plan is made for. */
static bool is_exactly(PyObject *object, PyObject *cls) {
  return (PyObject *)Py_TYPE(object) == cls;
}

bool xc_write(struct xc_buffer *buffer, struct xc_plan *plan, PyObject *object,
              unsigned depth) {
  const struct xc_state *state = buffer->state;

  switch (plan->kind) {
    case XC_KIND_ANY:
      return xc_write_any(buffer, object, depth);
    case XC_KIND_BOOL:
      return PyBool_Check(object) && xc_write_bool(buffer, object == Py_True);
    case XC_KIND_INT:
      return (PyLong_CheckExact(object) || is_exactly(object, state->uint64)) &&
             write_int(buffer, plan, object);
    case XC_KIND_INT_ENUM:
      return is_exactly(object, plan->cls) && write_int(buffer, plan, object);
    case XC_KIND_FLOAT:
      return write_float(buffer, plan, object);
    case XC_KIND_TEXT:
      return PyUnicode_CheckExact(object) && xc_write_text(buffer, object);
    case XC_KIND_TEXT_ENUM:
      return is_exactly(object, plan->cls) && xc_write_text(buffer, object);
    case XC_KIND_DATA:
      return PyBytes_CheckExact(object) && xc_write_data(buffer, object);
    case XC_KIND_UUID:
      return is_exactly(object, state->uuid) && xc_write_uuid(buffer, object);
    case XC_KIND_DATE:
      return is_exactly(object, state->date) &&
             xc_write_nanoseconds(buffer, XC_DATE, object);
    case XC_KIND_DURATION:
      return is_exactly(object, state->duration) &&
             xc_write_nanoseconds(buffer, XC_INT64, object);
    case XC_KIND_LIST:
      return PyList_CheckExact(object) &&
             write_list(buffer, plan, object, depth);
    case XC_KIND_MAP:
      return PyDict_CheckExact(object) &&
             write_map(buffer, plan, object, depth);
    case XC_KIND_OPTIONAL:
      return object == Py_None ? xc_write_any(buffer, object, depth)
                               : xc_write(buffer, plan->item, object, depth);
    case XC_KIND_UNION:
      return write_union(buffer, plan, object, depth);
    case XC_KIND_STRUCT:
      return xc_write_record(buffer, plan, object, depth);
    case XC_KIND_EMPTY:
    case XC_KINDS:
      break;
  }
  return false;
}
