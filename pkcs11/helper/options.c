/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/options.h"

#include <getopt.h>

#include "common/parse.h"
#include "pkcs11/helper/session.h"

const char TOK_OPTIONS_HELP[] =
    "usage: signet-token --module PATH [OPTION...]\n"
    "\n"
    "The process that holds a PKCS#11 token for signetd and signet. They "
    "start it\n"
    "themselves, with a socket on descriptor 3; by hand it does nothing.\n"
    "\n"
    "  --module PATH         PKCS#11 module, absolute path\n"
    "  --init-args TEXT      for modules that want a text of their own in "
    "C_Initialize\n"
    "  --uri URI             the token (RFC 7512); without it nobody logs "
    "in and\n"
    "                        tokens can only be listed and made\n"
    "  --pin-source REF      where the user PIN comes from: file:/path, "
    "fd:N,\n"
    "                        credential:NAME, command:/path ..., prompt\n"
    "  --so-pin-source REF   the same for the SO PIN, to make a token\n"
    "  --guards DIR          directory of the keys' guards, absolute path\n"
    "  --sessions N          size of the session pool (1 to 64)\n"
    "  --verbose             log every PKCS#11 call\n"
    "  --help, --version\n";

enum option_id {
    OPTION_MODULE = 256,
    OPTION_INIT_ARGS,
    OPTION_URI,
    OPTION_PIN,
    OPTION_SO_PIN,
    OPTION_GUARDS,
    OPTION_SESSIONS,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option OPTIONS[] = {
    { "module", required_argument, NULL, OPTION_MODULE },
    { "init-args", required_argument, NULL, OPTION_INIT_ARGS },
    { "uri", required_argument, NULL, OPTION_URI },
    { "pin-source", required_argument, NULL, OPTION_PIN },
    { "so-pin-source", required_argument, NULL, OPTION_SO_PIN },
    { "guards", required_argument, NULL, OPTION_GUARDS },
    { "sessions", required_argument, NULL, OPTION_SESSIONS },
    { "verbose", no_argument, NULL, OPTION_VERBOSE },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};

static enum sg_rc take(int option, const char *value, struct tok_options *o,
                       struct sg_err *err)
{
    uint64_t n;

    switch (option) {
    case OPTION_MODULE:
        o->module = value;
        break;
    case OPTION_INIT_ARGS:
        o->init_args = value;
        break;
    case OPTION_URI:
        o->uri = value;
        break;
    case OPTION_PIN:
        o->pin_source = value;
        break;
    case OPTION_SO_PIN:
        o->so_pin_source = value;
        break;
    case OPTION_GUARDS:
        o->guards = value;
        break;
    case OPTION_SESSIONS:
        if (sg_parse_u64(value, 1, TOK_SESSIONS_MAX, &n, err) != SG_OK) {
            err->rc = SG_USAGE;
            return sg_err_wrap(err, "--sessions");
        }
        o->sessions = (unsigned)n;
        break;
    case OPTION_VERBOSE:
        o->verbose = true;
        break;
    case OPTION_HELP:
        o->help = true;
        break;
    case OPTION_VERSION:
        o->version = true;
        break;
    default:
        return sg_err_set(err, SG_USAGE, "option %d", option);
    }
    return SG_OK;
}

enum sg_rc tok_options_parse(int argc, char **argv, struct tok_options *ret,
                             struct sg_err *err)
{
    struct tok_options o = { 0 };
    int option;

    optind = 1;
    opterr = 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet */
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        /* What was typed is not repeated: it may be a secret in a wrong
         * place. */
        if (option == ':')
            return sg_err_set(err, SG_USAGE, "argument %d: value is missing",
                              optind - 1);
        if (option == '?')
            return sg_err_set(err, SG_USAGE, "argument %d: unknown option",
                              optind - 1);
        SG_TRY(take(option, optarg, &o, err));
    }
    if (optind < argc)
        return sg_err_set(err, SG_USAGE, "argument %d: no option", optind);
    if (o.module == NULL && !o.help && !o.version)
        return sg_err_set(err, SG_USAGE, "--module is missing");
    *ret = o;
    return SG_OK;
}
