/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_TEMPLATE_INT_H
#define SG_CEREMONY_TEMPLATE_INT_H

/* Paragraphs that the templates share. Inside ceremony/ only. */

#define T_HEAD(type, what, then) \
    "# A ceremony of type " type ": " what "\n" \
    "#\n" \
    "# Fill in every CHANGE-ME; take the # off the keys that you want. Then:\n" \
    "#   signet ceremony plan THIS-FILE --out plan.json\n" then \
    "# Files are looked up from the folder that this file lies in. Instants " \
    "are\n" \
    "# written as RFC 3339 has them: 2027-01-31T00:00:00Z.\n" \
    "\n" \
    "type: " type "\n" \
    "# What people call this ceremony, 1 to 128 characters.\n" \
    "title: CHANGE-ME\n"

#define T_PEOPLE \
    "\n" \
    "# Who asks. The key is a file: a public key (PEM) or a certificate. It " \
    "is\n" \
    "# needed when approvals are, because the requester never counts as an\n" \
    "# approver, under whatever name.\n" \
    "requester:\n" \
    "  name: CHANGE-ME\n" \
    "#  key: requester.pem\n" \
    "# Who may approve: at most 16, each with a key of their own (Ed25519, " \
    "P-256,\n" \
    "# RSA ...), and how many of them have to (0 = nobody). Multi-person " \
    "control:\n" \
    "# BR 6.2.2.\n" \
    "#approvers:\n" \
    "#  - name: First Approver\n" \
    "#    key: first.pem\n" \
    "#  - name: Second Approver\n" \
    "#    key: second.pem\n" \
    "approvals_needed: 0\n" \
    "\n" \
    "# \"execute\" works only inside: until is the last second.\n" \
    "window:\n" \
    "  from: CHANGE-ME\n" \
    "  until: CHANGE-ME\n"

#define T_TOKEN(who) \
    "\n" \
    "# The token, by CKA_LABEL and (if it matters which) serial number. " \
    "Module and\n" \
    "# PIN are given when the plan is executed and never stand in a file.\n" \
    "token:\n" \
    "  label: CHANGE-ME\n" \
    "#  serial: 0123456789abcdef\n" \
    "# " who "\n" \
    "key:\n" \
    "  label: CHANGE-ME\n"

#define T_KEY_TYPE \
    "# When given, the key's type is held against it: ec-p256, ec-p384, " \
    "ec-p521,\n" \
    "# rsa-2048, rsa-3072, rsa-4096, ed25519.\n" \
    "#  type: ec-p384\n"

#define T_CERTIFIED \
    "\n" \
    "# What is known of the certified key from elsewhere, and held against " \
    "it: its\n" \
    "# type, and SHA-256 of its SubjectPublicKeyInfo (openssl pkey -pubin " \
    "-outform\n" \
    "# DER | sha256sum). Wrong CSRs have been signed in ceremonies.\n" \
    "#certified_key:\n" \
    "#  type: ec-p256\n" \
    "#  sha256: " \
    "0000000000000000000000000000000000000000000000000000000000000000\n"

#define T_KNOWN \
    "\n" \
    "# Certificates that exist: key, key identifier and subject are held " \
    "against\n" \
    "# theirs, because one key has one of each.\n" \
    "#known_certificates: [old-root.crt]\n"

#define T_PROFILE \
    "\n" \
    "# Which rules the linter holds it to: private (RFC 5280; the default) or\n" \
    "# public-tls (and the CA/Browser Forum's Baseline Requirements).\n" \
    "#profile: private\n"

#define T_SIGNATURE \
    "\n" \
    "# Bits of the hash: 256, 384, 512; default: the curve's own, 256 for " \
    "RSA.\n" \
    "# pss: RSASSA-PSS in place of PKCS #1 v1.5 (RSA only, BR 7.1.3.2.1).\n" \
    "#signature:\n" \
    "#  hash: 384\n" \
    "#  pss: false\n"

#define T_SUBJECT_KEYS(c) \
    c "  common_name: CHANGE-ME\n" c "  organization: CHANGE-ME\n" c \
      "  country: CHANGE-ME\n" \
      "# Others, each at most as long as RFC 5280 appendix A allows:\n" \
      "#  organizational_unit: [PKI]\n" \
      "#  locality: Berlin\n" \
      "#  province: Berlin\n" \
      "#  street: Example Street 1\n" \
      "#  postal_code: \"10115\"\n" \
      "#  serial_number: \"17\"\n" \
      "#  domain_component: [example, com]  # as in example.com (RFC 4519 " \
      "2.4)\n"

#define T_VALIDITY(from, how_long) \
    "\n" \
    "# Both instants belong to the period (RFC 5280 4.1.2.5). Either " \
    "not_after, or\n" \
    "# duration: then not_after = not_before + duration - 1 s. Units: d, h, m, " \
    "s.\n" \
    "validity:\n" from "  duration: " how_long "\n" \
    "#  not_after: 2036-12-31T23:59:59Z\n"

#define T_FROM "  not_before: CHANGE-ME\n"

#define T_CONSTRAINTS \
    "\n" \
    "# Names below it (RFC 5280 4.2.1.10); a CA's own must lie inside those " \
    "of the\n" \
    "# CAs above. dns \"\", ip 0.0.0.0/0 and ::/0 stand for everything. " \
    "critical:\n" \
    "# default true; false only for verifiers that do not know the " \
    "extension.\n" \
    "#name_constraints:\n" \
    "#  permitted:\n" \
    "#    dns: [example.com]                # and all below it\n" \
    "#    ip: [192.0.2.0/24, \"2001:db8::/32\"]\n" \
    "#    email: [example.com]              # or .example.com, or one " \
    "mailbox\n" \
    "#    uri: [.example.com]               # hosts\n" \
    "#    directory: [\"O=Example,C=DE\"]\n" \
    "#    upn: [example.com]\n" \
    "#  excluded:\n" \
    "#    dns: [secret.example.com]\n" \
    "#  critical: true\n"

#define T_TECHNICAL \
    "# Refuse when a form of name stays open that its purposes can use (BR " \
    "7.1.2.5);\n" \
    "# needs extended_key_usage. Default false.\n" \
    "#technically_constrained: true\n"

#define T_EKU \
    "\n" \
    "# Purposes, by name or OID: serverAuth, clientAuth, codeSigning, " \
    "emailProtection,\n" \
    "# timeStamping. Verifiers intersect them down the chain (RFC 5280 " \
    "4.2.1.12, BR\n" \
    "# 7.1.2.10.6). Default: the extension is left out.\n" \
    "#extended_key_usage: [serverAuth]\n"

#define T_POLICIES \
    "\n" \
    "# RFC 5280 4.2.1.4; cps is an URL, notice a text of at most 200 " \
    "characters.\n" \
    "#policies:\n" \
    "#  - oid: 2.23.140.1.2.1\n" \
    "#    cps: https://pki.example.com/cps\n" \
    "# Certificates until it begins to hold (0 = at once); left out = not at " \
    "all\n" \
    "# (RFC 5280 4.2.1.11, 4.2.1.14).\n" \
    "#policy_constraints:\n" \
    "#  require_explicit_policy: 0\n" \
    "#  inhibit_policy_mapping: 0\n" \
    "#inhibit_any_policy: 0\n"

#define T_DIGITAL_SIGNATURE \
    "\n" \
    "# keyUsage digitalSignature besides keyCertSign and cRLSign: only for a " \
    "CA that\n" \
    "# signs OCSP answers itself (BR 7.1.2.10.7). Default false.\n" \
    "#digital_signature: false\n"

#define T_PATH_LENGTH(example) \
    "\n" \
    "# CA certificates below it, self-issued ones not counted (RFC 5280 " \
    "4.2.1.9).\n" \
    "# Left out there is no limit; 0 means leaves only.\n" example

#define T_URLS \
    "\n" \
    "# Where others find the issuer's certificate and revocation status (RFC " \
    "5280\n" \
    "# 4.2.2.1, 4.2.1.13; http for public TLS, BR 7.1.2.11.2).\n" \
    "#issuing_certificates: [http://pki.example.com/root.crt]\n" \
    "#ocsp_servers: [http://ocsp.example.com]\n" \
    "#crl_distribution_points: [http://pki.example.com/root.crl]\n"

#define T_ISSUER \
    "\n" \
    "# The CA that signs. chain: the CAs above it, nearest first, root last " \
    "(PEM);\n" \
    "# left out for a root. Path lengths, names and purposes are held against " \
    "all.\n" \
    "issuer:\n" \
    "  certificate: CHANGE-ME\n" \
    "#  chain: chain.pem\n"

#define T_SUBJECT_KEY(what) \
    "\n" \
    "# Whose key is certified: a CSR (PEM or DER; its signature is checked), " \
    "or the\n" \
    "# public key or certificate of a key in a token. Exactly one of them.\n" \
    "csr: CHANGE-ME\n" \
    "#public_key: " what "\n"

#endif
