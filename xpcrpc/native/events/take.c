/* `Events`: one mailbox's events, handed to whoever waits for them. The usual
 * ones, messages and replies without handles, are taken apart here; the rest is
 * left to Python, in transport/xpc.py. */
#include "events.h"

#include <string.h>

enum { MORE_LARGE = 4 }; /* beside enum xr_more */

/* A record's pid, euid, egid and asid, as Python keeps a sender's. */
enum { IDS_BYTES = 16 };

_Static_assert(offsetof(struct xr_record, reserved) ==
                   offsetof(struct xr_record, pid) + IDS_BYTES,
               "the ids of a record are other or elsewhere");

static const char *ids_of(const struct xr_record *record) {
  return (const char *)record + offsetof(struct xr_record, pid);
}

struct events {
  PyObject_HEAD
  struct xe_state *state;
  xr_mailbox *box; /* NULL once it was closed */
  Py_buffer view; /* of `buffer` */
  uint64_t needed;
  PyObject *calls, *kept; /* dictionaries of the transport's */
  PyObject *connection_type, *process;
  PyObject *general; /* (offset) -> offset of the next: any other event */
  PyObject *failed;  /* (exception): of a handler */
  PyObject *rest;    /* (more): what is left after `on_readable` */
};

/* -- life -------------------------------------------------------------------*/

/* Events(box, buffer, calls, kept, connection_type, process, general, failed,
 * rest) */
static PyObject *make(PyTypeObject *type, PyObject *args,
                      PyObject *Py_UNUSED(kwargs)) {
  allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  PyObject *buffer, *calls, *kept, *connection, *process, *general, *failed,
      *rest;
  unsigned long long box;
  struct events *self;

  if (!PyArg_ParseTuple(args, "KOO!O!OOOOO", &box, &buffer, &PyDict_Type,
                        &calls, &PyDict_Type, &kept, &connection, &process,
                        &general, &failed, &rest))
    return NULL;
  self = (struct events *)allocate(type, 0);
  if (self == NULL)
    return NULL;
  self->state = PyType_GetModuleState(type);
  self->box = (xr_mailbox *)(uintptr_t)box;
  self->calls = Py_NewRef(calls);
  self->kept = Py_NewRef(kept);
  self->connection_type = Py_NewRef(connection);
  self->process = Py_NewRef(process);
  self->general = Py_NewRef(general);
  self->failed = Py_NewRef(failed);
  self->rest = Py_NewRef(rest);
  if (PyObject_GetBuffer(buffer, &self->view, PyBUF_WRITABLE) < 0)
    Py_CLEAR(self);
  return (PyObject *)self;
}

static int traverse(PyObject *object, visitproc visit, void *arg) {
  struct events *self = (struct events *)object;

  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->view.obj);
  Py_VISIT(self->calls);
  Py_VISIT(self->kept);
  Py_VISIT(self->connection_type);
  Py_VISIT(self->process);
  Py_VISIT(self->general);
  Py_VISIT(self->failed);
  Py_VISIT(self->rest);
  return 0;
}

static int clear(PyObject *object) {
  struct events *self = (struct events *)object;

  Py_CLEAR(self->calls);
  Py_CLEAR(self->kept);
  Py_CLEAR(self->connection_type);
  Py_CLEAR(self->process);
  Py_CLEAR(self->general);
  Py_CLEAR(self->failed);
  Py_CLEAR(self->rest);
  return 0;
}

/* The view stays until the end: a drain that is under way may read it. */
static int clear_all(PyObject *object) {
  struct events *self = (struct events *)object;

  if (self->view.obj != NULL)
    PyBuffer_Release(&self->view);
  return clear(object);
}

static void dealloc(PyObject *object) { xn_dealloc(object, clear_all); }

/* -- one event --------------------------------------------------------------*/

/* The sender of a record that came on a connection; a new reference. */
static PyObject *sender_of(struct events *self, PyObject *connection,
                           const struct xr_record *record) {
  struct xe_state *state = self->state;
  PyObject *ids = PyObject_GetAttr(connection, state->ids), *sender;
  bool same = ids != NULL && PyBytes_Check(ids) &&
              PyBytes_Size(ids) == IDS_BYTES &&
              memcmp(PyBytes_AsString(ids), ids_of(record), IDS_BYTES) == 0;

  Py_XDECREF(ids);
  if (ids == NULL)
    return NULL;
  if (same)
    return PyObject_GetAttr(connection, state->known);
  ids = PyBytes_FromStringAndSize(ids_of(record), IDS_BYTES);
  if (ids == NULL)
    return NULL;
  sender = PyObject_CallMethodObjArgs(connection, state->sender, ids, NULL);
  Py_DECREF(ids);
  return sender;
}

/* Makes the message and hands it over. Takes over the record's reply. */
static bool hand_over(struct events *self, const struct xr_record *record,
                      PyObject *connection, PyObject *handler) {
  const char *bytes = (const char *)(record + 1);
  PyObject *frame = PyBytes_FromStringAndSize(
               bytes, (Py_ssize_t)record->frame_length),
           *sender = frame == NULL ? NULL
                                   : sender_of(self, connection, record),
           *message = NULL, *result = NULL;

  if (sender != NULL)
    message = xe_message(self->state, frame, sender,
                         (uintptr_t)record->pointer, self->process);
  else if (record->pointer != NULL)
    self->state->bridge.release((uintptr_t)record->pointer);
  if (message != NULL)
    result = PyObject_CallFunctionObjArgs(handler, message, NULL);
  Py_XDECREF(message);
  Py_XDECREF(sender);
  Py_XDECREF(frame);
  Py_XDECREF(result);
  return result != NULL;
}

/* 1: done; 0: it is not a usual one; -1: an exception is set. */
static int take_reply(struct events *self, const struct xr_record *record) {
  PyObject *number = PyLong_FromUnsignedLongLong(record->call), *call;
  int done = 0;

  if (number == NULL)
    return -1;
  call = PyDict_GetItemWithError(self->calls, number);
  if (call != NULL && PyTuple_CheckExact(call) && PyTuple_Size(call) == 2) {
    Py_INCREF(call);
    done = PyDict_DelItem(self->calls, number) == 0 &&
                   hand_over(self, record, PyTuple_GetItem(call, 1),
                             PyTuple_GetItem(call, 0))
               ? 1
               : -1;
    Py_DECREF(call);
  } else if (PyErr_Occurred() != NULL) {
    done = -1;
  }
  Py_DECREF(number);
  return done;
}

static int take_message(struct events *self, const struct xr_record *record) {
  PyObject *token = PyLong_FromUnsignedLongLong(record->token), *connection,
           *handler;
  int done = 0;

  if (token == NULL)
    return -1;
  connection = PyDict_GetItemWithError(self->kept, token);
  Py_DECREF(token);
  if (connection == NULL)
    return PyErr_Occurred() != NULL ? -1 : 0;
  if (!Py_IS_TYPE(connection, (PyTypeObject *)self->connection_type))
    return 0;
  Py_INCREF(connection);
  handler = PyObject_GetAttr(connection, self->state->handler);
  if (handler != NULL && handler != Py_None)
    done = hand_over(self, record, connection, handler) ? 1 : -1;
  else
    PyErr_Clear(); /* Python gives the message back */
  Py_XDECREF(handler);
  Py_DECREF(connection);
  return done;
}

static bool tell_failure(struct events *self) {
  PyObject *type, *value, *traceback, *told;

  if (!PyErr_ExceptionMatches(PyExc_Exception))
    return false; /* what ends the loop */
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != NULL)
    PyException_SetTraceback(value, traceback);
  told = PyObject_CallFunctionObjArgs(self->failed, value, NULL);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(traceback);
  Py_XDECREF(told);
  return told != NULL;
}

/* Leaves an event to Python; the next one's offset, or -1 with an exception. */
static Py_ssize_t take_generally(struct events *self, Py_ssize_t offset) {
  PyObject *place = PyLong_FromSsize_t(offset), *after = NULL;

  if (place != NULL)
    after = PyObject_CallFunctionObjArgs(self->general, place, NULL);
  Py_XDECREF(place);
  if (after == NULL)
    return -1;
  offset = PyLong_AsSsize_t(after);
  Py_DECREF(after);
  return offset;
}

static Py_ssize_t take(struct events *self, Py_ssize_t offset) {
  struct xr_record record;
  const struct xr_record *at =
      (const struct xr_record *)((const char *)self->view.buf + offset);
  int done = 0;

  memcpy(&record, at, sizeof record);
  if (record.error == XR_ERROR_NONE && record.handle_count == 0) {
    if (record.kind == XR_EVENT_REPLY)
      done = take_reply(self, at);
    else if (record.kind == XR_EVENT_MESSAGE)
      done = take_message(self, at);
  }
  if (done == 0)
    return take_generally(self, offset);
  if (done < 0 && !tell_failure(self))
    return -1;
  return offset + (Py_ssize_t)(sizeof record +
                               ((record.frame_length + 7) & ~UINT64_C(7)));
}

/* Handles one buffer of events. What more there is, as bits, or -1 with an
 * exception set. */
static long drain_once(struct events *self) {
  Py_ssize_t offset = sizeof(struct xr_batch);
  struct xr_batch batch;

  Py_BEGIN_ALLOW_THREADS
  self->state->bridge.drain(self->box, self->view.buf, (size_t)self->view.len);
  Py_END_ALLOW_THREADS
  memcpy(&batch, self->view.buf, sizeof batch);
  self->needed = batch.needed;
  for (uint32_t i = 0; i < batch.count && offset >= 0; i++)
    offset = take(self, offset);
  if (offset < 0)
    return -1;
  return (long)batch.more | (batch.needed != 0 ? MORE_LARGE : 0);
}

/* drain() -> more */
static PyObject *drain(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  struct events *self = (struct events *)object;
  long more;

  if (self->box == NULL || self->calls == NULL) {
    PyErr_SetString(PyExc_ValueError, "the mailbox was closed");
    return NULL;
  }
  more = drain_once(self);
  return more < 0 ? NULL : PyLong_FromLong(more);
}

/* on_readable(): drains, and tells `rest` what more there is. */
static PyObject *on_readable(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  struct events *self = (struct events *)object;
  PyObject *bits, *result;
  long more;

  if (self->box == NULL || self->calls == NULL ||
      xe_flag(self->process, self->state->over))
    Py_RETURN_NONE;
  more = drain_once(self);
  if (more < 0)
    return NULL;
  if (more == 0)
    Py_RETURN_NONE;
  bits = PyLong_FromLong(more);
  if (bits == NULL)
    return NULL;
  result = PyObject_CallFunctionObjArgs(self->rest, bits, NULL);
  Py_DECREF(bits);
  return result;
}

static PyObject *close_box(PyObject *object, PyObject *Py_UNUSED(nothing)) {
  ((struct events *)object)->box = NULL;
  Py_RETURN_NONE;
}

/* -- the type ---------------------------------------------------------------*/

static PyMemberDef members[] = {
    {"needed", T_ULONGLONG, offsetof(struct events, needed), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef methods[] = {
    {"drain", drain, METH_NOARGS, NULL},
    {"on_readable", on_readable, METH_NOARGS, NULL},
    {"close", close_box, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)"One mailbox's events, handed to whoever waits."},
    {Py_tp_new, (void *)make},
    {Py_tp_traverse, (void *)traverse},
    {Py_tp_clear, (void *)clear},
    {Py_tp_dealloc, (void *)dealloc},
    {Py_tp_members, members},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec xe_events_spec = {
    .name = "xpcrpc.transport._events.Events",
    .basicsize = sizeof(struct events),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
