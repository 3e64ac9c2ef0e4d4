/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ceremony/plan-build.h"
#include "common/file.h"
#include "common/pem.h"

#define CHAIN_FILE_MAX ((size_t)2 * CA_CERT_MAX * CA_CHAIN_MAX)
#define KEY_FILE_MAX \
    ((size_t)2 * CA_CERT_MAX) /* a certificate in PEM may bring it */
#define CSR_FILE_MAX ((size_t)2 * CA_CSR_MAX)

static enum sg_rc no_memory(struct sg_err *err)
{
    return sg_err_set(err, SG_NOMEM, "plan");
}

/* Relative names begin at the request's own folder. */
static const char *resolve(const struct cer_build *build, const char *path)
{
    const char *slash = strrchr(build->path, '/');

    if (path[0] == '/' || slash == NULL)
        return sg_arena_strdup(build->arena, path);
    return sg_arena_printf(build->arena, "%.*s%s",
                           (int)(slash + 1 - build->path), build->path, path);
}

static const char *role(struct sg_arena *arena, const char *key)
{
    char *made = sg_arena_strdup(arena, key);
    size_t n = 0;

    for (const char *p = key; made != NULL && *p != '\0'; p++) {
        if (*p == ':')
            continue;
        made[n] = *p;
        if (*p == ' ' || *p == '_')
            made[n] = '-';
        n++;
    }
    if (made != NULL)
        made[n] = '\0';
    return made;
}

enum sg_rc cer_input_record(struct cer_build *build, const char *key,
                            const char *path, struct sg_slice bytes,
                            struct sg_err *err)
{
    struct cer_input input = { .role = role(build->arena, key),
                               .path = sg_arena_strdup(build->arena, path) };

    if (input.role == NULL || input.path == NULL)
        return no_memory(err);
    if (build->plan->n_inputs == CER_INPUTS_MAX)
        return sg_err_set(err, SG_CONFIG, "%s: more than %d files", key,
                          CER_INPUTS_MAX);
    SG_TRY(cer_sha256(bytes, input.sha256, err));
    build->plan->input[build->plan->n_inputs++] = input;
    return SG_OK;
}

enum sg_rc cer_input_bytes(struct cer_build *build, const char *key,
                           const char *path, size_t max, struct sg_slice *ret,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    const char *full = resolve(build, path);
    struct sg_err why = { 0 };

    sg_buf_init(&bytes, max);
    if (full == NULL)
        return no_memory(err);
    if (sg_file_read(full, &bytes, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s: %s", key, why.msg);
    SG_TRY(cer_input_record(build, key, path, sg_buf_slice(&bytes), err));
    struct sg_slice copy = sg_arena_copy(build->arena, sg_buf_slice(&bytes));
    if (bytes.len > 0 && copy.p == NULL)
        return no_memory(err);
    *ret = copy;
    return SG_OK;
}

/* One PEM block with this label, or DER, into the arena. */
static enum sg_rc unwrap(struct cer_build *build, struct sg_slice bytes,
                         const char *label, struct sg_slice *ret,
                         struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    sg_buf_init(&der, CA_CERT_MAX);
    SG_TRY(sg_pem_or_der(bytes, label, &der, err));
    struct sg_slice copy = sg_arena_copy(build->arena, sg_buf_slice(&der));
    if (copy.p == NULL)
        return no_memory(err);
    *ret = copy;
    return SG_OK;
}

/* Everything that is wrong with a file is an error of the request. */
static enum sg_rc bad_file(const char *key, const char *path,
                           const struct sg_err *why, struct sg_err *err)
{
    return sg_err_set(err,
                      why->rc == SG_NOMEM    ? SG_NOMEM
                      : why->rc == SG_POLICY ? SG_POLICY
                                             : SG_CONFIG,
                      "%s: %s: %s", key, path, why->msg);
}

static enum sg_rc read_certificate(struct cer_build *build,
                                   struct sg_slice bytes, struct ca_cert *ret,
                                   struct sg_err *err)
{
    struct sg_slice der = { 0 };

    SG_TRY(unwrap(build, bytes, "CERTIFICATE", &der, err));
    return ca_cert_parse(build->arena, der, ret, err);
}

enum sg_rc cer_input_certificate(struct cer_build *build, const char *key,
                                 const char *path, struct ca_cert **ret,
                                 struct sg_err *err)
{
    struct ca_cert *cert = sg_arena_new(build->arena, struct ca_cert);
    struct sg_slice bytes = { 0 };
    struct sg_err why = { 0 };

    if (cert == NULL)
        return no_memory(err);
    SG_TRY(cer_input_bytes(build, key, path, CHAIN_FILE_MAX, &bytes, err));
    if (read_certificate(build, bytes, cert, &why) != SG_OK)
        return bad_file(key, path, &why, err);
    *ret = cert;
    return SG_OK;
}

static enum sg_rc add_to_chain(struct cer_build *build, struct sg_slice text,
                               struct sg_err *err)
{
    struct cer_plan *plan = build->plan;
    size_t before = plan->n_chain;
    bool found = true;

    while (found) {
        SG_CLEANUP(sg_buf_done) struct sg_buf der;
        char label[SG_PEM_LABEL_MAX];

        sg_buf_init(&der, CA_CERT_MAX);
        SG_TRY(sg_pem_next(&text, label, &der, &found, err));
        if (!found)
            break;
        if (strcmp(label, "CERTIFICATE") != 0)
            return sg_err_set(err, SG_CONFIG, "a %s is no certificate", label);
        if (plan->n_chain == CA_CHAIN_MAX)
            return sg_err_set(err, SG_CONFIG,
                              "more than %d certificates with the issuer's",
                              CA_CHAIN_MAX);
        plan->chain[plan->n_chain] =
            sg_arena_copy(build->arena, sg_buf_slice(&der));
        if (plan->chain[plan->n_chain++].p == NULL)
            return no_memory(err);
    }
    if (plan->n_chain == before)
        return sg_err_set(err, SG_CONFIG, "no certificate in it (PEM)");
    return SG_OK;
}

enum sg_rc cer_input_chain(struct cer_build *build, const char *key,
                           const char *path, struct sg_err *err)
{
    struct sg_slice bytes = { 0 };
    struct sg_err why = { 0 };

    SG_TRY(cer_input_bytes(build, key, path, CHAIN_FILE_MAX, &bytes, err));
    if (add_to_chain(build, bytes, &why) != SG_OK)
        return bad_file(key, path, &why, err);
    return SG_OK;
}

static enum sg_rc read_key(struct cer_build *build, struct sg_slice bytes,
                           struct ca_spki *ret, struct sg_err *err)
{
    static const char mark[] = "-----BEGIN CERTIFICATE-----";
    struct sg_err as_key = { 0 };
    struct sg_slice der = { 0 };

    if (memmem(bytes.p, bytes.len, mark, strlen(mark)) == NULL) {
        SG_TRY(unwrap(build, bytes, "PUBLIC KEY", &der, err));
        if (ca_spki_parse(der, ret, &as_key) == SG_OK)
            return SG_OK;
    }
    struct ca_cert *cert = sg_arena_new(build->arena, struct ca_cert);
    if (cert == NULL)
        return no_memory(err);
    if (read_certificate(build, bytes, cert, err) == SG_OK) {
        *ret = cert->spki;
        return SG_OK;
    }
    /* DER that is neither is told about as a key. */
    if (as_key.rc != SG_OK)
        *err = as_key;
    return err->rc;
}

enum sg_rc cer_input_key(struct cer_build *build, const char *key,
                         const char *path, struct ca_spki *ret,
                         struct sg_err *err)
{
    struct sg_slice bytes = { 0 };
    struct sg_err why = { 0 };

    SG_TRY(cer_input_bytes(build, key, path, KEY_FILE_MAX, &bytes, err));
    if (read_key(build, bytes, ret, &why) != SG_OK)
        return bad_file(key, path, &why, err);
    return SG_OK;
}

static enum sg_rc read_csr(struct cer_build *build, struct sg_slice bytes,
                           struct ca_csr *ret, struct sg_err *err)
{
    struct sg_slice der = { 0 };

    SG_TRY(unwrap(build, bytes, "CERTIFICATE REQUEST", &der, err));
    SG_TRY(ca_csr_parse(build->arena, der, ret, err));
    return ca_csr_verify(ret, err);
}

enum sg_rc cer_input_csr(struct cer_build *build, const char *key,
                         const char *path, struct ca_csr **ret,
                         struct sg_err *err)
{
    struct ca_csr *csr = sg_arena_new(build->arena, struct ca_csr);
    struct sg_slice bytes = { 0 };
    struct sg_err why = { 0 };

    if (csr == NULL)
        return no_memory(err);
    SG_TRY(cer_input_bytes(build, key, path, CSR_FILE_MAX, &bytes, err));
    if (read_csr(build, bytes, csr, &why) != SG_OK)
        return bad_file(key, path, &why, err);
    *ret = csr;
    return SG_OK;
}
