#include "slot.h"

#include <structmember.h>

static Py_ssize_t offset_of(PyTypeObject *owner, const char *name) {
  const PyMemberDef *member = PyType_GetSlot(owner, Py_tp_members);

  for (; member != NULL && member->name != NULL; member++)
    if (strcmp(member->name, name) == 0)
      return member->type == T_OBJECT_EX && member->flags == 0 ? member->offset
                                                               : 0;
  return 0;
}

Py_ssize_t xc_slot_offset(PyObject *cls, PyObject *descriptor) {
  PyObject *owner = NULL, *name = NULL;
  Py_ssize_t offset = 0;
  const char *text;

  if (!Py_IS_TYPE(descriptor, &PyMemberDescr_Type))
    return 0;
  owner = PyObject_GetAttrString(descriptor, "__objclass__");
  if (owner != NULL)
    name = PyObject_GetAttrString(descriptor, "__name__");
  if (name != NULL && PyType_Check(owner) &&
      PyType_IsSubtype((PyTypeObject *)cls, (PyTypeObject *)owner)) {
    text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (text != NULL)
      offset = offset_of((PyTypeObject *)owner, text);
  }
  PyErr_Clear();
  Py_XDECREF(name);
  Py_XDECREF(owner);
  return offset;
}
