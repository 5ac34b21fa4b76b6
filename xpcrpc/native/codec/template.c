/* `Template`: a frame that is the same every time but for some numbers and what
 * comes last in it. Python says what the bytes are; here is only how they are
 * put together, and taken apart. */
#include "buffer.h"

struct piece {
  enum xc_hole hole;
  const uint8_t *bytes; /* of a constant; they are a bytes object's */
  size_t size;
};

struct template {
  PyObject_HEAD
  struct xc_state *state;
  PyObject *parts; /* a tuple, which the pieces' bytes lie in */
  size_t count, numbers, values;
  struct piece *pieces;
};

static const size_t hole_sizes[XC_HOLES] = {[XC_HOLE_INT64] = 8,
                                            [XC_HOLE_UINT64] = 8,
                                            [XC_HOLE_LENGTH] = 4,
                                            [XC_HOLE_COUNT] = 4,
                                            [XC_HOLE_NATURAL] = 8};

/* -- making one -------------------------------------------------------------*/

static bool read_piece(struct template *self, PyObject *part,
                       struct piece *piece) {
  long hole;

  if (PyBytes_CheckExact(part)) {
    *piece =
        (struct piece){XC_HOLE_NONE, (const uint8_t *)PyBytes_AsString(part),
                       (size_t)PyBytes_Size(part)};
    return true;
  }
  hole = PyLong_CheckExact(part) ? PyLong_AsLong(part) : XC_HOLE_NONE;
  if (hole <= XC_HOLE_NONE || hole >= XC_HOLES) {
    if (PyErr_Occurred() == NULL)
      PyErr_SetString(PyExc_ValueError, "no such hole");
    return false;
  }
  piece->hole = (enum xc_hole)hole;
  piece->size = hole_sizes[hole];
  if (hole == XC_HOLE_INT64 || hole == XC_HOLE_UINT64)
    self->numbers++;
  if (hole != XC_HOLE_LENGTH)
    self->values++;
  return true;
}

static bool read_pieces(struct template *self) {
  size_t count = (size_t)PyTuple_Size(self->parts);

  self->pieces = PyMem_Calloc(count + 1, sizeof *self->pieces);
  if (self->pieces == NULL) {
    PyErr_NoMemory();
    return false;
  }
  for (; self->count < count; self->count++)
    if (!read_piece(self, PyTuple_GetItem(self->parts, (Py_ssize_t)self->count),
                    &self->pieces[self->count]))
      return false;
  return true;
}

static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  struct template *self;

  if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
    PyErr_SetString(PyExc_TypeError, "Template takes no keyword arguments");
    return NULL;
  }
  self = (struct template *)allocate(type, 0);
  if (self == NULL)
    return NULL;
  self->state = PyType_GetModuleState(type);
  self->parts = Py_NewRef(args);
  if (!read_pieces(self))
    Py_CLEAR(self);
  return (PyObject *)self;
}

static void dealloc(PyObject *object) {
  struct template *self = (struct template *)object;
  PyTypeObject *type = Py_TYPE(object);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

  PyMem_Free(self->pieces);
  Py_XDECREF(self->parts);
  release(object);
  Py_DECREF(type);
}

/* -- writing ----------------------------------------------------------------*/

static bool write_piece(struct xc_buffer *buffer, const struct piece *piece,
                        PyObject *const **numbers, size_t items) {
  uint8_t *at = xc_add(buffer, piece->size);
  uint64_t bits;

  if (at == NULL)
    return false;
  switch (piece->hole) {
    case XC_HOLE_INT64:
    case XC_HOLE_UINT64:
      bits = piece->hole == XC_HOLE_INT64
                 ? (uint64_t)PyLong_AsLongLong(**numbers)
                 : (uint64_t)PyLong_AsUnsignedLongLong(**numbers);
      xc_store64(at, bits);
      ++*numbers;
      return PyErr_Occurred() == NULL;
    case XC_HOLE_COUNT:
      xc_store32(at, (uint32_t)items);
      return true;
    case XC_HOLE_NONE:
      memcpy(at, piece->bytes, piece->size);
      return true;
    case XC_HOLE_LENGTH: /* it is not known yet */
      return true;
    default:
      PyErr_SetString(PyExc_ValueError, "this template only reads");
      return false;
  }
}

/* Begins a frame; false with an exception set if the arguments are wrong. */
static bool write_head(struct xc_buffer *buffer, const struct template *self,
                       PyObject *const *numbers, Py_ssize_t count,
                       size_t items) {
  if (count != (Py_ssize_t)self->numbers) {
    PyErr_Format(PyExc_TypeError, "the template has %zu numbers, not %zd",
                 self->numbers, count);
    return false;
  }
  for (size_t i = 0; i < self->count; i++)
    if (!write_piece(buffer, &self->pieces[i], &numbers, items))
      return false;
  return true;
}

/* The whole frame, its lengths filled in: each counts from behind itself to the
 * end. NULL without an exception if that is too long. */
static PyObject *finish(struct xc_buffer *buffer, const struct template *self) {
  size_t total = xc_total(buffer), place = 0;

  if (total > UINT32_MAX)
    return NULL;
  for (size_t i = 0; i < self->count; i++) {
    if (self->pieces[i].hole == XC_HOLE_LENGTH)
      xc_store32(buffer->bytes + place, (uint32_t)(total - place - 4));
    place += self->pieces[i].size;
  }
  return xc_buffer_bytes(buffer);
}

PyObject *xc_template_frame(PyObject *template, struct xc_plan *plan,
                            PyObject *object, unsigned depth,
                            PyObject *const *numbers, Py_ssize_t count) {
  struct template *self = (struct template *)template;
  PyObject *result = NULL;
  struct xc_buffer buffer;

  if (!xc_buffer_begin(&buffer, self->state))
    return NULL;
  if (!write_head(&buffer, self, numbers, count, 1)) {
    xc_buffer_end(&buffer);
    return NULL;
  }
  if (xc_write(&buffer, plan, object, depth))
    result = finish(&buffer, self);
  xc_buffer_end(&buffer);
  return result != NULL ? result : xc_unusual();
}

static bool add_encoded(struct xc_buffer *buffer, PyObject *list) {
  for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
    PyObject *item = PyList_GetItem(list, i);
    char *bytes;
    Py_ssize_t size;
    if (item == NULL || PyBytes_AsStringAndSize(item, &bytes, &size) < 0 ||
        !xc_add_data(buffer, item, bytes, (size_t)size))
      return false;
  }
  return true;
}

/* wrap(encoded, *numbers) */
static PyObject *wrap(PyObject *object, PyObject *const *args,
                      Py_ssize_t count) {
  struct template *self = (struct template *)object;
  PyObject *result = NULL;
  struct xc_buffer buffer;

  if (count < 1 || !PyList_Check(args[0])) {
    PyErr_SetString(PyExc_TypeError, "expected a list of bytes");
    return NULL;
  }
  if (!xc_buffer_begin(&buffer, self->state))
    return NULL;
  if (write_head(&buffer, self, args + 1, count - 1,
                 (size_t)PyList_Size(args[0])) &&
      add_encoded(&buffer, args[0]))
    result = finish(&buffer, self);
  xc_buffer_end(&buffer);
  if (result == NULL && PyErr_Occurred() == NULL)
    PyErr_SetString(PyExc_OverflowError, "a frame is shorter than 4 GiB");
  return result;
}

/* -- reading ----------------------------------------------------------------*/

static PyObject *read_value(struct xc_reader *reader,
                            const struct piece *piece) {
  const uint8_t *at = reader->at;
  size_t size;

  if (piece->hole == XC_HOLE_TEXT) {
    at = xc_take_string(reader, &size);
    if (at == NULL)
      return NULL;
    return PyUnicode_DecodeUTF8((const char *)at, (Py_ssize_t)size, NULL);
  }
  reader->at += piece->size;
  if (piece->hole == XC_HOLE_NATURAL && xc_load64(at) > INT64_MAX)
    return NULL;
  if (piece->hole == XC_HOLE_INT64 || piece->hole == XC_HOLE_NATURAL)
    return PyLong_FromLongLong((long long)xc_load64(at));
  if (piece->hole == XC_HOLE_UINT64)
    return PyLong_FromUnsignedLongLong(xc_load64(at));
  return PyLong_FromUnsignedLong(xc_load32(at));
}

/* Takes one piece off; a value goes into the tuple at `*values`. */
static bool read_one(struct xc_reader *reader, const struct piece *piece,
                     PyObject *tuple, Py_ssize_t *values) {
  size_t left = (size_t)(reader->end - reader->at);
  PyObject *value;

  if (left < piece->size)
    return false;
  if (piece->hole == XC_HOLE_NONE || piece->hole == XC_HOLE_LENGTH) {
    const uint8_t *at = reader->at;
    reader->at += piece->size;
    return piece->hole == XC_HOLE_LENGTH
               ? xc_load32(at) == left - 4
               : memcmp(at, piece->bytes, piece->size) == 0;
  }
  value = read_value(reader, piece);
  return value != NULL && PyTuple_SetItem(tuple, (*values)++, value) == 0;
}

static PyObject *read_all(const struct template *self,
                          const struct xc_source *source, size_t offset) {
  struct xc_reader reader = {.state = self->state,
                             .at = source->bytes + offset,
                             .end = source->bytes + source->size};
  PyObject *tuple = PyTuple_New((Py_ssize_t)self->values + 1), *place;
  Py_ssize_t values = 0;
  bool done = tuple != NULL;

  for (size_t i = 0; done && i < self->count; i++)
    done = read_one(&reader, &self->pieces[i], tuple, &values);
  place = done ? PyLong_FromSsize_t(reader.at - source->bytes) : NULL;
  if (place == NULL || PyTuple_SetItem(tuple, values, place) < 0)
    Py_CLEAR(tuple);
  return tuple;
}

/* read(frame, offset) */
static PyObject *take_apart(PyObject *object, PyObject *const *args,
                            Py_ssize_t count) {
  PyObject *result = NULL;
  struct xc_source source;
  Py_ssize_t offset;

  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "expected a frame and an offset");
    return NULL;
  }
  offset = PyLong_AsSsize_t(args[1]);
  if (PyErr_Occurred() != NULL || !xc_source_open(&source, args[0]))
    return xc_unusual();
  if (offset >= 0 && (size_t)offset <= source.size)
    result = read_all((struct template *)object, &source, (size_t)offset);
  xc_source_close(&source);
  return result != NULL ? result : xc_unusual();
}

bool xc_template_matches(PyObject *template, struct xc_reader *reader) {
  struct template *self = (struct template *)template;
  bool same = self->values == 0;

  for (size_t i = 0; same && i < self->count; i++)
    same = read_one(reader, &self->pieces[i], NULL, NULL);
  return same;
}

static PyMethodDef methods[] = {
    {"wrap", XN_METHOD(wrap), METH_FASTCALL, NULL},
    {"read", XN_METHOD(take_apart), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec xc_template_spec = {
    .name = "xpcrpc.codec._plan.Template",
    .basicsize = sizeof(struct template),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
