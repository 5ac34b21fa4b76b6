/* Objects: contract section 1. */
#include "check.h"

#include <math.h>
#include <sys/stat.h>

TEST(c9_types_have_short_names) {
  CHECK(strcmp(xpc_type_get_name(XPC_TYPE_STRING), "string") == 0);
  CHECK(strcmp(xpc_type_get_name(XPC_TYPE_INT64), "int64") == 0);
  CHECK(strcmp(xpc_type_get_name(XPC_TYPE_CONNECTION), "connection") == 0);
}

TEST(c13_booleans_are_two_singletons) {
  CHECK(xpc_bool_create(true) == XPC_BOOL_TRUE);
  CHECK(xpc_bool_create(false) == XPC_BOOL_FALSE);
  CHECK(xpc_null_create() == xpc_null_create());
  for (int i = 0; i < 10; i++)
    xpc_release(xpc_bool_create(true)); /* C-3 */
  xpc_release(xpc_null_create());
  CHECK(xpc_bool_get_value(xpc_bool_create(true)));
}

TEST(c18_data_get_bytes_copies_what_there_is) {
  xpc_object_t data = xpc_data_create("abcdef", 6);
  char buffer[8] = "zzzzzzz";

  CHECK(xpc_data_get_bytes(data, buffer, 4, 8) == 2);
  CHECK(memcmp(buffer, "efz", 3) == 0);
  CHECK(xpc_data_get_bytes(data, buffer, 7, 1) == 0);
  CHECK(xpc_data_get_bytes(data, buffer, 6, 1) == 0);
  CHECK(xpc_data_get_length(xpc_data_create(NULL, 0)) == 0);
  CHECK(xpc_data_get_bytes_ptr(xpc_data_create(NULL, 0)) == NULL);
}

TEST(c21_an_fd_object_has_its_own_descriptor) {
  int ends[2], copy;
  char byte = 'x';

  CHECK(pipe(ends) == 0);
  xpc_object_t fd = xpc_fd_create(ends[1]);
  close(ends[1]);
  copy = xpc_fd_dup(fd);
  CHECK(copy >= 0 && copy != xpc_fd_dup(fd));
  CHECK(write(copy, &byte, 1) == 1);
  CHECK(xpc_fd_create(-1) == NULL && xpc_fd_create(9999) == NULL);
  CHECK(xpc_fd_dup(xpc_int64_create(1)) == -1);
  CHECK(!xpc_equal(fd, xpc_copy(fd))); /* C-28 */
  CHECK(xpc_equal(fd, fd));
}

TEST(c31_getters_give_defaults_for_other_types) {
  xpc_object_t d = xpc_dictionary_create_empty();
  size_t length = 9;

  xpc_dictionary_set_int64(d, "i", 5);
  CHECK(xpc_dictionary_get_uint64(d, "i") == 0); /* C-34 */
  CHECK(!xpc_dictionary_get_bool(d, "i"));
  CHECK(xpc_dictionary_get_date(d, "i") == 0);
  CHECK(isnan(xpc_dictionary_get_double(d, "i")));
  CHECK(xpc_dictionary_get_string(d, "i") == NULL);
  CHECK(xpc_dictionary_get_uuid(d, "i") == NULL);
  CHECK(xpc_dictionary_get_data(d, "i", &length) == NULL && length == 0);
  CHECK(xpc_dictionary_dup_fd(d, "i") == -1);
  CHECK(xpc_dictionary_create_connection(d, "i") == NULL);
  CHECK(xpc_dictionary_get_dictionary(d, "i") == NULL);
  CHECK(xpc_dictionary_get_array(d, "i") == NULL);
  CHECK(xpc_dictionary_get_value(d, "missing") == NULL);
  CHECK(isnan(xpc_dictionary_get_double(d, "missing")));
  CHECK(xpc_dictionary_get_int64(xpc_array_create_empty(), "i") == 0);
  CHECK(xpc_array_get_count(d) == 0 && xpc_array_get_value(d, 3) == NULL);
  CHECK(xpc_int64_get_value(d) == 0 && xpc_string_get_length(d) == 0);
  CHECK(xpc_dictionary_create_reply(d) == NULL);
  CHECK(xpc_dictionary_get_remote_connection(d) == NULL);
}

TEST(c41_null_deletes_and_the_last_write_wins) {
  xpc_object_t d = xpc_dictionary_create_empty();

  xpc_dictionary_set_int64(d, "k", 1);
  xpc_dictionary_set_int64(d, "k", 2);
  CHECK(xpc_dictionary_get_count(d) == 1); /* C-43 */
  CHECK(xpc_dictionary_get_int64(d, "k") == 2);
  xpc_dictionary_set_value(d, "k", NULL);
  xpc_dictionary_set_value(d, "k", NULL);
  CHECK(xpc_dictionary_get_count(d) == 0);
  const char *keys[] = {"a", "b", "a"};
  xpc_object_t values[] = {xpc_int64_create(1), NULL, xpc_int64_create(3)};
  d = xpc_dictionary_create(keys, values, 3); /* C-40, OQ-8 */
  CHECK(xpc_dictionary_get_count(d) == 1);
  CHECK(xpc_dictionary_get_int64(d, "a") == 3);
}

TEST(large_dictionaries_keep_every_key) {
  xpc_object_t d = xpc_dictionary_create_empty();
  char key[16];

  for (int i = 0; i < 5000; i++) {
    (void)snprintf(key, sizeof key, "key%d", i);
    xpc_dictionary_set_int64(d, key, i);
  }
  for (int i = 0; i < 5000; i += 2) {
    (void)snprintf(key, sizeof key, "key%d", i);
    xpc_dictionary_set_value(d, key, NULL);
  }
  CHECK(xpc_dictionary_get_count(d) == 2500);
  for (int i = 0; i < 5000; i++) {
    (void)snprintf(key, sizeof key, "key%d", i);
    CHECK((xpc_dictionary_get_value(d, key) != NULL) == (i % 2 == 1));
    CHECK(i % 2 == 0 || xpc_dictionary_get_int64(d, key) == i);
  }
  xpc_release(d);
}

TEST(c27_equality_is_deep_and_typed) {
  xpc_object_t a = xpc_dictionary_create_empty();
  xpc_object_t b = xpc_dictionary_create_empty();
  xpc_object_t list = xpc_array_create_empty();

  CHECK(!xpc_equal(xpc_int64_create(1), xpc_uint64_create(1))); /* C-10 */
  CHECK(xpc_equal(xpc_double_create(0.0), xpc_double_create(-0.0)));
  CHECK(xpc_hash(xpc_double_create(0.0)) == xpc_hash(xpc_double_create(-0.0)));
  xpc_array_set_string(list, XPC_ARRAY_APPEND, "x");
  for (int i = 0; i < 40; i++) {
    char key[16];
    (void)snprintf(key, sizeof key, "%d", i);
    xpc_dictionary_set_value(a, key, list);
    (void)snprintf(key, sizeof key, "%d", 39 - i);
    xpc_dictionary_set_value(b, key, xpc_copy(list));
  }
  CHECK(xpc_equal(a, b) && xpc_hash(a) == xpc_hash(b)); /* C-29 */
  xpc_array_append_value(list, xpc_null_create());
  CHECK(!xpc_equal(a, b));
  CHECK(xpc_equal(a, xpc_copy(a)));
}

TEST(c26_copies_are_deep) {
  xpc_object_t d = xpc_dictionary_create_empty();
  xpc_object_t inner = xpc_array_create_empty(), copy;

  xpc_dictionary_set_value(d, "inner", inner);
  copy = xpc_copy(d);
  xpc_array_set_bool(inner, XPC_ARRAY_APPEND, true);
  CHECK(xpc_array_get_count(xpc_dictionary_get_array(copy, "inner")) == 0);
  CHECK(xpc_array_get_count(xpc_dictionary_get_array(d, "inner")) == 1);
}

TEST(c25_errors_read_as_dictionaries) {
  xpc_object_t error = (xpc_object_t)(uintptr_t)XPC_ERROR_CONNECTION_INVALID;

  CHECK(xpc_get_type(error) == XPC_TYPE_ERROR);
  CHECK(strcmp(xpc_dictionary_get_string(error, XPC_ERROR_KEY_DESCRIPTION),
               "Connection invalid") == 0);
  CHECK(xpc_dictionary_get_count(error) == 1);
  CHECK(xpc_retain(error) == error);
  xpc_release(error);
  xpc_release(error);
}

TEST(c30_descriptions_name_every_member) {
  xpc_object_t d = xpc_dictionary_create_empty();
  char *text;

  xpc_dictionary_set_string(d, "greeting", "hello");
  xpc_dictionary_set_uint64(d, "count", 42);
  text = xpc_copy_description(d);
  CHECK(strstr(text, "greeting") != NULL && strstr(text, "hello") != NULL);
  CHECK(strstr(text, "42") != NULL);
  free(text);
}

struct applier {
  struct block block;
  size_t seen;
  size_t stop;
};

static bool collect_index(void *block, size_t index, xpc_object_t value) {
  struct applier *applier = block;

  CHECK(value != NULL && index == applier->seen);
  applier->seen++;
  return applier->seen != applier->stop;
}

static bool collect_key(void *block, const char *key, xpc_object_t value) {
  struct applier *applier = block;

  CHECK(key != NULL && value != NULL);
  applier->seen++;
  return applier->seen != applier->stop;
}

TEST(c39_apply_walks_in_order_and_stops_at_false) {
  struct applier applier = {check_block(NULL, NULL, NULL), 0, 2};
  xpc_object_t list = xpc_array_create_empty();

  applier.block.invoke = (void (*)(void))collect_index;
  CHECK(xpc_array_apply(list, (xpc_array_applier_t)(void *)&applier));
  for (int i = 0; i < 3; i++)
    xpc_array_set_int64(list, XPC_ARRAY_APPEND, i);
  CHECK(!xpc_array_apply(list, (xpc_array_applier_t)(void *)&applier));
  CHECK(applier.seen == 2);
}

TEST(c44_apply_meets_every_entry) {
  struct applier applier = {check_block(NULL, NULL, NULL), 0, 100};
  xpc_object_t d = xpc_dictionary_create_empty();

  applier.block.invoke = (void (*)(void))collect_key;
  xpc_dictionary_set_bool(d, "a", true);
  xpc_dictionary_set_bool(d, "b", true);
  CHECK(xpc_dictionary_apply(d, (xpc_dictionary_applier_t)(void *)&applier));
  CHECK(applier.seen == 2);
}

TEST(c207_blocks_are_copied_and_disposed_once) {
  int disposed = 0;
  struct block literal = check_block(NULL, NULL, &disposed);
  void *copy = _Block_copy(&literal);

  CHECK(copy != (void *)&literal && _Block_copy(copy) == copy);
  _Block_release(copy);
  CHECK(disposed == 0);
  _Block_release(copy);
  CHECK(disposed == 1);
  literal.isa = _NSConcreteGlobalBlock;
  literal.flags = 1u << 28;
  CHECK(_Block_copy(&literal) == (void *)&literal);
  _Block_release(&literal);
  CHECK(disposed == 1);
}

TEST(c24_shared_memory_is_mapped_afresh_each_time) {
  char *memory = xpc_portable_shmem_alloc(5000);
  xpc_object_t shmem = xpc_shmem_create(memory, 5000);
  void *one, *two;

  strcpy(memory, "shared");
  CHECK(xpc_shmem_map(shmem, &one) == 8192);
  CHECK(xpc_shmem_map(shmem, &two) == 8192);
  CHECK(one != two && strcmp(one, "shared") == 0);
  strcpy(two, "changed");
  CHECK(strcmp(memory, "changed") == 0);
  CHECK(xpc_shmem_map(xpc_null_create(), &one) == 0);
  xpc_portable_shmem_free(memory, 5000);
  CHECK(strcmp(two, "changed") == 0);
}

TEST(c23_any_memfd_mapping_will_do_and_is_sealed) {
  int fd = memfd_create("mine", MFD_ALLOW_SEALING);
  char *memory;

  CHECK(ftruncate(fd, 4096) == 0);
  memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(xpc_portable_shmem_check(memory, 4096) == 0);
  CHECK(xpc_shmem_create(memory, 4096) != NULL);
  CHECK(ftruncate(fd, 0) != 0);
  memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                -1, 0);
  CHECK(xpc_portable_shmem_check(memory, 4096) == EINVAL);
  CHECK(xpc_portable_shmem_check(malloc(4096), 4096) == EINVAL);
}

TEST(no_leak_in_objects) {
  xpc_object_t d = xpc_dictionary_create_empty(), copy;
  xpc_object_t list = xpc_array_create_empty();
  int before = open_descriptors();

  for (int i = 0; i < 50; i++)
    xpc_array_set_string(list, XPC_ARRAY_APPEND, "text");
  xpc_array_set_uint64(list, 3, 3);
  xpc_dictionary_set_value(d, "list", list);
  xpc_release(list);
  xpc_dictionary_set_fd(d, "fd", 0);
  copy = xpc_copy(d);
  xpc_dictionary_set_value(d, "list", NULL);
  xpc_release(d);
  xpc_release(copy);
  CHECK(open_descriptors() == before);
}
