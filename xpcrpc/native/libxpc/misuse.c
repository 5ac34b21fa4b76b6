/* How the library speaks when it cannot return: misuse, memory, the log. */
#include "object.h"

#include <stdio.h>

static _Atomic(void (*)(const char *)) logger;

void xpc_portable_set_logger(void (*new_logger)(const char *line)) {
  atomic_store(&logger, new_logger);
}

void xpc__log(const char *format, ...) {
  void (*current)(const char *) = atomic_load(&logger);
  char line[256];
  va_list arguments;

  if (current == NULL)
    return;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  current(line);
}

_Noreturn void xpc__misuse(const char *format, ...) {
  va_list arguments;

  fputs("XPC API Misuse: ", stderr);
  va_start(arguments, format);
  (void)vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  (void)fflush(stderr);
  abort();
}

void *xpc__alloc(size_t size) {
  void *memory = malloc(size == 0 ? 1 : size);

  if (memory == NULL) {
    fputs("libxpc: out of memory\n", stderr);
    abort();
  }
  return memory;
}

void *xpc__realloc(void *memory, size_t size) {
  void *grown = realloc(memory, size == 0 ? 1 : size);

  if (grown == NULL) {
    fputs("libxpc: out of memory\n", stderr);
    abort();
  }
  return grown;
}

char *xpc__strdup(const char *text) {
  size_t size = strlen(text) + 1;

  return memcpy(xpc__alloc(size), text, size);
}
