/* Connections of one mailbox: clients, listeners and the peers of listeners.
 *
 * Every pointer is used on the loop's thread alone; libxpc's threads meet it
 * only inside the bridge. */
#ifndef XR_CONNECTION_H
#define XR_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xr_handle.h"
#include "xr_mailbox.h"

typedef struct xr_connection xr_connection;

/* 0 or negative, so that a length or count can share the type. */
enum xr_status {
  XR_OK = 0,
  XR_BAD_FRAME = -1,       /* not Apple's serialisation, or cut short */
  XR_NOT_A_DICTIONARY = -2,
  XR_TOO_DEEP = -3,
  XR_TOO_LARGE = -4,       /* over xr_message_limit() */
  XR_TOO_MANY_OBJECTS = -5,
  XR_TOO_MANY_HANDLES = -6, /* over xr_handle_limit() */
  XR_BAD_HANDLE = -7       /* a closed descriptor, or memory not shareable */
};

/* A new inactive client or listener, owned by the caller (xr_connection_close),
 * or NULL with errno. The name is copied; a name that nobody serves shows as
 * an INVALID event. The mailbox is retained. */
xr_connection *xr_connection_to_service(xr_mailbox *box, const char *name,
                                        bool privileged);
xr_connection *xr_connection_to_endpoint(xr_mailbox *box, void *endpoint);
xr_connection *xr_listener_named(xr_mailbox *box, const char *name,
                                 bool privileged);
xr_connection *xr_listener_anonymous(xr_mailbox *box);

/* A new endpoint of a listener, owned by the caller (xr_object_release); NULL
 * for any other connection. */
void *xr_listener_endpoint(xr_connection *listener);

/* What records call this connection; never 0, never used again. */
uint64_t xr_connection_token(xr_connection *connection);

/* As libxpc's functions of these names, but safe in any order: activate and
 * cancel may be repeated; cancel activates and resumes first, as Apple's
 * libxpc aborts or stays silent otherwise. resume returns false, and does
 * nothing, when there is no suspend to undo. */
void xr_connection_activate(xr_connection *connection);
void xr_connection_suspend(xr_connection *connection);
bool xr_connection_resume(xr_connection *connection);
void xr_connection_cancel(xr_connection *connection);

/* Cancels, whatever its state, and gives up the caller's reference. No record
 * of it is posted from here on. */
void xr_connection_close(xr_connection *connection);

/* Whoever sent the latest message: `pid` 0 and ids -1 before any did. */
void xr_connection_peer(xr_connection *connection, int32_t *pid,
                        uint32_t *euid, uint32_t *egid, int32_t *asid);

/* libxpc's words for why it is invalid, for the caller to free with
 * xr_text_free(); NULL while it is valid, and before macOS 12. */
char *xr_connection_copy_reason(xr_connection *connection);
void xr_text_free(char *text);

/* Sends one frame; borrows everything, and is done with it on return. */
int xr_connection_send(xr_connection *connection, const void *frame,
                       size_t length, const struct xr_handle *handles,
                       size_t count);

/* The same; exactly one XR_EVENT_REPLY with this `call` follows, unless the
 * result is an error or the connection or mailbox is closed before. */
int xr_connection_request(xr_connection *connection, const void *frame,
                          size_t length, const struct xr_handle *handles,
                          size_t count, uint64_t call);

/* One XR_EVENT_BARRIER with this `call` follows once everything sent before
 * was handed over and its memory freed (C-82), or could not be (C-86), unless
 * the connection or mailbox is closed before. */
void xr_connection_barrier(xr_connection *connection, uint64_t call);

#endif
