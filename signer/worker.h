/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_WORKER_H
#define SG_SIGNER_WORKER_H

/* Threads for what takes a processor long: RSA keys take a tenth of a second to
 * several. On an event thread that would hold up everybody else's requests.
 * Every call but new and free is thread-safe. */

#include "common/err.h"

struct srv_worker;

/* Called on a worker's thread. cancelled: the daemon stops, do nothing long. */
typedef void (*srv_work)(void *arg, bool cancelled);

/* threads 0: half of the processors, at least one. */
enum sg_rc srv_worker_new(unsigned threads, struct srv_worker **ret_worker,
                          struct sg_err *err);
/* On SG_OK run is called once, perhaps before this returns. SG_UNAVAILABLE
 * when too much waits already, or after a cancel. */
enum sg_rc srv_worker_add(struct srv_worker *worker, srv_work run, void *arg,
                          struct sg_err *err);
/* Call all that waits as cancelled, and take nothing new. What runs goes on. */
void srv_worker_cancel(struct srv_worker *worker);
/* Cancels, and joins the threads. Takes NULL. */
void srv_worker_free(struct srv_worker *worker);
SG_DEFINE_CLEANUP(struct srv_worker, srv_worker_free);

#endif
