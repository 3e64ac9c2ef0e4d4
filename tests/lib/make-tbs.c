/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/make-tbs.h"

#include <openssl/evp.h>
#include <string.h>

#include "tests/lib/t.h"

#define BYTES(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)

struct t_tbs t_tbs_leaf(struct sg_slice algorithm, struct sg_slice spki)
{
    return (struct t_tbs){ .algorithm = algorithm,
                           .issuer = "root",
                           .subject = "leaf",
                           .spki = spki,
                           .not_before = T_2026 + T_DAY,
                           .not_after = T_2026 + 2 * T_DAY,
                           .version = 2,
                           .path_length = -1,
                           .key_usage = 1,
                           .ski = "leaf",
                           .aki = "root" };
}

struct t_tbs t_tbs_root(struct sg_slice algorithm, struct sg_slice spki,
                        const char *name)
{
    return (struct t_tbs){ .algorithm = algorithm,
                           .issuer = name,
                           .subject = name,
                           .spki = spki,
                           .not_before = T_2026,
                           .not_after = T_2026 + 3650 * T_DAY - 1,
                           .version = 2,
                           .ca = true,
                           .path_length = 2,
                           .key_usage = 1 << 5 | 1 << 6,
                           .ski = name };
}

static void put_name(struct sg_derw *w, const char *cn)
{
    size_t name = sg_derw_begin(w, SG_DER_SEQUENCE);

    if (cn != NULL) {
        size_t rdn = sg_derw_begin(w, SG_DER_SET);
        size_t ava = sg_derw_begin(w, SG_DER_SEQUENCE);
        sg_derw_oid(w, BYTES("\x55\x04\x03"));
        sg_derw_tlv(w, SG_DER_UTF8_STRING, sg_slice_str(cn));
        sg_derw_end(w, ava);
        sg_derw_end(w, rdn);
    }
    sg_derw_end(w, name);
}

/* Returns the mark of the OCTET STRING: end_extension() closes both. */
struct ext {
    size_t seq, value;
};

static struct ext begin_extension(struct sg_derw *w, uint8_t arc, bool critical)
{
    struct ext e;
    uint8_t oid[] = { 0x55, 0x1d, arc };

    e.seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    sg_derw_oid(w, SG_SLICE(oid, sizeof(oid)));
    if (critical)
        sg_derw_bool(w, true);
    e.value = sg_derw_begin(w, SG_DER_OCTET_STRING);
    return e;
}

static void end_extension(struct sg_derw *w, struct ext e)
{
    sg_derw_end(w, e.value);
    sg_derw_end(w, e.seq);
}

static void put_ski(struct sg_derw *w, const struct t_tbs *t)
{
    struct ext e;

    e.seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    sg_derw_oid(w, BYTES("\x55\x1d\x0e"));
    if (t->critical_false_written)
        sg_derw_bool(w, false);
    e.value = sg_derw_begin(w, SG_DER_OCTET_STRING);
    sg_derw_tlv(w, SG_DER_OCTET_STRING, sg_slice_str(t->ski));
    end_extension(w, e);
}

static void put_basic_constraints(struct sg_derw *w, const struct t_tbs *t)
{
    struct ext e = begin_extension(w, 19, true);
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    if (t->ca)
        sg_derw_bool(w, true);
    else if (t->ca_false_written)
        sg_derw_bool(w, false);
    if ((t->ca && t->path_length >= 0) || t->path_length_without_ca)
        sg_derw_uint(w, (uint64_t)t->path_length);
    sg_derw_end(w, seq);
    end_extension(w, e);
}

void t_ext_put(struct sg_buf *out, uint8_t arc, bool critical,
               struct sg_slice value)
{
    struct sg_derw w;
    struct sg_err err = { 0 };

    sg_derw_init(&w, out);
    struct ext e = begin_extension(&w, arc, critical);
    sg_derw_raw(&w, value);
    end_extension(&w, e);
    t_ok(&err, sg_derw_finish(&w, &err));
}

static void put_aki(struct sg_derw *w, const char *aki)
{
    struct ext e = begin_extension(w, 35, false);
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_tlv(w, SG_DER_CONTEXT(0), sg_slice_str(aki));
    sg_derw_end(w, seq);
    end_extension(w, e);
}

static void put_extensions(struct sg_derw *w, const struct t_tbs *t)
{
    size_t wrap = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(3));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);
    struct ext e;

    if (t->ski != NULL)
        put_ski(w, t);
    if (t->twice)
        put_ski(w, t);
    if (t->ca || t->ca_false_written || t->path_length_without_ca)
        put_basic_constraints(w, t);
    if (t->key_usage >= 0) {
        e = begin_extension(w, 15, true);
        sg_derw_named_bits(w, (uint16_t)t->key_usage);
        end_extension(w, e);
    }
    if (t->aki != NULL)
        put_aki(w, t->aki);
    sg_derw_raw(w, t->extra);
    sg_derw_end(w, list);
    sg_derw_end(w, wrap);
}

void t_tbs_encode(const struct t_tbs *t, struct sg_buf *out)
{
    struct sg_derw w;
    struct sg_err err = { 0 };

    sg_derw_init(&w, out);
    size_t tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    if (!t->no_version) {
        size_t version = sg_derw_begin(&w, SG_DER_CONTEXT_CONSTRUCTED(0));
        sg_derw_uint(&w, t->version);
        sg_derw_end(&w, version);
    }
    if (t->serial.len > 0)
        sg_derw_tlv(&w, SG_DER_INTEGER, t->serial);
    else
        sg_derw_uint(&w, 1);
    sg_derw_raw(&w, t->algorithm);
    put_name(&w, t->issuer);
    size_t validity = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_time(&w, t->not_before);
    sg_derw_time(&w, t->not_after);
    sg_derw_end(&w, validity);
    put_name(&w, t->subject);
    sg_derw_raw(&w, t->spki);
    if (t->unique_id)
        sg_derw_tlv(&w, SG_DER_CONTEXT(1), BYTES("\0x"));
    put_extensions(&w, t);
    if (t->trailing)
        sg_derw_null(&w);
    sg_derw_end(&w, tbs);
    t_ok(&err, sg_derw_finish(&w, &err));
}

void t_cert_encode(struct sg_slice tbs, struct sg_slice algorithm,
                   struct sg_slice signature, struct sg_buf *out)
{
    struct sg_derw w;
    struct sg_err err = { 0 };

    sg_derw_init(&w, out);
    size_t cert = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_raw(&w, tbs);
    sg_derw_raw(&w, algorithm);
    sg_derw_bits(&w, signature);
    sg_derw_end(&w, cert);
    t_ok(&err, sg_derw_finish(&w, &err));
}

struct t_crl t_crl_good(struct sg_slice algorithm, unsigned n)
{
    return (struct t_crl){ .algorithm = algorithm,
                           .issuer = "root",
                           .this_update = T_2026 + T_DAY,
                           .next_update = T_2026 + 8 * T_DAY,
                           .n = n,
                           .aki = "root" };
}

static void put_entries(struct sg_derw *w, const struct t_crl *t)
{
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);

    for (unsigned i = 1; i <= t->n; i++) {
        size_t entry = sg_derw_begin(w, SG_DER_SEQUENCE);
        sg_derw_uint(w, i);
        sg_derw_time(w, T_2026);
        if (t->entry_issuer) {
            size_t exts = sg_derw_begin(w, SG_DER_SEQUENCE);
            struct ext e = begin_extension(w, 29, true);
            sg_derw_raw(w, BYTES("\x30\x00"));
            end_extension(w, e);
            sg_derw_end(w, exts);
        }
        sg_derw_end(w, entry);
    }
    sg_derw_end(w, list);
}

void t_crl_encode(const struct t_crl *t, struct sg_buf *out)
{
    struct sg_derw w;
    struct sg_err err = { 0 };

    sg_derw_init(&w, out);
    size_t tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    if (!t->v1)
        sg_derw_uint(&w, 1);
    sg_derw_raw(&w, t->algorithm);
    put_name(&w, t->issuer);
    sg_derw_time(&w, t->this_update);
    if (t->next_update != 0)
        sg_derw_time(&w, t->next_update);
    if (t->n > 0 || t->empty_list)
        put_entries(&w, t);
    size_t wrap = sg_derw_begin(&w, SG_DER_CONTEXT_CONSTRUCTED(0));
    size_t list = sg_derw_begin(&w, SG_DER_SEQUENCE);
    if (t->aki != NULL)
        put_aki(&w, t->aki);
    if (!t->no_number) {
        struct ext e = begin_extension(&w, 20, false);
        sg_derw_uint(&w, 1);
        end_extension(&w, e);
    }
    sg_derw_raw(&w, t->extra);
    sg_derw_end(&w, list);
    sg_derw_end(&w, wrap);
    sg_derw_end(&w, tbs);
    t_ok(&err, sg_derw_finish(&w, &err));
}

#define NOW BYTES("20260102000000Z")

#define SHA1_ALG "\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a"
#define SHA2_ALG(n) \
    "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" n "\x05\x00"

static struct sg_slice digest(const EVP_MD *md, struct sg_slice in,
                              uint8_t dst[EVP_MAX_MD_SIZE])
{
    unsigned n = 0;

    assert_int_equal(EVP_Digest(in.p, in.len, dst, &n, md, NULL), 1);
    return SG_SLICE(dst, n);
}

/* The key's bits alone (RFC 6960 4.1.1). */
static struct sg_slice key_bits(struct sg_slice spki)
{
    struct sg_err err = { 0 };
    struct sg_slice bits = { 0 };
    struct sg_der_tlv algorithm;
    struct sg_der in;
    struct sg_der seq;

    sg_der_init(&in, spki, "key");
    t_ok(&err, sg_der_enter(&in, SG_DER_SEQUENCE, &seq, &err));
    t_ok(&err, sg_der_any(&seq, &algorithm, &err));
    t_ok(&err, sg_der_bits(&seq, &bits, &err));
    return bits;
}

static void put_cert_id(struct sg_derw *w, const struct t_ocsp *o,
                        const char *issuer)
{
    const EVP_MD *md = o->sha512   ? EVP_sha512()
                       : o->sha256 ? EVP_sha256()
                                   : EVP_sha1();
    uint8_t hash[EVP_MAX_MD_SIZE];
    struct sg_err err = { 0 };
    struct sg_buf name;
    struct sg_derw n;

    sg_buf_init(&name, 1024);
    sg_derw_init(&n, &name);
    put_name(&n, issuer);
    t_ok(&err, sg_derw_finish(&n, &err));
    size_t id = sg_derw_begin(w, SG_DER_SEQUENCE);
    sg_derw_raw(w, o->sha512   ? BYTES(SHA2_ALG("\x03"))
                   : o->sha256 ? BYTES(SHA2_ALG("\x01"))
                               : BYTES(SHA1_ALG));
    sg_derw_tlv(w, SG_DER_OCTET_STRING, digest(md, sg_buf_slice(&name), hash));
    sg_derw_tlv(w, SG_DER_OCTET_STRING,
                digest(md, key_bits(o->issuer_key), hash));
    sg_derw_uint(w, 7);
    sg_derw_end(w, id);
    sg_buf_done(&name);
}

static void put_answer(struct sg_derw *w, const struct t_ocsp *o,
                       const char *issuer)
{
    size_t single = sg_derw_begin(w, SG_DER_SEQUENCE);

    put_cert_id(w, o, issuer);
    sg_derw_tlv(w, SG_DER_CONTEXT(0), SG_SLICE(NULL, 0)); /* good */
    sg_derw_tlv(w, SG_DER_GENERALIZED_TIME, NOW);
    sg_derw_end(w, single);
}

static void put_responder(struct sg_derw *w, const struct t_ocsp *o)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t id = sg_derw_begin(
        w, SG_DER_CONTEXT_CONSTRUCTED(o->by_name != NULL ? 1 : 2));

    if (o->by_name != NULL)
        put_name(w, o->by_name);
    else
        sg_derw_tlv(w, SG_DER_OCTET_STRING,
                    digest(EVP_sha1(), key_bits(o->responder), hash));
    sg_derw_end(w, id);
}

void t_ocsp_encode(const struct t_ocsp *ocsp, struct sg_buf *out)
{
    struct sg_derw w;
    struct sg_err err = { 0 };

    sg_derw_init(&w, out);
    size_t data = sg_derw_begin(&w, SG_DER_SEQUENCE);
    put_responder(&w, ocsp);
    sg_derw_tlv(&w, SG_DER_GENERALIZED_TIME, NOW);
    size_t list = sg_derw_begin(&w, SG_DER_SEQUENCE);
    put_answer(&w, ocsp, ocsp->issuer);
    if (ocsp->second != NULL)
        put_answer(&w, ocsp, ocsp->second);
    sg_derw_end(&w, list);
    sg_derw_end(&w, data);
    t_ok(&err, sg_derw_finish(&w, &err));
}

void t_csr_info_encode(const char *subject, struct sg_slice spki,
                       struct sg_buf *out)
{
    struct sg_derw w;
    struct sg_err err = { 0 };

    sg_derw_init(&w, out);
    size_t info = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_uint(&w, 0);
    put_name(&w, subject);
    sg_derw_raw(&w, spki);
    size_t attributes = sg_derw_begin(&w, SG_DER_CONTEXT_CONSTRUCTED(0));
    sg_derw_end(&w, attributes);
    sg_derw_end(&w, info);
    t_ok(&err, sg_derw_finish(&w, &err));
}

#define PSS(hash, salt) \
    "\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\xa0\x0f" \
    "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" hash "\x05\x00" \
    "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" \
    "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" hash "\x05\x00" \
    "\xa2\x03\x02\x01" salt

static struct sg_slice rsa_algorithm(unsigned hash_bits, bool pss)
{
    if (hash_bits == 512)
        return pss ? BYTES(PSS("\x03", "\x40"))
                   : BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
                           "\x0d\x05\x00");
    if (hash_bits == 384)
        return pss ? BYTES(PSS("\x02", "\x30"))
                   : BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
                           "\x0c\x05\x00");
    return pss ? BYTES(PSS("\x01", "\x20"))
               : BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
                       "\x05\x00");
}

struct sg_slice t_algorithm(enum tok_key_type type, unsigned hash_bits,
                            bool pss)
{
    switch (type) {
    case TOK_KEY_EC_P256:
        return BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
    case TOK_KEY_EC_P384:
        return BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03");
    case TOK_KEY_EC_P521:
        return BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04");
    case TOK_KEY_ED25519:
        return BYTES("\x30\x05\x06\x03\x2b\x65\x70");
    case TOK_KEY_RSA_2048:
    case TOK_KEY_RSA_3072:
    case TOK_KEY_RSA_4096:
    case TOK_KEY_UNSET:
        break;
    }
    return rsa_algorithm(hash_bits, pss);
}
