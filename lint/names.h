/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_LINT_NAMES_H
#define SG_LINT_NAMES_H

/* Judging names as the linter does, apart from ca/. Internal to lint/. */

#include "common/der.h"

/* GeneralName tags in a SAN or a subtree. */
#define LINT_GN_OTHER 0xa0
#define LINT_GN_EMAIL 0x81
#define LINT_GN_DNS 0x82
#define LINT_GN_DIRECTORY 0xa4
#define LINT_GN_URI 0x86
#define LINT_GN_IP 0x87
#define LINT_GN_RID 0x88
const char *lint_gn_name(uint8_t tag);
/* A name, or the base of a subtree, as people write it. Returns dst. */
const char *lint_gn_text(uint8_t tag, struct sg_slice value, char *dst,
                         size_t size);

/* NULL when it is a host name in A-label form, else what is wrong. */
const char *lint_host_fault(struct sg_slice name, bool wildcard_allowed);
bool lint_looks_like_ip(struct sg_slice name);
/* The host inside a URI; empty when there is none. */
struct sg_slice lint_uri_host(struct sg_slice uri);
bool lint_same_text(struct sg_slice a, struct sg_slice b); /* case ignored */

/* Two names of one tag are of one form, but for otherName: there the type-ids
 * have to be equal. */
bool lint_same_form(uint8_t tag, struct sg_slice a, struct sg_slice b);
/* The text of a user principal name; false for any other otherName. */
bool lint_read_upn(struct sg_slice other, struct sg_slice *ret);
/* RFC 5280 4.2.1.10: does the subtree hold the name? Same tag for both. */
bool lint_subtree_holds(uint8_t tag, struct sg_slice subtree,
                        struct sg_slice name);
/* A directoryName that is inside but for case, spaces or string types
 * (RFC 5280 7.1): some verifiers see it inside. False for other forms. */
bool lint_subtree_resembles(uint8_t tag, struct sg_slice subtree,
                            struct sg_slice name);
/* Does a subtree lie inside another one of the same form? */
bool lint_subtree_inside(uint8_t tag, struct sg_slice inner,
                         struct sg_slice outer);
/* Could a wildcard name stand for something inside the subtree? */
bool lint_wildcard_meets(struct sg_slice wildcard, struct sg_slice subtree);

#endif
