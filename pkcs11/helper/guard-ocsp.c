/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-ocsp.h"

#include <string.h>

static const uint8_t OCSP_SIGNING[] = { 0x2b, 0x06, 0x01, 0x05,
                                        0x05, 0x07, 0x03, 0x09 };
static const uint8_t SHA1_OID[] = { 0x2b, 0x0e, 0x03, 0x02, 0x1a };
static const uint8_t SHA256_OID[] = { 0x60, 0x86, 0x48, 0x01, 0x65,
                                      0x03, 0x04, 0x02, 0x01 };

#define IS(slice, bytes) sg_slice_eq((slice), SG_SLICE((bytes), sizeof(bytes)))

/* The public key's bits, without tag, length and the count of unused bits:
 * what KeyHash and issuerKeyHash are made of. */
static enum sg_rc key_bits(struct sg_slice spki, struct sg_slice *ret,
                           struct sg_err *err)
{
    struct sg_der in;
    struct sg_der seq;
    struct sg_slice algorithm;

    sg_der_init(&in, spki, "public key");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(tok_der_whole(&seq, &algorithm, err));
    return sg_der_bits(&seq, ret, err);
}

enum sg_rc tok_ocsp_issuer_of(const struct tok_tbs *ca,
                              struct tok_ocsp_issuer *ret, struct sg_err *err)
{
    struct sg_slice name = ca->subject;
    struct sg_slice key = { 0 };

    SG_TRY(key_bits(ca->spki, &key, err));
    (void)SHA1(name.p, name.len, ret->name_sha1);
    (void)SHA1(key.p, key.len, ret->key_sha1);
    (void)SHA256(name.p, name.len, ret->name_sha256);
    (void)SHA256(key.p, key.len, ret->key_sha256);
    return SG_OK;
}

bool tok_ocsp_answers_itself(const struct tok_tbs *ca)
{
    return ca->has_key_usage && (ca->key_usage & TOK_KU_DIGITAL_SIGNATURE) != 0;
}

/* --- the responder's certificate ----------------------------------------------- */

/* By its own name: anyExtendedKeyUsage is no delegation (RFC 6960 4.2.2.2). */
static bool may_answer(const struct tok_tbs *tbs)
{
    struct sg_err err = { 0 };
    struct sg_slice oid;
    struct sg_der in;

    sg_der_init(&in, tbs->eku, "extKeyUsage");
    while (tbs->eku.p != NULL && sg_der_more(&in)
           && sg_der_oid(&in, &oid, &err) == SG_OK)
        if (IS(oid, OCSP_SIGNING))
            return true;
    return false;
}

enum sg_rc tok_ocsp_check_responder(struct sg_slice cert, struct sg_slice spki,
                                    struct tok_tbs *ret_tbs, struct sg_err *err)
{
    char oid[SG_OID_TEXT_MAX];
    struct sg_slice der;
    struct tok_tbs tbs;

    SG_TRY(tok_tbs_of_cert(cert, &der, err));
    SG_TRY(tok_tbs_parse(der, &tbs, err));
    if (!sg_slice_eq(tbs.spki, spki))
        return tok_refuse(err, BIND,
                          "guard: the certificate's public key is not this "
                          "key's");
    if (tbs.is_ca)
        return tok_refuse(err, BIND,
                          "guard: the certificate is a CA's: a key for ocsp "
                          "has a responder's (RFC 6960 4.2.2.2)");
    if (!may_answer(&tbs))
        return tok_refuse(err, BIND,
                          "guard: the certificate's extKeyUsage has no "
                          "OCSPSigning (RFC 6960 4.2.2.2)");
    if (tbs.has_key_usage && (tbs.key_usage & TOK_KU_DIGITAL_SIGNATURE) == 0)
        return tok_refuse(err, BIND,
                          "guard: the certificate's keyUsage has no "
                          "digitalSignature (RFC 5280 4.2.1.3)");
    if (tbs.unknown.p != NULL)
        return tok_refuse(err, BIND,
                          "guard: the certificate has the critical extension "
                          "%s, which is not known here (RFC 5280 4.2)",
                          sg_oid_to_text(tbs.unknown, oid));
    *ret_tbs = tbs;
    return SG_OK;
}

/* --- the answer ------------------------------------------------------------------ */

static enum sg_rc check_responder_id(const struct tok_ocsp *ocsp,
                                     const struct tok_tbs *responder,
                                     struct sg_err *err)
{
    uint8_t hash[SHA_DIGEST_LENGTH];
    struct sg_slice key = { 0 };

    if (ocsp->name.p != NULL) {
        if (sg_slice_eq(ocsp->name, responder->subject))
            return SG_OK;
        return tok_refuse(err, OCSP,
                          "guard: responderID is not, byte for byte, the "
                          "subject of the key's certificate (RFC 6960 4.2.1)");
    }
    SG_TRY(key_bits(responder->spki, &key, err));
    (void)SHA1(key.p, key.len, hash);
    if (IS(ocsp->key_hash, hash))
        return SG_OK;
    return tok_refuse(err, OCSP,
                      "guard: responderID is not the hash of this key "
                      "(RFC 6960 4.2.1)");
}

static enum sg_rc check_cert_id(const struct tok_cert_id *id,
                                const struct tok_ocsp_issuer *issuer,
                                struct sg_err *err)
{
    char oid[SG_OID_TEXT_MAX];
    bool sha1 = IS(id->hash, SHA1_OID);
    const char *wrong = NULL;

    if (!sha1 && !IS(id->hash, SHA256_OID))
        return tok_refuse(err, OCSP,
                          "guard: certID with the hash algorithm %s: only "
                          "SHA-1 and SHA-256 are known here (RFC 6960 4.3)",
                          sg_oid_to_text(id->hash, oid));
    if (!(sha1 ? IS(id->name, issuer->name_sha1)
               : IS(id->name, issuer->name_sha256)))
        wrong = "issuerNameHash";
    else if (!(sha1 ? IS(id->key, issuer->key_sha1)
                    : IS(id->key, issuer->key_sha256)))
        wrong = "issuerKeyHash";
    if (wrong == NULL)
        return SG_OK;
    return tok_refuse(err, OCSP,
                      "guard: certID's %s is not of the issuer that this key "
                      "answers for (RFC 6960 4.1.1)",
                      wrong);
}

enum sg_rc tok_ocsp_check(const struct tok_ocsp *ocsp,
                          const struct tok_tbs *responder,
                          const struct tok_ocsp_issuer *issuer,
                          struct sg_err *err)
{
    struct tok_cert_id id = { 0 };
    struct sg_der list;

    SG_TRY(check_responder_id(ocsp, responder, err));
    sg_der_init(&list, ocsp->responses, "ocsp");
    while (sg_der_more(&list)) {
        SG_TRY(tok_ocsp_next(&list, &id, err));
        SG_TRY(check_cert_id(&id, issuer, err));
    }
    return SG_OK;
}
