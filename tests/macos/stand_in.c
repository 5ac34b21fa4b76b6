/* Stands in for macOS's libxpc: says which call peer_apple.c made.
 *
 *     stand_in < FRAME      prints the call, then what the bridge answers
 *
 * With XPCRPC_TEST_ANSWER=N in the environment, libxpc answers N. The calls
 * have their own names by macros (see test_carrying_out.py), as the portable
 * library defines the real ones. With -DOLD_SYSTEM none of them exist. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "xr__bridge.h"

#ifndef OLD_SYSTEM
static int reply(void) {
  const char *text = getenv("XPCRPC_TEST_ANSWER");

  return text == NULL ? 0 : atoi(text);
}

static const char *or_null(const char *text) {
  return text == NULL ? "NULL" : text;
}

static void say_object(const char *what, const char *name, xpc_object_t value) {
  char *text = xpc_copy_description(value);

  printf("%s %s %s\n", what, name, text);
  free(text);
}

int xpc_connection_set_peer_code_signing_requirement(xpc_connection_t c,
                                                     const char *text) {
  (void)c;
  printf("setter text %s\n", text);
  return reply();
}

int xpc_connection_set_peer_team_identity_requirement(xpc_connection_t c,
                                                      const char *identifier) {
  (void)c;
  printf("setter team %s\n", or_null(identifier));
  return reply();
}

int xpc_connection_set_peer_platform_identity_requirement(
    xpc_connection_t c, const char *identifier) {
  (void)c;
  printf("setter platform %s\n", or_null(identifier));
  return reply();
}

int xpc_connection_set_peer_entitlement_exists_requirement(xpc_connection_t c,
                                                           const char *name) {
  (void)c;
  printf("setter exists %s\n", name);
  return reply();
}

int xpc_connection_set_peer_entitlement_matches_value_requirement(
    xpc_connection_t c, const char *name, xpc_object_t value) {
  (void)c;
  say_object("setter value", name, value);
  return reply();
}

int xpc_connection_set_peer_lightweight_code_requirement(xpc_connection_t c,
                                                         xpc_object_t lwcr) {
  (void)c;
  say_object("setter lwcr", "", lwcr);
  return reply();
}

/* An object of the portable library serves as the requirement: the sanitizer
 * tells if it is not released. */
static xpc_peer_requirement_t made(void) {
  return reply() ? NULL : (xpc_peer_requirement_t)xpc_array_create(NULL, 0);
}

xpc_peer_requirement_t
xpc_peer_requirement_create_team_identity(const char *identifier,
                                          xpc_rich_error_t *error) {
  printf("object team %s%s\n", or_null(identifier), error ? " error" : "");
  return made();
}

xpc_peer_requirement_t
xpc_peer_requirement_create_platform_identity(const char *identifier,
                                              xpc_rich_error_t *error) {
  printf("object platform %s%s\n", or_null(identifier), error ? " error" : "");
  return made();
}

xpc_peer_requirement_t
xpc_peer_requirement_create_entitlement_exists(const char *name,
                                               xpc_rich_error_t *error) {
  printf("object exists %s%s\n", name, error ? " error" : "");
  return made();
}

xpc_peer_requirement_t xpc_peer_requirement_create_entitlement_matches_value(
    const char *name, xpc_object_t value, xpc_rich_error_t *error) {
  (void)error;
  say_object("object value", name, value);
  return made();
}

xpc_peer_requirement_t
xpc_peer_requirement_create_lwcr(xpc_object_t lwcr, xpc_rich_error_t *error) {
  (void)error;
  say_object("object lwcr", "", lwcr);
  return made();
}

void xpc_connection_set_peer_requirement(xpc_connection_t c,
                                         xpc_peer_requirement_t requirement) {
  (void)c;
  printf("set %s\n", requirement == NULL ? "NULL" : "it");
}
#endif

int main(void) {
  static char frame[65536];
  size_t length = fread(frame, 1, sizeof frame, stdin);
  struct xr_connection connection = {0};
  int result = xr_connection_set_peer_rule(&connection, frame, length);

  printf("%s\n", result == 0         ? "0"
                 : result == ENOTSUP ? "ENOTSUP"
                 : result == EINVAL  ? "EINVAL"
                                     : "?");
  return 0;
}
