/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/cms.h"

#include <openssl/evp.h>
#include <string.h>

#define WHAT "cms"
#define VERSION 1 /* of SignedData and SignerInfo: issuer and serial number */

/* Object identifiers, content octets. */
#define OID(octets) SG_SLICE((const uint8_t *)(octets), sizeof(octets) - 1)
#define OID_DATA OID("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
#define OID_SIGNED_DATA OID("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")
#define OID_CONTENT_TYPE OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03")
#define OID_MESSAGE_DIGEST OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04")
#define OID_SIGNING_TIME OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05")

/* A hash and its AlgorithmIdentifier, parameters absent (RFC 5754 2). */
struct hash {
    const EVP_MD *(*md)(void);
    struct sg_slice der;
};
#define HASH_DER(last) \
    { \
        (const uint8_t \
             *)"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" last, \
            13 \
    }
static const struct hash SHA_256 = { EVP_sha256, HASH_DER("\x01") };
static const struct hash SHA_384 = { EVP_sha384, HASH_DER("\x02") };
static const struct hash SHA_512 = { EVP_sha512, HASH_DER("\x03") };

static const struct hash *hash_of(enum ca_sigalg alg)
{
    switch (alg) {
    case CA_SIGALG_ECDSA_SHA256:
    case CA_SIGALG_RSA_SHA256:
    case CA_SIGALG_PSS_SHA256:
        return &SHA_256;
    case CA_SIGALG_ECDSA_SHA384:
    case CA_SIGALG_RSA_SHA384:
    case CA_SIGALG_PSS_SHA384:
        return &SHA_384;
    case CA_SIGALG_ECDSA_SHA512:
    case CA_SIGALG_RSA_SHA512:
    case CA_SIGALG_PSS_SHA512:
    case CA_SIGALG_ED25519: /* RFC 8419 3.1 */
        return &SHA_512;
    case CA_SIGALG_UNSET:
        break;
    }
    return NULL;
}

static enum sg_rc digest(const struct hash *hash, struct sg_slice bytes,
                         uint8_t ret[EVP_MAX_MD_SIZE], size_t *ret_len,
                         struct sg_err *err)
{
    unsigned len = 0;

    if (EVP_Digest(bytes.p, bytes.len, ret, &len, hash->md(), NULL) != 1)
        return sg_err_openssl(err, SG_CRYPTO, WHAT ": hash");
    *ret_len = len;
    return SG_OK;
}

/* --- making --------------------------------------------------------------------- */

/* The attributes as a SET OF. Each is shorter than 128 octets, so that their
 * lengths alone put them in DER's order. */
static enum sg_rc write_attributes(const struct cer_cms_args *args,
                                   const struct hash *hash, struct sg_buf *out,
                                   struct sg_err *err)
{
    uint8_t value[EVP_MAX_MD_SIZE];
    size_t len = 0;
    struct sg_derw w;

    SG_TRY(digest(hash, args->content, value, &len, err));
    sg_derw_init(&w, out);
    size_t all = sg_derw_begin(&w, SG_DER_SET);

    size_t one = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_oid(&w, OID_CONTENT_TYPE);
    size_t set = sg_derw_begin(&w, SG_DER_SET);
    sg_derw_oid(&w, OID_DATA);
    sg_derw_end(&w, set);
    sg_derw_end(&w, one);

    one = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_oid(&w, OID_SIGNING_TIME);
    set = sg_derw_begin(&w, SG_DER_SET);
    sg_derw_time(&w, args->time);
    sg_derw_end(&w, set);
    sg_derw_end(&w, one);

    one = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_oid(&w, OID_MESSAGE_DIGEST);
    set = sg_derw_begin(&w, SG_DER_SET);
    sg_derw_tlv(&w, SG_DER_OCTET_STRING, SG_SLICE(value, len));
    sg_derw_end(&w, set);
    sg_derw_end(&w, one);

    sg_derw_end(&w, all);
    return sg_derw_finish(&w, err);
}

/* What a message is made of. */
struct making {
    const struct cer_cms_args *args;
    const struct hash *hash;
    const struct ca_cert *cert;
    struct sg_slice attributes, signature;
};

static void write_signer(struct sg_derw *w, const struct making *m)
{
    const struct sg_slice inner =
        SG_SLICE(m->attributes.p + 1, m->attributes.len - 1);
    const uint8_t implicit = SG_DER_CONTEXT_CONSTRUCTED(0);
    size_t infos = sg_derw_begin(w, SG_DER_SET);
    size_t info = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_uint(w, VERSION);
    size_t sid = sg_derw_begin(w, SG_DER_SEQUENCE);
    sg_derw_raw(w, m->cert->issuer);
    sg_derw_tlv(w, SG_DER_INTEGER, m->cert->serial);
    sg_derw_end(w, sid);
    sg_derw_raw(w, m->hash->der);
    /* The same octets under [0] instead of SET. */
    sg_derw_raw(w, SG_SLICE(&implicit, 1));
    sg_derw_raw(w, inner);
    sg_derw_raw(w, ca_sigalg_der(m->args->alg));
    sg_derw_tlv(w, SG_DER_OCTET_STRING, m->signature);
    sg_derw_end(w, info);
    sg_derw_end(w, infos);
}

/* As DER orders a SET OF (X.690 11.6). */
static bool comes_before(struct sg_slice a, struct sg_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.p, b.p, len);

    return order != 0 ? order < 0 : a.len < b.len;
}

static void write_certificates(struct sg_derw *w,
                               const struct cer_cms_args *args)
{
    struct sg_slice sorted[CER_CMS_CERTS_MAX];
    size_t set = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));

    for (size_t i = 0; i < args->n_certs; i++) {
        size_t k = i;
        for (; k > 0 && comes_before(args->cert[i], sorted[k - 1]); k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = args->cert[i];
    }
    for (size_t i = 0; i < args->n_certs; i++)
        sg_derw_raw(w, sorted[i]);
    sg_derw_end(w, set);
}

static enum sg_rc write_all(const struct making *m, struct sg_buf *out,
                            struct sg_err *err)
{
    struct sg_derw w;

    sg_derw_init(&w, out);
    size_t info = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_oid(&w, OID_SIGNED_DATA);
    size_t outer = sg_derw_begin(&w, SG_DER_CONTEXT_CONSTRUCTED(0));
    size_t data = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_uint(&w, VERSION);
    size_t set = sg_derw_begin(&w, SG_DER_SET);
    sg_derw_raw(&w, m->hash->der);
    sg_derw_end(&w, set);
    size_t content = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_oid(&w, OID_DATA); /* and nothing else: detached */
    sg_derw_end(&w, content);
    write_certificates(&w, m->args);
    write_signer(&w, m);
    sg_derw_end(&w, data);
    sg_derw_end(&w, outer);
    sg_derw_end(&w, info);
    return sg_derw_finish(&w, err);
}

enum sg_rc cer_cms_make(const struct cer_cms_args *args, struct sg_buf *out,
                        struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(sg_buf_done) struct sg_buf attributes;
    SG_CLEANUP(sg_buf_done) struct sg_buf signature;
    SG_CLEANUP(sg_buf_done) struct sg_buf made;

    sg_arena_init(&arena, (size_t)1024 * 1024);
    sg_buf_init(&attributes, 1024);
    sg_buf_init(&signature, 2048);
    sg_buf_init(&made, CER_CMS_MAX);
    struct cer_cms_signer *signer = sg_arena_new(&arena, struct cer_cms_signer);
    if (signer == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    if (args->n_certs == 0 || args->n_certs > CER_CMS_CERTS_MAX)
        return sg_err_set(err, SG_USAGE,
                          WHAT ": %zu certificates, must be 1 to %d",
                          args->n_certs, CER_CMS_CERTS_MAX);
    const struct hash *hash = hash_of(args->alg);
    if (hash == NULL)
        return sg_err_set(err, SG_USAGE, WHAT ": no signature algorithm");
    SG_TRY(ca_cert_parse(&arena, args->cert[0], &signer->cert, err));
    SG_TRY(write_attributes(args, hash, &attributes, err));
    SG_TRY(args->sign(args->arg, sg_buf_slice(&attributes), &signature, err));
    const struct making making = { args, hash, &signer->cert,
                                   sg_buf_slice(&attributes),
                                   sg_buf_slice(&signature) };
    SG_TRY(write_all(&making, &made, err));
    SG_TRY(
        cer_cms_check(sg_buf_slice(&made), args->content, &arena, signer, err));
    return sg_buf_put(out, made.data, made.len, err);
}

/* --- checking -------------------------------------------------------------------- */

static enum sg_rc take_oid(struct sg_der *in, struct sg_slice want,
                           const char *name, struct sg_err *err)
{
    struct sg_slice oid;

    SG_TRY(sg_der_oid(in, &oid, err));
    if (!sg_slice_eq(oid, want))
        return sg_err_set(err, SG_FORMAT, WHAT ": not %s", name);
    return SG_OK;
}

static enum sg_rc take_version(struct sg_der *in, struct sg_err *err)
{
    uint64_t version;

    SG_TRY(sg_der_uint(in, &version, err));
    if (version != VERSION)
        return sg_err_set(err, SG_FORMAT, WHAT ": version is %llu, not %d",
                          (unsigned long long)version, VERSION);
    return SG_OK;
}

/* What of the bytes is looked at again. */
struct parts {
    struct sg_der certs;
    struct sg_slice hash_outer, hash;
    struct sg_slice issuer, serial;
    struct sg_der_tlv attributes;
    struct sg_slice algorithm, signature;
};

static enum sg_rc read_signer(struct sg_der *data, struct parts *ret,
                              struct sg_err *err)
{
    struct sg_der set;
    struct sg_der info;
    struct sg_der sid;
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_enter(data, SG_DER_SET, &set, err));
    SG_TRY(sg_der_enter(&set, SG_DER_SEQUENCE, &info, err));
    SG_TRY(take_version(&info, err));
    SG_TRY(sg_der_enter(&info, SG_DER_SEQUENCE, &sid, err));
    SG_TRY(sg_der_get(&sid, SG_DER_SEQUENCE, &tlv, err));
    ret->issuer = tlv.whole;
    SG_TRY(sg_der_integer(&sid, &ret->serial, err));
    SG_TRY(sg_der_end(&sid, err));
    SG_TRY(sg_der_get(&info, SG_DER_SEQUENCE, &tlv, err));
    ret->hash = tlv.whole;
    SG_TRY(sg_der_get(&info, SG_DER_CONTEXT_CONSTRUCTED(0), &ret->attributes,
                      err));
    SG_TRY(sg_der_get(&info, SG_DER_SEQUENCE, &tlv, err));
    ret->algorithm = tlv.whole;
    SG_TRY(sg_der_get(&info, SG_DER_OCTET_STRING, &tlv, err));
    ret->signature = tlv.content;
    SG_TRY(sg_der_end(&info, err)); /* no unsigned attributes */
    return sg_der_end(&set, err);   /* one signer */
}

static enum sg_rc read_parts(struct sg_slice cms, struct parts *ret,
                             struct sg_err *err)
{
    struct sg_der in;
    struct sg_der info;
    struct sg_der outer;
    struct sg_der data;
    struct sg_der inner;
    struct sg_der_tlv tlv;

    sg_der_init(&in, cms, WHAT);
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &info, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(take_oid(&info, OID_SIGNED_DATA, "signed data", err));
    SG_TRY(sg_der_enter(&info, SG_DER_CONTEXT_CONSTRUCTED(0), &outer, err));
    SG_TRY(sg_der_end(&info, err));
    SG_TRY(sg_der_enter(&outer, SG_DER_SEQUENCE, &data, err));
    SG_TRY(sg_der_end(&outer, err));
    SG_TRY(take_version(&data, err));
    SG_TRY(sg_der_enter(&data, SG_DER_SET, &inner, err));
    SG_TRY(sg_der_get(&inner, SG_DER_SEQUENCE, &tlv, err));
    ret->hash_outer = tlv.whole;
    SG_TRY(sg_der_end(&inner, err));
    SG_TRY(sg_der_enter(&data, SG_DER_SEQUENCE, &inner, err));
    SG_TRY(take_oid(&inner, OID_DATA, "data", err));
    SG_TRY(sg_der_end(&inner, err)); /* detached */
    SG_TRY(
        sg_der_enter(&data, SG_DER_CONTEXT_CONSTRUCTED(0), &ret->certs, err));
    SG_TRY(read_signer(&data, ret, err));
    return sg_der_end(&data, err);
}

static enum sg_rc find_signer(struct parts *parts, struct sg_arena *arena,
                              struct ca_cert *ret, struct sg_err *err)
{
    struct sg_der_tlv tlv;

    for (size_t i = 0; sg_der_more(&parts->certs); i++) {
        if (i == CER_CMS_CERTS_MAX)
            return sg_err_set(err, SG_FORMAT,
                              WHAT ": more than %d certificates",
                              CER_CMS_CERTS_MAX);
        SG_TRY(sg_der_get(&parts->certs, SG_DER_SEQUENCE, &tlv, err));
        SG_TRY(ca_cert_parse(arena, tlv.whole, ret, err));
        if (sg_slice_eq(ret->issuer, parts->issuer)
            && sg_slice_eq(ret->serial, parts->serial))
            return SG_OK;
    }
    return sg_err_set(err, SG_FORMAT,
                      WHAT ": the signer's certificate is not inside");
}

/* One value of one attribute. */
static enum sg_rc enter_attribute(struct sg_der *in, struct sg_slice oid,
                                  const char *name, struct sg_der *ret_value,
                                  struct sg_err *err)
{
    struct sg_der one;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &one, err));
    SG_TRY(take_oid(&one, oid, name, err));
    SG_TRY(sg_der_enter(&one, SG_DER_SET, ret_value, err));
    return sg_der_end(&one, err);
}

static enum sg_rc check_attributes(const struct parts *parts,
                                   const struct hash *hash,
                                   struct sg_slice content,
                                   struct cer_cms_signer *ret,
                                   struct sg_err *err)
{
    uint8_t want[EVP_MAX_MD_SIZE];
    size_t len = 0;
    struct sg_der in;
    struct sg_der value;
    struct sg_der_tlv tlv;

    sg_der_init(&in, parts->attributes.content, WHAT);
    SG_TRY(
        enter_attribute(&in, OID_CONTENT_TYPE, "a content type", &value, err));
    SG_TRY(take_oid(&value, OID_DATA, "data", err));
    SG_TRY(sg_der_end(&value, err));
    SG_TRY(
        enter_attribute(&in, OID_SIGNING_TIME, "a signing time", &value, err));
    SG_TRY(sg_der_time(&value, &ret->time, err));
    ret->has_time = true;
    SG_TRY(sg_der_end(&value, err));
    SG_TRY(enter_attribute(&in, OID_MESSAGE_DIGEST, "a message digest", &value,
                           err));
    SG_TRY(sg_der_get(&value, SG_DER_OCTET_STRING, &tlv, err));
    SG_TRY(sg_der_end(&value, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(digest(hash, content, want, &len, err));
    if (!sg_slice_eq(tlv.content, SG_SLICE(want, len)))
        return sg_err_set(err, SG_POLICY, WHAT ": it is over other content");
    return SG_OK;
}

static enum sg_rc check_signature(const struct parts *parts,
                                  const struct cer_cms_signer *signer,
                                  struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf message;
    struct sg_slice attributes = parts->attributes.whole;

    sg_buf_init(&message, CER_CMS_MAX);
    /* Signed is the SET OF, not the [0] in its place (RFC 5652 5.4). */
    SG_TRY(sg_buf_put_u8(&message, SG_DER_SET, err));
    SG_TRY(sg_buf_put(&message, attributes.p + 1, attributes.len - 1, err));
    if (ca_spki_verify(&signer->cert.spki, signer->alg, sg_buf_slice(&message),
                       parts->signature, err)
        != SG_OK)
        return sg_err_wrap(err, WHAT);
    return SG_OK;
}

enum sg_rc cer_cms_check(struct sg_slice cms, struct sg_slice content,
                         struct sg_arena *arena, struct cer_cms_signer *ret,
                         struct sg_err *err)
{
    struct parts parts;

    if (cms.len > CER_CMS_MAX)
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %d bytes",
                          CER_CMS_MAX);
    struct cer_cms_signer *signer = sg_arena_new(arena, struct cer_cms_signer);
    if (signer == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    SG_TRY(read_parts(cms, &parts, err));
    SG_TRY(ca_sigalg_parse(parts.algorithm, &signer->alg, err));
    const struct hash *hash = hash_of(signer->alg);
    if (hash == NULL || !sg_slice_eq(parts.hash, hash->der)
        || !sg_slice_eq(parts.hash_outer, hash->der))
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": hash and signature algorithm do not go "
                               "together");
    SG_TRY(find_signer(&parts, arena, &signer->cert, err));
    SG_TRY(check_attributes(&parts, hash, content, signer, err));
    SG_TRY(check_signature(&parts, signer, err));
    *ret = *signer;
    return SG_OK;
}
