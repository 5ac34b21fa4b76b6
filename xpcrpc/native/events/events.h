/* What the files of `xpcrpc.transport._events` share. */
#ifndef XE_EVENTS_H
#define XE_EVENTS_H

#include "../extension.h" /* Python's header comes first */

#include <stddef.h>
#include <stdint.h>

#include <structmember.h>

#include "../bridge/xr_mailbox.h"
#include "../bridge/xr_message.h"

/* Functions of the bridge, by their addresses: it is an extension of its own.
 * They are `xr_message_reply` and so on. */
struct xe_bridge {
  int (*reply)(uintptr_t reply, const void *frame, size_t length,
               const struct xr_handle *handles, size_t count);
  void (*release)(uintptr_t reply);
  size_t (*drain)(xr_mailbox *box, void *buffer, size_t size);
};

struct xe_state {
  struct xe_bridge bridge;
  PyTypeObject *received_type, *request_type;
  PyObject *reply_slowly; /* (message, frame, handles): any other reply */
  PyObject *close_all;    /* (handles) */
  PyObject *handler, *ids, *known, *sender, *over, *forked; /* attributes */
};

extern PyType_Spec xe_received_spec, xe_request_spec, xe_events_spec;

/* A message without handles; takes over neither frame nor sender. `reply` is
 * the bridge's pointer, which is the new message's to answer or to release, or
 * 0 as nobody awaits one. NULL with an exception set, and `reply` released, if
 * there is no memory. */
PyObject *xe_message(struct xe_state *state, PyObject *frame, PyObject *sender,
                     uintptr_t reply, PyObject *process);

/* Whether an attribute is true; false also if there is none. */
bool xe_flag(PyObject *object, PyObject *name);

#endif
