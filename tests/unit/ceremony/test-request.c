/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/request.h"

static struct sg_arena arena;

static int open_arena(void **state)
{
    (void)state;
    sg_arena_init(&arena, (size_t)16 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

/* A template with the same word wherever a person has to write one. */
static const char *filled(enum cer_type type)
{
    const char *text = cer_template(type);
    const char *at;

    while ((at = strstr(text, ": CHANGE-ME\n")) != NULL)
        text = sg_arena_printf(&arena, "%.*s: word\n%s", (int)(at - text), text,
                               at + strlen(": CHANGE-ME\n"));
    assert_non_null(text);
    return text;
}

static enum sg_rc parse(const char *text, struct cer_request **ret,
                        struct sg_err *err)
{
    return cer_request_parse(sg_slice_str(text), "r.yaml", ret, err);
}

static void refuse(const char *text, const char *message)
{
    struct sg_err err = { 0 };
    struct cer_request *request = NULL;

    t_refused(&err, parse(text, &request, &err), SG_CONFIG, message);
    assert_null(request);
}

/* text with the first from replaced by to. */
static const char *edit(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    if (at == NULL)
        fail_msg("\"%s\" is not there", from);
    return sg_arena_printf(&arena, "%.*s%s%s", (int)(at - text), text, to,
                           at + strlen(from));
}

/* --- templates -------------------------------------------------------------- */

static void templates_are_requests(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    assert_null(cer_template(CER_TYPE_UNSET));
    for (int type = CER_TYPE_KEY; type <= CER_TYPE_CRL; type++) {
        struct cer_request *request = NULL;

        t_ok(&err, parse(filled((enum cer_type)type), &request, &err));
        assert_int_equal(request->kind, type);
        assert_string_equal(request->type, cer_type_name(request->kind));
        assert_string_equal(request->title, "word");
        assert_int_equal(request->approvals_needed, 0);
        cer_request_free(request);
    }
}

/* The first line that a person forgot is named. */
static void an_unfilled_template_is_refused(void **state)
{
    const char *text = cer_template(CER_TYPE_ROOT);

    (void)state;
    refuse(text, "r.yaml:11: title: still the template's CHANGE-ME");
    text = edit(text, "title: CHANGE-ME", "title: x");
    refuse(text, "r.yaml:17: requester.name: still the template's CHANGE-ME");
    text = edit(filled(CER_TYPE_ROOT), "common_name: word",
                "common_name: My CHANGE-ME Root");
    refuse(text,
           "r.yaml:50: subject.common_name: still the template's CHANGE-ME");
}

/* Whatever a template offers behind a "#" is known: taking the sign off its
 * keys one by one gives the linter of the schema something to agree with. */
static void every_key_that_a_template_offers_is_known(void **state)
{
    (void)state;
    for (int type = CER_TYPE_KEY; type <= CER_TYPE_CRL; type++) {
        const char *text = filled((enum cer_type)type);
        struct sg_err err = { 0 };
        struct cer_request *request = NULL;
        char *bare = sg_arena_strdup(&arena, text);
        size_t n = 0;

        /* "#key" and "#  key" are offers, "# Text" is a comment: an odd
         * number of spaces. */
        for (const char *p = text; *p != '\0';) {
            const char *end = strchr(p, '\n') + 1;
            const char *from = p;

            if (*p == '#' && strspn(p + 1, " ") % 2 == 0)
                from++;
            memcpy(bare + n, from, (size_t)(end - from));
            n += (size_t)(end - from);
            p = end;
        }
        bare[n] = '\0';
        if (parse(bare, &request, &err) == SG_OK) {
            cer_request_free(request);
            continue;
        }
        /* Two sources of one key are the only thing that may be wrong. */
        if (strstr(err.msg, "exactly one of") == NULL)
            fail_msg("%s: %s", cer_type_name((enum cer_type)type), err.msg);
    }
}

/* --- form -------------------------------------------------------------------- */

static void the_form_is_held(void **state)
{
    const char *text = filled(CER_TYPE_KEY);

    (void)state;
    refuse("", "r.yaml:1: the file is empty");
    refuse(edit(text, "approvals_needed: 0", "approvals_needed: 0\npin: 1234"),
           "r.yaml:28: pin: unknown key");
    refuse(edit(text, "  label: word\n", "  label: word\n  module: /x.so\n"),
           "r.yaml:38: token.module: unknown key");
    refuse(edit(text, "title: word\n", ""),
           "r.yaml:9: key \"title\" is missing");
    refuse(edit(text, "title: word\n", "title: word\ntitle: word\n"),
           "r.yaml:12: title: key given twice");
    refuse(edit(text, "approvals_needed: 0", "approvals_needed: \"0\""),
           "r.yaml:27: approvals_needed: must be a whole number, not a quoted "
           "text");
    refuse(edit(text, "approvals_needed: 0", "approvals_needed: -1"),
           "r.yaml:27: approvals_needed: \"-1\": not a whole number");
    refuse(edit(text, "may_sign_ca: true", "may_sign_ca: maybe"),
           "r.yaml:55: guard.may_sign_ca: \"maybe\": not true or false");
    refuse(edit(text, "#  max_path_length: 1", "  max_path_length: none"),
           "r.yaml:56: guard.max_path_length: \"none\": not a whole number");
    refuse(edit(text, "type: key", "type: leaf"),
           "r.yaml: type: \"leaf\": not one of key, root, intermediate, csr, "
           "cross-certificate, rollover, ocsp-responder, crl");
}

/* --- which keys go with which type -------------------------------------------- */

struct pair {
    enum cer_type type;
    const char *key; /* one that does not go with it */
    const char *yaml;
};

static void keys_of_other_types_are_refused(void **state)
{
    static const struct pair pairs[] = {
        { CER_TYPE_KEY, "path_length", "path_length: 0\n" },
        { CER_TYPE_KEY, "subject", "subject:\n  common_name: x\n" },
        { CER_TYPE_KEY, "signature", "signature:\n  hash: 256\n" },
        { CER_TYPE_ROOT, "issuer", "issuer:\n  certificate: x\n" },
        { CER_TYPE_ROOT, "extended_key_usage",
          "extended_key_usage: [serverAuth]\n" },
        { CER_TYPE_ROOT, "crl_distribution_points",
          "crl_distribution_points: [\"http://x/\"]\n" },
        { CER_TYPE_ROOT, "csr", "csr: x\n" },
        { CER_TYPE_INTERMEDIATE, "guard", "guard:\n  purpose: ca\n" },
        { CER_TYPE_INTERMEDIATE, "certificate", "certificate: x\n" },
        { CER_TYPE_CSR, "validity", "validity:\n  not_before: x\n" },
        { CER_TYPE_CSR, "profile", "profile: private\n" },
        { CER_TYPE_CROSS_CERTIFICATE, "subject",
          "subject:\n  common_name: x\n" },
        { CER_TYPE_CROSS_CERTIFICATE, "public_key", "public_key: x\n" },
        { CER_TYPE_ROLLOVER, "subject", "subject:\n  common_name: x\n" },
        { CER_TYPE_OCSP_RESPONDER, "path_length", "path_length: 0\n" },
        { CER_TYPE_OCSP_RESPONDER, "name_constraints",
          "name_constraints:\n  critical: true\n" },
        { CER_TYPE_CRL, "validity", "validity:\n  not_before: x\n" },
        { CER_TYPE_CRL, "public_key", "public_key: x\n" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(pairs); i++) {
        char want[128];

        (void)snprintf(want, sizeof(want),
                       "r.yaml: %s: does not go with type %s", pairs[i].key,
                       cer_type_name(pairs[i].type));
        refuse(sg_arena_printf(&arena, "%s%s", filled(pairs[i].type),
                               pairs[i].yaml),
               want);
    }
}

static void keys_that_a_type_needs_are_missed(void **state)
{
    static const struct pair pairs[] = {
        { CER_TYPE_ROOT, "public_key", "public_key: word\n" },
        { CER_TYPE_CSR, "public_key", "public_key: word\n" },
        { CER_TYPE_CROSS_CERTIFICATE, "certificate", "\ncertificate: word\n" },
        { CER_TYPE_INTERMEDIATE, "issuer", "issuer:\n  certificate: word\n" },
        { CER_TYPE_CRL, "issuer", "issuer:\n  certificate: word\n" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(pairs); i++) {
        char want[128];

        (void)snprintf(want, sizeof(want), "r.yaml: %s: type %s needs it",
                       pairs[i].key, cer_type_name(pairs[i].type));
        refuse(edit(filled(pairs[i].type), pairs[i].yaml, "\n"), want);
    }
}

static void one_source_for_the_key(void **state)
{
    const char *text = filled(CER_TYPE_OCSP_RESPONDER);

    (void)state;
    refuse(edit(text, "#public_key", "public_key"),
           "r.yaml: csr: exactly one of csr, certificate and public_key says "
           "whose key is certified, not both");
    refuse(edit(text, "csr: word\n", "\n"),
           "r.yaml: public_key: exactly one of csr, certificate and public_key "
           "says whose key is certified, not none");
    refuse(edit(text, "csr: word\n", "certificate: word\n"),
           "r.yaml: subject: does not go with certificate, whose own is taken "
           "over");
    refuse(
        edit(filled(CER_TYPE_ROLLOVER), "#certificate", "certificate"),
        "r.yaml: certificate: exactly one of certificate and public_key says "
        "whose key is certified, not both");
    text = edit(text, "csr: word\n#", "");
    refuse(edit(text,
                "subject:\n  common_name: word\n  organization: word\n"
                "  country: word\n",
                ""),
           "r.yaml: subject: needed with public_key (a csr would bring its "
           "own)");
}

/* 0 is a value, and so is nothing. */
static void presence_is_not_a_value(void **state)
{
    struct sg_err err = { 0 };
    struct cer_request *request = NULL;
    const char *text = filled(CER_TYPE_INTERMEDIATE);

    (void)state;
    t_ok(&err, parse(text, &request, &err));
    assert_non_null(request->path_length);
    assert_int_equal(*request->path_length, 0);
    assert_null(request->inhibit_any_policy);
    cer_request_free(request);
    t_ok(&err, parse(edit(text, "path_length: 0", "#"), &request, &err));
    assert_null(request->path_length);
    cer_request_free(request);
    refuse(edit(text, "path_length: 0", "path_length:"),
           "r.yaml:85: path_length: has no value");
    refuse(edit(text, "path_length: 0", "path_length: -1"),
           "r.yaml:85: path_length: \"-1\": not a whole number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_are_requests),
        cmocka_unit_test(an_unfilled_template_is_refused),
        cmocka_unit_test(every_key_that_a_template_offers_is_known),
        cmocka_unit_test(the_form_is_held),
        cmocka_unit_test(keys_of_other_types_are_refused),
        cmocka_unit_test(keys_that_a_type_needs_are_missed),
        cmocka_unit_test(one_source_for_the_key),
        cmocka_unit_test(presence_is_not_a_value),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
