/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "tests/unit/ca/relaxed.h"

/* Hierarchies drawn at random, many of them bad, on which ca/, lint/ and
 * OpenSSL have to agree. Where they do not, the reason must be one of those of
 * docs/path-validation.md, and taking it away must make them agree; each is
 * pinned in test-verdicts.c. SIGNET_SEED=n draws others. */

#define HIERARCHIES 2100
#define SEED_DEFAULT 20261122
#define DEPTH_MAX 5 /* CA certificates above the leaf */
#define NAMES_MAX 4
#define GNUTLS_EVERY 4 /* a process each time */

static struct sg_arena arena; /* for one hierarchy */
static struct kit_key keys[DEPTH_MAX + 2];
static uint64_t seed;

/* --- chance --------------------------------------------------------------- */

/* splitmix64: small, and the same everywhere. */
static uint64_t next(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return (size_t)(next() % n);
}

static bool percent(size_t p)
{
    return below(100) < p;
}

/* --- names ---------------------------------------------------------------- */

struct word {
    enum ca_san_kind kind;
    const char *text;
};

/* Few and close together, so that they meet. The first ones are likelier. */
static const struct word SUBTREES[] = {
    { CA_SAN_DNS, "example.com" },
    { CA_SAN_DNS, "a.example.com" },
    { CA_SAN_IP, "192.0.2.0/24" },
    { CA_SAN_EMAIL, "example.com" },
    { CA_SAN_DNS, "secret.a.example.com" },
    { CA_SAN_DNS, "example.org" },
    { CA_SAN_DNS, "com" },
    { CA_SAN_DNS, "" },
    { CA_SAN_IP, "192.0.2.128/25" },
    { CA_SAN_IP, "0.0.0.0/0" },
    { CA_SAN_IP, "2001:db8::/32" },
    { CA_SAN_IP, "::/0" },
    { CA_SAN_EMAIL, ".example.com" },
    { CA_SAN_EMAIL, "Ann@example.com" },
    { CA_SAN_EMAIL, "example.org" },
    { CA_SAN_URI, "www.example.com" },
    { CA_SAN_URI, ".example.com" },
    { CA_SAN_URI, "example.org" },
    { CA_SAN_DIRECTORY, "O=Example,C=DE" },
    { CA_SAN_DIRECTORY, "OU=Web,O=Example,C=DE" },
    { CA_SAN_DIRECTORY, "C=DE" },
};
static const struct word NAMES[] = {
    { CA_SAN_DNS, "www.a.example.com" },
    { CA_SAN_DNS, "example.com" },
    { CA_SAN_IP, "192.0.2.7" },
    { CA_SAN_EMAIL, "Ann@example.com" },
    { CA_SAN_DNS, "a.example.com" },
    { CA_SAN_DNS, "secret.a.example.com" },
    { CA_SAN_DNS, "x.secret.a.example.com" },
    { CA_SAN_DNS, "bad-example.com" },
    { CA_SAN_DNS, "example.org" },
    { CA_SAN_DNS, "*.a.example.com" },
    { CA_SAN_DNS, "*.example.com" },
    { CA_SAN_IP, "192.0.2.200" },
    { CA_SAN_IP, "198.51.100.1" },
    { CA_SAN_IP, "2001:db8::1" },
    { CA_SAN_IP, "2001:dead::1" },
    { CA_SAN_EMAIL, "ann@example.com" },
    { CA_SAN_EMAIL, "Ann@EXAMPLE.com" },
    { CA_SAN_EMAIL, "ann@a.example.com" },
    { CA_SAN_EMAIL, "ann@example.org" },
    { CA_SAN_URI, "https://www.example.com/x" },
    { CA_SAN_URI, "https://WWW.example.com:8443" },
    { CA_SAN_URI, "spiffe://a.b.example.com/y" },
    { CA_SAN_URI, "https://example.org/" },
    { CA_SAN_URI, "https://example.com" },
};
static const char *const COMMON_NAMES[] = {
    "A person",      "www.a.example.com",
    "example.org",   "secret.a.example.com",
    "bad_example.x", "host",
};

/* Where everybody of a hierarchy belongs, but for a few. */
static const char *const PLACES[] = {
    ",O=Example,C=DE",
    ",OU=Web,O=Example,C=DE",
    ",O=Ex\xc3\xa4mple,C=DE",
    ",C=DE,O=Example", /* the same RDNs, in another order */
    "",
};

/* One of the first half of the list half of the time. */
static const struct word *draw(const struct word *words, size_t n)
{
    return &words[below(percent(50) ? n / 4 : n)];
}

static void add_name(struct ca_sans *sans, const struct word *word)
{
    struct sg_slice text = kit_slice(word->text);
    struct sg_err err = { 0 };

    if (word->kind == CA_SAN_DNS)
        kit_ok(&err, ca_sans_add_dns(&arena, sans, text, &err));
    else if (word->kind == CA_SAN_EMAIL)
        kit_ok(&err, ca_sans_add_email(&arena, sans, text, &err));
    else if (word->kind == CA_SAN_URI)
        kit_ok(&err, ca_sans_add_uri(&arena, sans, text, &err));
    else
        kit_ok(&err, ca_sans_add_ip(&arena, sans, text, &err));
}

static struct ca_constraints *draw_constraints(void)
{
    struct ca_constraints *nc = sg_arena_new(&arena, struct ca_constraints);
    size_t permitted = below(4);
    size_t excluded = below(3) + (permitted == 0 ? 1 : 0);
    struct sg_err err = { 0 };

    assert_non_null(nc);
    for (size_t i = 0; i < permitted + excluded; i++) {
        const struct word *word = draw(SUBTREES, SG_ARRAY_LEN(SUBTREES));

        /* What excludes everything would leave little to see. */
        if (i >= permitted && strlen(word->text) < 10 && percent(80))
            word = &SUBTREES[4];
        kit_ok(&err, ca_subtrees_add(
                         &arena, i < permitted ? &nc->permitted : &nc->excluded,
                         word->kind, word->text, &err));
    }
    return nc;
}

/* --- hierarchies ---------------------------------------------------------- */

struct hierarchy {
    struct relaxed cert[DEPTH_MAX + 1]; /* leaf first */
    struct ca_sans sans;                /* the leaf's */
    const char *common_name;
    const char *place;
    struct sg_buf der[DEPTH_MAX + 1];
    size_t n;
    /* lint is asked about pairs: it has no present, and does not hold a root
     * against itself. */
    bool lint_tells;
};

static struct sg_slice draw_name(const struct hierarchy *h, const char *cn)
{
    const char *place =
        percent(92) ? h->place : PLACES[below(SG_ARRAY_LEN(PLACES))];

    return relaxed_dn(&arena, sg_arena_printf(&arena, "CN=%s%s", cn, place));
}

/* cert[at] is a CA with depth - at more above it. */
static void draw_ca(struct hierarchy *h, size_t at)
{
    struct relaxed *cert = &h->cert[at];
    bool root = at + 1 == h->n;
    char cn[32];

    *cert = (struct relaxed){ .ca = true };
    cert->key = &keys[at];
    cert->signer = root ? cert->key : &keys[at + 1];
    (void)snprintf(cn, sizeof cn, "CA %zu", at);
    cert->subject = draw_name(h, cn);
    if (percent(50)) /* around what is needed: at - 1 CAs below */
        cert->path_length =
            1 + (int)(at - 1 + below(3)) - (percent(15) ? 1 : 0);
    if (cert->path_length < 0)
        cert->path_length = 0;
    if (percent(45))
        cert->constraints = draw_constraints();
}

static void draw_leaf(struct hierarchy *h)
{
    size_t names = below(NAMES_MAX + 1);

    h->cert[0] = (struct relaxed){ .key = &keys[0], .signer = &keys[1] };
    h->common_name =
        percent(40) ? COMMON_NAMES[below(SG_ARRAY_LEN(COMMON_NAMES))] : "Leaf";
    for (size_t i = 0; i < names; i++)
        add_name(&h->sans, draw(NAMES, SG_ARRAY_LEN(NAMES)));
}

/* Mistakes that have nothing to do with names; rare, one at a time. */
static void spoil(struct hierarchy *h)
{
    size_t at = below(h->n);
    struct relaxed *cert = &h->cert[at];

    switch (below(8)) {
    case 0:
        cert->broken_signature = true;
        h->lint_tells = at + 1 < h->n;
        break;
    case 1:
        cert->wrong_aki = true;
        h->lint_tells = at + 1 < h->n;
        break;
    case 2:
        cert->not_after = KIT_NOW - 1;
        h->lint_tells = false;
        break;
    case 3:
        cert->not_before = KIT_NOW + 1;
        h->lint_tells = false;
        break;
    case 4:
        h->cert[h->n - 1 > 1 ? 1 : 0].issuer =
            relaxed_name(&arena, "Somebody else");
        break;
    case 5: /* no keyCertSign */
        h->cert[h->n - 1].key_usage = CA_KU_CRL_SIGN;
        h->cert[h->n - 1].path_length = 0;
        break;
    case 6: /* no CA */
        h->cert[1].ca = false;
        h->cert[1].constraints = NULL;
        break;
    default: /* another's key */
        h->cert[0].signer = &keys[DEPTH_MAX + 1];
        break;
    }
}

static void draw_hierarchy(struct hierarchy *h)
{
    *h = (struct hierarchy){ .n = 2 + below(DEPTH_MAX), .lint_tells = true };
    h->place = PLACES[below(SG_ARRAY_LEN(PLACES))];
    draw_leaf(h);
    for (size_t i = 1; i < h->n; i++)
        draw_ca(h, i);
    /* Rollovers: no path length counts them, no constraint holds them. */
    for (size_t i = h->n - 1; i > 1; i--)
        if (percent(10))
            h->cert[i - 1].subject = h->cert[i].subject;
    h->cert[0].subject = draw_name(h, h->common_name);
    h->cert[0].sans = &h->sans;
    for (size_t i = 0; i < h->n; i++)
        h->cert[i].issuer = h->cert[i + 1 < h->n ? i + 1 : i].subject;
    if (h->n > 2 && percent(5)) {
        struct ca_sans *sans = sg_arena_new(&arena, struct ca_sans);

        assert_non_null(sans);
        add_name(sans, draw(NAMES, SG_ARRAY_LEN(NAMES)));
        h->cert[1].sans = sans;
    }
    if (percent(12))
        spoil(h);
}

static void sign_hierarchy(struct hierarchy *h)
{
    for (size_t i = 0; i < h->n; i++)
        relaxed_make(&h->cert[i], &h->der[i]);
}

static void free_hierarchy(struct hierarchy *h)
{
    for (size_t i = 0; i < h->n; i++)
        sg_buf_done(&h->der[i]);
}

/* --- verdicts ------------------------------------------------------------- */

struct verdicts {
    const char *openssl, *ours, *lint;
    struct sg_err err;
    char lint_text[512];
};

static void judge(const struct hierarchy *h, struct verdicts *ret)
{
    ret->openssl = relaxed_openssl(h->der, h->n);
    ret->ours = relaxed_ours(h->der, h->n, &ret->err);
    ret->lint =
        relaxed_lint(h->der, h->n, ret->lint_text, sizeof ret->lint_text);
}

enum { STRICTER_WILDCARD, STRICTER_COMMON_NAME, REASONS };
static const char *const REASON_TEXTS[] = {
    [STRICTER_WILDCARD] = "covers names of the excluded subtree",
    [STRICTER_COMMON_NAME] = "common name",
};

static void explain(size_t number, const struct hierarchy *h,
                    const struct verdicts *v)
{
    fail_msg("hierarchy %zu (depth %zu, CN %s): openssl: %s; ca: %s; lint: %s",
             number, h->n - 1, h->common_name,
             v->openssl != NULL ? v->openssl : "good",
             v->ours != NULL ? v->ours : "good",
             v->lint != NULL ? v->lint : "good");
}

/* It takes no CN with an underscore for a host name. */
static bool lint_can_tell(const struct hierarchy *h)
{
    return h->lint_tells && strchr(h->common_name, '_') == NULL;
}

static bool agree(const struct hierarchy *h, const struct verdicts *v)
{
    return (v->openssl == NULL) == (v->ours == NULL)
           && (!lint_can_tell(h) || (v->lint == NULL) == (v->ours == NULL));
}

/* The same without wildcards and with a CN that is no host name. */
static void make_plain(struct hierarchy *h)
{
    struct ca_sans plain = { 0 };

    for (size_t i = 0; i < h->sans.n; i++)
        if (h->sans.san[i].kind != CA_SAN_DNS
            || h->sans.san[i].value.p[0] != '*') {
            char text[128];
            struct sg_slice value = h->sans.san[i].value;
            struct sg_err err = { 0 };

            (void)snprintf(text, sizeof text, "%.*s", (int)value.len,
                           (const char *)value.p);
            if (h->sans.san[i].kind == CA_SAN_IP)
                kit_ok(&err, ca_sans_add_ip_bytes(&arena, &plain, value, &err));
            else
                add_name(&plain, &(struct word){ h->sans.san[i].kind, text });
        }
    h->sans = plain;
    h->cert[1].sans = NULL;
    h->common_name = "Leaf";
    h->cert[0].subject = draw_name(h, h->common_name);
}

/* OpenSSL says yes, ca/ and lint/ no, and ca/ says why. */
static size_t reason_of(const struct hierarchy *h, const struct verdicts *v)
{
    size_t i = 0;

    while (i < REASONS
           && (v->openssl != NULL || v->ours == NULL
               || (v->lint == NULL && lint_can_tell(h))
               || strstr(v->ours, REASON_TEXTS[i]) == NULL))
        i++;
    return i;
}

struct tally {
    size_t good, bad, explained[REASONS];
    size_t gnutls; /* asked as well */
};

/* GnuTLS knows no constraints on URIs and directory names, and takes IPv4 and
 * IPv6 for two forms of name. */
static bool known_to_gnutls(const struct ca_subtree *tree)
{
    return tree->kind == CA_SAN_EMAIL
           || (tree->kind == CA_SAN_DNS && tree->value.len > 0)
           || (tree->kind == CA_SAN_IP && tree->value.len == 8);
}

static bool plain_to_gnutls(const struct relaxed *cert)
{
    static const struct ca_constraints NONE = { 0 };
    const struct ca_constraints *nc =
        cert->constraints != NULL ? cert->constraints : &NONE;

    for (size_t i = 0; i < nc->permitted.n; i++)
        if (!known_to_gnutls(&nc->permitted.tree[i]))
            return false;
    for (size_t i = 0; i < nc->excluded.n; i++)
        if (!known_to_gnutls(&nc->excluded.tree[i]))
            return false;
    /* It asks today's clock. */
    return cert->not_before == 0 && cert->not_after == 0;
}

/* Its path lengths count self-issued CAs, it believes the root without a look
 * at its signature and key identifiers, and it takes any CN for a host name when there is no DNS
 * name. */
static bool gnutls_can_tell(const struct hierarchy *h)
{
    bool dns = false;

    for (size_t i = 0; i < h->n; i++) {
        bool self = sg_slice_eq(h->cert[i].subject, h->cert[i].issuer);

        bool untold = i + 1 < h->n
                          ? self
                          : h->cert[i].broken_signature || h->cert[i].wrong_aki;

        if (untold || !plain_to_gnutls(&h->cert[i]))
            return false;
    }
    for (size_t i = 0; i < h->sans.n; i++) {
        dns = dns || h->sans.san[i].kind == CA_SAN_DNS;
        if (h->sans.san[i].kind == CA_SAN_IP && h->sans.san[i].value.len != 4)
            return false;
    }
    return dns;
}

static void ask_gnutls(size_t number, const struct hierarchy *h,
                       const struct verdicts *v, struct tally *tally)
{
    if (number % GNUTLS_EVERY != 0 || !gnutls_can_tell(h))
        return;
    tally->gnutls++;
    bool good = relaxed_gnutls(h->der, h->n);
    if (good == (v->ours == NULL))
        return;
    for (size_t i = 0; good && i < REASONS; i++)
        if (strstr(v->ours, REASON_TEXTS[i]) != NULL)
            return; /* stricter, as with OpenSSL */
    fail_msg("hierarchy %zu: GnuTLS: %s; ca: %s", number, good ? "good" : "bad",
             v->ours != NULL ? v->ours : "good");
}

static void try_one(size_t number, struct tally *tally)
{
    struct hierarchy h;
    struct verdicts v = { 0 };

    draw_hierarchy(&h);
    sign_hierarchy(&h);
    judge(&h, &v);
    ask_gnutls(number, &h, &v, tally);
    if (agree(&h, &v)) {
        tally->good += v.ours == NULL ? 1 : 0;
        tally->bad += v.ours != NULL ? 1 : 0;
        free_hierarchy(&h);
        return;
    }
    size_t reason = reason_of(&h, &v);
    if (reason == REASONS)
        explain(number, &h, &v);
    tally->explained[reason]++;
    make_plain(&h);
    free_hierarchy(&h);
    sign_hierarchy(&h);
    v = (struct verdicts){ 0 };
    judge(&h, &v);
    if (!agree(&h, &v))
        explain(number, &h, &v);
    free_hierarchy(&h);
}

static void test_hierarchies(void **state)
{
    struct tally tally = { 0 };

    (void)state;
    print_message("# SIGNET_SEED=%llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < HIERARCHIES; i++) {
        sg_arena_init(&arena, (size_t)1 << 20);
        try_one(i, &tally);
        sg_arena_done(&arena);
    }
    print_message("# %d hierarchies: %zu good, %zu bad, explained: %zu "
                  "wildcards, %zu common names; GnuTLS asked %zu times\n",
                  HIERARCHIES, tally.good, tally.bad,
                  tally.explained[STRICTER_WILDCARD],
                  tally.explained[STRICTER_COMMON_NAME], tally.gnutls);
    /* Chance that only draws one kind shows nothing. */
    assert_true(tally.good > HIERARCHIES / 5);
    assert_true(tally.bad > HIERARCHIES / 5);
    assert_true(tally.explained[STRICTER_WILDCARD] > 0);
    assert_true(tally.explained[STRICTER_COMMON_NAME] > 0);
    assert_true(tally.gnutls > HIERARCHIES / GNUTLS_EVERY / 10);
}

static int make_keys(void **state)
{
    const char *text = getenv("SIGNET_SEED");
    struct sg_err err = { 0 };

    (void)state;
    seed = SEED_DEFAULT;
    if (text != NULL)
        kit_ok(&err, sg_parse_u64(text, 0, UINT64_MAX, &seed, &err));
    for (size_t i = 0; i < SG_ARRAY_LEN(keys); i++)
        kit_key_new(&keys[i], CA_KEY_EC_P256, 0);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(keys); i++)
        kit_key_done(&keys[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hierarchies),
    };

    return cmocka_run_group_tests_name("hierarchies", tests, make_keys,
                                       free_keys);
}
