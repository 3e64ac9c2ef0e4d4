#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""issue and sign, the certificates they give, and what else the API serves."""

import base64
import json
import re
import time

from lab import (ISSUER_DAYS, Lab, der_of, expect, expect_in, run,
                 run_tests)

ENVELOPE = {"request_id", "lease_id", "renewable", "lease_duration", "data",
            "wrap_info", "warnings", "auth", "mount_type"}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def check_envelope(answer):
    expect(answer.status, 200, answer.raw)
    expect(answer.headers["Content-Type"], "application/json")
    expect(answer.headers["Cache-Control"], "no-store")
    expect(set(answer.json), ENVELOPE)
    assert re.fullmatch(UUID, answer.json["request_id"])
    expect(answer.json["lease_id"], "")
    expect(answer.json["wrap_info"], None)
    expect(answer.json["auth"], None)


def test_issue(lab):
    answer = lab.issue(alt_names="a.example.com,*.b.example.com",
                       ip_sans="192.0.2.1,2001:db8::1", ttl="1h")
    check_envelope(answer)
    data = answer.data
    expect(set(data), {"certificate", "issuing_ca", "ca_chain", "private_key",
                       "private_key_type", "serial_number", "expiration"})
    expect(answer.json["warnings"], None)
    expect(data["private_key_type"], "ec")
    assert isinstance(data["expiration"], int)
    assert abs(data["expiration"] - time.time() - 3600) < 60
    assert re.fullmatch(r"([0-9a-f]{2}:){19}[0-9a-f]{2}",
                        data["serial_number"])
    for pem in (data["certificate"], data["issuing_ca"], *data["ca_chain"],
                data["private_key"]):
        assert pem.startswith("-----BEGIN ") and pem.endswith("-----"), pem
    text = lab.verify(data["certificate"], data["private_key"])
    for name in ("DNS:www.example.com", "DNS:a.example.com",
                 "DNS:*.b.example.com", "IP Address:192.0.2.1",
                 "IP Address:2001:DB8:0:0:0:0:0:1"):
        expect_in(name, text)
    expect_in(data["serial_number"].replace(":", ""),
              text.lower().replace(":", "").replace(" ", "")
              .replace("\n", ""))
    expect(der_of(data["issuing_ca"]), der_of(
        (lab.dir / "issuing.pem").read_text()))
    expect([der_of(x) for x in data["ca_chain"]],
           [der_of((lab.dir / "issuing.pem").read_text()),
            der_of((lab.dir / "root.pem").read_text())])


def test_issue_with_put(lab):
    answer = lab.ask("PUT", "/v1/pki/issue/web",
                     {"common_name": "www.example.com"})
    check_envelope(answer)
    lab.verify(answer.data["certificate"], answer.data["private_key"])


def test_issue_every_key_type(lab):
    for role, kind, label in (("p384", "ec", "EC PRIVATE KEY"),
                              ("rsa", "rsa", "RSA PRIVATE KEY"),
                              ("ed", "ed25519", "PRIVATE KEY")):
        data = lab.issue(role).data
        expect(data["private_key_type"], kind)
        expect_in(f"-----BEGIN {label}-----", data["private_key"])
        lab.verify(data["certificate"], data["private_key"])


def test_issue_formats(lab):
    data = lab.issue(format="der").data
    for field in ("certificate", "issuing_ca", "private_key"):
        expect(base64.b64decode(data[field], validate=True)[0], 0x30, field)
    assert isinstance(data["ca_chain"], list)
    data = lab.issue(format="pem_bundle", private_key_format="pkcs8").data
    expect(re.findall("-----BEGIN ([A-Z ]+)-----", data["certificate"]),
           ["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE", "CERTIFICATE"])
    data = lab.issue(remove_roots_from_chain="true").data
    expect(len(data["ca_chain"]), 1)


def test_issue_by_issuer_name(lab):
    for ref in ("demo", "default"):
        answer = lab.ask("POST", f"/v1/pki/issuer/{ref}/issue/web",
                         {"common_name": "www.example.com"})
        lab.verify(answer.data["certificate"], answer.data["private_key"])


def test_issue_from_a_form(lab):
    answer = lab.ask("POST", "/v1/pki/issue/web",
                     "common_name=www.example.com&ttl=1h",
                     {"Content-Type": "application/x-www-form-urlencoded"})
    lab.verify(answer.data["certificate"], answer.data["private_key"])


def test_sign(lab):
    csr = lab.csr("www.example.com", "api.example.com")
    answer = lab.sign(csr)
    check_envelope(answer)
    expect(set(answer.data), {"certificate", "issuing_ca", "ca_chain",
                              "serial_number", "expiration"})
    text = lab.verify(answer.data["certificate"],
                      (lab.dir / "csr.key").read_text())
    expect_in("DNS:api.example.com", text)
    expect_in("CN = www.example.com", text)


def test_sign_every_key_type(lab):
    for newkey in (("ec", "P-384"), ("ec", "P-521"), ("rsa", "2048"),
                   ("rsa", "3072"), ("ed25519", "")):
        csr = lab.csr("www.example.com", newkey=newkey)
        lab.verify(lab.sign(csr, "free").data["certificate"],
                   (lab.dir / "csr.key").read_text())


def test_serials_differ_and_a_connection_is_kept(lab):
    conn = lab.connect()
    serials = set()
    for _ in range(50):
        conn.request("POST", "/v1/pki/issue/web",
                     json.dumps({"common_name": "www.example.com"}))
        response = conn.getresponse()
        serials.add(json.loads(response.read())["data"]["serial_number"])
    conn.close()
    expect(len(serials), 50)


def test_ttl_is_clipped_with_a_warning(lab):
    answer = lab.issue(ttl="48h")
    assert abs(answer.data["expiration"] - time.time() - 86400) < 60
    expect(len(answer.json["warnings"]), 1)
    expect_in("longer than permitted maxTTL", answer.json["warnings"][0])


def test_unknown_fields_are_warned_of(lab):
    answer = lab.issue(zebra=1, apple=2)
    expect(answer.json["warnings"], [
        "Endpoint ignored these unrecognized parameters: [apple zebra]"])


def test_weak_types(lab):
    answer = lab.issue(ttl=3600, exclude_cn_from_sans="true",
                       alt_names=["a.example.com", "b.example.com"],
                       remove_roots_from_chain="0", not_after="")
    text = lab.verify(answer.data["certificate"])
    names = re.search("DNS:.*", text).group(0)
    expect(names, "DNS:a.example.com, DNS:b.example.com")


def test_the_issuer_ends_later_than_every_leaf(lab):
    csr = lab.csr("www.example.com")
    answer = lab.sign(csr, "free", ttl=f"{ISSUER_DAYS * 24 - 1}h")
    lab.verify(answer.data["certificate"])
    answer = lab.sign(csr, "free", ttl=f"{ISSUER_DAYS * 24 + 1}h")
    expect(answer.status, 400)
    expect_in("beyond the expiration of the CA certificate",
              answer.errors[0])


def test_ca_endpoints(lab):
    issuing = (lab.dir / "issuing.pem").read_text()
    root = (lab.dir / "root.pem").read_text()
    for path in ("ca", "cert/ca/raw"):
        answer = lab.ask("GET", f"/v1/pki/{path}")
        expect(answer.headers["Content-Type"], "application/pkix-cert")
        expect(answer.headers["Cache-Control"], "no-store")
        expect(answer.raw, der_of(issuing), path)
    for path in ("ca/pem", "cert/ca/raw/pem"):
        answer = lab.ask("GET", f"/v1/pki/{path}")
        expect(answer.headers["Content-Type"],
               "application/pem-certificate-chain")
        expect(answer.raw.decode(), issuing.strip(), path)
    answer = lab.ask("GET", "/v1/pki/ca_chain")
    expect(answer.headers["Content-Type"], "application/pkix-cert")
    expect(answer.raw.decode(), issuing.strip() + "\n" + root.strip())
    answer = lab.ask("GET", "/v1/pki/cert/ca")
    check_envelope(answer)
    expect(answer.data["certificate"], issuing.strip())
    expect(answer.data["revocation_time"], 0)
    answer = lab.ask("GET", "/v1/pki/cert/ca_chain")
    check_envelope(answer)
    expect(answer.data["certificate"], issuing.strip() + "\n" + root.strip())
    expect(answer.data["ca_chain"], answer.data["certificate"])


def test_head(lab):
    for path in ("/v1/pki/ca/pem", "/v1/sys/health"):
        answer = lab.ask("HEAD", path)
        expect(answer.status, 200)
        expect(answer.raw, b"")
        assert int(answer.headers["Content-Length"]) > 100


def test_health(lab):
    answer = lab.ask("GET", "/v1/sys/health")
    expect(answer.status, 200)
    health = answer.json
    for field, value in (("initialized", True), ("sealed", False),
                         ("standby", False), ("performance_standby", False),
                         ("replication_performance_mode", "disabled"),
                         ("replication_dr_mode", "disabled")):
        expect(health[field], value, field)
    assert abs(health["server_time_utc"] - time.time()) < 5
    assert re.fullmatch(r"\d+\.\d+\.\d+", health["version"])
    token = health["tokens"][0]
    expect((token["name"], token["state"], token["reason"]),
           ("issuing", "up", ""))
    answer = lab.ask("GET", "/v1/sys/health?activecode=299")
    expect(answer.status, 299)
    answer = lab.ask("GET", "/v1/sys/health?activecode=abc")
    expect(answer.status, 400)
    seal = lab.ask("GET", "/v1/sys/seal-status").json
    expect((seal["sealed"], seal["initialized"]), (False, True))
    leader = lab.ask("GET", "/v1/sys/leader").json
    expect((leader["ha_enabled"], leader["is_self"]), (False, False))


def test_slashes(lab):
    for path in ("/v1/pki/ca/", "//v1//pki///ca", "/v1/pki/%63a"):
        answer = lab.ask("GET", path)
        expect(answer.status, 200, path)


def test_certtool_and_asn1parse_read_it(lab):
    data = lab.issue(alt_names="a.example.com").data
    leaf = lab.write("parse.pem", data["certificate"])
    expect_in("www.example.com",
              run("certtool", "--certificate-info", "--infile", leaf).stdout)
    expect_in("X509v3 Subject Alternative Name",
              run("openssl", "asn1parse", "-in", leaf).stdout)


def test_curl(lab):
    done = run("curl", "-sS", "--fail", "--unix-socket", lab.socket, "-d",
               '{"common_name":"www.example.com"}',
               "http://localhost/v1/pki/issue/web")
    lab.verify(json.loads(done.stdout)["data"]["certificate"])


TESTS = [value for name, value in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Lab() as laboratory:
        laboratory.start()
        run_tests(TESTS, laboratory)
