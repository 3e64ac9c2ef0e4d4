# SPDX-License-Identifier: Apache-2.0
"""DER, and the pieces of certificates, for the scripts that make test data:
whatever is wrong with a file was put there on purpose, octet by octet."""
import hashlib
import os
import subprocess
import tempfile


# --- DER ---------------------------------------------------------------------

def tlv(tag, *content):
    body = b"".join(content)
    n = len(body)
    if n < 0x80:
        length = bytes([n])
    else:
        octs = n.to_bytes((n.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(octs)]) + octs
    return bytes([tag]) + length + body


def seq(*content):
    return tlv(0x30, *content)


def oid(text):
    arcs = [int(a) for a in text.split(".")]
    out = bytearray()
    for arc in [40 * arcs[0] + arcs[1], *arcs[2:]]:
        part = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            part.append(0x80 | arc & 0x7F)
        out += bytes(reversed(part))
    return tlv(0x06, bytes(out))


def integer(n):
    size = max(1, (n.bit_length() + 8) // 8)
    return tlv(0x02, n.to_bytes(size, "big", signed=True))


def bits(data, unused=0):
    return tlv(0x03, bytes([unused]), data)


def octets(data):
    return tlv(0x04, data)


def utf8(text):
    return tlv(0x0C, text.encode())


def printable(text):
    return tlv(0x13, text.encode())


def utc(text):
    return tlv(0x17, text.encode())


def generalized(text):
    return tlv(0x18, text.encode())


NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"
FALSE = b"\x01\x01\x00"


# --- pieces of a certificate -------------------------------------------------

ECDSA_SHA256 = seq(oid("1.2.840.10045.4.3.2"))
ECDSA_SHA384 = seq(oid("1.2.840.10045.4.3.3"))
ATTR = {"C": "2.5.4.6", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3",
        "L": "2.5.4.7", "ST": "2.5.4.8"}
EKU = {"server": "1.3.6.1.5.5.7.3.1", "client": "1.3.6.1.5.5.7.3.2",
       "code": "1.3.6.1.5.5.7.3.3", "email": "1.3.6.1.5.5.7.3.4",
       "ocsp": "1.3.6.1.5.5.7.3.9", "any": "2.5.29.37.0"}


def rdn(attr, value):
    if isinstance(value, str):
        value = printable(value) if attr == "C" else utf8(value)
    return tlv(0x31, seq(oid(ATTR[attr]), value))


def name(*pairs):
    return seq(*(rdn(a, v) for a, v in pairs))


def ext(dotted, value, critical=None):
    flag = b"" if critical is None else (TRUE if critical else FALSE)
    return seq(oid(dotted), flag, octets(value))


def dns(text):
    return tlv(0x82, text.encode())


def email(text):
    return tlv(0x81, text.encode())


def uri(text):
    return tlv(0x86, text.encode())


def ip(data):
    return tlv(0x87, bytes(data))


def directory(dn):
    return tlv(0xA4, dn)


def upn(text):
    """A user principal name, an otherName of Microsoft's."""
    return tlv(0xA0, oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xA0, utf8(text)))


def key_usage(*names):
    order = ["digitalSignature", "nonRepudiation", "keyEncipherment",
             "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign"]
    value = 0
    for n in names:
        value |= 0x80 >> order.index(n)
    unused = 0
    while value and not (value >> unused) & 1:
        unused += 1
    return bits(bytes([value]), unused) if value else bits(b"")


def subtree(base, *extra):
    return seq(base, *extra)


def constraints(permitted=(), excluded=()):
    parts = []
    if permitted:
        parts.append(tlv(0xA0, *permitted))
    if excluded:
        parts.append(tlv(0xA1, *excluded))
    return seq(*parts)


# --- keys --------------------------------------------------------------------

PRIVATE = tempfile.TemporaryDirectory()  # gone when the script ends


class Key:
    """A P-256 (or other) key pair from the openssl command."""

    def __init__(self, kind="P-256"):
        handle, self.path = tempfile.mkstemp(dir=PRIVATE.name)
        os.close(handle)
        if kind.startswith("P-"):
            args = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + kind]
        else:
            args = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:" + kind]
        subprocess.run(["openssl", "genpkey", *args, "-out", self.path],
                       check=True, stderr=subprocess.DEVNULL)
        self.spki = subprocess.run(
            ["openssl", "pkey", "-in", self.path, "-pubout", "-outform", "DER"],
            check=True, stdout=subprocess.PIPE).stdout

    def point(self):
        return self.spki[-65:]

    def sign(self, data, digest="-sha256"):
        return subprocess.run(["openssl", "dgst", digest, "-sign", self.path],
                              input=data, check=True,
                              stdout=subprocess.PIPE).stdout


def key_id(spki, skip=26):
    return hashlib.sha1(spki[skip:]).digest()
