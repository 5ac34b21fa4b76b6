/* Messages of one size there and back between two processes: through the
 * library, and as bare copies through a socket into one buffer, in turns.
 *
 *   cc -O2 -Ixpcrpc/native/include xpcrpc/native/libxpc/(all).c \
 *      tests/native/bench/large.c -pthread -o large && ./large [rounds] */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <Block.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <xpc/portable.h>

enum { CHUNK = 64 * 1024, BATCH = 16, TURNS = 5 };

static double now_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

static double median(double *times, int count) {
  qsort(times, (size_t)count, sizeof *times, compare);
  return times[count / 2];
}

/* Bare copies. */

static unsigned fill(struct mmsghdr *headers, struct iovec *parts,
                     uint8_t *bytes, size_t length) {
  unsigned count = 0;

  memset(headers, 0, BATCH * sizeof *headers);
  for (; count < BATCH && length != 0; count++) {
    size_t part = length < CHUNK ? length : CHUNK;
    parts[count] = (struct iovec){bytes, part};
    headers[count].msg_hdr.msg_iov = &parts[count];
    headers[count].msg_hdr.msg_iovlen = 1;
    bytes += part;
    length -= part;
  }
  return count;
}

static void copy(int fd, uint8_t *bytes, size_t length, bool out) {
  struct mmsghdr headers[BATCH];
  struct iovec parts[BATCH];
  struct pollfd ready = {fd, out ? POLLOUT : POLLIN, 0};
  size_t done = 0;

  while (done < length) {
    unsigned count = fill(headers, parts, bytes + done, length - done);
    int moved = out ? sendmmsg(fd, headers, count, MSG_DONTWAIT)
                    : recvmmsg(fd, headers, count, MSG_DONTWAIT, NULL);
    if (moved < 0)
      poll(&ready, 1, -1);
    for (int i = 0; i < moved; i++)
      done += parts[i].iov_len;
  }
}

struct bare {
  int fd;
  pid_t child;
  uint8_t *bytes;
};

static struct bare bare_start(size_t length) {
  const int room = 1024 * 1024;
  struct bare bare = {.bytes = malloc(length)};
  int ends[2];

  memset(bare.bytes, 1, length);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
    exit(1);
  for (int i = 0; i < 2; i++)
    setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  bare.fd = ends[0];
  bare.child = fork();
  while (bare.child == 0) {
    copy(ends[1], bare.bytes, length, false);
    copy(ends[1], bare.bytes, length, true);
  }
  close(ends[1]);
  return bare;
}

static double bare_once(struct bare *bare, size_t length) {
  double begun = now_us();

  copy(bare->fd, bare->bytes, length, true);
  copy(bare->fd, bare->bytes, length, false);
  return now_us() - begun;
}

/* The library. */

struct block {
  void *isa;
  uint32_t flags, reserved;
  void (*invoke)(struct block *, xpc_object_t);
  const void *descriptor;
};
static const unsigned long descriptor[2] = {0, sizeof(struct block)};
#define BLOCK(name, function) \
  static struct block name = {_NSConcreteGlobalBlock, 1u << 28, 0, function, \
                              descriptor}

static bool answered;

static void take_reply(struct block *block, xpc_object_t reply) {
  (void)block;
  answered = xpc_get_type(reply) == XPC_TYPE_DICTIONARY;
}

static void return_data(struct block *block, xpc_object_t event) {
  xpc_object_t reply;

  (void)block;
  if (xpc_get_type(event) != XPC_TYPE_DICTIONARY)
    return;
  reply = xpc_dictionary_create_reply(event);
  xpc_dictionary_set_value(reply, "data",
                           xpc_dictionary_get_value(event, "data"));
  xpc_connection_send_message(xpc_dictionary_get_remote_connection(event),
                              reply);
  xpc_release(reply);
}
BLOCK(on_reply, take_reply);
BLOCK(on_message, return_data);

static void take_peer(struct block *block, xpc_object_t peer) {
  (void)block;
  if (xpc_get_type(peer) != XPC_TYPE_CONNECTION)
    return;
  xpc_connection_set_event_handler(peer, (xpc_handler_t)(void *)&on_message);
  xpc_connection_activate(peer);
}
BLOCK(on_peer, take_peer);

static void pump(void) {
  struct pollfd ready = {xpc_portable_queue_get_fd(NULL), POLLIN, 0};

  if (xpc_portable_queue_drain(NULL, 64) == 0)
    poll(&ready, 1, -1);
}

static pid_t serve(const char *name) {
  int ends[2];
  char byte = 0;
  pid_t child;

  if (pipe(ends) != 0)
    exit(1);
  child = fork();
  if (child == 0) {
    xpc_connection_t listener = xpc_connection_create_mach_service(
        name, NULL, XPC_CONNECTION_MACH_SERVICE_LISTENER);
    xpc_connection_set_event_handler(listener, (xpc_handler_t)(void *)&on_peer);
    xpc_connection_activate(listener);
    (void)!write(ends[1], &byte, 1);
    for (;;)
      pump();
  }
  (void)!read(ends[0], &byte, 1);
  return child;
}

static double library_once(xpc_connection_t connection, const uint8_t *bytes,
                           size_t length) {
  double begun = now_us();
  xpc_object_t message = xpc_dictionary_create_empty();

  xpc_dictionary_set_data(message, "data", bytes, length);
  answered = false;
  xpc_connection_send_message_with_reply(connection, message, NULL,
                                         (xpc_handler_t)(void *)&on_reply);
  xpc_release(message);
  while (!answered)
    pump();
  return now_us() - begun;
}

static void compare_at(xpc_connection_t connection, size_t length, int rounds) {
  struct bare bare = bare_start(length);
  double *ours = malloc((size_t)rounds * TURNS * sizeof *ours);
  double *theirs = malloc((size_t)rounds * TURNS * sizeof *theirs);
  int count = 0;

  library_once(connection, bare.bytes, length);
  bare_once(&bare, length);
  for (int turn = 0; turn < TURNS; turn++) {
    for (int i = 0; i < rounds; i++)
      ours[count + i] = library_once(connection, bare.bytes, length);
    for (int i = 0; i < rounds; i++)
      theirs[count + i] = bare_once(&bare, length);
    count += rounds;
  }
  double mine = median(ours, count), plain = median(theirs, count);
  printf("%9zu bytes: library %8.0f us, bare copies %8.0f us: %.2f x\n", length,
         mine, plain, mine / plain);
  kill(bare.child, SIGKILL);
  waitpid(bare.child, NULL, 0);
  close(bare.fd);
  free(bare.bytes);
  free(ours);
  free(theirs);
}

int main(int count, char **arguments) {
  const size_t sizes[] = {32768,   60000,   100000,  262144,  524288,
                          1000000, 1048576, 2097152, 8388608, 33554432};
  int rounds = count > 1 ? atoi(arguments[1]) : 40;
  char directory[] = "/tmp/xpc-bench-XXXXXX";
  xpc_connection_t connection;
  pid_t child;

  if (mkdtemp(directory) == NULL)
    return 1;
  setenv("XPCRPC_BOOTSTRAP_DIR", directory, 1);
  child = serve("org.example.bench");
  connection = xpc_connection_create_mach_service("org.example.bench", NULL, 0);
  xpc_connection_set_event_handler(connection,
                                   (xpc_handler_t)(void *)&on_reply);
  xpc_connection_activate(connection);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    compare_at(connection, sizes[i], sizes[i] > 4000000 ? 5 : rounds);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return 0;
}
