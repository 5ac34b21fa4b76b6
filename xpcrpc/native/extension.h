/* What the extensions for CPython itself have in common; each is a folder. */
#ifndef XN_EXTENSION_H
#define XN_EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

/* A function of METH_FASTCALL, or with keywords, for a table of methods. */
#define XN_METHOD(function) (PyCFunction)(void (*)(void))(function)

/* Takes an attribute of a module; a new reference into `place`, or false with
 * an exception set. */
static inline bool xn_take(const char *module, const char *name,
                           PyObject **place) {
  PyObject *found = PyImport_ImportModule(module);

  if (found == NULL)
    return false;
  *place = PyObject_GetAttrString(found, name);
  Py_DECREF(found);
  return *place != NULL;
}

/* Makes a type and adds it to its module; a new reference, or NULL with an
 * exception set. `base` may be NULL. */
static inline PyTypeObject *xn_add_type(PyObject *module, PyType_Spec *spec,
                                        PyTypeObject *base) {
  PyObject *type = PyType_FromModuleAndSpec(module, spec, (PyObject *)base);

  if (type != NULL && PyModule_AddType(module, (PyTypeObject *)type) < 0)
    Py_CLEAR(type);
  return (PyTypeObject *)type;
}

/* Ends an object that the collector knows; `clear` gives up what it holds. */
static inline void xn_dealloc(PyObject *object, inquiry clear) {
  PyTypeObject *type = Py_TYPE(object);

  PyObject_GC_UnTrack(object);
  clear(object);
  PyObject_GC_Del(object);
  Py_DECREF(type);
}

#endif
