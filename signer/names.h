/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_NAMES_H
#define SG_SIGNER_NAMES_H

/* Vault's role name matching, step by step as Vault does it (docs/configuration.md), with
 * two differences: domains match in any letter case, and "*.localhost" needs
 * allow_subdomains. Pure. */

#include "signer/role.h"

/* May this role's requesters have this DNS name or email? The DNS part is in
 * A-labels. */
bool srv_role_allows_name(const struct srv_role *role, const char *name);
bool srv_role_allows_uri(const struct srv_role *role, const char *uri);
/* Any value of this OID; this value of it. */
bool srv_role_allows_other_oid(const struct srv_role *role, const char *oid);
bool srv_role_allows_other(const struct srv_role *role, const char *oid,
                           const char *value);
bool srv_role_allows_serial_number(const struct srv_role *role,
                                   const char *value);
bool srv_role_allows_user_id(const struct srv_role *role, const char *value);
/* '*' matches any run of characters, as Vault's glob does. */
bool srv_glob(const char *pattern, const char *text, bool ignore_case);

#endif
