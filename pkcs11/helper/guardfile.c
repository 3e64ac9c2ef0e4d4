/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guardfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/pem.h"
#include "pkcs11/frame.h"
#include "pkcs11/helper/guard-chain.h"
#include "pkcs11/helper/guard.h"

#define GUARD_FILE_VERSION 2 /* 1 had neither CRLs, purposes, rates nor chain */
#define NAMES_LABEL "NAME CONSTRAINTS" /* of a PEM block: NameConstraints */
#define GUARD_FILE_MAX 262144 /* bytes; 64 KiB of certificates in PEM are 88 */

struct guard_file {
    uint32_t version;
    char *token_serial;
    char *label;
    char *key_id;     /* hex */
    char *public_key; /* PEM */
    char *purpose;
    bool may_sign_ca;
    uint32_t *max_path_length; /* NULL: any */
    uint64_t max_validity;     /* seconds */
    bool *may_sign_crl;        /* NULL: true, as in version 1 */
    char **extended_key_usage; /* dotted; NULL: any */
    unsigned n_extended_key_usage;
    char *name_constraints;   /* PEM; NULL: none of its own */
    uint32_t *max_per_second; /* NULL: any number */
    uint32_t *max_per_day;
    char *issuer_certificate; /* PEM; NULL until bound */
    char *issuer_chain;       /* PEM, above it; NULL: not given */
};

static const cyaml_schema_value_t OID_TEXT = { CYAML_VALUE_STRING(
    CYAML_FLAG_POINTER, char *, 3, SG_OID_TEXT_MAX - 1) };

static const cyaml_schema_field_t FIELDS[] = {
    CYAML_FIELD_UINT("version", CYAML_FLAG_DEFAULT, struct guard_file, version),
    CYAML_FIELD_STRING_PTR("token_serial", CYAML_FLAG_POINTER,
                           struct guard_file, token_serial, 0, TOK_LABEL_MAX),
    CYAML_FIELD_STRING_PTR("label", CYAML_FLAG_POINTER, struct guard_file,
                           label, 1, TOK_LABEL_MAX),
    CYAML_FIELD_STRING_PTR("key_id", CYAML_FLAG_POINTER, struct guard_file,
                           key_id, 2, 2 * TOK_ID_MAX),
    CYAML_FIELD_STRING_PTR("public_key", CYAML_FLAG_POINTER, struct guard_file,
                           public_key, 1, GUARD_FILE_MAX),
    CYAML_FIELD_STRING_PTR("purpose", CYAML_FLAG_POINTER, struct guard_file,
                           purpose, 1, 16),
    CYAML_FIELD_BOOL("may_sign_ca", CYAML_FLAG_DEFAULT, struct guard_file,
                     may_sign_ca),
    CYAML_FIELD_UINT_PTR("max_path_length",
                         CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct guard_file, max_path_length),
    CYAML_FIELD_UINT("max_validity", CYAML_FLAG_DEFAULT, struct guard_file,
                     max_validity),
    CYAML_FIELD_BOOL_PTR("may_sign_crl",
                         CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct guard_file, may_sign_crl),
    CYAML_FIELD_SEQUENCE_COUNT("extended_key_usage",
                               CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                               struct guard_file, extended_key_usage,
                               n_extended_key_usage, &OID_TEXT, 1, TOK_EKU_MAX),
    CYAML_FIELD_STRING_PTR(
        "name_constraints", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct guard_file, name_constraints, 1, GUARD_FILE_MAX),
    CYAML_FIELD_UINT_PTR("max_per_second",
                         CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct guard_file, max_per_second),
    CYAML_FIELD_UINT_PTR("max_per_day",
                         CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct guard_file, max_per_day),
    CYAML_FIELD_STRING_PTR(
        "issuer_certificate", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct guard_file, issuer_certificate, 1, GUARD_FILE_MAX),
    CYAML_FIELD_STRING_PTR("issuer_chain",
                           CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                           struct guard_file, issuer_chain, 1, GUARD_FILE_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t SCHEMA = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct guard_file, FIELDS),
};

static void guard_file_free(struct guard_file *file)
{
    sg_config_free(&SCHEMA, file);
}
SG_DEFINE_CLEANUP(struct guard_file, guard_file_free);

/* --- paths and directory ---------------------------------------------------- */

enum sg_rc tok_guard_dir_ready(const char *dir, struct sg_err *err)
{
    struct stat st;

    if (dir[0] != '/')
        return sg_err_set(err, SG_CONFIG, "guards %s: not an absolute path",
                          dir);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return sg_err_errno(err, SG_CONFIG, "guards %s", dir);
    if (lstat(dir, &st) != 0)
        return sg_err_errno(err, SG_CONFIG, "guards %s", dir);
    if (!S_ISDIR(st.st_mode))
        return sg_err_set(err, SG_CONFIG, "guards %s: not a directory", dir);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return sg_err_set(err, SG_CONFIG,
                          "guards %s: belongs to uid %u; it must be root's or "
                          "this user's (uid %u)",
                          dir, st.st_uid, geteuid());
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "guards %s: group or others may write it (mode "
                          "%04o): chmod go-w",
                          dir, st.st_mode & 07777U);
    return SG_OK;
}

/* Some tokens have no serial number; YAML has no empty texts. */
static const char *serial_of(const struct tok_guard_key *key)
{
    return key->serial[0] != '\0' ? key->serial : "none";
}

/* Two serials may end up in one name: the content is compared too. */
enum sg_rc tok_guard_path(const struct tok_guard_key *key, const char *ending,
                          char *dst, size_t size, struct sg_err *err)
{
    char serial[TOK_LABEL_MAX];
    char id[2 * TOK_ID_MAX + 1];

    if (key->dir == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "no guard directory: start with --guards");
    (void)snprintf(serial, sizeof(serial), "%s", serial_of(key));
    for (char *p = serial; *p != '\0'; p++)
        if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z')
              || (*p >= 'A' && *p <= 'Z')))
            *p = '_';
    int n = snprintf(dst, size, "%s/%s-%s%s", key->dir, serial,
                     sg_hex(key->id, id, sizeof(id)), ending);
    if (n < 0 || (size_t)n >= size)
        return sg_err_set(err, SG_CONFIG, "guards %s: path is too long",
                          key->dir);
    return SG_OK;
}

static enum sg_rc dir_lock(const char *dir, int *ret_fd, struct sg_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return sg_err_errno(err, SG_IO, "guards %s", dir);
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR) {
            (void)sg_err_errno(err, SG_IO, "guards %s: lock", dir);
            (void)close(fd);
            return err->rc;
        }
    *ret_fd = fd;
    return SG_OK;
}

/* --- reading ---------------------------------------------------------------- */

static enum sg_rc pem_der(const char *pem, const char *label,
                          struct sg_buf *out, struct sg_err *err)
{
    return sg_pem_or_der(sg_slice_str(pem), label, out, err);
}

static enum sg_rc check_identity(const struct guard_file *f,
                                 const struct tok_guard_key *key,
                                 struct sg_slice spki, struct sg_err *err)
{
    char id[2 * TOK_ID_MAX + 1];

    if (f->version < 1 || f->version > GUARD_FILE_VERSION)
        return sg_err_set(err, SG_CONFIG, "version: %u, this is %d",
                          (unsigned)f->version, GUARD_FILE_VERSION);
    if (strcmp(f->token_serial, serial_of(key)) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "token_serial: another token's guard");
    if (strcmp(f->label, key->label) != 0)
        return sg_err_set(err, SG_CONFIG, "label: another key's guard");
    if (strcmp(f->key_id, sg_hex(key->id, id, sizeof(id))) != 0)
        return sg_err_set(err, SG_CONFIG, "key_id: another key's guard");
    if (key->spki.len > 0 && !sg_slice_eq(spki, key->spki))
        return sg_err_set(err, SG_CONFIG,
                          "public_key: the token holds another one");
    return SG_OK;
}

static enum sg_rc read_rate(const uint32_t *from, const char *what,
                            uint32_t *ret, struct sg_err *err)
{
    if (from == NULL)
        return SG_OK;
    if (*from < 1 || *from > TOK_RATE_MAX)
        return sg_err_set(err, SG_CONFIG, "%s: %u is outside 1 … %d", what,
                          (unsigned)*from, TOK_RATE_MAX);
    *ret = *from;
    return SG_OK;
}

static enum sg_rc read_purposes(const struct guard_file *f,
                                struct tok_guard *ret, struct sg_err *err)
{
    for (unsigned i = 0; i < f->n_extended_key_usage; i++) {
        SG_CLEANUP(sg_buf_done) struct sg_buf oid;

        sg_buf_init(&oid, TOK_OID_MAX);
        if (sg_oid_from_text(f->extended_key_usage[i], &oid, err) != SG_OK)
            return sg_err_wrap(err, "extended_key_usage[%u]", i);
        memcpy(ret->eku[i].octets, oid.data, oid.len);
        ret->eku[i].len = (uint8_t)oid.len;
        ret->n_eku = i + 1;
    }
    return SG_OK;
}

static enum sg_rc read_limits(const struct guard_file *f, struct tok_guard *ret,
                              struct sg_err *err)
{
    ret->may_sign_ca = f->may_sign_ca;
    SG_TRY(tok_purpose_parse(f->purpose, &ret->purpose, err));
    if (f->max_validity > TOK_VALIDITY_MAX)
        return sg_err_set(err, SG_CONFIG, "max_validity: more than %lld s",
                          (long long)TOK_VALIDITY_MAX);
    ret->max_validity = (int64_t)f->max_validity;
    if (f->max_path_length != NULL) {
        ret->has_max_path_length = true;
        ret->max_path_length = *f->max_path_length;
    }
    ret->no_crl = f->may_sign_crl != NULL && !*f->may_sign_crl;
    SG_TRY(read_purposes(f, ret, err));
    SG_TRY(
        read_rate(f->max_per_second, "max_per_second", &ret->per_second, err));
    return read_rate(f->max_per_day, "max_per_day", &ret->per_day, err);
}

static enum sg_rc read_chain(const char *pem, struct sg_buf *out,
                             struct sg_err *err)
{
    struct sg_slice text = sg_slice_str(pem);
    char label[SG_PEM_LABEL_MAX];
    bool found = true;

    for (;;) {
        SG_TRY(sg_pem_next(&text, label, out, &found, err));
        if (!found)
            return SG_OK;
        if (strcmp(label, "CERTIFICATE") != 0)
            return sg_err_set(err, SG_CONFIG, "issuer_chain: a %s", label);
    }
}

static enum sg_rc guard_of_file(const struct guard_file *f,
                                const struct tok_guard_key *key,
                                struct sg_buf *out_spki,
                                struct tok_guard_state **ret_guard,
                                struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;
    SG_CLEANUP(sg_buf_done) struct sg_buf cert;
    SG_CLEANUP(sg_buf_done) struct sg_buf chain;
    SG_CLEANUP(sg_buf_done) struct sg_buf names;
    struct tok_guard limits = { 0 };

    sg_buf_init(&names, TOK_NAMES_MAX);
    sg_buf_init(&spki, TOK_SPKI_MAX);
    sg_buf_init(&cert, TOK_TBS_MAX);
    sg_buf_init(&chain, TOK_FRAME_MAX);
    SG_TRY(pem_der(f->public_key, "PUBLIC KEY", &spki, err));
    SG_TRY(check_identity(f, key, sg_buf_slice(&spki), err));
    SG_TRY(read_limits(f, &limits, err));
    if (f->name_constraints != NULL)
        SG_TRY(pem_der(f->name_constraints, NAMES_LABEL, &names, err));
    limits.names = sg_buf_slice(&names);
    if (f->issuer_certificate != NULL) {
        SG_TRY(pem_der(f->issuer_certificate, "CERTIFICATE", &cert, err));
        limits.bound = true;
        limits.issuer_cert = sg_buf_slice(&cert);
    }
    if (f->issuer_chain != NULL)
        SG_TRY(read_chain(f->issuer_chain, &chain, err));
    limits.chain = sg_buf_slice(&chain);
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *guard = NULL;
    SG_TRY(tok_guard_new(&limits, sg_buf_slice(&spki), &guard, err));
    if (out_spki != NULL)
        SG_TRY(sg_buf_put(out_spki, spki.data, spki.len, err));
    *ret_guard = SG_TAKE(guard);
    return SG_OK;
}

/* A guard that cannot be used is never the requester's fault. */
static enum sg_rc as_config(struct sg_err *err, const char *path)
{
    if (err->rc != SG_NOMEM && err->rc != SG_IO)
        err->rc = SG_CONFIG;
    return sg_err_wrap(err, "guard %s", path);
}

enum sg_rc tok_guard_load(const struct tok_guard_key *key,
                          struct sg_buf *out_spki,
                          struct tok_guard_state **ret_guard,
                          struct sg_err *err)
{
    char path[TOK_GUARD_PATH_MAX];
    void *data = NULL;

    if (key->dir == NULL) {
        *ret_guard = NULL;
        return SG_OK;
    }
    SG_TRY(tok_guard_path(key, ".yaml", path, sizeof(path), err));
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *ret_guard = NULL;
        return SG_OK;
    }
    SG_TRY(sg_file_check_private_write(path, err));
    if (sg_config_load(path, &SCHEMA, &data, err) != SG_OK)
        return as_config(err, path);
    SG_CLEANUP(guard_file_free) struct guard_file *file = data;
    if (guard_of_file(file, key, out_spki, ret_guard, err) != SG_OK)
        return as_config(err, path);
    return SG_OK;
}

/* --- writing ---------------------------------------------------------------- */

static enum sg_rc pem_text(const char *label, struct sg_slice der,
                           struct sg_buf *out, struct sg_err *err)
{
    SG_TRY(sg_pem_encode(label, der, out, err));
    return sg_buf_put_u8(out, 0, err); /* the NUL of a C string */
}

static enum sg_rc chain_text(struct sg_slice chain, struct sg_buf *out,
                             struct sg_err *err)
{
    struct sg_der in;
    struct sg_slice cert;

    sg_der_init(&in, chain, "chain");
    while (sg_der_more(&in)) {
        SG_TRY(tok_der_whole(&in, &cert, err));
        SG_TRY(sg_pem_encode("CERTIFICATE", cert, out, err));
        SG_TRY(sg_buf_put_u8(out, '\n', err));
    }
    return sg_buf_put_u8(out, 0, err);
}

static void purposes_text(const struct tok_guard *g,
                          char oid[TOK_EKU_MAX][SG_OID_TEXT_MAX],
                          char *ret_list[TOK_EKU_MAX])
{
    for (uint32_t i = 0; i < g->n_eku; i++) {
        (void)sg_oid_to_text(SG_SLICE(g->eku[i].octets, g->eku[i].len), oid[i]);
        ret_list[i] = oid[i];
    }
}

/* The text of a guard; every string in file is borrowed for the call. */
static enum sg_rc guard_text(const struct tok_guard_key *key,
                             const struct tok_guard *g, struct sg_buf *out,
                             struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;
    SG_CLEANUP(sg_buf_done) struct sg_buf cert;
    SG_CLEANUP(sg_buf_done) struct sg_buf chain;
    SG_CLEANUP(sg_buf_done) struct sg_buf names;
    char oid[TOK_EKU_MAX][SG_OID_TEXT_MAX];
    char *purposes[TOK_EKU_MAX];
    uint32_t per_second = g->per_second;
    uint32_t per_day = g->per_day;
    bool may_sign_crl = g->purpose == TOK_PURPOSE_CA && !g->no_crl;
    char id[2 * TOK_ID_MAX + 1];
    char serial[TOK_LABEL_MAX];
    char label[TOK_LABEL_MAX];
    char purpose[16];
    uint32_t path_length = g->max_path_length;

    sg_buf_init(&spki, GUARD_FILE_MAX);
    sg_buf_init(&cert, GUARD_FILE_MAX);
    sg_buf_init(&chain, GUARD_FILE_MAX);
    sg_buf_init(&names, GUARD_FILE_MAX);
    if (g->names.len > 0)
        SG_TRY(pem_text(NAMES_LABEL, g->names, &names, err));
    SG_TRY(chain_text(g->chain, &chain, err));
    purposes_text(g, oid, purposes);
    SG_TRY(pem_text("PUBLIC KEY", key->spki, &spki, err));
    if (g->bound)
        SG_TRY(pem_text("CERTIFICATE", g->issuer_cert, &cert, err));
    (void)snprintf(serial, sizeof(serial), "%s", serial_of(key));
    (void)snprintf(label, sizeof(label), "%s", key->label);
    (void)snprintf(purpose, sizeof(purpose), "%s",
                   tok_purpose_name(g->purpose));
    struct guard_file file = {
        .version = GUARD_FILE_VERSION,
        .token_serial = serial,
        .label = label,
        .key_id = sg_hex(key->id, id, sizeof(id)),
        .public_key = (char *)spki.data,
        .purpose = purpose,
        .may_sign_ca = g->may_sign_ca,
        .max_path_length = g->has_max_path_length ? &path_length : NULL,
        .max_validity = (uint64_t)g->max_validity,
        .may_sign_crl = &may_sign_crl,
        .extended_key_usage = g->n_eku > 0 ? purposes : NULL,
        .n_extended_key_usage = g->n_eku,
        .name_constraints = g->names.len > 0 ? (char *)names.data : NULL,
        .max_per_second = per_second > 0 ? &per_second : NULL,
        .max_per_day = per_day > 0 ? &per_day : NULL,
        .issuer_certificate = g->bound ? (char *)cert.data : NULL,
        .issuer_chain = g->chain.len > 0 ? (char *)chain.data : NULL,
    };
    /* libcyaml 1.3 writes numbers through one static buffer. */
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    (void)pthread_mutex_lock(&one_at_a_time);
    enum sg_rc rc = sg_config_save(&SCHEMA, &file, out, err);
    (void)pthread_mutex_unlock(&one_at_a_time);
    return rc;
}

static enum sg_rc guard_write(const struct tok_guard_key *key,
                              const struct tok_guard *g,
                              enum sg_file_clobber clobber, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text;
    char path[TOK_GUARD_PATH_MAX];

    sg_buf_init(&text, GUARD_FILE_MAX);
    SG_TRY(tok_guard_path(key, ".yaml", path, sizeof(path), err));
    SG_TRY(guard_text(key, g, &text, err));
    return sg_file_write(path, sg_buf_slice(&text), 0600, clobber, err);
}

enum sg_rc tok_guard_create(const struct tok_guard_key *key,
                            const struct tok_guard *limits, struct sg_err *err)
{
    SG_TRY(tok_guard_check_limits(limits, err));
    return guard_write(key, limits, SG_FILE_NEW_ONLY, err);
}

void tok_guard_forget(const struct tok_guard_key *key)
{
    char path[TOK_GUARD_PATH_MAX];
    struct sg_err err = { 0 };

    if (tok_guard_path(key, ".yaml", path, sizeof(path), &err) == SG_OK)
        (void)unlink(path);
}

/* --- changing ------------------------------------------------------------------ */

/* The guard in the file, which stays locked. */
static enum sg_rc open_locked(const struct tok_guard_key *key, int *ret_lock,
                              struct tok_guard_state **ret_now,
                              struct sg_err *err)
{
    if (key->dir == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "no guard directory: start with --guards");
    SG_TRY(dir_lock(key->dir, ret_lock, err));
    SG_TRY(tok_guard_load(key, NULL, ret_now, err));
    if (*ret_now == NULL)
        return sg_err_set(err, SG_NOT_FOUND, "guard: key \"%s\" has no guard",
                          key->label);
    return SG_OK;
}

static enum sg_rc replace(const struct tok_guard_key *key,
                          struct tok_guard_state **guard,
                          struct tok_guard_state **ret_guard,
                          struct sg_err *err)
{
    SG_TRY(guard_write(key, &(*guard)->limits, SG_FILE_REPLACE, err));
    *ret_guard = SG_TAKE(*guard);
    return SG_OK;
}

/* One chain is the other with more certificates above. */
static bool is_longer(struct sg_slice chain, struct sg_slice now)
{
    return chain.len > now.len && sg_slice_eq(SG_SLICE(chain.p, now.len), now);
}

/* Again, with a newer certificate. */
static enum sg_rc bind_responder(const struct tok_guard_key *key,
                                 const struct tok_guard_state *now,
                                 struct sg_slice cert, struct sg_slice chain,
                                 struct tok_guard_state **ret_guard,
                                 struct sg_err *err)
{
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *next = NULL;
    struct tok_guard limits = now->limits;

    limits.issuer_cert = cert;
    limits.chain = chain;
    SG_TRY(tok_guard_new(&limits, key->spki, &next, err));
    if (!tok_guard_may_follow(now, next))
        return tok_refuse(err, BIND,
                          "guard: key \"%s\" is bound already to the "
                          "certificate of a responder with another name, or of "
                          "another CA",
                          key->label);
    SG_TRY(tok_chain_check_signatures(next, err));
    return replace(key, &next, ret_guard, err);
}

enum sg_rc tok_guard_bind_file(const struct tok_guard_key *key,
                               struct sg_slice cert, struct sg_slice chain,
                               struct tok_guard_state **ret_guard,
                               struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int lock = -1;
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *now = NULL;
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *next = NULL;

    SG_TRY(open_locked(key, &lock, &now, err));
    struct tok_guard limits = now->limits;
    if (limits.bound && limits.purpose == TOK_PURPOSE_OCSP)
        return bind_responder(key, now, cert, chain, ret_guard, err);
    if (limits.bound && !sg_slice_eq(limits.issuer_cert, cert))
        return tok_refuse(err, BIND,
                          "guard: key \"%s\" is bound to another certificate "
                          "already",
                          key->label);
    if (limits.bound && !is_longer(chain, limits.chain)) {
        if (chain.len > 0 && !is_longer(limits.chain, chain)
            && !sg_slice_eq(limits.chain, chain))
            return tok_refuse(err, BIND,
                              "guard: key \"%s\" is bound with another chain "
                              "already",
                              key->label);
        *ret_guard = SG_TAKE(now);
        return SG_OK;
    }
    limits.bound = true;
    limits.issuer_cert = cert;
    limits.chain = chain;
    SG_TRY(tok_guard_new(&limits, key->spki, &next, err));
    SG_TRY(tok_chain_check_signatures(next, err));
    return replace(key, &next, ret_guard, err);
}

enum sg_rc tok_guard_narrow_file(const struct tok_guard_key *key,
                                 const struct tok_guard *want,
                                 struct tok_guard_state **ret_guard,
                                 struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int lock = -1;
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *now = NULL;
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *next = NULL;
    struct tok_guard limits = *want;

    SG_TRY(open_locked(key, &lock, &now, err));
    SG_TRY(tok_guard_check_narrower(&now->limits, want, err));
    limits.bound = now->limits.bound;
    limits.issuer_cert = now->limits.issuer_cert;
    limits.chain = now->limits.chain;
    SG_TRY(tok_guard_new(&limits, key->spki, &next, err));
    return replace(key, &next, ret_guard, err);
}
