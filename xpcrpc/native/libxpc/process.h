/* Which process this is: fork() without exec leaves a child with sockets, an
 * epoll set and locks that are its parent's. What was made before belongs to
 * the parent alone (X36). */
#ifndef XPC__PROCESS_H
#define XPC__PROCESS_H

#include "object.h"

/* Counts the forks between the first process and this one. It changes only
 * in a child that has one thread, so reading it costs a load. */
extern uint32_t xpc__process;

/* Has the count kept from now on; called wherever it is first stored. */
void xpc__process_watch(void);

/* What a child forgets of its parent: the default queue, the peers, and the
 * locks that one of the parent's threads may have held. Called in a child
 * that has one thread. */
void xpc__queue_forget_default(void);
void xpc__peers_forget(void);
void xpc__users_forget(void);
void xpc__buffers_forget(void);

#endif
