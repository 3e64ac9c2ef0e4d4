/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/api-args.h"
#include "cli/commands.h"
#include "common/file.h"

#define CSR_TEXT_MAX 65536 /* bytes of PEM; a request is at most 16 KiB DER */

struct sign_args {
    struct cli_api_args api;
    const char *csr;
};

static const struct cli_option CSR_OPTIONS[] = {
    { .name = "csr",
      CLI_TEXT(struct sign_args, csr),
      .value = "FILE",
      .required = true,
      .help = "certificate signing request (PEM)" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "The request",
      .option = CSR_OPTIONS,
      .n = SG_ARRAY_LEN(CSR_OPTIONS) },
    CLI_API_SET(struct sign_args, api, "Whom to ask", CLI_SERVER_OPTIONS,
                CLI_N_SERVER_OPTIONS),
    CLI_API_SET(struct sign_args, api, "For what", CLI_ROLE_OPTIONS,
                CLI_N_ROLE_OPTIONS),
    CLI_API_SET(struct sign_args, api,
                "Names and time, where the role does not take the request's",
                CLI_NAME_OPTIONS, CLI_N_NAME_OPTIONS),
    CLI_API_SET(struct sign_args, api, "The answer", CLI_OUT_OPTIONS,
                CLI_N_OUT_OPTIONS),
};

static enum sg_rc put_csr(struct json_object *body, const char *path,
                          struct sg_err *err)
{
    struct sg_buf text;
    sg_buf_init(&text, CSR_TEXT_MAX);
    enum sg_rc rc = sg_file_read(path, &text, err);
    if (rc == SG_OK)
        cli_put_slice(body, "csr", sg_buf_slice(&text));
    sg_buf_done(&text);
    return rc == SG_OK ? rc : sg_err_wrap(err, "--csr");
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct sign_args *args = opaque;
    SG_TRY(cli_api_check_out(cli, &args->api, NULL, err));
    SG_CLEANUP(cli_json_free) struct json_object *body = NULL;
    SG_TRY(cli_api_body(&args->api, &body, err));
    SG_TRY(put_csr(body, args->csr, err));
    SG_CLEANUP(cli_json_free) struct json_object *data = NULL;
    SG_TRY(cli_api_call(cli, &args->api, "sign", body, &data, err));
    return cli_api_finish(cli, &args->api, data, err);
}

static const char *const EXAMPLES[] = {
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\",
    "    -subj /CN=www.example.com -keyout www.key -out www.csr",
    "signet sign --role web --csr www.csr --out-cert www.pem",
    NULL,
};

const struct cli_command CLI_CMD_SIGN = {
    .name = "sign",
    .summary = "Have signetd certify the key of a signing request.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct sign_args),
    .run = run,
};
