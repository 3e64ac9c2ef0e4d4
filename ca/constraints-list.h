/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_CONSTRAINTS_LIST_H
#define SG_CA_CONSTRAINTS_LIST_H

/* What the files about name constraints share. Inside ca/ only. */

#include "ca/constraints.h"

/* A double is kept once; tree lives as long as the list. */
enum sg_rc ca_subtrees_append(struct sg_arena *arena, struct ca_subtrees *trees,
                              const struct ca_subtree *tree,
                              struct sg_err *err);
/* The rule that the value breaks, or NULL. */
const char *ca_subtree_fault(const struct ca_subtree *tree);

#endif
