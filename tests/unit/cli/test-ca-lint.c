/* SPDX-License-Identifier: Apache-2.0 */
/* CA certificates meet the linter before the token sees them. */
#include "tests/lib/t.h"

#include <string.h>

#include "cli/ca-make.h"
#include "common/file.h"
#include "common/pem.h"

#define FILE_MAX 16384

static struct sg_err err;

/* The TBSCertificate of a file of tests/data/bad/lint, and the linter's word. */
static enum sg_rc lint_tbs_of(const char *name)
{
    char path[1024];
    struct sg_buf text;
    struct sg_buf der;
    struct sg_der in;
    struct sg_der cert;
    struct sg_der_tlv tbs;

    sg_err_clear(&err);
    sg_buf_init(&text, FILE_MAX);
    sg_buf_init(&der, FILE_MAX);
    (void)snprintf(path, sizeof(path), SOURCE_ROOT "/tests/data/bad/lint/%s",
                   name);
    assert_int_equal(sg_file_read(path, &text, &err), SG_OK);
    assert_int_equal(
        sg_pem_or_der(sg_buf_slice(&text), "CERTIFICATE", &der, &err), SG_OK);
    sg_der_init(&in, sg_buf_slice(&der), name);
    assert_int_equal(sg_der_enter(&in, SG_DER_SEQUENCE, &cert, &err), SG_OK);
    assert_int_equal(sg_der_get(&cert, SG_DER_SEQUENCE, &tbs, &err), SG_OK);
    enum sg_rc rc = cli_ca_lint(NULL, tbs.whole, &err);
    sg_buf_done(&der);
    sg_buf_done(&text);
    return rc;
}

/* Nothing is wrong with it but the signature, which is not there yet. */
static void test_good_root(void **state)
{
    (void)state;
    assert_int_equal(lint_tbs_of("root_signature.private.pem"), SG_OK);
}

static void test_bad_root(void **state)
{
    (void)state;
    assert_int_equal(lint_tbs_of("ca_usage_present.private.pem"), SG_POLICY);
    assert_string_equal(err.msg, "the linter refuses: ca_usage_present: no "
                                 "keyUsage (RFC 5280 4.2.1.3)");
    assert_int_equal(lint_tbs_of("nc_ip.private.pem"), SG_POLICY);
    assert_non_null(strstr(err.msg, "nc_ip: iPAddress subtree has host bits"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_root),
        cmocka_unit_test(test_bad_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
