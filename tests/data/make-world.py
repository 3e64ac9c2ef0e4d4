#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write tests/data/world/ and tests/data/bad/issuer/.

world: the CAs that the requests of tests/data/good and tests/data/bad name.

    Root, no limits
     +- Inter: path length 1, serverAuth, permitted and excluded names
     |   +- Low: path length 0
     |   +- Long: path length 5, more than Inter leaves
     |   +- Inter again, with a second key: a rollover
     +- Closed: excludes every DNS name and every address
    Other Root, a stranger

bad/issuer: chains, issuer first, that may not sign. The name of a file is the
rule; its first line is what "ceremony plan" ends with: exit code, then the
error. Keys are new in every run and thrown away, so that all files of both
folders are written anew. Needs the openssl command.
"""
import base64
import pathlib
import subprocess

from dertools import (ECDSA_SHA256, ECDSA_SHA384, EKU, FALSE, TRUE, Key, bits,
                      constraints, directory, dns, email, ext, generalized,
                      integer, ip, key_id, key_usage, name, octets, oid,
                      printable, rdn, seq, subtree, tlv, upn, uri, utc)

DATA = pathlib.Path(__file__).resolve().parent
WORLD = DATA / "world"
ISSUER = DATA / "bad/issuer"
PRINTABLE_ROOT = seq(rdn("C", "DE"), rdn("O", "Example"),
                     rdn("CN", printable("Root")))


def dn(cn):
    return name(("C", "DE"), ("O", "Example"), ("CN", cn))


def block(label, der):
    text = base64.encodebytes(der).decode()
    lines = "".join(text.split())
    body = "\n".join(lines[i:i + 64] for i in range(0, len(lines), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


class Authority:
    """A CA: its name, its key and its certificate. exts replaces extensions
    by their name, fields the members below."""

    def __init__(self, cn, above=None, exts=None, **fields):
        self.key = fields.pop("key", None) or Key()
        self.dn = dn(cn)
        above = above or self
        ski = key_id(self.key.spki)
        self.exts = {
            "bc": ext("2.5.29.19", seq(TRUE), True),
            "ku": ext("2.5.29.15", key_usage("keyCertSign", "cRLSign"), True),
            "ski": ext("2.5.29.14", octets(ski)),
            "aki": ext("2.5.29.35", seq(tlv(0x80, key_id(above.key.spki)))),
            **(exts or {}),
        }
        self.version = tlv(0xA0, integer(2))
        self.serial = tlv(0x02, bytes(range(0x21, 0x31)))
        self.alg = self.outer = ECDSA_SHA256
        self.issuer = above.dn
        self.before = utc("260101000000Z")
        self.after = generalized("20751231235959Z")
        self.subject = self.dn
        self.spki = self.key.spki
        self.tail = b""
        self.signer = above.key
        for field, value in fields.items():
            setattr(self, field, value)
        self.der = self.sign()

    def sign(self):
        tbs = seq(self.version, self.serial, self.alg, self.issuer,
                  seq(self.before, self.after), self.subject, self.spki,
                  self.tail, tlv(0xA3, seq(*(e for e in self.exts.values()))))
        return seq(tbs, self.outer, bits(self.signer.sign(tbs)))


# --- the world ---------------------------------------------------------------

def nc(permitted=(), excluded=(), critical=True):
    return {"nc": ext("2.5.29.30", constraints(
        [subtree(n) for n in permitted], [subtree(n) for n in excluded]),
        critical)}


def net(*octs):
    half = len(octs) // 2
    return ip(bytes(octs[:half]) + bytes(octs[half:]))


V6 = [0x20, 0x01, 0x0D, 0xB8] + [0] * 12
INTER_NC = nc(
    [dns("example.com"), net(192, 0, 2, 0, 255, 255, 255, 0),
     net(*V6, *[0xFF] * 4, *[0] * 12), email("example.com"),
     uri(".example.com"), upn("example.com"),
     directory(name(("C", "DE"), ("O", "Example")))],
    [dns("secret.example.com"), net(192, 0, 2, 128, 255, 255, 255, 128),
     net(*V6[:4], 0, 0xFF, *[0] * 10, *[0xFF] * 6, *[0] * 10),
     email("root@example.com"), uri("secret.example.com"),
     upn("root@example.com"),
     directory(name(("C", "DE"), ("O", "Example"), ("OU", "Secret")))])


def server_only():
    return {"eku": ext("2.5.29.37", seq(oid(EKU["server"])))}


def path_length(n):
    return {"bc": ext("2.5.29.19", seq(TRUE, integer(n)), True)}


ROOT = Authority("Root", after=generalized("21251231235959Z"))
INTER = Authority("Inter", ROOT, {**path_length(1), **INTER_NC,
                                  **server_only()})
LOW = Authority("Low", INTER, {**path_length(0), **server_only()})
LONG = Authority("Long", INTER, {**path_length(5), **server_only()})
AGAIN = Authority("Inter", INTER, {**path_length(1), **server_only()})
CLOSED = Authority("Closed", ROOT, nc(
    [], [dns(""), net(*[0] * 8), net(*[0] * 32)]))
OTHER = Authority("Other Root")
NEW = Key()


def existing():
    """Certificates of the new key, or with something of it."""
    thief = Authority("Thief")
    ski = {"ski": ext("2.5.29.14", octets(key_id(NEW.spki)))}
    responder = {
        "bc": b"", "ku": ext("2.5.29.15", key_usage("digitalSignature"), True),
        "eku": ext("2.5.29.37", seq(oid(EKU["ocsp"])))}
    san = {"san": ext("2.5.29.17", seq(dns("ocsp.example")), True)}
    return {
        "ocsp": Authority("OCSP", ROOT, responder),
        "ocsp-of-root-key": Authority("OCSP", ROOT, responder, key=ROOT.key),
        "ocsp-nameless": Authority("OCSP", ROOT, {**responder, **san},
                                   subject=seq()),
        "new-elsewhere": Authority("Elsewhere", key=NEW),
        "new-other-ski": Authority("New CA", key=NEW, exts={
            "ski": ext("2.5.29.14", octets(b"one two three four"))}),
        "thief": Authority("Thief", key=thief.key, exts=ski),
        "no-ca": Authority("No CA", exts={
            "bc": b"", "ku": ext("2.5.29.15", key_usage("digitalSignature"),
                                 True)}),
        "no-crl": Authority("No CRL", exts={
            "ku": ext("2.5.29.15", key_usage("keyCertSign"), True)}),
        "no-ski": Authority("No SKI", exts={"ski": b""}),
        "forged": Authority("Forged", ROOT, signer=OTHER.key),
        "late": Authority("Late", before=utc("270101000000Z")),
        "other-inter": Authority("Other Inter", OTHER),
    }


def csr(key, signer=None, subject=None):
    info = seq(integer(0), subject or dn("Asked For"), key.spki, tlv(0xA0))
    return seq(info, ECDSA_SHA256, bits((signer or key).sign(info)))


def write_world():
    certs = {"root": ROOT, "inter": INTER, "low": LOW, "long": LONG,
             "again": AGAIN, "closed": CLOSED, "other-root": OTHER,
             **existing()}
    for stem, one in certs.items():
        (WORLD / f"{stem}.pem").write_text(block("CERTIFICATE", one.der))
    above_low = block("CERTIFICATE", INTER.der) + block("CERTIFICATE", ROOT.der)
    (WORLD / "above-low.pem").write_text(above_low)
    for stem, spki in {"new": NEW.spki, "p384": Key("P-384").spki,
                       "ada": Key().spki, "ben": Key().spki,
                       "rita": Key().spki,
                       "rsa-1024": Key("1024").spki,
                       "rsa-2304": Key("2304").spki}.items():
        (WORLD / f"{stem}.pub").write_text(block("PUBLIC KEY", spki))
    label = "CERTIFICATE REQUEST"
    for stem, der in {
            "new": csr(NEW),
            "other-signature": csr(NEW, signer=OTHER.key),
            "no-subject": csr(NEW, subject=seq()),
            "two-names": csr(NEW, subject=name(("CN", "One"), ("CN", "Two"))),
            "email": csr(NEW, subject=seq(tlv(0x31, seq(
                oid("1.2.840.113549.1.9.1"), tlv(0x16, b"ca@example.com")))))
            }.items():
        (WORLD / f"{stem}.csr").write_text(block(label, der))


# --- chains that may not sign ------------------------------------------------

def one(text, exts=None, above=ROOT, **fields):
    """Inter with one fault, below Root; the text is what refuses it."""
    made = Authority("Inter", above, {**path_length(1), **(exts or {})},
                     **{"key": INTER.key, **fields})
    return text, [made, ROOT]


def usage(*names):
    return {"ku": ext("2.5.29.15", key_usage(*names), True)}


def raw_nc(der):
    return {"nc": ext("2.5.29.30", der, True)}


CHAIN = 'issuer: issuer chain: certificate 1 "CN=Inter,O=Example,C=DE": '
LAST = 'issuer: issuer chain: certificate 2 "CN=Root,O=Example,C=DE": '


def forms():
    """Certificates that cannot even be read; 78 is the code of bad form."""
    san = subtree(dns("example.com"), tlv(0x80, b"\x00"))
    return {
        "version-1": one("version 1, only 3 is accepted (RFC 5280 4.1.2.1)",
                         version=b"", exts={}),
        "serial-negative": one("serial is not positive (RFC 5280 4.1.2.2)",
                               serial=tlv(2, b"\x81")),
        "serial-zero": one("serial is not positive (RFC 5280 4.1.2.2)",
                           serial=integer(0)),
        "serial-21-octets": one("serial of 21 octets, at most 20 are allowed "
                                "(RFC 5280 4.1.2.2)",
                                serial=tlv(2, b"\x11" * 21)),
        "times-swapped": one("notBefore is after notAfter (RFC 5280 4.1.2.5)",
                             after=utc("251231235959Z")),
        "issuer-empty": one("empty issuer (RFC 5280 4.1.2.4)", issuer=seq()),
        "subject-empty": one("empty subject without a critical SAN "
                             "(RFC 5280 4.1.2.6)", subject=seq()),
        "unique-identifier": one("unique identifiers are not accepted "
                                 "(RFC 5280 4.1.2.8)",
                                 tail=tlv(0x81, b"\x00\x01")),
        "algorithms-differ": one("inner and outer signature algorithm differ "
                                 "(RFC 5280 4.1.1.2)", outer=ECDSA_SHA384),
        "unknown-critical": one("unknown critical extension 1.2.3.4 "
                                "(RFC 5280 4.2)",
                                {"x": ext("1.2.3.4", seq(), True)}),
        "key-identifier-critical": one(
            "extension subjectKeyIdentifier must not be critical "
            "(RFC 5280 4.2)",
            {"ski": ext("2.5.29.14", octets(b"\x01" * 20), True)}),
        "extension-twice": one("78 extension basicConstraints is there twice "
                               "(RFC 5280 4.2)",
                               {"again": ext("2.5.29.19", seq(TRUE), True)}),
        "critical-false": one("78 critical FALSE is written although it is the "
                              "default (X.690 11.5)",
                              {"x": ext("1.2.3.4", seq(), False)}),
        "ca-false": one("78 basicConstraints: cA FALSE is written although it is "
                        "the default (X.690 11.5)",
                        {"bc": ext("2.5.29.19", seq(FALSE), True)}),
        "path-length-without-ca": one(
            "basicConstraints: path length 0 without cA TRUE (RFC 5280 4.2.1.9)",
            {"bc": ext("2.5.29.19", seq(integer(0)), True)}),
        "path-length-without-cert-sign": one(
            "path length without keyCertSign (RFC 5280 4.2.1.9)",
            usage("cRLSign")),
        "key-usage-empty": one("78 keyUsage without a bit (RFC 5280 4.2.1.3)",
                               usage()),
        "key-usage-unknown-bit": one(
            "78 keyUsage 0x8060 has unknown bits (RFC 5280 4.2.1.3)",
            {"ku": ext("2.5.29.15", bits(b"\x06\x01"), True)}),
        "cert-sign-without-ca": one("keyCertSign without cA TRUE "
                                    "(RFC 5280 4.2.1.3)", {"bc": b""}),
        "constraints-without-ca": one(
            "nameConstraints without cA TRUE (RFC 5280 4.2.1.10)",
            {"bc": b"", **usage("digitalSignature"),
             **nc([dns("example.com")])}),
        "constraints-empty": one(
            "name constraints: neither permitted nor excluded subtrees "
            "(RFC 5280 4.2.1.10)", raw_nc(seq())),
        "constraints-empty-list": one(
            "78 name constraints: empty list of subtrees (RFC 5280 4.2.1.10)",
            raw_nc(seq(tlv(0xA0)))),
        "constraints-minimum": one(
            "name constraints: minimum or maximum in a subtree "
            "(RFC 5280 4.2.1.10)", raw_nc(seq(tlv(0xA0, san)))),
        "constraints-registered-id": one(
            "name constraints: names of tag 0x88 are not accepted "
            "(RFC 5280 4.2.1.10)", nc([tlv(0x88, b"\x2a\x03")])),
        "constraints-other-name-number": one(
            "name constraints: otherName 1.2.3 without a UTF8String value is "
            "not accepted",
            nc([tlv(0xA0, oid("1.2.3"), tlv(0xA0, integer(1)))])),
        "constraints-ip-mask-with-holes": one(
            r'name constraints: IP "\x0a\x00\x00\x00\xff\x00\xff\x00": mask is '
            "not contiguous (RFC 4632 3.1)", nc([net(10, 0, 0, 0, 255, 0, 255, 0)])),
    }


def links():
    """Certificates that can be read, and may not sign or stand where they
    stand."""
    low = [LOW, Authority("Inter", ROOT, {**path_length(0)}, key=INTER.key),
           ROOT]
    closed_root = Authority("Root", key=ROOT.key, exts=nc(
        [], [directory(name(("C", "DE"), ("O", "Example")))]))
    root_0 = Authority("Root", key=ROOT.key, exts=path_length(0))
    return {
        "not-a-ca": one(CHAIN + "is not a CA certificate (RFC 5280 4.2.1.9)",
                        {"bc": b"", **usage("digitalSignature")}),
        "key-usage-missing": one(CHAIN + "has no keyUsage (RFC 5280 4.2.1.3)",
                                 {"ku": b"", "bc": ext("2.5.29.19", seq(TRUE),
                                                       True)}),
        "cert-sign-missing": one(
            CHAIN + "keyUsage lacks keyCertSign (RFC 5280 4.2.1.3)",
            {**usage("cRLSign"), "bc": ext("2.5.29.19", seq(TRUE), True)}),
        "key-identifier-missing": one(
            CHAIN + "has no subjectKeyIdentifier (RFC 5280 4.2.1.2)",
            {"ski": b""}),
        "key-identifier-of-65-octets": one(
            CHAIN + "subjectKeyIdentifier of 65 octets, 1 to 64 may be "
            "(RFC 5280 4.2.1.2)",
            {"ski": ext("2.5.29.14", octets(b"\x01" * 65))}),
        "expired": one(CHAIN + "expired at 2026-01-02T00:00:00Z "
                       "(RFC 5280 4.1.2.5)", after=utc("260102000000Z")),
        "not-yet-valid": one(
            CHAIN + "is not valid before 2070-01-01T00:00:00Z "
            "(RFC 5280 4.1.2.5)", before=generalized("20700101000000Z")),
        "subject-empty-with-a-name": (
            'issuer: issuer chain: certificate 1 "": has no subject '
            "(RFC 5280 4.1.2.6)",
            one("", {"san": ext("2.5.29.17", seq(dns("ca.example")), True)},
                subject=seq())[1]),
        "root-expired": (LAST + "expired at 2026-01-02T00:00:00Z "
                         "(RFC 5280 4.1.2.5)",
                         [INTER, Authority("Root", key=ROOT.key,
                                           after=utc("260102000000Z"))]),
        "issuer-name-of-another": one(
            CHAIN + 'issuer "CN=Other Root,O=Example,C=DE" is not, octet for '
            'octet, the subject of the signer "CN=Root,O=Example,C=DE" '
            "(RFC 5280 4.1.2.4)", issuer=OTHER.dn),
        "issuer-name-in-another-case": one(
            CHAIN + 'issuer "CN=ROOT,O=Example,C=DE" is not, octet for octet, '
            'the subject of the signer "CN=Root,O=Example,C=DE" '
            "(RFC 5280 4.1.2.4)", issuer=dn("ROOT")),
        "issuer-name-of-another-string-type": one(
            CHAIN + 'issuer "CN=Root,O=Example,C=DE" is not, octet for octet, '
            'the subject of the signer "CN=Root,O=Example,C=DE" '
            "(RFC 5280 4.1.2.4)", issuer=PRINTABLE_ROOT),
        "authority-key-identifier-of-another": one(
            CHAIN + "authorityKeyIdentifier is not the subjectKeyIdentifier of "
            'the signer "CN=Root,O=Example,C=DE" (RFC 5280 4.2.1.1)',
            {"aki": ext("2.5.29.35", seq(tlv(0x80, b"\x01" * 20)))}),
        "signed-by-another": one(
            CHAIN + 'not signed by "CN=Root,O=Example,C=DE" '
            "(RFC 5280 6.1.3 (a)(1)): signature invalid", signer=OTHER.key),
        "root-in-the-middle": (
            'issuer: issuer chain: certificate 2 "CN=Root,O=Example,C=DE": has '
            'the key of "CN=Root,O=Example,C=DE" above: a self-signed '
            "certificate stands last (RFC 5280 6.1)", [INTER, ROOT, ROOT]),
        "order-swapped": (
            LAST.replace("2", "1", 1) + 'issuer "CN=Root,O=Example,C=DE" is not, octet for octet, the '
            'subject of the signer "CN=Inter,O=Example,C=DE" '
            "(RFC 5280 4.1.2.4)", [ROOT, INTER]),
        "path-length-of-the-root": (
            LAST + "path length 0 is too short for the chain below, down to "
            '"CN=Inter,O=Example,C=DE" (RFC 5280 4.2.1.9)', [INTER, root_0]),
        "path-length-of-the-middle": (
            CHAIN.replace("1", "2", 1) + "path length 0 is too short for the "
            'chain below, down to "CN=Low,O=Example,C=DE" (RFC 5280 4.2.1.9)',
            low),
        "own-name-excluded-above": (
            CHAIN + 'subject "CN=Inter,O=Example,C=DE" lies in the excluded '
            'subtree "O=Example,C=DE" of "CN=Root,O=Example,C=DE" '
            "(RFC 5280 4.2.1.10)", [INTER, closed_root]),
        "nine-certificates": (
            "78 issuer: chain: chain.pem: more than 8 certificates with the "
            "issuer's", [INTER] * 9),
    }


def write_issuers():
    for rule, (text, chain) in {**forms(), **links()}.items():
        code = 78 if text.startswith("78 ") else 65
        text = text.removeprefix("78 ")
        if not text.startswith("issuer:"):
            text = "issuer: certificate: issuer.pem: certificate: " + text
        text = f"# {code} request.yaml: {text}\n"
        blocks = (block("CERTIFICATE", c.der) for c in chain)
        (ISSUER / f"{rule}.pem").write_text(text + "".join(blocks))


if __name__ == "__main__":
    for made in (WORLD, ISSUER):
        made.mkdir(exist_ok=True)
        for old in made.iterdir():
            old.unlink()
    write_world()
    write_issuers()
    subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile",
                    WORLD / "root.pem", "-untrusted", WORLD / "inter.pem",
                    WORLD / "low.pem", WORLD / "again.pem",
                    WORLD / "closed.pem"], check=True)
