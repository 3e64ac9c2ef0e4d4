/* SPDX-License-Identifier: Apache-2.0 */
/* Each file of tests/data/bad/leaf asks for a leaf certificate that breaks one
 * rule, which its name says; its first line is the exit code and the error.
 * Those of tests/data/good/leaf break none. */
#include "tests/lib/run.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/dn-text.h"
#include "ca/leaf.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/pem.h"

#define ARENA_MAX ((size_t)1 << 20)
#define FILE_MAX 65536
#define PURPOSES_MAX 8
/* All CAs of tests/data/world live then. */
#define NOW INT64_C(1790000000)

struct ask {
    struct sg_arena arena;
    struct ca_leaf_args leaf;
    struct ca_spki spki;
    struct ca_issuer *issuer;
    struct ca_profile *profile;
    uint16_t key_usage;
    const char *purpose[PURPOSES_MAX];
    size_t n_purposes;
};

static struct sg_err err;

static void read_file(struct ask *ask, const char *folder, const char *name,
                      struct sg_slice *ret)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    const char *path =
        sg_arena_printf(&ask->arena, T_DATA_DIR "/%s/%s", folder, name);

    sg_buf_init(&bytes, FILE_MAX);
    t_ok(&err, sg_file_read(path, &bytes, &err));
    *ret = sg_arena_copy(&ask->arena, sg_buf_slice(&bytes));
}

/* --- one function per key of a file ------------------------------------------- */

/* "low above-low": files of world/, the issuer's certificate first. */
static void set_issuer(struct ask *ask, char *value)
{
    struct sg_slice chain[CA_CHAIN_MAX];
    struct ca_issuer_args args = { .chain = chain };
    char *rest = NULL;

    for (char *name = strtok_r(value, " ", &rest); name != NULL;
         name = strtok_r(NULL, " ", &rest)) {
        struct sg_slice text;
        char label[SG_PEM_LABEL_MAX];
        bool found = true;

        read_file(ask, "world", sg_arena_printf(&ask->arena, "%s.pem", name),
                  &text);
        while (found) {
            SG_CLEANUP(sg_buf_done) struct sg_buf der;

            sg_buf_init(&der, CA_CERT_MAX);
            t_ok(&err, sg_pem_next(&text, label, &der, &found, &err));
            if (found)
                chain[args.n++] =
                    sg_arena_copy(&ask->arena, sg_buf_slice(&der));
        }
    }
    t_ok(&err, ca_issuer_new(&args, NOW, &ask->issuer, &err));
    ask->leaf.issuer = ask->issuer;
}

/* A key of world/, or of a certificate there. */
static void set_key(struct ask *ask, char *value)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    bool key = strstr(value, ".pub") != NULL;
    struct ca_cert cert = { 0 };
    struct sg_slice text;

    read_file(ask, "world", value, &text);
    sg_buf_init(&der, CA_CERT_MAX);
    t_ok(&err,
         sg_pem_or_der(text, key ? "PUBLIC KEY" : "CERTIFICATE", &der, &err));
    text = sg_arena_copy(&ask->arena, sg_buf_slice(&der));
    if (key) {
        t_ok(&err, ca_spki_parse(text, &ask->spki, &err));
    } else {
        t_ok(&err, ca_cert_parse(&ask->arena, text, &cert, &err));
        ask->spki = cert.spki;
    }
}

static void set_subject(struct ask *ask, char *value)
{
    t_ok(&err, ca_dn_from_text(&ask->arena, value, &ask->leaf.subject, &err));
}

static void add_dns(struct ask *ask, char *value)
{
    t_ok(&err, ca_sans_add_dns_lax(&ask->arena, &ask->leaf.sans,
                                   sg_slice_str(value), &err));
}

static void add_ip(struct ask *ask, char *value)
{
    t_ok(&err, ca_sans_add_ip(&ask->arena, &ask->leaf.sans, sg_slice_str(value),
                              &err));
}

static void add_email(struct ask *ask, char *value)
{
    t_ok(&err, ca_sans_add_email(&ask->arena, &ask->leaf.sans,
                                 sg_slice_str(value), &err));
}

static void add_uri(struct ask *ask, char *value)
{
    t_ok(&err, ca_sans_add_uri(&ask->arena, &ask->leaf.sans,
                               sg_slice_str(value), &err));
}

static void add_upn(struct ask *ask, char *value)
{
    t_ok(&err, ca_sans_add_other(&ask->arena, &ask->leaf.sans,
                                 "1.3.6.1.4.1.311.20.2.3", sg_slice_str(value),
                                 &err));
}

static struct sg_slice hex_of(struct ask *ask, const char *value)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets = { 0 };

    if (value[0] == '\0')
        return (struct sg_slice){ 0 };
    sg_buf_init(&octets, FILE_MAX);
    t_ok(&err, sg_parse_hex(value, &octets, &err));
    return sg_arena_copy(&ask->arena, sg_buf_slice(&octets));
}

/* "1 00ff": kind and octets as they are, past all that reads names. */
static void add_raw(struct ask *ask, char *value)
{
    struct ca_san *san = sg_arena_new(&ask->arena, struct ca_san);

    *san = (struct ca_san){ .kind = (enum ca_san_kind)(value[0] - '0'),
                            .value = hex_of(ask, value + 2) };
    ask->leaf.sans = (struct ca_sans){ san, 1 };
}

/* So many names, each as long as a name can be. */
static void add_many(struct ask *ask, char *value)
{
    uint64_t n = 0;

    t_ok(&err, sg_parse_u64(value, 1, CA_SANS_MAX + 1, &n, &err));
    struct ca_san *list = sg_arena_array(&ask->arena, struct ca_san, n);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct ca_san){
            .kind = CA_SAN_DNS,
            .value = sg_slice_str(
                sg_arena_printf(&ask->arena, "%03zu.%0*d.%0*d.%0*d.example.com",
                                i, 63, 0, 63, 0, 63, 0)),
        };
    ask->leaf.sans = (struct ca_sans){ list, n };
}

static void add_purpose(struct ask *ask, char *value)
{
    assert_true(ask->n_purposes < PURPOSES_MAX);
    ask->purpose[ask->n_purposes++] = value;
}

static void set_not_before(struct ask *ask, char *value)
{
    t_ok(&err, sg_parse_time(value, &ask->leaf.not_before, &err));
}

static void set_not_after(struct ask *ask, char *value)
{
    t_ok(&err, sg_parse_time(value, &ask->leaf.not_after, &err));
}

static void set_serial(struct ask *ask, char *value)
{
    ask->leaf.serial = hex_of(ask, value);
}

static void set_key_id(struct ask *ask, char *value)
{
    ask->leaf.subject_key_id = hex_of(ask, value);
}

static void set_algorithm(struct ask *ask, char *value)
{
    for (int alg = CA_SIGALG_ECDSA_SHA256; alg <= CA_SIGALG_ED25519; alg++)
        if (strcmp(ca_sigalg_name((enum ca_sigalg)alg), value) == 0)
            ask->leaf.alg = (enum ca_sigalg)alg;
}

static void set_usage(struct ask *ask, char *value)
{
    ask->key_usage = strcmp(value, "keyEncipherment") == 0
                         ? CA_KU_KEY_ENCIPHERMENT
                         : CA_KU_DIGITAL_SIGNATURE;
}

static const struct {
    const char *key;
    void (*set)(struct ask *ask, char *value);
} KEYS[] = {
    { "issuer", set_issuer },
    { "key", set_key },
    { "subject", set_subject },
    { "dns", add_dns },
    { "ip", add_ip },
    { "email", add_email },
    { "uri", add_uri },
    { "upn", add_upn },
    { "raw-name", add_raw },
    { "names", add_many },
    { "usage", set_usage },
    { "purpose", add_purpose },
    { "not-before", set_not_before },
    { "not-after", set_not_after },
    { "serial", set_serial },
    { "key-identifier", set_key_id },
    { "algorithm", set_algorithm },
};

/* --- files ----------------------------------------------------------------------- */

static void set_line(struct ask *ask, char *line, const char *file)
{
    char *value = strstr(line, ": ");

    if (value == NULL)
        fail_msg("%s: \"%s\" is not KEY: VALUE", file, line);
    *value = '\0';
    for (size_t i = 0; i < SG_ARRAY_LEN(KEYS); i++)
        if (strcmp(KEYS[i].key, line) == 0) {
            KEYS[i].set(ask, value + 2);
            return;
        }
    fail_msg("%s: \"%s\" is no key", file, line);
}

/* What a file asks for; its first line, or NULL when that is no comment. */
static const char *read_ask(struct ask *ask, const char *folder,
                            const char *name)
{
    struct ca_profile_args profile = { 0 };
    const char *want = NULL;
    struct sg_slice bytes;
    char *rest = NULL;

    ask->key_usage = CA_KU_DIGITAL_SIGNATURE;
    read_file(ask, folder, name, &bytes);
    for (char *line = strtok_r(sg_arena_text(&ask->arena, bytes), "\n", &rest);
         line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (line[0] == '#')
            want = line + 2;
        else
            set_line(ask, line, name);
    profile.key_usage = ask->key_usage;
    profile.eku = ask->purpose;
    profile.n_eku = ask->n_purposes;
    t_ok(&err, ca_profile_new(&profile, &ask->profile, &err));
    ask->leaf.profile = ask->profile;
    ask->leaf.spki = &ask->spki;
    return want;
}

static void try_file(const char *folder, const char *name)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ask ask = { .leaf = { .alg = CA_SIGALG_ECDSA_SHA256 } };
    char got[SG_ERR_MSG_MAX + 16] = "";

    sg_arena_init(&ask.arena, ARENA_MAX);
    sg_buf_init(&tbs, CA_CERT_MAX);
    const char *want = read_ask(&ask, folder, name);
    sg_err_clear(&err);
    enum sg_rc rc = ca_leaf_tbs(&ask.leaf, &tbs, &err);
    if (rc != SG_OK)
        (void)snprintf(got, sizeof(got), "%d %s", sg_rc_exit(rc), err.msg);
    if (strcmp(got, want != NULL ? want : "") != 0)
        fail_msg("%s/%s:\n want %s\n  got %s", folder, name, want, got);
    assert_true((rc == SG_OK) == (tbs.len > 0));
    ca_profile_free(ask.profile);
    ca_issuer_free(ask.issuer);
    sg_arena_done(&ask.arena);
}

static void try_folder(const char *folder, bool bad)
{
    char path[T_PATH_MAX];
    struct dirent **entry = NULL;
    int tried = 0;

    (void)snprintf(path, sizeof(path), T_DATA_DIR "/%s", folder);
    int n = scandir(path, &entry, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        if (strstr(entry[i]->d_name, ".txt") != NULL) {
            try_file(folder, entry[i]->d_name);
            tried++;
        }
        free(entry[i]);
    }
    free((void *)entry);
    assert_true(tried > (bad ? 10 : 0));
}

static void good_ones_are_made(void **state)
{
    (void)state;
    try_folder("good/leaf", false);
}

static void each_bad_one_is_refused(void **state)
{
    (void)state;
    try_folder("bad/leaf", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_made),
        cmocka_unit_test(each_bad_one_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
