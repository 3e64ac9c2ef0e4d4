#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that were written for Vault, unchanged."""

import json

from lab import Lab, Skip, expect, expect_in, run, run_tests

try:
    import hvac
except ImportError:
    hvac = None
try:
    import requests_unixsocket
except ImportError:
    requests_unixsocket = None


def hvac_client(lab):
    if hvac is None:
        raise Skip("python3-hvac is not installed")
    if requests_unixsocket is None:
        raise Skip("python3-requests-unixsocket is not installed")
    url = "http+unix://" + str(lab.socket).replace("/", "%2F")
    return hvac.Client(url=url, token="unused",
                       session=requests_unixsocket.Session())


def test_hvac_generate_certificate(lab):
    answer = hvac_client(lab).secrets.pki.generate_certificate(
        "web", "www.example.com",
        extra_params={"alt_names": "a.example.com", "ttl": "1h"})
    data = answer["data"]
    lab.verify(data["certificate"], data["private_key"])


def test_hvac_sign_certificate(lab):
    csr = lab.csr("www.example.com")
    answer = hvac_client(lab).secrets.pki.sign_certificate(
        "web", csr, "www.example.com")
    lab.verify(answer["data"]["certificate"])


def test_hvac_reads_the_ca(lab):
    pki = hvac_client(lab).secrets.pki
    issuing = (lab.dir / "issuing.pem").read_text().strip()
    expect(pki.read_ca_certificate(), issuing)
    expect_in(issuing, pki.read_ca_certificate_chain())
    answer = pki.read_certificate("ca_chain")
    expect_in(issuing, answer["data"]["certificate"])


def test_hvac_health(lab):
    sys = hvac_client(lab).sys
    health = sys.read_health_status(method="GET")
    expect(health["sealed"], False)
    expect(sys.read_seal_status()["sealed"], False)
    expect(sys.read_leader_status()["ha_enabled"], False)
    expect(sys.is_sealed(), False)


def test_hvac_errors_are_its_own(lab):
    client = hvac_client(lab)
    try:
        client.secrets.pki.generate_certificate("nobody", "www.example.com")
    except hvac.exceptions.InvalidRequest as why:
        expect_in("unknown role: nobody", str(why))
    else:
        raise AssertionError("no InvalidRequest")
    try:
        client.secrets.pki.read_certificate("no:such")
    except hvac.exceptions.InvalidPath:
        pass
    else:
        raise AssertionError("no InvalidPath")


def test_curl_as_cert_manager_asks(lab):
    """Strings for everything, many of them empty."""
    body = {"common_name": "www.example.com", "csr": lab.csr(
        "www.example.com"), "alt_names": "", "ip_sans": "", "uri_sans": "",
        "ttl": "1h", "exclude_cn_from_sans": "true"}
    done = run("curl", "-sS", "--fail", "-X", "POST", "--unix-socket",
               lab.socket, "-H", "X-Vault-Token: unused", "-H",
               "X-Vault-Request: true", "-H", "X-Vault-Namespace: ns",
               "--data-binary", "@-", "http://localhost/v1/pki/sign/web",
               input=json.dumps(body))
    lab.verify(json.loads(done.stdout)["data"]["certificate"])


def test_go_client_asks_for_health(lab):
    answer = lab.ask("GET", "/v1/sys/health?drsecondarycode=299&"
                     "performancestandbycode=299&sealedcode=299&"
                     "standbycode=299&uninitcode=299")
    expect(answer.status, 200)
    expect(answer.json["initialized"], True)


TESTS = [value for name, value in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Lab() as laboratory:
        laboratory.start()
        run_tests(TESTS, laboratory)
