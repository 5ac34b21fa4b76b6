/* The module `xpcrpc.transport._events`; its Python face is in _events.pyi. */
#include "events.h"

#include <string.h>

/* Makes a pointer to a function of an address. */
static void point(void *function, unsigned long long address) {
  uintptr_t bits = (uintptr_t)address;

  memcpy(function, &bits, sizeof bits);
}

static void clear_bound(struct xe_state *state) {
  Py_CLEAR(state->reply_slowly);
  Py_CLEAR(state->close_all);
}

/* bind(reply, release, drain, reply_slowly, close_all): the bridge's functions,
 * by their addresses, and Python's for what is rare. Once, before anything. */
static PyObject *bind(PyObject *module, PyObject *args) {
  struct xe_state *state = PyModule_GetState(module);
  unsigned long long reply, release, drain;
  PyObject *reply_slowly, *close_all;

  if (!PyArg_ParseTuple(args, "KKKOO", &reply, &release, &drain, &reply_slowly,
                        &close_all))
    return NULL;
  point(&state->bridge.reply, reply);
  point(&state->bridge.release, release);
  point(&state->bridge.drain, drain);
  clear_bound(state);
  state->reply_slowly = Py_NewRef(reply_slowly);
  state->close_all = Py_NewRef(close_all);
  Py_RETURN_NONE;
}

static bool take_names(struct xe_state *state) {
  const struct {
    PyObject **place;
    const char *name;
  } names[] = {
      {&state->handler, "handler"}, {&state->ids, "ids"},
      {&state->known, "known"},     {&state->sender, "sender"},
      {&state->over, "over"},       {&state->forked, "forked"},
  };

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    *names[i].place = PyUnicode_InternFromString(names[i].name);
    if (*names[i].place == NULL)
      return false;
  }
  return true;
}

static bool tell_expects(PyTypeObject *type, PyObject *reply) {
  return type != NULL && PyObject_SetAttrString((PyObject *)type,
                                                "expects_reply", reply) == 0;
}

static bool add_types(PyObject *module, struct xe_state *state) {
  PyTypeObject *events;

  state->received_type = xn_add_type(module, &xe_received_spec, NULL);
  if (!tell_expects(state->received_type, Py_False))
    return false;
  state->request_type =
      xn_add_type(module, &xe_request_spec, state->received_type);
  if (!tell_expects(state->request_type, Py_True))
    return false;
  events = xn_add_type(module, &xe_events_spec, NULL);
  Py_XDECREF((PyObject *)events);
  return events != NULL;
}

static int execute(PyObject *module) {
  struct xe_state *state = PyModule_GetState(module);

  return take_names(state) && add_types(module, state) ? 0 : -1;
}

static int traverse(PyObject *module, visitproc visit, void *arg) {
  struct xe_state *state = PyModule_GetState(module);

  Py_VISIT(state->received_type);
  Py_VISIT(state->request_type);
  Py_VISIT(state->reply_slowly);
  Py_VISIT(state->close_all);
  return 0;
}

static int clear(PyObject *module) {
  struct xe_state *state = PyModule_GetState(module);

  Py_CLEAR(state->received_type);
  Py_CLEAR(state->request_type);
  clear_bound(state);
  return 0;
}

/* The names are the last to go: messages need them to the end. */
static void release(void *module) {
  struct xe_state *state = PyModule_GetState(module);

  clear(module);
  Py_CLEAR(state->handler);
  Py_CLEAR(state->ids);
  Py_CLEAR(state->known);
  Py_CLEAR(state->sender);
  Py_CLEAR(state->over);
  Py_CLEAR(state->forked);
}

static PyMethodDef functions[] = {
    {"bind", bind, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "xpcrpc.transport._events",
    .m_size = sizeof(struct xe_state),
    .m_methods = functions,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = release,
};

PyMODINIT_FUNC PyInit__events(void) { return PyModuleDef_Init(&definition); }
