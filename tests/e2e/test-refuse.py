#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests that must not get a certificate, and clients that misbehave."""

import json
import os
import signal
import socket
import time

from lab import (Answer, Lab, expect, expect_in, run_tests, stand_still,
                 until)

WILD = {"name": "wild", "allow_any_name": True, "key_type": "ec",
        "key_bits": "256", "ttl": "1h"}


def refused(answer, text, status=400):
    expect(answer.status, status, answer.raw)
    expect(answer.headers["Content-Type"], "application/json")
    expect(answer.headers["Cache-Control"], "no-store")
    expect(set(answer.json), {"errors"})
    expect(len(answer.errors), 1)
    expect_in(text.lower(), answer.errors[0].lower())


def test_unknown_role(lab):
    refused(lab.issue("nobody"), "unknown role: nobody")


def test_unknown_issuer(lab):
    refused(lab.ask("POST", "/v1/pki/issuer/nobody/issue/web",
                    {"common_name": "www.example.com"}), "nobody")


def test_unknown_path(lab):
    for path in ("/v1/pki/revoke", "/v1/other/issue/web", "/", "/v1/pki",
                 "/v2/pki/ca", "/v1/pki/issue"):
        refused(lab.ask("GET", path), "no handler for route", 404)


def test_wrong_method(lab):
    answer = lab.ask("GET", "/v1/pki/issue/web")
    refused(answer, "method GET", 405)
    expect(answer.headers["Allow"], "POST, PUT")
    answer = lab.ask("DELETE", "/v1/pki/ca")
    refused(answer, "method DELETE", 405)
    expect(answer.headers["Allow"], "GET, HEAD")


def test_bad_escapes_in_the_path(lab):
    for path in ("/v1/pki/issue/%zz", "/v1/pki/issue/%", "/v1/pki/issue/%00",
                 "/v1/pki/issue/a%2fb", "/v1/pki/issue/%ff",
                 "/v1/pki/issue/../ca"):
        refused(lab.ask("POST", path, {}), "path:")


def test_role_name_is_quoted(lab):
    answer = lab.ask("POST", "/v1/pki/issue/a%22%0Auid=0", {})
    refused(answer, 'unknown role: a"\nuid=0')
    line = lab.daemons[0].wait_line("request", 'role="a\\"')
    expect_in('\\nuid=0"', line)


def test_invalid_json(lab):
    for body in ('{"common_name":', "[]", '"x"', "{]", '{"a":1} x',
                 "{'a':1}", '{"a":01}', "\x00", '{"a":"\xff"}'):
        answer = lab.ask("POST", "/v1/pki/issue/web",
                         body.encode("latin-1"))
        expect(answer.status, 400, body)
        refused(answer, "json")


def test_deep_json(lab):
    refused(lab.ask("POST", "/v1/pki/issue/web",
                    '{"a":' + "[" * 1000 + "]" * 1000 + "}"), "json")


def test_doubled_field(lab):
    refused(lab.ask("POST", "/v1/pki/issue/web",
                    '{"common_name":"a.example.com",'
                    '"common_name":"b.example.com"}'), "common_name")


def test_wrong_types(lab):
    for field, value in (("ttl", [1]), ("ttl", "soon"), ("ttl", {}),
                         ("exclude_cn_from_sans", "perhaps"),
                         ("common_name", {"a": 1}), ("alt_names", {"a": 1}),
                         ("ttl", True), ("ip_sans", {})):
        refused(lab.issue(**{field: value}), field)


def test_body_of_ten_mebibytes(lab):
    body = b'{"common_name":"' + b"a" * (10 << 20) + b'"}'
    refused(lab.ask("POST", "/v1/pki/issue/web", body), "longer than", 413)
    # http.client sends what has no length in chunks.
    pieces = (body[i:i + 65536] for i in range(0, len(body), 65536))
    answer = lab.ask("POST", "/v1/pki/issue/web", pieces)
    refused(answer, "longer than", 413)


def test_long_headers(lab):
    answer = lab.ask("GET", "/v1/sys/health", headers={"X-Long": "a" * 60000})
    expect(answer.status, 431)
    answer = lab.ask("GET", "/v1/" + "a" * 60000)
    assert answer.status in (414, 431), answer.status


def test_ttl_and_not_after(lab):
    refused(lab.issue(ttl="1h", not_after="2030-01-01T00:00:00Z"),
            "Either ttl or not_after")
    refused(lab.issue("ed", not_after="2000-01-01T00:00:00Z"), "notAfter")
    refused(lab.issue("ed", not_after="tomorrow"), "not_after")


def test_names_outside_the_role(lab):
    refused(lab.issue(common_name="www.example.org"),
            "common name www.example.org not allowed by this role")
    refused(lab.issue(alt_names="a.example.org"),
            "subject alternate name a.example.org not allowed by this role")
    refused(lab.issue(common_name=""), "common_name")
    csr = lab.csr("www.example.com", "evil.test")
    refused(lab.sign(csr), "evil.test")


def test_names_outside_the_constraints(lab):
    refused(lab.issue("wild", common_name="www.example.org"),
            "www.example.org")
    refused(lab.issue("wild", common_name="www.secret.example.com"),
            "secret.example.com")
    refused(lab.issue("wild", common_name="secret.example.com"),
            "secret.example.com")
    refused(lab.issue("wild", common_name="www.example.com",
                      alt_names="a.example.com,b.example.net"),
            "b.example.net")


def test_wildcard_that_covers_an_excluded_name(lab):
    refused(lab.issue("wild", common_name="*.example.com"),
            "*.example.com")
    refused(lab.issue("wild", common_name="*.secret.example.com"),
            "secret.example.com")
    answer = lab.issue("wild", common_name="*.ok.example.com")
    lab.verify(answer.data["certificate"])


def test_constraints_hold_for_requests(lab):
    refused(lab.sign(lab.csr("www.example.com", "a.secret.example.com"),
                     "free"), "secret.example.com")


def test_bad_names(lab):
    for name in ("a..example.com", "." + "example.com",
                 "a" * 64 + ".example.com",
                 ".".join(["a" * 60] * 5) + ".example.com",
                 "a_b.example.com", "a.*.example.com", "**.example.com",
                 "-a.example.com", "a\u0000b.example.com",
                 "a b.example.com"):
        answer = lab.issue(common_name=name)
        expect(answer.status, 400, name)
    refused(lab.issue(ip_sans="192.0.2.300"), "192.0.2.300")


def test_bad_requests(lab):
    good = lab.csr("www.example.com")
    refused(lab.sign(""), '"csr" is empty')
    refused(lab.ask("POST", "/v1/pki/sign/web", {}), '"csr" is empty')
    for csr in (good[:200], good.replace("M", "!", 1),
                good.replace("CERTIFICATE REQUEST", "CERTIFICATE"),
                "x" * 30000):
        expect(lab.sign(csr).status, 400, csr[:60])
    refused(lab.sign(lab.csr("www.example.com", newkey=("rsa", "1024")),
                     "free"), "1024")
    refused(lab.sign(lab.csr("www.example.com", newkey=("ec", "secp256k1")),
                     "free"), "secp256k1")
    refused(lab.sign(lab.csr("www.example.com", newkey=("rsa", "2048"))),
            "role requires keys of type ec")


def test_issue_with_role_any(lab):
    refused(lab.issue("free2any"), "unknown role")
    refused(lab.issue("any"),
            'role key type "any" not allowed for issuing certificates')


def half_open(lab):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(20)
    sock.connect(str(lab.socket))
    return sock


def drip(sock, text, seconds=30):
    """One octet at a time until the other end hangs up. A server that waits
    for the next octet only would wait for ever."""
    begun = time.monotonic()
    for octet in text * 10000:
        try:
            sock.send(bytes([octet]))
            sock.settimeout(0.02)
            if sock.recv(1) == b"":
                break
        except TimeoutError:
            pass
        except OSError:
            break
        if time.monotonic() - begun > seconds:
            raise AssertionError("a slow client was not cut off")


def test_slow_loris(lab):
    with half_open(lab) as sock:
        sock.send(b"POST /v1/pki/issue/web HTTP/1.1\r\nHost: h\r\n")
        drip(sock, b"X-Slow: yes\r\n")
    with half_open(lab) as sock:
        sock.send(b"POST /v1/pki/issue/web HTTP/1.1\r\nHost: h\r\n"
                  b"Content-Length: 60000\r\n\r\n")
        drip(sock, b" ")
    with half_open(lab) as sock:
        drip(sock, b"\r\n")
    # Others are served meanwhile.
    slow = [half_open(lab) for _ in range(20)]
    for sock in slow:
        sock.send(b"POST /v1/pki/issue/web HTT")
    expect(lab.issue().status, 200)
    # None of them was given up for it: that takes two seconds.
    for sock in slow:
        sock.setblocking(False)
        try:
            raise AssertionError(f"cut off: {sock.recv(99)}")
        except BlockingIOError:
            sock.close()


def hold(lab, count):
    """So many connections that were really taken: those of earlier tests may
    not be gone yet, and then a new one is turned away."""
    held = []

    def all_held():
        conn = lab.connect()
        conn.request("GET", "/v1/sys/health")
        if Answer(conn.getresponse()).status == 200:
            held.append(conn)
        else:
            conn.close()
        return len(held) == count
    until(all_held, 10, f"{count} connections")
    return held


def health_of_token(lab):
    """As soon as a connection is free to ask on."""
    def asked():
        answer = lab.ask("GET", "/v1/sys/health")
        return answer.json["tokens"][0] if answer.status == 200 else None
    return until(asked, 10, "health")


def test_disconnect_in_mid_request(lab):
    body = json.dumps({"common_name": "www.example.com"}).encode()
    head = (b"POST /v1/pki/issue/web HTTP/1.1\r\nHost: h\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body))
    for cut in (10, len(head) - 1, len(head), len(head) + 5):
        with half_open(lab) as sock:
            sock.send((head + body)[:cut])
    daemon = lab.daemons[0]
    token = health_of_token(lab)["pid"]
    before = len(daemon.lines("delivered=no"))
    gone = hold(lab, 10)
    stand_still(token)
    try:
        for conn in gone:
            conn.sock.send(head + body)

        def all_wait():
            return health_of_token(lab)["in_flight"] == len(gone)
        until(all_wait, 9, "requests at the token")
        for conn in gone:
            conn.close()
    finally:
        os.kill(token, signal.SIGCONT)
    daemon.wait_line("delivered=no", after=before + len(gone) - 1)
    until(lambda: lab.issue().status == 200, 10, "an answer again")
    expect(health_of_token(lab)["in_flight"], 0)


def test_too_many_connections(lab):
    held = hold(lab, 24)
    answer = lab.ask("GET", "/v1/sys/health")
    refused(answer, "every connection is taken", 503)
    expect(answer.headers["Retry-After"], "1")
    for conn in held:
        conn.close()

    def served():
        return lab.ask("GET", "/v1/sys/health").status == 200
    until(served, 5, "a connection that came free")


def test_refusals_are_logged_with_their_reason(lab):
    lab.issue(common_name="www.example.org")
    line = lab.daemons[0].wait_line("request", "www.example.org", "rc=POLICY")
    for part in (f"uid={os.getuid()}", f"gid={os.getgid()}",
                 f"pid={os.getpid()}", "method=\"POST\"",
                 "path=\"/v1/pki/issue/web\"", "role=\"web\"", "status=400"):
        expect_in(part, line)


TESTS = [value for name, value in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Lab() as laboratory:
        cfg = laboratory.config(limits={
            "connections": "24", "read_timeout_ms": "2000",
            "idle_timeout_ms": "5000"})
        cfg["roles"] = cfg["roles"] + [
            WILD, {**WILD, "name": "any", "key_type": "any", "key_bits": "0"}]
        laboratory.start(cfg)
        run_tests(TESTS, laboratory)
