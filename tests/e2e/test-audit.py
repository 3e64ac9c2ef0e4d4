#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a ceremony leaves, in the hands of an auditor who was not there: verify,
seals, bundles, the page and its QR codes."""

import base64
import copy
import hashlib
import html
import json
import os
import pathlib
import re
import shutil
import subprocess

from lab import SIGNET, Skip, expect, expect_in, run, run_tests
from room import ADA, BOB, DAY, Room, chain, instant

LINES = "transcript.jsonl"
PAGE = "transcript.html"
SEAL = "transcript.p7s"
NOBODY = 65534


class Archive(Room):
    """Ceremonies that were completed, and copies of them to spoil."""

    def make_ca(self, key_type):
        super().make_ca(key_type)
        key = self.key_plan("root-key", approvals=2)
        self.execute(key, "key", *self.approved(key, "key"))
        root = self.root_plan("root-plan", self.dir / "key/public-key.pem",
                              approvals=2)
        self.execute(root, "root", *self.approved(root, "root"))
        self.make_clerk()
        shutil.copytree(self.dir / "root", self.dir / "sealed")
        self.seal("sealed")

    def approved(self, plan, name):
        folder = self.dir / f"{name}-approvals"
        folder.mkdir()
        for who in (ADA, BOB):
            self.approve(plan, who, "--out", folder / f"{who.split()[0]}.json")
        return "--approvals", folder

    def make_clerk(self, name="clerk", kind="ec-p256"):
        """A key that signs digests, certified by nobody but a test CA."""
        made = self.signet("key", "generate", "--token", "root", "--label",
                           name, "--type", kind, "--purpose", "backend",
                           "--json", *self.token_opts())
        self.write(f"{name}.pub", json.loads(made.stdout)["public_key"] + "\n")
        ca = self.dir / "clerks.pem"
        if not ca.exists():
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.dir / "clerks.key", "-subj", "/CN=Clerks", "-days", "30",
                "-out", ca)
        self.certify(name, name)

    def certify(self, label, name):
        """A certificate for the public key of that label, in this name."""
        more = self.write("clerk.ext", "basicConstraints=CA:false\n"
                          "keyUsage=critical,digitalSignature\n"
                          "subjectKeyIdentifier=hash\n")
        run("openssl", "x509", "-new", "-subj", f"/CN={name}", "-force_pubkey",
            self.dir / f"{label}.pub", "-CA", self.dir / "clerks.pem",
            "-CAkey", self.dir / "clerks.key", "-days", "20", "-extfile",
            more, "-out", self.dir / f"{label}.pem")

    def seal(self, folder, *more, name="clerk", check=True):
        return self.signet("ceremony", "seal", self.dir / folder, "--key",
                           name, "--certificate",
                           self.dir / f"{name}.pem", "--token", "root",
                           *self.token_opts(), *more, check=check)

    def copy(self, folder="root"):
        """A fresh copy, to be spoilt."""
        to = self.dir / "copy"
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.dir / folder, to)
        return to

    def verify(self, folder, *more, **kwargs):
        return run(SIGNET, "ceremony", "verify", folder, *more, check=False,
                   **kwargs)

    def differs(self, folder, *wanted):
        """verify fails, and these lines say what differs; nothing else."""
        done = self.verify(folder)
        expect(done.returncode, 65, done.stdout + done.stderr)
        lines = [line[9:].replace(f"{folder}/", "") for line
                 in done.stdout.splitlines() if line.startswith("differs ")]
        expect(lines, list(wanted))
        expect_in(f"{len(wanted)} of ", done.stderr)
        expect("PASS" in done.stdout, False)


PLAN_WHOLE = "the plan is whole and says one thing: "
CHAINED = "the transcript's lines are chained: "
ORDER = "the steps are in a permitted order: "
APPROVALS = "enough approvals, each of them valid: "
FILES = "every file is what was written: "
NOTHING = "nothing else lies in the folder: "
THE_PAGE = "the page says what the transcript says: "
RECORD = "each step is the plan's: "
LINT = "the linter finds what it found then: "
THE_SEAL = "the transcript's signature is valid: "


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


# --- a folder that was touched ------------------------------------------------------

def test_untouched_folders_pass(room):
    for folder in ("key", "root", "sealed"):
        done = room.verify(room.dir / folder)
        expect(done.returncode, 0, done.stdout + done.stderr)
        expect(done.stdout.splitlines()[-1], "PASS")
    shown = json.loads(room.verify(room.dir / "root", "--json").stdout)
    for name, path in (("plan", "plan.json"), ("transcript", LINES)):
        digest = hashlib.sha256((room.dir / "root" / path).read_bytes())
        expect(shown[f"{name}_sha256"], digest.hexdigest())
    expect(shown["pass"], True)


def test_one_byte_of_each_file(room):
    ada, bob = "approvals/1-Ada-Approver.json", "approvals/2-Bob-Approver.json"
    table = {
        "certificate.pem": [FILES + "certificate.pem: not what was written"],
        "certificate.der": [FILES + "certificate.der: not what was written"],
        "chain.pem": [FILES + "chain.pem: not what was written"],
        ada: [APPROVALS + ada + ": not the file that counted",
              FILES + ada + ": not what was written"],
        bob: [APPROVALS + bob + ": not the file that counted",
              FILES + bob + ": not what was written"],
        PAGE: [THE_PAGE + PAGE + " is not the page of this transcript"],
    }
    names = sorted(str(p.relative_to(room.dir / "root"))
                   for p in (room.dir / "root").rglob("*") if p.is_file())
    expect(names, sorted([*table, "plan.json", LINES]))
    for name, wanted in table.items():
        size = (room.dir / "root" / name).stat().st_size
        for at in (0, size // 3, size - 1):
            copied = room.copy()
            flip(copied / name, at)
            room.differs(copied, *wanted)


def test_any_byte_of_plan_transcript_and_seal(room):
    for name in ("plan.json", LINES, SEAL):
        size = (room.dir / "sealed" / name).stat().st_size
        for at in [*range(0, size, size // 40), size - 1]:
            copied = room.copy("sealed")
            flip(copied / name, at)
            # the seal does not cover the certificate that comes with it
            done = room.verify(copied, "--signer", room.dir / "clerk.pem")
            expect(done.returncode, 65, f"{name} {at}: {done.stdout}")
            expect(f"differs  {THE_SEAL}" in done.stdout,
                   name != "plan.json", f"{name} {at}")


def test_files_that_are_missing(room):
    gone = ": No such file or directory"
    ada = "approvals/1-Ada-Approver.json"
    for name, wanted in (
            ("plan.json", [PLAN_WHOLE + "plan.json" + gone]),
            (LINES, [CHAINED + LINES + gone]),
            ("certificate.der", [FILES + "certificate.der" + gone]),
            (ada, [APPROVALS + ada + gone, FILES + ada + gone])):
        copied = room.copy()
        (copied / name).unlink()
        room.differs(copied, *wanted)
    copied = room.copy()
    for path in copied.glob("c*"):
        path.unlink()
    room.differs(copied, FILES + f"certificate.pem{gone}; and 2 more")
    # the page can be made again, and a seal was never promised
    copied = room.copy("sealed")
    (copied / PAGE).unlink()
    (copied / SEAL).unlink()
    done = room.verify(copied)
    expect(done.returncode, 0, done.stdout)
    expect_in(f"-        {THE_PAGE}there is no {PAGE}\n", done.stdout)
    expect_in(f"-        {THE_SEAL}there is no {SEAL}\n", done.stdout)


def test_files_that_are_too_many(room):
    def foreign(name, make, *more):
        copied = room.copy()
        make(copied / name)
        room.differs(copied, NOTHING + f"{name} is no part of the ceremony",
                     *more)
    foreign("notes.txt", lambda path: path.write_text("x"))
    foreign(".hidden", lambda path: path.write_text("x"))
    foreign("approvals/3-Eve.json", lambda path: path.write_text("{}"))
    foreign("more", lambda path: path.mkdir())
    foreign("pipe", os.mkfifo)
    foreign("link", lambda path: path.symlink_to("plan.json"))
    foreign(SEAL, os.mkfifo, THE_SEAL + f"{SEAL}: not a regular file")


def test_what_is_no_file(room):
    """Pipes would wait for ever; links lead out of the folder."""
    for name, title in (("plan.json", PLAN_WHOLE), (LINES, CHAINED)):
        copied = room.copy()
        (copied / name).unlink()
        os.mkfifo(copied / name)
        room.differs(copied, f"{title}{name}: not a regular file")
        (copied / name).unlink()
        (copied / name).symlink_to(room.dir / "root" / name)
        room.differs(copied, f"{title}{name}: a symbolic link")


def test_approvals_that_were_swapped(room):
    copied = room.copy()
    ada, bob = sorted((copied / "approvals").iterdir())
    ada.rename(copied / "x")
    bob.rename(ada)
    (copied / "x").rename(bob)
    name = "approvals/1-Ada-Approver.json"
    room.differs(copied, APPROVALS + f"{name}: not the file that counted",
                 FILES + f"{name}: not what was written; and 1 more")
    # of another plan, by the same people
    copied = room.copy()
    shutil.copytree(room.dir / "key/approvals", copied / "approvals",
                    dirs_exist_ok=True)
    room.differs(copied, APPROVALS + f"{name}: not the file that counted",
                 FILES + f"{name}: not what was written; and 1 more")


def test_another_plan_or_transcript(room):
    copied = room.copy()
    shutil.copy(room.dir / "key/plan.json", copied)
    done = room.verify(copied)
    expect_in("the transcript is another plan's", done.stdout)
    copied = room.copy()
    shutil.copy(room.dir / "key" / LINES, copied)
    done = room.verify(copied)
    expect_in("the transcript is another plan's", done.stdout)
    expect(done.returncode, 65)


# --- lines --------------------------------------------------------------------------

def lines_of(folder):
    return (folder / LINES).read_bytes().splitlines(True)


def test_lines_removed_moved_and_added(room):
    count = len(lines_of(room.dir / "root"))
    prev = 'transcript: "prev" is not the hash of the line before'
    for at in range(count):
        lines = lines_of(room.dir / "root")
        gone = lines[:at] + lines[at + 1:]
        moved = lines[:at] + lines[at + 1:at + 2] + [lines[at]] \
            + lines[at + 2:]
        twice = lines[:at + 1] + [lines[at]] + lines[at + 1:]
        for text, spoilt in (("gone", gone), ("moved", moved),
                             ("twice", twice)):
            if spoilt == lines:
                continue
            copied = room.copy()
            (copied / LINES).write_bytes(b"".join(spoilt))
            done = room.verify(copied)
            expect(done.returncode, 65, f"{text} {at}: {done.stdout}")
            if text == "gone" and at == count - 1:
                expect_in('there is no "closed"', done.stdout)
            else:
                expect_in('transcript: "seq" is ', done.stdout)
    copied = room.copy()
    line = lines_of(copied)[4].replace(b'"seq":4', b'"seq":5')
    lines = lines_of(copied)
    (copied / LINES).write_bytes(b"".join(lines[:5] + [line]))
    room.differs(copied, CHAINED + f"{LINES}: line 6: {prev}")
    copied = room.copy()
    (copied / LINES).write_bytes(b"".join(lines)[:-1])
    room.differs(copied, CHAINED + f"{LINES}: the last line is cut short")
    (copied / LINES).write_bytes(b"")
    room.differs(copied, CHAINED + f"{LINES}: empty")


def leaves(value, path=()):
    """Each value that is no object, and each empty list."""
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for at, item in enumerate(value):
            yield from leaves(item, (*path, at))
    else:
        yield path


def another(key, value):
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return ["x"]
    if key in ("time", "lint_date"):
        return instant(-DAY)
    return value[:-1] + ("0" if value[-1] != "0" else "1")


# What nothing else in the folder says: only a seal, or the hash on paper, holds
# it. Everything that is not named here must be found.
ONLY_SEALED = {
    "environment": {"key_id", "module_description", "module_path",
                    "module_sha256", "token_firmware", "token_manufacturer",
                    "token_model", "token_serial", "tool_build_id",
                    "tool_openssl", "tool_version"},
    "checked": {"lint_version"}, "linted": {"lint_version"},
    "confirmed": {"prompt"}, "bound": {"label"}, "key-made": {"id"},
}


def test_each_member_of_each_line_chained_anew(room):
    for folder in ("root", "key"):
        good = [json.loads(line) for line in lines_of(room.dir / folder)]
        for at, line in enumerate(good):
            for path in leaves(line):
                if path[0] in ("seq", "prev"):
                    continue
                lie = copy.deepcopy(good)
                place = lie[at]
                for key in path[:-1]:
                    place = place[key]
                place[path[-1]] = another(path[-1], place[path[-1]])
                copied = room.copy(folder)
                chain(copied, lie)
                done = room.verify(copied)
                free = path[0] in ONLY_SEALED.get(line["event"], ())
                expect(done.returncode, 0 if free else 65,
                       f"{folder} {line['event']} {path}: {done.stdout}")


def told(room, event, change, *wanted, folder="root"):
    """One line changed by change(line), chained anew."""
    lines = [json.loads(line) for line in lines_of(room.dir / folder)]
    for line in lines:
        if line["event"] == event:
            change(line)
    copied = room.copy(folder)
    chain(copied, lines)
    room.differs(copied, *wanted)


def test_lies_that_are_chained_anew(room):
    told(room, "opened", lambda x: x.update(title="Another"),
         'the transcript belongs to the plan: opened: "title" is not the '
         "plan's")
    told(room, "checked", lambda x: x.update(rules_run=3),
         LINT + "checked: 3 rules on record, "
         f"{rules_of(room)} run now")
    told(room, "linted", lambda x: x["findings"].append(
        {"rule": "san_dns", "severity": "notice", "text": "odd"}),
        LINT + 'linted: "notice: san_dns: odd" is on record and not found now')
    told(room, "linted", lambda x: x["findings"].append(
        {"rule": "san_dns", "severity": "error", "text": "odd"}),
        LINT + 'linted: "error: san_dns: odd" is on record')
    told(room, "approvals", lambda x: x["approvals"].pop(),
         APPROVALS + "1 of 2 approvals: approved by Ada Approver; 1 more "
         "needed")
    told(room, "approvals", lambda x: x["approvals"][0].update(name=BOB),
         APPROVALS + 'approvals: "name" is not that of '
         "approvals/1-Ada-Approver.json")
    told(room, "approvals", lambda x: x["approvals"][0].update(
        file="../root/approvals/1-Ada-Approver.json"),
        APPROVALS + 'approvals: "file" leaves the folder')
    told(room, "written", lambda x: x["files"][0].update(name="/etc/passwd"),
         FILES + 'written: "name" leaves the folder')
    told(room, "written", lambda x: x["files"].append(x["files"][0]),
         FILES + "written: plan.json twice")
    told(room, "intent", lambda x: x.update(action="make-key"),
         RECORD + 'intent: "action" is not what the plan is for')
    told(room, "verified", lambda x: x["checks"].pop(),
         RECORD + 'verified: "checks" are not those of a ceremony')
    told(room, "key-made", lambda x: x.update(
        attributes="sensitive, extractable"),
        "the key is of the planned kind: key-made: the key is extractable",
        folder="key")
    told(room, "key-made", lambda x: x.update(adopted=True),
         'the key is of the planned kind: key-made: "adopted" is not what was '
         "intended", folder="key")
    told(room, "closed", lambda x: x.update(event="failed"),
         'the ceremony was completed: there is no "closed"')
    told(room, "bound", lambda x: x.update(event="danced"),
         ORDER + 'line 11: "danced" is no step of a ceremony')


def rules_of(room):
    line = [json.loads(x) for x in lines_of(room.dir / "root")][2]
    return line["rules_run"]


def test_steps_removed_and_chained_anew(room):
    good = [json.loads(line) for line in lines_of(room.dir / "root")]
    for at, line in enumerate(good):
        copied = room.copy()
        chain(copied, good[:at] + good[at + 1:])
        done = room.verify(copied)
        # binding may be left out: the key can be in another token
        expect(done.returncode, 0 if line["event"] == "bound" else 65,
               f"{line['event']}: {done.stdout}")


# --- seals --------------------------------------------------------------------------

def test_openssl_verifies_a_seal(room):
    folder = room.dir / "sealed"
    argv = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
            folder / SEAL, "-content", folder / LINES, "-out", os.devnull,
            "-CAfile", room.dir / "clerks.pem", "-purpose", "any"]
    expect_in("successful", run(*argv).stderr)
    copied = room.copy("sealed")
    flip(copied / LINES, 100)
    argv[argv.index(folder / LINES)] = copied / LINES
    done = run(*argv, check=False)
    expect(done.returncode != 0, True, done.stderr)


def test_kinds_of_keys_that_seal(room):
    for kind in ("ec-p384", "ec-p521", "rsa-3072"):
        room.make_clerk(kind, kind)
        copied = room.copy()
        room.seal(copied, name=kind)
        run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
            copied / SEAL, "-content", copied / LINES, "-out", os.devnull,
            "-CAfile", room.dir / "clerks.pem", "-purpose", "any")
        done = room.verify(copied, "--signer", room.dir / f"{kind}.pem")
        expect(done.returncode, 0, done.stdout)
        expect_in(f"{THE_SEAL}by CN={kind}, 20", done.stdout)
    room.make_clerk("ed", "ed25519")
    copied = room.copy()
    done = room.seal(copied, name="ed", check=False)
    expect(done.returncode, 65, done.stderr)
    expect_in("Ed25519 keys sign no digests: use an ECDSA or RSA key",
              done.stderr)
    expect((copied / SEAL).exists(), False)


def test_a_seal_is_made_once_and_over_all(room):
    done = room.seal("sealed", check=False)
    expect(done.returncode, 73, done.stderr)
    expect_in(f"{SEAL}: it is sealed already", done.stderr)
    copied = room.copy()
    (copied / LINES).write_bytes(b"".join(lines_of(copied)[:-1]))
    done = room.seal(copied, check=False)
    expect(done.returncode, 65, done.stderr)
    expect_in("the ceremony is not completed", done.stderr)
    # a CA key seals nothing
    copied = room.copy()
    shutil.copy(copied / "certificate.pem", room.dir / "root.pem")
    done = room.seal(copied, name="root", check=False)
    expect(done.returncode in (65, 77), True, done.stderr)
    expect_in("the key is for ca, not for digests", done.stderr)
    expect_in("hint: --key names a key made with --purpose backend",
              done.stderr)
    expect((copied / SEAL).exists(), False)
    # the certificate of another key
    shutil.copy(room.dir / "ec-p384.pem", room.dir / "mixed.pem")
    done = room.signet("ceremony", "seal", copied, "--key", "clerk",
                       "--certificate", room.dir / "mixed.pem", "--token",
                       "root", *room.token_opts(), check=False)
    expect(done.returncode, 65, done.stderr)
    expect_in("public key", done.stderr)


def test_a_seal_holds_what_nothing_else_does(room):
    lines = [json.loads(line) for line in lines_of(room.dir / "sealed")]
    lines[1]["token_serial"] = "somewhere else"
    copied = room.copy("sealed")
    chain(copied, lines)
    room.differs(copied, THE_SEAL + "cms: it is over other content")


def test_whose_seal_it_is(room):
    sealed = room.dir / "sealed"
    clerk = room.dir / "clerk.pem"
    expect(room.verify(sealed, "--signer", clerk).returncode, 0)
    done = room.verify(room.dir / "root", "--signer", clerk)
    expect(done.returncode, 65, done.stdout)
    expect_in(f"{SEAL}: No such file or directory", done.stdout)
    # somebody of the same name seals it again
    copied = room.copy()
    room.make_clerk("other")
    room.certify("other", "clerk")
    room.seal(copied, name="other")
    expect(room.verify(copied).returncode, 0)
    done = room.verify(copied, "--signer", clerk)
    expect(done.returncode, 65, done.stdout)
    expect_in("signed by CN=clerk, whose certificate is not the signer's",
              done.stdout)


# --- another machine ----------------------------------------------------------------

def test_on_the_auditors_machine(room):
    """No token, no configuration, another user, place, zone, language; a
    folder that cannot be written."""
    away = pathlib.Path(f"/var/tmp/{room.dir.name}")
    away.mkdir(mode=0o755)
    try:
        program = shutil.copy(SIGNET, away / "signet")
        for folder in ("root", "key", "sealed"):
            there = shutil.copytree(room.dir / folder, away / folder)
            for path in sorted(there.rglob("*")):
                path.chmod(0o555 if path.is_dir() else 0o444)
            there.chmod(0o555)
            here = room.verify(room.dir / folder)
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} \
                if os.geteuid() == 0 else {}
            done = subprocess.run(
                [program, "ceremony", "verify", folder], cwd=away,
                env={"TZ": "Asia/Kolkata", "LC_ALL": "tr_TR.UTF-8",
                     "HOME": "/nonexistent"},
                capture_output=True, text=True, check=False, **user)
            expect(done.returncode, 0, done.stdout + done.stderr)
            expect(done.stdout, here.stdout)
            expect(done.stderr, "")
    finally:
        for path in away.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(away)


def test_folders_that_are_none(room):
    for name, code, why in (("nowhere", 66, "No such file or directory"),
                            ("ada.key", 64, "not a folder")):
        done = room.verify(room.dir / name)
        expect(done.returncode, code, done.stderr)
        expect_in(f"{name}: {why}", done.stderr)
    (room.dir / "empty").mkdir()
    done = room.verify(room.dir / "empty")
    expect(done.returncode, 65)
    expect_in("needs what could not be read", done.stdout)


# --- bundles ------------------------------------------------------------------------

def bundle(room, *args, check=True, **kwargs):
    return room.signet("ceremony", "bundle", *args, check=check, **kwargs)


def hash_of(done):
    return done.stdout.split("Bundle SHA-256", 1)[1]


def test_a_bundle_over_the_air_gap(room):
    path = room.dir / "room.bundle"
    packed = bundle(room, "pack", path, room.dir / "sealed",
                    room.dir / "root-plan.plan.json")
    listed = bundle(room, "list", path)
    expect(listed.stdout, packed.stdout)
    shown = json.loads(bundle(room, "list", path, "--json").stdout)
    expect(shown["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
    out = room.dir / "unpacked"
    expect(bundle(room, "unpack", path, out).stdout, packed.stdout)
    run("diff", "-r", room.dir / "sealed", out / "sealed")
    expect((out / "root-plan.plan.json").read_bytes(),
           (room.dir / "root-plan.plan.json").read_bytes())
    expect(room.verify(out / "sealed", "--signer",
                       room.dir / "clerk.pem").returncode, 0)
    # the same files in another order are the same bundle
    again = room.dir / "again.bundle"
    bundle(room, "pack", again, room.dir / "root-plan.plan.json",
           room.dir / "sealed")
    expect(again.read_bytes(), path.read_bytes())


def no_bundle(room, data, message, code=65):
    path = room.dir / "bad.bundle"
    path.write_bytes(data)
    for args in (("list", path), ("unpack", path, room.dir / "never")):
        done = bundle(room, *args, check=False)
        expect(done.returncode, code, done.stderr)
        expect_in(f"{path}: {message}", done.stderr)
    expect((room.dir / "never").exists(), False)


def test_bundles_that_were_touched(room):
    good = (room.dir / "room.bundle").read_bytes()
    for at in [*range(0, len(good), len(good) // 30), len(good) - 1]:
        bad = bytearray(good)
        bad[at] ^= 1
        no_bundle(room, bad, "bundle: ")
    changed = json.loads(good)
    data = base64.b64decode(changed["files"][0]["base64"])
    changed["files"][0]["base64"] = base64.b64encode(data + b"x").decode()
    no_bundle(room, canonical(changed), 'bundle: "root-plan.plan.json" is '
              "damaged: its hash is another one")
    for size in (0, 1, len(good) // 2, len(good) - 1):
        no_bundle(room, good[:size], "bundle: not a JSON object")
    no_bundle(room, good + b"x", "bundle: not a JSON object")
    for spaced in (good + b"\n",
                   good.replace(b'"files":[', b'"files": [', 1)):
        no_bundle(room, spaced,
                  "bundle: not in canonical form (changed by hand?)")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def made(*names, kind="signet bundle"):
    rows = [{"name": name, "base64": "eA==",
             "sha256": hashlib.sha256(b"x").hexdigest()} for name in names]
    return canonical({"kind": kind, "version": 1, "files": rows})


def test_names_that_lead_out(room):
    kind = json.loads((room.dir / "room.bundle").read_bytes())["kind"]
    outside = ("absolute, or a part that is empty or begins with a dot")
    for name in ("/etc/passwd", "../up", "a/../../up", "a//b", ".ssh/config",
                 "a/.b", "a/"):
        no_bundle(room, made(name, kind=kind), f'bundle: "{name}": {outside}')
    no_bundle(room, made("a\\b", kind=kind), "only letters, digits and"
              .join(['bundle: "a\\b": ', ' "-_.+ " in a name']))
    no_bundle(room, made("a", "a", kind=kind), 'bundle: "a" twice')
    no_bundle(room, made(kind=kind), "bundle: no files")
    no_bundle(room, made("a", kind="x"), 'bundle: "kind" is not "')
    no_bundle(room, made(*(f"f{n}" for n in range(257)), kind=kind),
              "bundle: more than 256 files", 75)


def test_bundles_that_are_too_large(room):
    large = room.dir / "large"
    large.touch()
    os.truncate(large, 16 * 1024 * 1024 + 1)
    done = bundle(room, "pack", room.dir / "large.bundle", large, check=False)
    expect(done.returncode, 75, done.stderr)
    expect_in("large: larger than 16777216 bytes", done.stderr)
    halves = room.dir / "halves"
    halves.mkdir()
    for name in "ab":
        (halves / name).touch()
        os.truncate(halves / name, 9 * 1024 * 1024)
    done = bundle(room, "pack", room.dir / "large.bundle", halves, check=False)
    expect(done.returncode, 75, done.stderr)
    expect_in("bundle: more than 16777216 bytes", done.stderr)
    expect((room.dir / "large.bundle").exists(), False)
    shutil.rmtree(halves)


def test_places_of_bundles_that_are_taken(room):
    path = room.dir / "room.bundle"
    done = bundle(room, "pack", path, room.dir / "root", check=False)
    expect(done.returncode, 73, done.stderr)
    expect_in("room.bundle: File exists", done.stderr)
    out = room.dir / "taken"
    (out / "sealed").mkdir(parents=True)
    (out / "sealed/chain.pem").write_text("mine")
    done = bundle(room, "unpack", path, out, check=False)
    expect(done.returncode, 73, done.stderr)
    expect_in("taken/sealed/chain.pem: exists; nothing was unpacked",
              done.stderr)
    expect(sorted(p.name for p in out.rglob("*")), ["chain.pem", "sealed"])
    # a link that would lead elsewhere
    (out / "sealed/chain.pem").unlink()
    (out / "sealed").rmdir()
    (room.dir / "elsewhere").mkdir()
    (out / "sealed").symlink_to(room.dir / "elsewhere")
    done = bundle(room, "unpack", path, out, check=False)
    expect(done.returncode, 73, done.stderr)
    expect_in("sealed: not a folder", done.stderr)
    expect(list((room.dir / "elsewhere").iterdir()), [])
    for name, code, why in (("pipe", 65, "neither file nor folder"),
                            ("nothing", 66, "No such file or directory")):
        if name == "pipe":
            os.mkfifo(room.dir / name)
        done = bundle(room, "pack", room.dir / "x", room.dir / name,
                      check=False)
        expect(done.returncode, code, done.stderr)
        expect_in(f"{name}: {why}", done.stderr)


# --- QR codes -----------------------------------------------------------------------

def scan(room, svg):
    """What a scanner reads: drawn by librsvg, decoded by zbar."""
    path = room.write("code.svg", svg.replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    run("rsvg-convert", "-w", "900", "-b", "white", "-o",
        room.dir / "code.png", path)
    done = subprocess.run(["zbarimg", "--raw", "-q", "-Sdisable",
                           "-Sqrcode.enable", room.dir / "code.png"],
                          capture_output=True, check=True, timeout=60)
    return done.stdout[:-1]  # zbarimg ends it with a newline


def test_qr_codes_are_the_files(room):
    for tool in ("rsvg-convert", "zbarimg"):
        if shutil.which(tool) is None:
            raise Skip(f"{tool} is not installed")
    page = (room.dir / "root" / PAGE).read_text()
    codes = {}
    for svg, caption in re.findall(
            r"<figure>(<svg.*?</svg>)<figcaption>(.*?)</figcaption>", page):
        name = re.sub(r", \d+ of \d+$", "", html.unescape(caption))
        codes[name] = codes.get(name, b"") + scan(room, svg)
    plan = json.loads((room.dir / "root/plan.json").read_bytes())
    digest = hashlib.sha256((room.dir / "root/plan.json").read_bytes())
    expect(codes.pop("hash of the plan").decode(),
           f"signet plan {plan['id']} sha256 {digest.hexdigest()}")
    der = codes.pop("certificate.der in base64")
    expect(base64.b64decode(der),
           (room.dir / "root/certificate.der").read_bytes())
    expect(sorted(codes), ["approvals/1-Ada-Approver.json",
                           "approvals/2-Bob-Approver.json",
                           "certificate.pem", "chain.pem"])
    for name, data in codes.items():
        expect(data, (room.dir / "root" / name).read_bytes(), name)


if __name__ == "__main__":
    with Archive() as the_room:
        run_tests([item for name, item in list(globals().items())
                   if name.startswith("test_")], the_room)
