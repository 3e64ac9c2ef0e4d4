/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused stands in tests/data/bad/config and role. */
#include "tests/unit/signer/rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "signer/config-file.h"
#include "tests/lib/run.h"

#define TOKEN \
    "tokens:\n" \
    "  - name: t\n" \
    "    module: /lib/p11.so\n" \
    "    uri: 'pkcs11:token=t'\n" \
    "    pin_source: 'file:/pin'\n"
#define ISSUER \
    "issuers:\n" \
    "  - name: i\n" \
    "    token: t\n" \
    "    key: k\n" \
    "    certificate: /ca.pem\n"
#define MINIMAL TOKEN ISSUER

static struct sg_err err;

static enum sg_rc parse(const char *yaml, struct srv_config **ret_cfg)
{
    sg_err_clear(&err);
    return srv_config_parse(sg_slice_str(yaml), "c.yaml", ret_cfg, &err);
}

static void test_defaults(void **state)
{
    struct srv_config *cfg = NULL;
    (void)state;
    kit_ok(&err, parse(MINIMAL, &cfg));
    assert_string_equal(cfg->socket.path, "/run/signet/signetd.sock");
    assert_int_equal(cfg->socket.mode, 0660);
    assert_null(cfg->socket.owner);
    assert_null(cfg->socket.group);
    assert_int_equal(cfg->log_level, SG_LOG_INFO);
    assert_null(cfg->token_program);
    assert_string_equal(cfg->mount, "pki");
    assert_null(cfg->default_issuer);
    assert_int_equal(cfg->default_ttl, 768 * 3600);
    assert_int_equal(cfg->max_ttl, 768 * 3600);
    assert_int_equal(cfg->limits.connections, 512);
    assert_int_equal(cfg->limits.connections_per_uid, 0);
    assert_int_equal(cfg->limits.threads, 0);
    assert_int_equal(cfg->limits.body_bytes, 65536);
    assert_int_equal(cfg->limits.header_bytes, 16384);
    assert_int_equal(cfg->limits.read_timeout_ms, 10000);
    assert_int_equal(cfg->limits.idle_timeout_ms, 60000);
    assert_int_equal(cfg->limits.stop_timeout_ms, 10000);
    assert_int_equal(cfg->tokens_count, 1);
    assert_string_equal(cfg->tokens[0].guards, "/var/lib/signet/guards");
    assert_int_equal(cfg->tokens[0].sessions, 0);
    assert_int_equal(cfg->tokens[0].request_timeout_ms, 10000);
    assert_int_equal(cfg->tokens[0].start_timeout_ms, 30000);
    assert_int_equal(cfg->issuers_count, 1);
    assert_null(cfg->issuers[0].key_id);
    assert_null(cfg->issuers[0].chain);
    assert_string_equal(cfg->issuers[0].leaf_not_after_behavior, "err");
    assert_int_equal(cfg->issuers[0].lint_profile, LINT_PROFILE_PRIVATE);
    assert_null(cfg->tokens[0].serial);
    assert_int_equal(cfg->roles_count, 0);
    srv_config_free(cfg);
    srv_config_free(NULL);
}

static void test_every_key(void **state)
{
    static const char YAML[] =
        "socket: {path: /tmp/s, mode: 0600, owner: root, group: '0'}\n"
        "log_level: debug\n"
        "token_program: /usr/libexec/signet/signet-token\n"
        "mount: team-a/pki\n"
        "default_issuer: j\n"
        "default_ttl: 1d\n"
        "max_ttl: 172800\n"
        "limits: {connections: 7, connections_per_uid: 3, threads: 2,\n"
        "  body_bytes: 4096, header_bytes: 2048, read_timeout_ms: 101,\n"
        "  idle_timeout_ms: 102, stop_timeout_ms: 103}\n"
        "tokens:\n"
        "  - {name: a.b, module: /m, init_args: a b=c, uri: 'pkcs11:',\n"
        "     pin_source: fd:9,\n"
        "     guards: /g, serial: '00ab', identity_key: who,\n"
        "     identity_public_key: /who.pem, sessions: 4, request_timeout_ms: 500,\n"
        "     start_timeout_ms: 600}\n"
        "issuers:\n"
        "  - {name: i, token: a.b, key: k, certificate: /c}\n"
        "  - {name: j, token: a.b, key: k, key_id: '0a:0b',\n"
        "     certificate: /c, chain: /d,\n"
        "     issuing_certificates: ['http://e.com/ca', 'http://f.com/ca'],\n"
        "     crl_distribution_points: ['http://e.com/crl'],\n"
        "     ocsp_servers: ['https://e.com'],\n"
        "     leaf_not_after_behavior: truncate,\n"
        "     lint_profile: public-tls}\n"
        "roles: [{name: one}, {name: two, issuer_ref: j}]\n";
    struct srv_config *cfg = NULL;
    (void)state;
    kit_ok(&err, parse(YAML, &cfg));
    assert_string_equal(cfg->socket.path, "/tmp/s");
    assert_int_equal(cfg->socket.mode, 0600);
    assert_string_equal(cfg->socket.owner, "root");
    assert_string_equal(cfg->socket.group, "0");
    assert_int_equal(cfg->log_level, SG_LOG_DEBUG);
    assert_string_equal(cfg->mount, "team-a/pki");
    assert_string_equal(cfg->default_issuer, "j");
    assert_int_equal(cfg->default_ttl, 86400);
    assert_int_equal(cfg->max_ttl, 172800);
    assert_int_equal(cfg->limits.connections, 7);
    assert_int_equal(cfg->limits.connections_per_uid, 3);
    assert_int_equal(cfg->limits.threads, 2);
    assert_int_equal(cfg->limits.body_bytes, 4096);
    assert_int_equal(cfg->limits.header_bytes, 2048);
    assert_int_equal(cfg->limits.read_timeout_ms, 101);
    assert_int_equal(cfg->limits.idle_timeout_ms, 102);
    assert_int_equal(cfg->limits.stop_timeout_ms, 103);
    assert_string_equal(cfg->tokens[0].init_args, "a b=c");
    assert_string_equal(cfg->tokens[0].pin_source, "fd:9");
    assert_string_equal(cfg->tokens[0].guards, "/g");
    assert_string_equal(cfg->tokens[0].serial, "00ab");
    assert_string_equal(cfg->tokens[0].identity_key, "who");
    assert_string_equal(cfg->tokens[0].identity_public_key, "/who.pem");
    assert_int_equal(cfg->tokens[0].sessions, 4);
    assert_int_equal(cfg->tokens[0].request_timeout_ms, 500);
    assert_int_equal(cfg->tokens[0].start_timeout_ms, 600);
    const struct srv_issuer_config *j = &cfg->issuers[1];
    assert_string_equal(j->key_id, "0a:0b");
    assert_string_equal(j->chain, "/d");
    assert_int_equal(j->issuing_certificates_count, 2);
    assert_string_equal(j->issuing_certificates[1], "http://f.com/ca");
    assert_string_equal(j->crl_distribution_points[0], "http://e.com/crl");
    assert_string_equal(j->ocsp_servers[0], "https://e.com");
    assert_string_equal(j->leaf_not_after_behavior, "truncate");
    assert_int_equal(j->lint_profile, LINT_PROFILE_PUBLIC_TLS);
    assert_int_equal(cfg->roles_count, 2);
    srv_config_free(cfg);
}

/* max_ttl below Vault's default takes the default ttl with it. */
static void test_short_max_ttl(void **state)
{
    struct srv_config *cfg = NULL;
    (void)state;
    kit_ok(&err, parse("max_ttl: 1h\n" MINIMAL, &cfg));
    assert_int_equal(cfg->default_ttl, 3600);
    srv_config_free(cfg);
}

static void test_files(void **state)
{
    struct srv_config *cfg = NULL;
    char dir[T_PATH_MAX];
    char path[T_PATH_MAX + 16];
    (void)state;
    t_dir_new(dir);
    (void)snprintf(path, sizeof(path), "%s/signetd.yaml", dir);
    sg_err_clear(&err);
    t_assert_fails(srv_config_load(path, &cfg, &err), SG_NOT_FOUND);
    t_file_write(path, MINIMAL, sizeof(MINIMAL) - 1);
    assert_int_equal(chmod(path, 0644), 0);
    kit_ok(&err, srv_config_load(path, &cfg, &err));
    srv_config_free(cfg);
    cfg = NULL;
    assert_int_equal(chmod(path, 0664), 0);
    sg_err_clear(&err);
    t_assert_fails(srv_config_load(path, &cfg, &err), SG_CONFIG);
    assert_non_null(strstr(err.msg, path));
    assert_null(cfg);
    t_dir_remove(dir);
}

/* Every key of the schema stands in this text, between these marks. */
static void mentions(const char *text, const cyaml_schema_field_t *fields,
                     const char *before, const char *after)
{
    for (const cyaml_schema_field_t *f = fields; f->key != NULL; f++) {
        const cyaml_schema_value_t *v = &f->value;
        char want[128];
        (void)snprintf(want, sizeof(want), "%s%s%s", before, f->key, after);
        if (strstr(text, want) == NULL)
            fail_msg("no word about %s", f->key);
        if (v->type == CYAML_SEQUENCE)
            v = v->sequence.entry;
        if (v->type == CYAML_MAPPING && strcmp(f->key, "policy_identifiers"))
            mentions(text, v->mapping.fields, before, after);
    }
}

static void test_documented(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text = { 0 };
    const cyaml_schema_field_t *fields = srv_config_schema()->mapping.fields;
    (void)state;
    sg_buf_init(&text, 1024 * 1024);
    sg_err_clear(&err);
    kit_ok(&err,
           sg_file_read(SOURCE_ROOT "/docs/configuration.md", &text, &err));
    kit_ok(&err, sg_buf_put_u8(&text, 0, &err));
    mentions((const char *)text.data, fields, "`", "`");
    sg_buf_reset(&text);
    kit_ok(&err, sg_file_read(SOURCE_ROOT "/man/signetd.yaml.5", &text, &err));
    kit_ok(&err, sg_buf_put_u8(&text, 0, &err));
    mentions((const char *)text.data, fields, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),      cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_short_max_ttl), cmocka_unit_test(test_files),
        cmocka_unit_test(test_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
