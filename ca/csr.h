/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_CSR_H
#define SG_CA_CSR_H

/* Certification requests (RFC 2986), read strictly. Everything borrowed from
 * the DER or held in the arena. Pure. */

#include "ca/dn.h"
#include "ca/san.h"
#include "ca/spki.h"

#define CA_CSR_MAX 16384 /* bytes; RSA-8192 with 100 SANs is about 6 k */
#define CA_CSR_DEPTH_MAX 16
#define CA_CSR_ELEMENTS_MAX 2048
#define CA_CSR_IGNORED_MAX 16

struct ca_csr {
    struct sg_slice der;
    struct sg_slice info; /* CertificationRequestInfo, what was signed */
    struct ca_dn subject;
    struct ca_spki spki;
    enum ca_sigalg alg;
    struct sg_slice signature;
    struct ca_sans sans; /* requested */
    bool has_sans;
    bool wants_ca; /* basicConstraints with cA TRUE */
    bool has_basic_constraints;
    /* What was asked for and is not taken, for people: "keyUsage",
     * "1.2.3.4", "challengePassword". */
    const char *ignored[CA_CSR_IGNORED_MAX];
    size_t n_ignored;
};

/* DER in; the caller keeps it alive. SG_FORMAT / SG_POLICY with
 * "csr: …". The signature is not checked yet. */
enum sg_rc ca_csr_parse(struct sg_arena *arena, struct sg_slice der,
                        struct ca_csr *ret, struct sg_err *err);
/* Proof of possession: SG_POLICY "csr: request signature invalid". */
enum sg_rc ca_csr_verify(const struct ca_csr *csr, struct sg_err *err);

#endif
