/* `Plan`: the type that Python sees, and the two passes from its side. */
#include "plan.h"

#include "buffer.h"

PyObject *xc_unusual(void) {
  if (PyErr_Occurred() != NULL) {
    /* An interrupt, or the end of the program, is nobody's mistake. */
    if (!PyErr_ExceptionMatches(PyExc_Exception))
      return NULL;
    PyErr_Clear();
  }
  return Py_NewRef(Py_None);
}

bool xc_follows(const struct xc_plan *plan, PyObject *value) {
  Py_ssize_t count = PyTuple_Size(plan->rules);

  /* Absence follows every rule. */
  for (Py_ssize_t i = 0; value != Py_None && i < count; i++) {
    PyObject *problem = PyObject_CallFunctionObjArgs(
        PyTuple_GetItem(plan->rules, i), value, NULL);
    bool none = problem == Py_None;
    Py_XDECREF(problem);
    if (!none)
      return false;
  }
  return true;
}

bool xc_depth_of(const struct xc_state *state, PyObject *number,
                 unsigned *depth) {
  long value = PyLong_AsLong(number);

  if (value < 0) {
    if (PyErr_Occurred() == NULL)
      PyErr_SetString(PyExc_ValueError, "a depth is not negative");
    return false;
  }
  *depth =
      value > (long)state->max_depth ? state->max_depth + 1 : (unsigned)value;
  return true;
}

static bool has_arguments(const char *method, Py_ssize_t count,
                          Py_ssize_t expected) {
  if (count == expected)
    return true;
  PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, not %zd", method,
               expected, count);
  return false;
}

static PyObject *encode(PyObject *self, PyObject *const *args,
                        Py_ssize_t count) {
  struct xc_plan *plan = (struct xc_plan *)self;
  PyObject *result = NULL;
  struct xc_buffer buffer;
  unsigned depth;

  if (!has_arguments("encode", count, 2) ||
      !xc_depth_of(plan->state, args[1], &depth) ||
      !xc_buffer_begin(&buffer, plan->state))
    return NULL;
  if (xc_write(&buffer, plan, args[0], depth))
    result = xc_buffer_bytes(&buffer);
  xc_buffer_end(&buffer);
  return result != NULL ? result : xc_unusual();
}

/* Pairs an object, which is given up and may be NULL, with the offset that the
 * reader has come to. */
static PyObject *with_offset(PyObject *object, const struct xc_reader *reader,
                             const struct xc_source *source) {
  Py_ssize_t offset = reader->at - source->bytes;
  PyObject *number = object == NULL ? NULL : PyLong_FromSsize_t(offset);
  PyObject *pair = number == NULL ? NULL : PyTuple_Pack(2, object, number);

  Py_XDECREF(number);
  Py_XDECREF(object);
  return pair;
}

static PyObject *decode(PyObject *self, PyObject *const *args,
                        Py_ssize_t count) {
  struct xc_plan *plan = (struct xc_plan *)self;
  PyObject *result = NULL;
  struct xc_reader reader;
  struct xc_source source;
  unsigned depth;

  if (!has_arguments("decode", count, 4) ||
      !xc_depth_of(plan->state, args[3], &depth))
    return NULL;
  if (!xc_source_open(&source, args[0]))
    return xc_unusual();
  if (xc_source_read(&source, plan->state, args[1], args[2], &reader))
    result = with_offset(xc_read(&reader, plan, depth), &reader, &source);
  xc_source_close(&source);
  return result != NULL ? result : xc_unusual();
}

/* So many objects, one behind the other, as a new list. */
static PyObject *read_several(struct xc_reader *reader, struct xc_plan *plan,
                              unsigned depth, size_t count) {
  PyObject *list = PyList_New(0);

  for (size_t i = 0; list != NULL && i < count; i++) {
    PyObject *item = xc_read(reader, plan, depth);
    if (item == NULL || PyList_Append(list, item) < 0)
      Py_CLEAR(list);
    Py_XDECREF(item);
  }
  return list;
}

static PyObject *decode_items(PyObject *self, PyObject *const *args,
                              Py_ssize_t count) {
  struct xc_plan *plan = (struct xc_plan *)self;
  PyObject *result = NULL;
  struct xc_reader reader;
  struct xc_source source;
  size_t items;
  unsigned depth;

  if (!has_arguments("decode_items", count, 5) ||
      !xc_depth_of(plan->state, args[3], &depth))
    return NULL;
  items = PyLong_AsSize_t(args[4]);
  if (PyErr_Occurred() != NULL || !xc_source_open(&source, args[0]))
    return xc_unusual();
  if (xc_source_read(&source, plan->state, args[1], args[2], &reader))
    result = with_offset(read_several(&reader, plan, depth, items), &reader,
                         &source);
  xc_source_close(&source);
  return result != NULL ? result : xc_unusual();
}

static int traverse(PyObject *self, visitproc visit, void *arg) {
  struct xc_plan *plan = (struct xc_plan *)self;

  Py_VISIT(Py_TYPE(self));
  Py_VISIT(plan->item);
  Py_VISIT(plan->cls);
  Py_VISIT(plan->members);
  Py_VISIT(plan->rules);
  if (plan->cases != NULL)
    for (size_t i = 0; i < plan->names->count; i++) {
      Py_VISIT(plan->cases[i].cls);
      Py_VISIT(plan->cases[i].plan);
    }
  return plan->record == NULL ? 0
                              : xc_record_traverse(plan->record, visit, arg);
}

static int clear(PyObject *self) {
  struct xc_plan *plan = (struct xc_plan *)self;
  struct xc_record *record = plan->record;
  struct xc_case *cases = plan->cases;

  plan->kind = XC_KIND_EMPTY; /* whoever still uses it finds all unusual */
  plan->record = NULL;
  plan->cases = NULL;
  Py_CLEAR(plan->item);
  Py_CLEAR(plan->cls);
  Py_CLEAR(plan->members);
  Py_CLEAR(plan->rules);
  if (cases != NULL)
    for (size_t i = 0; i < plan->names->count; i++) {
      Py_XDECREF(cases[i].cls);
      Py_XDECREF((PyObject *)cases[i].plan);
    }
  PyMem_Free(cases);
  xc_record_free(record);
  return 0;
}

static void dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);

  PyObject_GC_UnTrack(self);
  clear(self);
  xc_names_free(((struct xc_plan *)self)->names);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  PyObject *self = allocate(type, 0);

  if (self == NULL)
    return NULL;
  ((struct xc_plan *)self)->state = PyType_GetModuleState(type);
  if (!xc_plan_facts((struct xc_plan *)self, args, kwargs))
    Py_CLEAR(self);
  return self;
}

static PyMethodDef methods[] = {
    {"encode", XN_METHOD(encode), METH_FASTCALL, NULL},
    {"decode", XN_METHOD(decode), METH_FASTCALL, NULL},
    {"decode_items", XN_METHOD(decode_items), METH_FASTCALL,
     NULL},
    {"fill", XN_METHOD(xc_plan_fill),
     METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make},    {Py_tp_dealloc, dealloc}, {Py_tp_traverse, traverse},
    {Py_tp_clear, clear}, {Py_tp_methods, methods}, {0, NULL},
};

PyType_Spec xc_plan_spec = {
    .name = "xpcrpc.codec._plan.Plan",
    .basicsize = sizeof(struct xc_plan),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
