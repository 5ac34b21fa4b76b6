/* The limits a process may set for itself; see <xpc/portable.h>. */
#ifndef XPC__LIMITS_H
#define XPC__LIMITS_H

#include "object.h"

size_t xpc__message_limit(void);
size_t xpc__queue_messages(void);
size_t xpc__queue_bytes(void);
size_t xpc__peers(void);
size_t xpc__peers_of_user(void);
size_t xpc__silent_peers(void);

#endif
