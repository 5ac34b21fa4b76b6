/* Whose turn it is, while a queue looks at what is ready. */
#ifndef XPC__TURNS_H
#define XPC__TURNS_H

#include "share.h"

enum { XPC__LOOK_USERS = 32 };

/* One look at all descriptors that are ready: who has had how many turns. All
 * zeros to begin with. */
struct xpc__look {
  struct {
    const void *user;
    unsigned turns;
  } of[XPC__LOOK_USERS];
  unsigned users;
  unsigned refused; /* turns that were more than a user's due */
};

/* Counts a turn and says whether it is due. What belongs to no user always is,
 * and so are users for whom there is no place in the table. */
bool xpc__is_due(struct xpc__look *look, const void *user);

#endif
