/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_KEY_INFO_H
#define SG_CLI_KEY_INFO_H

/* A key and its guard as data to print. */

#include "cli/out.h"
#include "pkcs11/keytype.h"

/* Never NULL; the caller owns it. */
struct json_object *cli_key_json(const struct tok_key_info *info);
struct json_object *cli_token_json(const struct tok_token_info *info);

#define CLI_N_KEY_FIELDS 23
extern const struct cli_field CLI_KEY_FIELDS[CLI_N_KEY_FIELDS];
#define CLI_N_TOKEN_FIELDS 10
extern const struct cli_field CLI_TOKEN_FIELDS[CLI_N_TOKEN_FIELDS];

#endif
