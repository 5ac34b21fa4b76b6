/* Replies, and the limits of a message. */
#ifndef XR_MESSAGE_H
#define XR_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "xr_handle.h"

/* Sends the frame as the reply that a record's `pointer` stands for; it is a
 * number here, as Python has it from the record. On XR_OK the pointer is used
 * up; on an error it still is the caller's and can be tried again. Lost
 * without harm if the peer has gone. Any thread. */
int xr_message_reply(uintptr_t reply, const void *frame, size_t length,
                     const struct xr_handle *handles, size_t count);

/* Gives it up unsent: libxpc tells the requester at once. Any thread. */
void xr_message_release(uintptr_t reply);

/* Bytes of the largest frame that is sent, and on Linux also taken; 0 gives
 * the default back. Both return the limit as it is then. Any thread. */
size_t xr_message_limit(void);
size_t xr_message_set_limit(size_t bytes);

/* Handles that one message may carry. Any thread. */
size_t xr_handle_limit(void);

#endif
