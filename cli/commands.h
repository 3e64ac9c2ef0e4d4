/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_COMMANDS_H
#define SG_CLI_COMMANDS_H

/* Every subcommand, one file each. */

#include "cli/args.h"

extern const struct cli_command cli_token_list;
extern const struct cli_command cli_token_init;
extern const struct cli_command cli_token_info;
extern const struct cli_command cli_key_generate;
extern const struct cli_command cli_key_list;
extern const struct cli_command cli_key_show;
extern const struct cli_command cli_ca_root;
extern const struct cli_command cli_ca_intermediate;
extern const struct cli_command cli_issue;
extern const struct cli_command cli_sign;
extern const struct cli_command cli_health;

/* The whole program behind main(): returns the exit code. */
int cli_main(int argc, char *const *argv);

#endif
