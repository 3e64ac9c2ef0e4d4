/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/desk.h"

#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/pem.h"

#define UNFILLED "CHANGE-ME"
#define ARENA_MAX ((size_t)64 << 20)
#define FILE_MAX ((size_t)1 << 20)

struct sg_arena desk_arena;
struct lint_report desk_report;

const char *desk_edit(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    if (at == NULL)
        fail_msg("\"%s\" is not in the request", from);
    const char *made = sg_arena_printf(
        &desk_arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    assert_non_null(made);
    return made;
}

/* CHANGE-ME stands in comments too: only values end with it. */
const char *desk_fill(enum cer_type type, const char *const *values)
{
    const char *text = cer_template(type);

    for (; *values != NULL; values++)
        text = desk_edit(text, ": " UNFILLED "\n",
                         sg_arena_printf(&desk_arena, ": %s\n", *values));
    assert_null(strstr(text, ": " UNFILLED "\n"));
    return text;
}

#define HEAD \
    "Try", "Rita", "2027-01-10T00:00:00Z", "2027-01-20T23:59:59Z", "desk"
#define START "2027-01-10T00:00:00Z"
#define SUBJECT(cn) cn, "Example", "DE"

const char *desk_request(enum cer_type type)
{
    static const char *const key[] = { HEAD, "root", NULL };
    static const char *const root[] = { HEAD,       "root",
                                        "root.pub", SUBJECT("Desk Root"),
                                        START,      NULL };
    static const char *const intermediate[] = {
        HEAD,  "root", "root.crt", "issuing.csr", SUBJECT("Desk Issuing"),
        START, NULL
    };
    static const char *const csr[] = { HEAD, "issuing", "issuing.pub",
                                       SUBJECT("Desk Issuing"), NULL };
    static const char *const cross[] = { HEAD,       "root",
                                         "root.crt", "other-root.crt",
                                         START,      NULL };
    static const char *const rollover[] = { HEAD,           "root", "root.crt",
                                            "new-root.pub", START,  NULL };
    static const char *const ocsp[] = {
        HEAD, "root", "root.crt", "ocsp.csr", SUBJECT("Desk OCSP"), START, NULL
    };
    static const char *const crl[] = {
        HEAD, "root", "root.crt", "none", "1", START, "2027-07-10T00:00:00Z",
        NULL
    };
    static const char *const *const values[] = {
        [CER_TYPE_KEY] = key,
        [CER_TYPE_ROOT] = root,
        [CER_TYPE_INTERMEDIATE] = intermediate,
        [CER_TYPE_CSR] = csr,
        [CER_TYPE_CROSS_CERTIFICATE] = cross,
        [CER_TYPE_ROLLOVER] = rollover,
        [CER_TYPE_OCSP_RESPONDER] = ocsp,
        [CER_TYPE_CRL] = crl,
    };

    return desk_fill(type, values[type]);
}

/* "/tmp/x/request.yaml: …" is "request.yaml: …" wherever the test runs. */
static void forget_folder(struct sg_err *err)
{
    const char *folder = ossl_path("");
    char *at;

    while ((at = strstr(err->msg, folder)) != NULL)
        memmove(at, at + strlen(folder), strlen(at + strlen(folder)) + 1);
}

enum sg_rc desk_resolve(const char *text, struct cer_plan *ret_plan,
                        struct sg_err *err)
{
    const char *path = ossl_path("request.yaml");

    t_file_write(path, text, strlen(text));
    enum sg_rc rc = cer_plan_resolve(path, DESK_NOW, &desk_arena, ret_plan,
                                     &desk_report, err);
    forget_folder(err);
    return rc;
}

void desk_plan(const char *text, struct cer_plan *ret_plan)
{
    struct sg_err err = { 0 };

    t_ok(&err, desk_resolve(text, ret_plan, &err));
}

void desk_sign(const struct cer_plan *plan, const char *key, const char *name)
{
    desk_sign_nth(plan, 0, key, name);
}

void desk_sign_nth(const struct cer_plan *plan, size_t i, const char *key,
                   const char *name)
{
    static const char *const labels[] = {
        [CER_TYPE_ROOT] = "CERTIFICATE",
        [CER_TYPE_INTERMEDIATE] = "CERTIFICATE",
        [CER_TYPE_CSR] = "CERTIFICATE REQUEST",
        [CER_TYPE_CROSS_CERTIFICATE] = "CERTIFICATE",
        [CER_TYPE_ROLLOVER] = "CERTIFICATE",
        [CER_TYPE_OCSP_RESPONDER] = "CERTIFICATE",
        [CER_TYPE_CRL] = "X509 CRL",
    };
    struct sg_err err = { 0 };
    struct sg_buf bytes;
    struct sg_buf der;
    struct sg_buf pem;

    sg_buf_init(&bytes, FILE_MAX);
    sg_buf_init(&der, FILE_MAX);
    sg_buf_init(&pem, FILE_MAX);
    t_file_write(ossl_path("tbs"), plan->sign[i].der.p, plan->sign[i].der.len);
    ossl("dgst", plan->alg == CA_SIGALG_ECDSA_SHA384 ? "-sha384" : "-sha256",
         "-sign", ossl_path(key), "-out", ossl_path("signature"),
         ossl_path("tbs"));
    t_ok(&err, sg_file_read(ossl_path("signature"), &bytes, &err));
    t_ok(&err, ca_signed_encode(plan->sign[i].der, plan->alg,
                                sg_buf_slice(&bytes), &der, &err));
    t_ok(&err,
         sg_pem_encode(labels[plan->type], sg_buf_slice(&der), &pem, &err));
    t_ok(&err, sg_buf_put_u8(&pem, '\n', &err));
    t_file_write(ossl_path(name), pem.data, pem.len);
    sg_buf_done(&bytes);
    sg_buf_done(&der);
    sg_buf_done(&pem);
}

/* name.key and name.pub */
static void make_key(const char *name, const char *type)
{
    char key[64];
    char pub[64];

    (void)snprintf(key, sizeof(key), "%s.key", name);
    (void)snprintf(pub, sizeof(pub), "%s.pub", name);
    ossl_key(key, type);
    ossl("pkey", "-in", ossl_path(key), "-pubout", "-out", ossl_path(pub));
}

static void make_csr(const char *key, const char *name, const char *subject)
{
    ossl("req", "-new", "-key", ossl_path(key), "-subj", subject, "-out",
         ossl_path(name));
}

/* One bit of the signature is another one. */
static void make_bad_csr(void)
{
    struct sg_slice der =
        ossl_der(&desk_arena, "issuing.csr", "CERTIFICATE REQUEST");
    uint8_t *copy = sg_arena_alloc(&desk_arena, der.len);

    assert_non_null(copy);
    memcpy(copy, der.p, der.len);
    copy[der.len - 1] ^= 1;
    t_file_write(ossl_path("bad.csr"), copy, der.len);
}

static void make_root(const char *cn, const char *name, const char *pub,
                      const char *key)
{
    struct cer_plan plan;
    const char *text = desk_request(CER_TYPE_ROOT);

    text = desk_edit(text, "common_name: Desk Root", cn);
    text = desk_edit(text, "public_key: root.pub", pub);
    desk_plan(text, &plan);
    desk_sign(&plan, key, name);
}

int desk_clear(void **state)
{
    (void)state;
    sg_arena_done(&desk_arena);
    sg_arena_init(&desk_arena, ARENA_MAX);
    return 0;
}

int desk_open(void **state)
{
    if (ossl_open(state) != 0)
        return 1;
    sg_arena_init(&desk_arena, ARENA_MAX);
    make_key("root", "EC:P-384");
    make_key("new-root", "EC:P-384");
    make_key("other-root", "EC:P-256");
    make_key("issuing", "EC:P-256");
    make_key("ocsp", "EC:P-256");
    make_key("rita", "ED25519");
    make_key("ada", "ED25519");
    make_key("ben", "EC:P-256");
    make_csr("issuing.key", "issuing.csr", "/C=DE/O=Example/CN=Asked For");
    make_bad_csr();
    make_csr("ocsp.key", "ocsp.csr", "/CN=Desk OCSP");
    make_root("common_name: Desk Root", "root.crt", "public_key: root.pub",
              "root.key");
    make_root("common_name: Other Root", "other-root.crt",
              "public_key: other-root.pub", "other-root.key");
    return desk_clear(state);
}

int desk_close(void **state)
{
    sg_arena_done(&desk_arena);
    return ossl_close(state);
}
