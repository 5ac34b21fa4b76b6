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

/* fragment.c: moves the payload of an encoded message from its body and cut
 * into a memfd that can no longer change. False when there is no room. */
bool xpc__into_memfd(struct xpc__message *message);

/* fragment.c, locked: the fragments of a message whose first record has gone.
 * 1 when all are, or -1 with errno; what was sent is counted in it. */
int xpc__transmit_fragments(xpc_connection_t connection,
                            struct xpc__message *message);

/* record.c: adds our credentials, if they must be stated, to a control area
 * of at least CMSG_SPACE(sizeof(struct ucred)) bytes; returns its length. */
size_t xpc__add_credentials(xpc_connection_t connection, struct cmsghdr *at);

#endif
