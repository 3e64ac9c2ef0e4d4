/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/show.h"

#include <stdio.h>
#include <string.h>

#include "common/parse.h"

#define UNIT_MAX 4 /* a UTF-8 character or \xNN */
#define ELLIPSIS_LEN 3

const char *ca_show(struct sg_slice value, char dst[CA_SHOW_MAX])
{
    size_t len = 0;
    bool utf8 = sg_is_utf8(value);

    for (size_t i = 0; i < value.len;) {
        uint8_t c = value.p[i];
        size_t n = 1;

        if (len + UNIT_MAX + ELLIPSIS_LEN >= CA_SHOW_MAX) {
            memcpy(dst + len, "...", ELLIPSIS_LEN);
            len += ELLIPSIS_LEN;
            break;
        }
        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)) {
            len += (size_t)snprintf(dst + len, CA_SHOW_MAX - len, "\\x%02x", c);
        } else {
            while (utf8 && i + n < value.len && (value.p[i + n] & 0xc0) == 0x80)
                n++;
            memcpy(dst + len, value.p + i, n);
            len += n;
        }
        i += n;
    }
    dst[len] = '\0';
    return dst;
}
