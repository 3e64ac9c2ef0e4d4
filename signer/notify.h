/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_NOTIFY_H
#define SG_SIGNER_NOTIFY_H

/* What systemd is told (sd_notify). Without NOTIFY_SOCKET all of it is a no-op.
 * Main thread only. */

#include <stdint.h>

void srv_notify_ready(const char *status);
void srv_notify_reloading(void);
void srv_notify_stopping(void);
/* Milliseconds between two signs of life that systemd wants, 0: none. */
int srv_notify_watchdog_ms(void);
void srv_notify_alive(void);

#endif
