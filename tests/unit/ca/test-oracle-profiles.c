/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/oracle-world.h"

#include <string.h>

/* Profiles, times around 2050, and what verifiers refuse: signet does not make
 * it. */

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
    world_open_p256(&w, false);
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
    world_open_p256(&w, false);
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
    world_open_p256(&w, false);
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

    world_open_p256(&real, false);
    world_open_p256(&twin, true);
    struct ca_leaf_args args = leaf_args(&real);
    args.subject = kit_dn(&oracle_arena, "A name");
    args.sans = (struct ca_sans){ 0 };
    kit_ok(&err,
           ca_sans_add_dns(&oracle_arena, &args.sans, kit_slice(dns), &err));
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
    world_open_p256(&real, false);
    world_open_p256(&twin, true);
    struct ca_authority_args args =
        root_args(&oracle_keys[P384_A], CA_SIGALG_ECDSA_SHA256);
    args.subject = kit_dn(&oracle_arena, "Too deep");
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
    struct world deep = { .key = &oracle_keys[P384_A],
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
        cmocka_unit_test(test_every_profile_field),
        cmocka_unit_test(test_time_stamper),
        cmocka_unit_test(test_around_2050),
        cmocka_unit_test(test_constraints_refused),
        cmocka_unit_test(test_path_length_refused),
    };

    return cmocka_run_group_tests_name("oracle-profiles", tests,
                                       oracle_world_open, oracle_world_close);
}
