/* What every header of the portable libxpc needs: the export macro and the
 * few types that Apple's xpc headers take from elsewhere.
 *
 * Include <xpc/xpc.h>, never this file. */
#ifndef XPC_PORTABLE_BASE_H
#define XPC_PORTABLE_BASE_H

#ifndef __XPC_INDIRECT__
#error "include <xpc/xpc.h> instead"
#endif

#include <sys/types.h>

#ifdef __cplusplus
#define XPC_EXTERN_C_BEGIN extern "C" {
#define XPC_EXTERN_C_END }
#else
#define XPC_EXTERN_C_BEGIN
#define XPC_EXTERN_C_END
#endif

/* Linked into another library, the names follow that library's visibility
 * (hidden, for the Python extension). A shared library of its own is built
 * with -DXPC_PORTABLE_SHARED and -fvisibility=hidden. */
#ifdef XPC_PORTABLE_SHARED
#define XPC_EXPORT extern __attribute__((__visibility__("default")))
#else
#define XPC_EXPORT extern
#endif

#define XPC_WARN_RESULT __attribute__((__warn_unused_result__))
#define XPC_PRINTF(format, first) \
  __attribute__((__format__(__printf__, format, first)))

/* Sixteen bytes, as in <uuid/uuid.h>. */
typedef unsigned char uuid_t[16];

/* An audit session; AU_ASSIGN_ASID says "none known" (contract C-98). */
typedef pid_t au_asid_t;
#ifndef AU_ASSIGN_ASID
#define AU_ASSIGN_ASID (-1)
#endif

#endif
