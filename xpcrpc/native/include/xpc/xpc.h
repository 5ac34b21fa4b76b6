/* The XPC C API of the connection era, for Linux: Apple's names and types,
 * this project's text and code. Behaviour follows the numbered rules (C-nn)
 * of the project's libxpc contract.
 *
 * Ownership: "create" and "copy" give the caller one reference, "get" lends
 * (C-1). Threads: retain and release are safe anywhere; arrays and
 * dictionaries have no lock, so callers serialise their changes (C-6).
 * Misuse prints "XPC API Misuse: ..." and aborts (C-176). */
#ifndef XPC_PORTABLE_XPC_H
#define XPC_PORTABLE_XPC_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <dispatch/dispatch.h>

#ifndef __XPC_INDIRECT__
#define __XPC_INDIRECT__
#endif
#include <xpc/base.h>

XPC_EXTERN_C_BEGIN

#define XPC_API_VERSION 20200610

typedef const struct _xpc_type_s *xpc_type_t;
#define XPC_TYPE(name) const struct _xpc_type_s name
#define XPC_DECL(name) typedef struct _##name##_s *name##_t
#define XPC_GLOBAL_OBJECT(object) (&(object))

typedef void *xpc_object_t;

/* With -fblocks these are real block types; without, opaque pointers to the
 * same literals (contract section 11). */
#ifdef __BLOCKS__
typedef void (^xpc_handler_t)(xpc_object_t object);
typedef bool (^xpc_array_applier_t)(size_t index, xpc_object_t value);
typedef bool (^xpc_dictionary_applier_t)(const char *key, xpc_object_t value);
#else
typedef struct _xpc_handler_block_s *xpc_handler_t;
typedef struct _xpc_array_applier_block_s *xpc_array_applier_t;
typedef struct _xpc_dictionary_applier_block_s *xpc_dictionary_applier_t;
#endif

/* Types are compared by address (C-7). */
#define XPC_TYPE_CONNECTION (&_xpc_type_connection)
XPC_EXPORT XPC_TYPE(_xpc_type_connection);
XPC_DECL(xpc_connection);
typedef void (*xpc_connection_handler_t)(xpc_connection_t connection);

#define XPC_TYPE_ENDPOINT (&_xpc_type_endpoint)
XPC_EXPORT XPC_TYPE(_xpc_type_endpoint);
XPC_DECL(xpc_endpoint);

#define XPC_TYPE_NULL (&_xpc_type_null)
XPC_EXPORT XPC_TYPE(_xpc_type_null);
#define XPC_TYPE_BOOL (&_xpc_type_bool)
XPC_EXPORT XPC_TYPE(_xpc_type_bool);
#define XPC_BOOL_TRUE XPC_GLOBAL_OBJECT(_xpc_bool_true)
XPC_EXPORT const struct _xpc_bool_s _xpc_bool_true;
#define XPC_BOOL_FALSE XPC_GLOBAL_OBJECT(_xpc_bool_false)
XPC_EXPORT const struct _xpc_bool_s _xpc_bool_false;
#define XPC_TYPE_INT64 (&_xpc_type_int64)
XPC_EXPORT XPC_TYPE(_xpc_type_int64);
#define XPC_TYPE_UINT64 (&_xpc_type_uint64)
XPC_EXPORT XPC_TYPE(_xpc_type_uint64);
#define XPC_TYPE_DOUBLE (&_xpc_type_double)
XPC_EXPORT XPC_TYPE(_xpc_type_double);
#define XPC_TYPE_DATE (&_xpc_type_date)
XPC_EXPORT XPC_TYPE(_xpc_type_date);
#define XPC_TYPE_DATA (&_xpc_type_data)
XPC_EXPORT XPC_TYPE(_xpc_type_data);
#define XPC_TYPE_STRING (&_xpc_type_string)
XPC_EXPORT XPC_TYPE(_xpc_type_string);
#define XPC_TYPE_UUID (&_xpc_type_uuid)
XPC_EXPORT XPC_TYPE(_xpc_type_uuid);
#define XPC_TYPE_FD (&_xpc_type_fd)
XPC_EXPORT XPC_TYPE(_xpc_type_fd);
#define XPC_TYPE_SHMEM (&_xpc_type_shmem)
XPC_EXPORT XPC_TYPE(_xpc_type_shmem);
#define XPC_TYPE_ARRAY (&_xpc_type_array)
XPC_EXPORT XPC_TYPE(_xpc_type_array);
#define XPC_TYPE_DICTIONARY (&_xpc_type_dictionary)
XPC_EXPORT XPC_TYPE(_xpc_type_dictionary);
#define XPC_TYPE_ERROR (&_xpc_type_error)
XPC_EXPORT XPC_TYPE(_xpc_type_error);

/* Pointer variables, not addresses (C-217). */
#define XPC_ERROR_KEY_DESCRIPTION _xpc_error_key_description
XPC_EXPORT const char *const _xpc_error_key_description;
#define XPC_EVENT_KEY_NAME _xpc_event_key_name
XPC_EXPORT const char *const _xpc_event_key_name;

XPC_EXTERN_C_END

#include <xpc/connection.h>
#include <xpc/endpoint.h>
#undef __XPC_INDIRECT__

XPC_EXTERN_C_BEGIN

/* Any object */
XPC_EXPORT xpc_object_t xpc_retain(xpc_object_t object);
XPC_EXPORT void xpc_release(xpc_object_t object);
XPC_EXPORT XPC_WARN_RESULT xpc_type_t xpc_get_type(xpc_object_t object);
XPC_EXPORT const char *xpc_type_get_name(xpc_type_t type);
/* Deep for containers; NULL for what cannot be copied (C-26). */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_copy(xpc_object_t object);
XPC_EXPORT XPC_WARN_RESULT bool xpc_equal(xpc_object_t object1,
                                          xpc_object_t object2);
XPC_EXPORT XPC_WARN_RESULT size_t xpc_hash(xpc_object_t object);
/* malloc'd, for people (C-30). */
XPC_EXPORT XPC_WARN_RESULT char *xpc_copy_description(xpc_object_t object);

/* Scalars. Getters of another type give 0, false, NaN, NULL or -1 (C-31). */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_null_create(void);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_bool_create(bool value);
XPC_EXPORT bool xpc_bool_get_value(xpc_object_t xbool);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_int64_create(int64_t value);
XPC_EXPORT XPC_WARN_RESULT int64_t xpc_int64_get_value(xpc_object_t xint);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_uint64_create(uint64_t value);
XPC_EXPORT XPC_WARN_RESULT uint64_t xpc_uint64_get_value(xpc_object_t xuint);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_double_create(double value);
XPC_EXPORT XPC_WARN_RESULT double xpc_double_get_value(xpc_object_t xdouble);
/* Nanoseconds since 1970-01-01 UTC, negative before (C-12). */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_date_create(int64_t interval);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_date_create_from_current(void);
XPC_EXPORT XPC_WARN_RESULT int64_t xpc_date_get_value(xpc_object_t xdate);

/* Bytes, text, identifiers: copied in, lent out */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_data_create(const void *bytes,
                                                        size_t length);
XPC_EXPORT XPC_WARN_RESULT size_t xpc_data_get_length(xpc_object_t xdata);
XPC_EXPORT XPC_WARN_RESULT const void *xpc_data_get_bytes_ptr(
    xpc_object_t xdata);
XPC_EXPORT XPC_WARN_RESULT size_t xpc_data_get_bytes(xpc_object_t xdata,
                                                     void *buffer, size_t off,
                                                     size_t length);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_string_create(const char *string);
XPC_EXPORT XPC_WARN_RESULT XPC_PRINTF(1, 2) xpc_object_t
    xpc_string_create_with_format(const char *fmt, ...);
XPC_EXPORT XPC_WARN_RESULT XPC_PRINTF(1, 0) xpc_object_t
    xpc_string_create_with_format_and_arguments(const char *fmt, va_list ap);
XPC_EXPORT XPC_WARN_RESULT size_t xpc_string_get_length(xpc_object_t xstring);
XPC_EXPORT XPC_WARN_RESULT const char *xpc_string_get_string_ptr(
    xpc_object_t xstring);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_uuid_create(const uuid_t uuid);
XPC_EXPORT const uint8_t *xpc_uuid_get_bytes(xpc_object_t xuuid);

/* Handles. xpc_fd_create duplicates, xpc_fd_dup gives a new number each time
 * that the caller closes (C-21). xpc_shmem_create wants MAP_SHARED memory of
 * a memfd mapped from its start: see xpc_portable_shmem_alloc().
 *
 * With no descriptor left (EMFILE, ENFILE) the makers give NULL and errno, as
 * xpc_endpoint_create() does; a setter then leaves its key out of a
 * dictionary, and puts a null in an array, with one log line. */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_fd_create(int fd);
XPC_EXPORT XPC_WARN_RESULT int xpc_fd_dup(xpc_object_t xfd);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_shmem_create(void *region,
                                                         size_t length);
XPC_EXPORT XPC_WARN_RESULT size_t xpc_shmem_map(xpc_object_t xshmem,
                                                void **region);

/* Arrays */
#define XPC_ARRAY_APPEND ((size_t)(-1))
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_array_create(const xpc_object_t *objects, size_t count);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_array_create_empty(void);
XPC_EXPORT void xpc_array_set_value(xpc_object_t xarray, size_t index,
                                    xpc_object_t value);
XPC_EXPORT void xpc_array_append_value(xpc_object_t xarray,
                                       xpc_object_t value);
XPC_EXPORT XPC_WARN_RESULT size_t xpc_array_get_count(xpc_object_t xarray);
XPC_EXPORT xpc_object_t xpc_array_get_value(xpc_object_t xarray,
                                            size_t index);
XPC_EXPORT bool xpc_array_apply(xpc_object_t xarray,
                                xpc_array_applier_t applier);
XPC_EXPORT void xpc_array_set_bool(xpc_object_t xarray, size_t index,
                                   bool value);
XPC_EXPORT void xpc_array_set_int64(xpc_object_t xarray, size_t index,
                                    int64_t value);
XPC_EXPORT void xpc_array_set_uint64(xpc_object_t xarray, size_t index,
                                     uint64_t value);
XPC_EXPORT void xpc_array_set_double(xpc_object_t xarray, size_t index,
                                     double value);
XPC_EXPORT void xpc_array_set_date(xpc_object_t xarray, size_t index,
                                   int64_t value);
XPC_EXPORT void xpc_array_set_data(xpc_object_t xarray, size_t index,
                                   const void *bytes, size_t length);
XPC_EXPORT void xpc_array_set_string(xpc_object_t xarray, size_t index,
                                     const char *string);
XPC_EXPORT void xpc_array_set_uuid(xpc_object_t xarray, size_t index,
                                   const uuid_t uuid);
XPC_EXPORT void xpc_array_set_fd(xpc_object_t xarray, size_t index, int fd);
XPC_EXPORT void xpc_array_set_connection(xpc_object_t xarray, size_t index,
                                         xpc_connection_t connection);
XPC_EXPORT XPC_WARN_RESULT bool xpc_array_get_bool(xpc_object_t xarray,
                                                   size_t index);
XPC_EXPORT XPC_WARN_RESULT int64_t xpc_array_get_int64(xpc_object_t xarray,
                                                       size_t index);
XPC_EXPORT XPC_WARN_RESULT uint64_t xpc_array_get_uint64(xpc_object_t xarray,
                                                         size_t index);
XPC_EXPORT XPC_WARN_RESULT double xpc_array_get_double(xpc_object_t xarray,
                                                       size_t index);
XPC_EXPORT XPC_WARN_RESULT int64_t xpc_array_get_date(xpc_object_t xarray,
                                                      size_t index);
XPC_EXPORT XPC_WARN_RESULT const void *xpc_array_get_data(xpc_object_t xarray,
                                                          size_t index,
                                                          size_t *length);
XPC_EXPORT XPC_WARN_RESULT const char *xpc_array_get_string(
    xpc_object_t xarray, size_t index);
XPC_EXPORT XPC_WARN_RESULT const uint8_t *xpc_array_get_uuid(
    xpc_object_t xarray, size_t index);
XPC_EXPORT XPC_WARN_RESULT int xpc_array_dup_fd(xpc_object_t xarray,
                                                size_t index);
XPC_EXPORT XPC_WARN_RESULT xpc_connection_t
xpc_array_create_connection(xpc_object_t xarray, size_t index);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_array_get_dictionary(xpc_object_t xarray, size_t index);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_array_get_array(xpc_object_t xarray, size_t index);

/* Dictionaries */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_dictionary_create(const char *const *keys, const xpc_object_t *values,
                      size_t count);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t xpc_dictionary_create_empty(void);
/* An empty reply, once per request that expects one; else NULL (C-131). */
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_dictionary_create_reply(xpc_object_t original);
XPC_EXPORT void xpc_dictionary_set_value(xpc_object_t xdict, const char *key,
                                         xpc_object_t value);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_dictionary_get_value(xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT size_t
xpc_dictionary_get_count(xpc_object_t xdict);
XPC_EXPORT bool xpc_dictionary_apply(xpc_object_t xdict,
                                     xpc_dictionary_applier_t applier);
XPC_EXPORT XPC_WARN_RESULT xpc_connection_t
xpc_dictionary_get_remote_connection(xpc_object_t xdict);
XPC_EXPORT void xpc_dictionary_set_bool(xpc_object_t xdict, const char *key,
                                        bool value);
XPC_EXPORT void xpc_dictionary_set_int64(xpc_object_t xdict, const char *key,
                                         int64_t value);
XPC_EXPORT void xpc_dictionary_set_uint64(xpc_object_t xdict, const char *key,
                                          uint64_t value);
XPC_EXPORT void xpc_dictionary_set_double(xpc_object_t xdict, const char *key,
                                          double value);
XPC_EXPORT void xpc_dictionary_set_date(xpc_object_t xdict, const char *key,
                                        int64_t value);
XPC_EXPORT void xpc_dictionary_set_data(xpc_object_t xdict, const char *key,
                                        const void *bytes, size_t length);
XPC_EXPORT void xpc_dictionary_set_string(xpc_object_t xdict, const char *key,
                                          const char *string);
XPC_EXPORT void xpc_dictionary_set_uuid(xpc_object_t xdict, const char *key,
                                        const uuid_t uuid);
XPC_EXPORT void xpc_dictionary_set_fd(xpc_object_t xdict, const char *key,
                                      int fd);
XPC_EXPORT void xpc_dictionary_set_connection(xpc_object_t xdict,
                                              const char *key,
                                              xpc_connection_t connection);
XPC_EXPORT XPC_WARN_RESULT bool xpc_dictionary_get_bool(xpc_object_t xdict,
                                                        const char *key);
XPC_EXPORT XPC_WARN_RESULT int64_t
xpc_dictionary_get_int64(xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT uint64_t
xpc_dictionary_get_uint64(xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT double
xpc_dictionary_get_double(xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT int64_t
xpc_dictionary_get_date(xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT const void *xpc_dictionary_get_data(
    xpc_object_t xdict, const char *key, size_t *length);
XPC_EXPORT XPC_WARN_RESULT const char *xpc_dictionary_get_string(
    xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT const uint8_t *xpc_dictionary_get_uuid(
    xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT int xpc_dictionary_dup_fd(xpc_object_t xdict,
                                                     const char *key);
XPC_EXPORT XPC_WARN_RESULT xpc_connection_t
xpc_dictionary_create_connection(xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_dictionary_get_dictionary(xpc_object_t xdict, const char *key);
XPC_EXPORT XPC_WARN_RESULT xpc_object_t
xpc_dictionary_get_array(xpc_object_t xdict, const char *key);

/* A count and nothing more: nobody here asks an idle process to exit. An end
 * without a begin aborts (X30). */
XPC_EXPORT void xpc_transaction_begin(void);
XPC_EXPORT void xpc_transaction_end(void);

XPC_EXTERN_C_END

#endif
