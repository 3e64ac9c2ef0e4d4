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
#include "pkcs11/helper/guard.h"

#define GUARD_FILE_VERSION 1
#define GUARD_PATH_MAX 1024  /* bytes; what common/file takes */
#define GUARD_FILE_MAX 65536 /* bytes; a 32 KiB certificate in PEM is 44 KiB */

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
    char *issuer_certificate;  /* PEM; NULL until bound */
};

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
    CYAML_FIELD_STRING_PTR(
        "issuer_certificate", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct guard_file, issuer_certificate, 1, GUARD_FILE_MAX),
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

/* <dir>/<token serial>-<CKA_ID>.yaml; what a file name cannot hold becomes
 * "_", so the content is compared too. */
static enum sg_rc guard_path(const struct tok_guard_key *key, char *dst,
                             size_t size, struct sg_err *err)
{
    char serial[TOK_LABEL_MAX];
    char id[2 * TOK_ID_MAX + 1];

    if (key->dir == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "no guard directory: start with --guards");
    (void)snprintf(serial, sizeof(serial), "%s", key->serial);
    for (char *p = serial; *p != '\0'; p++)
        if (!((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z')
              || (*p >= 'A' && *p <= 'Z')))
            *p = '_';
    int n = snprintf(dst, size, "%s/%s-%s.yaml", key->dir, serial,
                     sg_hex(key->id, id, sizeof(id)));
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

    if (f->version != GUARD_FILE_VERSION)
        return sg_err_set(err, SG_CONFIG, "version: %u, this is %d",
                          (unsigned)f->version, GUARD_FILE_VERSION);
    if (strcmp(f->token_serial, key->serial) != 0)
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

static enum sg_rc guard_of_file(const struct guard_file *f,
                                const struct tok_guard_key *key,
                                struct sg_buf *out_spki,
                                struct tok_guard_state **ret_guard,
                                struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;
    SG_CLEANUP(sg_buf_done) struct sg_buf cert;
    struct tok_guard limits = { .may_sign_ca = f->may_sign_ca };

    sg_buf_init(&spki, TOK_SPKI_MAX);
    sg_buf_init(&cert, TOK_TBS_MAX);
    SG_TRY(pem_der(f->public_key, "PUBLIC KEY", &spki, err));
    SG_TRY(check_identity(f, key, sg_buf_slice(&spki), err));
    SG_TRY(tok_purpose_parse(f->purpose, &limits.purpose, err));
    if (f->max_validity > TOK_VALIDITY_MAX)
        return sg_err_set(err, SG_CONFIG, "max_validity: more than %lld s",
                          (long long)TOK_VALIDITY_MAX);
    limits.max_validity = (int64_t)f->max_validity;
    if (f->max_path_length != NULL) {
        limits.has_max_path_length = true;
        limits.max_path_length = *f->max_path_length;
    }
    if (f->issuer_certificate != NULL) {
        SG_TRY(pem_der(f->issuer_certificate, "CERTIFICATE", &cert, err));
        limits.bound = true;
        limits.issuer_cert = sg_buf_slice(&cert);
    }
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
    char path[GUARD_PATH_MAX];
    void *data = NULL;

    if (key->dir == NULL) {
        *ret_guard = NULL;
        return SG_OK;
    }
    SG_TRY(guard_path(key, path, sizeof(path), err));
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

/* The text of a guard; every string in file is borrowed for the call. */
static enum sg_rc guard_text(const struct tok_guard_key *key,
                             const struct tok_guard *g, struct sg_buf *out,
                             struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;
    SG_CLEANUP(sg_buf_done) struct sg_buf cert;
    char id[2 * TOK_ID_MAX + 1];
    char serial[TOK_LABEL_MAX];
    char label[TOK_LABEL_MAX];
    char purpose[16];
    uint32_t path_length = g->max_path_length;

    sg_buf_init(&spki, GUARD_FILE_MAX);
    sg_buf_init(&cert, GUARD_FILE_MAX);
    SG_TRY(pem_text("PUBLIC KEY", key->spki, &spki, err));
    if (g->bound)
        SG_TRY(pem_text("CERTIFICATE", g->issuer_cert, &cert, err));
    (void)snprintf(serial, sizeof(serial), "%s", key->serial);
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
        .issuer_certificate = g->bound ? (char *)cert.data : NULL,
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
    char path[GUARD_PATH_MAX];

    sg_buf_init(&text, GUARD_FILE_MAX);
    SG_TRY(guard_path(key, path, sizeof(path), err));
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
    char path[GUARD_PATH_MAX];
    struct sg_err err = { 0 };

    if (guard_path(key, path, sizeof(path), &err) == SG_OK)
        (void)unlink(path);
}

enum sg_rc tok_guard_bind_file(const struct tok_guard_key *key,
                               struct sg_slice cert,
                               struct tok_guard_state **ret_guard,
                               struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int lock = -1;
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *now = NULL;
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *bound = NULL;

    if (key->dir == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "no guard directory: start with --guards");
    SG_TRY(dir_lock(key->dir, &lock, err));
    SG_TRY(tok_guard_load(key, NULL, &now, err));
    if (now == NULL)
        return sg_err_set(err, SG_NOT_FOUND,
                          "guard: key \"%s\" has no guard to bind", key->label);
    if (now->limits.bound) {
        if (!sg_slice_eq(now->limits.issuer_cert, cert))
            return sg_err_set(err, SG_POLICY,
                              "guard: key \"%s\" is bound to another "
                              "certificate already",
                              key->label);
        *ret_guard = SG_TAKE(now);
        return SG_OK;
    }
    struct tok_guard limits = now->limits;
    limits.bound = true;
    limits.issuer_cert = cert;
    SG_TRY(tok_guard_new(&limits, key->spki, &bound, err));
    SG_TRY(guard_write(key, &limits, SG_FILE_REPLACE, err));
    *ret_guard = SG_TAKE(bound);
    return SG_OK;
}
