/* A struct to bytes: its fields in their order, then what it keeps of unknown
 * ones. */
#include "buffer.h"
#include "slot.h"

/* An attribute as `object.name` gives it; a new reference, or NULL. */
static PyObject *attribute_of(PyObject *object, const struct xc_field *field) {
  if (field->slot_at > 0)
    return xc_slot_get(object, field->slot_at);
  return PyObject_GetAttr(object, field->attribute);
}

static bool write_fields(struct xc_buffer *buffer, const struct xc_plan *plan,
                         PyObject *object, unsigned depth, size_t *count) {
  const struct xc_record *record = plan->record;
  bool done = true;

  for (size_t i = 0; done && i < record->count; i++) {
    const struct xc_field *field = &record->fields[i];
    PyObject *value = attribute_of(object, field);
    if (value == NULL)
      return false;
    if (value != Py_None || !field->optional || record->nulls) {
      done = xc_write_name(buffer, &plan->names->all[i]) &&
             xc_write(buffer, field->plan, value, depth);
      ++*count;
    }
    Py_DECREF(value);
  }
  return done;
}

/* Whether a key is one that the struct has a field for; such a key among those
 * that it does not know is an error. */
static bool is_known(const struct xc_names *names, PyObject *key) {
  Py_ssize_t size;
  const char *bytes = PyUnicode_AsUTF8AndSize(key, &size);

  return bytes == NULL ||
         xc_names_find(names, (const uint8_t *)bytes, (size_t)size) >= 0;
}

static bool write_rest(struct xc_buffer *buffer, const struct xc_plan *plan,
                       PyObject *dict, unsigned depth, size_t *count) {
  Py_ssize_t place = 0;
  PyObject *key, *value;

  if (!PyDict_CheckExact(dict))
    return false;
  for (; PyDict_Next(dict, &place, &key, &value); ++*count)
    if (!xc_write_key(buffer, key) || is_known(plan->names, key) ||
        !xc_write_any(buffer, value, depth))
      return false;
  return true;
}

bool xc_write_record(struct xc_buffer *buffer, struct xc_plan *plan,
                     PyObject *object, unsigned depth) {
  const struct xc_record *record = plan->record;
  size_t count = 0;
  PyObject *rest;
  struct xc_mark mark;
  bool done;

  if ((PyObject *)Py_TYPE(object) != plan->cls ||
      depth > buffer->state->max_depth ||
      !xc_open(buffer, XC_DICTIONARY, &mark) ||
      !write_fields(buffer, plan, object, depth + 1, &count))
    return false;
  if (record->rest.attribute != NULL) {
    rest = attribute_of(object, &record->rest);
    done = rest != NULL && write_rest(buffer, plan, rest, depth + 1, &count);
    Py_XDECREF(rest);
    if (!done)
      return false;
  }
  return xc_close(buffer, &mark, count);
}
