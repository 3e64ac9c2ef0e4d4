/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/make.h"

static void no_finding(const struct lint_report *report,
                       enum lint_severity severity)
{
    char text[2 * LINT_TEXT_MAX];

    if (lint_worst(report) < severity)
        return;
    lint_first(report, severity, text, sizeof text);
    fail_msg("lint: %s", text);
}

void make_clean(struct sg_slice tbs, const struct ca_issuer *issuer,
                const struct lint_options *options, enum lint_severity severity)
{
    struct sg_slice chain[CA_CHAIN_MAX + 1] = { tbs };
    struct lint_report report = { 0 };
    size_t n = 1;

    lint_tbs(tbs, options, &report);
    no_finding(&report, severity);
    assert_true(report.rules_run > 20);
    for (size_t i = 0; issuer != NULL && i < ca_issuer_chain_len(issuer); i++)
        chain[n++] = ca_issuer_chain(issuer, i)->der;
    report = (struct lint_report){ 0 };
    lint_chain(chain, n, true, options, &report);
    no_finding(&report, severity);
}

void make_authority(const struct ca_authority_args *args,
                    const struct kit_key *signer, struct sg_buf *ret_der)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct lint_options options = { .profile = LINT_PROFILE_PRIVATE,
                                    .technically_constrained =
                                        args->technically_constrained };
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret_der, CA_CERT_MAX);
    kit_ok(&err, ca_authority_tbs(args, &tbs, &err));
    make_clean(sg_buf_slice(&tbs), args->issuer, &options, LINT_ERROR);
    kit_sign(signer, args->alg, sg_buf_slice(&tbs), ret_der);
}

static void issuer_of(struct make_ca *ca, const struct ca_issuer *above)
{
    struct sg_slice der[CA_CHAIN_MAX] = { sg_buf_slice(&ca->der) };
    struct ca_issuer_args args = { .chain = der, .n = 1 };
    struct sg_err err = { 0 };

    for (size_t i = 0; above != NULL && i < ca_issuer_chain_len(above); i++)
        der[args.n++] = ca_issuer_chain(above, i)->der;
    kit_ok(&err, ca_issuer_new(&args, KIT_NOW, &ca->issuer, &err));
}

void make_ca(const struct ca_authority_args *args, const struct make_ca *above,
             struct make_ca *ret)
{
    struct ca_authority_args own = *args;

    *ret = (struct make_ca){ 0 };
    kit_key_new(&ret->key, CA_KEY_EC_P256, 0);
    own.spki = &ret->key.spki;
    own.issuer = above != NULL ? above->issuer : NULL;
    make_authority(&own, above != NULL ? &above->key : &ret->key, &ret->der);
    issuer_of(ret, own.issuer);
}

void make_ca_done(struct make_ca *ca)
{
    ca_issuer_free(ca->issuer);
    sg_buf_done(&ca->der);
    kit_key_done(&ca->key);
}
