/* Runs a fuzz target over the files named: what the corpus, or a crash that
 * was found, does under any compiler. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *count, char ***arguments)
    __attribute__((weak));
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static uint8_t bytes[1 << 20];

int main(int count, char **arguments) {
  if (LLVMFuzzerInitialize != NULL)
    LLVMFuzzerInitialize(&count, &arguments);
  for (int i = 1; i < count; i++) {
    FILE *file = fopen(arguments[i], "rb");
    size_t length;
    if (file == NULL) {
      perror(arguments[i]);
      return 1;
    }
    length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, length);
    printf("ok %s\n", arguments[i]);
  }
  return 0;
}
