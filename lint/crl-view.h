/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_LINT_CRL_VIEW_H
#define SG_LINT_CRL_VIEW_H

/* A CRL taken apart without judging it. Internal to lint/. The entries are
 * walked, not stored: a CRL may hold a million. */

#include "lint/view.h"

struct lint_crl_view {
    struct sg_slice der;
    struct sg_slice inner_alg, outer_alg;
    bool has_version;
    uint64_t version; /* 1 = v2 */
    struct sg_slice issuer;
    struct lint_time this_update, next_update;
    bool has_next_update;
    bool has_entries; /* the list is there, perhaps empty */
    struct sg_der entries;
    struct lint_ext ext[LINT_EXT_MAX];
    size_t n_ext;
};
enum sg_rc lint_view_crl(struct sg_slice der, struct lint_crl_view *ret,
                         struct sg_err *err);

/* Which certificates issuingDistributionPoint says are covered, by tag. */
#define LINT_SCOPE_USER SG_DER_CONTEXT(1)
#define LINT_SCOPE_CA SG_DER_CONTEXT(2)
bool lint_crl_scope_is(const struct lint_crl_view *crl, uint8_t scope);

#define LINT_ENTRY_EXT_MAX 8
struct lint_crl_entry {
    struct sg_slice serial;
    struct lint_time date;
    struct lint_ext ext[LINT_ENTRY_EXT_MAX];
    size_t n_ext;
};
/* False at the end; *ret_ok false when an entry is no DER. */
bool lint_crl_next(struct sg_der *entries, struct lint_crl_entry *ret,
                   bool *ret_ok);

#endif
