/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_GUARD_ARGS_H
#define SG_CLI_GUARD_ARGS_H

/* Guards on the command line: purposes as people write them, and all of a
 * guard as data to print. */

#include "cli/names-args.h"
#include "cli/out.h"
#include "pkcs11/client.h"

/* Names ("serverAuth") and dotted OIDs into guard->eku. SG_USAGE. */
enum sg_rc cli_guard_purposes(const struct cli_list *list,
                              struct tok_guard *guard, struct sg_err *err);

/* The options into guard->names, whose octets are appended to der: SG_USAGE,
 * SG_POLICY "--permit-dns: …". Nothing happens when none is given. */
enum sg_rc cli_guard_names(const struct cli_names_args *args,
                           struct sg_buf *der, struct tok_guard *guard,
                           struct sg_err *err);

/* The key as cli_key_json() says, with all of its guard when it has one and is
 * fit to be opened. The caller owns *ret. */
enum sg_rc cli_guard_json(struct tok_client *client,
                          const struct tok_key_info *info,
                          struct json_object **ret, struct sg_err *err);

#endif
