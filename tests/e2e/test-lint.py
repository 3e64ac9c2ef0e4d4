#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The linter as people meet it: signet cert lint, and signetd's own checks."""

import json
import os
import pathlib
import pty
import subprocess

from lab import SIGNET, Lab, expect, expect_in, run, run_tests

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DATA = SOURCE / "tests/data/bad/lint"


def lint(*args, code=0):
    done = run(SIGNET, "cert", "lint", *args, check=False)
    expect(done.returncode, code, done.stdout + done.stderr)
    return done


# --- signet cert lint --------------------------------------------------------

def test_each_file_breaks_its_rule(_lab):
    for path in sorted(DATA.glob("*.pem")):
        rule, profile = path.stem.split(".")
        rule = rule.split("-")[0]
        if rule == "backdated":  # is about the moment of signing
            continue
        args = ["--chain", path] if b"X509 CRL" not in path.read_bytes() else [path]
        if "technical" in path.stem:
            args.append("--technically-constrained")
        if rule == "expired":
            args += ["--at", "2026-07-04T00:00:00Z"]
        if profile == "public":
            args += ["--profile", "public-tls"]
        done = run(SIGNET, "cert", "lint", "--json", *args, check=False)
        data = json.loads(done.stdout)
        found = {f["rule"] for f in data["findings"]}
        if rule == "good":
            expect([f for f in data["findings"] if f["severity"] == "error"], [], path)
        else:
            expect(rule in found, True, f"{path}: {found}")
        expect(done.returncode, 65 if data["errors"] else 0, path)


def test_what_is_printed(lab):
    path = DATA / "dn_country.public.pem"
    done = lint(path, code=65)
    expect(done.stdout.splitlines()[0],
           f'{path}[0]: error dn_country: C "nl" is not two capital letters in '
           "a PrintableString (RFC 5280 appendix A)")
    expect_in("objects 1, profile private", done.stdout)
    expect_in("errors 1, warnings 0, notices 0", done.stdout)
    expect_in("findings at level error: 1", done.stderr)
    der = lab.dir / "country.der"
    run("openssl", "x509", "-in", path, "-outform", "DER", "-out", der)
    expect_in("country.der[0]: error dn_country", lint(der, code=65).stdout)


def test_colour_is_for_terminals(_lab):
    path = DATA / "dn_country.public.pem"
    expect("\033" in lint(path, code=65).stdout, False)
    ours, theirs = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    subprocess.run([SIGNET, "cert", "lint", path], stdout=theirs,
                   stderr=subprocess.DEVNULL, check=False, env=env)
    os.close(theirs)
    expect_in("\033[31merror\033[0m", os.read(ours, 4096).decode())
    os.close(ours)


def test_crl_against_its_issuer(lab):
    path = DATA / "crl_issuer.private.pem"
    expect_in("does not verify with the CA's key", lint(path, code=65).stdout)
    alone = lab.dir / "alone.crl"
    run("openssl", "crl", "-in", path, "-outform", "DER", "-out", alone)
    lint("--crl", alone)
    issuer = lab.dir / "crl-issuer.pem"
    run("openssl", "x509", "-in", path, "-out", issuer)
    expect_in("crl_issuer", lint("--crl", "--issuer", issuer, alone,
                                 code=65).stdout)
    expect_in("der_malformed", lint(alone, code=65).stdout)


def test_rules_of_a_day(_lab):
    path = DATA / "leaf_validity.public.pem"
    args = ["--profile", "public-tls", path]
    expect_in("more than 200 days", lint(*args, code=65).stdout)
    lint("--date", "2026-01-01T00:00:00Z", *args)
    expect_in("more than 47 days",
              lint("--date", "2030-01-01T00:00:00Z", *args, code=65).stdout)


def test_valid_at_a_time(_lab):
    """The ends of the life belong to it (RFC 5280 4.1.2.5)."""
    chain = ["--chain", DATA / "good-chain.public.pem"]
    lint("--at", "2026-04-01T00:00:00Z", *chain)
    lint("--at", "2026-06-30T23:59:59Z", *chain)
    expect_in("[0]: error expired: expired at 2026-07-01T00:00:00Z (RFC 5280",
              lint("--at", "2026-07-01T00:00:00Z", *chain, code=65).stdout)
    early = lint("--at", "2026-03-31T23:59:59Z", *chain, code=65).stdout
    for i in range(3):
        expect_in(f"[{i}]: error expired: not yet valid", early)


def test_table_of_rules(_lab):
    rows = json.loads(lint("--rules", "--json").stdout)
    expect(len(rows) > 150, True, len(rows))
    row = next(r for r in rows if r["rule"] == "sub_ca_eku")
    expect(row, {"rule": "sub_ca_eku", "source": "CCADB 5.1, BR 7.1.2.10.6",
                 "private": "off", "public_tls": "error", "from": "2025-06-15",
                 "until": None, "about": "intermediate"})
    expect_in("sub_ca_eku", lint("--rules").stdout)


def test_wrong_usage(lab):
    expect_in("FILE is missing", lint(code=64).stderr)
    expect_in("--profile: profile \"smime\"",
              lint("--profile", "smime", "x", code=64).stderr)
    expect_in("--date:", lint("--date", "soon", "x", code=64).stderr)
    expect_in("--at:", lint("--at", "soon", "x", code=64).stderr)
    expect_in("no-such.pem: No such file", lint(lab.dir / "no-such.pem", code=66).stderr)
    text = lab.write("text.pem", "no certificate\n")
    expect_in("text.pem: holds neither PEM nor DER", lint(text, code=65).stderr)
    key = lab.write("lint-key.pem", run("openssl", "genpkey", "-algorithm", "ed25519").stdout)
    expect_in('"PRIVATE KEY" is neither', lint(key, code=65).stderr)


# --- signetd -----------------------------------------------------------------

def test_issuer_that_breaks_the_profile(lab):
    code, line = lab.refused(lab.config(
        issuers=lab.issuer_config(lint_profile="public-tls")))
    expect(code, 65, line)
    expect_in("issuer demo: certificate", line)
    expect_in("certificate 0 of the chain breaks sub_ca_eku: a TLS "
              "intermediate has no serverAuth in extKeyUsage", line)
    expect_in("rules of public-tls", line)


def test_health_names_the_issuers(lab):
    with lab.running() as daemon:
        answer = lab.ask("GET", "/v1/sys/health").json
        expect(answer["issuers"], [{"name": "demo", "signs": True, "reason": ""}])
        log = "\n".join(daemon.log)
    expect_in("event=issuer_lint issuer=demo certificate=0 severity=warning "
              "rule=pair_nc_open_forms", log)
    expect("lint_found" in log, False)


TESTS = [item for name, item in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Lab() as the_lab:
        run_tests(TESTS, the_lab)
