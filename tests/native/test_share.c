/* One user who takes all he can get of what all users share: the others are
 * served as before. He is a child process with another uid, with sockets of
 * his own; the service runs here, as root. */
#include "raw.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { NOBODY = 65534, MOST_SOCKETS = 256, MESSAGE = 0x101 };

static struct {
  pid_t child;
  int said; /* a byte comes whenever the child has done what it does */
  int go;   /* and one goes there for it to go on */
} hostile;

static int sockets[MOST_SOCKETS]; /* the child's */

static void say_done(int fd) { CHECK(write(fd, "", 1) == 1); }

static void await(int fd) {
  char byte;

  CHECK(read(fd, &byte, 1) == 1);
}

static void connect_all(int count) {
  for (int i = 0; i < count; i++)
    sockets[i] = raw_client();
}

/* One record on every socket; one that the service has closed is passed over. */
static void send_on_all(int count, const void *record, size_t length,
                        const int *fds, size_t fd_count) {
  for (int i = 0; i < count; i++)
    if (!raw_at_end(sockets[i]))
      raw_send(sockets[i], record, length, fds, fd_count);
}

/* Serves, and starts the other user's process. False when this one is not
 * root, so that there can be no other. */
static bool attacked_by(void (*attack)(int said, int go)) {
  char path[128];
  int said[2], go[2];

  if (geteuid() != 0)
    return false;
  raw_serve();
  (void)snprintf(path, sizeof path, "%s/org.example.h",
                 getenv("XPCRPC_BOOTSTRAP_DIR"));
  CHECK(chmod(getenv("XPCRPC_BOOTSTRAP_DIR"), 0755) == 0);
  CHECK(chmod(path, 0666) == 0);
  CHECK(pipe2(said, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0);
  hostile.child = check_fork();
  if (hostile.child == 0) {
    alarm(60);
    CHECK(setgroups(0, NULL) == 0);
    CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* which the change of ids has undone */
    attack(said[1], go[0]);
    say_done(said[1]);
    for (;;)
      pause();
  }
  close(said[1]); /* so that its death is told from silence */
  close(go[0]);
  hostile.said = said[0];
  hostile.go = go[1];
  return true;
}

/* The record of a message, which is given up; its length. */
static size_t say(uint8_t *record, xpc_object_t message) {
  void *bytes;
  size_t length;

  CHECK(xpc_portable_serialize(message, &bytes, &length, NULL) == 0);
  length = record_of(record, MESSAGE, length, 1, bytes, length);
  free(bytes);
  xpc_release(message);
  return length;
}

static size_t say_number(uint8_t *record, int64_t n) {
  return say(record, number(n));
}

/* One that speaks of so many descriptors. */
static size_t say_descriptors(uint8_t *record, int count) {
  xpc_object_t message = number(1);

  for (int i = 0; i < count; i++) {
    char key[16];
    (void)snprintf(key, sizeof key, "%d", i);
    xpc_dictionary_set_fd(message, key, 0);
  }
  return say(record, message);
}

/* -- places */

static void say_nothing(int said, int go) {
  (void)said;
  (void)go;
  connect_all(8);
}

TEST(one_user_has_half_of_the_places_for_the_silent) {
  int raw[4];

  if (!attacked_by(say_nothing))
    return;
  xpc_portable_set_peer_limits(0, 0, 8);
  await(hostile.said);
  check_quiet(NULL);
  CHECK(logged == 4 && strstr(last_line, "of its user have said nothing"));
  for (int i = 0; i < 4; i++) {
    raw[i] = raw_client();
    check_quiet(NULL);
    CHECK(!raw_at_end(raw[i]));
  }
  CHECK(logged == 4);
  close(raw[0]);
  check_quiet(NULL);
  raw_still_serves();
}

/* Who runs as this process's user could end it: shares do not concern him. */
TEST(the_process_own_user_is_not_held_to_a_share) {
  int raw[8];

  raw_serve();
  xpc_portable_set_peer_limits(0, 0, 8);
  for (int i = 0; i < 8; i++)
    raw[i] = raw_client();
  check_quiet(NULL);
  CHECK(logged == 0 && !raw_at_end(raw[7]));
}

/* -- descriptors, as connections */

static void speak_on_many(int said, int go) {
  uint8_t record[128];
  size_t length = say_number(record, 1);

  (void)said;
  (void)go;
  connect_all(100);
  send_on_all(100, record, length, NULL, 0);
}

static struct rlimit few_descriptors(rlim_t count) {
  struct rlimit before, few;

  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  few = before;
  few.rlim_cur = count;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  return before;
}

TEST(one_user_has_half_of_the_descriptors_as_connections) {
  if (!attacked_by(speak_on_many))
    return;
  few_descriptors(128);
  await(hostile.said);
  check_quiet(NULL);
  CHECK(raw_listener.peers == 64 && logged == 36);
  CHECK(strstr(last_line, "his share of descriptors") != NULL);
  raw_still_serves();
  kill_child(hostile.child); /* what he had is free again */
  PUMP_UNTIL(raw_server.invalid == 65); /* and the one who still was served */
  raw_still_serves();
}

/* -- bytes of unfinished messages */

static void begin_on_many(int said, int go) {
  uint8_t record[24];
  size_t length = record_of(record, 0x08000101, 4 << 20, 1, "", 0);

  (void)said;
  (void)go;
  connect_all(64);
  send_on_all(64, record, length, NULL, 0);
}

TEST(one_user_has_half_of_the_bytes_of_unfinished_messages) {
  struct seen client = {0}, reply = {0};
  uint8_t *bytes = calloc(1, 3 << 20);
  xpc_object_t message = number(1);

  if (!attacked_by(begin_on_many))
    return;
  await(hostile.said);
  check_quiet(NULL);
  CHECK(logged == 32 && strstr(last_line, "unfinished") != NULL);
  xpc_dictionary_set_data(message, "data", bytes, 3 << 20);
  xpc_connection_t c = named_client("org.example.h", &client);
  xpc_connection_send_message_with_reply(c, message, NULL,
                                         HANDLER(record, &reply));
  PUMP_UNTIL(reply.messages == 1);
  CHECK(logged == 32);
  free(bytes);
}

/* -- what waits for a handler */

static xpc_connection_t peers[MOST_SOCKETS];
static int peer_count;

/* Accepts; what the other user says is not looked at for now. */
static void accept_and_suspend(struct seen *listener, xpc_connection_t peer) {
  accept_peer(listener, peer);
  if (xpc_connection_get_euid(peer) != NOBODY)
    return;
  xpc_connection_suspend(peer);
  peers[peer_count++] = xpc_retain(peer);
}

static void resume_all(void) {
  int resumed = 0;

  raw_listener.on_peer = accept_peer;
  while (resumed < peer_count)
    xpc_connection_resume(peers[resumed++]);
}

/* Fewer in all than a process may usually open: the kernel's limit of those
 * under way. One socket alone brings more than the share. */
enum { FDS = 8, CARRIERS = 8, CARRIED = 12 };

static void send_descriptors(int said, int go) {
  uint8_t record[1024];
  int fds[FDS] = {0};
  size_t length = say_descriptors(record, FDS);

  (void)said;
  (void)go;
  connect_all(CARRIERS);
  for (int i = 0; i < CARRIED; i++)
    send_on_all(CARRIERS, record, length, fds, FDS);
}

/* A message with a descriptor, from this process. */
static void others_may_send_descriptors(void) {
  struct seen client = {0}, reply = {0};
  xpc_connection_t c = named_client("org.example.h", &client);
  xpc_object_t message = number(1);

  xpc_dictionary_set_fd(message, "fd", 0);
  xpc_connection_send_message_with_reply(c, message, NULL,
                                         HANDLER(record, &reply));
  PUMP_UNTIL(reply.messages == 1);
  xpc_release(message);
  xpc_connection_cancel(c);
  PUMP_UNTIL(client.invalid == 1);
}

TEST(descriptors_beyond_one_users_share_wait_in_their_sockets) {
  int before, after, seen;

  if (!attacked_by(send_descriptors))
    return;
  raw_listener.on_peer = accept_and_suspend;
  few_descriptors(256);
  await(hostile.said);
  before = open_descriptors();
  check_quiet(NULL); /* nobody spins on what is not read */
  after = open_descriptors();
  CHECK(after - before >= CARRIERS + 64);
  CHECK(after - before < CARRIERS + 64 + FDS);
  raw_still_serves();
  others_may_send_descriptors();
  seen = raw_server.messages;
  resume_all();
  PUMP_UNTIL(raw_server.messages == seen + CARRIERS * CARRIED);
  CHECK(logged == 0);
  kill_child(hostile.child);
  PUMP_UNTIL(raw_server.invalid == CARRIERS + 2);
  CHECK(open_descriptors() == before);
}

/* Answers the first request that comes on a socket. */
static void answer_on(int fd) {
  struct pollfd ready = {fd, POLLIN, 0};
  uint8_t request[4096], reply[128];
  uint64_t id;

  CHECK(poll(&ready, 1, 10000) == 1);
  CHECK(recv(fd, request, sizeof request, 0) > 24);
  memcpy(&id, request + 16, sizeof id);
  raw_send(fd, reply, record_of(reply, 0x20101, 20, id, EMPTY_DICTIONARY, 20),
           NULL, 0);
}

/* One socket that is well-behaved, and, after it, those of send_descriptors();
 * then the first says something again, which is not read. */
static void send_descriptors_elsewhere(int said, int go) {
  uint8_t record[128];
  size_t length = say_number(record, 1);
  int fd = raw_client();

  raw_send(fd, record, length, NULL, 0);
  say_done(said);
  await(go);
  send_descriptors(said, go);
  raw_send(fd, record, length, NULL, 0);
  say_done(said);
  answer_on(fd);
}

TEST(a_reply_that_is_waited_for_is_read_from_a_user_who_is_full) {
  xpc_object_t message = number(1), reply;
  xpc_connection_t first;

  if (!attacked_by(send_descriptors_elsewhere))
    return;
  await(hostile.said);
  PUMP_UNTIL(raw_server.messages == 1);
  first = xpc_retain(raw_listener.peer);
  raw_listener.on_peer = accept_and_suspend;
  few_descriptors(256);
  CHECK(write(hostile.go, "", 1) == 1);
  await(hostile.said);
  check_quiet(NULL);
  CHECK(raw_server.messages == 1);
  reply = xpc_connection_send_message_with_reply_sync(first, message);
  CHECK(xpc_get_type(reply) == XPC_TYPE_DICTIONARY);
  resume_all();
  PUMP_UNTIL(raw_server.messages == 2 + CARRIERS * CARRIED);
}

/* This process's own user is not held to a share, but what has brought
 * descriptors is read one message at a time: sixteen at once could be more
 * than it may open. */
TEST(descriptors_come_one_message_at_a_time) {
  uint8_t record[2048];
  size_t length;
  int fd, fds[16] = {0};

  raw_serve();
  length = say_descriptors(record, 16);
  fd = raw_client();
  raw_send(fd, record, length, fds, 16);
  PUMP_UNTIL(raw_server.messages == 1);
  for (int i = 0; i < 16; i++)
    raw_send(fd, record, length, fds, 16);
  few_descriptors(128);
  PUMP_UNTIL(raw_server.messages == 17);
  CHECK(logged == 0);
}

static void begin_with_descriptors(int said, int go) {
  uint8_t record[24];
  size_t length = record_of(record, 0x08000101, 65 << 10, 1, "", 0);
  int fds[16] = {0};

  (void)said;
  (void)go;
  connect_all(20);
  send_on_all(20, record, length, fds, 16);
}

TEST(descriptors_of_unfinished_messages_count_as_well) {
  int before, after;

  if (!attacked_by(begin_with_descriptors))
    return;
  few_descriptors(256);
  await(hostile.said);
  before = open_descriptors();
  check_quiet(NULL);
  after = open_descriptors();
  CHECK(after - before == 20 + 64);
  others_may_send_descriptors();
  kill_child(hostile.child);
  check_quiet(NULL);
  CHECK(open_descriptors() == before);
}

/* A message of 64 MiB in a memfd with a hole: the bytes cost nothing. */
static void send_holes(int said, int go) {
  const size_t most = XPC_PORTABLE_MESSAGE_BYTES;
  const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  int fd = memfd_create("holes", MFD_ALLOW_SEALING);
  uint8_t record[24];
  xpc_object_t message = number(1);
  void *bytes, *hole = calloc(1, most - 128);
  size_t length;

  (void)said;
  (void)go;
  xpc_dictionary_set_data(message, "d", hole, most - 128);
  CHECK(xpc_portable_serialize(message, &bytes, &length, NULL) == 0);
  CHECK(ftruncate(fd, (off_t)length) == 0);
  CHECK(pwrite(fd, bytes, 64, 0) == 64);
  CHECK(pwrite(fd, (char *)bytes + length - 64, 64, (off_t)length - 64) == 64);
  CHECK(fcntl(fd, F_ADD_SEALS, seals) == 0);
  record_of(record, MESSAGE | 0x02000000, length, 1, "", 0);
  connect_all(8);
  send_on_all(8, record, sizeof record, &fd, 1);
}

TEST(bytes_beyond_one_users_share_wait_in_their_sockets) {
  if (!attacked_by(send_holes))
    return;
  raw_listener.on_peer = accept_and_suspend;
  await(hostile.said);
  check_quiet(NULL);
  CHECK(peer_count == 5); /* the fifth goes over 256 MiB, a little */
  raw_still_serves();
  resume_all();
  PUMP_UNTIL(raw_server.messages == 1 + 8);
  CHECK(logged == 0);
}

/* -- what a peer does not read */

static void ask_and_not_read(int said, int go) {
  uint8_t record[128];
  size_t length = say_number(record, 1);

  connect_all(16);
  send_on_all(16, record, length, NULL, 0);
  say_done(said);
  await(go);
  for (int i = 0; i < 16; i++)
    close(sockets[i]);
  connect_all(1);
  send_on_all(1, record, length, NULL, 0);
}

static size_t most_unsent;

/* Answers with more than a socket takes. */
static void send_much(struct seen *seen, xpc_object_t message) {
  xpc_connection_t to = xpc_dictionary_get_remote_connection(message);
  static uint8_t bytes[40000];
  xpc_object_t much = number(1);
  size_t unsent = 0;

  if (xpc_connection_get_euid(to) != NOBODY) {
    echo(seen, message);
    return;
  }
  xpc_dictionary_set_data(much, "data", bytes, sizeof bytes);
  for (int i = 0; i < 16; i++)
    xpc_connection_send_message(to, much);
  xpc_release(much);
  peers[peer_count++] = xpc_retain(to);
  for (int i = 0; i < peer_count; i++)
    unsent += xpc_portable_connection_get_queued(peers[i]);
  most_unsent = unsent > most_unsent ? unsent : most_unsent;
}

TEST(what_one_user_does_not_read_is_bounded_over_all_his_connections) {
  const size_t share = 1 << 20;
  int lines;

  if (!attacked_by(ask_and_not_read))
    return;
  raw_server.on_message = send_much;
  xpc_portable_set_queue_limits(0, share); /* one alone stays below it */
  await(hostile.said);
  check_quiet(NULL);
  CHECK(peer_count == 16 && most_unsent > share / 2);
  CHECK(most_unsent <= share + 50000 && logged > 0);
  CHECK(strstr(last_line, "does not read") != NULL);
  raw_still_serves();
  CHECK(write(hostile.go, "", 1) == 1);
  await(hostile.said); /* all that is gone: he has his share once more */
  lines = logged;
  PUMP_UNTIL(peer_count == 17);
  check_quiet(NULL);
  CHECK(logged == lines);
  CHECK(xpc_portable_connection_get_queued(peers[16]) > share / 4);
}

/* -- turns */

enum { FLOODING = 200, FLOOD = 20 };

static void flood(int said, int go) {
  uint8_t record[128];
  size_t length = say_number(record, 1);

  connect_all(FLOODING);
  send_on_all(FLOODING, record, length, NULL, 0);
  say_done(said);
  await(go);
  for (int i = 0; i < FLOOD; i++)
    send_on_all(FLOODING, record, length, NULL, 0);
}

TEST(a_user_who_floods_many_connections_does_not_delay_another) {
  struct seen client = {0}, reply = {0};
  int before, ahead = 0;

  if (!attacked_by(flood))
    return;
  xpc_connection_t c = named_client("org.example.h", &client);
  request(c, 1, &reply);
  PUMP_UNTIL(reply.messages == 1);
  await(hostile.said);
  PUMP_UNTIL(raw_server.messages == 1 + FLOODING);
  CHECK(write(hostile.go, "", 1) == 1);
  await(hostile.said); /* 4,000 messages lie in 200 sockets, */
  request(c, 7, &reply); /* and then comes this one */
  before = raw_server.messages;
  PUMP_UNTIL(reply.messages == 2);
  CHECK(raw_server.messages < 1024); /* of 4,201, which are all noted then */
  while (raw_server.numbers[before + ahead] != 7)
    ahead++;
  CHECK(ahead <= 16 * XPC_PORTABLE_USER_TURNS);
  PUMP_UNTIL(raw_server.messages == before + FLOODING * FLOOD + 1);
}
