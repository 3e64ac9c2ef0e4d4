/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/leaf.h"

#include <string.h>

#include <openssl/rand.h>

enum sg_rc ca_serial_new(uint8_t ret_serial[static CA_SERIAL_LEN],
                         struct sg_err *err)
{
    uint8_t serial[CA_SERIAL_LEN];

    if (RAND_bytes(serial, sizeof serial) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "serial: RAND_bytes");
    /* Drawn again instead of mapped: 0x01–0x7f stay equally likely. */
    serial[0] &= 0x7f;
    while (serial[0] == 0) {
        if (RAND_bytes(serial, 1) != 1)
            return sg_err_openssl(err, SG_CRYPTO, "serial: RAND_bytes");
        serial[0] &= 0x7f;
    }
    memcpy(ret_serial, serial, sizeof serial);
    return SG_OK;
}
