#include <xpc/portable.h>

#include "xr__bridge.h"

size_t xr_terminate(void) { return xpc_portable_terminate(); }
