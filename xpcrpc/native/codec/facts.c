/* What Python says of a type, checked: whatever is accepted here can be written
 * and read without asking again whether a part of it is there. */
#include "plan.h"

static bool wrong(const char *what) {
  PyErr_Format(PyExc_ValueError, "a plan needs %s", what);
  return false;
}

/* Arguments of `Plan`; every reference is borrowed. */
struct facts {
  PyObject *item, *cls, *members, *texts, *cases, *rules;
  PyObject *ints, *floats, *sizes;
};

static bool read_bits(PyObject *number, bool is_signed, uint64_t *bits) {
  *bits = is_signed ? (uint64_t)PyLong_AsLongLong(number)
                    : (uint64_t)PyLong_AsUnsignedLongLong(number);
  return PyErr_Occurred() == NULL;
}

/* (signed, least written, most written, least read, most read) */
static bool read_ints(struct xc_plan *plan, PyObject *ints) {
  int is_signed;
  PyObject *bounds[4];

  if (ints == NULL)
    return wrong("ints");
  if (!PyArg_ParseTuple(ints, "pOOOO", &is_signed, &bounds[0], &bounds[1],
                        &bounds[2], &bounds[3]))
    return false;
  plan->is_signed = is_signed != 0;
  return read_bits(bounds[0], plan->is_signed, &plan->write.low) &&
         read_bits(bounds[1], plan->is_signed, &plan->write.high) &&
         read_bits(bounds[2], plan->is_signed, &plan->read.low) &&
         read_bits(bounds[3], plan->is_signed, &plan->read.high);
}

/* (single precision, bounded, least read, most read) */
static bool read_floats(struct xc_plan *plan, PyObject *floats) {
  int single, bounded;

  if (floats == NULL)
    return wrong("floats");
  if (!PyArg_ParseTuple(floats, "ppdd", &single, &bounded, &plan->low,
                        &plan->high))
    return false;
  plan->single = single != 0;
  plan->bounded = bounded != 0;
  return true;
}

/* (least, most, most bytes) */
static bool read_sizes(struct xc_plan *plan, PyObject *sizes) {
  plan->most = plan->most_bytes = PY_SSIZE_T_MAX;
  return sizes == NULL || PyArg_ParseTuple(sizes, "nnn", &plan->least,
                                           &plan->most, &plan->most_bytes);
}

static bool keep(PyObject **place, PyObject *object, const char *what) {
  if (object == NULL)
    return wrong(what);
  *place = Py_NewRef(object);
  return true;
}

struct xc_names *xc_names_of(PyObject *tuples) {
  Py_ssize_t count = PyTuple_Size(tuples);
  size_t bytes = 0;
  struct xc_names *names;

  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *entry = PyTuple_GetItem(tuples, i);
    PyObject *name = PyTuple_Check(entry) ? PyTuple_GetItem(entry, 0) : NULL;
    if (name == NULL || !PyBytes_Check(name)) {
      PyErr_SetString(PyExc_TypeError, "expected tuples that begin with bytes");
      return NULL;
    }
    bytes += (size_t)PyBytes_Size(name);
  }
  names = xc_names_new((size_t)count, bytes);
  for (Py_ssize_t i = 0; names != NULL && i < count; i++) {
    PyObject *name = PyTuple_GetItem(PyTuple_GetItem(tuples, i), 0);
    if (!xc_names_add(names, PyBytes_AsString(name),
                      (size_t)PyBytes_Size(name))) {
      xc_names_free(names);
      return NULL;
    }
  }
  return names;
}

/* ((text, member), ...) */
static bool read_texts(struct xc_plan *plan, PyObject *texts) {
  Py_ssize_t count;
  PyObject *member;
  const char *text;
  Py_ssize_t size;

  if (texts == NULL)
    return wrong("texts");
  plan->names = xc_names_of(texts);
  if (plan->names == NULL)
    return false;
  count = PyTuple_Size(texts);
  plan->members = PyTuple_New(count);
  for (Py_ssize_t i = 0; plan->members != NULL && i < count; i++)
    if (!PyArg_ParseTuple(PyTuple_GetItem(texts, i), "y#O", &text, &size,
                          &member) ||
        PyTuple_SetItem(plan->members, i, Py_NewRef(member)) < 0)
      return false;
  return plan->members != NULL;
}

/* ((label, class, plan), ...) */
static bool read_cases(struct xc_plan *plan, PyObject *cases) {
  Py_ssize_t size;
  const char *label;
  PyObject *cls, *content;

  if (cases == NULL)
    return wrong("cases");
  plan->names = xc_names_of(cases);
  if (plan->names == NULL)
    return false;
  plan->cases = PyMem_Calloc(plan->names->count + 1, sizeof *plan->cases);
  if (plan->cases == NULL) {
    PyErr_NoMemory();
    return false;
  }
  for (size_t i = 0; i < plan->names->count; i++) {
    if (!PyArg_ParseTuple(PyTuple_GetItem(cases, (Py_ssize_t)i), "y#O!O!",
                          &label, &size, &PyType_Type, &cls,
                          plan->state->plan_type, &content))
      return false;
    plan->cases[i].cls = Py_NewRef(cls);
    plan->cases[i].plan = (struct xc_plan *)Py_NewRef(content);
  }
  return true;
}

static bool read_kind(struct xc_plan *plan, int kind,
                      const struct facts *facts) {
  switch (kind) {
    case XC_KIND_INT:
      return read_ints(plan, facts->ints);
    case XC_KIND_INT_ENUM:
      return read_ints(plan, facts->ints) &&
             keep(&plan->cls, facts->cls, "a class") &&
             keep(&plan->members, facts->members, "members");
    case XC_KIND_FLOAT:
      return read_floats(plan, facts->floats);
    case XC_KIND_TEXT_ENUM:
      return keep(&plan->cls, facts->cls, "a class") &&
             read_texts(plan, facts->texts);
    case XC_KIND_LIST:
    case XC_KIND_MAP:
    case XC_KIND_OPTIONAL:
      return keep((PyObject **)&plan->item, facts->item, "an item");
    case XC_KIND_UNION:
      return read_cases(plan, facts->cases);
    case XC_KIND_STRUCT: /* it gets its kind with its fields, see `fill` */
    case XC_KIND_ANY:
    case XC_KIND_BOOL:
    case XC_KIND_TEXT:
    case XC_KIND_DATA:
    case XC_KIND_UUID:
    case XC_KIND_DATE:
    case XC_KIND_DURATION:
      return true;
    default:
      return wrong("a kind that there is");
  }
}

bool xc_plan_facts(struct xc_plan *plan, PyObject *args, PyObject *kwargs) {
  static char *names[] = {"",      "item",  "class_", "members",
                          "texts", "cases", "ints",   "floats",
                          "sizes", "rules", "opened", NULL};
  struct facts facts = {0};
  int kind, opened = 0;

  if (!PyArg_ParseTupleAndKeywords(
          args, kwargs, "i|$O!O!O!O!O!O!O!O!O!p:Plan", names, &kind,
          plan->state->plan_type, &facts.item, &PyType_Type, &facts.cls,
          &PyDict_Type, &facts.members, &PyTuple_Type, &facts.texts,
          &PyTuple_Type, &facts.cases, &PyTuple_Type, &facts.ints,
          &PyTuple_Type, &facts.floats, &PyTuple_Type, &facts.sizes,
          &PyTuple_Type, &facts.rules, &opened))
    return false;
  plan->open = opened != 0;
  if (!read_sizes(plan, facts.sizes) || !read_kind(plan, kind, &facts))
    return false;
  if (facts.rules != NULL && PyTuple_Size(facts.rules) > 0)
    plan->rules = Py_NewRef(facts.rules);
  if (kind != XC_KIND_STRUCT)
    plan->kind = (enum xc_kind)kind;
  return true;
}
