/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/tbs-ocsp.h"

#include <string.h>

#define TIME_LEN 15 /* YYYYMMDDHHMMSSZ */

/* id-pkix-ocsp, 1.3.6.1.5.5.7.48.1: everything below it is OCSP's own. */
static const uint8_t PKIX_OCSP[] = { 0x2b, 0x06, 0x01, 0x05,
                                     0x05, 0x07, 0x30, 0x01 };

/* OCSP writes GeneralizedTime in every century, so that the texts are in the
 * order of the instants. */
static enum sg_rc read_time(struct sg_der *in, struct sg_slice *ret,
                            struct sg_err *err)
{
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_get(in, SG_DER_GENERALIZED_TIME, &tlv, err));
    bool ok = tlv.content.len == TIME_LEN && tlv.content.p[TIME_LEN - 1] == 'Z';
    for (size_t i = 0; ok && i < TIME_LEN - 1; i++)
        ok = tlv.content.p[i] >= '0' && tlv.content.p[i] <= '9';
    if (!ok)
        return sg_err_set(
            err, SG_FORMAT,
            "ocsp: time is not YYYYMMDDHHMMSSZ (RFC 6960 4.2.2.1)");
    *ret = tlv.content;
    return SG_OK;
}

static bool is_ocsp_oid(struct sg_slice oid)
{
    return oid.len == sizeof(PKIX_OCSP) + 1
           && memcmp(oid.p, PKIX_OCSP, sizeof(PKIX_OCSP)) == 0;
}

/* [1] EXPLICIT Extensions, of one answer and of all of them. */
static enum sg_rc read_extensions(struct sg_der *in, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct sg_der wrap;
    struct tok_exts list;
    struct tok_ext ext;

    SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(1), &wrap, err));
    SG_TRY(tok_exts_enter(&wrap, &list, err));
    SG_TRY(sg_der_end(&wrap, err));
    do {
        SG_TRY(tok_exts_next(&list, &ext, err));
        if (ext.critical && !is_ocsp_oid(ext.oid))
            return tok_refuse(err, EXTENSION,
                              "guard: OCSP answer with the critical extension "
                              "%s, which is not known here (RFC 6960 4.4)",
                              sg_oid_to_text(ext.oid, text));
    } while (tok_exts_more(&list));
    return SG_OK;
}

static enum sg_rc read_status(struct sg_der *in, struct sg_err *err)
{
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_any(in, &tlv, err));
    if (tlv.tag != SG_DER_CONTEXT(0) && tlv.tag != SG_DER_CONTEXT_CONSTRUCTED(1)
        && tlv.tag != SG_DER_CONTEXT(2))
        return sg_err_set(err, SG_FORMAT,
                          "ocsp: certStatus has the tag 0x%02x (RFC 6960 "
                          "4.2.1)",
                          tlv.tag);
    return SG_OK;
}

static enum sg_rc read_next_update(struct sg_der *in, struct sg_slice this,
                                   struct sg_err *err)
{
    struct sg_der wrap;
    struct sg_slice next;

    SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(0), &wrap, err));
    SG_TRY(read_time(&wrap, &next, err));
    SG_TRY(sg_der_end(&wrap, err));
    if (memcmp(next.p, this.p, TIME_LEN) < 0)
        return tok_refuse(err, OCSP,
                          "guard: OCSP answer whose nextUpdate is before its "
                          "thisUpdate (RFC 6960 4.2.2.1)");
    return SG_OK;
}

/* The hash's parameters are NULL or left out (RFC 5754 2). */
static enum sg_rc read_hash(struct sg_der *in, struct sg_slice *ret,
                            struct sg_err *err)
{
    struct sg_der algorithm;
    struct sg_der_tlv null;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &algorithm, err));
    SG_TRY(sg_der_oid(&algorithm, ret, err));
    if (sg_der_more(&algorithm))
        SG_TRY(sg_der_get(&algorithm, SG_DER_NULL, &null, err));
    return sg_der_end(&algorithm, err);
}

static enum sg_rc read_cert_id(struct sg_der *in, struct tok_cert_id *ret,
                               struct sg_err *err)
{
    struct sg_der id;
    struct sg_der_tlv name;
    struct sg_der_tlv key;
    struct sg_slice serial; /* the asker's: any number is told about */

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &id, err));
    SG_TRY(read_hash(&id, &ret->hash, err));
    SG_TRY(sg_der_get(&id, SG_DER_OCTET_STRING, &name, err));
    SG_TRY(sg_der_get(&id, SG_DER_OCTET_STRING, &key, err));
    SG_TRY(sg_der_integer(&id, &serial, err));
    ret->name = name.content;
    ret->key = key.content;
    return sg_der_end(&id, err);
}

enum sg_rc tok_ocsp_next(struct sg_der *responses, struct tok_cert_id *ret,
                         struct sg_err *err)
{
    struct sg_der single;
    struct sg_slice this_update;

    SG_TRY(sg_der_enter(responses, SG_DER_SEQUENCE, &single, err));
    SG_TRY(read_cert_id(&single, ret, err));
    SG_TRY(read_status(&single, err));
    SG_TRY(read_time(&single, &this_update, err));
    if (sg_der_next_is(&single, SG_DER_CONTEXT_CONSTRUCTED(0)))
        SG_TRY(read_next_update(&single, this_update, err));
    if (sg_der_more(&single))
        SG_TRY(read_extensions(&single, err));
    return sg_der_end(&single, err);
}

static enum sg_rc read_responder(struct sg_der *in, struct tok_ocsp *ocsp,
                                 struct sg_err *err)
{
    struct sg_der wrap;
    struct sg_der_tlv hash;

    if (sg_der_next_is(in, SG_DER_CONTEXT_CONSTRUCTED(1))) {
        SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(1), &wrap, err));
        SG_TRY(tok_der_whole(&wrap, &ocsp->name, err));
        return sg_der_end(&wrap, err);
    }
    SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(2), &wrap, err));
    SG_TRY(sg_der_get(&wrap, SG_DER_OCTET_STRING, &hash, err));
    ocsp->key_hash = hash.content;
    return sg_der_end(&wrap, err);
}

static enum sg_rc read_responses(struct sg_der *in, struct tok_ocsp *ocsp,
                                 struct sg_err *err)
{
    struct tok_cert_id id;
    struct sg_der_tlv seq;
    struct sg_der list;

    SG_TRY(sg_der_get(in, SG_DER_SEQUENCE, &seq, err));
    ocsp->responses = seq.content;
    sg_der_inside(in, &seq, &list);
    if (!sg_der_more(&list))
        return tok_refuse(err, OCSP, "guard: OCSP response without an answer");
    while (sg_der_more(&list))
        SG_TRY(tok_ocsp_next(&list, &id, err));
    return SG_OK;
}

enum sg_rc tok_ocsp_parse(struct sg_slice der, struct tok_ocsp *ret,
                          struct sg_err *err)
{
    struct tok_ocsp ocsp = { 0 };
    struct sg_der in;
    struct sg_der seq;
    struct sg_slice produced;

    SG_TRY(sg_der_check(der, "ocsp", TOK_TBS_DEPTH_MAX, TOK_TBS_ELEMENTS_MAX,
                        err));
    sg_der_init(&in, der, "ocsp");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    /* version [0] has only its default, which DER leaves out. */
    SG_TRY(read_responder(&seq, &ocsp, err));
    SG_TRY(read_time(&seq, &produced, err));
    SG_TRY(read_responses(&seq, &ocsp, err));
    if (sg_der_more(&seq))
        SG_TRY(read_extensions(&seq, err));
    SG_TRY(sg_der_end(&seq, err));
    *ret = ocsp;
    return SG_OK;
}
