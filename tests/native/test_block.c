/* Contract section 11: what compiled code asks of the blocks runtime, called
 * here as compiled code would. */
#include "check.h"

/* As clang lays a __block variable out. */
struct variable {
  void *isa;
  struct variable *forwarding;
  uint32_t flags;
  uint32_t size;
  void (*keep)(struct variable *, struct variable *);
  void (*destroy)(struct variable *);
  int value;
};

enum { FIELD_IS_BLOCK = 7, FIELD_IS_BYREF = 8, FIELD_FROM_BYREF = 128 };

static int kept, destroyed;

static void keep(struct variable *copy, struct variable *source) {
  copy->value = source->value;
  kept++;
}

static void destroy(struct variable *variable) {
  (void)variable;
  destroyed++;
}

static void ignore(void *context, xpc_object_t object) {
  (void)context;
  (void)object;
}

TEST(c202_a_captured_variable_is_moved_once_and_destroyed_once) {
  struct variable here = {.flags = 1u << 25,
                          .size = sizeof here,
                          .keep = keep,
                          .destroy = destroy,
                          .value = 5};
  struct variable *first, *second;

  here.forwarding = &here;
  _Block_object_assign(&first, &here, FIELD_IS_BYREF);
  _Block_object_assign(&second, &here, FIELD_IS_BYREF);
  CHECK(first == second && first != &here && here.forwarding == first);
  CHECK(first->value == 5 && kept == 1);
  _Block_object_dispose(first, FIELD_IS_BYREF);
  CHECK(destroyed == 0);
  _Block_object_dispose(second, FIELD_IS_BYREF);
  CHECK(destroyed == 0); /* the frame has its own, and gives it up last */
  _Block_object_dispose(&here, FIELD_IS_BYREF);
  CHECK(destroyed == 1);
}

TEST(c204_a_captured_block_is_copied_and_released) {
  int disposed = 0;
  struct block literal = check_block(ignore, NULL, &disposed);
  struct block *field = NULL;

  _Block_object_assign(&field, &literal, FIELD_IS_BLOCK);
  CHECK(field != NULL && field != &literal && field->call == ignore);
  _Block_object_dispose(field, FIELD_IS_BLOCK);
  CHECK(disposed == 1);
}

TEST(c204_what_a_variable_holds_is_not_counted_twice) {
  int disposed = 0;
  struct block literal = check_block(ignore, NULL, &disposed);
  struct block *field = NULL;

  _Block_object_assign(&field, &literal, FIELD_IS_BLOCK | FIELD_FROM_BYREF);
  CHECK(field == &literal);
  _Block_object_dispose(field, FIELD_IS_BLOCK | FIELD_FROM_BYREF);
  CHECK(disposed == 0);
}

TEST(c207_copy_counts_on_the_heap_and_leaves_globals_alone) {
  int disposed = 0;
  struct block literal = check_block(ignore, NULL, &disposed), global = literal;
  struct block *copy = _Block_copy(&literal);

  CHECK(copy != &literal && _Block_copy(copy) == copy);
  _Block_release(copy);
  CHECK(disposed == 0);
  _Block_release(copy);
  CHECK(disposed == 1);
  global.isa = _NSConcreteGlobalBlock;
  global.flags = 1u << 28;
  CHECK(_Block_copy(&global) == &global);
  _Block_release(&global); /* C-208 */
  _Block_release(&literal);
  CHECK(disposed == 1);
  CHECK(_Block_copy(NULL) == NULL);
  _Block_release(NULL);
}

TEST(c209_each_api_copies_its_block_at_the_call) {
  struct seen l = {0}, s = {.on_message = echo}, client = {0}, reply = {0};
  xpc_connection_t c = client_of(listen_here(&l, &s), &client);
  int disposed = 0;
  struct block literal = check_block(record, &reply, &disposed);
  xpc_object_t message = number(1);

  xpc_connection_send_message_with_reply(c, message, NULL,
                                         (xpc_handler_t)(void *)&literal);
  memset(&literal, 0xff, sizeof literal); /* only the copy is used */
  PUMP_UNTIL(reply.messages == 1);
  CHECK(disposed == 1); /* C-210: the exact moment it is let go */
}
