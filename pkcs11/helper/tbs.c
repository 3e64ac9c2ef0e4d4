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
            return tok_refuse(err, PATH_LENGTH,
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

enum sg_rc tok_ext_aki(struct sg_der *in, struct sg_slice *ret,
                       struct sg_err *err)
{
    struct sg_der seq;
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &seq, err));
    if (sg_der_next_is(&seq, SG_DER_CONTEXT(0))) {
        SG_TRY(sg_der_any(&seq, &tlv, err));
        *ret = tlv.content;
    }
    /* authorityCertIssuer and its serial say nothing that we rely on. */
    if (sg_der_next_is(&seq, SG_DER_CONTEXT_CONSTRUCTED(1)))
        SG_TRY(sg_der_any(&seq, &tlv, err));
    if (sg_der_next_is(&seq, SG_DER_CONTEXT(2)))
        SG_TRY(sg_der_any(&seq, &tlv, err));
    return sg_der_end(&seq, err);
}

static enum sg_rc read_aki(struct sg_der *in, struct tok_tbs *tbs,
                           struct sg_err *err)
{
    return tok_ext_aki(in, &tbs->aki, err);
}

static enum sg_rc read_content(struct sg_der *in, struct sg_slice *ret,
                               struct sg_err *err)
{
    struct sg_der_tlv seq;

    SG_TRY(sg_der_get(in, SG_DER_SEQUENCE, &seq, err));
    *ret = seq.content;
    return SG_OK;
}

static enum sg_rc read_san(struct sg_der *in, struct tok_tbs *tbs,
                           struct sg_err *err)
{
    return read_content(in, &tbs->san, err);
}

static enum sg_rc read_constraints(struct sg_der *in, struct tok_tbs *tbs,
                                   struct sg_err *err)
{
    return read_content(in, &tbs->constraints, err);
}

static enum sg_rc read_eku(struct sg_der *in, struct tok_tbs *tbs,
                           struct sg_err *err)
{
    return read_content(in, &tbs->eku, err);
}

/* What of id-ce (2.5.29.x) has a reader here. */
static const struct {
    int arc;
    const char *what;
    enum sg_rc (*read)(struct sg_der *in, struct tok_tbs *tbs,
                       struct sg_err *err);
} READERS[] = {
    { 14, "subjectKeyIdentifier", read_ski },
    { 15, "keyUsage", read_key_usage },
    { 17, "subjectAltName", read_san },
    { 19, "basicConstraints", read_basic_constraints },
    { 30, "nameConstraints", read_constraints },
    { 35, "authorityKeyIdentifier", read_aki },
    { 37, "extKeyUsage", read_eku },
};

int tok_ext_ce(struct sg_slice oid)
{
    return oid.len == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d ? oid.p[2] : -1;
}

/* RFC 5280's extensions that may be critical and have no reader: whoever
 * verifies processes them, and they can only take something away. */
static bool is_known(int arc)
{
    return arc == 32 /* certificatePolicies */ || arc == 33 /* policyMappings */
           || arc == 36 /* policyConstraints */ || arc == 54;
}

static enum sg_rc read_value(const struct tok_ext *ext, struct tok_tbs *tbs,
                             struct sg_err *err)
{
    int arc = tok_ext_ce(ext->oid);
    struct sg_der in;

    for (size_t i = 0; i < SG_ARRAY_LEN(READERS); i++) {
        if (arc != READERS[i].arc)
            continue;
        sg_der_init(&in, ext->value, READERS[i].what);
        SG_TRY(READERS[i].read(&in, tbs, err));
        return sg_der_end(&in, err);
    }
    if (ext->critical && !is_known(arc) && tbs->unknown.p == NULL)
        tbs->unknown = ext->oid;
    return SG_OK;
}

enum sg_rc tok_exts_enter(struct sg_der *in, struct tok_exts *ret,
                          struct sg_err *err)
{
    ret->n = 0;
    return sg_der_enter(in, SG_DER_SEQUENCE, &ret->in, err);
}

bool tok_exts_more(const struct tok_exts *list)
{
    return sg_der_more(&list->in);
}

static enum sg_rc check_seen(struct tok_exts *list, struct sg_slice oid,
                             struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];

    if (list->n == SG_ARRAY_LEN(list->seen))
        return sg_err_set(err, SG_LIMIT, "%s: more than %d extensions",
                          list->in.what, TOK_TBS_EXTENSIONS_MAX);
    for (size_t i = 0; i < list->n; i++)
        if (sg_slice_eq(list->seen[i], oid))
            return tok_refuse(err, EXTENSION,
                              "guard: extension %s is given twice (RFC 5280 "
                              "4.2)",
                              sg_oid_to_text(oid, text));
    list->seen[list->n++] = oid;
    return SG_OK;
}

enum sg_rc tok_exts_next(struct tok_exts *list, struct tok_ext *ret,
                         struct sg_err *err)
{
    struct tok_ext e = { 0 };
    struct sg_der ext;
    struct sg_der_tlv value;

    SG_TRY(sg_der_enter(&list->in, SG_DER_SEQUENCE, &ext, err));
    SG_TRY(sg_der_oid(&ext, &e.oid, err));
    if (sg_der_next_is(&ext, SG_DER_BOOLEAN)) {
        SG_TRY(sg_der_bool(&ext, &e.critical, err));
        if (!e.critical)
            return sg_err_set(err, SG_FORMAT,
                              "extension: default critical FALSE is written "
                              "out (X.690 11.5)");
    }
    SG_TRY(sg_der_get(&ext, SG_DER_OCTET_STRING, &value, err));
    SG_TRY(sg_der_end(&ext, err));
    e.value = value.content;
    SG_TRY(check_seen(list, e.oid, err));
    *ret = e;
    return SG_OK;
}

static enum sg_rc read_extensions(struct sg_der *in, struct tok_tbs *tbs,
                                  struct sg_err *err)
{
    struct sg_der wrap;
    struct tok_exts list;
    struct tok_ext ext;

    SG_TRY(sg_der_enter(in, SG_DER_CONTEXT_CONSTRUCTED(3), &wrap, err));
    SG_TRY(tok_exts_enter(&wrap, &list, err));
    SG_TRY(sg_der_end(&wrap, err));
    do {
        SG_TRY(tok_exts_next(&list, &ext, err));
        SG_TRY(read_value(&ext, tbs, err));
    } while (tok_exts_more(&list));
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
        return tok_refuse(err, FORMAT,
                          "guard: certificate version is v%llu, must be v3 "
                          "(RFC 5280 4.1.2.1)",
                          (unsigned long long)version + 1);
    return SG_OK;
}

enum sg_rc tok_der_serial(struct sg_der *in, struct sg_err *err)
{
    struct sg_slice serial;

    SG_TRY(sg_der_integer(in, &serial, err));
    if (serial.len > TOK_TBS_SERIAL_MAX)
        return tok_refuse(err, FORMAT,
                          "guard: serial number has %zu octets, at most %d "
                          "(RFC 5280 4.1.2.2)",
                          serial.len, TOK_TBS_SERIAL_MAX);
    if ((serial.p[0] & 0x80) != 0 || (serial.len == 1 && serial.p[0] == 0))
        return tok_refuse(err, FORMAT,
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

enum sg_rc tok_der_whole(struct sg_der *in, struct sg_slice *ret,
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
    SG_TRY(tok_der_serial(&seq, err));
    SG_TRY(tok_der_whole(&seq, &tbs.algorithm, err));
    SG_TRY(tok_der_whole(&seq, &tbs.issuer, err));
    SG_TRY(read_validity(&seq, &tbs, err));
    SG_TRY(tok_der_whole(&seq, &tbs.subject, err));
    SG_TRY(tok_der_whole(&seq, &tbs.spki, err));
    if (sg_der_next_is(&seq, SG_DER_CONTEXT(1))
        || sg_der_next_is(&seq, SG_DER_CONTEXT(2)))
        return tok_refuse(err, FORMAT,
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
    SG_TRY(tok_der_whole(&seq, &tbs, err));
    SG_TRY(tok_der_whole(&seq, &alg, err));
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
    SG_TRY(tok_der_whole(&seq, &spki, err));
    SG_TRY(sg_der_get(&seq, SG_DER_CONTEXT_CONSTRUCTED(0), &attributes, err));
    SG_TRY(sg_der_end(&seq, err));
    *ret_spki = spki;
    return SG_OK;
}
