/* See turns.h. */
#include "turns.h"

bool xpc__is_due(struct xpc__look *look, const void *user) {
  unsigned i;

  if (user == NULL)
    return true;
  for (i = 0; i < look->users && look->of[i].user != user; i++)
    continue;
  if (i == XPC__LOOK_USERS)
    return true;
  if (i == look->users) {
    look->of[i].user = user;
    look->of[i].turns = 0;
    look->users++;
  }
  if (look->of[i].turns++ < XPC_PORTABLE_USER_TURNS)
    return true;
  look->refused++;
  return false;
}
