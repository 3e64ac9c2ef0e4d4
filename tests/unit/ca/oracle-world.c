/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/oracle-world.h"

#include "common/clock.h"

struct kit_key oracle_keys[N_KEYS];
struct sg_arena oracle_arena;
struct ca_profile *oracle_server;
int64_t oracle_now;

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
        kit_key_new(&oracle_keys[i], kinds[i].kind, kinds[i].bits);
}

int oracle_world_open(void **state)
{
    static const char *const eku[] = { "1.3.6.1.5.5.7.3.1",
                                       "1.3.6.1.5.5.7.3.2" };
    struct ca_profile_args args = { .key_usage = CA_KU_DIGITAL_SIGNATURE,
                                    .eku = eku,
                                    .n_eku = 2 };
    struct sg_err err = { 0 };

    (void)state;
    oracle_now = sg_now();
    sg_arena_init(&oracle_arena, (size_t)1 << 22);
    make_keys();
    kit_ok(&err, ca_profile_new(&args, &oracle_server, &err));
    oracle_open();
    return 0;
}

int oracle_world_close(void **state)
{
    (void)state;
    oracle_close();
    ca_profile_free(oracle_server);
    for (size_t i = 0; i < N_KEYS; i++)
        kit_key_done(&oracle_keys[i]);
    sg_arena_done(&oracle_arena);
    return 0;
}

/* --- a hierarchy ---------------------------------------------------------- */

struct ca_authority_args root_args(const struct kit_key *key,
                                   enum ca_sigalg alg)
{
    struct ca_authority_args args = {
        .alg = alg,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&oracle_arena, "Oracle Root"),
        .spki = &key->spki,
        .not_before = oracle_now - KIT_DAY,
        .not_after = oracle_now + 40 * KIT_YEAR,
    };
    struct sg_err err = { 0 };

    kit_ok(&err, ca_dn_add(&oracle_arena, &args.subject, CA_ATTR_COUNTRY,
                           kit_slice("DE"), &err));
    return args;
}

void sign_authority(const struct ca_authority_args *args,
                    const struct kit_key *signer, struct sg_buf *ret)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret, CA_CERT_MAX);
    kit_ok(&err, ca_authority_tbs(args, &tbs, &err));
    kit_sign(signer, args->alg, sg_buf_slice(&tbs), ret);
}

struct ca_issuer *issuer_of(const struct sg_buf *const *chain, size_t n)
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
    kit_ok(&err, ca_issuer_new(&args, oracle_now, &issuer, &err));
    return issuer;
}

static void add_subtree(struct ca_subtrees *trees, enum ca_san_kind kind,
                        const char *text)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_subtrees_add(&oracle_arena, trees, kind, text, &err));
}

static void make_constraints(struct ca_constraints *nc)
{
    add_subtree(&nc->permitted, CA_SAN_DNS, "example.com");
    add_subtree(&nc->permitted, CA_SAN_IP, "192.0.2.0/24");
    add_subtree(&nc->permitted, CA_SAN_IP, "2001:db8::/32");
    add_subtree(&nc->permitted, CA_SAN_EMAIL, "example.com");
    add_subtree(&nc->excluded, CA_SAN_DNS, "secret.example.com");
}

void world_open(const struct world_args *args, struct world *ret)
{
    struct ca_authority_args root = root_args(args->root, args->alg);
    const struct sg_buf *chain[] = { &ret->inter, &ret->root };
    struct ca_constraints nc = { 0 };
    struct ca_issuer *top;
    struct sg_err err = { 0 };

    sign_authority(&root, args->root, &ret->root);
    top = issuer_of(&chain[1], 1);
    struct ca_authority_args inter = root;
    inter.subject = kit_dn(&oracle_arena, "Oracle Issuing");
    kit_ok(&err, ca_dn_add(&oracle_arena, &inter.subject, CA_ATTR_ORGANIZATION,
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

void world_close(struct world *w)
{
    ca_issuer_free(w->issuer);
    sg_buf_done(&w->root);
    sg_buf_done(&w->inter);
}

/* --- leaves --------------------------------------------------------------- */

struct ca_leaf_args leaf_args(const struct world *w)
{
    struct ca_leaf_args args = {
        .issuer = w->issuer,
        .profile = oracle_server,
        .alg = w->alg,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&oracle_arena, "web.example.com"),
        .spki = &oracle_keys[P256_LEAF].spki,
        .not_before = oracle_now - 30,
        .not_after = oracle_now + KIT_DAY,
    };
    struct sg_err err = { 0 };

    kit_ok(&err, ca_sans_add_dns(&oracle_arena, &args.sans,
                                 kit_slice("web.example.com"), &err));
    return args;
}

void sign_leaf(const struct world *w, const struct ca_leaf_args *args,
               struct sg_buf *ret)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret, CA_CERT_MAX);
    kit_ok(&err, ca_leaf_tbs(args, &tbs, &err));
    kit_sign(w->key, args->alg, sg_buf_slice(&tbs), ret);
}

void leaf_holds(const struct world *w, const struct ca_leaf_args *args,
                const char *const *texts)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;

    sign_leaf(w, args, &leaf);
    oracle_accepts(&(struct oracle_chain){
        .root = &w->root, .inter = &w->inter, .leaf = &leaf });
    oracle_shows(&leaf, texts);
}

void world_open_p256(struct world *w, bool free)
{
    world_open(&(struct world_args){ .root = &oracle_keys[P256_A],
                                     .inter = &oracle_keys[P256_B],
                                     .alg = CA_SIGALG_ECDSA_SHA256,
                                     .free = free },
               w);
}
