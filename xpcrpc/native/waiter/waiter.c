/* The module `xpcrpc.runtime._waiter`: a future in asyncio's own sense that
 * wakes its task inside the call that gives the value. Its Python face and what
 * each method promises are in `runtime/_waiter.pyi`. */
#include "../extension.h" /* Python's header comes first */

#include <stddef.h>

#include <structmember.h>

enum phase { PENDING, DONE, FAILED };

struct waiter {
  PyObject_HEAD
  struct state *state;
  enum phase phase;
  char blocking, cancelled;
  double deadline;
  PyObject *loop;
  PyObject *late;     /* told of what arrives too late, or NULL */
  PyObject *value;    /* when done; an exception when failed, until raised */
  PyObject *callback; /* of the task that waits, or NULL */
  PyObject *context;  /* that it runs in; set with the callback */
};

struct state {
  PyObject *copy_context;
  PyObject *cancelled_error, *invalid_state_error;
  PyObject *run, *call_soon; /* names of methods */
};

/* -- making one -------------------------------------------------------------*/

/* Waiter(loop, deadline=inf, late=None): read by hand, as one is made for every
 * call. */
static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  Py_ssize_t count = PyTuple_Size(args);
  double deadline = Py_HUGE_VAL;
  struct waiter *self;

  if (count < 1 || count > 3 || (kwargs != NULL && PyDict_Size(kwargs) > 0)) {
    PyErr_SetString(PyExc_TypeError, "Waiter takes a loop, a deadline, late");
    return NULL;
  }
  if (count > 1) {
    deadline = PyFloat_AsDouble(PyTuple_GetItem(args, 1));
    if (PyErr_Occurred() != NULL)
      return NULL;
  }
  self = (struct waiter *)allocate(type, 0);
  if (self == NULL)
    return NULL;
  self->state = PyType_GetModuleState(type);
  self->deadline = deadline;
  self->loop = Py_NewRef(PyTuple_GetItem(args, 0));
  if (count > 2)
    self->late = Py_NewRef(PyTuple_GetItem(args, 2));
  return (PyObject *)self;
}

static int traverse(PyObject *object, visitproc visit, void *arg) {
  struct waiter *self = (struct waiter *)object;

  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->loop);
  Py_VISIT(self->late);
  Py_VISIT(self->value);
  Py_VISIT(self->callback);
  Py_VISIT(self->context);
  return 0;
}

static int clear(PyObject *object) {
  struct waiter *self = (struct waiter *)object;

  Py_CLEAR(self->loop);
  Py_CLEAR(self->late);
  Py_CLEAR(self->value);
  Py_CLEAR(self->callback);
  Py_CLEAR(self->context);
  return 0;
}

static void dealloc(PyObject *object) { xn_dealloc(object, clear); }

/* -- giving the value -------------------------------------------------------*/

/* Takes the callback off; a new reference. */
static PyObject *take_callback(struct waiter *self) {
  PyObject *callback = self->callback;

  self->callback = NULL;
  return callback;
}

static void settle(struct waiter *self, enum phase phase, PyObject *value) {
  self->phase = phase;
  self->value = Py_NewRef(value);
}

/* Runs the waiting task's next step here and now. */
static bool run_now(struct waiter *self) {
  PyObject *callback, *result;

  if (self->callback == NULL || self->context == NULL)
    return true;
  callback = take_callback(self);
  result = PyObject_CallMethodObjArgs(self->context, self->state->run, callback,
                                      (PyObject *)self, NULL);
  Py_DECREF(callback);
  Py_XDECREF(result);
  return result != NULL;
}

/* Runs it in the loop's next turn. */
static bool run_soon(struct waiter *self) {
  PyObject *callback, *method, *arguments, *names, *result = NULL;

  if (self->callback == NULL || self->loop == NULL)
    return true;
  callback = take_callback(self);
  method = PyObject_GetAttr(self->loop, self->state->call_soon);
  arguments = PyTuple_Pack(2, callback, (PyObject *)self);
  names = Py_BuildValue("{sO}", "context", self->context);
  if (method != NULL && arguments != NULL && names != NULL)
    result = PyObject_Call(method, arguments, names);
  Py_DECREF(callback);
  Py_XDECREF(method);
  Py_XDECREF(arguments);
  Py_XDECREF(names);
  Py_XDECREF(result);
  return result != NULL;
}

static bool wake_now(struct waiter *self, PyObject *value) {
  settle(self, DONE, value);
  return run_now(self);
}

static PyObject *wake(PyObject *object, PyObject *value) {
  struct waiter *self = (struct waiter *)object;

  if (self->phase != PENDING)
    Py_RETURN_FALSE;
  if (!wake_now(self, value))
    return NULL;
  Py_RETURN_TRUE;
}

static PyObject *settle_soon(struct waiter *self, enum phase phase,
                             PyObject *value) {
  if (self->phase == PENDING) {
    settle(self, phase, value);
    if (!run_soon(self))
      return NULL;
  }
  Py_RETURN_NONE;
}

static PyObject *wake_soon(PyObject *object, PyObject *value) {
  return settle_soon((struct waiter *)object, DONE, value);
}

static PyObject *fail_soon(PyObject *object, PyObject *error) {
  if (!PyExceptionInstance_Check(error)) {
    PyErr_SetString(PyExc_TypeError, "fail_soon takes an exception");
    return NULL;
  }
  return settle_soon((struct waiter *)object, FAILED, error);
}

static PyObject *expire(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  return settle_soon((struct waiter *)object, DONE, Py_None);
}

static PyObject *arrived(PyObject *object, PyObject *value) {
  struct waiter *self = (struct waiter *)object;

  if (PyExceptionInstance_Check(value))
    return settle_soon(self, DONE, value);
  if (self->phase == PENDING) {
    if (!wake_now(self, value))
      return NULL;
    Py_RETURN_NONE;
  }
  if (self->late == NULL)
    Py_RETURN_NONE;
  return PyObject_CallFunctionObjArgs(self->late, value, NULL);
}

/* -- what asyncio asks of a future ------------------------------------------*/

static PyObject *get_loop(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  struct waiter *self = (struct waiter *)object;

  return Py_NewRef(self->loop == NULL ? Py_None : self->loop);
}

static PyObject *done(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  return PyBool_FromLong(((struct waiter *)object)->phase != PENDING);
}

static PyObject *cancelled(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  return PyBool_FromLong(((struct waiter *)object)->cancelled);
}

/* A new reference to the value, or NULL with the exception set. */
static PyObject *outcome(struct waiter *self) {
  PyObject *error = self->value;

  if (self->phase == DONE)
    return Py_NewRef(self->value);
  if (self->phase == PENDING || error == NULL) {
    PyErr_SetString(
        self->state->invalid_state_error,
        error == NULL && self->phase == FAILED ? "already raised"
                                               : "the waiter has no value yet");
    return NULL;
  }
  self->value = NULL; /* its traceback must not lead back here */
  PyErr_SetObject((PyObject *)Py_TYPE(error), error);
  Py_DECREF(error);
  return NULL;
}

static PyObject *result(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  return outcome((struct waiter *)object);
}

static PyObject *cancel(PyObject *object, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"msg", NULL};
  struct waiter *self = (struct waiter *)object;
  PyObject *message = Py_None, *error, *told;

  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O", names, &message))
    return NULL;
  if (self->phase != PENDING)
    Py_RETURN_FALSE;
  error = PyObject_CallFunctionObjArgs(self->state->cancelled_error,
                                       message == Py_None ? NULL : message,
                                       NULL);
  if (error == NULL)
    return NULL;
  self->cancelled = 1;
  told = settle_soon(self, FAILED, error);
  Py_DECREF(error);
  if (told == NULL)
    return NULL;
  Py_DECREF(told);
  Py_RETURN_TRUE;
}

/* add_done_callback(callback, *, context=None) */
static PyObject *add_done_callback(PyObject *object, PyObject *const *args,
                                   Py_ssize_t count, PyObject *names) {
  struct waiter *self = (struct waiter *)object;
  Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
  PyObject *context, *before;

  if (count != 1 || named > 1 ||
      (named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0),
                                                      "context") != 0)) {
    PyErr_SetString(PyExc_TypeError,
                    "add_done_callback takes a callback, and a context");
    return NULL;
  }
  context = named == 1 && args[1] != Py_None
                ? Py_NewRef(args[1])
                : PyObject_CallFunctionObjArgs(self->state->copy_context, NULL);
  if (context == NULL)
    return NULL;
  before = self->context;
  self->context = context;
  Py_XDECREF(before);
  before = take_callback(self);
  self->callback = Py_NewRef(args[0]);
  Py_XDECREF(before);
  if (self->phase != PENDING && !run_soon(self))
    return NULL;
  Py_RETURN_NONE;
}

static PyObject *remove_done_callback(PyObject *object, PyObject *callback) {
  struct waiter *self = (struct waiter *)object;
  int same = 0;

  if (self->callback != NULL)
    same = PyObject_RichCompareBool(self->callback, callback, Py_EQ);
  if (same < 0)
    return NULL;
  if (same > 0)
    Py_CLEAR(self->callback);
  return PyLong_FromLong(same);
}

/* -- awaiting it ------------------------------------------------------------*/

static PyObject *itself(PyObject *object) { return Py_NewRef(object); }

/* The waiter is its own iterator: it yields itself to the task until it is
 * done, and then ends with its value. */
static PySendResult send(PyObject *object, PyObject *Py_UNUSED(sent),
                         PyObject **given) {
  struct waiter *self = (struct waiter *)object;

  if (self->phase == PENDING) {
    self->blocking = 1;
    *given = Py_NewRef(object);
    return PYGEN_NEXT;
  }
  *given = outcome(self);
  return *given == NULL ? PYGEN_ERROR : PYGEN_RETURN;
}

static PyObject *next(PyObject *object) {
  PyObject *given, *stop;
  PySendResult how = send(object, Py_None, &given);

  if (how != PYGEN_RETURN)
    return given;
  /* By way of an instance: a tuple would be taken for several arguments. */
  stop = PyObject_CallFunctionObjArgs(PyExc_StopIteration, given, NULL);
  Py_DECREF(given);
  if (stop != NULL) {
    PyErr_SetObject(PyExc_StopIteration, stop);
    Py_DECREF(stop);
  }
  return NULL;
}

/* -- the type and the module ------------------------------------------------*/

static PyMemberDef members[] = {
    {"_asyncio_future_blocking", T_BOOL, offsetof(struct waiter, blocking), 0,
     NULL},
    {"deadline", T_DOUBLE, offsetof(struct waiter, deadline), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef methods[] = {
    {"wake", wake, METH_O, NULL},
    {"wake_soon", wake_soon, METH_O, NULL},
    {"fail_soon", fail_soon, METH_O, NULL},
    {"arrived", arrived, METH_O, NULL},
    {"expire", expire, METH_NOARGS, NULL},
    {"get_loop", get_loop, METH_NOARGS, NULL},
    {"done", done, METH_NOARGS, NULL},
    {"cancelled", cancelled, METH_NOARGS, NULL},
    {"result", result, METH_NOARGS, NULL},
    {"cancel", XN_METHOD(cancel),
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"add_done_callback", XN_METHOD(add_done_callback),
     METH_FASTCALL | METH_KEYWORDS, NULL},
    {"remove_done_callback", remove_done_callback, METH_O, NULL},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot waiter_slots[] = {
    {Py_tp_doc, (void *)"One value, or one exception, for one task."},
    {Py_tp_new, (void *)make},
    {Py_tp_traverse, (void *)traverse},
    {Py_tp_clear, (void *)clear},
    {Py_tp_dealloc, (void *)dealloc},
    {Py_tp_members, members},
    {Py_tp_methods, methods},
    {Py_am_await, (void *)itself},
    {Py_am_send, (void *)send},
    {Py_tp_iter, (void *)itself},
    {Py_tp_iternext, (void *)next},
    {0, NULL},
};

static PyType_Spec waiter_spec = {
    .name = "xpcrpc.runtime._waiter.Waiter",
    .basicsize = sizeof(struct waiter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = waiter_slots,
};

static int execute(PyObject *module) {
  struct state *state = PyModule_GetState(module);
  PyTypeObject *type;

  state->run = PyUnicode_InternFromString("run");
  state->call_soon = PyUnicode_InternFromString("call_soon");
  if (state->run == NULL || state->call_soon == NULL ||
      !xn_take("contextvars", "copy_context", &state->copy_context) ||
      !xn_take("asyncio", "CancelledError", &state->cancelled_error) ||
      !xn_take("asyncio", "InvalidStateError", &state->invalid_state_error))
    return -1;
  type = xn_add_type(module, &waiter_spec, NULL);
  Py_XDECREF((PyObject *)type);
  return type == NULL ? -1 : 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
  struct state *state = PyModule_GetState(module);

  Py_VISIT(state->copy_context);
  Py_VISIT(state->cancelled_error);
  Py_VISIT(state->invalid_state_error);
  return 0;
}

static int module_clear(PyObject *module) {
  struct state *state = PyModule_GetState(module);

  Py_CLEAR(state->copy_context);
  Py_CLEAR(state->cancelled_error);
  Py_CLEAR(state->invalid_state_error);
  return 0;
}

static void module_free(void *module) {
  struct state *state = PyModule_GetState(module);

  module_clear(module);
  Py_CLEAR(state->run);
  Py_CLEAR(state->call_soon);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "xpcrpc.runtime._waiter",
    .m_size = sizeof(struct state),
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__waiter(void) { return PyModuleDef_Init(&definition); }
