/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/oracle-world.h"

#include <string.h>

/* Certificates with every algorithm, key and kind of name that ca/ makes, shown
 * to verifiers that are not ours. */

static void test_each_issuer_algorithm(void **state)
{
    static const struct {
        int root, inter;
        enum ca_sigalg alg;
        const char *text;
    } rows[] = {
        { P256_A, P256_B, CA_SIGALG_ECDSA_SHA256,
          "Signature Algorithm: ecdsa-with-SHA256" },
        { P384_A, P384_B, CA_SIGALG_ECDSA_SHA384,
          "Signature Algorithm: ecdsa-with-SHA384" },
        { P521_A, P521_B, CA_SIGALG_ECDSA_SHA512,
          "Signature Algorithm: ecdsa-with-SHA512" },
        { RSA_A, RSA_B, CA_SIGALG_RSA_SHA256,
          "Signature Algorithm: sha256WithRSAEncryption" },
        { RSA_A, RSA_B, CA_SIGALG_RSA_SHA384,
          "Signature Algorithm: sha384WithRSAEncryption" },
        { RSA_A, RSA_B, CA_SIGALG_RSA_SHA512,
          "Signature Algorithm: sha512WithRSAEncryption" },
        { RSA_A, RSA_B, CA_SIGALG_PSS_SHA256, "Hash Algorithm: sha256\n" },
        { RSA_A, RSA_B, CA_SIGALG_PSS_SHA384, "Hash Algorithm: sha384\n" },
        { RSA_A, RSA_B, CA_SIGALG_PSS_SHA512, "Hash Algorithm: sha512\n" },
        { ED_A, ED_B, CA_SIGALG_ED25519, "Signature Algorithm: ED25519" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *const texts[] = { rows[i].text, NULL };
        struct world w;

        world_open(&(struct world_args){ .root = &oracle_keys[rows[i].root],
                                         .inter = &oracle_keys[rows[i].inter],
                                         .alg = rows[i].alg },
                   &w);
        struct ca_leaf_args args = leaf_args(&w);
        leaf_holds(&w, &args, texts);
        world_close(&w);
    }
}

static void test_each_leaf_key(void **state)
{
    static const struct {
        int key;
        const char *text;
    } rows[] = {
        { P256_LEAF, "NIST CURVE: P-256" },
        { P384_A, "NIST CURVE: P-384" },
        { P521_A, "NIST CURVE: P-521" },
        { RSA_A, "Public-Key: (2048 bit)" },
        { RSA3072, "Public-Key: (3072 bit)" },
        { RSA4096, "Public-Key: (4096 bit)" },
        { ED_A, "Public Key Algorithm: ED25519" },
    };
    struct world w;

    (void)state;
    world_open_p256(&w, false);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *const texts[] = { rows[i].text, NULL };
        struct ca_leaf_args args = leaf_args(&w);

        args.spki = &oracle_keys[rows[i].key].spki;
        leaf_holds(&w, &args, texts);
    }
    world_close(&w);
}

/* The CA certificates and a usual leaf, extension by extension. */
static void test_texts(void **state)
{
    static const char *const root_texts[] = {
        "Version: 3 (0x2)",
        "Serial Number:\n            5a:01:02:03:04:05:06:07:08:09:0a",
        "Issuer: CN = Oracle Root, C = DE",
        "Subject: CN = Oracle Root, C = DE",
        "X509v3 Basic Constraints: critical\n                CA:TRUE\n",
        "X509v3 Key Usage: critical\n                Certificate Sign, CRL "
        "Sign\n",
        "X509v3 Subject Key Identifier: \n",
        "X509v3 Authority Key Identifier: \n",
        NULL
    };
    static const char *const inter_texts[] = {
        "X509v3 Basic Constraints: critical\n                CA:TRUE, "
        "pathlen:0\n",
        "X509v3 Name Constraints: critical\n                Permitted:\n",
        "                  DNS:example.com\n",
        "                  IP:192.0.2.0/255.255.255.0\n",
        "                  IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:0:0:0:0:0:0\n",
        "                  email:example.com\n",
        "                Excluded:\n                  DNS:secret.example.com\n",
        "CA Issuers - URI:http://pki.example.com/ca.crt\n",
        NULL
    };
    static const char *const leaf_texts[] = {
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Extended Key Usage: \n                TLS Web Server "
        "Authentication, TLS Web Client Authentication\n",
        "X509v3 Subject Alternative Name: \n                "
        "DNS:web.example.com\n",
        "Authority Information Access: \n                OCSP - "
        "URI:http://ocsp.example.com\n                CA Issuers - "
        "URI:http://pki.example.com/ca.crt\n",
        "X509v3 CRL Distribution Points: \n                Full Name:\n"
        "                  URI:http://pki.example.com/ca.crl\n",
        NULL
    };
    struct world w;

    (void)state;
    world_open_p256(&w, false);
    oracle_shows(&w.root, root_texts);
    oracle_shows(&w.inter, inter_texts);
    struct ca_leaf_args args = leaf_args(&w);
    leaf_holds(&w, &args, leaf_texts);
    world_close(&w);
}

/* --- names ---------------------------------------------------------------- */

typedef enum sg_rc (*add_name)(struct sg_arena *, struct ca_sans *,
                               struct sg_slice, struct sg_err *);

static void test_each_kind_of_name(void **state)
{
    static const struct {
        add_name add;
        const char *name, *text;
    } rows[] = {
        { ca_sans_add_dns, "a.b.example.com", "DNS:a.b.example.com\n" },
        { ca_sans_add_dns, "*.web.example.com", "DNS:*.web.example.com\n" },
        { ca_sans_add_dns,
          "b\xc3\xbc"
          "cher.example.com",
          "DNS:xn--bcher-kva.example.com\n" },
        { ca_sans_add_ip, "192.0.2.7", "IP Address:192.0.2.7\n" },
        { ca_sans_add_ip, "2001:db8::7", "IP Address:2001:DB8:0:0:0:0:0:7\n" },
        { ca_sans_add_uri, "spiffe://example.com/web",
          "URI:spiffe://example.com/web\n" },
        { ca_sans_add_email, "user@example.com", "email:user@example.com\n" },
    };
    struct world w;

    (void)state;
    world_open_p256(&w, false);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *const texts[] = { rows[i].text, NULL };
        struct ca_leaf_args args = leaf_args(&w);
        struct sg_err err = { 0 };

        /* The CN stays a host name: GnuTLS 3.7 holds any CN of a TLS oracle_server
         * without a DNS SAN against the DNS constraints. */
        args.sans = (struct ca_sans){ 0 };
        kit_ok(&err, rows[i].add(&oracle_arena, &args.sans,
                                 kit_slice(rows[i].name), &err));
        leaf_holds(&w, &args, texts);
    }
    world_close(&w);
}

static void test_other_name(void **state)
{
    static const char *const texts[] = {
        "DNS:web.example.com, othername: UPN::user@example.com\n", NULL
    };
    struct world w;
    struct sg_err err = { 0 };

    (void)state;
    world_open_p256(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    kit_ok(&err, ca_sans_add_other(&oracle_arena, &args.sans,
                                   "1.3.6.1.4.1.311.20.2.3",
                                   kit_slice("user@example.com"), &err));
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

static void test_empty_subject(void **state)
{
    static const char *const texts[] = {
        "        Subject: \n",
        "X509v3 Subject Alternative Name: critical\n                "
        "DNS:web.example.com\n",
        NULL
    };
    struct world w;

    (void)state;
    world_open_p256(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    args.subject = (struct ca_dn){ 0 };
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

static void test_full_subject(void **state)
{
    static const struct {
        enum ca_attr attr;
        const char *value;
    } rows[] = {
        { CA_ATTR_COUNTRY, "DE" },
        { CA_ATTR_PROVINCE, "Bayern" },
        { CA_ATTR_LOCALITY, "M\xc3\xbcnchen" },
        { CA_ATTR_ORGANIZATION, "Example" },
        { CA_ATTR_ORG_UNIT, "a" },
        { CA_ATTR_ORG_UNIT, "b" },
        { CA_ATTR_STREET, "Weg 1" },
        { CA_ATTR_POSTAL_CODE, "80331" },
        { CA_ATTR_SERIAL_NUMBER, "7" },
        { CA_ATTR_USER_ID, "web" },
        { CA_ATTR_COMMON_NAME, "web.example.com" },
    };
    static const char *const texts[] = {
        "Subject: C = DE, ST = Bayern, L = M\\C3\\BCnchen, O = Example, "
        "OU = a, OU = b, street = Weg 1, postalCode = 80331, serialNumber "
        "= 7, UID = web, CN = web.example.com\n",
        NULL
    };
    struct world w;
    struct sg_err err = { 0 };

    (void)state;
    world_open_p256(&w, false);
    struct ca_leaf_args args = leaf_args(&w);
    args.subject = (struct ca_dn){ 0 };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        kit_ok(&err, ca_dn_add(&oracle_arena, &args.subject, rows[i].attr,
                               kit_slice(rows[i].value), &err));
    leaf_holds(&w, &args, texts);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_issuer_algorithm),
        cmocka_unit_test(test_each_leaf_key),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_each_kind_of_name),
        cmocka_unit_test(test_other_name),
        cmocka_unit_test(test_empty_subject),
        cmocka_unit_test(test_full_subject),
    };

    return cmocka_run_group_tests_name("oracle", tests, oracle_world_open,
                                       oracle_world_close);
}
