/* `XpcReceived` and `XpcRequest`: messages that arrived. One is made for each,
 * so they are C; what is rare about them is in transport/xpc_message.py. */
#include "events.h"

struct received {
  PyObject_HEAD
  struct xe_state *state;
  PyObject *frame, *handles, *sender;
};

struct request {
  struct received message;
  uintptr_t reply; /* 0 once it was answered or dropped */
  PyObject *process;
};

bool xe_flag(PyObject *object, PyObject *name) {
  PyObject *value = PyObject_GetAttr(object, name);
  bool set = value == Py_True;

  if (value == NULL)
    PyErr_Clear();
  Py_XDECREF(value);
  return set;
}

/* -- life -------------------------------------------------------------------*/

static struct received *new_message(struct xe_state *state, PyTypeObject *type,
                                    PyObject *frame, PyObject *handles,
                                    PyObject *sender) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  struct received *self = (struct received *)allocate(type, 0);

  if (self != NULL) {
    self->state = state;
    self->frame = Py_NewRef(frame);
    self->handles = Py_NewRef(handles);
    self->sender = Py_NewRef(sender);
  }
  return self;
}

static PyObject *new_request(struct xe_state *state, PyObject *frame,
                             PyObject *handles, PyObject *sender,
                             uintptr_t reply, PyObject *process) {
  struct request *self = (struct request *)new_message(
      state, state->request_type, frame, handles, sender);

  if (self == NULL) {
    state->bridge.release(reply);
    return NULL;
  }
  self->reply = reply;
  self->process = Py_NewRef(process);
  return (PyObject *)self;
}

PyObject *xe_message(struct xe_state *state, PyObject *frame, PyObject *sender,
                     uintptr_t reply, PyObject *process) {
  PyObject *nothing = PyTuple_New(0), *made = NULL;

  if (reply != 0)
    made = new_request(state, frame, nothing, sender, reply, process);
  else
    made = (PyObject *)new_message(state, state->received_type, frame, nothing,
                                   sender);
  Py_XDECREF(nothing);
  return made;
}

/* Received(frame, handles, sender) */
static PyObject *make_received(PyTypeObject *type, PyObject *args,
                               PyObject *Py_UNUSED(kwargs)) {
  PyObject *frame, *handles, *sender;

  if (!PyArg_ParseTuple(args, "OOO", &frame, &handles, &sender))
    return NULL;
  return (PyObject *)new_message(PyType_GetModuleState(type), type, frame,
                                 handles, sender);
}

/* Request(frame, handles, sender, reply, process) */
static PyObject *make_request(PyTypeObject *type, PyObject *args,
                              PyObject *Py_UNUSED(kwargs)) {
  PyObject *frame, *handles, *sender, *process;
  unsigned long long reply;

  if (!PyArg_ParseTuple(args, "OOOKO", &frame, &handles, &sender, &reply,
                        &process))
    return NULL;
  return new_request(PyType_GetModuleState(type), frame, handles, sender,
                     (uintptr_t)reply, process);
}

static int traverse(PyObject *object, visitproc visit, void *arg) {
  struct received *self = (struct received *)object;

  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->frame);
  Py_VISIT(self->handles);
  Py_VISIT(self->sender);
  return 0;
}

static int traverse_request(PyObject *object, visitproc visit, void *arg) {
  Py_VISIT(((struct request *)object)->process);
  return traverse(object, visit, arg);
}

static int clear(PyObject *object) {
  struct received *self = (struct received *)object;

  Py_CLEAR(self->frame);
  Py_CLEAR(self->handles);
  Py_CLEAR(self->sender);
  return 0;
}

static void dealloc(PyObject *object) { xn_dealloc(object, clear); }

static void give_up(struct request *self) {
  uintptr_t reply = self->reply;

  self->reply = 0;
  /* A forked child shares it with its parent in name only (X36). */
  if (reply != 0 && !xe_flag(self->process, self->message.state->forked))
    self->message.state->bridge.release(reply);
}

/* The collector leaves the process alone: giving up a reply needs it. */
static int clear_request(PyObject *object) {
  Py_CLEAR(((struct request *)object)->process);
  return clear(object);
}

static void dealloc_request(PyObject *object) {
  struct request *self = (struct request *)object;
  PyObject *type, *value, *traceback;

  PyObject_GC_UnTrack(object);
  if (self->reply != 0) {
    PyErr_Fetch(&type, &value, &traceback);
    give_up(self);
    PyErr_Restore(type, value, traceback);
  }
  xn_dealloc(object, clear_request);
}

/* -- what may be done with one ----------------------------------------------*/

static PyObject *reply_slowly(struct received *self, PyObject *const *args,
                              Py_ssize_t count) {
  PyObject *handles, *done;

  if (count < 1 || count > 2) {
    PyErr_SetString(PyExc_TypeError, "reply takes a frame, and its handles");
    return NULL;
  }
  handles = count == 2 ? Py_NewRef(args[1]) : PyTuple_New(0);
  if (handles == NULL)
    return NULL;
  done = PyObject_CallFunctionObjArgs(self->state->reply_slowly,
                                      (PyObject *)self, args[0], handles, NULL);
  Py_DECREF(handles);
  return done;
}

static PyObject *reply_received(PyObject *object, PyObject *const *args,
                                Py_ssize_t count) {
  return reply_slowly((struct received *)object, args, count);
}

static bool is_plain(const struct request *self, PyObject *const *args,
                     Py_ssize_t count) {
  if (self->reply == 0 || count < 1 || count > 2 ||
      !PyBytes_CheckExact(args[0]))
    return false;
  if (count == 2 && !(PyList_CheckExact(args[1]) && PyList_Size(args[1]) == 0))
    return false;
  return !xe_flag(self->process, self->message.state->over);
}

static PyObject *reply(PyObject *object, PyObject *const *args,
                       Py_ssize_t count) {
  struct request *self = (struct request *)object;
  const char *frame;
  size_t length;
  int status;

  if (!is_plain(self, args, count))
    return reply_slowly(&self->message, args, count);
  frame = PyBytes_AsString(args[0]);
  length = (size_t)PyBytes_Size(args[0]);
  Py_BEGIN_ALLOW_THREADS
  status = self->message.state->bridge.reply(self->reply, frame, length, NULL,
                                             0);
  Py_END_ALLOW_THREADS
  if (status != 0) /* it tries again, and has the words */
    return reply_slowly(&self->message, args, count);
  self->reply = 0;
  Py_RETURN_NONE;
}

static PyObject *drop_received(PyObject *Py_UNUSED(object),
                               PyObject *Py_UNUSED(nothing)) {
  Py_RETURN_NONE;
}

static PyObject *drop(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  give_up((struct request *)object);
  Py_RETURN_NONE;
}

static PyObject *close_handles(struct received *self) {
  return PyObject_CallFunctionObjArgs(self->state->close_all, self->handles,
                                      NULL);
}

static PyObject *discard_received(PyObject *object,
                                  PyObject *Py_UNUSED(nothing)) {
  return close_handles((struct received *)object);
}

static PyObject *discard(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  give_up((struct request *)object);
  return close_handles((struct received *)object);
}

static PyObject *pending(PyObject *object, void *Py_UNUSED(closure)) {
  return PyLong_FromUnsignedLongLong(((struct request *)object)->reply);
}

static PyObject *answered(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  ((struct request *)object)->reply = 0;
  Py_RETURN_NONE;
}

/* -- the types --------------------------------------------------------------*/

static PyMemberDef members[] = {
    {"frame", T_OBJECT_EX, offsetof(struct received, frame), 0, NULL},
    {"handles", T_OBJECT_EX, offsetof(struct received, handles), 0, NULL},
    {"sender", T_OBJECT_EX, offsetof(struct received, sender), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMemberDef request_members[] = {
    {"process", T_OBJECT_EX, offsetof(struct request, process), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef request_values[] = {
    {"pending", pending, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef received_methods[] = {
    {"reply", XN_METHOD(reply_received), METH_FASTCALL, NULL},
    {"drop", drop_received, METH_NOARGS, NULL},
    {"discard", discard_received, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMethodDef request_methods[] = {
    {"reply", XN_METHOD(reply), METH_FASTCALL, NULL},
    {"drop", drop, METH_NOARGS, NULL},
    {"discard", discard, METH_NOARGS, NULL},
    {"answered", answered, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot received_slots[] = {
    {Py_tp_doc, (void *)"A message to which nobody awaits a reply."},
    {Py_tp_new, (void *)make_received},
    {Py_tp_traverse, (void *)traverse},
    {Py_tp_clear, (void *)clear},
    {Py_tp_dealloc, (void *)dealloc},
    {Py_tp_members, members},
    {Py_tp_methods, received_methods},
    {0, NULL},
};

static PyType_Slot request_slots[] = {
    {Py_tp_doc, (void *)"A message whose sender awaits a reply."},
    {Py_tp_new, (void *)make_request},
    {Py_tp_traverse, (void *)traverse_request},
    {Py_tp_clear, (void *)clear},
    {Py_tp_dealloc, (void *)dealloc_request},
    {Py_tp_members, request_members},
    {Py_tp_getset, request_values},
    {Py_tp_methods, request_methods},
    {0, NULL},
};

PyType_Spec xe_received_spec = {
    .name = "xpcrpc.transport._events.XpcReceived",
    .basicsize = sizeof(struct received),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = received_slots,
};

PyType_Spec xe_request_spec = {
    .name = "xpcrpc.transport._events.XpcRequest",
    .basicsize = sizeof(struct request),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = request_slots,
};
