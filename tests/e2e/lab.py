# SPDX-License-Identifier: Apache-2.0
"""A CA in a directory of its own, for the end-to-end tests: two SoftHSM tokens
made by the real signet, a signetd that runs on them, and clients.

The programs come from the environment: SIGNET, SIGNETD, SIGNET_TOKEN."""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

SIGNET = os.environ["SIGNET"]
SIGNETD = os.environ["SIGNETD"]
SIGNET_TOKEN = os.environ["SIGNET_TOKEN"]
MODULE = os.environ.get("SIGNET_TEST_MODULE",
                        "/usr/lib/softhsm/libsofthsm2.so")
PIN = "4711-demo"


# --- TAP -------------------------------------------------------------------

class Skip(Exception):
    """The test cannot run here; the text says why."""


def run_tests(tests, arg):
    """Each test is a function of arg. Prints TAP; ends the program."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix("test_").replace("_", " ")
        try:
            test(arg)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
            continue
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
            continue
        print(f"ok {number} - {name}", flush=True)
    sys.stdout.flush()
    sys.exit(1 if failed else 0)


def expect(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def expect_in(part, whole, what=""):
    if part not in whole:
        raise AssertionError(f"{what}: no {part!r} in {whole!r}")


def until(condition, seconds=5.0, what="condition"):
    """Wait until condition() is true; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)


# --- programs --------------------------------------------------------------

def run(*argv, check=True, timeout=60, **kwargs):
    """Run a program to its end; stdout and stderr as text."""
    done = subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, timeout=timeout, check=False, **kwargs)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, argv))}: exit "
                             f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done


def yaml(value, indent=0):
    """What of YAML a configuration needs. Strings are written as JSON."""
    pad = "  " * indent
    if isinstance(value, dict):
        out = ""
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                out += f"{pad}{key}:\n{yaml(item, indent + 1)}"
            else:
                out += f"{pad}{key}: {json.dumps(item)}\n"
        return out
    out = ""
    for item in value:
        if isinstance(item, dict):
            text = yaml(item, indent + 1)
            out += f"{pad}- {text[len(pad) + 2:]}"
        else:
            out += f"{pad}- {json.dumps(item)}\n"
    return out


def is_stopped(pid):
    """Every thread of it: the signal reaches them one by one."""
    states = [(task / "stat").read_text().rsplit(")", 1)[1].split()[0]
              for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return all(state == "T" for state in states)


def stand_still(pid):
    """Stop a process: nothing of it goes on when this returns."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: is_stopped(pid), 10, "a process that stands still")


# --- HTTP over a Unix socket -----------------------------------------------

class UnixConnection(http.client.HTTPConnection):
    """http.client, connected to a path."""

    def __init__(self, path, timeout=20):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """Status, headers and body of one answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def data(self):
        expect(self.status, 200, self.raw)
        return self.json["data"]

    @property
    def errors(self):
        return self.json["errors"]


# --- the laboratory --------------------------------------------------------

WEB = {
    "name": "web",
    "allowed_domains": ["example.com"],
    "allow_bare_domains": True,
    "allow_subdomains": True,
    "key_type": "ec",
    "key_bits": "256",
    "max_ttl": "24h",
    "ttl": "12h",
}
ROLES = [
    WEB,
    # Names that only the issuer's constraints can refuse, and times that only
    # its certificate can.
    {"name": "free", "allow_any_name": True, "key_type": "any",
     "enforce_hostnames": True, "max_ttl": "8760h", "ttl": "1h"},
    {"name": "rsa", "allow_any_name": True, "key_type": "rsa",
     "key_bits": "2048", "ttl": "1h"},
    {"name": "ed", "allow_any_name": True, "key_type": "ed25519",
     "ttl": "1h"},
    {"name": "p384", "allow_any_name": True, "key_type": "ec",
     "key_bits": "384", "ttl": "1h"},
]
ISSUER_DAYS = 30


class Lab:
    """Everything in one directory, which is gone when the tests are."""

    def __init__(self, key_type="ec-p256"):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="signet-e2e-"))
        self.socket = self.dir / "signetd.sock"
        self.pin = self.dir / "pin"
        self.write("pin", PIN + "\n", 0o600)
        (self.dir / "tokens").mkdir()
        (self.dir / "guards").mkdir(mode=0o700)
        self.write("softhsm2.conf",
                   f"directories.tokendir = {self.dir}/tokens\n"
                   "objectstore.backend = file\nlog.level = ERROR\n"
                   "slots.removable = false\n")
        self.env = {**os.environ, "SOFTHSM2_CONF": f"{self.dir}/softhsm2.conf"}
        self.daemons = []
        try:
            self.make_ca(key_type)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        for daemon in self.daemons:
            daemon.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def write(self, name, text, mode=0o644):
        path = self.dir / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def signet(self, *args, **kwargs):
        return run(SIGNET, *args, env=self.env, **kwargs)

    def token_args(self, token, prefix="--"):
        return [f"{prefix}token", token, f"{prefix}pin-source",
                f"file:{self.pin}"]

    def common_args(self):
        return ["--module", MODULE, "--token-program", SIGNET_TOKEN,
                "--guards", self.dir / "guards"]

    def make_ca(self, key_type):
        for token in ("demo-root", "demo-issuing"):
            run("softhsm2-util", "--init-token", "--free", "--label", token,
                "--so-pin", PIN, "--pin", PIN, env=self.env)
        self.signet("ca", "root", "--key", "root", "--generate", "ec-p384",
                    "--subject", "CN=Demo Root,O=Example,C=DE", "--validity",
                    "3650d", "--out", self.dir / "root.pem",
                    *self.token_args("demo-root"), *self.common_args())
        self.make_intermediate("issuing", key_type, self.dir / "issuing.pem",
                               "--chain-out", self.dir / "chain.pem")

    def make_intermediate(self, key, key_type, out, *more,
                          validity=f"{ISSUER_DAYS}d"):
        self.signet("ca", "intermediate", "--key", key, "--generate", key_type,
                    "--subject", "CN=Demo Issuing CA,O=Example,C=DE",
                    "--validity", validity, "--path-length", "0",
                    "--permit-dns", "example.com", "--exclude-dns",
                    "secret.example.com", "--out", out,
                    "--issuer-key", "root", "--issuer-cert",
                    self.dir / "root.pem",
                    *self.token_args("demo-root", "--issuer-"),
                    *self.token_args("demo-issuing"), *self.common_args(),
                    *more)

    # --- configuration and daemon ------------------------------------------

    def config(self, **changes):
        cfg = {
            "socket": {"path": str(self.socket), "mode": "0660"},
            "token_program": SIGNET_TOKEN,
            "tokens": [{
                "name": "issuing",
                "module": MODULE,
                "uri": "pkcs11:token=demo-issuing",
                "pin_source": f"file:{self.pin}",
                "guards": str(self.dir / "guards"),
            }],
            "issuers": [{
                "name": "demo",
                "token": "issuing",
                "key": "issuing",
                "certificate": str(self.dir / "issuing.pem"),
                "chain": str(self.dir / "root.pem"),
            }],
            "roles": ROLES,
        }
        cfg.update(changes)
        return {key: item for key, item in cfg.items() if item is not None}

    def token_config(self, **changes):
        return [{**self.config()["tokens"][0], **changes}]

    def issuer_config(self, **changes):
        return [{**self.config()["issuers"][0], **changes}]

    def write_config(self, cfg=None, name="signetd.yaml"):
        return self.write(name, yaml(cfg or self.config()))

    def start(self, cfg=None, wait=True, **kwargs):
        daemon = Daemon(self, self.write_config(cfg), **kwargs)
        self.daemons.append(daemon)
        if wait:
            daemon.wait_ready()
        return daemon

    @contextlib.contextmanager
    def running(self, cfg=None, **kwargs):
        daemon = self.start(cfg, **kwargs)
        try:
            yield daemon
        finally:
            daemon.stop()

    def refused(self, cfg, seconds=20):
        """signetd must not start with this; its exit code and last line."""
        daemon = self.start(cfg, wait=False)
        code = daemon.process.wait(seconds)
        daemon.reader.join(5)
        return code, daemon.log[-1] if daemon.log else ""

    # --- clients -----------------------------------------------------------

    def connect(self, timeout=20):
        return UnixConnection(self.socket, timeout)

    def ask(self, method, path, body=None, headers=None, timeout=20):
        conn = self.connect(timeout)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            conn.request(method, path, body, headers or {})
            return Answer(conn.getresponse())
        finally:
            conn.close()

    def issue(self, role="web", **fields):
        fields.setdefault("common_name", "www.example.com")
        return self.ask("POST", f"/v1/pki/issue/{role}", fields)

    def sign(self, csr, role="web", **fields):
        return self.ask("POST", f"/v1/pki/sign/{role}", {"csr": csr, **fields})

    def csr(self, *names, cn=None, newkey=("ec", "P-256")):
        """A request made by the openssl command; its PEM and its key's path."""
        key = self.dir / "csr.key"
        kind, size = newkey
        make = ["genpkey", "-algorithm", kind.upper(), "-out", key]
        if kind == "ec":
            make += ["-pkeyopt", f"ec_paramgen_curve:{size}"]
        elif kind == "rsa":
            make += ["-pkeyopt", f"rsa_keygen_bits:{size}"]
        run("openssl", *make)
        argv = ["openssl", "req", "-new", "-key", key, "-subj",
                f"/CN={cn or names[0]}"]
        if names:
            alt = ",".join(n if ":" in n else f"DNS:{n}" for n in names)
            argv += ["-addext", f"subjectAltName={alt}"]
        return run(*argv).stdout

    # --- certificates ------------------------------------------------------

    def verify(self, pem, key=None):
        """openssl and certtool both take it, up to the root. Its text."""
        leaf = self.write("leaf.pem", pem + "\n")
        run("openssl", "verify", "-x509_strict", "-purpose", "sslserver",
            "-CAfile", self.dir / "root.pem", "-untrusted",
            self.dir / "issuing.pem", leaf)
        chain = self.write("leaf-chain.pem", pem + "\n"
                           + (self.dir / "issuing.pem").read_text()
                           + (self.dir / "root.pem").read_text())
        run("certtool", "--verify", "--load-ca-certificate",
            self.dir / "root.pem", "--infile", chain)
        if key is not None:
            path = self.write("leaf.key", key + "\n", 0o600)
            ours = run("openssl", "pkey", "-in", path, "-pubout").stdout
            its = run("openssl", "x509", "-in", leaf, "-noout",
                      "-pubkey").stdout
            expect(ours, its, "public key of the private key")
        return run("openssl", "x509", "-in", leaf, "-noout", "-text").stdout


class Daemon:
    """One signetd and what it says."""

    def __init__(self, lab, config, prefix=(), args=(), env=None, **popen):
        self.lab = lab
        self.log = []
        self.process = subprocess.Popen(
            [*prefix, SIGNETD, "--config", str(config), *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env={**lab.env, **(env or {})},
            **popen)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def lines(self, *parts):
        return [x for x in list(self.log) if all(p in x for p in parts)]

    def wait_line(self, *parts, seconds=10.0, after=0):
        def found():
            lines = self.lines(*parts)
            return lines[after] if len(lines) > after else None
        try:
            return until(found, seconds, f"log line with {parts}")
        except AssertionError as why:
            raise AssertionError(f"{why}; log:\n" + "\n".join(self.log[-30:])
                                 ) from None

    def wait_ready(self, seconds=30):
        def ready():
            if self.process.poll() is not None:
                self.reader.join(5)
                raise AssertionError("signetd ended:\n" + "\n".join(self.log))
            return self.lines("ready", "socket=")
        until(ready, seconds, "signetd ready")

    def token_pid(self):
        health = self.lab.ask("GET", "/v1/sys/health").json
        return health["tokens"][0]["pid"]

    def stop(self, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        self.reader.join(5)
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def der_of(pem):
    body = re.sub(r"-----[^-]+-----|\s", "", pem)
    return base64.b64decode(body)


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def peer_of(sock):
    return struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET,
                                               socket.SO_PEERCRED, 12))
