#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CRLs in ceremonies: what follows what, packages for an offline root, an
urgent one in between, what an interruption leaves, and CRLs from servers."""

import contextlib
import hashlib
import http.server
import json
import re
import shutil
import socket
import threading
import time

from lab import (MODULE, SIGNET_TOKEN, expect, expect_in, run, run_tests,
                 until)
from room import (ADA, DAY, SHIM, Room, Shim, chain, copy_prefix, instant,
                  start_with_fifo, verified)

HOUR = 3600


class Vault(Room):
    """A root that issues two certificates, and CRLs by ceremony."""

    def make_ca(self, key_type):
        super().make_ca(key_type)
        self.execute(self.key_plan("root-key", "root"), "root-key")
        self.execute(self.plan(
            "root", "root", public_key=str(self.dir
                                           / "root-key/public-key.pem"),
            subject={"common_name": "Test root", "country": "DE"},
            validity={"not_before": instant(-DAY), "duration": "3650d"}),
            "root")
        for name in ("sub", "old"):
            run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.dir / f"{name}.key", "-subj", f"/CN={name}", "-out",
                self.dir / f"{name}.csr")
            self.execute(self.plan(
                "intermediate", name, csr=str(self.dir / f"{name}.csr"),
                issuer=self.issuer, path_length=0,
                validity={"not_before": instant(), "duration": "365d"}), name)

    @property
    def issuer(self):
        return {"certificate": str(self.dir / "root/certificate.pem")}

    def crl_fields(self, number, last="none", start=0, days=30, **crl):
        body = {"last": str(last), "number": str(number),
                "this_update": instant(start),
                "next_update": instant(start + days * DAY), **crl}
        return {"issuer": self.issuer, "crl": body}

    def crl_plan(self, name, number, last="none", approvals=0, **crl):
        return self.plan("crl", name, approvals=approvals,
                         **self.crl_fields(number, last, **crl))

    def no_plan(self, code, message, name, number, last="none", **crl):
        request = self.request("crl", name,
                               **self.crl_fields(number, last, **crl))
        done = self.signet("ceremony", "plan", request, "--out",
                           self.dir / f"{name}.plan.json", check=False)
        expect(done.returncode, code, done.stderr)
        expect_in(message, done.stderr)

    def publish(self, plan, out, ledger, *more, **kwargs):
        return self.execute(plan, out, "--ledger", self.dir / ledger, *more,
                            **kwargs)

    def calendar(self, ledger):
        return json.loads(self.signet("ceremony", "ledger", "calendar",
                                      self.dir / ledger, "--json").stdout)

    def record(self, ledger, crl, *more, check=True):
        return self.signet("ceremony", "ledger", "record", self.dir / ledger,
                           crl, "--issuer", self.issuer["certificate"], *more,
                           check=check)

    def revoked(self, name, date=0):
        return {"certificate": str(self.dir / name / "certificate.pem"),
                "date": instant(date), "reason": "keyCompromise"}


def openssl_crl(room, path, check=True):
    done = run("openssl", "crl", "-noout", "-verify", "-CAfile",
               room.issuer["certificate"], "-in", path, "-crlnumber",
               check=check)
    expect_in("verify OK", done.stderr)
    return done.stdout


def chain_status(room, crl, cert="sub", at=None):
    """What a verifier with this CRL says of a certificate."""
    argv = ["openssl", "verify", "-crl_check", "-CAfile",
            room.issuer["certificate"], "-CRLfile", crl]
    argv += ["-attime", str(int(at))] if at else []
    done = run(*argv, room.dir / cert / "certificate.pem", check=False)
    return done.returncode, done.stderr + done.stdout


# --- one after the other ------------------------------------------------------------

def test_a_first_crl_and_the_next(room):
    first = room.crl_plan("one", 1)
    out = room.publish(first, "one", "led").stdout
    expect_in("no CRL comes before", out)
    openssl_crl(room, room.dir / "one/crl-01.crl")
    expect(chain_status(room, room.dir / "one/crl-01.pem")[0], 0)
    expect(sorted(p.name for p in (room.dir / "one").iterdir()),
           ["crl-01.crl", "crl-01.pem", "plan.json", "transcript.html",
            "transcript.jsonl"])
    expect((room.dir / "led/crl-01.crl").read_bytes(),
           (room.dir / "one/crl-01.crl").read_bytes())
    verified(room, "one")
    time.sleep(1.1)
    second = room.crl_plan("two", 2, room.dir / "led/crl-01.crl",
                           revoked=[room.revoked("sub")])
    room.publish(second, "two", "led")
    verified(room, "two")
    expect((room.dir / "two/last.crl").read_bytes(),
           (room.dir / "one/crl-01.crl").read_bytes())
    code, text = chain_status(room, room.dir / "two/crl-02.pem")
    expect(code, 2, text)
    expect_in("certificate revoked", text)
    expect([row["number"] for row in room.calendar("led")], ["01", "02"])


def test_what_may_not_follow_is_not_planned(room):
    last = room.dir / "led/crl-02.crl"
    time.sleep(1.1)
    entry = room.revoked("sub", -HOUR)
    room.no_plan(65, "crl: number 02 is not greater than 02, the last one's",
                 "bad", 2, last, revoked=[entry])
    room.no_plan(65, "is not after", "bad", 3, last, start=-HOUR,
                 revoked=[{**entry, "date": instant(-2 * HOUR)}])
    room.no_plan(65, "crl: the last one has another scope", "bad", 3, last,
                 scope="ca", revoked=[entry])
    room.no_plan(65, "was revoked and is no longer listed", "bad", 3, last)
    room.no_plan(65, "was revoked at", "bad", 3, last, revoked=[entry])
    expired = [str(room.dir / "sub/certificate.pem")]
    room.no_plan(65, "its entry stays until one CRL after that has listed it",
                 "bad", 3, last, expired=expired)
    room.no_plan(78, "crl: last: ", "bad", 3, room.dir / "sub.csr")
    room.no_plan(78, "No such file", "bad", 3, room.dir / "nothing.crl")


def test_the_ledger_and_the_plan_agree(room):
    args = ("--ledger", room.dir / "led")
    entry = re.search(r"(\d{4}-\S+Z)", json.dumps(
        json.loads((room.dir / "two.plan.json").read_text())["sign"]["list"]
        [0]["content"]["revoked"][0]["date"])).group(1)
    again = {**room.revoked("sub"), "date": entry}
    time.sleep(1.1)
    none = room.crl_plan("none", 9)
    room.refused(64, "--ledger: a plan of type crl needs it", none, "never")
    key = room.key_plan("other-key", "other-key")
    room.refused(64, "--ledger: goes with type crl, not key", key, "never",
                 *args)
    room.refused(65, "has CRL 02 before this one, the plan says that there is "
                 "none: make a new plan whose crl: last: is", none, "never",
                 *args)
    plan = room.crl_plan("three", 3, room.dir / "led/crl-02.crl",
                         revoked=[again])
    room.refused(65, "the plan follows CRL 02, which the ledger", plan,
                 "never", "--ledger", room.dir / "empty")
    old = room.crl_plan("behind", 3, room.dir / "one/crl-01.crl",
                        revoked=[again])
    room.refused(65, "has CRL 02 before this one, the plan follows 01: make a "
                 "new plan whose crl: last: is", old, "never", *args)
    expect((room.dir / "never").exists(), False)
    # as the message says: record it first
    room.record("fresh", room.dir / "led/crl-02.crl")
    shutil.copytree(room.dir / "fresh", room.dir / "fresh-copy")
    room.publish(plan, "three", "fresh")
    verified(room, "three")
    # the ledger that has moved on refuses before the token is touched
    before = room.calendar("fresh")
    room.refused(65, "number 03 is not greater than 03, which the ledger has",
                 plan, "never", "--ledger", room.dir / "fresh")
    expect(room.calendar("fresh"), before)


# --- packages -----------------------------------------------------------------------

PACKAGE = {"count": 3, "every": "28d"}


def test_bad_packages_are_not_planned(room):
    room.no_plan(65, "in between nobody would hold a valid one", "bad", 1,
                 package={"count": 3, "every": "31d"})
    room.no_plan(65, "crl: package: CRL 2 of 3: crl: nextUpdate", "bad", 1,
                 start=3600 * DAY, days=40, package={"count": 3,
                                                     "every": "30d"})
    room.no_plan(78, "crl: package: count: 1: not between 2 and 36", "bad", 1,
                 package={"count": 1, "every": "28d"})
    room.no_plan(78, "crl: package: count: 37: not between 2 and 36", "bad", 1,
                 package={"count": 37, "every": "28d"})
    room.no_plan(78, 'crl: package: every: "59m": less than an hour', "bad",
                 1, package={"count": 2, "every": "59m"})


def test_a_package_for_three_months(room):
    plan = room.crl_plan("package", 0x7f, start=-HOUR, package=PACKAGE,
                         approvals=1)
    shown = room.signet("ceremony", "show", plan.path).stdout
    expect_in("CRL 3 of 3, as the one before but for", shown)
    hashes = [row["tbs_sha256"]
              for row in json.loads(plan.bytes())["sign"]["list"]]
    for tbs in hashes:
        expect_in(tbs, shown)
    whole = hashlib.sha256(bytes.fromhex("".join(hashes))).hexdigest()
    expect(plan.shown["tbs_sha256"], whole)
    expect_in(f"{whole[:8]}  {plan.word} ", shown)
    rehearsed = room.signet(
        "ceremony", "rehearse", plan.path, "--softhsm", MODULE,
        "--token-program", SIGNET_TOKEN).stdout
    expect_in("Signed                   3 of 3 by root", rehearsed)
    expect_in("REHEARSAL passed", rehearsed)
    room.approve(plan, ADA, "--out", room.dir / "package.approval")
    out = room.publish(plan, "package", "pack", "--approvals",
                       room.dir / "package.approval").stdout
    expect_in("will sign 3 revocation lists", out)
    for number in ("7f", "80", "81"):
        openssl_crl(room, room.dir / f"package/crl-{number}.crl")
    expect(room.names("package").count("signed"), 3)
    verified(room, "package")
    rows = room.calendar("pack")
    expect([row["number"] for row in rows], ["7f", "80", "81"])
    expect(rows[1]["publish_by"], rows[0]["good_until"])
    expect([row["note"] for row in rows],
           ["published", "signed ahead", "signed ahead"])
    ics = (room.dir / "package/calendar.ics").read_text()
    expect(ics.count("BEGIN:VEVENT"), 4)
    expect(ics, (room.dir / "pack/calendar.ics").read_text())
    # in 40 days it is the second one's turn
    at = time.time() + 40 * DAY
    expect(chain_status(room, room.dir / "package/crl-80.pem", at=at)[0], 0)
    code, text = chain_status(room, room.dir / "package/crl-7f.pem", at=at)
    expect_in("CRL has expired", text)
    expect(code, 2)
    page = (room.dir / "package/transcript.html").read_text()
    expect_in("When to publish", page)
    expect(page.count("TBS SHA-256</td>"), 3)


def test_an_urgent_crl_before_a_package(room):
    """3 a.m.: sub is compromised, and two CRLs without it lie ready."""
    last = room.dir / "pack/crl-7f.crl"
    entry = room.revoked("sub", -60)
    quiet = room.crl_plan("urgent-quiet", 0x82, last, start=-1,
                          revoked=[entry])
    room.refused(65, "CRL 80 was signed ahead for that day, and would hide "
                 "this one", quiet, "never", "--ledger", room.dir / "pack")
    reused = room.crl_plan("urgent-reused", 0x80, last, start=-1,
                           revoked=[entry], withdraw=True)
    room.refused(65, "number 80 is not greater than 80, which the ledger has",
                 reused, "never", "--ledger", room.dir / "pack")
    expect((room.dir / "never").exists(), False)
    plan = room.crl_plan("urgent", 0x82, last, start=-1, revoked=[entry],
                         withdraw=True, package=PACKAGE)
    expect_in("every CRL that was signed ahead for a later day",
              room.signet("ceremony", "show", plan.path).stdout)
    out = room.publish(plan, "urgent", "pack").stdout
    expect_in("Will be withdrawn        CRL 80, signed ahead for", out)
    verified(room, "urgent")
    line = [x for x in room.events("urgent") if x["event"] == "ledger"][0]
    expect(line["withdraws"], ["80", "81"])
    expect(line["last"]["number"], "7f")
    rows = room.calendar("pack")
    expect([(r["number"], r["note"]) for r in rows], [
        ("7f", "published"), ("80", "withdrawn by 82"),
        ("81", "withdrawn by 82"), ("82", "published"),
        ("83", "signed ahead"), ("84", "signed ahead")])
    ics = (room.dir / "pack/calendar.ics").read_text()
    expect(ics.count("STATUS:CANCELLED"), 2)
    code, text = chain_status(room, room.dir / "urgent/crl-82.pem")
    expect(code, 2)
    expect_in("certificate revoked", text)
    done = room.record("pack", room.dir / "package/crl-80.crl", check=False)
    expect(done.returncode, 65, done.stderr)
    expect_in("CRL 80 was withdrawn by 82", done.stderr)


def test_the_next_package_before_the_last_one_runs_out(room):
    """It follows a list that was signed ahead and is not published yet."""
    date = json.loads((room.dir / "urgent.plan.json").read_text())[
        "sign"]["list"][0]["content"]["revoked"][0]["date"]
    entry = {**room.revoked("sub"), "date": date}
    early = room.crl_plan("early", 0x85, room.dir / "pack/crl-82.crl",
                          start=84 * DAY, revoked=[entry])
    room.refused(65, "has CRL 84 before this one, the plan follows 82: make a "
                 "new plan", early, "never", "--ledger", room.dir / "pack")
    plan = room.crl_plan("ahead", 0x85, room.dir / "pack/crl-84.crl",
                         start=84 * DAY, revoked=[entry], package=PACKAGE)
    room.publish(plan, "ahead", "pack")
    verified(room, "ahead")
    rows = room.calendar("pack")
    expect([r["number"] for r in rows[-4:]], ["84", "85", "86", "87"])
    expect(rows[-3]["publish_by"], rows[-4]["good_until"])


# --- interruptions ------------------------------------------------------------------

def ledger_after(room, events, whole, name, recorded):
    """The ledger at that moment: of the package's three, so many recorded."""
    folder = room.dir / name
    lines = (room.dir / whole / "ledger.jsonl").read_bytes().splitlines(True)
    folder.mkdir()
    n = 3 if "recorded" in events else recorded
    if n > 0:
        (folder / "ledger.jsonl").write_bytes(b"".join(lines[:n + 1]))
    for i in range(n):
        file = f"crl-{i + 1:02x}.crl"
        shutil.copy(room.dir / whole / file, folder / file)


def test_going_on_after_each_line_of_a_package(room):
    plan = room.crl_plan("cut", 1, package=PACKAGE)
    room.publish(plan, "cut", "cut-ledger")
    lines = room.events("cut")
    for n in range(len(lines) + 1):
        cases = [0, 1, 2, 3] if n == len(lines) - 2 else [0]
        for recorded in cases:
            going_on(room, plan, n, recorded)


def going_on(room, plan, n, recorded):
    to = f"cut-{n}-{recorded}"
    events = copy_prefix(room, "cut", to, n)
    ledger_after(room, events, "cut-ledger", f"{to}-ledger", recorded)
    unknown = "intent" in events and events[-1] == "intent"
    done = room.publish(plan, to, f"{to}-ledger",
                        answers=["sign again", plan.word] if unknown else None)
    signed = events.count("signed")
    if 0 < signed < 3:
        expect_in(f"The token has signed {signed} of 3", done.stdout)
    names = room.names(to)
    expect(names.count("signed"), 3, to)
    expect(names.count("intent"), 3 + unknown, to)
    expect(names[-1], "closed", to)
    expect([row["number"] for row in room.calendar(f"{to}-ledger")],
           ["01", "02", "03"], to)
    for i in range(signed):
        file = f"crl-{i + 1:02x}.crl"
        expect((room.dir / to / file).read_bytes(),
               (room.dir / "cut" / file).read_bytes(), to)
    verified(room, to)


def test_killed_while_the_token_signs_the_second(room):
    shim = Shim(room)
    plan = room.crl_plan("kill", 1, package=PACKAGE)
    ledger = ["--ledger", room.dir / "kill-ledger"]
    shim.rule("Sign", shim.HANG, skip=1)
    process, answers = start(room, plan, "kill", ledger, shim)
    answers.write(plan.word + "\n")
    until(lambda: shim.calls("Sign") > 1, 20, "second C_Sign")
    expect(room.names("kill")[-3:], ["intent", "signed", "intent"])
    process.kill()
    process.communicate()
    answers.close()
    shim.rule("Sign", shim.PASS)
    expect((room.dir / "kill-ledger/ledger.jsonl").exists(), False)
    how = {"module": SHIM, "env": shim.env}
    room.refused(77, "the word was not given", plan, "kill", *ledger,
                 answers=3 * [plan.word], **how)
    done = room.execute(plan, "kill", *ledger,
                        answers=["sign again", plan.word], **how)
    expect_in("The token has signed 1 of 3", done.stdout)
    expect_in("will sign the other 2 revocation lists", done.stdout)
    expect(room.names("kill").count("signed"), 3)
    verified(room, "kill")


def start(room, plan, out, more, shim):
    return start_with_fifo(room, plan, out, *more,
                                    module=SHIM, env=shim.env)


def test_a_token_that_goes_in_the_middle(room):
    shim = Shim(room)
    plan = room.crl_plan("gone", 1, package=PACKAGE)
    how = {"module": SHIM, "env": shim.env}
    shim.rule("Sign", shim.FAIL, 0x32, skip=2)  # CKR_DEVICE_REMOVED
    done = room.publish(plan, "gone", "gone-ledger", check=False, **how)
    expect(done.returncode in (69, 75), True, done.stderr)
    expect(room.names("gone")[-2:], ["intent", "failed"])
    shim.rule("Sign", shim.PASS)
    done = room.publish(plan, "gone", "gone-ledger", **how,
                        answers=["sign again", plan.word])
    expect_in("The token has signed 2 of 3", done.stdout)
    expect(room.names("gone").count("signed"), 3)
    verified(room, "gone")


def test_a_guard_that_wants_pauses(room):
    """One signature a second: the package waits for it."""
    room.execute(room.key_plan("slow-key", "slow", guard={
        "purpose": "ca", "may_sign_ca": True, "max_validity": "7300d",
        "max_per_second": 1}), "slow-key")
    room.execute(room.root_plan("slow", room.dir / "slow-key/public-key.pem",
                                "slow"), "slow")
    issuer = {"certificate": str(room.dir / "slow/certificate.pem")}
    fields = room.crl_fields(1, package=PACKAGE)
    plan = room.plan("crl", "slow-crl", key={"label": "slow"},
                     **{**fields, "issuer": issuer})
    room.publish(plan, "slow-crl", "slow-ledger")
    expect(room.names("slow-crl").count("intent"), 3)
    verified(room, "slow-crl")


def test_a_ledger_that_cannot_be_written(room):
    plan = room.crl_plan("unwritten", 1)
    room.refused(74, "cannot be made: No such file or directory", plan,
                 "never", "--ledger", room.dir / "no/such/ledger")
    room.write("file", "x")
    room.refused(74, "ledger", plan, "never", "--ledger", room.dir / "file")
    expect((room.dir / "never").exists(), False)


# --- what verify sees ---------------------------------------------------------------

def lie(room, name, change):
    """A copy of the urgent package whose lines were changed and chained anew;
    what verify says of it."""
    folder = room.dir / name
    shutil.copytree(room.dir / "urgent", folder)
    lines = room.events(name)
    change(folder, {line["event"]: line for line in lines})
    for line in lines:
        for row in line.get("files", []) if line["event"] == "written" else []:
            whole = (folder / row["name"]).read_bytes()
            row["sha256"] = hashlib.sha256(whole).hexdigest()
    chain(folder, lines)
    done = room.signet("ceremony", "verify", folder, check=False)
    return [line for line in done.stdout.splitlines()
            if line.startswith("differs")]


def test_lies_about_the_history(room):
    def another_last(folder, events):
        shutil.copy(room.dir / "package/crl-80.crl", folder / "last.crl")
        del events

    def no_last(folder, events):
        events["ledger"]["last"] = None
        del folder

    def other_last(folder, events):
        events["ledger"]["last"]["sha256"] = "00" * 32
        del folder

    def calendar(folder, events):
        text = (folder / "calendar.ics").read_text()
        (folder / "calendar.ics").write_text(text.replace("20", "21", 1))
        del events

    def not_recorded(folder, events):
        events["recorded"]["files"].pop()
        del folder

    history = "differs  the lists go forward from the last one published: "
    ledger = history + 'ledger: "last" is not the plan\'s'
    expect(lie(room, "lie-1", another_last), [
        history + "last.crl is not the CRL that the plan follows"])
    expect(lie(room, "lie-2", no_last), [ledger])
    expect(lie(room, "lie-3", other_last), [ledger])
    expect(lie(room, "lie-5", not_recorded), [
        history + 'recorded: "files" are not the lists'])
    expect(lie(room, "lie-4", calendar), [
        "differs  the calendar is that of the lists: calendar.ics is not that "
        "of these lists"])


def test_signatures_that_changed_places(room):
    folder = room.dir / "swapped"
    shutil.copytree(room.dir / "urgent", folder)
    lines = room.events("swapped")
    one, two, _ = [x for x in lines if x["event"] == "signed"]
    one["signature"], two["signature"] = two["signature"], one["signature"]
    chain(folder, lines)
    differs(room, "swapped", "the signature is over the plan's bytes: "
            "signature invalid")


def differs(room, out, text):
    done = room.signet("ceremony", "verify", room.dir / out, check=False)
    expect(done.returncode, 65, done.stdout)
    expect_in(text, done.stdout)


def test_verify_replays_the_history(room):
    shutil.copytree(room.dir / "urgent", room.dir / "changed")
    shutil.copy(room.dir / "package/crl-80.crl", room.dir / "changed/last.crl")
    differs(room, "changed", "last.crl: not what was written")
    shutil.copy(room.dir / "package/crl-7f.crl", room.dir / "changed/last.crl")
    verified(room, "changed")
    ics = room.dir / "changed/calendar.ics"
    text = ics.read_text()
    ics.write_text(text.replace("CONFIRMED", "TENTATIVE", 1))
    differs(room, "changed", "calendar.ics: not what was written")
    ics.write_text(text)
    (room.dir / "changed/crl-83.crl").unlink()
    differs(room, "changed", "crl-83.crl")


# --- from servers -------------------------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
    """One odd answer per path."""

    def do_GET(self):
        crl = self.server.crl
        if self.path == "/good":
            self.answer(crl)
        elif self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
        elif self.path == "/short":
            self.answer(crl[:-40], length=len(crl))
        elif self.path == "/cut":
            self.answer(crl[:-40])
        elif self.path == "/page":
            self.answer(b"<html>Maintenance</html>")
        elif self.path == "/empty":
            self.answer(b"")
        elif self.path == "/large":
            self.answer(crl, length=1 << 40)
        elif self.path == "/endless":
            self.endless()
        else:
            self.send_error(404)

    def answer(self, body, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def endless(self):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(bytes(1 << 20))

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def served(crl):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.crl = crl
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def silent():
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/crl"


def check_from(room, url):
    return room.signet("ceremony", "ledger", "check",
                       room.dir / "two/crl-02.crl", "--last", url, "--issuer",
                       room.issuer["certificate"], check=False)


def test_crls_come_from_servers(room):
    with served((room.dir / "one/crl-01.crl").read_bytes()) as base:
        for path in ("/good", "/moved"):
            done = check_from(room, base + path)
            expect(done.returncode, 0, done.stderr)
        for path, text in (
                ("/none", "The requested URL returned error: 404"),
                ("/short", "transfer closed with 40 bytes remaining to read"),
                ("/cut", "truncated: needs"),
                ("/page", "no X509 CRL block and no DER in it"),
                ("/empty", "no X509 CRL block and no DER in it"),
                ("/large", "more than 134217728 bytes"),
                ("/endless", "more than 134217728 bytes")):
            done = check_from(room, base + path)
            expect(done.returncode != 0, True, path)
            expect_in(text, done.stderr, path)
            expect_in(base + path, done.stderr, path)
        room.record("web-ledger", base + "/good")
        plan = room.crl_plan("web", 2, base + "/good")
        expect_in(f"crl-last: {base}/good, SHA-256",
                  room.signet("ceremony", "show", plan.path).stdout)
    room.publish(plan, "web", "web-ledger")
    verified(room, "web")
    done = check_from(room, base + "/good")
    expect_in("Failed to connect to 127.0.0.1", done.stderr)


def test_a_server_that_says_nothing(room):
    with silent() as url:
        begin = time.monotonic()
        done = check_from(room, url)
        expect(time.monotonic() - begin < 30, True)
        expect(done.returncode != 0, True)
        expect_in("transferred the last 10 seconds", done.stderr)


if __name__ == "__main__":
    with Vault() as the_room:
        run_tests([item for name, item in list(globals().items())
                   if name.startswith("test_")], the_room)
