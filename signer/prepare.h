/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_PREPARE_H
#define SG_SIGNER_PREPARE_H

/* From a request's fields to a TBSCertificate, and from a signature to the
 * answer: everything about issue and sign that needs neither socket nor
 * token. One request, one thread; all of it lives in the request's arena. */

#include "lint/lint.h"
#include "signer/params.h"
#include "signer/role.h"

enum srv_operation { SRV_OP_UNSET, SRV_OP_ISSUE, SRV_OP_SIGN };
enum srv_format { SRV_FORMAT_PEM, SRV_FORMAT_DER, SRV_FORMAT_PEM_BUNDLE };

/* An issuer as the daemon runs it. */
struct tok_key;
struct srv_issuer {
    const char *name;
    struct ca_issuer *ca;
    struct tok_key *key;
    bool truncate_not_after; /* leaf_not_after_behavior */
    enum lint_profile lint_profile;
    /* Ready for answers: PEM without trailing newline, and base64 DER, of each
     * certificate of the chain, JSON-escaped. */
    struct srv_issuer_texts *texts;
};

struct srv_job {
    enum srv_operation op;
    const struct srv_issuer *issuer;
    enum ca_sigalg alg;
    struct sg_buf tbs;
    EVP_PKEY *key;        /* issue only; freed and wiped by srv_job_done */
    struct ca_spki spki;  /* issue only: the key's public half */
    const char *key_type; /* "rsa" "ec" "ed25519" */
    uint8_t serial[CA_SERIAL_LEN];
    int64_t not_after;
    enum srv_format format;
    bool pkcs8;
    bool remove_roots_from_chain;
    struct srv_warnings warnings;
    char
        summary[256]; /* quoted, for the log line: "cn=\"…\" sans=3 serial=…" */
};

struct srv_prepare_args {
    enum srv_operation op;
    const struct srv_role *role;
    const struct srv_issuer *issuer;
    struct srv_params *params;
    int64_t default_ttl, max_ttl; /* the system's */
    int64_t now;
};

/* Body fields, role, CSR, names, times: every refusal of Vault's with its text,
 * then the rules of ca/. SG_FORMAT and SG_POLICY are the caller's to read. */
enum sg_rc srv_prepare(const struct srv_prepare_args *args,
                       struct sg_arena *arena, struct srv_job *ret_job,
                       struct sg_err *err);
/* The "data" object and the whole envelope for the certificate that these
 * bytes and this signature make. request_id is a UUID text. */
enum sg_rc srv_answer(const struct srv_job *job, struct sg_slice signature,
                      const char *request_id, struct sg_buf *out,
                      struct sg_err *err);
void srv_job_done(struct srv_job *job); /* wipes the key */

/* Make and free issuer->texts from issuer->ca. */
enum sg_rc srv_issuer_texts_new(struct srv_issuer *issuer, struct sg_err *err);
void srv_issuer_texts_free(struct srv_issuer *issuer);

#endif
