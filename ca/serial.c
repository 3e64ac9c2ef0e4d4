/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/leaf.h"

#include <string.h>

#include <openssl/rand.h>

#define SERIALS_AHEAD 64 /* one call of the generator costs as much as 40 */

/* This thread's next serial number out of those drawn together. */
static const uint8_t *serial_draw(struct sg_err *err)
{
    static _Thread_local uint8_t ahead[SERIALS_AHEAD][CA_SERIAL_LEN];
    static _Thread_local unsigned left;

    if (left == 0) {
        if (RAND_bytes(ahead[0], sizeof(ahead)) != 1) {
            (void)sg_err_openssl(err, SG_CRYPTO, "serial: RAND_bytes");
            return NULL;
        }
        left = SERIALS_AHEAD;
    }
    return ahead[--left];
}

enum sg_rc ca_serial_new(uint8_t ret_serial[static CA_SERIAL_LEN],
                         struct sg_err *err)
{
    const uint8_t *serial;

    /* Drawn again instead of mapped: 0x01–0x7f stay equally likely. */
    do {
        serial = serial_draw(err);
        if (serial == NULL)
            return err->rc;
    } while ((serial[0] & 0x7f) == 0);
    memcpy(ret_serial, serial, CA_SERIAL_LEN);
    ret_serial[0] &= 0x7f;
    return SG_OK;
}
