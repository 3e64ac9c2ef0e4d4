/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_PLAN_H
#define SG_CEREMONY_PLAN_H

/* A ceremony's plan: everything that will happen, fixed before anyone enters
 * the room. A request (YAML, written by a person) is resolved into a plan
 * (canonical JSON) once; from then on only its bytes count: approvals are made
 * over their hash and execute refuses any other bytes. Pure but for
 * cer_plan_resolve(), which draws the serial number. Not thread-safe. */

#include "ca/authority.h"
#include "ca/cert.h"
#include "ca/crl.h"
#include "common/arena.h"
#include "lint/lint.h"
#include "pkcs11/keytype.h"

#define CER_PLAN_VERSION 2
/* Bytes of canonical JSON: a package of CER_SIGN_MAX CRLs with 2,000 entries
 * each, the most that a request may name, takes less. */
#define CER_PLAN_MAX ((size_t)16 * 1024 * 1024)
#define CER_APPROVERS_MAX 16
#define CER_SIGN_MAX 36 /* a CRL for each month of three years */

enum cer_type {
    CER_TYPE_UNSET,
    CER_TYPE_KEY,               /* make a key and its guard; no certificate */
    CER_TYPE_ROOT,              /* self-signed, for a key that exists */
    CER_TYPE_INTERMEDIATE,      /* from a CSR, or for a key in a token */
    CER_TYPE_CSR,               /* a request signed by a key in the token */
    CER_TYPE_CROSS_CERTIFICATE, /* subject, key, SKI of a certificate */
    CER_TYPE_ROLLOVER,          /* self-issued: new key signed by the old one */
    CER_TYPE_OCSP_RESPONDER,
    CER_TYPE_CRL
};
const char *cer_type_name(enum cer_type type); /* "cross-certificate" */
enum sg_rc cer_type_parse(const char *text, enum cer_type *ret,
                          struct sg_err *err);

struct cer_person {
    const char *name;     /* printable, 1 … CER_NAME_MAX octets */
    struct sg_slice spki; /* SubjectPublicKeyInfo of the signing key; empty
                             for a requester where nobody has to approve */
};
#define CER_NAME_MAX 128
/* The same name (whatever the case of its letters) or the same key. */
bool cer_person_same(const struct cer_person *a, const struct cer_person *b);

/* The key that signs, or that is made (CER_TYPE_KEY). */
struct cer_key {
    const char *token_label;
    const char *token_serial; /* NULL: any token of that label */
    const char *label;
    enum tok_key_type type;
    struct sg_slice spki;   /* empty for CER_TYPE_KEY: it does not exist yet */
    struct tok_guard guard; /* CER_TYPE_KEY */
};

/* One thing that the token signs. */
struct cer_tbs {
    struct sg_slice der;
    uint8_t sha256[32];
};

/* What was published before the CRLs of a plan. */
struct cer_past {
    bool has_last; /* false: this issuer has published none */
    struct sg_slice number;
    int64_t this_update, next_update;
    int64_t entries;
    uint8_t sha256[32]; /* of the whole CRL, DER */
    /* Serial numbers that may be left out: their certificates have expired,
     * and the last CRL is younger than that (RFC 5280 3.3). */
    struct sg_slice *expired;
    size_t n_expired;
    /* CRLs that were signed ahead and would come later are withdrawn. */
    bool withdraw;
};

/* Everything borrowed from the arena that resolved or parsed it. */
struct cer_plan {
    enum cer_type type;
    const char *id;    /* UUID, new with each resolve */
    const char *title; /* what people call this ceremony */
    int64_t created;
    int64_t window_from, window_until; /* execute only inside */
    struct cer_person requester;
    struct cer_person approver[CER_APPROVERS_MAX];
    size_t n_approvers;
    size_t approvals_needed; /* 0 … n_approvers; the requester never counts */
    struct cer_key key;

    enum lint_profile profile;
    bool technically_constrained;
    int64_t lint_date;        /* rules of this day */
    const char *lint_version; /* LINT_RULES_VERSION of the planner */

    /* Inputs as they were when the plan was made: name and SHA-256. */
    struct cer_input {
        const char *role; /* "csr", "issuer-certificate", "certificate" … */
        const char *path;
        uint8_t sha256[32];
    } * input;
    size_t n_inputs;

    /* What the planner allowed and people should look at twice. */
    const char **warning;
    size_t n_warnings;

    /* What will be signed: nothing for CER_TYPE_KEY, one or more CRLs for
     * CER_TYPE_CRL, one thing for all others. */
    enum ca_sigalg alg;
    struct cer_tbs *sign;
    size_t n_sign;
    /* What people read to one another: the hash of the TBS or, for several,
     * the SHA-256 of their hashes one after the other. */
    uint8_t tbs_sha256[32];
    struct cer_past past; /* CER_TYPE_CRL */
    /* The chain above it, issuer first, DER; empty for a root. */
    struct sg_slice chain[CA_CHAIN_MAX];
    size_t n_chain;

    struct sg_slice json; /* the canonical bytes */
    uint8_t sha256[32];   /* of json */
};

/* The commented template that "signet ceremony new TYPE" prints. */
const char *cer_template(enum cer_type type);

/* Read the request file and all it names, check it with ca/ and lint/, draw
 * the serial number, fix every instant and identifier. SG_CONFIG and SG_POLICY
 * name the file, the line or field, and the rule. now is the time of planning.
 * The report holds lint's findings; any at level error refuses the plan. */
enum sg_rc cer_plan_resolve(const char *path, int64_t now,
                            struct sg_arena *arena, struct cer_plan *ret_plan,
                            struct lint_report *ret_report, struct sg_err *err);
/* Read a plan back: SG_FORMAT when it is not, byte for byte, the canonical form
 * of what it says, has unknown keys, or its TBS does not match its fields. */
enum sg_rc cer_plan_parse(struct sg_slice json, struct sg_arena *arena,
                          struct cer_plan *ret_plan, struct sg_err *err);

/* Has a CRL for each of several months? */
bool cer_plan_is_package(const struct cer_plan *plan);
/* The i-th TBS of a plan of type crl, read; the signature is zeroes. Lives in
 * the arena. */
enum sg_rc cer_plan_crl(const struct cer_plan *plan, size_t i,
                        struct sg_arena *arena, struct ca_crl *ret,
                        struct sg_err *err);

/* What the linter says about the plan's TBS under its chain by the rules of
 * another day. Appends to *report; nothing for a key or a request. */
void cer_plan_lint(const struct cer_plan *plan, int64_t date,
                   struct lint_report *report);
/* The same about what came out, signed: the certificate, or as many CRLs as the
 * plan has. */
void cer_plan_lint_result(const struct cer_plan *plan,
                          const struct sg_slice *result, int64_t date,
                          struct lint_report *report);

enum sg_rc cer_sha256(struct sg_slice bytes, uint8_t ret[static 32],
                      struct sg_err *err);

/* "topmost Istanbul Pluto …": the hash read out loud (PGP word list). Returns
 * dst. 32 octets need at most CER_WORDS_MAX characters. */
#define CER_WORDS_MAX 512
const char *cer_words(struct sg_slice hash, char *dst, size_t size);

#endif
