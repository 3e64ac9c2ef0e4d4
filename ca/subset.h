/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_SUBSET_H
#define SG_CA_SUBSET_H

/* Are the name constraints of a CA inside those of the CA above it? RFC 5280
 * intersects them, so a wider subtree below would promise what no verifier
 * grants. Pure, no allocation. */

#include "ca/constraints.h"

/* Everything that inner stands for is covered by outer; false for two forms
 * and for values that are malformed. */
bool ca_subtree_within(const struct ca_subtree *inner,
                       const struct ca_subtree *outer);

/* Each permitted subtree of child lies within a permitted one of parent (when
 * parent permits any of that form) and within none that parent excludes.
 * Forms that child does not name stay as parent has them. SG_POLICY names
 * both; parent_name is for the text. */
enum sg_rc ca_constraints_within(const struct ca_constraints *child,
                                 const struct ca_constraints *parent,
                                 const char *parent_name, struct sg_err *err);

#endif
