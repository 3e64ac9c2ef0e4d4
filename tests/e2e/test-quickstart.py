#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./quickstart in a copy of the tree, with the programs of this build."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

from lab import SIGNET, expect, expect_in, run, run_tests

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(SIGNET).parents[1]
PROGRAMS = ["cli/signet", "signer/signetd", "pkcs11/helper/signet-token"]
LEFT = ["root.pem", "chain.pem", "issued.pem", "issued.key", "signed.pem"]


class Copy:
    """The tree without what was built, and a home of its own."""

    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="signet-qs-"))
        self.dir = self.top / "a clone"
        shutil.copytree(SOURCE, self.dir, ignore=shutil.ignore_patterns(
            "build*", "demo", ".git", "__pycache__"))
        self.demo = self.dir / "demo"
        self.copy_programs()
        home = self.top / "home"
        (home / ".config/softhsm2/tokens").mkdir(parents=True)
        self.conf = home / ".config/softhsm2/softhsm2.conf"
        self.conf.write_text("directories.tokendir = "
                             f"{home}/.config/softhsm2/tokens\n")
        self.env = {**os.environ, "HOME": str(home),
                    "SOFTHSM2_CONF": str(self.conf)}

    def copy_programs(self):
        """A build folder in which nothing is left to do: ninja must not work
        in this build while its tests run."""
        build = self.dir / "build"
        for name in PROGRAMS:
            (build / name).parent.mkdir(parents=True)
            shutil.copy2(BUILD / name, build / name)
        (build / "build.ninja").write_text(
            f"build {' '.join(PROGRAMS)}: phony\n")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.start("--stop", check=False)
        shutil.rmtree(self.top, ignore_errors=True)

    def start(self, *args, env=None, **kwargs):
        return run(self.dir / "quickstart", *args, env=env or self.env,
                   timeout=240, **kwargs)

    def processes(self):
        """What runs with a path of this copy on its command line."""
        text = run("ps", "-eo", "pid,args").stdout
        return [x for x in text.splitlines() if str(self.demo) in x]

    def nothing_left(self):
        expect(self.processes(), [])
        expect((self.demo / "signetd.pid").exists(), False)


def test_from_nothing(copy):
    text = copy.start("--no-install").stdout
    for name in LEFT:
        expect((copy.demo / name).is_file(), True, name)
    expect_in("demo/issued.pem: OK", text)
    expect_in("demo/signed.pem: OK", text)
    expect_in("CN = www.example.com", text)
    copy.nothing_left()
    verify = run("openssl", "verify", "-x509_strict", "-CAfile",
                 copy.demo / "root.pem", "-untrusted", copy.demo / "chain.pem",
                 copy.demo / "issued.pem", copy.demo / "signed.pem").stdout
    expect(verify.count(": OK"), 2)


def x509(copy, name):
    return run("openssl", "x509", "-in", copy.demo / name, "-noout",
               "-text").stdout


def test_what_it_made(copy):
    chain = (copy.demo / "chain.pem").read_text()
    expect(chain.count("BEGIN CERTIFICATE"), 2)
    expect(chain.endswith((copy.demo / "root.pem").read_text()), True)
    expect_in("ASN1 OID: secp384r1", x509(copy, "root.pem"))
    issuing = x509(copy, "issuing.pem")
    for part in ("ASN1 OID: prime256v1", "CA:TRUE, pathlen:0",
                 "X509v3 Name Constraints: critical",
                 "Permitted:\n                  DNS:example.com\n",
                 "Excluded:\n                  DNS:secret.example.com\n"):
        expect_in(part, issuing)
    for pin in (copy.demo / "pins").iterdir():
        expect(stat.S_IMODE(pin.stat().st_mode), 0o600, pin)
        expect(len(pin.read_text().strip()), 16, pin)
    expect(stat.S_IMODE((copy.demo / "issued.key").stat().st_mode), 0o600)
    ours = run("openssl", "pkey", "-in", copy.demo / "issued.key",
               "-pubout").stdout
    its = run("openssl", "x509", "-in", copy.demo / "issued.pem", "-noout",
              "-pubkey").stdout
    expect(ours, its, "issued.key")


def test_the_users_own_softhsm_is_not_touched(copy):
    folder = copy.conf.parent
    expect(sorted(p.name for p in folder.iterdir()),
           ["softhsm2.conf", "tokens"])
    expect(list((folder / "tokens").iterdir()), [])


def test_keep_and_stop(copy):
    before = (copy.demo / "root.pem").read_bytes()
    text = copy.start("--no-install", "--keep").stdout
    expect((copy.demo / "root.pem").read_bytes() == before, False)
    expect_in("What to type next:", text)
    expect(len(copy.processes()) >= 2, True, "signetd and signet-token")
    socket = copy.demo / "signet.sock"
    data = json.loads(run(
        "curl", "-sS", "--unix-socket", socket, "-d",
        '{"common_name": "*.my.example.com", "ip_sans": "2001:db8::1"}',
        "http://localhost/v1/pki/issue/web").stdout)["data"]
    expect(data["private_key_type"], "ec")
    for name in ("www.example.org", "x.secret.example.com"):
        done = run(SIGNET, "issue", "--socket", socket, "--role", "web",
                   "--common-name", name, "--json", check=False)
        expect(done.returncode, 65, name)
    # once more while it runs: made anew, one daemon
    copy.start("--no-install", "--keep")
    daemons = [x for x in copy.processes() if "signetd.yaml" in x]
    expect(len(daemons), 1, daemons)
    expect_in(") ended", copy.start("--stop").stdout)
    copy.nothing_left()
    expect_in("no signetd of this demo", copy.start("--stop").stdout)


def test_stop_leaves_strangers_alone(copy):
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (copy.demo / "signetd.pid").write_text(f"{stranger.pid}\n")
        expect_in("no signetd of this demo", copy.start("--stop").stdout)
        expect(stranger.poll(), None, "a stranger was killed")
        stranger.kill()


def test_a_failure_leaves_nothing_running(copy):
    tools = copy.top / "tools"
    tools.mkdir()
    fake = tools / "openssl"
    fake.write_text('#!/bin/sh\n[ "$1" != req ] || exit 9\n'
                    f'exec {shutil.which("openssl")} "$@"\n')
    fake.chmod(0o755)
    env = {**copy.env, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = copy.start("--no-install", "--keep", env=env, check=False)
    expect(done.returncode != 0, True)
    expect_in("it stopped at: sign: a request made by openssl", done.stderr)
    copy.nothing_left()


def test_refusals(copy):
    done = copy.start("--frobnicate", check=False)
    expect(done.returncode, 64)
    expect_in("unknown argument '--frobnicate'", done.stderr)
    expect_in("usage: ./quickstart", copy.start("--help").stdout)

    shutil.rmtree(copy.demo)
    copy.demo.mkdir()
    mine = copy.demo / "mine"
    mine.write_text("precious\n")
    done = copy.start("--no-install", check=False)
    expect(done.returncode, 1)
    expect_in("there is a ./demo that I did not make", done.stderr)
    expect(mine.read_text(), "precious\n")
    shutil.rmtree(copy.demo)

    deep = copy.top / ("x" * 100)
    copy.dir.rename(deep)
    done = run(deep / "quickstart", "--no-install", check=False, env=copy.env)
    deep.rename(copy.dir)
    expect(done.returncode, 1)
    expect_in("longer than a socket's path may be", done.stderr)


TESTS = [item for name, item in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with Copy() as the_copy:
        run_tests(TESTS, the_copy)
