/* Boxed numbers and dates. */
#include "object.h"

#include <math.h>
#include <time.h>

static struct xpc__scalar *scalar_new(xpc_type_t type) {
  struct xpc__scalar *scalar = xpc__alloc(sizeof *scalar);

  scalar->object.type = type;
  atomic_init(&scalar->object.references, 1);
  return scalar;
}

static bool is(const void *object, xpc_type_t type) {
  return object != NULL && ((const struct xpc__object *)object)->type == type;
}

bool xpc_bool_get_value(xpc_object_t xbool) {
  return is(xbool, XPC_TYPE_BOOL) && ((struct _xpc_bool_s *)xbool)->value;
}

xpc_object_t xpc_int64_create(int64_t value) {
  struct xpc__scalar *scalar = scalar_new(XPC_TYPE_INT64);

  scalar->as.int64 = value;
  return scalar;
}

int64_t xpc_int64_get_value(xpc_object_t xint) {
  return is(xint, XPC_TYPE_INT64) ? ((struct xpc__scalar *)xint)->as.int64 : 0;
}

xpc_object_t xpc_uint64_create(uint64_t value) {
  struct xpc__scalar *scalar = scalar_new(XPC_TYPE_UINT64);

  scalar->as.uint64 = value;
  return scalar;
}

uint64_t xpc_uint64_get_value(xpc_object_t xuint) {
  return is(xuint, XPC_TYPE_UINT64) ? ((struct xpc__scalar *)xuint)->as.uint64
                                    : 0;
}

xpc_object_t xpc_double_create(double value) {
  struct xpc__scalar *scalar = scalar_new(XPC_TYPE_DOUBLE);

  scalar->as.real = value;
  return scalar;
}

double xpc_double_get_value(xpc_object_t xdouble) {
  return is(xdouble, XPC_TYPE_DOUBLE) ? ((struct xpc__scalar *)xdouble)->as.real
                                      : (double)NAN;
}

xpc_object_t xpc_date_create(int64_t interval) {
  struct xpc__scalar *scalar = scalar_new(XPC_TYPE_DATE);

  scalar->as.int64 = interval;
  return scalar;
}

xpc_object_t xpc_date_create_from_current(void) {
  struct timespec now;

  clock_gettime(CLOCK_REALTIME, &now);
  return xpc_date_create((int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
}

int64_t xpc_date_get_value(xpc_object_t xdate) {
  return is(xdate, XPC_TYPE_DATE) ? ((struct xpc__scalar *)xdate)->as.int64 : 0;
}
