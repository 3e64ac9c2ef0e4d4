#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write tests/data/bad/lint/: certificates and CRLs that break one rule each.

The name of a file is the rule that it breaks: RULE.public.pem is judged with
the public TLS profile, RULE.private.pem with the private one; a file with
several certificates is a chain, leaf first. good-*.pem break none. Run by hand
when rules change; the files are committed. Those that are there stay as they
are, unless --all is given: keys are new in every run. Needs the openssl command.
"""
import base64
import os
import sys

from dertools import *  # pylint: disable=wildcard-import,unused-wildcard-import

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bad/lint")

# --- pieces ------------------------------------------------------------------

SHA1_RSA = seq(oid("1.2.840.113549.1.1.5"), NULL)
SHA224_RSA = seq(oid("1.2.840.113549.1.1.14"), NULL)


class Cert:
    """Fields of a good certificate, each of which a case may replace."""

    def __init__(self, **fields):
        self.version = tlv(0xA0, integer(2))
        self.serial = tlv(0x02, bytes(range(0x21, 0x31)))
        self.inner = ECDSA_SHA256
        self.outer = None
        self.issuer = INTER_DN
        self.before = utc("260401000000Z")
        self.after = utc("260630235959Z")
        self.subject = name(*SITE, ("CN", "www.example.com"))
        self.spki = LEAF_KEY.spki
        self.tail = b""
        self.exts = {}
        self.signer = INTER_KEY
        for field, value in fields.items():
            setattr(self, field, value)

    def der(self):
        tbs = seq(self.version, self.serial, self.inner, self.issuer,
                  seq(self.before, self.after), self.subject, self.spki,
                  self.tail,
                  tlv(0xA3, seq(*[e for e in self.exts.values() if e])))
        return seq(tbs, self.outer or self.inner, bits(self.signer.sign(tbs)))


SITE = (("C", "NL"), ("L", "Delft"), ("O", "Example"))
LEAF_KEY = Key()
RSA_KEY = Key("2048")
INTER_KEY = Key()
ROOT_KEY = Key()
ROOT_DN = name(("C", "NL"), ("O", "Example"), ("CN", "Example Root"))
INTER_DN = name(("C", "NL"), ("O", "Example"), ("CN", "Example Issuing"))
AKI_INTER = seq(tlv(0x80, key_id(INTER_KEY.spki)))
AKI_ROOT = seq(tlv(0x80, key_id(ROOT_KEY.spki)))
OV = seq(seq(oid("2.23.140.1.2.2")))
POISON = "1.3.6.1.4.1.11129.2.4.3"
SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"
CDP = seq(seq(tlv(0xA0, tlv(0xA0, uri("http://crl.example.com/i.crl")))))
AIA = seq(seq(oid("1.3.6.1.5.5.7.48.2"), uri("http://aia.example.com/r.cer")))


def leaf(exts=None, **fields):
    base = {
        "ku": ext("2.5.29.15", key_usage("digitalSignature"), True),
        "eku": ext("2.5.29.37", seq(oid(EKU["server"]))),
        "aki": ext("2.5.29.35", AKI_INTER),
        "san": ext("2.5.29.17", seq(dns("www.example.com"))),
        "aia": ext("1.3.6.1.5.5.7.1.1", AIA),
        "cdp": ext("2.5.29.31", CDP),
        "pol": ext("2.5.29.32", OV),
    }
    base.update(exts or {})
    return Cert(exts=base, **fields)


def inter(exts=None, **fields):
    base = {
        "bc": ext("2.5.29.19", seq(TRUE, integer(0)), True),
        "ku": ext("2.5.29.15", key_usage("keyCertSign", "cRLSign"), True),
        "eku": ext("2.5.29.37", seq(oid(EKU["server"]))),
        "ski": ext("2.5.29.14", octets(key_id(INTER_KEY.spki))),
        "aki": ext("2.5.29.35", AKI_ROOT),
        "aia": ext("1.3.6.1.5.5.7.1.1", AIA),
        "cdp": ext("2.5.29.31", CDP),
        "pol": ext("2.5.29.32", OV),
    }
    base.update(exts or {})
    values = dict(issuer=ROOT_DN, subject=INTER_DN, spki=INTER_KEY.spki,
                  after=utc("310401000000Z"), signer=ROOT_KEY)
    values.update(fields)
    return Cert(exts=base, **values)


def root(exts=None, **fields):
    base = {
        "bc": ext("2.5.29.19", seq(TRUE), True),
        "ku": ext("2.5.29.15", key_usage("keyCertSign", "cRLSign"), True),
        "ski": ext("2.5.29.14", octets(key_id(ROOT_KEY.spki))),
        "aki": ext("2.5.29.35", AKI_ROOT),
    }
    base.update(exts or {})
    values = dict(issuer=ROOT_DN, subject=ROOT_DN, spki=ROOT_KEY.spki,
                  after=utc("410401000000Z"), signer=ROOT_KEY)
    values.update(fields)
    return Cert(exts=base, **values)


def ocsp(exts=None, **fields):
    base = {
        "ku": ext("2.5.29.15", key_usage("digitalSignature"), True),
        "eku": ext("2.5.29.37", seq(oid(EKU["ocsp"]))),
        "aki": ext("2.5.29.35", AKI_INTER),
        "nocheck": ext("1.3.6.1.5.5.7.48.1.5", NULL),
    }
    base.update(exts or {})
    return Cert(exts=base, subject=name(("C", "NL"), ("O", "Example"),
                                        ("CN", "Example OCSP")), **fields)


def san(*names):
    return {"san": ext("2.5.29.17", seq(*names))}


def nc(permitted=(), excluded=(), critical=True):
    return {"nc": ext("2.5.29.30", constraints(permitted, excluded), critical)}


ALL_FORMS = (subtree(dns("example.com")), subtree(email("example.com")),
             subtree(uri("example.com")))
NO_IP = (subtree(ip([0] * 8)), subtree(ip([0] * 32)))


def rsa_spki(n, e, params=NULL):
    return seq(seq(oid("1.2.840.113549.1.1.1"), params),
               bits(seq(integer(n), integer(e))))


def next_prime(n):
    n |= 1
    while not all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7)):
        n += 2
    return n


P = next_prime((1 << 1023) + (1 << 1022) + 12345)
Q = next_prime(P + (1 << 40))
FAR = next_prime((1 << 1023) + (1 << 1022) + (1 << 1020) + 99999)
MODULUS = P * FAR




def roca_prime(seed):
    """k * M + 65537^a mod M, with M the product of the first primes."""
    product = 1
    for n in range(2, 168):
        if all(n % d for d in range(2, n)):
            product *= n
    k = ((3 << 1022) + (seed << 900)) // product
    while True:
        n = k * product + pow(65537, seed, product)
        if pow(2, n - 1, n) == 1:
            return n
        k += 1


# --- CRLs --------------------------------------------------------------------


def crl(exts=None, entries=None, **f):
    number = {"aki": ext("2.5.29.35", AKI_INTER),
              "number": ext("2.5.29.20", integer(7))}
    number.update(exts or {})
    f.setdefault("version", integer(1))
    f.setdefault("this", utc("260401000000Z"))
    f.setdefault("next", utc("260408000000Z"))
    f.setdefault("inner", ECDSA_SHA256)
    f.setdefault("issuer", INTER_DN)
    body = b"" if entries is None else seq(*entries)
    tbs = seq(f["version"], f["inner"], f["issuer"], f["this"], f["next"], body,
              tlv(0xA0, seq(*[e for e in number.values() if e])))
    return seq(tbs, f.get("outer", f["inner"]),
               bits(f.get("signer", INTER_KEY).sign(tbs)))


def revoked(serial, date="260331000000Z", reason=None, critical=None, extra=b""):
    exts = seq(extra) if extra else b""
    if reason is not None:
        exts = seq(ext("2.5.29.21", tlv(0x0A, bytes([reason])), critical))
    return seq(integer(serial), utc(date), exts)


def write(rule, profile, *objects, label="CERTIFICATE"):
    path = os.path.join(OUT, f"{rule}.{profile}.pem")
    if os.path.exists(path) and "--all" not in sys.argv:
        return
    with open(path, "w", encoding="ascii") as out:
        for der in objects:
            out.write(f"-----BEGIN {label}-----\n")
            text = base64.b64encode(der).decode()
            for i in range(0, len(text), 64):
                out.write(text[i:i + 64] + "\n")
            out.write(f"-----END {label}-----\n")
            label = "CERTIFICATE"


def public(rule, *certs):
    write(rule, "public", *(c.der() for c in certs))


def private(rule, *certs):
    write(rule, "private", *(c.der() for c in certs))


def bad_crl(rule, der, profile="private", issuer=None):
    write(rule, profile, der, issuer or inter().der(), label="X509 CRL")


def bodies():
    public("version", leaf(version=tlv(0xA0, integer(1))))
    public("serial_positive", leaf(serial=tlv(0x02, b"\x81" + bytes(15))))
    public("serial_length", leaf(serial=tlv(0x02, b"\x01" * 21)))
    public("serial_entropy", leaf(serial=tlv(0x02, b"\x01" * 7)))
    public("algorithms_match", leaf(outer=ECDSA_SHA384))
    public("algorithm_allowed", leaf(inner=SHA224_RSA))
    public("algorithm_sha1", leaf(inner=SHA1_RSA))
    public("time_form", leaf(before=utc("2604010000Z")))
    private("time_order", leaf(before=utc("260701000000Z")))
    public("unique_ids", leaf(tail=tlv(0x81, b"\x00\x01")))
    public("extension_twice", leaf({"again": ext("2.5.29.35", AKI_INTER)}))
    public("extension_empty", leaf({"ian": ext("2.5.29.18", seq())}))
    public("extension_default", leaf({"eku": ext("2.5.29.37", seq(oid(EKU["server"])), False)}))
    public("extension_critical", leaf({"x": ext("1.2.3.4", NULL, True)}))
    public("extension_not_critical", leaf({"aia": ext("1.3.6.1.5.5.7.1.1", AIA, True)}))
    public("cdp_form", leaf({"cdp": ext("2.5.29.31", seq(seq(
        tlv(0xA0, tlv(0xA0, uri("http://crl.example.com/i.crl"))),
        tlv(0x81, b"\x01\x02"))))}))
    public("ct_poison", leaf({"x": ext(POISON, NULL)}))
    public("ct_both", leaf({"x": ext(POISON, NULL, True), "sct": ext(
        SCT_LIST, octets(b"\x00\x05\x00\x03abc"))}))
    public("ct_sct_list", leaf({"sct": ext(
        SCT_LIST, octets(b"\x00\x05\x00\x04abc"))}))
    # Judged as if it were signed at 2026-04-04.
    public("backdated", leaf())
    # Judged at 2026-07-04.
    private("expired", leaf())
    public("cdp_not_critical", leaf({"cdp": ext("2.5.29.31", CDP, True)}))
    public("aia_methods", leaf({"aia": ext("1.3.6.1.5.5.7.1.1", seq(
        AIA[2:], seq(oid("1.3.6.1.5.5.7.48.5"), uri("http://example.com/r"))))}))
    public("extension_form", leaf({"bc": ext("2.5.29.19", seq(FALSE), True)}))
    public("aki_present", leaf({"aki": b""}))
    public("aki_present-keyid", leaf({"aki": ext("2.5.29.35", seq(
        tlv(0xA1, directory(ROOT_DN)), tlv(0x82, b"\x05")))}))
    public("aki_not_critical", leaf({"aki": ext("2.5.29.35", AKI_INTER, True)}))
    public("aki_form", leaf({"aki": ext("2.5.29.35", seq(
        tlv(0x80, key_id(INTER_KEY.spki)), tlv(0xA1, directory(ROOT_DN)),
        tlv(0x82, b"\x05")))}))
    public("ski_not_critical", leaf({"ski": ext("2.5.29.14", octets(b"x" * 20), True)}))
    public("urls", leaf({"cdp": ext("2.5.29.31", seq(seq(tlv(0xA0, tlv(
        0xA0, uri("https://crl.example.com/i.crl"))))))}))
    write("der_malformed", "public", leaf().der() + b"\x00")


def keys():
    public("key_algorithm", leaf(spki=Key("P-224").spki))
    public("key_parameters", leaf(spki=rsa_spki(MODULUS, 65537, b"")))
    public("rsa_size", leaf(spki=rsa_spki(next_prime(1 << 511) * next_prime(3 << 510), 65537)))
    public("rsa_exponent", leaf(spki=rsa_spki(MODULUS, 3)))
    public("rsa_close_primes", leaf(spki=rsa_spki(P * Q, 65537)))
    public("rsa_small_factor", leaf(spki=rsa_spki(
        751 * (((1 << 2047) + (1 << 2040)) // 751 | 1), 65537)))
    public("rsa_roca", leaf(spki=rsa_spki(roca_prime(1001) * roca_prime(77777), 65537)))
    public("ec_point", leaf(spki=LEAF_KEY.spki[:-1] + bytes([LEAF_KEY.spki[-1] ^ 1])))


def names():
    public("issuer_empty", leaf(issuer=seq()))
    public("subject_empty", leaf(subject=seq()))
    private("ca_subject_empty", inter(subject=seq()))
    public("dn_form", leaf(subject=name(*SITE[:2], ("O", tlv(0x14, b"Example")))))
    public("dn_multi_value", leaf(subject=seq(
        rdn("C", "NL"), rdn("L", "Delft"), tlv(0x31, rdn("O", "Example")[2:], rdn("CN", "www.example.com")[2:]))))
    public("dn_country", leaf(subject=name(("C", "nl"), *SITE[1:])))
    public("dn_country_iso", leaf(subject=name(("C", "QQ"), *SITE[1:])))
    public("dn_metadata", leaf(subject=name(*SITE[:2], ("O", "-"))))
    public("dn_space", leaf(subject=name(*SITE[:2], ("O", "Example "))))
    public("dn_form-type", leaf(subject=name(*SITE[:2], ("O", tlv(0x16, b"Example")))))
    public("dn_length", leaf(subject=name(*SITE[:2], ("O", "x" * 65))))
    public("dn_twice", leaf(subject=name(*SITE, ("O", "B"))))
    public("dn_order", leaf(subject=name(("O", "Example"), ("C", "NL"), ("L", "Delft"))))
    public("ca_subject_attributes", root(
        subject=name(("O", "Example"), ("CN", "Example Root")),
        issuer=name(("O", "Example"), ("CN", "Example Root"))))


def alternative_names():
    plain = name(*SITE)
    public("san_present", leaf({"san": b""}, subject=plain))
    public("san_empty", leaf(san(dns("www.example.com"), dns(""))))
    public("san_dns", leaf(san(dns("www.example.com"), dns("stra\u00dfe.example.com"))))
    public("san_dns_host", leaf(san(dns("www.example.com"), dns("a_b.example.com"))))
    public("san_dns_lower_case", leaf(san(dns("www.example.com"), dns("WWW2.example.com"))))
    public("san_ip", leaf(san(dns("www.example.com"), ip([1, 1, 1]))))
    public("san_ip_reserved", leaf(san(dns("www.example.com"), ip([10, 0, 0, 1]))))
    private("san_email", leaf(san(dns("www.example.com"), email("nobody"))))
    private("san_uri", leaf(san(dns("www.example.com"), uri("not a uri"))))
    private("san_email-mailbox", leaf(san(dns("www.example.com"), email("a@b@example.com"))))
    public("san_not_critical", leaf({"san": ext("2.5.29.17", seq(dns("www.example.com")), True)}))
    public("ian_names", leaf({"ian": ext("2.5.29.18", seq(uri("no scheme")))}))
    public("san_twice", leaf(san(dns("www.example.com"), dns("www.example.com"))))
    public("san_count", leaf(san(*(dns(f"a{i}.example.com") for i in range(1025))),
                             subject=plain))
    public("san_dns_internal", leaf(san(dns("www.example.com"), dns("mail.local"))))
    public("san_dns_reserved", leaf(san(dns("www.example.com"), dns("ab--c.example.com"))))
    public("san_types", leaf(san(dns("www.example.com"), email("a@example.com"))))
    private("cn_in_san", leaf(san(dns("other.example.com"))))
    public("cn_from_san", leaf(san(dns("WWW.example.com".lower())), subject=name(
        *SITE, ("CN", "Www.example.com"))))
    public("good-cn-ip", leaf(san(dns("www.example.com"), ip([1, 1, 1, 1])), subject=name(
        *SITE, ("CN", "1.1.1.1"))))


def policy(*qualifiers, critical=None):
    return ext("2.5.29.32", seq(seq(oid("1.2.3.4"), seq(*qualifiers))), critical)


def notice(*parts):
    return seq(oid("1.3.6.1.5.5.7.2.2"), seq(*parts))


def leaves():
    public("leaf_usage", leaf({"ku": ext("2.5.29.15", key_usage(
        "digitalSignature", "keyCertSign"), True)}))
    public("leaf_basic_constraints", leaf({"bc": ext("2.5.29.19", seq(integer(0)), True)}))
    public("key_usage_bits", leaf({"ku": ext("2.5.29.15", key_usage(), True)}))
    public("leaf_eku_present", leaf({"eku": b""}))
    public("eku_not_critical", leaf({"eku": ext("2.5.29.37", seq(oid(EKU["server"])), True)}))
    public("eku_any", leaf({"eku": ext("2.5.29.37", seq(oid(EKU["server"]), oid(EKU["any"])))}))
    public("eku_twice", leaf({"eku": ext("2.5.29.37", seq(oid(EKU["server"]), oid(EKU["server"])))}))
    private("usage_fits_key", leaf({"ku": ext("2.5.29.15", key_usage(
        "digitalSignature", "keyEncipherment"), True)}))
    private("usage_fits_purpose", leaf({"ku": ext("2.5.29.15", key_usage(
        "nonRepudiation"), True)}))
    public("leaf_subject", leaf(subject=name(SITE[0], SITE[2])))
    public("leaf_subject-ou", leaf(subject=name(*SITE, ("OU", "Web"))))
    public("leaf_subject-dv", leaf({"pol": ext("2.5.29.32", seq(seq(oid("2.23.140.1.2.1"))))}))
    public("good-dv", leaf({"pol": ext("2.5.29.32", seq(seq(oid("2.23.140.1.2.1"))))},
                           subject=name(SITE[0], ("CN", "www.example.com"))))
    public("leaf_usage_tls", leaf({"ku": ext("2.5.29.15", key_usage(
        "digitalSignature", "nonRepudiation"), True)}))
    public("leaf_usage_critical", leaf({"ku": ext("2.5.29.15", key_usage("digitalSignature"))}))
    public("leaf_basic_critical", leaf({"bc": ext("2.5.29.19", seq())}))
    public("leaf_eku_tls", leaf({"eku": ext("2.5.29.37", seq(oid(EKU["server"]), oid(EKU["email"])))}))
    public("leaf_aia", leaf({"aia": b""}))
    public("leaf_status", leaf({"cdp": b""}))
    public("good-short-lived", leaf({"cdp": b""}, after=utc("260407235959Z")))
    public("leaf_policies", leaf({"pol": ext("2.5.29.32", seq(
        seq(oid("2.23.140.1.2.2")), seq(oid("2.5.29.32.0"))))}))
    public("policy_qualifiers", leaf({"pol": ext("2.5.29.32", seq(seq(
        oid("2.23.140.1.2.2"), seq(seq(oid("1.3.6.1.5.5.7.2.2"), seq(utf8("hi")))))))}))
    public("good-cps", leaf({"pol": ext("2.5.29.32", seq(seq(
        oid("2.23.140.1.2.2"), seq(seq(oid("1.3.6.1.5.5.7.2.1"),
                                       tlv(0x16, b"https://example.com/cps"))))))}))
    public("policy_constraints", leaf({"x": ext("2.5.29.54", integer(0), True)}))
    private("policy_mappings", inter({"x": ext("2.5.29.33", seq(seq(
        oid("2.5.29.32.0"), oid("1.2.3.4"))), True)}))
    private("policy_mappings_listed", inter({"x": ext("2.5.29.33", seq(seq(
        oid("1.2.3.4"), oid("1.2.3.5"))), True)}))
    private("policy_unknown_qualifier", leaf({"pol": policy(
        seq(oid("1.2.3.4"), NULL), critical=True)}))
    private("policy_text", leaf({"pol": policy(notice(tlv(0x16, b"hi")))}))
    private("policy_text-long", leaf({"pol": policy(notice(utf8("\u00e9" * 201)))}))
    private("good-policy-text", leaf({"pol": policy(notice(utf8("\u00e9" * 200)))}))
    private("policy_notice", leaf({"pol": policy(notice(
        seq(utf8("Example"), seq(integer(1))), utf8("hi")))}))
    public("policies_not_critical", leaf({"pol": ext("2.5.29.32", OV, True)}))
    public("leaf_validity", leaf(after=utc("261018000000Z")))
    public("policies_twice", leaf({"pol": ext("2.5.29.32", seq(
        seq(oid("2.23.140.1.2.2")), seq(oid("1.2.3.4")), seq(oid("1.2.3.4"))))}))
    public("ocsp_eku_only", ocsp({"eku": ext("2.5.29.37", seq(oid(EKU["ocsp"]), oid(EKU["client"])))}))
    public("ocsp_nocheck", ocsp({"nocheck": b""}))
    public("ocsp_usage", ocsp({"ku": ext("2.5.29.15", key_usage(
        "digitalSignature", "nonRepudiation"), True)}))
    public("ocsp_extensions", ocsp({"cdp": ext("2.5.29.31", CDP)}))


def authorities():
    public("ca_basic_critical", inter({"bc": ext("2.5.29.19", seq(TRUE, integer(0)))}))
    private("path_length_place", inter({"ku": ext("2.5.29.15", key_usage("cRLSign"), True)}))
    private("ca_usage_present", root({"ku": b""}))
    public("ca_usage_critical", inter({"ku": ext("2.5.29.15", key_usage("keyCertSign", "cRLSign"))}))
    private("ca_usage_cert_sign", root({"ku": ext("2.5.29.15", key_usage("cRLSign"), True)}))
    public("ca_usage_crl_sign", inter({"ku": ext("2.5.29.15", key_usage("keyCertSign"), True)}))
    public("ca_usage_only", inter({"ku": ext("2.5.29.15", key_usage(
        "nonRepudiation", "keyCertSign", "cRLSign"), True)}))
    public("ca_ski_present", inter({"ski": b""}))
    public("ca_eku_ocsp", inter({"eku": ext("2.5.29.37", seq(oid(EKU["server"]), oid(EKU["ocsp"])))}))
    public("root_eku", root({"eku": ext("2.5.29.37", seq(oid(EKU["server"])))}))
    public("root_aki", root({"aki": b""}))
    private("self_signed_aki", root({"aki": ext("2.5.29.35", AKI_INTER)}))
    private("root_signature", root(signer=INTER_KEY))
    public("root_policies", root({"pol": ext("2.5.29.32", OV)}))
    public("root_path_length", root({"bc": ext("2.5.29.19", seq(TRUE, integer(2)), True)}))
    public("root_validity", root(after=utc("270401000000Z")))
    public("sub_ca_eku", inter({"eku": ext("2.5.29.37", seq(oid(EKU["client"])))}))
    public("sub_ca_eku_mixed", inter({"eku": ext("2.5.29.37", seq(oid(EKU["server"]), oid(EKU["email"])))}))
    public("sub_ca_cdp", inter({"cdp": b""}))
    public("sub_ca_aia", inter({"aia": b""}))
    public("sub_ca_policies", inter({"pol": b""}))
    public("sub_ca_policy_one", inter({"pol": ext("2.5.29.32", seq(
        seq(oid("2.23.140.1.2.1")), seq(oid("2.23.140.1.2.2"))))}))
    public("sub_ca_policy_one-any", inter({"pol": ext("2.5.29.32", seq(
        seq(oid("2.5.29.32.0")), seq(oid("1.2.3.4"))))}))


def name_constraints():
    public("nc_only_ca", leaf(nc(ALL_FORMS)))
    private("nc_critical", inter(nc(ALL_FORMS, NO_IP, critical=None)))
    private("nc_empty", inter({"nc": ext("2.5.29.30", seq(), True)}))
    private("nc_base_distance", inter(nc(
        ALL_FORMS + (subtree(dns("a.example.com"), tlv(0x81, b"\x05")),), NO_IP)))
    private("nc_dns", inter(nc(ALL_FORMS + (subtree(dns(".example.com")),), NO_IP)))
    private("nc_dns_lower_case", inter(nc(ALL_FORMS + (subtree(dns("Example.net")),), NO_IP)))
    private("nc_malformed", inter(nc(ALL_FORMS, NO_IP + (
        subtree(dns("a.example.com")) + NULL,))))
    private("nc_count", inter(nc(ALL_FORMS, NO_IP + tuple(
        subtree(dns(f"a{i}.example.com")) for i in range(1024)))))
    private("nc_forms", inter(nc(ALL_FORMS + (subtree(tlv(0x88, oid("1.2.3.4")[2:])),), NO_IP)))
    private("nc_email", inter(nc(ALL_FORMS + (subtree(email("@example.com")),), NO_IP)))
    private("nc_email-empty", inter(nc(ALL_FORMS[::2] + (subtree(email("")),), NO_IP)))
    private("nc_uri", inter(nc(ALL_FORMS + (subtree(uri("http://example.com")),), NO_IP)))
    private("nc_directory", inter(nc(ALL_FORMS + (subtree(tlv(
        0xA4, seq(tlv(0x31)))),), NO_IP)))
    private("nc_ip", inter(nc(ALL_FORMS, NO_IP + (
        subtree(ip([10, 0, 0, 1, 255, 0, 0, 0])),))))
    private("pair_nc_open_forms", inter(nc(ALL_FORMS)))


def pairs():
    plain = name(("C", "NL"), ("O", "Example"))
    full = nc(ALL_FORMS, NO_IP)
    private("pair_name", leaf(issuer=ROOT_DN), inter(), root())
    private("pair_key_id", leaf({"aki": ext("2.5.29.35", AKI_ROOT)}), inter(), root())
    private("pair_signature", leaf(signer=ROOT_KEY), inter(), root())
    private("pair_validity", leaf(after=utc("310402000000Z")), inter(), root())
    private("pair_issuer_is_ca", leaf(), inter({"bc": b"", "ku": ext(
        "2.5.29.15", key_usage("digitalSignature"), True),
        "san": ext("2.5.29.17", seq(dns("www.example.com")))}), root())
    mid_key = Key()
    mid_dn = name(("C", "NL"), ("O", "Example"), ("CN", "Example Policy"))
    mid = inter({"bc": ext("2.5.29.19", seq(TRUE, integer(1)), True),
                 "ski": ext("2.5.29.14", octets(key_id(mid_key.spki)))},
                subject=mid_dn, spki=mid_key.spki)
    below = inter({"aki": ext("2.5.29.35", seq(tlv(0x80, key_id(mid_key.spki))))},
                  issuer=mid_dn, signer=mid_key)
    private("good-chain-of-four", leaf(), below, mid, root())
    private("pair_path_length", leaf(), below, mid,
            root({"bc": ext("2.5.29.19", seq(TRUE, integer(1)), True)}))
    private("pair_path_length_falls", leaf(), inter(
        {"bc": ext("2.5.29.19", seq(TRUE, integer(1)), True)}), root(
        {"bc": ext("2.5.29.19", seq(TRUE, integer(1)), True)}))
    public("pair_eku", leaf({"eku": ext("2.5.29.37", seq(
        oid(EKU["server"]), oid(EKU["client"])))}), inter(), root())
    private("pair_same_key", leaf(spki=INTER_KEY.spki), inter(), root())
    private("pair_subject_key_id", leaf({"ski": ext("2.5.29.14", octets(
        key_id(INTER_KEY.spki)))}), inter(), root())
    new_key = Key()
    rollover = root({"ski": ext("2.5.29.14", octets(key_id(new_key.spki)))},
                    spki=new_key.spki)
    private("good-rollover", rollover, root())
    private("pair_path_length_falls-rollover", root(
        {"ski": ext("2.5.29.14", octets(key_id(new_key.spki))),
         "bc": ext("2.5.29.19", seq(TRUE, integer(2)), True)}, spki=new_key.spki),
        root({"bc": ext("2.5.29.19", seq(TRUE, integer(1)), True)}))
    private("pair_algorithm", leaf(inner=ECDSA_SHA384, signer=Sha384(INTER_KEY)),
            inter(), root())
    private("pair_nc_names", leaf(san(dns("www.example.net")), subject=plain),
            inter(full), root())
    private("pair_nc_names-directory", leaf(subject=name(
        ("C", "NL"), ("O", "EXAMPLE  two"))), inter(nc(ALL_FORMS, NO_IP + (
            subtree(directory(name(("C", "NL"), ("O", "Example Two")))),))), root())
    private("pair_nc_names-uri", leaf(san(dns("www.example.com"), uri("urn:a:b")),
                                      subject=plain),
            inter(nc(ALL_FORMS[:2], NO_IP + (subtree(uri("example.net")),))), root())
    private("pair_nc_names-address", leaf(san(dns("www.example.com")), subject=name(
        ("C", "NL"), ("CN", "192.0.2.1"))), inter(full), root())
    private("pair_nc_wildcard", leaf(san(dns("*.example.com")), subject=plain),
            inter(nc(ALL_FORMS, NO_IP + (subtree(dns("bad.example.com")),))), root())
    private("pair_nc_subset", inter(nc(ALL_FORMS + (subtree(dns("example.net")),), NO_IP)),
            root(full))
    private("pair_nc_subset-excluded", inter(nc(ALL_FORMS, NO_IP)),
            root(nc(ALL_FORMS, NO_IP + (subtree(dns("com")),))))
    people = root(nc(ALL_FORMS + (subtree(upn("example.com")),), NO_IP))
    for rule, who in (("good-upn", "ada@example.com"),
                      ("pair_nc_subset-upn", "ada@example.org")):
        private(rule, inter(nc(ALL_FORMS + (subtree(upn(who)),), NO_IP)), people)
    for rule, who in (("good-upn-leaf", "ada@example.com"),
                      ("pair_nc_names-upn", "ada@example.org")):
        private(rule, leaf(san(upn(who)), subject=plain), inter(), people)
    # Judged with the "technically constrained" option.
    private("nc_technical", inter(nc(ALL_FORMS, NO_IP)))
    private("good-technical", inter(nc(ALL_FORMS + (subtree(directory(plain)),),
                                       NO_IP)))
    public("good-chain", leaf(), inter(), root())
    public("good-constrained", leaf(), inter(nc(ALL_FORMS, NO_IP)), root())
    public("good-ocsp", ocsp())


class Sha1:
    def __init__(self, key):
        self.key = key

    def sign(self, data):
        return self.key.sign(data, "-sha1")


def rsa_ca():
    return inter(spki=RSA_KEY.spki).der()


class Sha384:
    def __init__(self, key):
        self.key = key

    def sign(self, data):
        return self.key.sign(data, "-sha384")


def crls():
    bad_crl("good-crl", crl(entries=[revoked(5), revoked(6, reason=1)]), "public")
    bad_crl("good-crl-empty", crl(), "public")
    bad_crl("crl_version", crl(version=b"", exts={}))
    bad_crl("crl_algorithms", crl(outer=ECDSA_SHA384))
    bad_crl("crl_times", crl(this=generalized("20260401000000Z")))
    bad_crl("crl_next_update", crl(next=b""))
    bad_crl("crl_lifetime", crl(next=utc("260501000000Z")), "public")
    bad_crl("crl_number", crl({"number": b""}))
    bad_crl("crl_aki", crl({"aki": b""}))
    bad_crl("crl_aki_form", crl({"aki": ext("2.5.29.35", seq(
        tlv(0x80, key_id(INTER_KEY.spki)), tlv(0xA1, directory(ROOT_DN)),
        tlv(0x82, b"\x05")))}))
    bad_crl("crl_empty_list", crl(entries=[]))
    bad_crl("crl_algorithm_allowed", crl(inner=SHA1_RSA, signer=Sha1(RSA_KEY)), issuer=rsa_ca())
    bad_crl("crl_algorithm_fits", crl(inner=ECDSA_SHA384, signer=Sha384(INTER_KEY)))
    bad_crl("crl_issuer_empty", crl(issuer=seq()), issuer=inter(subject=seq()).der())
    bad_crl("crl_issuer_usage", crl(), issuer=inter({"ku": ext(
        "2.5.29.15", key_usage("keyCertSign"), True)}).der())
    bad_crl("crl_extension_critical", crl({"x": ext("1.2.3.4", NULL, True)}))
    bad_crl("crl_entry_form", crl(entries=[revoked(5), revoked(6, extra=b"".join(
        ext(f"1.2.3.{i}", NULL) for i in range(9)))]))
    bad_crl("crl_entry_serial", crl(entries=[revoked(5), revoked(0)]))
    bad_crl("crl_entry_extension", crl(entries=[revoked(5, extra=ext("1.2.3.4", NULL, True))]))
    bad_crl("crl_reason_subscriber", crl({"idp": ext("2.5.29.28", seq(tlv(
        0x81, b"\xff")), True)}, entries=[revoked(5, reason=2)]), "public")
    bad_crl("crl_reason_ca", crl({"idp": ext("2.5.29.28", seq(tlv(
        0x82, b"\xff")), True)}, entries=[revoked(5)]))
    bad_crl("crl_invalidity_date", crl(entries=[revoked(5, extra=ext(
        "2.5.29.24", utc("260330000000Z")))]))
    bad_crl("good-delta", crl({"delta": ext("2.5.29.27", integer(3), True)}, entries=[
        revoked(5, reason=8)]))
    bad_crl("crl_reason-remove", crl(entries=[revoked(5, reason=8)]))
    bad_crl("crl_delta-base", crl({"delta": ext("2.5.29.27", integer(7), True)}))
    bad_crl("crl_idp-scopes", crl({"idp": ext("2.5.29.28", seq(
        tlv(0x81, b"\xff"), tlv(0x82, b"\xff")), True)}))
    bad_crl("crl_serial_twice", crl(entries=[revoked(5), revoked(6), revoked(5)]))
    bad_crl("crl_reason", crl(entries=[revoked(5, reason=0)]))
    bad_crl("crl_revocation_date", crl(entries=[revoked(5, "260402000000Z")]))
    bad_crl("crl_idp", crl({"idp": ext("2.5.29.28", seq(tlv(0x82, b"\xff")))}))
    bad_crl("crl_delta", crl({"delta": ext("2.5.29.27", integer(3))}))
    bad_crl("crl_extension_twice", crl({"again": ext("2.5.29.20", integer(7))}))
    bad_crl("crl_issuer", crl(signer=ROOT_KEY))


def stale():
    """A TLS intermediate that was right until 2025-06-15: no serverAuth."""
    dn = name(("C", "NL"), ("O", "Example"), ("CN", "Example Stale"))
    stale_inter = inter({"eku": b""}, subject=dn, before=utc("250101000000Z"))
    stale_root = root(before=utc("240101000000Z"))
    write("../../stale", "issuer", stale_inter.der())
    write("../../stale", "root", stale_root.der())


def main():
    os.makedirs(OUT, exist_ok=True)
    stale()
    for part in (bodies, keys, names, alternative_names, leaves, authorities,
                 name_constraints, pairs, crls):
        part()
    print(len(os.listdir(OUT)), "files in", OUT)


if __name__ == "__main__":
    sys.exit(main())
