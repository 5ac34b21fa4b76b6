/* Peer rules: the Linux form of Apple's peer requirements, checked against
 * the kernel's credentials of every message (C-160 to C-165, C-171). */
#include "connection.h"

#include <errno.h>
#include <sys/stat.h>

enum { RULE_DEPTH = 32, LABEL_BYTES = 4096 };

enum rule_kind {
  RULE_UID,
  RULE_GID,
  RULE_EXE,
  RULE_LABEL,
  RULE_ALL,
  RULE_ANY,
  RULE_ANYONE
};

/* Never changes once made. */
struct xpc__rule {
  _Atomic uint32_t references;
  enum rule_kind kind;
  uint32_t number;
  char *text;
  size_t count;
  struct xpc__rule **children;
};

static struct xpc__rule *compile(xpc_object_t source, unsigned depth);

struct xpc__rule *xpc__rule_retain(struct xpc__rule *rule) {
  if (rule != NULL)
    atomic_fetch_add(&rule->references, 1);
  return rule;
}

void xpc__rule_release(struct xpc__rule *rule) {
  if (rule == NULL || atomic_fetch_sub(&rule->references, 1) != 1)
    return;
  for (size_t i = 0; i < rule->count; i++)
    xpc__rule_release(rule->children[i]);
  free(rule->children);
  free(rule->text);
  free(rule);
}

static bool compile_number(struct xpc__rule *rule, xpc_object_t value) {
  uint64_t number;

  if (xpc_get_type(value) == XPC_TYPE_UINT64) {
    number = xpc_uint64_get_value(value);
  } else if (xpc_get_type(value) == XPC_TYPE_INT64 &&
             xpc_int64_get_value(value) >= 0) {
    number = (uint64_t)xpc_int64_get_value(value);
  } else {
    return false;
  }
  rule->number = (uint32_t)number;
  return number < UINT32_MAX; /* -1 is nobody */
}

static bool compile_text(struct xpc__rule *rule, xpc_object_t value) {
  const char *text = xpc_string_get_string_ptr(value);

  if (text == NULL || *text == 0)
    return false;
  if (rule->kind == RULE_EXE && *text != '/')
    return false;
  rule->text = xpc__strdup(text);
  return true;
}

static bool compile_children(struct xpc__rule *rule, xpc_object_t value,
                             unsigned depth) {
  size_t count = xpc_array_get_count(value);

  if (count == 0)
    return false;
  rule->children = xpc__alloc(count * sizeof(struct xpc__rule *));
  for (size_t i = 0; i < count; i++) {
    struct xpc__rule *child = compile(xpc_array_get_value(value, i), depth + 1);
    if (child == NULL)
      return false;
    rule->children[rule->count++] = child;
  }
  return true;
}

static xpc_object_t only_value(xpc_object_t source, enum rule_kind *kind) {
  static const char *const names[] = {"uid", "gid", "exe",   "label",
                                      "all", "any", "anyone"};

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    xpc_object_t value = xpc_dictionary_get_value(source, names[i]);
    *kind = (enum rule_kind)i;
    if (value != NULL)
      return value;
  }
  return NULL;
}

static struct xpc__rule *compile(xpc_object_t source, unsigned depth) {
  struct xpc__rule *rule;
  enum rule_kind kind;
  xpc_object_t value;
  bool good = false;

  if (source == NULL || depth > RULE_DEPTH ||
      xpc__kind_of(source) != XPC__DICTIONARY ||
      xpc_dictionary_get_count(source) != 1)
    return NULL;
  value = only_value(source, &kind);
  if (value == NULL)
    return NULL;
  rule = xpc__alloc(sizeof *rule);
  *rule = (struct xpc__rule){.references = 1, .kind = kind};
  switch (kind) {
    case RULE_UID:
    case RULE_GID:
      good = compile_number(rule, value);
      break;
    case RULE_EXE:
    case RULE_LABEL:
      good = compile_text(rule, value);
      break;
    case RULE_ALL:
    case RULE_ANY:
      good = compile_children(rule, value, depth);
      break;
    case RULE_ANYONE:
      good = value == xpc_bool_create(true);
      break;
  }
  if (good)
    return rule;
  xpc__rule_release(rule);
  return NULL;
}

/* Does the process that connected run this very file? The directory under
 * /proc is held open, and the pidfd is alive afterwards, so the number had
 * not passed to another process before. A sender other than the one that
 * connected does not match. */
static bool runs(xpc_connection_t connection, const struct ucred *sender,
                 const char *path) {
  struct stat wanted, running;
  char proc[32];
  bool same = false;
  int pidfd, directory;

  if (sender->pid <= 0 || sender->pid != connection->connected_pid)
    return false;
  pidfd = xpc__peer_pidfd(connection);
  if (pidfd < 0)
    return false;
  (void)snprintf(proc, sizeof proc, "/proc/%d", (int)sender->pid);
  directory = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    same = stat(path, &wanted) == 0 &&
           fstatat(directory, "exe", &running, 0) == 0 &&
           wanted.st_dev == running.st_dev && wanted.st_ino == running.st_ino;
    close(directory);
  }
  same = same && xpc__pidfd_alive(pidfd);
  close(pidfd);
  return same;
}

static bool labelled(xpc_connection_t connection, const struct ucred *sender,
                     const char *label) {
  char found[LABEL_BYTES];
  socklen_t length = sizeof found;

  if (sender->pid != connection->connected_pid ||
      getsockopt(connection->fd, SOL_SOCKET, SO_PEERSEC, found, &length) != 0)
    return false; /* no security module: no label */
  if (length > 0 && found[length - 1] == 0)
    length--;
  return length == strlen(label) && memcmp(found, label, length) == 0;
}

static bool any_child(const struct xpc__rule *rule, xpc_connection_t connection,
                      const struct ucred *sender, bool wanted) {
  for (size_t i = 0; i < rule->count; i++)
    if (xpc__rule_admits(rule->children[i], connection, sender) == wanted)
      return true;
  return false;
}

bool xpc__rule_admits(const struct xpc__rule *rule, xpc_connection_t connection,
                      const struct ucred *sender) {
  if (rule == NULL)
    return true;
  switch (rule->kind) {
    case RULE_UID:
      return sender->uid == rule->number;
    case RULE_GID:
      return sender->gid == rule->number;
    case RULE_EXE:
      return runs(connection, sender, rule->text);
    case RULE_LABEL:
      return labelled(connection, sender, rule->text);
    case RULE_ALL:
      return !any_child(rule, connection, sender, false);
    case RULE_ANY:
      return any_child(rule, connection, sender, true);
    case RULE_ANYONE:
      return true;
  }
  return false;
}

/* C-161, C-162, OQ-17. */
static void require_open_slot(xpc_connection_t connection) {
  xpc__require_connection(connection, "peer requirement");
  pthread_mutex_lock(&connection->lock);
  if (connection->rule != NULL)
    xpc__misuse("a second peer requirement on one connection");
  if (connection->activated)
    xpc__misuse("a peer requirement on an active connection");
  pthread_mutex_unlock(&connection->lock);
}

int xpc_portable_connection_set_peer_rule(xpc_connection_t connection,
                                          xpc_object_t source) {
  struct xpc__rule *rule;

  require_open_slot(connection);
  rule = compile(source, 0);
  if (rule == NULL)
    return EINVAL;
  pthread_mutex_lock(&connection->lock);
  if (connection->rule != NULL)
    xpc__misuse("a second peer requirement on one connection");
  connection->rule = rule;
  pthread_mutex_unlock(&connection->lock);
  return 0;
}

int xpc_connection_set_peer_code_signing_requirement(
    xpc_connection_t connection, const char *requirement) {
  (void)requirement;
  require_open_slot(connection);
  return ENOTSUP;
}

int xpc_connection_set_peer_entitlement_exists_requirement(
    xpc_connection_t connection, const char *entitlement) {
  (void)entitlement;
  require_open_slot(connection);
  return ENOTSUP;
}

int xpc_connection_set_peer_entitlement_matches_value_requirement(
    xpc_connection_t connection, const char *entitlement, xpc_object_t value) {
  (void)entitlement;
  (void)value;
  require_open_slot(connection);
  return ENOTSUP;
}

int xpc_connection_set_peer_team_identity_requirement(
    xpc_connection_t connection, const char *signing_identifier) {
  (void)signing_identifier;
  require_open_slot(connection);
  return ENOTSUP;
}

int xpc_connection_set_peer_platform_identity_requirement(
    xpc_connection_t connection, const char *signing_identifier) {
  (void)signing_identifier;
  require_open_slot(connection);
  return ENOTSUP;
}

int xpc_connection_set_peer_lightweight_code_requirement(
    xpc_connection_t connection, xpc_object_t lwcr) {
  (void)lwcr;
  require_open_slot(connection);
  return ENOTSUP;
}
