/* SPDX-License-Identifier: Apache-2.0 */
#include <p11-kit/pkcs11.h>

#include "pkcs11/helper/ecdsa.h"
#include "pkcs11/helper/spki.h"
#include "tests/fuzz/helper.h"

/* What a module says of a key: the kind, two parts of attributes. What comes
 * out can be read, and is a public key of ours or refused. */
static void attributes(struct sg_slice in)
{
    static const unsigned long kinds[] = { CKK_EC, CKK_RSA, CKK_EC_EDWARDS, 7 };
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct tok_public_attrs attrs = { .key_type = kinds[in.p[0] % 4] };
    enum tok_key_type type = TOK_KEY_UNSET;
    struct sg_err err = { 0 };

    sg_buf_init(&out, TOK_SPKI_MAX);
    in = SG_SLICE(in.p + 1, in.len - 1);
    attrs.ec_params = attrs.modulus = fuzz_part(&in);
    attrs.ec_point = attrs.exponent = fuzz_part(&in);
    if (tok_spki_encode(&attrs, &out, &err) != SG_OK) {
        fuzz_refused(&err);
        return;
    }
    /* RSA of a size that is none of ours is written, and not taken then. */
    if (tok_spki_type(sg_buf_slice(&out), &type, &err) == SG_OK)
        FUZZ_HOLDS(type != TOK_KEY_UNSET);
    else
        FUZZ_HOLDS(err.rc == SG_POLICY);
}

/* And of a signature. */
static void signature(struct sg_slice in)
{
    static const unsigned octets[] = { 32, 48, 66 };
    uint8_t der[TOK_ECDSA_DER_MAX];
    struct sg_err err = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < SG_ARRAY_LEN(octets); i++) {
        sg_err_clear(&err);
        if (tok_ecdsa_der(in, octets[i], der, &len, &err) == SG_OK)
            FUZZ_HOLDS(len > 0 && len <= sizeof(der) && der[0] == 0x30);
        else
            FUZZ_HOLDS(err.rc == SG_CRYPTO);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum tok_key_type type = TOK_KEY_UNSET;
    struct sg_err err = { 0 };

    if (tok_spki_type(SG_SLICE(data, size), &type, &err) != SG_OK)
        fuzz_refused(&err);
    signature(SG_SLICE(data, size));
    if (size > 0)
        attributes(SG_SLICE(data, size));
    return 0;
}
