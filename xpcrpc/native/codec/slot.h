/* Attributes that a class keeps in slots (`__slots__`): pointers at a fixed
 * place in the object. Python says where in a type's list of members, which is
 * part of the stable ABI; to read one so costs a tenth of asking for it by
 * name. */
#ifndef XC_SLOT_H
#define XC_SLOT_H

#include "plan.h"

/* Where objects of a class keep what a member descriptor stands for; 0 if that
 * cannot be told. Neither is kept. */
Py_ssize_t xc_slot_offset(PyObject *cls, PyObject *descriptor);

static inline PyObject **xc_slot_at(PyObject *object, Py_ssize_t offset) {
  return (PyObject **)(void *)((char *)object + offset);
}

/* A new reference, or NULL without an exception if nothing was put there. */
static inline PyObject *xc_slot_get(PyObject *object, Py_ssize_t offset) {
  return Py_XNewRef(*xc_slot_at(object, offset));
}

/* Puts a value there, which stays the caller's too. */
static inline void xc_slot_set(PyObject *object, Py_ssize_t offset,
                               PyObject *value) {
  PyObject *old = *xc_slot_at(object, offset);

  *xc_slot_at(object, offset) = Py_NewRef(value);
  Py_XDECREF(old);
}

#endif
