/* Contract section 1, rule by rule, where test_object.c does not reach. */
#include "check.h"

#include <math.h>
#include <pthread.h>
#include <sys/mman.h>

static const uint8_t uuid[16] = {1, 2,  3,  4,  5,  6,  7,  8,
                                 9, 10, 11, 12, 13, 14, 15, 16};

TEST(c1_what_is_created_or_copied_is_the_callers_to_release) {
  xpc_object_t list = xpc_array_create_empty(), one = xpc_int64_create(1);

  xpc_array_append_value(list, one);
  xpc_release(one); /* the list holds its own */
  CHECK(xpc_int64_get_value(xpc_array_get_value(list, 0)) == 1);
  xpc_object_t copy = xpc_copy(list);
  xpc_release(list);
  CHECK(xpc_array_get_count(copy) == 1);
  xpc_release(copy);
}

TEST(c2_over_release_aborts_and_retain_returns_its_argument) {
  xpc_object_t object = xpc_int64_create(1);

  CHECK(xpc_retain(object) == object);
  xpc_release(object);
  CHECK(xpc_int64_get_value(object) == 1);
  CHECK_DIES({
    /* one more than there are; a second use of freed memory is undefined, so
     * the object must be one that is still there */
    dispatch_queue_t queue = dispatch_queue_create("q", NULL);
    xpc_connection_t c = xpc_connection_create(NULL, queue);
    struct seen seen = {0};
    start(c, &seen);
    xpc_release(c);
    xpc_release(c);
  });
}

TEST(c3_constants_may_be_retained_and_released_at_will) {
  xpc_object_t all[] = {
      xpc_null_create(), xpc_bool_create(true), xpc_bool_create(false),
      (xpc_object_t)(uintptr_t)XPC_ERROR_CONNECTION_INTERRUPTED};

  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (int turn = 0; turn < 3; turn++) {
      xpc_release(all[i]);
      xpc_release(all[i]);
      CHECK(xpc_retain(all[i]) == all[i]);
    }
}

TEST(c5_pointers_into_an_object_live_as_long_as_it) {
  xpc_object_t d = xpc_dictionary_create_empty();
  const char *text;

  xpc_dictionary_set_string(d, "s", "kept");
  text = xpc_dictionary_get_string(d, "s");
  xpc_dictionary_set_int64(d, "other", 1);
  CHECK(strcmp(text, "kept") == 0);
  CHECK(xpc_dictionary_get_string(d, "s") == text);
}

TEST(c7_types_are_told_by_address) {
  xpc_object_t d = xpc_dictionary_create_empty();

  CHECK(xpc_get_type(d) == XPC_TYPE_DICTIONARY);
  CHECK(xpc_get_type(xpc_array_create_empty()) == XPC_TYPE_ARRAY);
  CHECK(xpc_get_type(xpc_null_create()) == XPC_TYPE_NULL);
  CHECK(xpc_get_type(xpc_bool_create(true)) == XPC_TYPE_BOOL);
  CHECK(xpc_get_type(xpc_int64_create(1)) == XPC_TYPE_INT64);
  CHECK(xpc_get_type(xpc_uint64_create(1)) == XPC_TYPE_UINT64);
  CHECK(xpc_get_type(xpc_double_create(1)) == XPC_TYPE_DOUBLE);
  CHECK(xpc_get_type(xpc_date_create(1)) == XPC_TYPE_DATE);
  CHECK(xpc_get_type(xpc_data_create("", 0)) == XPC_TYPE_DATA);
  CHECK(xpc_get_type(xpc_string_create("")) == XPC_TYPE_STRING);
  CHECK(xpc_get_type(xpc_uuid_create(uuid)) == XPC_TYPE_UUID);
  CHECK(xpc_get_type(xpc_fd_create(0)) == XPC_TYPE_FD);
}

/* The value after a round trip through the serialisation. */
static xpc_object_t carried(xpc_object_t object) {
  xpc_object_t back, handles;
  void *bytes;
  size_t length;

  CHECK(xpc_portable_serialize(object, &bytes, &length, &handles) == 0);
  CHECK(xpc_portable_deserialize(bytes, length, handles, &back) == 0);
  free(bytes);
  CHECK(xpc_get_type(back) == xpc_get_type(object));
  return back;
}

TEST(c10_integers_cover_their_ranges) {
  const int64_t signed_values[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
  const uint64_t values[] = {0, 1, (uint64_t)INT64_MAX + 1, UINT64_MAX};

  for (size_t i = 0; i < 5; i++)
    CHECK(xpc_int64_get_value(carried(xpc_int64_create(signed_values[i]))) ==
          signed_values[i]);
  for (size_t i = 0; i < 4; i++)
    CHECK(xpc_uint64_get_value(carried(xpc_uint64_create(values[i]))) ==
          values[i]);
}

TEST(c11_doubles_travel_bit_by_bit) {
  const double values[] = {0.0, -0.0, 1.5, INFINITY, -INFINITY, NAN, 5e-324};

  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    double back = xpc_double_get_value(carried(xpc_double_create(values[i])));
    CHECK(memcmp(&back, &values[i], sizeof back) == 0);
  }
}

TEST(c12_dates_are_nanoseconds_since_1970) {
  int64_t now = xpc_date_get_value(xpc_date_create_from_current());

  CHECK(now > INT64_C(1577836800) * 1000000000); /* 2020 */
  CHECK(xpc_date_get_value(carried(xpc_date_create(-1))) == -1);
  CHECK(xpc_date_get_value(carried(xpc_date_create(INT64_MIN))) == INT64_MIN);
}

TEST(c14_null_is_a_value) {
  xpc_object_t d = xpc_dictionary_create_empty();

  xpc_dictionary_set_value(d, "k", xpc_null_create());
  CHECK(xpc_dictionary_get_count(d) == 1);
  CHECK(xpc_dictionary_get_value(carried(d), "k") == xpc_null_create());
  CHECK(xpc_equal(xpc_null_create(), xpc_null_create()));
  CHECK(xpc_hash(xpc_null_create()) == xpc_hash(xpc_null_create()));
}

TEST(c15_strings_end_at_their_nul_and_need_not_be_utf8) {
  xpc_object_t odd = carried(xpc_string_create("\xff\xfe"));

  CHECK(xpc_string_get_length(odd) == 2);
  CHECK(xpc_string_get_length(carried(xpc_string_create(""))) == 0);
  CHECK(xpc_string_get_length(xpc_string_create("gr\xc3\xbc\xc3\x9f")) == 6);
}

TEST(c16_strings_may_be_formatted) {
  xpc_object_t text = xpc_string_create_with_format("%d of %s", 3, "four");

  CHECK(strcmp(xpc_string_get_string_ptr(text), "3 of four") == 0);
  text = xpc_string_create_with_format("a%cb", 0); /* ends there (C-15) */
  CHECK(xpc_string_get_length(text) == 1);
}

TEST(c17_data_is_copied_and_may_be_empty) {
  char bytes[] = "abc";
  xpc_object_t data = xpc_data_create(bytes, 3), none = xpc_data_create(NULL, 0);

  bytes[0] = 'x';
  CHECK(memcmp(xpc_data_get_bytes_ptr(data), "abc", 3) == 0);
  CHECK(xpc_data_get_length(none) == 0);
  CHECK(xpc_data_get_bytes_ptr(none) == NULL); /* OQ-29 */
}

TEST(c20_uuids_are_sixteen_bytes_copied) {
  uint8_t bytes[16];
  xpc_object_t object;

  memcpy(bytes, uuid, 16);
  object = xpc_uuid_create(bytes);
  memset(bytes, 0, 16);
  CHECK(memcmp(xpc_uuid_get_bytes(carried(object)), uuid, 16) == 0);
  CHECK(xpc_uuid_get_bytes(xpc_null_create()) == NULL); /* OQ-7 */
  CHECK(xpc_equal(object, xpc_uuid_create(uuid)));
  CHECK(xpc_hash(object) == xpc_hash(xpc_uuid_create(uuid)));
}

TEST(c22_duplicates_share_offset_and_flags) {
  int fd = memfd_create("offset", 0), copy;
  xpc_object_t object = xpc_fd_create(fd);

  CHECK(write(fd, "0123456789", 10) == 10);
  copy = xpc_fd_dup(object);
  CHECK(lseek(copy, 4, SEEK_SET) == 4);
  CHECK(lseek(fd, 0, SEEK_CUR) == 4);
  CHECK(copy != fd && xpc_fd_dup(object) != copy); /* a new number each call */
}

TEST(c24_a_read_only_creator_gives_read_only_memory) {
  int fd = memfd_create("ro", MFD_ALLOW_SEALING);
  void *start, *again;
  xpc_object_t shmem;
  size_t length = 0;
  int copy;

  CHECK(ftruncate(fd, 8192) == 0);
  start = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
  shmem = xpc_shmem_create(start, 8192);
  copy = xpc_portable_shmem_dup(shmem, &length);
  CHECK(length == 8192 && (fcntl(copy, F_GETFL) & O_ACCMODE) == O_RDONLY);
  CHECK(xpc_shmem_map(shmem, &again) == 8192);
  CHECK(mprotect(again, 8192, PROT_READ | PROT_WRITE) != 0);
  CHECK(xpc_shmem_map(xpc_null_create(), &again) == 0);
  CHECK(xpc_portable_shmem_dup(xpc_null_create(), NULL) == -1);
}

TEST(c23_memory_that_cannot_be_shared_is_told) {
  void *own = xpc_portable_shmem_alloc(100);
  int fd = memfd_create("small", MFD_ALLOW_SEALING), unsealable;
  void *start;

  CHECK(xpc_portable_shmem_alloc(0) == NULL && errno == EINVAL);
  CHECK(xpc_portable_shmem_check(NULL, 1) == EINVAL);
  CHECK(xpc_portable_shmem_check(own, 0) == EINVAL);
  CHECK(xpc_portable_shmem_check(own, 4096) == 0);
  CHECK(xpc_portable_shmem_check(own, 4097) == EINVAL);
  CHECK(ftruncate(fd, 100) == 0); /* mapped further than it reaches */
  start = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(xpc_portable_shmem_check(start, 8192) == EINVAL);
  unsealable = memfd_create("no seals", 0);
  CHECK(ftruncate(unsealable, 4096) == 0);
  start = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, unsealable, 0);
  CHECK(xpc_portable_shmem_check(start, 4096) == EPERM);
  CHECK_DIES(xpc_portable_shmem_free(own, 8192));
  xpc_portable_shmem_free(own, 100);
}

TEST(c29_equal_values_of_every_type_hash_equal) {
  xpc_object_t pairs[][2] = {
      {xpc_int64_create(-4), xpc_int64_create(-4)},
      {xpc_uint64_create(4), xpc_uint64_create(4)},
      {xpc_double_create(2.5), xpc_double_create(2.5)},
      {xpc_date_create(9), xpc_date_create(9)},
      {xpc_string_create("s"), xpc_string_create("s")},
      {xpc_data_create("d", 1), xpc_data_create("d", 1)},
      {xpc_bool_create(true), xpc_bool_create(true)}};

  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    CHECK(xpc_equal(pairs[i][0], pairs[i][1]));
    CHECK(xpc_hash(pairs[i][0]) == xpc_hash(pairs[i][1]));
    CHECK(!xpc_equal(pairs[i][0], xpc_null_create()));
  }
  xpc_object_t fd = xpc_fd_create(0);
  CHECK(xpc_hash(fd) == xpc_hash(fd)); /* by identity (C-28) */
}

TEST(c30_every_type_has_a_description) {
  xpc_object_t d = xpc_dictionary_create_empty(), list;
  const char *parts[] = {"true", "-7", "2.5", "date(12 ns)", "data(20 bytes",
                         "null", "01020304-0506-0708-090A-0B0C0D0E0F10", "fd"};
  char *text;

  list = xpc_array_create_empty();
  xpc_array_set_bool(list, XPC_ARRAY_APPEND, true);
  xpc_array_set_int64(list, XPC_ARRAY_APPEND, -7);
  xpc_dictionary_set_value(d, "list", list);
  xpc_dictionary_set_double(d, "f", 2.5);
  xpc_dictionary_set_date(d, "w", 12);
  xpc_dictionary_set_data(d, "b", "01234567890123456789", 20);
  xpc_dictionary_set_value(d, "0", xpc_null_create());
  xpc_dictionary_set_uuid(d, "u", uuid);
  xpc_dictionary_set_fd(d, "fd", 0);
  text = xpc_copy_description(d);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    CHECK(strstr(text, parts[i]) != NULL);
  free(text);
  for (int i = 0; i < 300; i++) { /* and an end, however deep */
    xpc_object_t outer = xpc_array_create_empty();
    xpc_array_append_value(outer, list);
    list = outer;
  }
  text = xpc_copy_description(list);
  CHECK(strstr(text, "...") != NULL);
  free(text);
}

TEST(c33_getters_check_the_container_too) {
  xpc_object_t number_ = xpc_int64_create(1), list = xpc_array_create_empty();

  CHECK(xpc_dictionary_get_count(list) == 0);
  CHECK(xpc_dictionary_get_value(number_, "k") == NULL);
  CHECK(xpc_array_get_value(number_, 0) == NULL);
  CHECK(!xpc_array_apply(number_, NULL) && !xpc_dictionary_apply(list, NULL));
  CHECK(xpc_dictionary_get_remote_connection(list) == NULL);
  CHECK(xpc_dictionary_create_reply(list) == NULL);
}

TEST(c37_arrays_replace_and_append) {
  xpc_object_t list = xpc_array_create_empty();
  size_t length = 0;
  int fd;

  xpc_array_set_double(list, XPC_ARRAY_APPEND, 1.5); /* C-38 */
  xpc_array_set_date(list, XPC_ARRAY_APPEND, 3);
  xpc_array_set_data(list, XPC_ARRAY_APPEND, "ab", 2);
  xpc_array_set_uuid(list, XPC_ARRAY_APPEND, uuid);
  xpc_array_set_bool(list, XPC_ARRAY_APPEND, true);
  xpc_array_set_int64(list, XPC_ARRAY_APPEND, -1);
  xpc_array_set_uint64(list, XPC_ARRAY_APPEND, 1);
  xpc_array_set_string(list, XPC_ARRAY_APPEND, "s");
  xpc_array_set_fd(list, XPC_ARRAY_APPEND, 0);
  xpc_array_set_value(list, XPC_ARRAY_APPEND, xpc_array_create_empty());
  xpc_array_append_value(list, xpc_dictionary_create_empty()); /* OQ-7 */
  CHECK(xpc_array_get_count(list) == 11);
  CHECK(xpc_array_get_double(list, 0) > 1 && xpc_array_get_date(list, 1) == 3);
  CHECK(memcmp(xpc_array_get_data(list, 2, &length), "ab", 2) == 0);
  CHECK(length == 2 && memcmp(xpc_array_get_uuid(list, 3), uuid, 16) == 0);
  CHECK(xpc_array_get_bool(list, 4) && xpc_array_get_int64(list, 5) == -1);
  CHECK(xpc_array_get_uint64(list, 6) == 1);
  CHECK(strcmp(xpc_array_get_string(list, 7), "s") == 0);
  fd = xpc_array_dup_fd(list, 8);
  CHECK(fd >= 0 && close(fd) == 0);
  CHECK(xpc_array_get_array(list, 9) != NULL);
  CHECK(xpc_array_get_dictionary(list, 10) != NULL);
  CHECK(xpc_array_get_array(list, 0) == NULL);
  CHECK(xpc_array_get_dictionary(list, 0) == NULL);
  CHECK(xpc_array_create_connection(list, 0) == NULL);
  CHECK(xpc_array_get_data(list, 0, NULL) == NULL);
  xpc_array_set_string(list, 0, "replaced");
  CHECK(xpc_array_get_count(list) == 11);
  CHECK(strcmp(xpc_array_get_string(list, 0), "replaced") == 0);
}

TEST(c36_arrays_hold_what_they_were_made_of) {
  xpc_object_t objects[2] = {xpc_int64_create(1), xpc_string_create("x")};
  xpc_object_t list = xpc_array_create(objects, 2);

  xpc_release(objects[0]);
  xpc_release(objects[1]);
  CHECK(xpc_array_get_int64(list, 0) == 1 && xpc_array_get_count(list) == 2);
  CHECK(xpc_array_get_count(xpc_array_create(NULL, 0)) == 0);
}

TEST(c40_dictionaries_of_pairs_copy_keys_and_skip_null) {
  char key[] = "k";
  const char *keys[] = {key, "none", "k2", "k2"};
  xpc_object_t values[] = {xpc_int64_create(1), NULL, xpc_int64_create(2),
                           xpc_int64_create(3)};
  xpc_object_t d = xpc_dictionary_create(keys, values, 4);

  key[0] = 'x';
  CHECK(xpc_dictionary_get_count(d) == 2); /* C-42, C-43, OQ-8 */
  CHECK(xpc_dictionary_get_int64(d, "k") == 1);
  CHECK(xpc_dictionary_get_int64(d, "k2") == 3);
}

TEST(c45_a_connection_is_stored_as_its_endpoint) {
  struct seen l = {0}, s = {0}, client = {0};
  xpc_connection_t listener = listen_here(&l, &s), made, other;
  xpc_object_t d = xpc_dictionary_create_empty();
  xpc_object_t list = xpc_array_create_empty();

  xpc_dictionary_set_connection(d, "c", listener);
  xpc_array_set_connection(list, XPC_ARRAY_APPEND, listener);
  CHECK(xpc_get_type(xpc_dictionary_get_value(d, "c")) ==
        XPC_TYPE_ENDPOINT); /* OQ-21 */
  made = xpc_dictionary_create_connection(d, "c");
  other = xpc_array_create_connection(list, 0);
  CHECK(made != other && made != NULL && other != NULL);
  start(made, &client);
  send_number(made, 5);
  PUMP_UNTIL(s.messages == 1 && s.numbers[0] == 5);
}

TEST(misuse_of_values_aborts) {
  xpc_object_t d = xpc_dictionary_create_empty();
  xpc_object_t list = xpc_array_create_empty();
  const char *keys[] = {"k"};
  xpc_object_t none = NULL;

  CHECK_DIES(xpc_retain(none));
  CHECK_DIES(xpc_release(none));
  CHECK_DIES((void)!xpc_get_type(none));
  CHECK_DIES((void)!xpc_copy(none));
  CHECK_DIES((void)!xpc_equal(none, d));
  CHECK_DIES((void)!xpc_hash(none));
  CHECK_DIES((void)!xpc_copy_description(none));
  CHECK_DIES((void)!xpc_array_create(NULL, 2));
  CHECK_DIES((void)!xpc_dictionary_create(keys, NULL, 1));
  CHECK_DIES(xpc_dictionary_set_int64(d, NULL, 1));
  CHECK_DIES(xpc_dictionary_set_fd(d, "k", -1));
  CHECK_DIES(xpc_array_set_fd(list, XPC_ARRAY_APPEND, -1));
  CHECK_DIES(xpc_array_append_value(list, none));
  CHECK_DIES(xpc_array_set_value(list, 0, d));
  CHECK_DIES((void)!xpc_string_create(NULL));
  CHECK_DIES((void)!xpc_uuid_create(NULL));
  CHECK_DIES(xpc_array_append_value(d, d));
}

static xpc_object_t shared;

static void *read_shared(void *unused) {
  (void)unused;
  for (int i = 0; i < 2000; i++) {
    CHECK(xpc_int64_get_value(xpc_retain(shared)) == 42);
    xpc_release(shared);
  }
  return NULL;
}

TEST(c6_boxed_values_are_read_by_many_threads) {
  pthread_t threads[3];

  shared = xpc_int64_create(42);
  for (int i = 0; i < 3; i++)
    CHECK(pthread_create(&threads[i], NULL, read_shared, NULL) == 0);
  for (int i = 0; i < 3; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
}

TEST(an_fd_is_taken_from_its_only_owner_and_closed_once) {
  xpc_object_t fd = xpc_fd_create(0), message = xpc_dictionary_create_empty();
  int before = open_descriptors(), taken;

  CHECK(xpc_portable_fd_take(message) == -1);
  CHECK(xpc_portable_fd_take(NULL) == -1);
  xpc_dictionary_set_value(message, "fd", fd);
  CHECK(xpc_portable_fd_take(fd) == -1); /* the dictionary has it too */
  xpc_release(fd);
  fd = xpc_dictionary_get_value(message, "fd");
  taken = xpc_portable_fd_take(fd);
  CHECK(taken >= 0 && fcntl(taken, F_GETFD) == FD_CLOEXEC);
  CHECK(xpc_portable_fd_take(fd) == -1 && xpc_fd_dup(fd) == -1);
  xpc_release(message);
  CHECK(fcntl(taken, F_GETFD) == FD_CLOEXEC); /* still the caller's */
  CHECK(open_descriptors() == before && close(taken) == 0);
}
