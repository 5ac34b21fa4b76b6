/* Putting one dictionary on its way; see send.c. */
#ifndef XPC__SEND_H
#define XPC__SEND_H

#include "connection.h"

/* Sends a message, request or reply, as the dictionary and `pending` say.
 * Takes over `pending`, which gets its reply or error in any case; NULL for
 * none. Not locked; aborts on misuse (C-73, C-132, C-133). */
void xpc__send_dictionary(xpc_connection_t connection, xpc_object_t message,
                          struct xpc__pending *pending, const char *caller);

/* record.c: one attempt to hand messages to the kernel, locked. Returns how
 * many of the list from `first` went, or -1 with errno. */
int xpc__transmit(xpc_connection_t connection, struct xpc__message *first);

/* record.c: the 24 bytes in front of every body. */
void xpc__write_wrapper(uint8_t *record, uint32_t flags, uint64_t length,
                        uint64_t id);

/* record.c: a memfd that holds the encoded payload and can no longer change;
 * -1 with errno. Fills `handles` as xpc__encode() does. */
int xpc__payload_memfd(xpc_object_t message, const struct xpc__measure *measure,
                       xpc_object_t *handles);

#endif
