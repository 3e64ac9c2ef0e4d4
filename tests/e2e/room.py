# SPDX-License-Identifier: Apache-2.0
"""A ceremony room: two tokens, four people with keys, and what they type."""

import hashlib
import json
import mmap
import os
import pathlib
import re
import shutil
import struct
import subprocess
import time

from lab import (MODULE, PIN, SIGNET, SIGNET_TOKEN, Lab, expect, expect_in,
                 run, until, yaml)

SHIM = os.environ.get("SIGNET_TEST_SHIM")
SOURCE = pathlib.Path(__file__).resolve().parents[2]
RITA, ADA, BOB, EVE = "Rita Requester", "Ada Approver", "Bob Approver", "Eve"
DAY = 86400


def instant(seconds=0):
    """RFC 3339, seconds from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(time.time() + seconds))


class Room(Lab):
    """Two empty tokens and four people with keys."""

    def make_ca(self, key_type):
        for token in ("root", "issuing"):
            self.make_token(token)
        for name, *how in ((RITA, "ED25519"), (ADA, "ED25519"),
                           (BOB, "EC", "-pkeyopt",
                            "ec_paramgen_curve:P-256"), (EVE, "ED25519")):
            key = self.key_of(name)
            run("openssl", "genpkey", "-algorithm", *how, "-out", key)
            key.chmod(0o600)
            run("openssl", "pkey", "-in", key, "-pubout", "-out",
                key.with_suffix(".pub"))

    def make_token(self, label):
        run("softhsm2-util", "--init-token", "--free", "--label", label,
            "--so-pin", PIN, "--pin", PIN, env=self.env)

    def key_of(self, name):
        return self.dir / f"{name.split()[0].lower()}.key"

    def person(self, name):
        return {"name": name,
                "key": str(self.key_of(name).with_suffix(".pub"))}

    # --- plans ------------------------------------------------------------------

    def request(self, kind, name, approvals=0, **fields):
        body = {
            "type": kind, "title": f"Test of {name}",
            "requester": self.person(RITA),
            "approvers": [self.person(ADA), self.person(BOB)],
            "approvals_needed": approvals,
            "window": {"from": instant(-DAY), "until": instant(30 * DAY)},
            "token": {"label": "root"}, "key": {"label": "root"}, **fields,
        }
        return self.write(f"{name}.yaml", yaml(body))

    def plan(self, kind, name, **fields):
        path = self.dir / f"{name}.plan.json"
        request = self.request(kind, name, **fields)
        done = self.signet("ceremony", "plan", request, "--out", path, "--json")
        return Plan(path, json.loads(done.stdout))

    def key_plan(self, name="key", label="root", token="root", **fields):
        fields.setdefault("guard", {"purpose": "ca", "may_sign_ca": True,
                                    "max_validity": "7300d"})
        return self.plan("key", name, token={"label": token},
                         key={"label": label, "type": "ec-p256"}, **fields)

    def root_plan(self, name, public_key, label="root", **fields):
        return self.plan("root", name, key={"label": label},
                         public_key=str(public_key), subject={
                             "common_name": f"Test {name}", "country": "DE"},
                         validity={"not_before": instant(),
                                   "duration": "3650d"}, **fields)

    def plans_of_all_types(self, name, root, other, spare):
        """One of each, below the root made as `root`; other: another root,
        spare: a key that waits for its certificate."""
        issuer = {"certificate": str(self.dir / root / "certificate.pem")}
        below = {"key": {"label": root}, "issuer": issuer}
        timed = {"validity": {"not_before": instant(), "duration": "90d"}}
        subject = {"subject": {"common_name": f"{name} CA", "country": "DE"}}
        public = {"public_key": str(self.dir / spare / "public-key.pem")}
        yield self.key_plan(f"{name}-key", f"{name}-key")
        yield self.root_plan(f"{name}-root", public["public_key"], spare)
        yield self.plan("csr", f"{name}-csr", key={"label": root}, **subject,
                        public_key=str(self.dir / f"{root}-key/public-key.pem"))
        yield self.plan("intermediate", f"{name}-intermediate", path_length=0,
                        **public, **subject, **timed, **below)
        yield self.plan("cross-certificate", f"{name}-cross", path_length=0,
                        certificate=str(self.dir / other / "certificate.pem"),
                        **timed, **below)
        yield self.plan("rollover", f"{name}-rollover", **public, **timed,
                        **below)
        yield self.plan("ocsp-responder", f"{name}-ocsp", **public, **subject,
                        **timed, **below)
        yield self.plan("crl", f"{name}-crl", crl={
            "last": "none", "number": "1", "this_update": instant(),
            "next_update": instant(30 * DAY)}, **below)

    # --- commands ---------------------------------------------------------------

    def token_opts(self, module=MODULE):
        return ["--module", module, "--token-program", SIGNET_TOKEN,
                "--guards", self.dir / "guards", "--pin-source",
                f"file:{self.pin}"]

    def execute_args(self, plan, out, *more, module=MODULE):
        return [str(a) for a in ("ceremony", "execute", plan.path, "--out",
                                 self.dir / out, *self.token_opts(module),
                                 *more)]

    def execute(self, plan, out, *more, answers=None, check=True, env=None,
                module=MODULE):
        text = "\n".join(answers or [plan.word]) + "\n"
        return run(SIGNET, *self.execute_args(plan, out, *more, module=module),
                   input=text, env=env or self.env, check=check)

    def refused(self, code, message, plan, out, *more, **kwargs):
        done = self.execute(plan, out, *more, check=False, **kwargs)
        expect(done.returncode, code, done.stderr + done.stdout)
        expect_in(message, done.stderr.splitlines()[0])
        return done

    def approve(self, plan, name, *more, key=None, check=True):
        return self.signet("ceremony", "approve", plan.path, "--name", name,
                           "--key", key or self.key_of(name), "--yes", *more,
                           check=check)

    def events(self, out):
        lines = (self.dir / out / "transcript.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def names(self, out):
        return [line["event"] for line in self.events(out)]

    def keys(self, token="root"):
        done = self.signet("key", "list", "--token", token, "--json",
                           *self.token_opts())
        return [key["label"] for key in json.loads(done.stdout)]

    def make_root(self, name, label):
        """A key, its root certificate: both plans, done."""
        key = self.key_plan(f"{name}-key", label)
        self.execute(key, f"{name}-key")
        root = self.root_plan(name, self.dir / f"{name}-key/public-key.pem",
                              label)
        self.execute(root, name)
        return key, root


class Plan:
    def __init__(self, path, shown):
        self.path = path
        self.shown = shown
        self.word = shown.get("tbs_words", shown["plan_words"]).split()[0]

    def bytes(self):
        return self.path.read_bytes()


class Shim:
    """tests/lib/shim-p11.so before SoftHSM, and its control file: rules and
    counters lie as struct shim_control of shim-p11.h has them."""

    HEADER = (SOURCE / "tests/lib/shim-p11.h").read_text()
    CALLS = re.findall(r"^    X\((\w+)\)", HEADER, re.M)
    PASS, FAIL, HANG = 0, 1, 2
    PATH = 256
    RULE = 20
    REST = 256  # what follows the counters, and more

    def __init__(self, room):
        self.path = room.dir / "shim.control"
        size = self.PATH + len(self.CALLS) * (self.RULE + 4) + self.REST
        self.path.write_bytes(MODULE.encode().ljust(size, b"\0"))
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), size)
        self.env = {**room.env, "SIGNET_SHIM_CONTROL": str(self.path)}

    def rule(self, call, what, value=0, skip=0):
        at = self.PATH + self.CALLS.index(call) * self.RULE
        struct.pack_into("=5I", self.map, at, what, skip, 0, 0, value)

    def calls(self, call):
        at = (self.PATH + len(self.CALLS) * self.RULE
              + 4 * self.CALLS.index(call))
        return struct.unpack_from("=I", self.map, at)[0]


# --- folders and processes ------------------------------------------------------------

def copy_prefix(room, out, to, n):
    """The folder as a power cut after line n of its transcript leaves it."""
    shutil.copytree(room.dir / out, room.dir / to)
    folder = room.dir / to
    lines = (folder / "transcript.jsonl").read_bytes().splitlines(True)
    (folder / "transcript.jsonl").write_bytes(b"".join(lines[:n]))
    events = [json.loads(line)["event"] for line in lines[:n]]
    if "written" not in events:
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir():
                path.rmdir()
            elif path.name != "transcript.jsonl":
                path.unlink()
    return events


def chain(folder, lines):
    """Write them as a liar would: numbered, chained, and without the page."""
    prev, out = "0" * 64, b""
    for seq, line in enumerate(lines):
        text = json.dumps({**line, "seq": seq, "prev": prev}, sort_keys=True,
                          separators=(",", ":"), ensure_ascii=False).encode()
        prev = hashlib.sha256(text).hexdigest()
        out += text + b"\n"
    (folder / "transcript.jsonl").write_bytes(out)
    (folder / "transcript.html").unlink(missing_ok=True)


def der_element(der, at):
    """Where the content of the element at `at` begins and ends."""
    n = der[at + 1]
    if n < 0x80:
        return at + 2, at + 2 + n
    begin = at + 2 + (n & 0x7f)
    return begin, begin + int.from_bytes(der[at + 2:begin], "big")


def tbs_of(der):
    """The first element of what is signed, whole."""
    begin = der_element(der, 0)[0]
    return der[begin:der_element(der, begin)[1]]


def verified(room, out):
    """signet's own auditor takes the folder."""
    done = room.signet("ceremony", "verify", room.dir / out, check=False)
    expect(done.returncode, 0, f"{out}: {done.stdout}{done.stderr}")


def start_with_fifo(room, plan, out, *more, **kwargs):
    """execute, waiting at its prompt."""
    fifo = room.dir / f"{out}.fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [SIGNET, *room.execute_args(plan, out, "--answers", fifo, *more,
                                    module=kwargs.get("module", MODULE))],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=kwargs.get("env", room.env))
    answers = open(fifo, "w", encoding="ascii", buffering=1)
    until(lambda: (room.dir / out / "transcript.jsonl").exists()
          and "approvals" in room.names(out), 20, "prompt")
    return process, answers
