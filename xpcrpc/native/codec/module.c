/* The module `xpcrpc.codec._plan`: its types, and what it knows of Python's
 * world and of the package's values. */
#include "slot.h"

static struct xc_state *state_of(PyObject *module) {
  return PyModule_GetState(module);
}

/* Takes the place of a slot of a class; 0 if the attribute is elsewhere. */
static bool take_slot(PyObject *cls, const char *name, Py_ssize_t *place) {
  PyObject *descriptor = PyObject_GetAttrString(cls, name);

  if (descriptor == NULL)
    return false;
  *place = xc_slot_offset(cls, descriptor);
  Py_DECREF(descriptor);
  return true;
}

/* Whether a uuid is two slots and nothing more. */
static bool uuid_is_plain(const struct xc_state *state) {
  return state->uuid_int_at > 0 && state->uuid_safe_at > 0 &&
         PyType_GetSlot((PyTypeObject *)state->uuid, Py_tp_new) ==
             (void *)state->new_object;
}

static bool take_values(struct xc_state *state) {
  PyObject *safe = NULL, *depth = NULL;
  bool done = xn_take("xpcrpc.values", "UInt64", &state->uint64) &&
              xn_take("xpcrpc.values", "Date", &state->date) &&
              xn_take("xpcrpc.values", "Duration", &state->duration) &&
              take_slot(state->date, "ns", &state->ns_at) &&
              xn_take("uuid", "UUID", &state->uuid) &&
              take_slot(state->uuid, "int", &state->uuid_int_at) &&
              take_slot(state->uuid, "is_safe", &state->uuid_safe_at) &&
              xn_take("uuid", "SafeUUID", &safe) &&
              xn_take("xpcrpc.values", "MAX_DEPTH", &depth);

  if (done) {
    state->max_depth = (unsigned)PyLong_AsUnsignedLong(depth);
    state->safe_unknown = PyObject_GetAttrString(safe, "unknown");
    if (!uuid_is_plain(state)) /* then all are unusual */
      state->uuid_int_at = state->uuid_safe_at = 0;
  }
  if (done && state->ns_at == 0)
    PyErr_SetString(PyExc_ImportError, "a date keeps no ns in a slot");
  Py_XDECREF(safe);
  Py_XDECREF(depth);
  return done && PyErr_Occurred() == NULL;
}

static bool take_functions(struct xc_state *state) {
  state->new_object = (newfunc)PyType_GetSlot(&PyBaseObject_Type, Py_tp_new);
  state->new_int = (newfunc)PyType_GetSlot(&PyLong_Type, Py_tp_new);
  state->sixty_four = PyLong_FromLong(64);
  state->nothing = PyTuple_New(0);
  return state->sixty_four != NULL && state->nothing != NULL;
}

static bool add_types(PyObject *module) {
  struct xc_state *state = state_of(module);
  PyTypeObject *envelope;

  state->plan_type = xn_add_type(module, &xc_plan_spec, NULL);
  state->template_type = xn_add_type(module, &xc_template_spec, NULL);
  envelope = xn_add_type(module, &xc_envelope_spec, NULL);
  Py_XDECREF((PyObject *)envelope);
  return state->plan_type != NULL && state->template_type != NULL &&
         envelope != NULL;
}

static bool add_numbers(PyObject *module) {
  static const struct {
    const char *name;
    int value;
  } numbers[] = {
      {"ANY", XC_KIND_ANY},
      {"BOOL", XC_KIND_BOOL},
      {"INT", XC_KIND_INT},
      {"FLOAT", XC_KIND_FLOAT},
      {"TEXT", XC_KIND_TEXT},
      {"DATA", XC_KIND_DATA},
      {"UUID", XC_KIND_UUID},
      {"DATE", XC_KIND_DATE},
      {"DURATION", XC_KIND_DURATION},
      {"LIST", XC_KIND_LIST},
      {"MAP", XC_KIND_MAP},
      {"OPTIONAL", XC_KIND_OPTIONAL},
      {"TEXT_ENUM", XC_KIND_TEXT_ENUM},
      {"INT_ENUM", XC_KIND_INT_ENUM},
      {"UNION", XC_KIND_UNION},
      {"STRUCT", XC_KIND_STRUCT},
      {"ABSENT_UNUSUAL", XC_ABSENT_UNUSUAL},
      {"ABSENT_NONE", XC_ABSENT_NONE},
      {"ABSENT_VALUE", XC_ABSENT_VALUE},
      {"ABSENT_FACTORY", XC_ABSENT_FACTORY},
      {"ABSENT_LEFT", XC_ABSENT_LEFT},
      {"HOLE_INT64", XC_HOLE_INT64},
      {"HOLE_UINT64", XC_HOLE_UINT64},
      {"HOLE_LENGTH", XC_HOLE_LENGTH},
      {"HOLE_COUNT", XC_HOLE_COUNT},
      {"HOLE_TEXT", XC_HOLE_TEXT},
      {"HOLE_NATURAL", XC_HOLE_NATURAL},
  };

  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (PyModule_AddIntConstant(module, numbers[i].name, numbers[i].value) < 0)
      return false;
  return true;
}

static int execute(PyObject *module) {
  struct xc_state *state = state_of(module);
  bool done = take_functions(state) && take_values(state) &&
              add_types(module) && add_numbers(module);

  return done ? 0 : -1;
}

static int traverse(PyObject *module, visitproc visit, void *arg) {
  struct xc_state *state = state_of(module);

  Py_VISIT(state->plan_type);
  Py_VISIT(state->template_type);
  Py_VISIT(state->uint64);
  Py_VISIT(state->date);
  Py_VISIT(state->duration);
  Py_VISIT(state->uuid);
  Py_VISIT(state->safe_unknown);
  return 0;
}

static int clear(PyObject *module) {
  struct xc_state *state = state_of(module);

  Py_CLEAR(state->plan_type);
  Py_CLEAR(state->template_type);
  Py_CLEAR(state->uint64);
  Py_CLEAR(state->date);
  Py_CLEAR(state->duration);
  Py_CLEAR(state->uuid);
  Py_CLEAR(state->safe_unknown);
  Py_CLEAR(state->sixty_four);
  Py_CLEAR(state->nothing);
  return 0;
}

static void release(void *module) {
  struct xc_state *state = state_of(module);

  clear(module);
  PyMem_Free(state->spare);
  state->spare = NULL;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "xpcrpc.codec._plan",
    .m_size = sizeof(struct xc_state),
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = release,
};

PyMODINIT_FUNC PyInit__plan(void) { return PyModuleDef_Init(&definition); }
