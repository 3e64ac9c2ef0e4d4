/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/oracle.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/pem.h"

static char dir[T_PATH_MAX];

void oracle_open(void)
{
    t_dir_new(dir);
}

void oracle_close(void)
{
    t_dir_remove(dir);
}

static void path_of(const char *name, char dst[T_PATH_MAX])
{
    int len = snprintf(dst, T_PATH_MAX, "%s/%s", dir, name);

    assert_true(len > 0 && len < T_PATH_MAX);
}

static void put_pem(const struct sg_buf *der, struct sg_buf *pem)
{
    struct sg_err err = { 0 };

    kit_ok(&err, sg_pem_encode("CERTIFICATE", sg_buf_slice(der), pem, &err));
    kit_ok(&err, sg_buf_put_str(pem, "\n", &err));
}

/* The certificates that are not NULL, one after the other. */
static void save(const char *name, const struct sg_buf *first,
                 const struct sg_buf *second)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf pem;
    char path[T_PATH_MAX];

    sg_buf_init(&pem, (size_t)1 << 20);
    if (first != NULL)
        put_pem(first, &pem);
    if (second != NULL)
        put_pem(second, &pem);
    path_of(name, path);
    t_file_write(path, pem.data, pem.len);
}

static void openssl_verify(const struct oracle_chain *chain, struct t_run *run)
{
    char root[T_PATH_MAX];
    char inter[T_PATH_MAX];
    char leaf[T_PATH_MAX];
    char at[32];

    save("root.pem", chain->root, NULL);
    save("inter.pem", chain->inter, chain->low);
    save("leaf.pem", chain->leaf, NULL);
    path_of("root.pem", root);
    path_of("inter.pem", inter);
    path_of("leaf.pem", leaf);
    (void)snprintf(at, sizeof at, "%lld",
                   (long long)(chain->at != 0 ? chain->at : sg_now()));
    t_run_args(run, "openssl", "verify", "-x509_strict", "-check_ss_sig",
               "-no-CApath", "-no-CAstore", "-attime", at, "-CAfile", root,
               "-untrusted", inter, leaf);
}

static void certtool_verify(const struct oracle_chain *chain, struct t_run *run)
{
    char root[T_PATH_MAX];
    char all[T_PATH_MAX];

    save("chain.pem", chain->leaf, chain->inter);
    path_of("root.pem", root);
    path_of("chain.pem", all);
    t_run_args(run, "certtool", "--verify", "--load-ca-certificate", root,
               "--infile", all);
}

static void check_asn1(const struct sg_buf *der)
{
    char path[T_PATH_MAX];
    struct t_run run;

    path_of("one.der", path);
    t_file_write(path, der->data, der->len);
    t_run_args(&run, "openssl", "asn1parse", "-inform", "DER", "-in", path);
    if (run.exit_code != 0 || strcasestr(run.output, "error") != NULL)
        fail_msg("asn1parse: %d: %s", run.exit_code, run.output);
    t_run_done(&run);
}

void oracle_accepts(const struct oracle_chain *chain)
{
    struct t_run run;

    check_asn1(chain->root);
    check_asn1(chain->inter);
    check_asn1(chain->leaf);
    openssl_verify(chain, &run);
    if (run.exit_code != 0 || strstr(run.output, "leaf.pem: OK") == NULL)
        fail_msg("openssl verify: %d: %s", run.exit_code, run.output);
    t_run_done(&run);
    if (chain->at != 0)
        return;
    certtool_verify(chain, &run);
    if (run.exit_code != 0
        || strstr(run.output, "Chain verification output: Verified.") == NULL)
        fail_msg("certtool: %d: %s", run.exit_code, run.output);
    t_run_done(&run);
}

void oracle_refuses(const struct oracle_chain *chain, const char *text)
{
    struct t_run run;

    openssl_verify(chain, &run);
    if (run.exit_code == 0 || strstr(run.output, text) == NULL)
        fail_msg("openssl verify: %d: %s", run.exit_code, run.output);
    t_run_done(&run);
}

void oracle_shows(const struct sg_buf *der, const char *const *texts)
{
    char path[T_PATH_MAX];
    struct t_run run;

    save("shown.pem", der, NULL);
    path_of("shown.pem", path);
    t_run_args(&run, "openssl", "x509", "-in", path, "-noout", "-text");
    assert_int_equal(run.exit_code, 0);
    for (size_t i = 0; texts[i] != NULL; i++)
        if (strstr(run.output, texts[i]) == NULL)
            fail_msg("no \"%s\" in: %s", texts[i], run.output);
    t_run_done(&run);
}
