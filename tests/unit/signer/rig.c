/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include <string.h>

#include "common/file.h"
#include "tests/lib/run.h"

#define TEXTS_MAX (8 * 1024 * 1024)
#define SETS_MAX 256

static struct sg_arena texts;
static bool texts_ready;
static struct srv_roles *sets[SETS_MAX];
static size_t n_sets;

static struct sg_arena *arena(void)
{
    if (!texts_ready)
        sg_arena_init(&texts, TEXTS_MAX);
    texts_ready = true;
    return &texts;
}

void rig_cleanup(void)
{
    while (n_sets > 0)
        srv_roles_unref(sets[--n_sets]);
    if (texts_ready)
        sg_arena_done(&texts);
    texts_ready = false;
}

enum sg_rc rig_config(const char *top, const char *role,
                      struct srv_config **ret_cfg, struct sg_err *err)
{
    const char *yaml = sg_arena_printf(
        arena(),
        "%s"
        "tokens:\n"
        "  - {name: t, module: /lib/p11.so, uri: 'pkcs11:token=t', "
        "pin_source: 'file:/pin'}\n"
        "issuers:\n"
        "  - {name: i, token: t, key: k, certificate: /ca.pem}\n"
        "roles:\n"
        "  - {name: web%s%s}\n",
        top, *role == '\0' ? "" : ", ", role);
    assert_non_null(yaml);
    return srv_config_parse(sg_slice_str(yaml), "test.yaml", ret_cfg, err);
}

const struct srv_role *rig_role(const char *role)
{
    struct srv_config *cfg = NULL;
    struct srv_roles *roles = NULL;
    struct sg_err err = { 0 };
    assert_true(n_sets < SETS_MAX);
    kit_ok(&err, rig_config("", role, &cfg, &err));
    kit_ok(&err, srv_roles_new(cfg, &roles, &err));
    srv_config_free(cfg);
    sets[n_sets++] = roles;
    const struct srv_role *found = srv_roles_find(roles, "web");
    assert_non_null(found);
    return found;
}

void rig_issuer_new(struct rig_issuer *rig, enum ca_key_kind kind)
{
    struct ca_constraints nc = { 0 };
    struct sg_err err = { 0 };
    *rig = (struct rig_issuer){ 0 };
    kit_key_new(&rig->root_key, kind, 2048);
    kit_key_new(&rig->key, kind, 2048);
    kit_ok(&err, ca_subtrees_add(arena(), &nc.permitted, CA_SAN_DNS,
                                 "example.com", &err));
    kit_ok(&err, ca_subtrees_add(arena(), &nc.excluded, CA_SAN_DNS,
                                 "secret.example.com", &err));
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    kit_ok(&err, ca_sigalg_for(kind, 0, false, &alg, &err));
    sg_buf_init(&rig->root, CA_CERT_MAX);
    sg_buf_init(&rig->cert, CA_CERT_MAX);
    kit_cert_make(&(struct kit_cert){ .key = &rig->root_key,
                                      .signer = &rig->root_key,
                                      .subject = "Test Root",
                                      .issuer = "Test Root",
                                      .alg = alg },
                  &rig->root);
    kit_cert_make(&(struct kit_cert){ .key = &rig->key,
                                      .signer = &rig->root_key,
                                      .subject = "Test Issuing",
                                      .issuer = "Test Root",
                                      .path_length = 1,
                                      .constraints = &nc,
                                      .alg = alg },
                  &rig->cert);
    const struct sg_buf *chain[] = { &rig->cert, &rig->root };
    rig->issuer.name = "i";
    rig->issuer.ca = kit_issuer(chain, 2);
    kit_ok(&err, srv_issuer_texts_new(&rig->issuer, &err));
}

void rig_issuer_done(struct rig_issuer *rig)
{
    srv_issuer_texts_free(&rig->issuer);
    ca_issuer_free(rig->issuer.ca);
    kit_key_done(&rig->key);
    kit_key_done(&rig->root_key);
    sg_buf_done(&rig->cert);
    sg_buf_done(&rig->root);
}

void rig_prepare(struct rig_request *req, enum srv_operation op,
                 const struct srv_issuer *issuer, const char *role,
                 const char *body)
{
    struct srv_params *params = NULL;
    *req = (struct rig_request){ 0 };
    sg_arena_init(&req->arena, 1024 * 1024);
    kit_ok(&req->err, srv_params_parse(&req->arena, sg_slice_str(body), NULL,
                                       &params, &req->err));
    const struct srv_prepare_args args = {
        .op = op,
        .role = rig_role(role),
        .issuer = issuer,
        .params = params,
        .default_ttl = 768 * 3600,
        .max_ttl = 768 * 3600,
        .now = KIT_NOW,
    };
    req->rc = srv_prepare(&args, &req->arena, &req->job, &req->err);
}

void rig_request_done(struct rig_request *req)
{
    if (req->rc == SG_OK)
        srv_job_done(&req->job);
    sg_arena_done(&req->arena);
}

static const char *escaped_lines(const char *pem)
{
    const char *out = "";
    for (const char *p = pem; *p != '\0';) {
        size_t len = strcspn(p, "\n");
        out = sg_arena_printf(arena(), "%s%.*s\\n", out, (int)len, p);
        assert_non_null(out);
        p += len + (p[len] == '\n' ? 1 : 0);
    }
    return out;
}

const char *rig_csr(const char *newkey, const char *subject, const char *ext)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf pem;
    char dir[T_PATH_MAX];
    struct t_run run;
    struct sg_err err = { 0 };
    t_dir_new(dir);
    const char *key = sg_arena_printf(arena(), "%s/key.pem", dir);
    const char *csr = sg_arena_printf(arena(), "%s/csr.pem", dir);
    const char *argv[24] = { "openssl", "req",   "-new",  "-nodes",  "-newkey",
                             newkey,    "-subj", subject, "-keyout", key,
                             "-out",    csr,     "-utf8" };
    size_t n = 13;
    if (strncmp(newkey, "ec:", 3) == 0) {
        argv[5] = "ec";
        argv[n++] = "-pkeyopt";
        argv[n++] =
            sg_arena_printf(arena(), "ec_paramgen_curve:%s", newkey + 3);
    }
    if (ext != NULL) {
        argv[n++] = "-addext";
        argv[n++] = ext;
    }
    t_run(argv, &run);
    if (run.exit_code != 0)
        fail_msg("openssl req: %s", run.output);
    t_run_done(&run);
    sg_buf_init(&pem, 65536);
    kit_ok(&err, sg_file_read(csr, &pem, &err));
    kit_ok(&err, sg_buf_put_u8(&pem, 0, &err));
    t_dir_remove(dir);
    return escaped_lines((const char *)pem.data);
}
