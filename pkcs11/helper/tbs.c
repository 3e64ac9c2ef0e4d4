/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/tbs.h"

#include <string.h>

/* --- extensions (RFC 5280 4.2) --------------------------------------------- */

static enum sg_rc read_ski(struct sg_der *in, struct tok_tbs *tbs,
                           struct sg_err *err)
{
    struct sg_der_tlv id;

    SG_TRY(sg_der_get(in, SG_DER_OCTET_STRING, &id, err));
    tbs->ski = id.content;
    return SG_OK;
}

static enum sg_rc read_key_usage(struct sg_der *in, struct tok_tbs *tbs,
                                 struct sg_err *err)
{
    tbs->has_key_usage = true;
    return sg_der_named_bits(in, &tbs->key_usage, err);
}

static enum sg_rc read_basic_constraints(struct sg_der *in, struct tok_tbs *tbs,
                                         struct sg_err *err)
{
    struct sg_der seq;
    uint64_t length;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &seq, err));
    if (sg_der_next_is(&seq, SG_DER_BOOLEAN)) {
        SG_TRY(sg_der_bool(&seq, &tbs->is_ca, err));
        if (!tbs->is_ca)
            return sg_err_set(err, SG_FORMAT,
                              "basicConstraints: default cA FALSE is written "
                              "out (X.690 11.5)");
    }
    if (sg_der_next_is(&seq, SG_DER_INTEGER)) {
        SG_TRY(sg_der_uint(&seq, &length, err));
        if (!tbs->is_ca)
            return sg_err_set(err, SG_POLICY,
                              "guard: path length without cA (RFC 5280 "
                              "4.2.1.9)");
        if (length > UINT32_MAX)
            return sg_err_set(err, SG_FORMAT,
                              "basicConstraints: path length %llu is too large",
                              (unsigned long long)length);
        tbs->has_path_length = true;
        tbs->path_length = (uint32_t)length;
    }
    return sg_der_end(&seq, err);
}

static enum sg_rc read_aki(struct sg_der *in, struct tok_tbs *tbs,
                           struct sg_err *err)
{
    struct sg_der seq;
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &seq, err));
    if (sg_der_next_is(&seq, SG_DER_CONTEXT(0))) {
        SG_TRY(sg_der_any(&seq, &tlv, err));
        tbs->aki = tlv.content;
    }
    /* authorityCertIssuer and its serial say nothing that we rely on. */
    if (sg_der_next_is(&seq, SG_DER_CONTEXT_CONSTRUCTED(1)))
        SG_TRY(sg_der_any(&seq, &tlv, err));
    if (sg_der_next_is(&seq, SG_DER_CONTEXT(2)))
        SG_TRY(sg_der_any(&seq, &tlv, err));
    return sg_der_end(&seq, err);
}

/* Last octet of id-ce (2.5.29.x) → reader of the value. */
static const struct {
    uint8_t arc;
    const char *what;
    enum sg_rc (*read)(struct sg_der *in, struct tok_tbs *tbs,
                       struct sg_err *err);
} READERS[] = {
    { 14, "subjectKeyIdentifier", read_ski },
    { 15, "keyUsage", read_key_usage },
    { 19, "basicConstraints", read_basic_constraints },
    { 35, "authorityKeyIdentifier", read_aki },
};

static enum sg_rc read_known(struct sg_slice oid, struct sg_slice value,
                             struct tok_tbs *tbs, struct sg_err *err)
{
    struct sg_der in;

    if (oid.len != 3 || oid.p[0] != 0x55 || oid.p[1] != 0x1d)
        return SG_OK;
    for (size_t i = 0; i < SG_ARRAY_LEN(READERS); i++) {
        if (oid.p[2] != READERS[i].arc)
            continue;
        sg_der_init(&in, value, READERS[i].what);
        SG_TRY(READERS[i].read(&in, tbs, err));
        return sg_der_end(&in, err);
    }
    return SG_OK;
}

static enum sg_rc read_extension(struct sg_der *list, struct sg_slice *ret_oid,
                                 struct tok_tbs *tbs, struct sg_err *err)
{
    struct sg_der ext;
    struct sg_der_tlv value;
    bool critical;

    SG_TRY(sg_der_enter(list, SG_DER_SEQUENCE, &ext, err));
    SG_TRY(sg_der_oid(&ext, ret_oid, err));
    if (sg_der_next_is(&ext, SG_DER_BOOLEAN)) {
        SG_TRY(sg_der_bool(&ext, &critical, err));
        if (!critical)
            return sg_err_set(err, SG_FORMAT,
                              "extension: default critical FALSE is written "
                              "out (X.690 11.5)");
    }
    SG_TRY(sg_der_get(&ext, SG_DER_OCTET_STRING, &value, err));
    SG_TRY(sg_der_end(&ext, err));
    return read_known(*ret_oid, value.content, tbs, err);
}

static enum sg_rc read_extensions(struct sg_der *in, struct tok_tbs *tbs,
                                  struct sg_err *err)
{
    struct sg_slice seen[TOK_TBS_EXTENSIONS_MAX];
    size_t n = 0;
    struct sg_der wrap;
    struct sg_der list;

    SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(3), &wrap, err));
    SG_TRY(sg_der_enter(&wrap, SG_DER_SEQUENCE, &list, err));
    SG_TRY(sg_der_end(&wrap, err));
    do {
        if (n == SG_ARRAY_LEN(seen))
            return sg_err_set(err, SG_LIMIT,
                              "certificate: more than %d extensions",
                              TOK_TBS_EXTENSIONS_MAX);
        SG_TRY(read_extension(&list, &seen[n], tbs, err));
        for (size_t i = 0; i < n; i++)
            if (sg_slice_eq(seen[i], seen[n])) {
                char oid[SG_OID_TEXT_MAX];
                return sg_err_set(err, SG_POLICY,
                                  "guard: extension %s is given twice "
                                  "(RFC 5280 4.2)",
                                  sg_oid_to_text(seen[n], oid));
            }
        n++;
    } while (sg_der_more(&list));
    return SG_OK;
}

/* --- TBSCertificate (RFC 5280 4.1) ----------------------------------------- */

static enum sg_rc read_version(struct sg_der *in, struct sg_err *err)
{
    struct sg_der wrap;
    uint64_t version = 0;

    if (sg_der_next_is(in, SG_DER_CONTEXT_CONSTRUCTED(0))) {
        SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(0), &wrap, err));
        SG_TRY(sg_der_uint(&wrap, &version, err));
        SG_TRY(sg_der_end(&wrap, err));
    }
    if (version != 2)
        return sg_err_set(err, SG_POLICY,
                          "guard: certificate version is v%llu, must be v3 "
                          "(RFC 5280 4.1.2.1)",
                          (unsigned long long)version + 1);
    return SG_OK;
}

static enum sg_rc read_serial(struct sg_der *in, struct sg_err *err)
{
    struct sg_slice serial;

    SG_TRY(sg_der_integer(in, &serial, err));
    if (serial.len > TOK_TBS_SERIAL_MAX)
        return sg_err_set(err, SG_POLICY,
                          "guard: serial number has %zu octets, at most %d "
                          "(RFC 5280 4.1.2.2)",
                          serial.len, TOK_TBS_SERIAL_MAX);
    if ((serial.p[0] & 0x80) != 0 || (serial.len == 1 && serial.p[0] == 0))
        return sg_err_set(err, SG_POLICY,
                          "guard: serial number is not positive (RFC 5280 "
                          "4.1.2.2)");
    return SG_OK;
}

static enum sg_rc read_validity(struct sg_der *in, struct tok_tbs *tbs,
                                struct sg_err *err)
{
    struct sg_der validity;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &validity, err));
    SG_TRY(sg_der_time(&validity, &tbs->not_before, err));
    SG_TRY(sg_der_time(&validity, &tbs->not_after, err));
    return sg_der_end(&validity, err);
}

static enum sg_rc read_whole(struct sg_der *in, struct sg_slice *ret,
                             struct sg_err *err)
{
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_get(in, SG_DER_SEQUENCE, &tlv, err));
    *ret = tlv.whole;
    return SG_OK;
}

enum sg_rc tok_tbs_parse(struct sg_slice der, struct tok_tbs *ret,
                         struct sg_err *err)
{
    struct tok_tbs tbs = { 0 };
    struct sg_der in;
    struct sg_der seq;

    SG_TRY(sg_der_check(der, "certificate", TOK_TBS_DEPTH_MAX,
                        TOK_TBS_ELEMENTS_MAX, err));
    sg_der_init(&in, der, "certificate");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(read_version(&seq, err));
    SG_TRY(read_serial(&seq, err));
    SG_TRY(read_whole(&seq, &tbs.algorithm, err));
    SG_TRY(read_whole(&seq, &tbs.issuer, err));
    SG_TRY(read_validity(&seq, &tbs, err));
    SG_TRY(read_whole(&seq, &tbs.subject, err));
    SG_TRY(read_whole(&seq, &tbs.spki, err));
    if (sg_der_next_is(&seq, SG_DER_CONTEXT(1))
        || sg_der_next_is(&seq, SG_DER_CONTEXT(2)))
        return sg_err_set(err, SG_POLICY,
                          "guard: unique identifiers are not allowed "
                          "(RFC 5280 4.1.2.8)");
    if (sg_der_more(&seq))
        SG_TRY(read_extensions(&seq, &tbs, err));
    SG_TRY(sg_der_end(&seq, err));
    *ret = tbs;
    return SG_OK;
}

enum sg_rc tok_tbs_of_cert(struct sg_slice cert, struct sg_slice *ret_tbs,
                           struct sg_err *err)
{
    struct sg_der in;
    struct sg_der seq;
    struct sg_slice tbs;
    struct sg_slice alg;
    struct sg_slice signature;

    sg_der_init(&in, cert, "certificate");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(read_whole(&seq, &tbs, err));
    SG_TRY(read_whole(&seq, &alg, err));
    SG_TRY(sg_der_bits(&seq, &signature, err));
    SG_TRY(sg_der_end(&seq, err));
    *ret_tbs = tbs;
    return SG_OK;
}

/* --- CertificationRequestInfo (RFC 2986 4.1) -------------------------------- */

/* A Name holds only SETs: that keeps a version 1 TBSCertificate, where an
 * AlgorithmIdentifier stands in this place, from passing for a request. */
static enum sg_rc read_name(struct sg_der *in, struct sg_err *err)
{
    struct sg_der name;
    struct sg_der_tlv rdn;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &name, err));
    while (sg_der_more(&name))
        SG_TRY(sg_der_get(&name, SG_DER_SET, &rdn, err));
    return SG_OK;
}

enum sg_rc tok_csr_info_parse(struct sg_slice der, struct sg_slice *ret_spki,
                              struct sg_err *err)
{
    struct sg_der in;
    struct sg_der seq;
    struct sg_der_tlv attributes;
    struct sg_slice spki;
    uint64_t version;

    SG_TRY(sg_der_check(der, "request", TOK_TBS_DEPTH_MAX, TOK_TBS_ELEMENTS_MAX,
                        err));
    sg_der_init(&in, der, "request");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_uint(&seq, &version, err));
    if (version != 0)
        return sg_err_set(err, SG_FORMAT,
                          "request: version %llu, must be 0 (RFC 2986 4.1)",
                          (unsigned long long)version);
    SG_TRY(read_name(&seq, err));
    SG_TRY(read_whole(&seq, &spki, err));
    SG_TRY(sg_der_get(&seq, SG_DER_CONTEXT_CONSTRUCTED(0), &attributes, err));
    SG_TRY(sg_der_end(&seq, err));
    *ret_spki = spki;
    return SG_OK;
}
