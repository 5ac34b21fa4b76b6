/* Bytes to a struct. A peer writes the keys in the same order every time, as a
 * rule, so the key that came next last time is compared first; any other is
 * looked up. Where the constructor does nothing but set attributes, they are
 * set one by one as they are read; else it is called with all of them. */
#include "slot.h"

enum { BITS = 64, FEW_WORDS = 4 };

/* A struct that is being read. */
struct filling {
  PyObject *target; /* the object, or the constructor's arguments */
  PyObject *rest;   /* unknown entries that are kept, or NULL */
  size_t seen;      /* fields */
  uint64_t few[FEW_WORDS];
  uint64_t *marks; /* which: `few`, or an allocation */
};

static size_t words_of(const struct xc_record *record) {
  return record->count / BITS + 1;
}

static bool begin(struct xc_reader *reader, const struct xc_plan *plan,
                  struct filling *filling) {
  const struct xc_record *record = plan->record;
  size_t words = words_of(record);

  *filling = (struct filling){.marks = filling->few};
  if (words > FEW_WORDS) {
    filling->marks = PyMem_Calloc(words, sizeof *filling->marks);
    if (filling->marks == NULL) {
      PyErr_NoMemory();
      return false;
    }
  }
  if (record->plain)
    filling->target = reader->state->new_object((PyTypeObject *)plan->cls,
                                                reader->state->nothing, NULL);
  else
    filling->target = PyDict_New();
  if (record->rest.attribute != NULL)
    filling->rest = PyDict_New();
  return filling->target != NULL &&
         (filling->rest != NULL || record->rest.attribute == NULL);
}

static void end(struct filling *filling) {
  Py_CLEAR(filling->target);
  Py_CLEAR(filling->rest);
  if (filling->marks != filling->few)
    PyMem_Free(filling->marks);
}

/* Gives the field its value. The value stays the caller's. */
static bool put(const struct xc_record *record, struct filling *filling,
                const struct xc_field *field, PyObject *value) {
  if (!record->plain)
    return PyDict_SetItem(filling->target, field->argument, value) == 0;
  if (field->slot_at == 0)
    return PyObject_GenericSetAttr(filling->target, field->attribute, value) ==
           0;
  xc_slot_set(filling->target, field->slot_at, value);
  return true;
}

/* As `put`, but the value is given up, and may be NULL, which is a failure. */
static bool put_new(const struct xc_record *record, struct filling *filling,
                    const struct xc_field *field, PyObject *value) {
  bool done = value != NULL && put(record, filling, field, value);

  Py_XDECREF(value);
  return done;
}

/* An entry that there is no field for; its key was stepped over. */
static bool read_unknown(struct xc_reader *reader,
                         const struct xc_record *record,
                         struct filling *filling, const uint8_t *bytes,
                         size_t size, unsigned depth) {
  PyObject *key, *value = NULL;
  bool done = false;

  if (record->reject)
    return false;
  /* It is read even if it will be dropped: its bytes must be right. */
  key = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL);
  if (key != NULL)
    value = xc_read_any(reader, depth);
  if (value != NULL)
    done =
        filling->rest == NULL || PyDict_SetItem(filling->rest, key, value) == 0;
  Py_XDECREF(value);
  Py_XDECREF(key);
  return done;
}

/* Reads one entry. `previous` is where the index of the field that was read
 * before is remembered to be followed by this one. */
static bool read_entry(struct xc_reader *reader, const struct xc_plan *plan,
                       struct filling *filling, unsigned **previous,
                       unsigned depth) {
  struct xc_record *record = plan->record;
  const struct xc_name *expected = &plan->names->all[**previous];
  struct xc_field *field;
  size_t size;

  if (record->count > 0 &&
      xc_name_is(expected, reader->at, (size_t)(reader->end - reader->at))) {
    reader->at += expected->padded;
  } else {
    const uint8_t *key = xc_take_key(reader, &size);
    ptrdiff_t index = key == NULL ? -1 : xc_names_find(plan->names, key, size);
    if (key == NULL)
      return false;
    if (index < 0)
      return read_unknown(reader, record, filling, key, size, depth);
    **previous = (unsigned)index;
  }
  field = &record->fields[**previous];
  if (filling->marks[**previous / BITS] >> (**previous % BITS) & 1)
    return false; /* of two with the same key only the last one counts */
  filling->marks[**previous / BITS] |= (uint64_t)1 << (**previous % BITS);
  filling->seen++;
  *previous = &field->after;
  return put_new(record, filling, field, xc_read(reader, field->plan, depth));
}

static PyObject *default_of(const struct xc_field *field) {
  switch (field->absent) {
    case XC_ABSENT_NONE:
      return Py_NewRef(Py_None);
    case XC_ABSENT_VALUE:
      return Py_NewRef(field->fallback);
    case XC_ABSENT_FACTORY:
      return PyObject_CallFunctionObjArgs(field->fallback, NULL);
    default:
      return NULL;
  }
}

/* Fills in what did not come. */
static bool fill_in(const struct xc_record *record, struct filling *filling) {
  for (size_t i = 0; i < record->count && filling->seen < record->count; i++) {
    const struct xc_field *field = &record->fields[i];
    if (filling->marks[i / BITS] >> (i % BITS) & 1)
      continue;
    filling->seen++;
    if (field->absent != XC_ABSENT_LEFT &&
        !put_new(record, filling, field, default_of(field)))
      return false;
  }
  return filling->rest == NULL ||
         put(record, filling, &record->rest, filling->rest);
}

/* The finished object, a new reference. */
static PyObject *finish(struct xc_state *state, const struct xc_plan *plan,
                        struct filling *filling) {
  if (plan->record->plain)
    return Py_NewRef(filling->target);
  return PyObject_Call(plan->cls, state->nothing, filling->target);
}

PyObject *xc_read_record(struct xc_reader *reader, struct xc_plan *plan,
                         unsigned depth) {
  struct filling filling;
  struct xc_inside inside;
  unsigned *previous = &plan->record->first;
  PyObject *object = NULL;
  bool done;

  if (!xc_enter(reader, XC_DICTIONARY, XC_LEAST_ENTRY, depth, &inside))
    return NULL;
  done = begin(reader, plan, &filling);
  for (size_t i = 0; done && i < inside.count; i++)
    done = read_entry(reader, plan, &filling, &previous, depth + 1);
  if (done && xc_leave(reader, &inside) && fill_in(plan->record, &filling))
    object = finish(reader->state, plan, &filling);
  end(&filling);
  return object;
}
