/* `Envelope`: a template with the plan of the one object that ends it, so that
 * a frame is made or opened in one call. Like a plan it returns None for
 * whatever is unusual; what finds the plan is asked at the first use, and after
 * every `reset`. */
#include "buffer.h"

struct envelope {
  PyObject_HEAD
  struct xc_state *state;
  PyObject *template; /* or None: there is only the object */
  PyObject *find;     /* () -> Plan or None */
  PyObject *plan;     /* Plan or None; NULL: not asked for yet */
  unsigned depth;
};

/* Envelope(template, depth, find) */
static PyObject *make(PyTypeObject *type, PyObject *args,
                      PyObject *Py_UNUSED(kwargs)) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  struct xc_state *state = PyType_GetModuleState(type);
  PyObject *template, *depth, *find;
  struct envelope *self;

  if (!PyArg_ParseTuple(args, "OOO", &template, &depth, &find))
    return NULL;
  if (template != Py_None && !Py_IS_TYPE(template, state->template_type)) {
    PyErr_SetString(PyExc_TypeError, "expected a template, or None");
    return NULL;
  }
  self = (struct envelope *)allocate(type, 0);
  if (self == NULL)
    return NULL;
  self->state = state;
  self->template = Py_NewRef(template);
  self->find = Py_NewRef(find);
  if (!xc_depth_of(state, depth, &self->depth))
    Py_CLEAR(self);
  return (PyObject *)self;
}

static int traverse(PyObject *object, visitproc visit, void *arg) {
  struct envelope *self = (struct envelope *)object;

  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->template);
  Py_VISIT(self->find);
  Py_VISIT(self->plan);
  return 0;
}

static int clear(PyObject *object) {
  struct envelope *self = (struct envelope *)object;

  Py_CLEAR(self->template);
  Py_CLEAR(self->find);
  Py_CLEAR(self->plan);
  return 0;
}

static void dealloc(PyObject *object) { xn_dealloc(object, clear); }

/* The plan, a new reference, or NULL with or without an exception: there is
 * none. It is held, as what it calls may `reset` the envelope. */
static struct xc_plan *plan_of(struct envelope *self) {
  PyObject *found;

  if (self->plan == NULL && self->find != NULL) {
    found = PyObject_CallFunctionObjArgs(self->find, NULL);
    if (found == NULL)
      return NULL;
    if (found != Py_None && !Py_IS_TYPE(found, self->state->plan_type)) {
      PyErr_SetString(PyExc_TypeError, "what finds the plan found no plan");
      Py_DECREF(found);
      return NULL;
    }
    Py_XDECREF(self->plan);
    self->plan = found;
  }
  if (self->plan == NULL || self->plan == Py_None)
    return NULL;
  return (struct xc_plan *)Py_NewRef(self->plan);
}

/* The bytes of the object alone. */
static PyObject *write_alone(struct envelope *self, struct xc_plan *plan,
                             PyObject *object) {
  PyObject *bytes = NULL;
  struct xc_buffer buffer;

  if (!xc_buffer_begin(&buffer, self->state))
    return NULL;
  if (xc_write(&buffer, plan, object, self->depth))
    bytes = xc_buffer_bytes(&buffer);
  xc_buffer_end(&buffer);
  return bytes != NULL ? bytes : xc_unusual();
}

/* seal(object, *numbers) */
static PyObject *seal(PyObject *object, PyObject *const *args,
                      Py_ssize_t count) {
  struct envelope *self = (struct envelope *)object;
  bool alone = self->template == NULL || self->template == Py_None;
  struct xc_plan *plan;
  PyObject *frame;

  if (count < 1 || (alone && count > 1)) {
    PyErr_SetString(PyExc_TypeError,
                    "seal takes an object, and its template's numbers");
    return NULL;
  }
  plan = plan_of(self);
  if (plan == NULL)
    return PyErr_Occurred() != NULL ? NULL : Py_NewRef(Py_None);
  if (alone)
    frame = write_alone(self, plan, args[0]);
  else
    frame = xc_template_frame(self->template, plan, args[0], self->depth,
                              args + 1, count - 1);
  Py_DECREF((PyObject *)plan);
  return frame;
}

/* The object behind the template, or NULL with or without an exception. */
static PyObject *read_object(struct envelope *self, struct xc_plan *plan,
                             struct xc_reader *reader) {
  if (self->template != NULL && self->template != Py_None &&
      !xc_template_matches(self->template, reader))
    return NULL;
  return xc_read(reader, plan, self->depth);
}

/* open(frame, offset) */
static PyObject *open(PyObject *object, PyObject *const *args,
                      Py_ssize_t count) {
  struct envelope *self = (struct envelope *)object;
  PyObject *found = NULL, *pair = NULL;
  struct xc_source source;
  struct xc_reader reader;
  struct xc_plan *plan;
  Py_ssize_t offset;

  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "open takes a frame and an offset");
    return NULL;
  }
  offset = PyLong_AsSsize_t(args[1]);
  if (PyErr_Occurred() != NULL)
    return NULL;
  plan = plan_of(self);
  if (plan == NULL)
    return PyErr_Occurred() != NULL ? NULL : Py_NewRef(Py_None);
  if (xc_source_open(&source, args[0])) {
    if (offset >= 0 && (size_t)offset < source.size) {
      reader = (struct xc_reader){.state = self->state,
                                  .at = source.bytes + offset,
                                  .end = source.bytes + source.size};
      found = read_object(self, plan, &reader);
    }
    xc_source_close(&source);
  }
  Py_DECREF((PyObject *)plan);
  if (found != NULL) {
    pair = PyTuple_Pack(1, found);
    Py_DECREF(found);
  }
  return pair != NULL ? pair : xc_unusual();
}

static PyObject *reset(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  struct envelope *self = (struct envelope *)object;

  Py_CLEAR(self->plan);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"seal", XN_METHOD(seal), METH_FASTCALL, NULL},
    {"open", XN_METHOD(open), METH_FASTCALL, NULL},
    {"reset", reset, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make},    {Py_tp_dealloc, dealloc}, {Py_tp_traverse, traverse},
    {Py_tp_clear, clear}, {Py_tp_methods, methods}, {0, NULL},
};

PyType_Spec xc_envelope_spec = {
    .name = "xpcrpc.codec._plan.Envelope",
    .basicsize = sizeof(struct envelope),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
