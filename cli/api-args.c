/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/api-args.h"

#include <string.h>

#include "cli/ca-make.h"
#include "cli/http.h"
#include "common/file.h"

#define SOCKET_DEFAULT "/run/signet/signetd.sock"
#define TEXT_MAX ((size_t)1024 * 1024) /* bytes of a file that is written */

const char CLI_SOCKET_DEFAULT[] = SOCKET_DEFAULT;

#define ARG(kind, member) CLI_##kind(struct cli_api_args, member)

const struct cli_option CLI_SERVER_OPTIONS[CLI_N_SERVER_OPTIONS] = {
    { .name = "socket",
      ARG(TEXT, socket),
      .value = "PATH",
      .env = "SIGNET_SOCKET",
      .help = "signetd's socket; default " SOCKET_DEFAULT },
};
const struct cli_option CLI_ROLE_OPTIONS[CLI_N_ROLE_OPTIONS] = {
    { .name = "role",
      ARG(TEXT, role),
      .value = "ROLE",
      .required = true,
      .help = "role of signetd's configuration" },
    { .name = "mount",
      ARG(TEXT, mount),
      .value = "NAME",
      .help = "where signetd serves its roles; default pki" },
};
const struct cli_option CLI_NAME_OPTIONS[CLI_N_NAME_OPTIONS] = {
    { .name = "common-name",
      ARG(TEXT, common_name),
      .value = "NAME",
      .help = "host name or email address; also becomes a subjectAltName" },
    { .name = "alt-names",
      ARG(LIST, alt_names),
      .value = "NAMES",
      .help = "more of them, separated by commas" },
    { .name = "ip-sans",
      ARG(LIST, ip_sans),
      .value = "ADDRESSES",
      .help = "IP addresses, separated by commas" },
    { .name = "uri-sans",
      ARG(LIST, uri_sans),
      .value = "URIS",
      .help = "URIs, separated by commas" },
    { .name = "other-sans",
      ARG(LIST, other_sans),
      .value = "OID;UTF8:TEXT",
      .help = "otherName values, separated by commas" },
    { .name = "exclude-cn-from-sans",
      ARG(FLAG, exclude_cn),
      .help = "the common name does not become a subjectAltName" },
    { .name = "ttl",
      ARG(TEXT, ttl),
      .value = "DURATION",
      .help = "validity, for example 12h; default: the role's" },
};
const struct cli_option CLI_OUT_OPTIONS[CLI_N_OUT_OPTIONS] = {
    { .name = "out-cert",
      ARG(TEXT, out_cert),
      .value = "FILE",
      .help = "where the certificate goes; default: standard output" },
    { .name = "out-chain",
      ARG(TEXT, out_chain),
      .value = "FILE",
      .help = "where the CA certificates above it go, issuer first" },
    { .name = "force",
      ARG(FLAG, force),
      .help = "replace files that are there" },
};

/* One string with commas: what every Vault-shaped server takes. */
static enum sg_rc put_list(struct json_object *body, const char *key,
                           const struct cli_list *list, struct sg_err *err)
{
    struct sg_buf text;
    sg_buf_init(&text, TEXT_MAX);
    enum sg_rc rc = SG_OK;
    for (size_t i = 0; rc == SG_OK && i < list->n; i++)
        rc = sg_buf_printf(&text, err, "%s%s", i == 0 ? "" : ",", list->v[i]);
    if (rc == SG_OK && list->n > 0)
        cli_put_slice(body, key, sg_buf_slice(&text));
    sg_buf_done(&text);
    return rc;
}

static void put_optional(struct json_object *body, const char *key,
                         const char *value)
{
    if (value != NULL)
        cli_put_text(body, key, value);
}

enum sg_rc cli_api_body(const struct cli_api_args *args,
                        struct json_object **ret_body, struct sg_err *err)
{
    SG_CLEANUP(cli_json_free) struct json_object *body = cli_json_object();
    put_optional(body, "common_name", args->common_name);
    SG_TRY(put_list(body, "alt_names", &args->alt_names, err));
    SG_TRY(put_list(body, "ip_sans", &args->ip_sans, err));
    SG_TRY(put_list(body, "uri_sans", &args->uri_sans, err));
    SG_TRY(put_list(body, "other_sans", &args->other_sans, err));
    put_optional(body, "ttl", args->ttl);
    if (args->exclude_cn)
        cli_put_bool(body, "exclude_cn_from_sans", true);
    *ret_body = SG_TAKE(body);
    return SG_OK;
}

/* A name that goes into a URL as it is. */
static enum sg_rc check_segment(const char *option, const char *text,
                                struct sg_err *err)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789-._/",
                   *c)
            == NULL)
            return sg_err_set(err, SG_USAGE,
                              "--%s '%.64s': letters, digits, '-', '.' and '_' "
                              "only",
                              option, text);
    }
    return SG_OK;
}

enum sg_rc cli_api_call(struct cli *cli, const struct cli_api_args *args,
                        const char *verb, struct json_object *body,
                        struct json_object **ret_data, struct sg_err *err)
{
    const char *mount = args->mount == NULL ? "pki" : args->mount;
    SG_TRY(check_segment("mount", mount, err));
    SG_TRY(check_segment("role", args->role, err));
    char path[256];
    int n =
        snprintf(path, sizeof(path), "/v1/%s/%s/%s", mount, verb, args->role);
    if (n < 0 || (size_t)n >= sizeof(path))
        return sg_err_set(err, SG_USAGE, "--mount and --role are too long");
    const struct cli_http_request request = {
        .socket = args->socket == NULL ? CLI_SOCKET_DEFAULT : args->socket,
        .path = path,
        .body = body,
    };
    return cli_api(cli, &request, ret_data, err);
}

enum sg_rc cli_api_check_out(struct cli *cli, const struct cli_api_args *args,
                             const char *out_key, struct sg_err *err)
{
    SG_TRY(cli_out_check(cli, args->out_cert, args->force, err));
    SG_TRY(cli_out_check(cli, args->out_chain, args->force, err));
    return cli_out_check(cli, out_key, args->force, err);
}

enum sg_rc cli_write_text(const char *path, const char *text, unsigned mode,
                          bool force, struct sg_err *err)
{
    struct sg_buf bytes;
    sg_buf_init(&bytes, TEXT_MAX);
    enum sg_rc rc = sg_buf_put_str(&bytes, text, err);
    if (rc == SG_OK)
        rc = sg_buf_put_u8(&bytes, '\n', err);
    if (rc == SG_OK)
        rc = sg_file_write(path, sg_buf_slice(&bytes), mode,
                           force ? SG_FILE_REPLACE : SG_FILE_NEW_ONLY, err);
    sg_buf_done(&bytes);
    return rc;
}

/* The strings of an array, one PEM after the other. */
static enum sg_rc write_chain(const struct cli_api_args *args,
                              struct json_object *chain, struct sg_err *err)
{
    struct sg_buf text;
    sg_buf_init(&text, TEXT_MAX);
    enum sg_rc rc = sg_buf_put_str(&text, "", err);
    size_t n = json_object_is_type(chain, json_type_array)
                   ? json_object_array_length(chain)
                   : 0;
    if (n == 0)
        rc = sg_err_set(err, SG_FORMAT, "the answer has no ca_chain");
    for (size_t i = 0; rc == SG_OK && i < n; i++) {
        const char *pem =
            json_object_get_string(json_object_array_get_idx(chain, i));
        rc = sg_buf_printf(&text, err, "%s\n", pem == NULL ? "" : pem);
    }
    if (rc == SG_OK)
        rc = sg_file_write(args->out_chain, sg_buf_slice(&text), 0644,
                           args->force ? SG_FILE_REPLACE : SG_FILE_NEW_ONLY,
                           err);
    sg_buf_done(&text);
    return rc;
}

static const struct cli_field FIELDS[] = {
    { "serial_number", "Serial" },
    { "valid_until", "Valid until" },
    { "certificate_file", "Certificate in" },
    { "private_key_file", "Private key in" },
    { "chain_file", "Chain in" },
};

enum sg_rc cli_api_finish(const struct cli *cli,
                          const struct cli_api_args *args,
                          struct json_object *data, struct sg_err *err)
{
    const char *cert = cli_get_text(data, "certificate");
    if (cert == NULL)
        return sg_err_set(err, SG_FORMAT, "the answer has no certificate");
    if (args->out_cert != NULL) {
        SG_TRY(cli_write_text(args->out_cert, cert, 0644, args->force, err));
        cli_put_text(data, "certificate_file", args->out_cert);
    }
    if (args->out_chain != NULL) {
        SG_TRY(
            write_chain(args, json_object_object_get(data, "ca_chain"), err));
        cli_put_text(data, "chain_file", args->out_chain);
    }
    if (!cli->json) {
        if (args->out_cert == NULL) {
            cli_print_text(stdout, cert);
            (void)fputc('\n', stdout);
            return SG_OK;
        }
        struct json_object *until;
        if (json_object_object_get_ex(data, "expiration", &until))
            cli_put_time(data, "valid_until", json_object_get_int64(until));
    }
    cli_print_record(cli, data, FIELDS, SG_ARRAY_LEN(FIELDS));
    return SG_OK;
}
