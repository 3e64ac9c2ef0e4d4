/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/plan.h"
#include "cli/commands.h"

struct new_args {
    const char *type;
};

static const struct cli_option WORDS[] = {
    { .name = "type",
      CLI_TEXT(struct new_args, type),
      .value = "TYPE",
      .required = true,
      .help = "key, root, intermediate, csr, cross-certificate, rollover, "
              "ocsp-responder or crl" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
};

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct new_args *args = opaque;
    enum cer_type type = CER_TYPE_UNSET;

    SG_TRY(cer_type_parse(args->type, &type, err));
    if (cli->json)
        return sg_err_set(err, SG_USAGE, "a template is YAML, not JSON");
    (void)fputs(cer_template(type), stdout);
    return SG_OK;
}

static const char *const EXAMPLES[] = {
    "signet ceremony new root > root.yaml",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_NEW = {
    .name = "ceremony new",
    .summary = "Print a template to fill in: what is wanted.",
    .about = "Every line that says CHANGE-ME has to be filled in; lines that "
             "begin with # are explanations and what may be left out.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct new_args),
    .run = run,
};
