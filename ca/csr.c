/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/csr.h"

#include "ca/crypto.h"
#include "ca/extensions.h"
#include "ca/oid.h"

/* --- what is not taken ---------------------------------------------------- */

static enum sg_rc ignore_named(struct ca_csr *csr, const char *name,
                               struct sg_err *err)
{
    if (name == NULL)
        return sg_err_set(err, SG_NOMEM, "csr: no memory");
    if (csr->n_ignored < CA_CSR_IGNORED_MAX)
        csr->ignored[csr->n_ignored++] = name;
    else
        csr->ignored[CA_CSR_IGNORED_MAX - 1] = "and more";
    return SG_OK;
}

static enum sg_rc ignore(struct sg_arena *arena, struct ca_csr *csr,
                         struct sg_slice oid, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    const char *name = ca_oid_text(oid, text);

    return ignore_named(csr, name == text ? sg_arena_strdup(arena, text) : name,
                        err);
}

/* --- requested extensions ------------------------------------------------- */

static enum sg_rc take_sans(struct sg_arena *arena, struct ca_csr *csr,
                            struct sg_slice value, struct sg_err *err)
{
    if (ca_sans_parse(arena, value, &csr->sans, err) != SG_OK)
        return sg_err_wrap(err, "csr");
    for (size_t i = 0; i < csr->sans.n; i++)
        if (csr->sans.san[i].kind == CA_SAN_DIRECTORY)
            return sg_err_set(err, SG_POLICY,
                              "csr: SAN: a directoryName is not accepted");
    csr->has_sans = true;
    return SG_OK;
}

static enum sg_rc take_extension(struct sg_arena *arena, struct ca_csr *csr,
                                 const struct ca_extension *ext,
                                 struct sg_err *err)
{
    struct ca_basic_constraints bc = { 0 };

    switch ((int)ca_oid_find(ext->oid)) {
    case CA_OID_EXT_SAN:
        return take_sans(arena, csr, ext->value, err);
    case CA_OID_EXT_BC:
        SG_TRY(ca_basic_constraints_parse(ext->value, "csr", &bc, err));
        csr->has_basic_constraints = true;
        csr->wants_ca = bc.is_ca;
        return SG_OK;
    default:
        return ignore(arena, csr, ext->oid, err);
    }
}

/* RFC 2985 5.4.2: one value, one list of extensions. */
static enum sg_rc take_request(struct sg_arena *arena, struct ca_csr *csr,
                               struct sg_der *values, struct sg_err *err)
{
    struct ca_extension ext[CA_EXTENSIONS_MAX];
    size_t n = 0;

    SG_TRY(ca_extensions_parse(values, ext, &n, err));
    SG_TRY(sg_der_end(values, err));
    for (size_t i = 0; i < n; i++)
        SG_TRY(take_extension(arena, csr, &ext[i], err));
    return SG_OK;
}

static enum sg_rc walk_attributes(struct sg_arena *arena, struct ca_csr *csr,
                                  struct sg_der *attributes, struct sg_err *err)
{
    bool requested = false;

    while (sg_der_more(attributes)) {
        struct sg_slice oid = { 0 };
        struct sg_der attribute;
        struct sg_der values;

        SG_TRY(sg_der_enter(attributes, SG_DER_SEQUENCE, &attribute, err));
        SG_TRY(sg_der_oid(&attribute, &oid, err));
        SG_TRY(sg_der_enter(&attribute, SG_DER_SET, &values, err));
        SG_TRY(sg_der_end(&attribute, err));
        if (!sg_der_more(&values))
            return sg_err_set(err, SG_FORMAT,
                              "csr: attribute without a value (RFC 2986 4.1)");
        if (!ca_oid_is(oid, CA_OID_EXTENSION_REQUEST)) {
            SG_TRY(ignore(arena, csr, oid, err));
            continue;
        }
        if (requested)
            return sg_err_set(
                err, SG_FORMAT,
                "csr: extensionRequest is there twice (RFC 2985 5.4.2)");
        requested = true;
        SG_TRY(take_request(arena, csr, &values, err));
    }
    return SG_OK;
}

/* --- the request ---------------------------------------------------------- */

static enum sg_rc walk_info(struct sg_arena *arena, struct ca_csr *csr,
                            struct sg_der *info, struct sg_err *err)
{
    uint64_t version = 0;
    struct sg_der_tlv subject = { 0 };
    struct sg_der_tlv spki = { 0 };
    struct sg_der attributes;

    SG_TRY(sg_der_uint(info, &version, err));
    if (version != 0)
        return sg_err_set(
            err, SG_FORMAT,
            "csr: version field %llu, only 0 (v1) exists (RFC 2986 4.1)",
            (unsigned long long)version);
    SG_TRY(sg_der_get(info, SG_DER_SEQUENCE, &subject, err));
    if (ca_dn_parse(arena, subject.whole, &csr->subject, err) != SG_OK)
        return sg_err_wrap(err, "csr: subject");
    SG_TRY(sg_der_get(info, SG_DER_SEQUENCE, &spki, err));
    if (ca_spki_parse(spki.whole, &csr->spki, err) != SG_OK)
        return sg_err_wrap(err, "csr");
    SG_TRY(sg_der_enter(info, SG_DER_CONTEXT_CONSTRUCTED(0), &attributes, err));
    SG_TRY(sg_der_end(info, err));
    return walk_attributes(arena, csr, &attributes, err);
}

enum sg_rc ca_csr_parse(struct sg_arena *arena, struct sg_slice der,
                        struct ca_csr *ret, struct sg_err *err)
{
    struct ca_csr csr = { .der = der };
    struct sg_der in;
    struct sg_der request;
    struct sg_der info;
    struct sg_der_tlv info_tlv = { 0 };
    struct sg_der_tlv alg = { 0 };

    if (der.len > CA_CSR_MAX)
        return sg_err_set(err, SG_POLICY,
                          "csr: %zu octets, at most %d are accepted", der.len,
                          CA_CSR_MAX);
    SG_TRY(
        sg_der_check(der, "csr", CA_CSR_DEPTH_MAX, CA_CSR_ELEMENTS_MAX, err));
    sg_der_init(&in, der, "csr");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &request, err));
    SG_TRY(sg_der_get(&request, SG_DER_SEQUENCE, &info_tlv, err));
    csr.info = info_tlv.whole;
    sg_der_inside(&request, &info_tlv, &info);
    SG_TRY(walk_info(arena, &csr, &info, err));

    SG_TRY(sg_der_get(&request, SG_DER_SEQUENCE, &alg, err));
    if (ca_sigalg_parse(alg.whole, &csr.alg, err) != SG_OK)
        return sg_err_wrap(err, "csr");
    SG_TRY(sg_der_bits(&request, &csr.signature, err));
    SG_TRY(sg_der_end(&request, err));
    *ret = csr;
    return SG_OK;
}

enum sg_rc ca_csr_verify(const struct ca_csr *csr, struct sg_err *err)
{
    bool good = false;

    if (ca_spki_signature_check(&csr->spki, csr->alg, csr->info, csr->signature,
                                &good, err)
        != SG_OK)
        return sg_err_wrap(err, "csr");
    if (!good)
        return sg_err_set(err, SG_POLICY,
                          "csr: request signature invalid (RFC 2986 4.2)");
    return SG_OK;
}
