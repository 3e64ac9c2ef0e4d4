/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cert-objects.h"

#include <stdlib.h>
#include <string.h>

#include "common/der.h"
#include "common/file.h"
#include "common/pem.h"

#define FILE_BYTES ((size_t)256 << 20) /* a CRL with some million entries */

/* A new object at the end, not counted yet. */
static enum sg_rc grow(struct cli_objects *objects, const char *path,
                       struct cli_object **ret, struct sg_err *err)
{
    struct cli_object *v =
        reallocarray(objects->v, objects->n + 1, sizeof(*objects->v));
    if (v == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    objects->v = v;
    v[objects->n] = (struct cli_object){ .file = path };
    sg_buf_init(&v[objects->n].der, FILE_BYTES);
    *ret = &v[objects->n];
    return SG_OK;
}

static enum sg_rc read_blocks(struct cli_objects *objects, const char *path,
                              struct sg_slice text, struct sg_err *err)
{
    char label[SG_PEM_LABEL_MAX];
    bool found = false;
    unsigned index = 0;

    for (;;) {
        struct cli_object *object = NULL;
        SG_TRY(grow(objects, path, &object, err));
        objects->n++;
        object->index = index++;
        SG_TRY(sg_pem_next(&text, label, &object->der, &found, err));
        if (!found) {
            sg_buf_done(&object->der);
            objects->n--;
            break;
        }
        object->is_crl = strcmp(label, "X509 CRL") == 0;
        if (!object->is_crl && strcmp(label, "CERTIFICATE") != 0)
            return sg_err_set(err, SG_FORMAT,
                              "\"%s\" is neither CERTIFICATE nor X509 CRL",
                              label);
    }
    if (index == 1)
        return sg_err_set(err, SG_FORMAT, "holds neither PEM nor DER");
    return SG_OK;
}

static enum sg_rc read_one(struct cli_objects *objects, const char *path,
                           bool der_is_crl, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes = { 0 };
    sg_buf_init(&bytes, FILE_BYTES);
    SG_TRY(sg_file_read(path, &bytes, err));
    struct sg_slice all = sg_buf_slice(&bytes);
    if (all.len == 0 || all.p[0] != SG_DER_SEQUENCE)
        return read_blocks(objects, path, all, err);

    struct cli_object *object = NULL;
    SG_TRY(grow(objects, path, &object, err));
    objects->n++;
    object->is_crl = der_is_crl;
    return sg_buf_put(&object->der, all.p, all.len, err);
}

enum sg_rc cli_objects_read(struct cli_objects *objects, const char *path,
                            bool der_is_crl, struct sg_err *err)
{
    if (read_one(objects, path, der_is_crl, err) != SG_OK)
        return strstr(err->msg, path) != NULL ? err->rc
                                              : sg_err_wrap(err, "%s", path);
    return SG_OK;
}

void cli_objects_done(struct cli_objects *objects)
{
    for (size_t i = 0; i < objects->n; i++)
        sg_buf_done(&objects->v[i].der);
    free(objects->v);
    *objects = (struct cli_objects){ 0 };
}

void cli_objects_done_cleanup(struct cli_objects *objects)
{
    cli_objects_done(objects);
}
