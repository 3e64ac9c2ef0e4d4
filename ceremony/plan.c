/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/plan.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "common/parse.h"

static const char *const TYPES[] = {
    [CER_TYPE_KEY] = "key",
    [CER_TYPE_ROOT] = "root",
    [CER_TYPE_INTERMEDIATE] = "intermediate",
    [CER_TYPE_CSR] = "csr",
    [CER_TYPE_CROSS_CERTIFICATE] = "cross-certificate",
    [CER_TYPE_ROLLOVER] = "rollover",
    [CER_TYPE_OCSP_RESPONDER] = "ocsp-responder",
    [CER_TYPE_CRL] = "crl",
};

const char *cer_type_name(enum cer_type type)
{
    return type != CER_TYPE_UNSET && (size_t)type < SG_ARRAY_LEN(TYPES)
               ? TYPES[type]
               : "?";
}

enum sg_rc cer_type_parse(const char *text, enum cer_type *ret,
                          struct sg_err *err)
{
    char shown[SG_SHOW_MAX];

    for (size_t i = CER_TYPE_KEY; i < SG_ARRAY_LEN(TYPES); i++) {
        if (strcmp(TYPES[i], text) == 0) {
            *ret = (enum cer_type)i;
            return SG_OK;
        }
    }
    return sg_err_set(err, SG_USAGE,
                      "\"%s\": not one of key, root, intermediate, csr, "
                      "cross-certificate, rollover, ocsp-responder, crl",
                      sg_show(text, shown));
}

bool cer_person_same(const struct cer_person *a, const struct cer_person *b)
{
    return strcasecmp(a->name, b->name) == 0
           || (a->spki.len > 0 && sg_slice_eq(a->spki, b->spki));
}

bool cer_plan_is_package(const struct cer_plan *plan)
{
    return plan->n_sign > 1;
}

enum sg_rc cer_sha256(struct sg_slice bytes, uint8_t ret[static 32],
                      struct sg_err *err)
{
    static const uint8_t nothing;

    if (EVP_Digest(bytes.len > 0 ? bytes.p : &nothing, bytes.len, ret, NULL,
                   EVP_sha256(), NULL)
        != 1)
        return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    return SG_OK;
}
