#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the linter alone refuses is a fault of ours (500). So for each of its
rules about leaves something in front has to see to it: the encoder, or a rule
that tells the caller, or whoever writes the configuration, what is wrong."""

import json

from lab import SIGNET, SIGNETD, Lab, expect, expect_in, run, run_tests

# What the encoder always writes, whatever it is asked.
ENCODER = None
OPEN = {"allow_any_name": True, "enforce_hostnames": False,
        "require_cn": False, "cn_validations": ["disabled"],
        "allowed_uri_sans": ["*"], "allowed_other_sans": ["*"],
        "allowed_serial_numbers": ["*"], "allowed_user_ids": ["*"],
        "key_type": "ec", "key_bits": "256", "ttl": "1h"}


def tlv(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(
        2, "big")
    return bytes([tag]) + length + content


class Ask:
    """A request that the open role lets pass, and its refusal."""

    def __init__(self, says, **fields):
        self.says, self.fields = says, fields

    def try_it(self, lab):
        return lab.issue("open", **{"common_name": "x", **self.fields})


class Sans:
    """The same for a CSR with these GeneralNames."""

    def __init__(self, says, *names):
        self.says, self.names = says, b"".join(names)

    def try_it(self, lab):
        key = lab.dir / "sans.key"
        if not key.exists():
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", key)
        config = lab.write("sans.cnf", (
            "[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n"
            "[dn]\nCN=x\n[ext]\nsubjectAltName=DER:"
            + tlv(0x30, self.names).hex(":") + "\n"))
        return lab.sign(run("openssl", "req", "-new", "-key", key, "-config",
                            config).stdout, "csr")


class Key:
    """And for a CSR with such a key."""

    def __init__(self, says, *genpkey):
        self.says, self.genpkey = says, genpkey

    def try_it(self, lab):
        key = lab.dir / "rules.key"
        run("openssl", "genpkey", *self.genpkey, "-out", key)
        return lab.sign(run("openssl", "req", "-new", "-key", key, "-subj",
                            "/CN=x").stdout, "csr")


class Role:
    """A role with which signetd does not start; field is what it names."""

    def __init__(self, field, says, value):
        self.field, self.says, self.value = field, says, value

    def try_it(self, lab):
        path = lab.write_config(lab.config(roles=[
            {"name": "bad", **OPEN, self.field: self.value}]), "bad.yaml")
        done = run(SIGNETD, "--config", path, "--check-config", check=False,
                   env=lab.env)
        expect(done.returncode, 78, done.stderr)
        expect_in(f"roles[0].{self.field}: ", done.stderr)
        expect_in(self.says, done.stderr)


EC = ("-algorithm", "EC", "-pkeyopt")
RSA = ("-algorithm", "RSA", "-pkeyopt")
CASES = {
    "der_malformed": ENCODER,
    "version": ENCODER,
    "serial_positive": ENCODER,
    "serial_length": ENCODER,
    "algorithms_match": ENCODER,
    "algorithm_allowed": ENCODER,  # the issuer's key decides
    "algorithm_sha1": ENCODER,
    "time_form": [Ask("not_after", not_after="10000-01-01T00:00:00Z")],
    "time_order": [Ask("ttl", ttl="-1h"),
                   Ask("notAfter", not_after="2020-01-01T00:00:00Z")],
    "expired": [Ask("notAfter", not_after="2020-01-01T00:00:00Z")],
    "unique_ids": ENCODER,
    "extension_twice": ENCODER,
    "extension_empty": [Sans("SAN: no name at all (RFC 5280 4.2.1.6)")],
    "extension_default": ENCODER,
    "extension_critical": ENCODER,
    "extension_not_critical": ENCODER,
    "extension_form": ENCODER,
    "aki_present": ENCODER,
    "aki_not_critical": ENCODER,
    "ski_not_critical": ENCODER,
    "ct_poison": ENCODER,
    "ct_both": ENCODER,
    "ct_sct_list": ENCODER,
    "key_algorithm": [
        Key("csr: public key: algorithm Ed448", "-algorithm", "ED448"),
        Key("csr: public key: curve P-224", *EC, "ec_paramgen_curve:P-224")],
    "key_parameters": [Key("csr: public key: explicit curve parameters", *EC,
                           "ec_paramgen_curve:P-256", "-pkeyopt",
                           "ec_param_enc:explicit")],
    "rsa_size": [Key("csr: public key: RSA of 1024 bits", *RSA,
                     "rsa_keygen_bits:1024")],
    "rsa_exponent": [Key("csr: public key: RSA exponent 3", *RSA,
                         "rsa_keygen_pubexp:3")],
    # tests/unit/ca/test-spki.c has keys that are weak or no point
    "rsa_close_primes": ENCODER,
    "rsa_small_factor": ENCODER,
    "rsa_roca": ENCODER,
    "ec_point": ENCODER,
    "issuer_empty": ENCODER,
    "subject_empty": [Ask("subject", common_name="")],
    "dn_form": [
        Ask("serialNumber", serial_number="a_b"),
        Ask("NUL", common_name="a\u0000b"),
        Role("organization", "control characters", ["a\u0001b"])],
    "dn_country": [Role("country", "ISO 3166", ["de"]),
                   Role("country", "ISO 3166", ["D1"]),
                   Role("country", "ISO 3166", ["DEU"])],
    "dn_length": [
        Ask("CN", common_name="x" * 65),
        Ask("serialNumber", serial_number="1" * 65),
        Ask("UID", user_ids="u" * 257),
        Role("organization", "65 characters, at most 64", ["x" * 65]),
        Role("ou", "65 characters, at most 64", ["x" * 65]),
        Role("province", "129 characters, at most 128", ["x" * 129]),
        Role("locality", "129 characters, at most 128", ["x" * 129]),
        Role("street_address", "129 characters, at most 128", ["x" * 129]),
        Role("postal_code", "41 characters, at most 40", ["1" * 41])],
    "san_empty": [Sans("SAN: no name at all"), Sans("empty", tlv(0x82, b""))],
    "san_dns": [
        Ask("subjectAltName", alt_names="a b.example"),
        Sans("DNS", tlv(0x82, b"a b")),
        Sans("DNS", tlv(0x82, b"a\0b.example")),
        Sans("SAN: IA5String", tlv(0x82, "\u00e9.example".encode()))],
    "san_ip": [Ask("\"1.2.3\" is not a valid IP", ip_sans="1.2.3"),
               Sans("IP", tlv(0x87, b"\1\2\3")),
               Sans("IP", tlv(0x87, b"\1" * 8))],
    "san_email": [
        Ask("RFC 1034 3.5", alt_names="a@b@example.com"),
        Ask("RFC 5321 4.1.2", alt_names="@example.com"),
        Sans("empty name", tlv(0x81, b"a@")),
        Sans("SAN: IA5String", tlv(0x81, "\u00e9@example.com".encode()))],
    "san_uri": [
        Ask("RFC 5280 4.2.1.6", uri_sans="example.com"),
        Ask("empty name", uri_sans="http://"),
        Ask("RFC 3986 2", uri_sans="http://a b/"),
        Sans("URI", tlv(0x86, b"//example.com")),
        Sans("URI", tlv(0x86, b"http://[::g]/"))],
    "san_count": [Ask("more than 1024 elements", alt_names=",".join(f"a{i}.example"
                                             for i in range(1100)))],
    "ian_names": ENCODER,
    "leaf_usage": [Role("key_usage", "keyCertSign", ["CertSign"]),
                   Role("key_usage", "cRLSign", ["CRLSign"])],
    "leaf_basic_constraints": ENCODER,
    "key_usage_bits": ENCODER,
    "eku_twice": ENCODER,  # what a role says twice is written once
    "policies_twice": [Role("policy_identifiers", "given twice",
                            [{"oid": "1.2.3"}, {"oid": "1.2.3"}])],
    "policy_text": [
        Role("policy_identifiers", "at most 200",
             [{"oid": "1.2.3", "notice": "x" * 201}]),
        Role("policy_identifiers", "control character",
             [{"oid": "1.2.3", "notice": "a\u0001b"}])],
    "policy_unknown_qualifier": ENCODER,
    "policy_constraints": ENCODER,
    "policy_mappings": ENCODER,
    "nc_only_ca": ENCODER,
    # a leaf with OCSPSigning is a responder to the linter: there is none
    "ocsp_eku_only": [Role("ext_key_usage_oids", "OCSPSigning",
                           ["1.3.6.1.5.5.7.3.9"])],
    "ocsp_nocheck": [Role("ext_key_usage", "OCSPSigning", ["OCSPSigning"])],
    "ocsp_usage": ENCODER,
    # of a chain, not of what is signed
    "chain_length": ENCODER,
}


def test_each_rule_has_somebody_in_front(lab):
    """A new rule at level error wants a line above."""
    rules = json.loads(run(SIGNET, "cert", "lint", "--rules", "--json",
                           env=lab.env).stdout)
    leaf = {rule["rule"] for rule in rules if rule["private"] == "error"
            and {"any", "leaf", "ocsp-responder"} & set(
                rule["about"].split(","))}
    expect(sorted(leaf), sorted(CASES))


ROLES = [{"name": "open", **OPEN},
         {"name": "hosts", **OPEN, "enforce_hostnames": True},
         {"name": "csr", **{key: value for key, value in OPEN.items()
                            if key != "key_bits"}, "key_type": "any"}]


def test_requests_are_told_what_is_wrong(lab):
    with lab.running(lab.config(roles=ROLES)) as daemon:
        for rule, cases in CASES.items():
            for case in cases or []:
                answer = case.try_it(lab)
                if answer is None:
                    continue
                expect(answer.status, 400, f"{rule}: {answer.raw}")
                expect_in(case.says, answer.errors[0])
        expect(daemon.lines("lint_found"), [])


NASTY = ["www.example.com", "*.example.com", "*", "*.", ".example.com", "a..b",
         "example.com.", "-a.com", "a-.com", "a_b.com", "xn--.com",
         "xn--a.com", "1.2.3.4", "999.1.1.1", "a" * 63 + ".com",
         "a" * 64 + ".com", "a" * 253, "localhost", "a b.com", "::1",
         "\u00e9.com", "a\u0001", "A.B.C", "user@example.com", "a@b@c",
         "\"a b\"@example.com", "a@[1.2.3.4]", "@", "a@", "a@-b.com",
         "a" * 65 + "@b.com", "http://example.com", "http://", "http:", "x:",
         "//a", "urn:a:b", "http://[::1]/", "http://[::g]/", "http://a b",
         "http://user@a/", "http://a:99999", "http://a/%zz", "http://:80",
         "spiffe://a/b", "data:,", "1http://a", "\u65e5\u672c", "", " ", "%"]


def asked_for():
    for text in NASTY:
        for field in ("common_name", "alt_names", "uri_sans", "serial_number",
                      "user_ids", "ip_sans"):
            yield {field: text}
        for oid in ("1.2.3", "1.3.6.1.4.1.311.20.2.3"):
            yield {"other_sans": f"{oid};UTF8:{text}"}


def test_no_name_gets_as_far_as_the_linter(lab):
    """Whatever a field says: a certificate, or 400 with a reason."""
    with lab.running(lab.config(roles=ROLES)) as daemon:
        made = 0
        for role in ("open", "hosts"):
            for fields in asked_for():
                answer = lab.issue(role, **{"common_name": "x", **fields})
                expect(answer.status in (200, 400), True,
                       f"{role} {fields}: {answer.raw}")
                made += answer.status == 200
        expect(made > 100, True, made)
        expect(daemon.lines("lint_found"), [])


class Wide(Lab):
    """An issuing CA without name constraints."""

    def make_intermediate(self, key, key_type, out, *more, validity="30d"):
        self.signet("ca", "intermediate", "--key", key, "--generate", key_type,
                    "--subject", "CN=Wide", "--validity", validity,
                    "--path-length", "0", "--out", out, "--issuer-key", "root",
                    "--issuer-cert", self.dir / "root.pem",
                    *self.token_args("demo-root", "--issuer-"),
                    *self.token_args("demo-issuing"), *self.common_args(),
                    *more)


if __name__ == "__main__":
    with Wide() as the_lab:
        run_tests([item for name, item in list(globals().items())
                   if name.startswith("test_")], the_lab)
