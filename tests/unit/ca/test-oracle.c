/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/oracle.h"

#include <string.h>

#include "common/clock.h"

/* Certificates of every kind that ca/ makes, signed with throw-away keys and
 * shown to verifiers that are not ours. */

/* Two keys of each kind that issues: root and intermediate. */
enum {
    P256_A,
    P256_B,
    P384_A,
    P384_B,
    P521_A,
    P521_B,
    RSA_A,
    RSA_B,
    ED_A,
    ED_B,
    P256_LEAF,
    RSA3072,
    RSA4096,
    N_KEYS
};
static struct kit_key keys[N_KEYS];
static struct sg_arena arena;
static struct ca_profile *server;
static int64_t now;

static void make_keys(void)
{
    static const struct {
        enum ca_key_kind kind;
        unsigned bits;
    } kinds[N_KEYS] = {
        [P256_A] = { CA_KEY_EC_P256, 0 },    [P256_B] = { CA_KEY_EC_P256, 0 },
        [P384_A] = { CA_KEY_EC_P384, 0 },    [P384_B] = { CA_KEY_EC_P384, 0 },
        [P521_A] = { CA_KEY_EC_P521, 0 },    [P521_B] = { CA_KEY_EC_P521, 0 },
        [RSA_A] = { CA_KEY_RSA, 2048 },      [RSA_B] = { CA_KEY_RSA, 2048 },
        [ED_A] = { CA_KEY_ED25519, 0 },      [ED_B] = { CA_KEY_ED25519, 0 },
        [P256_LEAF] = { CA_KEY_EC_P256, 0 }, [RSA3072] = { CA_KEY_RSA, 3072 },
        [RSA4096] = { CA_KEY_RSA, 4096 },
    };

    for (size_t i = 0; i < N_KEYS; i++)
        kit_key_new(&keys[i], kinds[i].kind, kinds[i].bits);
}

static int open_world(void **state)
{
    static const char *const eku[] = { "1.3.6.1.5.5.7.3.1",
                                       "1.3.6.1.5.5.7.3.2" };
    struct ca_profile_args args = { .key_usage = CA_KU_DIGITAL_SIGNATURE,
                                    .eku = eku,
                                    .n_eku = 2 };
    struct sg_err err = { 0 };

    (void)state;
    now = sg_now();
    sg_arena_init(&arena, (size_t)1 << 22);
    make_keys();
    kit_ok(&err, ca_profile_new(&args, &server, &err));
    oracle_open();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    oracle_close();
    ca_profile_free(server);
    for (size_t i = 0; i < N_KEYS; i++)
        kit_key_done(&keys[i]);
    sg_arena_done(&arena);
    return 0;
}

/* --- a hierarchy ---------------------------------------------------------- */

struct world {
    struct sg_buf root, inter;
    const struct kit_key *key; /* of inter */
    enum ca_sigalg alg;
    struct ca_issuer *issuer;
};

static struct ca_authority_args root_args(const struct kit_key *key,
                                          enum ca_sigalg alg)
{
    struct ca_authority_args args = {
        .alg = alg,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&arena, "Oracle Root"),
        .spki = &key->spki,
        .not_before = now - KIT_DAY,
        .not_after = now + 40 * KIT_YEAR,
    };
    struct sg_err err = { 0 };

    kit_ok(&err, ca_dn_add(&arena, &args.subject, CA_ATTR_COUNTRY,
                           kit_slice("DE"), &err));
    return args;
}

static void sign_authority(const struct ca_authority_args *args,
                           const struct kit_key *signer, struct sg_buf *ret)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret, CA_CERT_MAX);
    kit_ok(&err, ca_authority_tbs(args, &tbs, &err));
    kit_sign(signer, args->alg, sg_buf_slice(&tbs), ret);
}

static struct ca_issuer *issuer_of(const struct sg_buf *const *chain, size_t n)
{
    static const char *const issuers[] = { "http://pki.example.com/ca.crt" };
    static const char *const ocsp[] = { "http://ocsp.example.com" };
    static const char *const crl[] = { "http://pki.example.com/ca.crl" };
    struct sg_slice der[CA_CHAIN_MAX];
    struct ca_issuer_args args = { .chain = der,
                                   .n = n,
                                   .issuing_certificates = issuers,
                                   .n_issuing_certificates = 1,
                                   .ocsp_servers = ocsp,
                                   .n_ocsp_servers = 1,
                                   .crl_distribution_points = crl,
                                   .n_crl_distribution_points = 1 };
    struct ca_issuer *issuer = NULL;
    struct sg_err err = { 0 };

    for (size_t i = 0; i < n; i++)
        der[i] = sg_buf_slice(chain[i]);
    kit_ok(&err, ca_issuer_new(&args, now, &issuer, &err));
    return issuer;
}

struct world_args {
    const struct kit_key *root, *inter;
    enum ca_sigalg alg;
    bool free; /* without the path length and constraints below */
};

static void add_subtree(struct ca_subtrees *trees, enum ca_san_kind kind,
                        const char *text)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_subtrees_add(&arena, trees, kind, text, &err));
}

static void make_constraints(struct ca_constraints *nc)
{
    add_subtree(&nc->permitted, CA_SAN_DNS, "example.com");
    add_subtree(&nc->permitted, CA_SAN_IP, "192.0.2.0/24");
    add_subtree(&nc->permitted, CA_SAN_IP, "2001:db8::/32");
    add_subtree(&nc->permitted, CA_SAN_EMAIL, "example.com");
    add_subtree(&nc->excluded, CA_SAN_DNS, "secret.example.com");
}

static void world_open(const struct world_args *args, struct world *ret)
{
    struct ca_authority_args root = root_args(args->root, args->alg);
    const struct sg_buf *chain[] = { &ret->inter, &ret->root };
    struct ca_constraints nc = { 0 };
    struct ca_issuer *top;
    struct sg_err err = { 0 };

    sign_authority(&root, args->root, &ret->root);
    top = issuer_of(&chain[1], 1);
    struct ca_authority_args inter = root;
    inter.subject = kit_dn(&arena, "Oracle Issuing");
    kit_ok(&err, ca_dn_add(&arena, &inter.subject, CA_ATTR_ORGANIZATION,
                           kit_slice("Ex\xc3\xa4mple"), &err));
    inter.spki = &args->inter->spki;
    inter.issuer = top;
    if (!args->free) {
        make_constraints(&nc);
        inter.constraints = &nc;
        inter.has_path_length = true;
    }
    sign_authority(&inter, args->root, &ret->inter);
    ca_issuer_free(top);
    ret->issuer = issuer_of(chain, 2);
    ret->key = args->inter;
    ret->alg = args->alg;
}

static void world_close(struct world *w)
{
    ca_issuer_free(w->issuer);
    sg_buf_done(&w->root);
    sg_buf_done(&w->inter);
}

/* --- leaves --------------------------------------------------------------- */

static struct ca_leaf_args leaf_args(const struct world *w)
{
    struct ca_leaf_args args = {
        .issuer = w->issuer,
        .profile = server,
        .alg = w->alg,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&arena, "web.example.com"),
        .spki = &keys[P256_LEAF].spki,
        .not_before = now - 30,
        .not_after = now + KIT_DAY,
    };
    struct sg_err err = { 0 };

    kit_ok(&err, ca_sans_add_dns(&arena, &args.sans,
                                 kit_slice("web.example.com"), &err));
    return args;
}

static void sign_leaf(const struct world *w, const struct ca_leaf_args *args,
                      struct sg_buf *ret)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret, CA_CERT_MAX);
    kit_ok(&err, ca_leaf_tbs(args, &tbs, &err));
    kit_sign(w->key, args->alg, sg_buf_slice(&tbs), ret);
}

/* Made, believed by every verifier, and shown as it was meant. */
static void leaf_holds(const struct world *w, const struct ca_leaf_args *args,
                       const char *const *texts)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;

    sign_leaf(w, args, &leaf);
    oracle_accepts(&(struct oracle_chain){
        .root = &w->root, .inter = &w->inter, .leaf = &leaf });
    oracle_shows(&leaf, texts);
}

static void test_each_issuer_algorithm(void **state)
{
    static const struct {
        int root, inter;
        enum ca_sigalg alg;
        const char *text;
    } rows[] = {
        { P256_A, P256_B, CA_SIGALG_ECDSA_SHA256,
          "Signature Algorithm: ecdsa-with-SHA256" },
        { P384_A, P384_B, CA_SIGALG_ECDSA_SHA384,
          "Signature Algorithm: ecdsa-with-SHA384" },
        { P521_A, P521_B, CA_SIGALG_ECDSA_SHA512,
          "Signature Algorithm: ecdsa-with-SHA512" },
        { RSA_A, RSA_B, CA_SIGALG_RSA_SHA256,
          "Signature Algorithm: sha256WithRSAEncryption" },
        { RSA_A, RSA_B, CA_SIGALG_RSA_SHA384,
          "Signature Algorithm: sha384WithRSAEncryption" },
        { RSA_A, RSA_B, CA_SIGALG_RSA_SHA512,
          "Signature Algorithm: sha512WithRSAEncryption" },
        { RSA_A, RSA_B, CA_SIGALG_PSS_SHA256, "Hash Algorithm: sha256\n" },
        { RSA_A, RSA_B, CA_SIGALG_PSS_SHA384, "Hash Algorithm: sha384\n" },
        { RSA_A, RSA_B, CA_SIGALG_PSS_SHA512, "Hash Algorithm: sha512\n" },
        { ED_A, ED_B, CA_SIGALG_ED25519, "Signature Algorithm: ED25519" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *const texts[] = { rows[i].text, NULL };
        struct world w;

        world_open(&(struct world_args){ .root = &keys[rows[i].root],
                                         .inter = &keys[rows[i].inter],
                                         .alg = rows[i].alg },
                   &w);
        struct ca_leaf_args args = leaf_args(&w);
        leaf_holds(&w, &args, texts);
        world_close(&w);
    }
}

static void p256_world(struct world *w, bool free)
{
    world_open(&(struct world_args){ .root = &keys[P256_A],
                                     .inter = &keys[P256_B],
                                     .alg = CA_SIGALG_ECDSA_SHA256,
                                     .free = free },
               w);
}

static void test_each_leaf_key(void **state)
{
    static const struct {
        int key;
        const char *text;
    } rows[] = {
        { P256_LEAF, "NIST CURVE: P-256" },
        { P384_A, "NIST CURVE: P-384" },
        { P521_A, "NIST CURVE: P-521" },
        { RSA_A, "Public-Key: (2048 bit)" },
        { RSA3072, "Public-Key: (3072 bit)" },
        { RSA4096, "Public-Key: (4096 bit)" },
        { ED_A, "Public Key Algorithm: ED25519" },
    };
    struct world w;

    (void)state;
    p256_world(&w, false);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *const texts[] = { rows[i].text, NULL };
        struct ca_leaf_args args = leaf_args(&w);

        args.spki = &keys[rows[i].key].spki;
        leaf_holds(&w, &args, texts);
    }
    world_close(&w);
}

/* The CA certificates and a usual leaf, extension by extension. */
static void test_texts(void **state)
{
    static const char *const root_texts[] = {
        "Version: 3 (0x2)",
        "Serial Number:\n            5a:01:02:03:04:05:06:07:08:09:0a",
        "Issuer: CN = Oracle Root, C = DE",
        "Subject: CN = Oracle Root, C = DE",
        "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
        "X509v3 Key Usage: critical\n                Certificate Sign, CRL "
        "Sign\n",
        "X509v3 Subject Key Identifier: \n",
        "X509v3 Authority Key Identifier: \n",
        NULL
    };
    static const char *const inter_texts[] = {
        "X509v3 Basic Constraints: critical\n                CA:TRUE, "
        "pathlen:0\n",
        "X509v3 Name Constraints: critical\n                Permitted:\n",
        "                  DNS:example.com\n",
        "                  IP:192.0.2.0/255.255.255.0\n",
        "                  IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0\n",
        "                  email:example.com\n",
        "                Excluded:\n                  DNS:secret.example.com\n",
        "CA Issuers - URI:http://pki.example.com/ca.crt\n",
        NULL
    };
    static const char *const leaf_texts[] = {
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage: \n                TLS Web Server "
        "Authentication, TLS Web Client Authentication\n",
        "X509v3 Subject Alternative Name: \n                "
        "DNS:web.example.com\n",
        "Authority Information Access: \n                OCSP - "
        "URI:http://ocsp.example.com\n                CA Issuers - "
        "URI:http://pki.example.com/ca.crt\n",
        "X509v3 CRL Distribution Points: \n                Full Name:\n"
        "                  URI:http://pki.example.com/ca.crl\n",
        NULL
    };
    struct world w;

    (void)state;
    p256_world(&w, false);
    oracle_shows(&w.root, root_texts);
    oracle_shows(&w.inter, inter_texts);
    struct ca_leaf_args args = leaf_args(&w);
    leaf_holds(&w, &args, leaf_texts);
    world_close(&w);
}

/* --- names ---------------------------------------------------------------- */

typedef enum sg_rc (*add_name)(struct sg_arena *, struct ca_sans *,
                               struct sg_slice, struct sg_err *);

static void test_each_kind_of_name(void **state)
{
    static const struct {
        add_name add;
        const char *name, *text;
    } rows[] = {
        { ca_sans_add_dns, "a.b.example.com", "DNS:a.b.example.com\n" },
        { ca_sans_add_dns, "*.web.example.com", "DNS:*.web.example.com\n" },
        { ca_sans_add_dns,
          "b\xc3\xbc"
          "cher.example.com",
          "DNS:xn--bcher-kva.example.com\n" },
        { ca_sans_add_ip, "192.0.2.7", "IP Address:192.0.2.7\n" },
        { ca_sans_add_ip, "2001:db8::7", "IP Address:2001:DB8:0:0:0:0:0:7\n" },
        { ca_sans_add_uri, "spiffe://example.com/web",
          "URI:spiffe://example.com/web\n" },
        { ca_sans_add_email, "user@example.com", "email:user@example.com\n" },
    };
    struct world w;

    (void)state;
    p256_world(&w, false);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *const texts[] = { rows[i].text, NULL };
        struct ca_leaf_args args = leaf_args(&w);
        struct sg_err err = { 0 };

        /* The CN stays a host name: GnuTLS 3.7 holds any CN of a TLS server
         * without a DNS SAN against the DNS constraints. */
        args.sans = (struct ca_sans){ 0 };
        kit_ok(&err,
               rows[i].add(&arena, &args.sans, kit_slice(rows[i].name), &err));
        leaf_holds(&w, &args, texts);
    }
    world_close(&w);
}

static void test_other_name(void **state)
{
    static const char *const texts[] = {
        "DNS:web.example.com, othername: UPN::user@example.com\n", NULL
    };
    struct world w;
    struct sg_err err = { 0 };

    (void)state;
    p256_world(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    kit_ok(&err, ca_sans_add_other(&arena, &args.sans, "1.3.6.1.4.1.311.20.2.3",
                                   kit_slice("user@example.com"), &err));
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

static void test_empty_subject(void **state)
{
    static const char *const texts[] = {
        "        Subject: \n",
        "X509v3 Subject Alternative Name: critical\n                "
        "DNS:web.example.com\n",
        NULL
    };
    struct world w;

    (void)state;
    p256_world(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    args.subject = (struct ca_dn){ 0 };
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

static void test_full_subject(void **state)
{
    static const struct {
        enum ca_attr attr;
        const char *value;
    } rows[] = {
        { CA_ATTR_COUNTRY, "DE" },
        { CA_ATTR_PROVINCE, "Bayern" },
        { CA_ATTR_LOCALITY, "M\xc3\xbcnchen" },
        { CA_ATTR_ORGANIZATION, "Example" },
        { CA_ATTR_ORG_UNIT, "a" },
        { CA_ATTR_ORG_UNIT, "b" },
        { CA_ATTR_STREET, "Weg 1" },
        { CA_ATTR_POSTAL_CODE, "80331" },
        { CA_ATTR_SERIAL_NUMBER, "7" },
        { CA_ATTR_USER_ID, "web" },
        { CA_ATTR_COMMON_NAME, "web.example.com" },
    };
    static const char *const texts[] = {
        "Subject: C = DE, ST = Bayern, L = M\\C3\\BCnchen, O = Example, "
        "OU = a, OU = b, street = Weg 1, postalCode = 80331, serialNumber "
        "= 7, UID = web, CN = web.example.com\n",
        NULL
    };
    struct world w;
    struct sg_err err = { 0 };

    (void)state;
    p256_world(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    args.subject = (struct ca_dn){ 0 };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        kit_ok(&err, ca_dn_add(&arena, &args.subject, rows[i].attr,
                               kit_slice(rows[i].value), &err));
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

/* --- profiles and times --------------------------------------------------- */

static void test_every_profile_field(void **state)
{
    static const char *const eku[] = { "1.3.6.1.5.5.7.3.2",
                                       "1.3.6.1.4.1.32473.7" };
    static const struct ca_policy policies[] = {
        { .oid = "1.3.6.1.4.1.32473.1",
          .cps = "https://pki.example.com/cps",
          .notice = "For tests only" },
        { .oid = "2.23.140.1.2.1" },
    };
    static const char *const texts[] = {
        "X509v3 Key Usage: critical\n                Digital Signature, "
        "Key Agreement, Decipher Only\n",
        "TLS Web Client Authentication, 1.3.6.1.4.1.32473.7\n",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "Policy: 1.3.6.1.4.1.32473.1\n                  CPS: "
        "https://pki.example.com/cps\n                  User Notice:\n"
        "                    Explicit Text: For tests only\n"
        "                Policy: 2.23.140.1.2.1\n",
        NULL
    };
    struct ca_profile_args full = { .key_usage = CA_KU_DIGITAL_SIGNATURE
                                                 | CA_KU_KEY_ENCIPHERMENT
                                                 | CA_KU_KEY_AGREEMENT
                                                 | CA_KU_DECIPHER_ONLY,
                                    .eku = eku,
                                    .n_eku = 2,
                                    .policies = policies,
                                    .n_policies = 2,
                                    .basic_constraints = true };
    struct ca_profile *own SG_CLEANUP(ca_profile_free) = NULL;
    struct sg_err err = { 0 };
    struct world w;

    (void)state;
    kit_ok(&err, ca_profile_new(&full, &own, &err));
    p256_world(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    args.profile = own;
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

static void test_time_stamper(void **state)
{
    static const char *const eku[] = { "1.3.6.1.5.5.7.3.8" };
    static const char *const texts[] = {
        "X509v3 Extended Key Usage: critical\n                Time "
        "Stamping\n",
        NULL
    };
    struct ca_profile_args stamp = { .key_usage = CA_KU_DIGITAL_SIGNATURE,
                                     .eku = eku,
                                     .n_eku = 1 };
    struct ca_profile *own SG_CLEANUP(ca_profile_free) = NULL;
    struct sg_err err = { 0 };
    struct world w;

    (void)state;
    kit_ok(&err, ca_profile_new(&stamp, &own, &err));
    p256_world(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    args.profile = own;
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

#define LAST_2049 INT64_C(2524607999)

static void test_around_2050(void **state)
{
    static const char *const last[] = {
        "Not After : Dec 31 23:59:59 2049 GMT\n", NULL
    };
    static const char *const first[] = {
        "Not After : Jan  1 00:00:00 2050 GMT\n", NULL
    };
    static const char *const after[] = {
        "Not Before: Jan  1 00:00:00 2050 GMT\n", NULL
    };
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;
    struct world w;

    (void)state;
    p256_world(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    args.not_after = LAST_2049;
    leaf_holds(&w, &args, last);
    args.not_after = LAST_2049 + 1;
    leaf_holds(&w, &args, first);
    args.not_before = LAST_2049 + 1;
    args.not_after = LAST_2049 + KIT_YEAR;
    sign_leaf(&w, &args, &leaf);
    oracle_shows(&leaf, after);
    struct oracle_chain chain = { .root = &w.root,
                                  .inter = &w.inter,
                                  .leaf = &leaf };
    chain.at = LAST_2049 + 1;
    oracle_accepts(&chain);
    chain.at = LAST_2049;
    oracle_refuses(&chain, "certificate is not yet valid");
    world_close(&w);
}

/* --- what verifiers refuse, signet does not make --------------------------- */

/* Made by a twin of the issuer that has no limits, shown to the verifiers
 * under the real one. */
static void refused_by_both(const char *dns, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;
    struct sg_err err = { 0 };
    struct world real;
    struct world twin;

    p256_world(&real, false);
    p256_world(&twin, true);
    struct ca_leaf_args args = leaf_args(&real);
    args.subject = kit_dn(&arena, "A name");
    args.sans = (struct ca_sans){ 0 };
    kit_ok(&err, ca_sans_add_dns(&arena, &args.sans, kit_slice(dns), &err));
    sg_buf_init(&tbs, CA_CERT_MAX);
    t_assert_fails(ca_leaf_tbs(&args, &tbs, &err), SG_POLICY);
    args.issuer = twin.issuer;
    sign_leaf(&twin, &args, &leaf);
    oracle_refuses(&(struct oracle_chain){ .root = &real.root,
                                           .inter = &real.inter,
                                           .leaf = &leaf },
                   text);
    world_close(&real);
    world_close(&twin);
}

static void test_constraints_refused(void **state)
{
    (void)state;
    refused_by_both("example.org", "permitted subtree violation");
    refused_by_both("x.secret.example.com", "excluded subtree violation");
}

static void test_path_length_refused(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(sg_buf_done) struct sg_buf low;
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;
    struct sg_err err = { 0 };
    struct world real;
    struct world twin;

    (void)state;
    p256_world(&real, false);
    p256_world(&twin, true);
    struct ca_authority_args args =
        root_args(&keys[P384_A], CA_SIGALG_ECDSA_SHA256);
    args.subject = kit_dn(&arena, "Too deep");
    args.has_path_length = true;
    args.issuer = real.issuer;
    sg_buf_init(&tbs, CA_CERT_MAX);
    kit_refused(
        &err, ca_authority_tbs(&args, &tbs, &err), SG_POLICY,
        "\"CN=Too deep\" below \"O=Ex\xc3\xa4mple,CN=Oracle "
        "Issuing\": path length: \"O=Ex\xc3\xa4mple,CN=Oracle "
        "Issuing\" with path length 0 allows no CA certificate here (RFC 5280 4.2.1.9)");
    args.issuer = twin.issuer;
    sign_authority(&args, twin.key, &low);
    struct ca_issuer *below SG_CLEANUP(ca_issuer_free) = issuer_of(
        (const struct sg_buf *[]){ &low, &twin.inter, &twin.root }, 3);
    struct world deep = { .key = &keys[P384_A],
                          .alg = CA_SIGALG_ECDSA_SHA384,
                          .issuer = below };
    struct ca_leaf_args leaf_of = leaf_args(&deep);
    sign_leaf(&deep, &leaf_of, &leaf);
    oracle_refuses(&(struct oracle_chain){ .root = &real.root,
                                           .inter = &real.inter,
                                           .low = &low,
                                           .leaf = &leaf },
                   "path length constraint exceeded");
    world_close(&real);
    world_close(&twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_issuer_algorithm),
        cmocka_unit_test(test_each_leaf_key),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_each_kind_of_name),
        cmocka_unit_test(test_other_name),
        cmocka_unit_test(test_empty_subject),
        cmocka_unit_test(test_full_subject),
        cmocka_unit_test(test_every_profile_field),
        cmocka_unit_test(test_time_stamper),
        cmocka_unit_test(test_around_2050),
        cmocka_unit_test(test_constraints_refused),
        cmocka_unit_test(test_path_length_refused),
    };

    return cmocka_run_group_tests_name("oracle", tests, open_world,
                                       close_world);
}
