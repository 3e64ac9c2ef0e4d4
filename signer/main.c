/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "signer/run.h"

#define CONFIG_DEFAULT "/etc/signet/signetd.yaml"
#define PATH_BUF 2048

static const char USAGE[] =
    "usage: signetd [--config FILE] [--check-config] [--verbose]\n"
    "\n"
    "Issue and sign certificates over a Unix socket, with keys that live in\n"
    "PKCS#11 tokens. See signetd(8).\n"
    "\n"
    "  -c, --config FILE   configuration (default " CONFIG_DEFAULT ")\n"
    "      --check-config  check it and the certificates it names, then exit\n"
    "  -v, --verbose       log everything, whatever the configuration says\n"
    "      --version       print the version\n"
    "  -h, --help          print this\n";

enum { OPT_CHECK = 256, OPT_VERSION };
static const struct option OPTIONS[] = {
    { "config", required_argument, NULL, 'c' },
    { "check-config", no_argument, NULL, OPT_CHECK },
    { "verbose", no_argument, NULL, 'v' },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

enum mode { MODE_RUN, MODE_CHECK, MODE_EXIT };

struct options {
    struct srv_run_args run;
    enum mode mode;
};

static enum sg_rc options_read(int argc, char **argv, struct options *ret)
{
    int c;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet */
    while ((c = getopt_long(argc, argv, "c:vh", OPTIONS, NULL)) != -1) {
        switch (c) {
        case 'c':
            ret->run.config = optarg;
            break;
        case 'v':
            ret->run.verbose = true;
            break;
        case OPT_CHECK:
            ret->mode = MODE_CHECK;
            break;
        case OPT_VERSION:
            (void)puts("signetd " SIGNET_VERSION);
            ret->mode = MODE_EXIT;
            return SG_OK;
        case 'h':
            (void)fputs(USAGE, stdout);
            ret->mode = MODE_EXIT;
            return SG_OK;
        default: /* getopt_long has said what is wrong */
            (void)fputs("Try signetd --help.\n", stderr);
            return SG_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr,
                      "signetd: unexpected \"%s\"\nTry signetd --help.\n",
                      argv[optind]);
        return SG_USAGE;
    }
    return SG_OK;
}

static int run(const struct options *opt)
{
    struct sg_err err = { 0 };
    char why[SG_LOG_VALUE_MAX];

    if (opt->mode == MODE_CHECK) {
        if (srv_check_config(opt->run.config, &err) != SG_OK)
            (void)fprintf(stderr, "signetd: %s\n", err.msg);
        else
            (void)puts("configuration ok");
        /* Whatever is wrong with it, it is the configuration. */
        return sg_rc_exit(err.rc == SG_OK ? SG_OK : SG_CONFIG);
    }
    if (srv_run(&opt->run, &err) != SG_OK)
        sg_log(SG_LOG_ERR, "failed", "rc=%s err=%s where=%s",
               sg_rc_name(err.rc), sg_log_quote(err.msg, why, sizeof(why)),
               err.where);
    return sg_rc_exit(err.rc);
}

int main(int argc, char **argv)
{
    struct options opt = { .run.config = CONFIG_DEFAULT };

    sg_log_set_program("signetd");
    if (options_read(argc, argv, &opt) != SG_OK)
        return sg_rc_exit(SG_USAGE);
    if (opt.mode == MODE_EXIT)
        return 0;
    if (opt.run.verbose)
        sg_log_set_level(SG_LOG_DEBUG);
    return run(&opt);
}
