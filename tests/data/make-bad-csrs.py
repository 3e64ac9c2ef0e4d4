#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write tests/data/bad/csr/ and tests/data/good/csr/.

Every bad request breaks one rule, the one that its name says; it is signed all
the same, so that nothing else is wrong with it. Needs the openssl command for
keys and signatures. The files are committed and need no new run; a new run
changes keys and signatures and nothing else.
"""
import pathlib
import subprocess
import tempfile

from dertools import bits, integer, octets, oid, seq, tlv

DATA = pathlib.Path(__file__).resolve().parent
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


# --- requests ----------------------------------------------------------------

class Key:
    def __init__(self, folder, name, *options):
        self.path = folder / name
        openssl("genpkey", *options, "-out", self.path)
        self.spki = openssl("pkey", "-in", self.path, "-pubout",
                            "-outform", "DER")

    def sign(self, message, digest="-sha256"):
        """A P-256 signature of 71 octets: offsets stay the same then."""
        while True:
            made = openssl("dgst", digest, "-sign", self.path, stdin=message)
            if not 70 <= len(made) <= 72 or len(made) == 71:
                return made


def openssl(*args, stdin=b""):
    return subprocess.run(["openssl", *map(str, args)], input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def rdn(attribute, tag, value):
    return tlv(0x31, seq(oid(attribute), tlv(tag, value)))


CN = "2.5.4.3"
SUBJECT = seq(rdn(CN, 0x0c, b"web.example.com"))
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
SAN = "2.5.29.17"
BASIC = "2.5.29.19"
KEY_USAGE = "2.5.29.15"


def extension(number, value, critical=b""):
    return seq(oid(number), critical, octets(value))


def request_of(*extensions):
    return seq(oid(EXTENSION_REQUEST), tlv(0x31, seq(*extensions)))


def san(*names):
    return request_of(extension(SAN, seq(*names)))


def dns(text):
    return tlv(0x82, text)


def info(key, subject=SUBJECT, attributes=None, version=integer(0), spki=None):
    if attributes is None:
        attributes = [san(dns(b"web.example.com"))]
    if isinstance(attributes, list):
        attributes = tlv(0xa0, *attributes)
    return seq(version, subject, spki or key.spki, attributes)


def csr(key, alg=ECDSA_SHA256, signature=None, tail=b"", digest="-sha256",
        **fields):
    body = info(key, **fields)
    if signature is None:
        signature = bits(key.sign(body, digest))
    return seq(body, alg, signature, tail)


def long_length(der):
    """The outer length in one octet more than it needs (BER)."""
    n = int.from_bytes(der[2:2 + (der[1] & 127)], "big")
    size = (der[1] & 127) + 1
    return bytes([der[0], 128 | size]) + n.to_bytes(size, "big") + \
        der[2 + (der[1] & 127):]


def indefinite(der):
    return bytes([0x30, 0x80]) + der[2 + (der[1] & 127):] + b"\0\0"


def nested(depth):
    der = b"\x05\x00"
    for _ in range(depth):
        der = seq(der)
    return der


def names_and_keys(key):
    point = key.spki[-65:]
    head = key.spki[:-65]
    x = point[1:33]
    compressed = seq(seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")),
                     bits(b"\x02" + x))
    off = head + point[:-1] + bytes([point[-1] ^ 1])
    return {
        "subject-multi-valued-rdn": csr(key, subject=seq(tlv(0x31, 
            seq(oid(CN), tlv(0x0c, b"a")), seq(oid("2.5.4.11"),
                                               tlv(0x0c, b"b"))))),
        "subject-bmp-string": csr(key, subject=seq(rdn(CN, 0x1e, b"\0a"))),
        "subject-t61-string": csr(key, subject=seq(rdn(CN, 0x14, b"a"))),
        "subject-not-utf8": csr(key, subject=seq(rdn(CN, 0x0c, b"\xff"))),
        "subject-empty-value": csr(key, subject=seq(rdn(CN, 0x0c, b""))),
        "subject-nul": csr(key, subject=seq(rdn(CN, 0x0c, b"a\0b"))),
        "key-compressed-point": csr(key, spki=compressed),
        "key-point-off-curve": csr(key, spki=off),
        "san-underscore": csr(key, attributes=[san(dns(b"a_b.example.com"))]),
        "san-wildcard-inside": csr(key, attributes=[
            san(dns(b"a.*.example.com"))]),
        "san-ip-shaped": csr(key, attributes=[san(dns(b"192.0.2.1"))]),
        "san-nul": csr(key, attributes=[san(dns(b"a\0.example.com"))]),
        "san-empty-name": csr(key, attributes=[san(dns(b""))]),
        "san-300-octets": csr(key, attributes=[
            san(dns(b".".join([b"a" * 49] * 6)))]),
        "san-not-ascii": csr(key, attributes=[
            san(dns("bücher.example".encode()))]),
        "san-empty-list": csr(key, attributes=[san()]),
        "san-registered-id": csr(key, attributes=[
            san(tlv(0x88, b"\x2a\x03"))]),
        "san-directory-name": csr(key, attributes=[san(tlv(0xa4, SUBJECT))]),
        "san-ip-of-3-octets": csr(key, attributes=[
            san(tlv(0x87, b"\x01\x02\x03"))]),
        "san-other-name-not-utf8string": csr(key, attributes=[
            san(tlv(0xa0, oid("1.2.3"), tlv(0xa0, b"\x05\x00")))]),
        "san-257-names": csr(key, attributes=[
            san(*[dns(b"n%d.example" % i) for i in range(257)])]),
    }


def structure(key):
    good = csr(key)
    deep = request_of(extension(KEY_USAGE, b"\x03\x02\x07\x80")) + \
        seq(oid("1.2.3"), tlv(0x31, nested(16)))
    many = seq(oid("1.2.3"), tlv(0x31, b"\x05\x00" * 2100))
    big = seq(oid("1.2.3"), tlv(0x31, octets(b"x" * 16384)))
    usage = extension(KEY_USAGE, b"\x03\x02\x07\x80")
    return {
        "trailing-garbage": good + b"\0",
        "truncated": good[:-10],
        "ber-indefinite-length": indefinite(good),
        "ber-long-length": long_length(good),
        "ber-constructed-string": csr(key, subject=seq(tlv(0x31, seq(
            oid(CN), tlv(0x2c, tlv(0x0c, b"a")))))),
        "nested-too-deep": csr(key, attributes=[deep]),
        "too-many-elements": csr(key, attributes=[many]),
        "oversized": csr(key, attributes=[big]),
        "version-1": csr(key, version=integer(1)),
        "no-attributes": csr(key, attributes=b""),
        "element-after-attributes": csr(key, attributes=tlv(0xa0) +
                                        b"\x05\x00"),
        "attribute-without-value": csr(key, attributes=[
            seq(oid(EXTENSION_REQUEST), tlv(0x31))]),
        "extension-request-twice": csr(key, attributes=[
            request_of(usage), san(dns(b"a.example"))]),
        "extension-request-of-two-lists": csr(key, attributes=[
            seq(oid(EXTENSION_REQUEST), tlv(0x31, seq(usage), seq(usage)))]),
        "extension-twice": csr(key, attributes=[request_of(usage, usage)]),
        "extension-list-empty": csr(key, attributes=[request_of()]),
        "extension-critical-false": csr(key, attributes=[request_of(
            extension(KEY_USAGE, b"\x03\x02\x07\x80", b"\x01\x01\x00"))]),
        "extensions-33": csr(key, attributes=[request_of(
            *[extension("1.2.3.%d" % i, b"") for i in range(33)])]),
        "basic-constraints-explicit-false": csr(key, attributes=[request_of(
            extension(BASIC, seq(b"\x01\x01\x00")))]),
        "basic-constraints-path-length-without-ca": csr(key, attributes=[
            request_of(extension(BASIC, seq(integer(0))))]),
        "element-after-signature": csr(key, tail=b"\x05\x00"),
        "signature-unused-bits": csr(key, signature=bits(
            key.sign(info(key)) + b"\x80", 7)),
        "signature-of-other-bytes": csr(key, signature=bits(
            key.sign(b"other bytes"))),
        "signature-sha1": csr(key, alg=bytes.fromhex("300906072a8648ce3d0401"),
                              digest="-sha1"),
        "signature-algorithm-of-another-key": csr(
            key, alg=bytes.fromhex("300d06092a864886f70d01010b0500")),
    }


def foreign_keys(folder):
    rsa = Key(folder, "rsa", "-algorithm", "RSA", "-pkeyopt",
              "rsa_keygen_bits:1024")
    k1 = Key(folder, "k1", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:secp256k1")
    ed448 = Key(folder, "ed448", "-algorithm", "ED448")
    return {
        "key-rsa-1024": csr(rsa, alg=bytes.fromhex(
            "300d06092a864886f70d01010b0500")),
        "key-secp256k1": csr(k1),
        "key-ed448": openssl("req", "-new", "-key", ed448.path, "-subj",
                             "/CN=x", "-outform", "DER"),
    }


def good_ones(key):
    usage = extension(KEY_USAGE, b"\x03\x02\x07\x80")
    return {
        "ca": csr(key, attributes=[request_of(extension(
            BASIC, seq(b"\x01\x01\xff", integer(3)), b"\x01\x01\xff"))]),
        "empty-subject": csr(key, subject=seq()),
        "no-extensions": csr(key, attributes=[]),
        "doubled-name": csr(key, attributes=[
            san(dns(b"a.example"), dns(b"A.example"), dns(b"b.example"))]),
        "ignored": csr(key, attributes=[
            seq(oid("1.2.840.113549.1.9.7"), tlv(0x31, tlv(0x0c, b"secret"))),
            request_of(usage, extension("2.5.29.37", seq(
                oid("1.3.6.1.5.5.7.3.1"))), extension("1.2.3.4", b"\x05\0")),
            seq(oid("1.3.6.1.4.1.311.2.1.14"), tlv(0x31, seq(usage))),
            seq(oid("1.3.6.1.4.1.311.13.2.3"), tlv(0x31, tlv(0x16, b"10.0")))]),
        "ignored-many": csr(key, attributes=[request_of(
            *[extension("1.2.3.%d" % i, b"") for i in range(20)])]),
    }


def main():
    for folder in ("bad/csr", "good/csr"):
        (DATA / folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        key = Key(folder, "p256", "-algorithm", "EC", "-pkeyopt",
                  "ec_paramgen_curve:P-256")
        bad = {**structure(key), **names_and_keys(key), **foreign_keys(folder)}
        for rule, der in bad.items():
            (DATA / "bad/csr" / f"{rule}.der").write_bytes(der)
        for rule, der in good_ones(key).items():
            (DATA / "good/csr" / f"{rule}.der").write_bytes(der)


main()
