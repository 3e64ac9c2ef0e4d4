/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/notify.h"

#include <limits.h>
#include <systemd/sd-daemon.h>

#include "common/clock.h"

void srv_notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void srv_notify_reloading(void)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                     (long long)sg_mono_us());
}

void srv_notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=finishing requests");
}

int srv_notify_watchdog_ms(void)
{
    uint64_t usec = 0;

    if (sd_watchdog_enabled(0, &usec) <= 0)
        return 0;
    /* Twice within the interval, as sd_watchdog_enabled(3) advises. */
    uint64_t ms = usec / 1000 / 2;
    if (ms == 0)
        return 1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

void srv_notify_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}
