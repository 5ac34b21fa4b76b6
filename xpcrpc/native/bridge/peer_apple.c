/* Peer rules on macOS: makes the one call that a plan names. What to call on
 * which system is decided in transport/xpc_requirement.py; each function is
 * looked for before it is used, as the oldest system has none of them (C-170).
 *
 * A plan is a dictionary: "api" and "form" name the call, the rest are its
 * arguments. libxpc copies what it is given (C-160). */
#include <errno.h>
#include <string.h>

#include "xr__bridge.h"

#pragma clang diagnostic ignored "-Wunguarded-availability-new"

/* libxpc tells "bad" by any number; ours is one. */
static int answer(int result) {
  if (result == 0 || result == ENOTSUP)
    return result;
  return EINVAL;
}

/* -- 12.0: text */

static int set_text(xpc_connection_t connection, xpc_object_t plan) {
  const char *text = xpc_dictionary_get_string(plan, "text");

  if (&xpc_connection_set_peer_code_signing_requirement == NULL)
    return ENOTSUP;
  if (text == NULL)
    return EINVAL;
  return answer(
      xpc_connection_set_peer_code_signing_requirement(connection, text));
}

/* -- 14.4: a call for each form; they came together */

static int set_team(xpc_connection_t connection, xpc_object_t plan) {
  const char *identifier = xpc_dictionary_get_string(plan, "identifier");

  if (&xpc_connection_set_peer_team_identity_requirement == NULL)
    return ENOTSUP;
  return answer(
      xpc_connection_set_peer_team_identity_requirement(connection, identifier));
}

static int set_platform(xpc_connection_t connection, xpc_object_t plan) {
  const char *identifier = xpc_dictionary_get_string(plan, "identifier");

  if (&xpc_connection_set_peer_platform_identity_requirement == NULL)
    return ENOTSUP;
  return answer(xpc_connection_set_peer_platform_identity_requirement(
      connection, identifier));
}

static int set_entitlement(xpc_connection_t connection, xpc_object_t plan) {
  const char *name = xpc_dictionary_get_string(plan, "name");

  if (&xpc_connection_set_peer_entitlement_exists_requirement == NULL)
    return ENOTSUP;
  if (name == NULL)
    return EINVAL;
  return answer(
      xpc_connection_set_peer_entitlement_exists_requirement(connection, name));
}

/* The value, borrowed from the plan, or NULL when no entitlement can have it
 * (X13). */
static xpc_object_t value_of(xpc_object_t plan) {
  xpc_object_t value = xpc_dictionary_get_value(plan, "value");
  xpc_type_t type = value == NULL ? NULL : xpc_get_type(value);

  if (type == XPC_TYPE_BOOL || type == XPC_TYPE_STRING ||
      type == XPC_TYPE_INT64)
    return value;
  return NULL;
}

static int set_value(xpc_connection_t connection, xpc_object_t plan) {
  const char *name = xpc_dictionary_get_string(plan, "name");
  xpc_object_t value = value_of(plan);

  if (&xpc_connection_set_peer_entitlement_matches_value_requirement == NULL)
    return ENOTSUP;
  if (name == NULL || value == NULL)
    return EINVAL;
  return answer(xpc_connection_set_peer_entitlement_matches_value_requirement(
      connection, name, value));
}

/* The dictionary, borrowed from the plan, or NULL when it is none. */
static xpc_object_t lwcr_of(xpc_object_t plan) {
  xpc_object_t lwcr = xpc_dictionary_get_value(plan, "requirement");

  if (lwcr == NULL || xpc_get_type(lwcr) != XPC_TYPE_DICTIONARY)
    return NULL;
  return lwcr;
}

static int set_lwcr(xpc_connection_t connection, xpc_object_t plan) {
  xpc_object_t lwcr = lwcr_of(plan);

  if (&xpc_connection_set_peer_lightweight_code_requirement == NULL)
    return ENOTSUP;
  if (lwcr == NULL)
    return EINVAL;
  return answer(
      xpc_connection_set_peer_lightweight_code_requirement(connection, lwcr));
}

/* -- 26.0: an object for each form, which one call sets */

#if __has_include(<xpc/peer_requirement.h>)
typedef xpc_peer_requirement_t (*maker)(xpc_object_t plan);

static xpc_peer_requirement_t make_team(xpc_object_t plan) {
  return xpc_peer_requirement_create_team_identity(
      xpc_dictionary_get_string(plan, "identifier"), NULL);
}

static xpc_peer_requirement_t make_platform(xpc_object_t plan) {
  return xpc_peer_requirement_create_platform_identity(
      xpc_dictionary_get_string(plan, "identifier"), NULL);
}

static xpc_peer_requirement_t make_entitlement(xpc_object_t plan) {
  const char *name = xpc_dictionary_get_string(plan, "name");

  if (name == NULL)
    return NULL;
  return xpc_peer_requirement_create_entitlement_exists(name, NULL);
}

static xpc_peer_requirement_t make_value(xpc_object_t plan) {
  const char *name = xpc_dictionary_get_string(plan, "name");
  xpc_object_t value = value_of(plan);

  if (name == NULL || value == NULL)
    return NULL;
  return xpc_peer_requirement_create_entitlement_matches_value(name, value,
                                                               NULL);
}

static xpc_peer_requirement_t make_lwcr(xpc_object_t plan) {
  xpc_object_t lwcr = lwcr_of(plan);

  return lwcr == NULL ? NULL : xpc_peer_requirement_create_lwcr(lwcr, NULL);
}
#else /* an SDK older than macOS 26: the setters state the same */
typedef void *maker;
#define make_team NULL
#define make_platform NULL
#define make_entitlement NULL
#define make_value NULL
#define make_lwcr NULL
#endif

/* -- the table */

static const struct form {
  const char *name;
  int (*set)(xpc_connection_t connection, xpc_object_t plan);
  maker make;
} FORMS[] = {
    {"team_identity", set_team, make_team},
    {"platform_identity", set_platform, make_platform},
    {"entitlement_exists", set_entitlement, make_entitlement},
    {"entitlement_matches_value", set_value, make_value},
    {"lwcr", set_lwcr, make_lwcr},
};

#if __has_include(<xpc/peer_requirement.h>)
static int set_object(xpc_connection_t connection, xpc_object_t plan,
                      const struct form *form) {
  xpc_peer_requirement_t requirement;

  if (&xpc_connection_set_peer_requirement == NULL)
    return ENOTSUP;
  requirement = form->make(plan);
  if (requirement == NULL)
    return EINVAL;
  xpc_connection_set_peer_requirement(connection, requirement);
  xpc_release(requirement);
  return 0;
}
#else
static int set_object(xpc_connection_t connection, xpc_object_t plan,
                      const struct form *form) {
  return form->set(connection, plan);
}
#endif

static int carry_out(xpc_connection_t connection, xpc_object_t plan) {
  const char *api = xpc_dictionary_get_string(plan, "api");
  const char *form = xpc_dictionary_get_string(plan, "form");
  const struct form *found;
  size_t i;

  if (api == NULL || form == NULL)
    return EINVAL;
  if (strcmp(api, "code_signing_requirement") == 0)
    return strcmp(form, "text") == 0 ? set_text(connection, plan) : EINVAL;
  for (i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
    found = &FORMS[i];
    if (strcmp(form, found->name) != 0)
      continue;
    if (strcmp(api, "setter") == 0)
      return found->set(connection, plan);
    if (strcmp(api, "peer_requirement") == 0)
      return set_object(connection, plan, found);
  }
  return EINVAL;
}

int xr_connection_set_peer_rule(xr_connection *connection, const void *frame,
                                size_t length) {
  xpc_object_t plan = NULL;
  int result;

  if (xr__read_frame(frame, length, NULL, 0, &plan) != XR_OK)
    return EINVAL;
  result = carry_out(connection->connection, plan);
  xpc_release(plan);
  return result;
}
