/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_COMMANDS_H
#define SG_CLI_COMMANDS_H

/* Every subcommand, one file each. */

#include "cli/args.h"

extern const struct cli_command CLI_CMD_TOKEN_LIST;
extern const struct cli_command CLI_CMD_TOKEN_INIT;
extern const struct cli_command CLI_CMD_TOKEN_INFO;
extern const struct cli_command CLI_CMD_TOKEN_CHECK;
extern const struct cli_command CLI_CMD_KEY_GENERATE;
extern const struct cli_command CLI_CMD_KEY_LIST;
extern const struct cli_command CLI_CMD_KEY_SHOW;
extern const struct cli_command CLI_CMD_KEY_GUARD;
extern const struct cli_command CLI_CMD_CA_ROOT;
extern const struct cli_command CLI_CMD_CA_INTERMEDIATE;
extern const struct cli_command CLI_CMD_CERT_LINT;
extern const struct cli_command CLI_CMD_CEREMONY_NEW;
extern const struct cli_command CLI_CMD_CEREMONY_PLAN;
extern const struct cli_command CLI_CMD_CEREMONY_SHOW;
extern const struct cli_command CLI_CMD_CEREMONY_REHEARSE;
extern const struct cli_command CLI_CMD_CEREMONY_APPROVE;
extern const struct cli_command CLI_CMD_CEREMONY_EXECUTE;
extern const struct cli_command CLI_CMD_CEREMONY_BIND;
extern const struct cli_command CLI_CMD_CEREMONY_SEAL;
extern const struct cli_command CLI_CMD_CEREMONY_VERIFY;
extern const struct cli_command CLI_CMD_CEREMONY_BUNDLE_PACK;
extern const struct cli_command CLI_CMD_CEREMONY_BUNDLE_UNPACK;
extern const struct cli_command CLI_CMD_CEREMONY_BUNDLE_LIST;
extern const struct cli_command CLI_CMD_CEREMONY_LEDGER_CHECK;
extern const struct cli_command CLI_CMD_CEREMONY_LEDGER_RECORD;
extern const struct cli_command CLI_CMD_CEREMONY_LEDGER_CALENDAR;
extern const struct cli_command CLI_CMD_ISSUE;
extern const struct cli_command CLI_CMD_SIGN;
extern const struct cli_command CLI_CMD_HEALTH;

/* The whole program behind main(): returns the exit code. */
int cli_main(int argc, char *const *argv);

#endif
