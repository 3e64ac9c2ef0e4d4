/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_PREPARE_INT_H
#define SG_SIGNER_PREPARE_INT_H

/* The steps of srv_prepare(), one file each. They fill struct srv_prep from
 * top to bottom. */

#include "ca/csr.h"
#include "signer/prepare.h"

/* The request's fields; a text that is empty counts as not given. */
struct srv_fields {
    const char *common_name, *serial_number, *not_after, *csr;
    const char *format, *private_key_format;
    int64_t ttl; /* 0: not given */
    bool exclude_cn_from_sans;
    bool remove_roots_from_chain;
    struct srv_list alt_names, ip_sans, uri_sans, other_sans, user_ids;
};

struct srv_prep {
    const struct srv_prepare_args *args;
    const struct srv_role *role;
    struct sg_arena *arena;
    struct srv_job *job;
    struct srv_fields fields;
    struct ca_csr csr; /* sign */
    bool sans_from_csr;
    struct ca_spki spki;
    const char *cn; /* as it goes into the subject; NULL: none */
    const char *serial_number;
    struct ca_sans sans;
    struct ca_dn subject;
    int64_t not_before, not_after;
    struct sg_err *err;
};

static inline bool srv_given(const char *text)
{
    return text != NULL && *text != '\0';
}

/* Read and verify the CSR, hold its key against the role. */
enum sg_rc srv_prep_csr(struct srv_prep *p);
/* Make the leaf's key. */
enum sg_rc srv_prep_key(struct srv_prep *p);
/* CN, subject and the final SANs, all held against the role. */
enum sg_rc srv_prep_names(struct srv_prep *p);
enum sg_rc srv_prep_times(struct srv_prep *p);
/* The linter's word on the finished bytes. */
enum sg_rc srv_prep_lint(struct srv_prep *p);

#define SRV_GO_DURATION_MAX 32
/* Seconds as Go prints a duration: "2160h0m0s", "1m30s", "0s". Returns dst. */
const char *srv_go_duration(int64_t seconds, char dst[SRV_GO_DURATION_MAX]);

#endif
