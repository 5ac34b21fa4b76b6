/* The queue between libxpc's threads and the event loop's.
 *
 * The descriptor is readable exactly while events wait (wakeup_dispatch.c), or
 * while libxpc has work for the loop's thread (wakeup_portable.c). */
#include <errno.h>
#include <string.h>

#include "xr__bridge.h"

/* Batches run while closing: a bound, should somebody keep us busy. */
enum { LAST_RUNS = 1024 };

/* The struct xr_batch and the records and frames after it, 8-aligned. */
struct output {
  uint8_t *bytes;
  size_t size;
  size_t at;
  struct xr_batch batch;
};

xr_mailbox *xr_mailbox_create(size_t capacity) {
  xr_mailbox *box = calloc(1, sizeof *box);

  if (box == NULL)
    return NULL;
  atomic_init(&box->references, 1);
  atomic_init(&box->next_token, 1);
  box->last = &box->first;
  box->capacity = capacity != 0 ? capacity : XR_MAILBOX_EVENTS;
  if (pthread_mutex_init(&box->lock, NULL) != 0) {
    free(box);
    errno = ENOMEM;
    return NULL;
  }
  xr__log_start();
  if (xr__wakeup_init(box) == 0)
    return box;
  pthread_mutex_destroy(&box->lock);
  free(box);
  return NULL;
}

xr_mailbox *xr__mailbox_retain(xr_mailbox *box) {
  atomic_fetch_add_explicit(&box->references, 1, memory_order_relaxed);
  return box;
}

void xr__mailbox_release(xr_mailbox *box) {
  if (atomic_fetch_sub(&box->references, 1) != 1)
    return;
  xr__wakeup_free(box);
  pthread_mutex_destroy(&box->lock);
  free(box);
}

int xr_mailbox_fd(xr_mailbox *box) { return xr__wakeup_fd(box); }

static void free_event(struct xr__event *event) {
  if (event->peer != NULL)
    xr_connection_close(event->peer);
  if (event->object != NULL)
    xpc_release(event->object);
  xr__connection_release(event->connection);
  free(event);
}

/* Under the lock: no more of this connection until there is room. */
static void hold(xr_mailbox *box, xr_connection *connection) {
  connection->held = true;
  connection->next_held = box->held;
  box->held = xr__connection_retain(connection);
  xpc_connection_suspend(connection->connection);
}

void xr__mailbox_post(xr_mailbox *box, struct xr__event *event) {
  bool closed, wanted;

  event->next = NULL;
  pthread_mutex_lock(&box->lock);
  closed = box->closed;
  wanted = event->kind == XR_EVENT_MESSAGE || event->kind == XR_EVENT_PEER;
  if (!closed) {
    *box->last = event;
    box->last = &event->next;
    /* Under the lock, so that "readable" and "not empty" are one fact. */
    if (box->count++ == 0)
      xr__wakeup_set(box);
    if (wanted && box->count >= box->capacity && !event->connection->held &&
        !atomic_load(&event->connection->silent))
      hold(box, event->connection);
  }
  pthread_mutex_unlock(&box->lock);
  if (closed)
    free_event(event);
}

void xr__mailbox_unhold(xr_mailbox *box, xr_connection *connection) {
  xr_connection **link;

  pthread_mutex_lock(&box->lock);
  for (link = &box->held; *link != NULL; link = &(*link)->next_held)
    if (*link == connection)
      break;
  if (*link != NULL) {
    *link = connection->next_held;
    connection->held = false;
  } else {
    connection = NULL;
  }
  pthread_mutex_unlock(&box->lock);
  if (connection != NULL) {
    xpc_connection_resume(connection->connection);
    xr__connection_release(connection);
  }
}

/* Lets the held connections go on, once half of the room is free. */
static bool resume_held(xr_mailbox *box) {
  xr_connection *list = NULL, *next;

  pthread_mutex_lock(&box->lock);
  if (box->count <= box->capacity / 2) {
    list = box->held;
    box->held = NULL;
    for (next = list; next != NULL; next = next->next_held)
      next->held = false;
  }
  pthread_mutex_unlock(&box->lock);
  for (xr_connection *one = list; one != NULL; one = next) {
    next = one->next_held;
    xpc_connection_resume(one->connection);
    xr__connection_release(one);
  }
  return list != NULL;
}

static struct xr__event *take_first(xr_mailbox *box) {
  struct xr__event *event;

  pthread_mutex_lock(&box->lock);
  event = box->first;
  if (event != NULL) {
    box->first = event->next;
    if (box->first == NULL)
      box->last = &box->first;
    if (--box->count == 0)
      xr__wakeup_clear(box);
  }
  pthread_mutex_unlock(&box->lock);
  return event;
}

static void put_back(xr_mailbox *box, struct xr__event *event) {
  pthread_mutex_lock(&box->lock);
  event->next = box->first;
  box->first = event;
  if (event->next == NULL)
    box->last = &event->next;
  if (box->count++ == 0)
    xr__wakeup_set(box);
  pthread_mutex_unlock(&box->lock);
}

/* The words of an error that is none of the known ones (C-126). */
static size_t write_description(xpc_object_t error, struct xr__space space,
                                uint64_t *length) {
  const char *text =
      xpc_dictionary_get_string(error, XPC_ERROR_KEY_DESCRIPTION);
  size_t needed;

  *length = text == NULL ? 0 : strlen(text);
  needed = xr__padded((size_t)*length, 8);
  if (needed <= space.size && needed != 0) {
    memset(space.bytes, 0, needed);
    memcpy(space.bytes, text, (size_t)*length);
  }
  return needed;
}

/* False when it does not fit; batch.needed then says what it takes alone. */
static bool write_event(struct output *output, struct xr__event *event) {
  struct xr_record record = {.kind = event->kind,
                             .error = event->error,
                             .token = event->connection->token,
                             .call = event->call,
                             .pid = event->pid,
                             .euid = event->euid,
                             .egid = event->egid,
                             .asid = event->asid};
  size_t body = output->at + sizeof record;
  struct xr__space space = {NULL, 0};
  size_t needed = 0;

  if (body <= output->size) {
    space.bytes = output->bytes + body;
    space.size = output->size - body;
  }
  if (event->error == XR_ERROR_OTHER)
    needed = write_description(event->object, space, &record.frame_length);
  else if (event->object != NULL)
    (void)xr__write_frame(event->object, space, &needed, &record.frame_length,
                          &record.handle_count);
  if (body > output->size || needed > space.size) {
    output->batch.needed = sizeof output->batch + sizeof record + needed;
    return false;
  }
  if (event->peer != NULL) {
    record.pointer = event->peer;
    event->peer = NULL;
  } else if (event->object != NULL && event->error == XR_ERROR_NONE) {
    /* NULL when no reply is expected (C-131). The message itself goes: the
     * reply alone keeps the requester waiting (C-139). */
    record.pointer = xpc_dictionary_create_reply(event->object);
  }
  memcpy(output->bytes + output->at, &record, sizeof record);
  output->at = body + needed;
  output->batch.count++;
  return true;
}

static bool is_empty(xr_mailbox *box) {
  bool empty;

  pthread_mutex_lock(&box->lock);
  empty = box->count == 0;
  pthread_mutex_unlock(&box->lock);
  return empty;
}

/* Moves events until the mailbox is empty or the buffer is full. */
static bool write_events(xr_mailbox *box, struct output *output) {
  struct xr__event *event;

  while ((event = take_first(box)) != NULL) {
    if (!atomic_load(&event->connection->silent) &&
        !write_event(output, event)) {
      put_back(box, event);
      return false;
    }
    free_event(event);
  }
  return true;
}

size_t xr_mailbox_drain(xr_mailbox *box, void *buffer, size_t size) {
  struct output output = {buffer, size, sizeof output.batch, {0, 0, 0}};
  bool more = false;

  if (size < sizeof output.batch)
    return 0;
  if (is_empty(box))
    more = xr__wakeup_run(box, XR_MAILBOX_BATCH) == XR_MAILBOX_BATCH;
  if (!write_events(box, &output)) {
    more = true;
    if (output.batch.count != 0)
      output.batch.needed = 0;
  }
  if (resume_held(box))
    more = true;
  output.batch.more = (more ? XR_MORE_EVENTS : 0) |
                      (xr__log_waits() ? XR_MORE_LOG : 0);
  memcpy(buffer, &output.batch, sizeof output.batch);
  return output.at;
}

void xr_mailbox_close(xr_mailbox *box) {
  struct xr__event *event, *next;

  pthread_mutex_lock(&box->lock);
  box->closed = true;
  event = box->first;
  box->first = NULL;
  box->last = &box->first;
  if (box->count != 0)
    xr__wakeup_clear(box);
  box->count = 0;
  pthread_mutex_unlock(&box->lock);
  for (; event != NULL; event = next) {
    next = event->next;
    free_event(event);
  }
  while (box->held != NULL)
    xr__mailbox_unhold(box, box->held);
  /* The final events of cancelled connections break their reference cycles;
   * where libxpc runs on this thread, this is the last chance. */
  for (int i = 0; i < LAST_RUNS; i++)
    if (xr__wakeup_run(box, XR_MAILBOX_BATCH) == 0)
      break;
  xr__mailbox_release(box);
}
