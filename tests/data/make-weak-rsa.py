#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write tests/data/bad/key/rsa-*.der: public keys whose modulus can be factored.

The private halves are thrown away. Run from anywhere; the files are committed
and need no new run.
"""
import pathlib
import secrets

BAD = pathlib.Path(__file__).resolve().parent / "bad/key"


def is_prime(n, rounds=20):
    for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if n % p == 0:
            return n == p
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for _ in range(rounds):
        x = pow(secrets.randbelow(n - 3) + 2, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def next_prime(n):
    n |= 1
    while not is_prime(n):
        n += 2
    return n


def tlv(tag, body):
    n = len(body)
    if n < 128:
        head = bytes([n])
    else:
        size = (n.bit_length() + 7) // 8
        head = bytes([128 | size]) + n.to_bytes(size, "big")
    return bytes([tag]) + head + body


def integer(v):
    return tlv(2, v.to_bytes(v.bit_length() // 8 + 1, "big"))


def spki(modulus):
    alg = bytes.fromhex("300d06092a864886f70d0101010500")
    key = tlv(0x30, integer(modulus) + integer(65537))
    return tlv(0x30, alg + tlv(3, b"\0" + key))


def close_primes():
    p = next_prime(3 << 1022 | secrets.randbits(1020))
    return p * next_prime(p + 2**500)


def square():
    p = next_prime(3 << 1022 | secrets.randbits(1020))
    return p * p


def roca_prime():
    """k * M + (65537^a mod M), M the product of the first 126 primes."""
    m, p = 1, 2
    for _ in range(126):
        m *= p
        p = p + 1 if p == 2 else next_prime(p + 2)
    while True:
        k = (3 << 1022) // m + secrets.randbits(40)
        n = k * m + pow(65537, secrets.randbits(250), m)
        if n.bit_length() == 1024 and is_prime(n):
            return n


def main():
    BAD.mkdir(exist_ok=True)
    files = {
        "rsa-close-primes": close_primes(),
        "rsa-square": square(),
        "rsa-roca": roca_prime() * roca_prime(),
    }
    for name, modulus in files.items():
        assert modulus.bit_length() == 2048, name
        (BAD / (name + ".der")).write_bytes(spki(modulus))


main()
