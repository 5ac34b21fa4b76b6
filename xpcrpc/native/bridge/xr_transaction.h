#ifndef XR_TRANSACTION_H
#define XR_TRANSACTION_H

#include <stddef.h>

/* Work that goes on without a message keeping it in the system's count.
 *
 * launchd may end a service that has no open transaction. A request holds one
 * until its reply (C-149); a one-way message holds none once it is decoded, so
 * its handler is counted by hand (C-186). Any thread. */

void xr_transaction_begin(void);

/* Balances one begin; the process may be ended by the system after the last. */
void xr_transaction_end(void);

/* Tells every server peer that this process is about to end (C-123), once
 * each, and returns how many are told by this call. For macOS 0: launchd asks
 * a job to end, and libxpc tells its peers by itself. Any thread. */
size_t xr_terminate(void);

#endif
