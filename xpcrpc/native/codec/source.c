#include "plan.h"

bool xc_source_open(struct xc_source *source, PyObject *data) {
  Py_ssize_t size;
  char *bytes;

  *source = (struct xc_source){.view = {.obj = NULL}};
  if (PyBytes_Check(data)) {
    if (PyBytes_AsStringAndSize(data, &bytes, &size) < 0)
      return false;
  } else {
    if (PyObject_GetBuffer(data, &source->view, PyBUF_SIMPLE) < 0)
      return false;
    bytes = source->view.buf;
    size = source->view.len;
  }
  source->bytes = (const uint8_t *)bytes;
  source->size = (size_t)size;
  return true;
}

void xc_source_close(struct xc_source *source) {
  if (source->view.obj != NULL)
    PyBuffer_Release(&source->view);
}

bool xc_source_read(const struct xc_source *source, struct xc_state *state,
                    PyObject *offset, PyObject *end, struct xc_reader *reader) {
  Py_ssize_t first = PyLong_AsSsize_t(offset);
  Py_ssize_t last = PyErr_Occurred() != NULL ? -1 : PyLong_AsSsize_t(end);

  if (last > (Py_ssize_t)source->size)
    last = (Py_ssize_t)source->size;
  if (first < 0 || first >= last)
    return false;
  reader->state = state;
  reader->at = source->bytes + first;
  reader->end = source->bytes + last;
  return true;
}
