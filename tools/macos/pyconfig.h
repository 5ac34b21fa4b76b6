/* All that the limited API needs to know of a 64-bit macOS, whatever Python
 * the machine has that builds. */
#define SIZEOF_SHORT 2
#define SIZEOF_INT 4
#define SIZEOF_LONG 8
#define SIZEOF_LONG_LONG 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_VOID_P 8
#define SIZEOF_WCHAR_T 4
#define HAVE_STDDEF_H 1
#define WITH_DOC_STRINGS 1
