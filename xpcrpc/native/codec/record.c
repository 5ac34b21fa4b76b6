/* The part of a plan that a struct has: its fields, as Python tells of them. */
#include "slot.h"

/* (wire name, attribute, argument, plan, optional, descriptor or None, absent,
 * fallback) */
static bool read_field(struct xc_state *state, PyObject *cls,
                       struct xc_field *field, PyObject *entry) {
  const char *wire;
  Py_ssize_t size;
  PyObject *attribute, *argument, *plan, *slot, *fallback;
  int optional, absent;

  if (!PyArg_ParseTuple(entry, "y#UUO!pOiO", &wire, &size, &attribute,
                        &argument, state->plan_type, &plan, &optional, &slot,
                        &absent, &fallback))
    return false;
  if (absent < 0 || absent >= XC_ABSENTS) {
    PyErr_SetString(PyExc_ValueError, "no such way to be absent");
    return false;
  }
  field->attribute = Py_NewRef(attribute);
  field->argument = Py_NewRef(argument);
  PyUnicode_InternInPlace(&field->attribute);
  PyUnicode_InternInPlace(&field->argument);
  field->plan = (struct xc_plan *)Py_NewRef(plan);
  field->fallback = Py_NewRef(fallback);
  field->optional = optional != 0;
  field->absent = (enum xc_absent)absent;
  field->slot_at = xc_slot_offset(cls, slot);
  return true;
}

/* (attribute, descriptor or None) */
static bool read_rest(PyObject *cls, struct xc_field *field, PyObject *entry) {
  PyObject *attribute, *slot;

  if (!PyArg_ParseTuple(entry, "UO", &attribute, &slot))
    return false;
  field->attribute = Py_NewRef(attribute);
  PyUnicode_InternInPlace(&field->attribute);
  field->argument = Py_NewRef(field->attribute);
  field->slot_at = xc_slot_offset(cls, slot);
  return true;
}

static struct xc_record *record_new(struct xc_state *state, PyObject *cls,
                                    PyObject *fields, PyObject *rest) {
  size_t count = (size_t)PyTuple_Size(fields);
  struct xc_record *record = PyMem_Calloc(1, sizeof *record);
  bool done = true;

  if (record != NULL) /* one more, as zero bytes may be NULL */
    record->fields = PyMem_Calloc(count + 1, sizeof *record->fields);
  if (record == NULL || record->fields == NULL) {
    PyMem_Free(record);
    PyErr_NoMemory();
    return NULL;
  }
  for (; done && record->count < count; record->count++) {
    struct xc_field *field = &record->fields[record->count];
    PyObject *entry = PyTuple_GetItem(fields, (Py_ssize_t)record->count);
    /* What comes next, as long as nothing has come. */
    field->after = (unsigned)((record->count + 1) % count);
    done = read_field(state, cls, field, entry);
  }
  if (done && rest != NULL)
    done = read_rest(cls, &record->rest, rest);
  if (!done) {
    xc_record_free(record);
    return NULL;
  }
  return record;
}

PyObject *xc_plan_fill(PyObject *self, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"", "", "plain", "nulls", "reject", "rest", NULL};
  struct xc_plan *plan = (struct xc_plan *)self;
  int plain = 0, nulls = 0, reject = 0;
  PyObject *cls, *fields, *rest = NULL;

  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!O!|$pppO!:fill", names,
                                   &PyType_Type, &cls, &PyTuple_Type, &fields,
                                   &plain, &nulls, &reject, &PyTuple_Type,
                                   &rest))
    return NULL;
  if (plan->kind != XC_KIND_EMPTY || plan->names != NULL) {
    PyErr_SetString(PyExc_ValueError, "only a new struct's plan is filled");
    return NULL;
  }
  if (plain && PyType_GetSlot((PyTypeObject *)cls, Py_tp_new) !=
                   (void *)plan->state->new_object) {
    PyErr_SetString(PyExc_ValueError, "a plain class is made as an object is");
    return NULL;
  }
  plan->names = xc_names_of(fields);
  if (plan->names == NULL)
    return NULL;
  plan->record = record_new(plan->state, cls, fields, rest);
  if (plan->record == NULL)
    return NULL;
  plan->record->plain = plain != 0;
  plan->record->nulls = nulls != 0;
  plan->record->reject = reject != 0;
  plan->cls = Py_NewRef(cls);
  plan->kind = XC_KIND_STRUCT;
  return Py_NewRef(Py_None);
}

static int visit_field(struct xc_field *field, visitproc visit, void *arg) {
  Py_VISIT(field->plan);
  Py_VISIT(field->fallback);
  return 0;
}

int xc_record_traverse(struct xc_record *record, visitproc visit, void *arg) {
  int result = visit_field(&record->rest, visit, arg);

  for (size_t i = 0; result == 0 && i < record->count; i++)
    result = visit_field(&record->fields[i], visit, arg);
  return result;
}

static void release_field(struct xc_field *field) {
  Py_XDECREF((PyObject *)field->plan);
  Py_XDECREF(field->attribute);
  Py_XDECREF(field->argument);
  Py_XDECREF(field->fallback);
}

void xc_record_free(struct xc_record *record) {
  if (record == NULL)
    return;
  release_field(&record->rest);
  for (size_t i = 0; i < record->count; i++)
    release_field(&record->fields[i]);
  PyMem_Free(record->fields);
  PyMem_Free(record);
}
