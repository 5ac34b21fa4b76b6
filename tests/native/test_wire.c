/* Apple's serialisation: captured bytes, round trips, and malformed input.
 * The folder of captured files is in XPC_VECTORS. */
#include "check.h"

#include <dirent.h>
#include <math.h>

static uint8_t *read_file(const char *folder, const char *name,
                          size_t *length) {
  char path[512];
  FILE *file;
  uint8_t *bytes = malloc(1 << 20);

  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "rb");
  CHECK(file != NULL);
  *length = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return bytes;
}

TEST(captured_bytes_decode_and_encode_identically) {
  const char *folder = getenv("XPC_VECTORS");
  struct dirent *entry;
  DIR *directory;
  int same = 0;

  CHECK(folder != NULL);
  directory = opendir(folder);
  CHECK(directory != NULL);
  while ((entry = readdir(directory)) != NULL) {
    size_t length = strlen(entry->d_name), again, skip = 0;
    xpc_object_t object;
    uint8_t *bytes;
    void *out;
    if (length < 5 || strcmp(entry->d_name + length - 4, ".bin") != 0)
      continue;
    bytes = read_file(folder, entry->d_name, &length);
    if (memcmp(bytes, "\x92\x0b\xb0\x29", 4) == 0)
      skip = 24;
    if (length == skip) /* a wrapper without a body */
      continue;
    if (strcmp(entry->d_name, "snoop_sudo_lookup.bin") == 0) {
      /* It carries a Mach send right, which has no place here (C-46). */
      CHECK(xpc_portable_deserialize(bytes, length, NULL, &object) == EBADMSG);
      continue;
    }
    printf("  %s\n", entry->d_name);
    CHECK(xpc_portable_deserialize(bytes + skip, length - skip, NULL,
                                   &object) == 0);
    CHECK(xpc_portable_serialize(object, &out, &again, NULL) == 0);
    CHECK(again == length - skip && memcmp(out, bytes + skip, again) == 0);
    same++;
  }
  CHECK(same == 25);
}

TEST(insertion_order_gives_the_captured_order) {
  /* goios_xpc_dict and others pin the buckets; this pins "last comes first"
   * within one: f and m share bucket 5381 * 33 + c mod 7. */
  xpc_object_t d = xpc_dictionary_create_empty();
  size_t length;
  void *bytes;

  xpc_dictionary_set_bool(d, "f", true);
  xpc_dictionary_set_bool(d, "m", true);
  CHECK(xpc_portable_serialize(d, &bytes, &length, NULL) == 0);
  CHECK(((uint8_t *)bytes)[20] == 'm' && ((uint8_t *)bytes)[32] == 'f');
}

static xpc_object_t sample(void) {
  xpc_object_t d = xpc_dictionary_create_empty();
  xpc_object_t list = xpc_array_create_empty();
  const uuid_t uuid = {1, 2, 3};

  xpc_array_set_string(list, XPC_ARRAY_APPEND, "one");
  xpc_array_append_value(list, xpc_null_create());
  xpc_array_set_bool(list, XPC_ARRAY_APPEND, false);
  xpc_dictionary_set_value(d, "list", list);
  xpc_release(list);
  xpc_dictionary_set_data(d, "data", "abc", 3);
  xpc_dictionary_set_double(d, "inf", (double)INFINITY);
  xpc_dictionary_set_date(d, "date", -1);
  xpc_dictionary_set_uuid(d, "uuid", uuid);
  xpc_dictionary_set_fd(d, "fd", 1);
  return d;
}

TEST(every_truncation_and_every_flipped_bit_is_survived) {
  xpc_object_t d = sample(), handles, object;
  size_t length;
  uint8_t *bytes;
  void *out;

  CHECK(xpc_portable_serialize(d, &out, &length, &handles) == 0);
  CHECK(xpc_array_get_count(handles) == 1);
  bytes = out;
  for (size_t i = 0; i < length; i++) {
    uint8_t *exact = memcpy(malloc(i + 1), bytes, i);
    CHECK(xpc_portable_deserialize(exact, i, handles, &object) != 0);
    free(exact);
  }
  for (size_t i = 0; i < length * 8; i++) {
    bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    if (xpc_portable_deserialize(bytes, length, handles, &object) == 0)
      xpc_release(object);
    bytes[i / 8] ^= (uint8_t)(1u << i % 8);
  }
  CHECK(xpc_portable_deserialize(bytes, length, handles, &object) == 0);
  CHECK(xpc_equal(object, d) == (xpc_dictionary_get_value(object, "fd") ==
                                 xpc_dictionary_get_value(d, "fd")));
  CHECK(xpc_portable_deserialize(bytes, length, NULL, &object) == EBADMSG);
}

TEST(random_bytes_are_survived) {
  uint32_t state = 1;
  xpc_object_t object;

  for (int round = 0; round < 20000; round++) {
    uint8_t bytes[96] = {0x42, 0x37, 0x13, 0x42, 5, 0, 0, 0, 0,
                         0xf0, 0,    0,    84,   0, 0, 0, 3};
    for (size_t i = 17; i < sizeof bytes; i++) {
      state = state * 1664525 + 1013904223;
      bytes[i] =
          state >> 30 ? (uint8_t)(state >> 28 << 4) : (uint8_t)(state >> 20);
    }
    if (xpc_portable_deserialize(bytes, sizeof bytes, NULL, &object) == 0)
      xpc_release(object);
  }
}

struct bytes_case {
  const char *bytes;
  size_t length;
  int error;
};
#define HEADER "\x42\x37\x13\x42\5\0\0\0"
#define CASE(text, error) {HEADER text, sizeof HEADER text - 1, error}

TEST(malformed_payloads_are_told) {
  static const struct bytes_case cases[] = {
      CASE("\0\x10\0\0", 0),
      CASE("\0\x10\0\0\0\0\0\0", 0), /* zeros may follow the root */
      CASE("\0\x10\0\0\1\0\0\0", EBADMSG),
      CASE("\0\x20\0\0\2\0\0\0", EBADMSG),                 /* bool 2 */
      CASE("\0\x90\0\0\0\0\0\0", EBADMSG),                 /* n = 0 */
      CASE("\0\x90\0\0\2\0\0\0ab\0\0", EBADMSG),           /* no NUL */
      CASE("\0\x90\0\0\3\0\0\0a\0\0\0", EBADMSG),          /* early NUL */
      CASE("\0\x90\0\0\xff\xff\xff\xff\0\0\0\0", EBADMSG), /* beyond */
      CASE("\0\x80\0\0\xfe\xff\xff\xff\0\0\0\0", EBADMSG),
      CASE("\0\xe0\0\0\4\0\0\0\xff\xff\xff\x7f", EBADMSG),   /* count */
      CASE("\0\xe0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0", EBADMSG), /* slack */
      CASE("\0\xf0\0\0\x0c\0\0\0\1\0\0\0abcdefgh", EBADMSG), /* key */
      CASE("\0\xb0\0\0", EBADMSG),                           /* no handle */
      CASE("\0\xd0\0\0", EBADMSG),                           /* mach_send */
      CASE("\0\0\1\0\4\0\0\0\0\0\0\0", EBADMSG),             /* error */
  };
  xpc_object_t object;

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK(xpc_portable_deserialize(cases[i].bytes, cases[i].length, NULL,
                                   &object) == cases[i].error);
}

static uint8_t *nested(unsigned depth, size_t *length) {
  uint8_t *bytes = calloc(1, 8 + 12 * depth);

  memcpy(bytes, HEADER, 8);
  for (unsigned i = 0; i < depth; i++) {
    uint32_t words[3] = {0xe000, 12 * (depth - i) - 8, i + 1 < depth};
    memcpy(bytes + 8 + 12 * i, words, sizeof words);
  }
  *length = 8 + 12 * depth;
  return bytes;
}

TEST(depth_ends_at_256) {
  xpc_object_t object;
  size_t length;
  uint8_t *bytes = nested(XPC_PORTABLE_DEPTH, &length);

  CHECK(xpc_portable_deserialize(bytes, length, NULL, &object) == 0);
  bytes = nested(XPC_PORTABLE_DEPTH + 1, &length);
  CHECK(xpc_portable_deserialize(bytes, length, NULL, &object) == ELOOP);
}

TEST(the_message_limit_can_be_set) {
  xpc_object_t d = xpc_dictionary_create_empty();
  char data[2000] = {0};

  xpc_dictionary_set_data(d, "d", data, sizeof data);
  CHECK(xpc_portable_check_message(d) == 0);
  CHECK(xpc_portable_set_message_limit(1000) == XPC_PORTABLE_MESSAGE_BYTES);
  CHECK(xpc_portable_check_message(d) == E2BIG);
  CHECK(xpc_portable_set_message_limit(0) == 1000);
  CHECK(xpc_portable_check_message(d) == 0);
}

TEST(duplicate_keys_on_the_wire_collapse) {
  static const char bytes[] = HEADER
      "\0\xf0\0\0\x1c\0\0\0\2\0\0\0k\0\0\0\0\x20\0\0\0\0\0\0"
      "k\0\0\0\0\x20\0\0\1\0\0\0";
  xpc_object_t object;

  CHECK(xpc_portable_deserialize(bytes, sizeof bytes - 1, NULL, &object) == 0);
  CHECK(xpc_dictionary_get_count(object) == 1); /* C-42 */
  CHECK(xpc_dictionary_get_bool(object, "k"));
}

TEST(no_leak_in_round_trips_and_refusals) {
  for (int i = 0; i < 3; i++) {
    xpc_object_t d = sample(), handles, object;
    size_t length;
    void *bytes;
    CHECK(xpc_portable_serialize(d, &bytes, &length, &handles) == 0);
    CHECK(xpc_portable_deserialize(bytes, length, handles, &object) == 0);
    xpc_release(object);
    for (size_t cut = 0; cut < length; cut += 4)
      CHECK(xpc_portable_deserialize(bytes, cut, handles, &object) != 0);
    xpc_release(d);
    xpc_release(handles);
    free(bytes);
  }
}
