/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_LINT_CONSTRAINTS_H
#define SG_LINT_CONSTRAINTS_H

/* Walking the subtrees of a nameConstraints extension. Internal to lint/. */

#include "lint/rules.h"

struct lint_subtree {
    bool excluded;
    uint8_t tag;           /* of the GeneralName */
    struct sg_slice value; /* its content; otherName: with type-id */
    bool has_minimum, has_maximum;
};
struct lint_nc_iter {
    struct lint_iter lists; /* permitted [0], excluded [1] */
    struct sg_der trees;
    bool in_list;
    bool excluded;
    size_t n; /* subtrees so far */
};
#define LINT_SUBTREES_MAX 1024 /* more are a finding, and not looked at */
/* False when the certificate has no name constraints. lists.ok is false when
 * a walk ended at something that is no subtree. */
bool lint_nc_init(struct lint_nc_iter *iter, const struct lint_cert *cert);
bool lint_nc_next(struct lint_nc_iter *iter, struct lint_subtree *ret);

#endif
