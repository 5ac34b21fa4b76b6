#include "xr_transaction.h"

#include <xpc/xpc.h>

/* Deprecated beside XPCService in Swift; there is nothing else in C. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

void xr_transaction_begin(void) { xpc_transaction_begin(); }

void xr_transaction_end(void) { xpc_transaction_end(); }
