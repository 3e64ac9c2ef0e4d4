/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/csr.h"
#include "ca/dn-text.h"
#include "cli/ca-make.h"
#include "cli/commands.h"
#include "cli/names-args.h"
#include "cli/token-args.h"
#include "common/clock.h"

#define ARENA_MAX \
    ((size_t)1024 * 1024) /* bytes; a chain, a request, constraints */
#define DAY INT64_C(86400)
#define LEAF_VALIDITY (90 * DAY) /* of a new key's leaves */

struct ca_intermediate_args {
    struct cli_token_args token, issuer_token;
    const char *key, *generate, *subject, *out, *chain_out;
    const char *issuer_key, *issuer_cert, *issuer_chain;
    struct cli_number validity, path_length, max_validity;
    struct cli_names_args names;
    bool force;
};

#define ARG(kind, member) CLI_##kind(struct ca_intermediate_args, member)

static const struct cli_option OPTIONS[] = {
    { .name = "subject",
      ARG(TEXT, subject),
      .value = "NAME",
      .required = true,
      .help = "\"CN=Demo Issuing CA,O=Example,C=DE\" (RFC 4514)" },
    { .name = "validity",
      ARG(DURATION, validity),
      .value = "DURATION",
      .required = true,
      .help = "from now on, for example 1825d; not beyond the issuer's end" },
    { .name = "path-length",
      ARG(NUMBER, path_length),
      .value = "N",
      .max = 16,
      .help = "CA certificates below it at most; default: no limit of its "
              "own" },
    { .name = "out",
      ARG(TEXT, out),
      .value = "FILE",
      .required = true,
      .help = "where the certificate goes (PEM)" },
    { .name = "chain-out",
      ARG(TEXT, chain_out),
      .value = "FILE",
      .help = "where the certificate and all above it go (PEM)" },
    { .name = "force",
      ARG(FLAG, force),
      .help = "replace the files when they are there" },
};
static const struct cli_option KEY_OPTIONS[] = {
    { .name = "key",
      ARG(TEXT, key),
      .value = "LABEL",
      .required = true,
      .help = "CKA_LABEL of the new CA's key" },
    { .name = "generate",
      ARG(TEXT, generate),
      .value = "TYPE",
      .help = "make the key first: ec-p256, rsa-3072 ... as with \"key "
              "generate\"" },
    { .name = "max-validity",
      ARG(DURATION, max_validity),
      .value = "DURATION",
      .help = "with --generate: the longest certificate that the key may "
              "sign; default 90d, above path length 0 that of --validity" },
};
static const struct cli_option ISSUER_OPTIONS[] = {
    { .name = "key",
      ARG(TEXT, issuer_key),
      .value = "LABEL",
      .required = true,
      .help = "CKA_LABEL of the issuer's key" },
    { .name = "cert",
      ARG(TEXT, issuer_cert),
      .value = "FILE",
      .required = true,
      .help = "the issuer's certificate (PEM)" },
    { .name = "chain",
      ARG(TEXT, issuer_chain),
      .value = "FILE",
      .help = "what is above the issuer, root last (PEM)" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "Certificate", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    CLI_NAMES_SET("Name constraints (critical, RFC 5280 4.2.1.10)",
                  struct ca_intermediate_args, names),
    { .heading = "Key", .option = KEY_OPTIONS, .n = SG_ARRAY_LEN(KEY_OPTIONS) },
    CLI_LOGIN_SET(struct ca_intermediate_args, token),
    CLI_MODULE_SET(struct ca_intermediate_args, token),
    { .heading = "Issuer",
      .prefix = "issuer-",
      .option = ISSUER_OPTIONS,
      .n = SG_ARRAY_LEN(ISSUER_OPTIONS) },
    { .heading = "Issuer's token",
      .prefix = "issuer-",
      .offset = offsetof(struct ca_intermediate_args, issuer_token),
      .option = CLI_LOGIN_OPTIONS,
      .n = CLI_N_LOGIN_OPTIONS },
    { .heading = "Issuer's module (default: the same)",
      .prefix = "issuer-",
      .offset = offsetof(struct ca_intermediate_args, issuer_token),
      .option = CLI_MODULE_OPTIONS,
      .n = CLI_N_MODULE_OPTIONS },
};

/* Everything that lives while one intermediate is made. */
struct work {
    const struct ca_intermediate_args *args;
    struct sg_arena arena;
    struct sg_buf der; /* the new certificate */
    struct sg_buf csr;
    struct ca_dn subject;
    struct ca_constraints constraints;
    struct sg_slice chain[CA_CHAIN_MAX]; /* [0] stays free for the new one */
    size_t n_chain;
    struct ca_issuer *issuer;
    int64_t now;
};

/* --- what the operator asks for ------------------------------------------- */

static enum sg_rc load_issuer(struct work *work, struct sg_err *err)
{
    const struct ca_intermediate_args *args = work->args;
    work->n_chain = 1;
    SG_TRY(cli_ca_read_chain(&work->arena, args->issuer_cert, work->chain,
                             CA_CHAIN_MAX, &work->n_chain, err));
    if (args->issuer_chain != NULL)
        SG_TRY(cli_ca_read_chain(&work->arena, args->issuer_chain, work->chain,
                                 CA_CHAIN_MAX, &work->n_chain, err));
    const struct ca_issuer_args issuer = { .chain = work->chain + 1,
                                           .n = work->n_chain - 1 };
    if (ca_issuer_new(&issuer, work->now, &work->issuer, err) != SG_OK)
        return sg_err_wrap(err, "--issuer-cert %s", args->issuer_cert);
    return SG_OK;
}

static enum sg_rc prepare(struct cli *cli, struct work *work,
                          struct sg_err *err)
{
    const struct ca_intermediate_args *args = work->args;
    if (args->validity.v < 1)
        return sg_err_set(err, SG_USAGE, "--validity: at least one second");
    SG_TRY(cli_out_check(cli, args->out, args->force, err));
    SG_TRY(cli_out_check(cli, args->chain_out, args->force, err));
    if (ca_dn_from_text(&work->arena, args->subject, &work->subject, err)
        != SG_OK)
        return sg_err_wrap(err, "--subject");
    SG_TRY(cli_names_read(&work->args->names, &work->arena, &work->constraints,
                          err));
    return load_issuer(work, err);
}

/* --- the new key ----------------------------------------------------------- */

static struct cli_ca_key_args key_args(const struct ca_intermediate_args *args)
{
    bool limited = args->path_length.set;
    bool below = !limited || args->path_length.v > 0;
    int64_t longest = args->max_validity.set ? (int64_t)args->max_validity.v
                      : below                ? (int64_t)args->validity.v
                                             : LEAF_VALIDITY;
    return (struct cli_ca_key_args){
        .label = args->key,
        .generate = args->generate,
        .guard = { .purpose = TOK_PURPOSE_CA,
                   .may_sign_ca = below,
                   .has_max_path_length = limited && below,
                   .max_path_length =
                       limited && below ? (uint32_t)args->path_length.v - 1 : 0,
                   .max_validity = longest },
    };
}

/* A request signed by the new key, read and checked like a stranger's: proof
 * that the key in the token is the one that gets the certificate. */
static enum sg_rc prove(struct work *work, const struct cli_ca_key *key,
                        struct ca_csr *ret_csr, struct sg_err *err)
{
    struct sg_buf info;
    struct sg_buf signature;
    sg_buf_init(&info, TOK_TBS_MAX);
    sg_buf_init(&signature, TOK_SIGNATURE_MAX);
    enum sg_rc rc = ca_csr_info(&work->subject, &key->spki, &info, err);
    if (rc == SG_OK)
        rc = tok_sign_csr(key->key, ca_sigalg_der(key->alg),
                          sg_buf_slice(&info), &signature, err);
    if (rc == SG_OK)
        rc = ca_signed_encode(sg_buf_slice(&info), key->alg,
                              sg_buf_slice(&signature), &work->csr, err);
    sg_buf_done(&signature);
    sg_buf_done(&info);
    if (rc != SG_OK)
        return rc;
    SG_TRY(ca_csr_parse(&work->arena, sg_buf_slice(&work->csr), ret_csr, err));
    return ca_csr_verify(ret_csr, err);
}

/* --- the certificate ------------------------------------------------------- */

static struct ca_authority_args plan(const struct work *work)
{
    const struct ca_intermediate_args *args = work->args;
    const struct ca_constraints *nc = &work->constraints;
    return (struct ca_authority_args){
        .subject = work->subject,
        .not_before = work->now,
        .not_after = work->now + (int64_t)args->validity.v - 1,
        .has_path_length = args->path_length.set,
        .path_length = (uint32_t)args->path_length.v,
        .constraints = cli_names_given(&work->args->names) ? nc : NULL,
        .issuer = work->issuer,
    };
}

static enum sg_rc finish(struct cli *cli, struct work *work,
                         const struct cli_ca_key *key, struct sg_err *err)
{
    const struct ca_intermediate_args *args = work->args;
    struct ca_cert *cert = sg_arena_new(&work->arena, struct ca_cert);
    if (cert == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    work->chain[0] = sg_buf_slice(&work->der);
    SG_TRY(ca_cert_parse(&work->arena, work->chain[0], cert, err));
    SG_TRY(ca_cert_check_signed_by(cert, ca_issuer_cert(work->issuer), err));
    SG_TRY(cli_ca_write(args->out, args->force, work->chain, 1, err));
    if (args->chain_out != NULL)
        SG_TRY(cli_ca_write(args->chain_out, args->force, work->chain,
                            work->n_chain, err));
    if (tok_guard_bind_chain(key->key, work->chain[0], work->chain + 1,
                             work->n_chain - 1, err)
        != SG_OK)
        return sg_err_wrap(err, "%s is written, but the key is not bound to it",
                           args->out);
    const struct cli_ca_made made = { cert, args->key, args->out,
                                      args->chain_out };
    return cli_ca_print(cli, &made, err);
}

static enum sg_rc start_issuer(struct cli *cli, const struct work *work,
                               struct tok_client **ret_client,
                               struct cli_ca_key *ret_key, struct sg_err *err)
{
    const struct ca_intermediate_args *args = work->args;
    const struct cli_token_start start = { .args = &args->issuer_token,
                                           .fallback = &args->token,
                                           .login = true };
    const struct cli_ca_key_args wanted = {
        .label = args->issuer_key,
        .spki = ca_issuer_cert(work->issuer)->spki.der,
    };
    if (cli_token_start(cli, &start, ret_client, err) != SG_OK)
        return sg_err_wrap(err, "issuer's token");
    if (cli_ca_key_open(cli, *ret_client, &wanted, ret_key, err) != SG_OK)
        return sg_err_wrap(err, "issuer's key");
    return SG_OK;
}

/* All that can be refused is asked before a key is made: both PINs, the issuer's
 * key, the rules. */
static enum sg_rc make(struct cli *cli, struct work *work, struct sg_err *err)
{
    const struct ca_intermediate_args *args = work->args;
    SG_TRY(prepare(cli, work, err));
    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));
    SG_CLEANUP(tok_client_free) struct tok_client *issuer = NULL;
    struct cli_ca_key issuer_key;
    SG_TRY(start_issuer(cli, work, &issuer, &issuer_key, err));
    struct ca_authority_args tbs = plan(work);
    SG_TRY(cli_ca_rehearse(&issuer_key, &tbs, err));

    const struct cli_ca_key_args wanted = key_args(args);
    struct cli_ca_key key;
    SG_TRY(cli_ca_key_open(cli, client, &wanted, &key, err));
    struct ca_csr csr;
    SG_TRY(prove(work, &key, &csr, err));
    tbs.spki = &csr.spki;
    SG_TRY(cli_ca_certify(&issuer_key, &tbs, &work->der, err));
    return finish(cli, work, &key, err);
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    struct work work = { .args = opaque, .now = sg_now() };
    sg_arena_init(&work.arena, ARENA_MAX);
    sg_buf_init(&work.der, CA_CERT_MAX);
    sg_buf_init(&work.csr, CA_CSR_MAX);
    enum sg_rc rc = make(cli, &work, err);
    ca_issuer_free(work.issuer);
    sg_buf_done(&work.csr);
    sg_buf_done(&work.der);
    sg_arena_done(&work.arena);
    return rc;
}

static const char *const EXAMPLES[] = {
    "signet ca intermediate --key issuing --generate ec-p256 \\",
    "    --subject \"CN=Demo Issuing CA,O=Example,C=DE\" --validity 1825d \\",
    "    --path-length 0 --permit-dns example.com --out issuing.pem \\",
    "    --token demo-issuing --pin-source file:pin \\",
    "    --issuer-key root --issuer-cert root.pem \\",
    "    --issuer-token demo-root --issuer-pin-source file:root-pin",
    NULL,
};

const struct cli_command CLI_CMD_CA_INTERMEDIATE = {
    .name = "ca intermediate",
    .summary = "Make an intermediate CA, signed by a key in another token.",
    .about = "The new key signs a request first, so that the issuer certifies "
             "a key that is really there. notBefore is this second, not "
             "earlier. Path length, validity and name constraints are held "
             "against the issuer's whole chain. The new key is bound to the "
             "certificate.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct ca_intermediate_args),
    .run = run,
};
