/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/constraints.h"
#include "ca/dn-text.h"
#include "tests/unit/ca/openssl.h"

/* One name against one CA's constraints, form by form. What a whole chain
 * refuses is in tests/data/bad/leaf. */

static struct sg_arena arena;
static struct sg_err err;

static int setup(void **state)
{
    (void)state;
    sg_arena_init(&arena, (size_t)1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

static const struct form {
    const char *word; /* in front of a name: "dns:example.com" */
    enum ca_san_kind kind;
    const char *oid;  /* otherName */
    const char *noun; /* in messages */
} FORMS[] = {
    { "dns:", CA_SAN_DNS, NULL, "DNS name" },
    { "ip:", CA_SAN_IP, NULL, "IP name" },
    { "email:", CA_SAN_EMAIL, NULL, "email name" },
    { "uri:", CA_SAN_URI, NULL, "URI name" },
    { "upn:", CA_SAN_OTHER, "1.3.6.1.4.1.311.20.2.3", "user principal name" },
    { "other:", CA_SAN_OTHER, "1.2.3", "otherName name" },
    { "dn:", CA_SAN_DIRECTORY, NULL, "subject" },
    { "cn:", CA_SAN_DIRECTORY, NULL, "common name" },
};

static const struct form *form_of(const char *text, const char **ret_value)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(FORMS); i++)
        if (strncmp(text, FORMS[i].word, strlen(FORMS[i].word)) == 0) {
            *ret_value = text + strlen(FORMS[i].word);
            return &FORMS[i];
        }
    fail_msg("\"%s\" has no form", text);
    return NULL;
}

/* "+dns:example.com -ip:10.0.0.0/8": permitted and excluded. */
static struct ca_constraints constraints_of(const char *text)
{
    struct ca_constraints nc = { 0 };
    char *rest = NULL;
    char *copy = sg_arena_strdup(&arena, text);

    for (char *one = strtok_r(copy, " ", &rest); one != NULL;
         one = strtok_r(NULL, " ", &rest)) {
        const char *value = NULL;
        const struct form *form = form_of(one + 1, &value);

        if (form->oid != NULL && strcmp(form->word, "other:") == 0)
            value = sg_arena_printf(&arena, "%s;UTF8:%s", form->oid, value);
        t_ok(&err, ca_subtrees_add(&arena,
                                   one[0] == '+' ? &nc.permitted : &nc.excluded,
                                   form->kind, value, &err));
    }
    return nc;
}

static void add_san(struct ca_sans *sans, const struct form *form,
                    const char *value)
{
    struct sg_slice s = sg_slice_str(value);

    if (form->kind == CA_SAN_DNS)
        t_ok(&err, ca_sans_add_dns_lax(&arena, sans, s, &err));
    else if (form->kind == CA_SAN_EMAIL)
        t_ok(&err, ca_sans_add_email(&arena, sans, s, &err));
    else if (form->kind == CA_SAN_URI)
        t_ok(&err, ca_sans_add_uri(&arena, sans, s, &err));
    else if (form->kind == CA_SAN_IP)
        t_ok(&err, ca_sans_add_ip(&arena, sans, s, &err));
    else
        t_ok(&err, ca_sans_add_other(&arena, sans, form->oid, s, &err));
}

static struct sg_slice subject_of(const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct ca_dn dn = { 0 };

    if (text[0] != '\0')
        t_ok(&err, ca_dn_from_text(&arena, text, &dn, &err));
    sg_buf_init(&out, 4096);
    t_ok(&err, ca_dn_encode(&dn, &out, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

struct row {
    const char *constraints, *name;
    const char *tail;  /* of the refusal; NULL: allowed */
    const char *shown; /* NULL: the name as it was given */
};
#define FREE NULL, NULL
#define OUTSIDE "lies in no permitted subtree", NULL
#define IN(tree) "lies in the excluded subtree \"" tree "\"", NULL
#define COVERS(tree) "covers names of the excluded subtree \"" tree "\"", NULL
#define USER \
    "has user information, which verifiers read otherwise, beside the " \
    "constraints", \
        NULL
#define NO_HOST "has no host name to hold against the constraints", NULL

static void try_row(const struct row *row)
{
    struct ca_constraints nc = constraints_of(row->constraints);
    struct ca_sans sans = { 0 };
    const char *value = NULL;
    const struct form *form = form_of(row->name, &value);
    struct ca_names names = { .subject = subject_of(""), .sans = &sans };
    char text[512] = "";

    if (strcmp(form->word, "cn:") == 0)
        names.subject = subject_of(sg_arena_printf(&arena, "CN=%s", value));
    else if (form->kind == CA_SAN_DIRECTORY)
        names.subject = subject_of(value);
    else
        add_san(&sans, form, value);
    if (row->tail != NULL)
        (void)snprintf(
            text, sizeof(text), "%s \"%s\" %s of \"CN=CA\" (RFC 5280 4.2.1.10)",
            form->noun, row->shown != NULL ? row->shown : value, row->tail);
    sg_err_clear(&err);
    enum sg_rc rc = ca_constraints_check(&nc, &names, "CN=CA", &err);
    if (rc != (row->tail != NULL ? SG_POLICY : SG_OK)
        || strcmp(err.msg, text) != 0)
        fail_msg("%s in %s:\n want %s\n  got %s", row->name, row->constraints,
                 text, err.msg);
}

static void try_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        try_row(&rows[i]);
}

/* --- form by form ------------------------------------------------------------------ */

#define DNS "+dns:example.com -dns:secret.example.com"

static void holds_dns_names(void **state)
{
    static const struct row ROWS[] = {
        { DNS, "dns:example.com", FREE },
        { DNS, "dns:a.b.example.com", FREE },
        { DNS, "dns:notsecret.example.com", FREE },
        { DNS, "dns:example.org", OUTSIDE },
        { DNS, "dns:badexample.com", OUTSIDE },
        { DNS, "dns:secret.example.com", IN("secret.example.com") },
        { DNS, "dns:a.secret.example.com", IN("secret.example.com") },
        /* Forms that are not mentioned stay free. */
        { DNS, "ip:10.1.2.3", FREE },
        { DNS, "email:a@example.org", FREE },
        { "-dns:", "dns:a.example", IN("") },
        { "+dns:", "dns:a.example", FREE },
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
}

#define WILD "+dns:example.com -dns:bad.example.com -dns:x.y.example.com"

static void holds_wildcards(void **state)
{
    static const struct row ROWS[] = {
        { WILD, "dns:*.example.com", COVERS("bad.example.com") },
        { WILD, "dns:b*.example.com", COVERS("bad.example.com") },
        { WILD, "dns:*.bad.example.com", IN("bad.example.com") },
        { WILD, "dns:*.y.example.com", COVERS("x.y.example.com") },
        { WILD, "dns:*.good.example.com", FREE },
        { WILD, "dns:*.com", OUTSIDE }, /* stands for x.com too */
        { "+dns:host.example.com", "dns:*.example.com", OUTSIDE },
        { "+dns:host.example.com", "dns:*.host.example.com", FREE },
        { "-dns:com", "dns:*", COVERS("com") },
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
}

#define TEN "+ip:10.0.0.0/8 -ip:10.1.0.0/16"

static void holds_addresses(void **state)
{
    static const struct row ROWS[] = {
        { TEN, "ip:10.2.3.4", FREE },
        { TEN, "ip:11.0.0.1", OUTSIDE },
        { TEN, "ip:10.1.2.3", IN("10.1.0.0/16") },
        { TEN, "ip:2001:db8::1", OUTSIDE },
        { TEN, "ip:::ffff:10.1.2.3",
          "lies in the excluded subtree "
          "\"10.1.0.0/16\"",
          "10.1.2.3" },
        { "-ip:0.0.0.0/0", "ip:2001:db8::1", FREE },
        { "-ip:0.0.0.0/0", "ip:192.0.2.1", IN("0.0.0.0/0") },
        { "-ip:0.0.0.0/0 -ip:::/0", "ip:2001:db8::1", IN("::/0") },
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
}

/* A plain host is that host alone, a leading dot what is below: the other way
 * round than with DNS names. */
#define MAIL \
    "+email:example.com +email:.sub.example +email:Ann@box.example " \
    "-email:root@example.com"

static void holds_email(void **state)
{
    static const struct row ROWS[] = {
        { MAIL, "email:x@example.com", FREE },
        { MAIL, "email:x@a.sub.example", FREE },
        { MAIL, "email:Ann@BOX.example", FREE },
        { MAIL, "email:x@a.example.com", OUTSIDE },
        { MAIL, "email:x@sub.example", OUTSIDE },
        { MAIL, "email:ann@box.example", OUTSIDE },
        { MAIL, "email:root@example.com", IN("root@example.com") },
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
}

#define URIS "+uri:example.com +uri:.sub.example -uri:no.sub.example"

static void holds_uris(void **state)
{
    static const struct row ROWS[] = {
        { URIS, "uri:https://EXAMPLE.com:1/x", FREE },
        { URIS, "uri:spiffe://a.sub.example/x", FREE },
        { URIS, "uri:https://a.example.com/", OUTSIDE },
        { URIS, "uri:https://no.sub.example", IN("no.sub.example") },
        { URIS, "uri:https://example.com@evil.example/", USER },
        { URIS, "uri:https://u@example.com/", USER },
        { MAIL, "uri:https://u@example.com/", FREE },
        { URIS, "uri:urn:x:example.com", NO_HOST },
        { URIS, "uri:https://192.0.2.1/", NO_HOST },
        { "-uri:no.sub.example", "uri:urn:x:example.com", NO_HOST },
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
}

/* The form of smart card logon is held like an email address; of any other,
 * only the very same value is inside. */
static void holds_other_names(void **state)
{
    static const struct row ROWS[] = {
        { "+upn:ex.de", "upn:ann@ex.de", FREE },
        { "+upn:ex.de", "upn:ann@EX.de", FREE },
        { "+upn:ex.de", "upn:ann@a.ex.de", OUTSIDE },
        { "+upn:.ex.de", "upn:ann@a.ex.de", FREE },
        { "+upn:ann@ex.de", "upn:ann@ex.de", FREE },
        { "+upn:ann@ex.de", "upn:Ann@ex.de", OUTSIDE },
        { "+upn:ex.de", "upn:ann", NO_HOST },
        { "-upn:ex.de", "upn:ann@ex.com", FREE },
        { "-upn:ex.de", "upn:ann@ex.de", IN("ex.de") },
        { "-upn:ex.de", "upn:ann@a.ex.de", IN("ex.de") },
        { "-upn:.ex.de", "upn:ann@a.ex.de", IN(".ex.de") },
        { "-upn:ann@ex.de", "upn:ANN@ex.de", IN("ann@ex.de") },
        { "-upn:ann@ex.de", "upn:bob@ex.de", FREE },
        { "+other:a@corp", "other:a@corp", FREE },
        { "+other:a@corp", "other:b@corp", OUTSIDE },
        { "-other:a@corp", "other:b@corp", IN("a@corp") },
        { "+upn:ex.de", "other:b@corp", FREE },
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
}

static void holds_the_subject(void **state)
{
    static const struct row ROWS[] = {
        { "+dn:O=Example", "dn:O=Example", FREE },
        { "+dn:O=Example", "dn:CN=x,O=Example", FREE },
        { "+dn:O=Example", "dn:O=Example,CN=x", OUTSIDE },
        { "+dn:O=Example", "dn:O=Example2", OUTSIDE },
        { "+dn:O=Example", "dn:", FREE }, /* an empty subject is no name */
        { "-dn:O=Example", "dn:O=Other", FREE },
        /* Permitted means to the letter, excluded what looks alike as well. */
        { "+dn:O=Example", "dn:O=EXAMPLE", OUTSIDE },
        { "-dn:O=Example", "dn:O=EXAMPLE", IN("O=Example") },
    };
    struct ca_constraints nc = constraints_of("-dn:O=Example");
    struct ca_sans none = { 0 };
    struct ca_names printable = {
        .subject = ossl_hex(&arena, "30 12 31 10 30 0e 06 03 55 04 0a 13 07 45 "
                                    "58 41 4d 50 4c 45"),
        .sans = &none
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
    t_refused(&err, ca_constraints_check(&nc, &printable, "CN=CA", &err),
              SG_POLICY,
              "subject \"O=EXAMPLE\" lies in the excluded subtree "
              "\"O=Example\" of \"CN=CA\" (RFC 5280 4.2.1.10)");
}

static void holds_the_common_name(void **state)
{
    static const struct row ROWS[] = {
        { DNS, "cn:web.example.com", FREE },
        { DNS, "cn:WEB.EXAMPLE.COM", FREE },
        { DNS, "cn:Jane Doe", FREE },
        { DNS, "cn:localhost", FREE },
        /* Beside no DNS name its numbers are labels to OpenSSL. */
        { DNS, "cn:192.0.2.1", OUTSIDE },
        /* An address is held as one. */
        { TEN, "cn:10.2.3.4", FREE },
        { TEN, "cn:11.0.0.1", OUTSIDE },
        { TEN, "cn:2001:db8::1", OUTSIDE },
        { TEN, "cn:10.1.2.3", IN("10.1.0.0/16") },
        { DNS, "cn:web.example.org", OUTSIDE },
        { DNS, "cn:a_b.example.org", OUTSIDE },
        { DNS, "cn:web.example.org.", OUTSIDE },
        { DNS, "cn:*.example.com", COVERS("secret.example.com") },
    };

    (void)state;
    try_rows(ROWS, SG_ARRAY_LEN(ROWS));
}

/* --- several names ----------------------------------------------------------------- */

/* The CN counts also when there are SANs: openssl looks at it only when there
 * are none. */
static void holds_the_common_name_beside_sans(void **state)
{
    struct ca_constraints nc = constraints_of("+dns:example.com");
    struct ca_sans sans = { 0 };
    struct ca_names names = { .subject = subject_of("CN=evil.example"),
                              .sans = &sans };

    (void)state;
    add_san(&sans, &FORMS[0], "web.example.com");
    t_refused(&err, ca_constraints_check(&nc, &names, "CN=CA", &err), SG_POLICY,
              "common name \"evil.example\" lies in no permitted subtree of "
              "\"CN=CA\" (RFC 5280 4.2.1.10)");
    names.subject = subject_of("CN=192.0.2.1");
    t_ok(&err, ca_constraints_check(&nc, &names, "CN=CA", &err));
}

static void holds_email_in_the_subject(void **state)
{
    /* emailAddress=a@b.de */
    struct sg_slice subject =
        ossl_hex(&arena, "30 17 31 15 30 13 06 09 2a 86 48 86 f7 0d 01 09 01"
                         "16 06 61 40 62 2e 64 65");
    struct ca_constraints nc = constraints_of("+email:b.de");
    struct ca_sans none = { 0 };
    struct ca_names names = { .subject = subject, .sans = &none };

    (void)state;
    t_ok(&err, ca_constraints_check(&nc, &names, "CN=CA", &err));
    nc = constraints_of("-email:b.de");
    t_refused(&err, ca_constraints_check(&nc, &names, "CN=CA", &err), SG_POLICY,
              "subject emailAddress \"a@b.de\" lies in the excluded subtree "
              "\"b.de\" of \"CN=CA\" (RFC 5280 4.2.1.10)");
}

static void holds_every_san(void **state)
{
    struct ca_constraints nc = constraints_of("+dns:example.com");
    struct ca_sans sans = { 0 };
    struct ca_names names = { .subject = subject_of(""), .sans = &sans };

    (void)state;
    add_san(&sans, &FORMS[0], "a.example.com");
    add_san(&sans, &FORMS[0], "b.example.com");
    t_ok(&err, ca_constraints_check(&nc, &names, "CN=CA", &err));
    add_san(&sans, &FORMS[0], "c.example.org");
    t_refused(&err, ca_constraints_check(&nc, &names, "CN=CA", &err), SG_POLICY,
              "DNS name \"c.example.org\" lies in no permitted subtree of "
              "\"CN=CA\" (RFC 5280 4.2.1.10)");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(holds_dns_names),
        T(holds_wildcards),
        T(holds_addresses),
        T(holds_email),
        T(holds_uris),
        T(holds_other_names),
        T(holds_the_subject),
        T(holds_the_common_name),
        T(holds_the_common_name_beside_sans),
        T(holds_email_in_the_subject),
        T(holds_every_san),
    };
#undef T

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
