#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everything that must keep signetd from starting, each with its reason; what
is wrong with the configuration alone is in tests/data/bad."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

from lab import (MODULE, PIN, SIGNETD, SIGNET_TOKEN, Lab, Skip, expect,
                 expect_in, run, run_tests, until)

EX_NOHOST = 66   # SG_NOT_FOUND
EX_UNAVAILABLE = 69
EX_CANTCREAT = 73
EX_IOERR = 74
EX_NOPERM = 77
EX_CONFIG = 78


def refused(lab, cfg, code, *texts):
    got, line = lab.refused(cfg)
    for text in texts:
        expect_in(text, line)
    expect(got, code, line)
    expect(lab.socket.exists(), False, "socket left behind")
    expect((lab.dir / "signetd.sock.lock").exists(), False, "lock left behind")


def check_config(path):
    return run(SIGNETD, "--check-config", "--config", path, check=False)


def test_check_config_good(lab):
    done = check_config(lab.write_config())
    expect((done.returncode, done.stdout), (0, "configuration ok\n"),
           done.stderr)


def test_check_config_of_no_file(lab):
    done = check_config(lab.dir / "nothing.yaml")
    expect(done.returncode, EX_CONFIG)
    expect_in("nothing.yaml", done.stderr)


def test_writable_configuration(lab):
    path = lab.write_config()
    path.chmod(0o666)
    done = check_config(path)
    expect(done.returncode, EX_CONFIG)
    expect_in("signetd.yaml", done.stderr)


def test_usage(lab):
    del lab
    done = run(SIGNETD, "--bogus", check=False)
    expect(done.returncode, 64)
    done = run(SIGNETD, "extra", check=False)
    expect(done.returncode, 64)
    expect_in("extra", done.stderr)
    expect_in("usage: signetd", run(SIGNETD, "--help").stdout)
    expect_in("signetd ", run(SIGNETD, "--version").stdout)


def test_missing_module(lab):
    refused(lab, lab.config(tokens=lab.token_config(module="/no/module.so")),
            EX_CONFIG, "token issuing", "/no/module.so")


def test_module_that_is_none(lab):
    text = lab.write("text.so", "not a library\n")
    got, line = lab.refused(lab.config(
        tokens=lab.token_config(module=str(text))))
    expect_in("text.so", line)
    assert got != 0


def test_missing_token(lab):
    refused(lab, lab.config(tokens=lab.token_config(
        uri="pkcs11:token=nobody")), EX_NOHOST, "token issuing", "nobody")


def test_wrong_pin(lab):
    wrong = lab.write("wrong-pin", "0000\n", 0o600)
    refused(lab, lab.config(tokens=lab.token_config(
        pin_source=f"file:{wrong}")), EX_NOPERM, "token issuing",
            "CKR_PIN_INCORRECT")


def test_pin_file_that_others_read(lab):
    open_pin = lab.write("open-pin", PIN + "\n", 0o644)
    got, line = lab.refused(lab.config(tokens=lab.token_config(
        pin_source=f"file:{open_pin}")))
    expect_in("open-pin", line)
    assert got != 0


def test_missing_key(lab):
    refused(lab, lab.config(issuers=lab.issuer_config(key="nobody")),
            EX_NOHOST, "issuer demo: token issuing: key", "no key", "nobody")


def test_key_that_does_not_fit_the_certificate(lab):
    if not (lab.dir / "other.pem").exists():
        lab.make_intermediate("other", "ec-p256", lab.dir / "other.pem")
    refused(lab, lab.config(issuers=lab.issuer_config(key="other")), 65,
            "issuer demo: token issuing: key", "other",
            "public key is not the expected one")


def test_chain_that_does_not_fit(lab):
    if not (lab.dir / "other.pem").exists():
        lab.make_intermediate("other", "ec-p256", lab.dir / "other.pem")
    got, line = lab.refused(lab.config(issuers=lab.issuer_config(
        chain=str(lab.dir / "other.pem"))))
    expect_in("issuer demo", line)
    expect(got, 65, line)


def issuing_guard(lab):
    return next(path for path in (lab.dir / "guards").glob("*.yaml")
                if "label: issuing\n" in path.read_text())


def with_guard(lab, change, *texts):
    """signetd must refuse while the issuing key's guard reads like this."""
    path = issuing_guard(lab)
    text = path.read_text()
    try:
        if change is None:
            path.unlink()
        else:
            path.write_text(change(text))
        refused(lab, lab.config(), 65,
                "issuer demo: token issuing: key", *texts)
    finally:
        path.write_text(text)
        path.chmod(0o600)


def test_guard_that_is_missing(lab):
    with_guard(lab, None, "the key has no guard")


def test_guard_for_another_purpose(lab):
    def change(text):
        head = text.split("issuer_certificate:")[0]
        return head.replace("purpose: ca", "purpose: backend")
    with_guard(lab, change, "guard says purpose", "backend")


def test_guard_that_is_bound_to_nothing(lab):
    with_guard(lab, lambda text: text.split("issuer_certificate:")[0],
               "not bound to an issuer certificate")


def test_guard_of_another_issuer(lab):
    """The same key, but another certificate for it: a guard knows one."""
    again = lab.dir / "again.pem"
    path = issuing_guard(lab)
    text = path.read_text()
    try:
        path.write_text(text.split("issuer_certificate:")[0])
        lab.signet("ca", "intermediate", "--key", "issuing", "--subject",
                   "CN=Demo Issuing CA,O=Example,C=DE", "--validity", "20d",
                   "--path-length", "0", "--out", again, "--issuer-key", "root",
                   "--issuer-cert", lab.dir / "root.pem",
                   *lab.token_args("demo-root", "--issuer-"),
                   *lab.token_args("demo-issuing"), *lab.common_args())
    finally:
        path.write_text(text)
        path.chmod(0o600)
    refused(lab, lab.config(issuers=lab.issuer_config(certificate=str(again))),
            65, "issuer demo: token issuing: key", "bound to another issuer")


def test_another_root(lab):
    root = lab.dir / "stranger.pem"
    lab.signet("ca", "root", "--key", "stranger", "--generate", "ec-p384",
               "--subject", "CN=Demo Root,O=Example,C=DE", "--validity",
               "3650d", "--out", root, *lab.token_args("demo-root"),
               *lab.common_args())
    got, line = lab.refused(lab.config(issuers=lab.issuer_config(
        chain=str(root))))
    expect_in("issuer demo: certificate", line)
    expect_in("issuing.pem", line)
    expect(got, 65, line)


def test_serial_number_of_the_token(lab):
    info = json.loads(lab.signet(
        "token", "info", "--label", "demo-issuing", "--module", MODULE,
        "--token-program", SIGNET_TOKEN, "--json").stdout)
    with lab.running(lab.config(tokens=lab.token_config(
            serial=info["serial"]))):
        expect(lab.issue().status, 200)
    refused(lab, lab.config(tokens=lab.token_config(serial="0123456789abcdef")),
            EX_CONFIG, "token issuing: its serial number is",
            info["serial"], "0123456789abcdef")


def make_identity(lab, key, purpose):
    """A key in the issuing token; its public half goes to KEY.pub."""
    path = lab.dir / f"{key}.pub"
    if not path.exists():
        lab.signet("key", "generate", "--label", key, "--type", "ec-p256",
                   "--purpose", purpose, *lab.token_args("demo-issuing"),
                   *lab.common_args())
        info = json.loads(lab.signet(
            "key", "show", "--label", key, "--json",
            *lab.token_args("demo-issuing"), *lab.common_args()).stdout)
        path.write_text(info["public_key"])
    return {"identity_key": key, "identity_public_key": str(path)}


def test_identity_of_the_token(lab):
    who = make_identity(lab, "who", "probe")
    with lab.running(lab.config(tokens=lab.token_config(**who))):
        expect(lab.issue().status, 200)


def test_token_without_the_identity_key(lab):
    who = make_identity(lab, "who", "probe")
    who["identity_public_key"] = str(lab.write("other.pub", run(
        "openssl", "pkey", "-pubout", input=run(
            "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256").stdout).stdout))
    refused(lab, lab.config(tokens=lab.token_config(**who)), 65,
            "token issuing: identity_key", "public key is not the expected one")
    who["identity_key"] = "nobody"
    refused(lab, lab.config(tokens=lab.token_config(**who)), EX_NOHOST,
            "token issuing: identity_key", "nobody")
    who["identity_public_key"] = str(lab.pin)
    refused(lab, lab.config(tokens=lab.token_config(**who)), EX_CONFIG,
            "token issuing: identity_public_key")


def test_identity_key_of_another_purpose(lab):
    who = make_identity(lab, "backend", "backend")
    refused(lab, lab.config(tokens=lab.token_config(**who)), 65,
            "token issuing: identity_key",
            "the key is for backend, not for challenges")


def forging(lab):
    """A token process that lies about signatures while the file is there."""
    flag = lab.dir / "forge"
    script = pathlib.Path(__file__).with_name("forging-token.py")
    program = lab.write("forging-token", "#!/bin/sh\nexec "
                        f"{sys.executable} {script} {SIGNET_TOKEN} {flag} "
                        "\"$@\"\n", 0o755)
    return flag, lab.config(
        token_program=str(program),
        tokens=lab.token_config(**make_identity(lab, "who", "probe")))


def test_forged_signature_of_the_identity_key(lab):
    flag, cfg = forging(lab)
    flag.touch()
    refused(lab, cfg, 65, 'token issuing: identity_key', "who",
            "it does not prove that the token holds it: signature invalid")


def loses_its_token(lab, daemon, swap, back, *texts):
    """Another token is there when signet-token is started again: no more
    signatures, until the right one is back."""
    expect(lab.issue().status, 200)
    swap()
    try:
        os.kill(daemon.token_pid(), signal.SIGKILL)
        daemon.wait_line("event=token_lost", *texts)
        answer = lab.issue()
        expect(answer.status, 503, answer.raw)
        expect(int(answer.headers["Retry-After"]) > 0, True)
        token = lab.ask("GET", "/v1/sys/health").json["tokens"][0]
        expect(token["state"], "restarting")
        for text in texts:
            expect_in(text, token["reason"])
    finally:
        back()
    until(lambda: lab.issue().status == 200, 30, "the token is back")


def test_forged_signature_after_a_restart(lab):
    flag, cfg = forging(lab)
    flag.unlink(missing_ok=True)
    with lab.running(cfg) as daemon:
        loses_its_token(lab, daemon, flag.touch, flag.unlink, "identity key",
                        "it does not prove that the token holds it")


def test_another_token_after_a_restart(lab):
    info = json.loads(lab.signet(
        "token", "info", "--label", "demo-issuing", "--module", MODULE,
        "--token-program", SIGNET_TOKEN, "--json").stdout)
    conf = lab.dir / "softhsm2.conf"
    ours = conf.read_text()
    others = ours.replace("/tokens\n", "/other-tokens\n")
    (lab.dir / "other-tokens").mkdir()
    other = lab.write("other.conf", others)
    run("softhsm2-util", "--init-token", "--free", "--label", "demo-issuing",
        "--so-pin", PIN, "--pin", PIN,
        env={**lab.env, "SOFTHSM2_CONF": str(other)})
    with lab.running(lab.config(tokens=lab.token_config(
            serial=info["serial"]))) as daemon:
        loses_its_token(lab, daemon, lambda: conf.write_text(others),
                        lambda: conf.write_text(ours),
                        "its serial number is", info["serial"])


def test_certificate_that_is_no_ca(lab):
    with lab.running():
        pem = lab.issue().data["certificate"]
    leaf = lab.write("no-ca.pem", pem + "\n")
    got, line = lab.refused(lab.config(issuers=lab.issuer_config(
        certificate=str(leaf), chain=str(lab.dir / "chain.pem"))))
    expect_in("no-ca.pem", line)
    expect(got, 65, line)


def test_expired_issuer(lab):
    short = lab.dir / "short.pem"
    lab.make_intermediate("short", "ec-p256", short, validity="1s")
    time.sleep(1.1)
    cfg = lab.config(issuers=lab.issuer_config(key="short",
                                               certificate=str(short)))
    refused(lab, cfg, 65, "issuer demo: certificate", "short.pem", "expired")
    done = check_config(lab.write_config(cfg))
    expect(done.returncode, EX_CONFIG)
    expect_in("expired", done.stderr)


def test_socket_directory_is_not_there(lab):
    refused(lab, lab.config(socket={"path": str(lab.dir / "no/s.sock")}),
            EX_IOERR, "no/s.sock", "No such file or directory")


def test_socket_directory_is_not_writable(lab):
    if os.getuid() != 0:
        raise Skip("needs root, to become another user")
    closed = lab.dir / "closed"
    closed.mkdir(mode=0o755)
    lab.dir.chmod(0o755)
    path = lab.write_config(lab.config(socket={"path": f"{closed}/s.sock"}),
                            "other.yaml")
    os.chown(path, 65534, 65534)
    done = subprocess.run([SIGNETD, "--config", str(path)], user=65534,
                          group=65534, extra_groups=[], capture_output=True,
                          text=True, env=lab.env, check=False, timeout=20)
    expect_in("closed/s.sock", done.stderr)
    expect_in("Permission denied", done.stderr)
    expect(done.returncode, EX_IOERR)


def test_something_else_at_the_socket_path(lab):
    path = lab.write("a-file", "keep me")
    got, line = lab.refused(lab.config(socket={"path": str(path)}))
    expect_in("not a socket", line)
    expect(got, EX_CONFIG)
    expect(path.read_text(), "keep me")


def test_two_daemons_on_one_socket(lab):
    with lab.running() as first:
        got, line = lab.refused(lab.config())
        expect_in("another signetd", line)
        expect(got, EX_CANTCREAT)
        expect(lab.issue().status, 200)
        expect(first.process.poll(), None)


def test_another_server_on_the_socket(lab):
    path = lab.dir / "foreign.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        other.listen(1)
        got, line = lab.refused(lab.config(socket={"path": str(path)}))
        expect_in("a running server answers there", line)
        expect(got, EX_CANTCREAT)


def test_stale_socket_is_replaced(lab):
    daemon = lab.start()
    daemon.kill()
    expect(lab.socket.exists(), True)
    with lab.running():
        expect(lab.issue().status, 200)
    expect(lab.socket.exists(), False)


def test_unknown_socket_group(lab):
    refused(lab, lab.config(socket={"path": str(lab.socket),
                                    "group": "no-such-group"}),
            EX_CONFIG, "no-such-group")


def test_open_files_limit(lab):
    got, line = lab.refused(lab.config(limits={"connections": "100000000"}))
    assert got == EX_CONFIG, line
    expect_in("connections", line)


TESTS = [value for name, value in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Lab() as laboratory:
        run_tests(TESTS, laboratory)
