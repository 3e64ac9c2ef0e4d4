#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ceremonies on real SoftHSM tokens: what is refused, what is written, and what
an interruption leaves behind."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from lab import (MODULE, SIGNET, SIGNET_TOKEN, expect, expect_in, run,
                 run_tests, until)
from room import (ADA, BOB, DAY, EVE, RITA, Plan, Room, instant, verified)

TYPES = ["key", "root", "intermediate", "csr", "cross-certificate",
         "rollover", "ocsp-responder", "crl"]
STEPS = ["new", "plan", "show", "rehearse", "approve", "execute", "bind"]
SOURCE = pathlib.Path(__file__).resolve().parents[2]


# --- before the room --------------------------------------------------------------

def test_a_template_for_each_type(room):
    for kind in TYPES:
        text = room.signet("ceremony", "new", kind).stdout
        expect(f"\ntype: {kind}\n" in text, True, kind)
        request = room.write("new.yaml", text)
        done = room.signet("ceremony", "plan", request, "--out",
                           room.dir / "new.json", check=False)
        expect(done.returncode, 78, done.stderr)
        expect_in("CHANGE-ME", done.stderr)
    done = room.signet("ceremony", "new", "leaf", check=False)
    expect(done.returncode, 64)
    expect_in('"leaf": not one of key, root', done.stderr)


def test_ceremony_alone_lists_the_steps(room):
    done = room.signet("ceremony")
    steps = [line.split()[1] for line in done.stdout.splitlines()
             if line.startswith("  ceremony ")]
    expect(steps[:7], STEPS)


def test_a_plan_is_not_replaced_and_shown_again(room):
    plan = room.key_plan("twice")
    before = plan.bytes()
    done = room.signet("ceremony", "plan", room.dir / "twice.yaml", "--out",
                       plan.path, check=False)
    expect(done.returncode, 73, done.stderr)
    expect(plan.bytes(), before)
    expect(plan.shown["plan_sha256"], hashlib.sha256(before).hexdigest())
    shown = room.signet("ceremony", "show", plan.path).stdout
    expect_in(f"{plan.shown['plan_sha256'][:8]}  {plan.word} ", shown)


def test_any_changed_byte_is_refused(room):
    plan = room.key_plan("bytes", approvals=1)
    room.approve(plan, ADA, "--out", room.dir / "bytes.approval")
    good = plan.bytes()
    other = Plan(room.dir / "bytes.changed", plan.shown)
    for at in [*range(0, len(good), 97), len(good) - 1]:
        bad = bytearray(good)
        bad[at] ^= 0x01
        other.path.write_bytes(bad)
        done = room.execute(other, "never", "--approvals",
                            room.dir / "bytes.approval", check=False)
        expect(done.returncode in (65, 77), True, f"{at}: {done.stderr}")
    for bad in (good + b"\n", good[:-1], b" " + good, b""):
        other.path.write_bytes(bad)
        room.refused(65, "bytes.changed", other, "never")
    expect((room.dir / "never").exists(), False)


# --- approvals --------------------------------------------------------------------

def test_approvals(room):
    plan = room.key_plan("approved", "approved", approvals=2)
    other = room.key_plan("other", "other", approvals=2)
    folder = room.dir / "approvals"
    folder.mkdir()
    room.refused(77, "0 of 2 approvals: approved by nobody; 2 more needed",
                 plan, "approved")
    done = room.approve(plan, RITA, check=False)
    expect_in("Rita Requester is the requester, who may not approve",
              done.stderr)
    expect(done.returncode, 77)
    done = room.approve(plan, EVE, check=False)
    expect_in("Eve is not an approver of this plan", done.stderr)
    expect(done.stdout, "")  # nobody reads a plan that they may not approve
    done = room.approve(plan, ADA, key=room.key_of(EVE), check=False)
    expect_in("does not verify with the key that the plan names", done.stderr)
    expect_in("hint: --key is the private half of the key that the plan names "
              "for them", done.stderr)

    room.approve(plan, ADA, "--out", folder / "ada.json")
    done = room.approve(plan, ADA, "--out", folder / "ada.json", check=False)
    expect(done.returncode, 73, done.stderr)
    expect_in("ada.json: exists: an approval is never replaced", done.stderr)
    again = room.dir / "again.json"
    time.sleep(1.1)  # another time, another signature
    room.approve(plan, ADA, "--out", again)
    room.refused(77, "1 of 2 approvals: approved by Ada Approver; 1 more",
                 plan, "approved", "--approvals", folder, "--approvals", again)
    room.approve(other, BOB, "--out", folder / "bob.json")
    room.refused(77, f"{folder}/bob.json: approval by Bob Approver: it is for "
                 "another plan", plan, "approved", "--approvals", folder)
    forged = json.loads((folder / "bob.json").read_text())
    forged["plan_sha256"] = plan.shown["plan_sha256"]
    forged["plan_id"] = plan.shown["plan"]["id"]
    (folder / "bob.json").write_text(
        json.dumps(forged, sort_keys=True, separators=(",", ":")) + "\n")
    room.refused(77, "the signature of Bob Approver does not verify", plan,
                 "approved", "--approvals", folder)
    expect((room.dir / "approved").exists(), False)

    (folder / "bob.json").unlink()
    room.approve(plan, BOB, "--out", folder / "bob.json")
    room.execute(plan, "approved", "--approvals", folder)
    made = sorted(p.name for p in (room.dir / "approved/approvals").iterdir())
    expect(made, ["1-Ada-Approver.json", "2-Bob-Approver.json"])
    expect_in("approved", room.keys())


def test_an_approval_asks_for_the_word(room):
    plan = room.key_plan("word", approvals=1)
    argv = [SIGNET, "ceremony", "approve", plan.path, "--name", ADA, "--key",
            room.key_of(ADA)]
    done = run(*argv, input="yes\n", check=False, cwd=room.dir)
    expect(done.returncode, 77)
    expect_in("not approved: nothing was signed", done.stderr)
    run(*argv, input="approve\n", cwd=room.dir / "tokens")
    made = room.dir / "tokens/approvals/Ada-Approver.json"
    expect(json.loads(made.read_text())["approver"], ADA)
    shutil.rmtree(made.parent)


def test_an_encrypted_key_and_one_that_others_read(room):
    plan = room.key_plan("encrypted", approvals=1)
    locked = room.dir / "locked.key"
    room.write("passphrase", "correct horse\n", 0o600)
    run("openssl", "pkcs8", "-topk8", "-in", room.key_of(ADA), "-out", locked,
        "-passout", f"file:{room.dir}/passphrase")
    locked.chmod(0o600)
    source = ["--passphrase-source", f"file:{room.dir}/passphrase"]
    room.approve(plan, ADA, *source, "--out", room.dir / "locked.json",
                 key=locked)
    room.write("passphrase", "wrong\n", 0o600)
    done = room.approve(plan, ADA, *source, "--out", room.dir / "x",
                        key=locked, check=False)
    expect(done.returncode, 65, done.stderr)
    locked.chmod(0o644)
    done = room.approve(plan, ADA, *source, key=locked, check=False)
    expect(done.returncode, 78, done.stderr)


def test_an_approver_whose_key_is_in_a_token(room):
    room.make_token("people")
    for label, purpose, kind in (("ada", "backend", "ec-p256"),
                                 ("ed", "backend", "ed25519"),
                                 ("ca", "ca", "ec-p256")):
        made = room.signet("key", "generate", "--token", "people", "--label",
                           label, "--type", kind, "--purpose", purpose,
                           "--json", *room.token_opts())
        room.write(f"{label}.hsm.pub",
                   json.loads(made.stdout)["public_key"] + "\n")
    ada = {"name": ADA, "key": str(room.dir / "ada.hsm.pub")}
    plan = room.key_plan("hsm", "hsm", approvers=[ada], approvals=1)
    out = room.dir / "hsm.approval"

    def approve(key, check=True):
        return room.approve(plan, ADA, *room.token_opts(), "--out", out,
                            key=key, check=check)
    for key, code, why in (
            ("pkcs11:token=people", 64, "object=LABEL is missing"),
            ("pkcs11:token=people;object=%zz", 64, "bad escape"),
            ("pkcs11:token=people;object=nobody", 66, "nobody"),
            ("pkcs11:token=people;object=ca", 65, "was not made for backends"),
            ("pkcs11:token=people;object=ed", 69, "signs no digests")):
        done = approve(key, check=False)
        expect(done.returncode, code, key + done.stderr)
        expect_in(why, done.stderr)
    approve("pkcs11:token=people;object=%61da")
    room.execute(plan, "hsm", "--approvals", out)
    verified(room, "hsm")


# --- what stops a ceremony --------------------------------------------------------

def test_window(room):
    early = room.key_plan("early", window={"from": instant(DAY),
                                           "until": instant(2 * DAY)})
    room.refused(77, "may not be executed before", early, "early")
    late = room.key_plan("late", window={"from": instant(-DAY),
                                         "until": instant(1)})
    time.sleep(2.1)
    room.refused(77, "could be executed until", late, "late")
    expect((room.dir / "late").exists(), False)


def test_places_that_are_taken(room):
    plan = room.key_plan("place", "place")
    room.write("taken", "a file")
    room.refused(73, "taken", plan, "taken")
    (room.dir / "full").mkdir()
    room.write("full/note", "somebody's")
    room.refused(73, "holds no transcript of this ceremony", plan, "full")
    room.refused(73, "another plan", plan, "approved")
    (room.dir / "empty").mkdir()
    room.execute(plan, "empty")
    expect(room.names("empty")[-1], "closed")


def test_a_file_in_the_way_of_a_result(room):
    plan = room.key_plan("way", "way")
    (room.dir / "way").mkdir()
    room.refused(77, "the word was not given", plan, "way",
                 answers=["x", "y", "z"])
    expect(room.names("way")[-4:], ["approvals"] + 3 * ["refused"])
    room.write("way/public-key.pem", "somebody's")
    room.refused(73, "public-key.pem exists and is something else", plan,
                 "way")
    (room.dir / "way/public-key.pem").unlink()
    done = room.execute(plan, "way")
    expect_in("will not be done again", " ".join(done.stdout.split()))
    expect(room.names("way").count("key-made"), 1)


def test_wrong_tokens_and_keys(room):
    room.make_root("first", "first")
    public = room.dir / "first-key/public-key.pem"
    wrong = room.plan("csr", "serial", token={"label": "root",
                                              "serial": "00112233"},
                      key={"label": "first"}, public_key=str(public),
                      subject={"common_name": "x"})
    room.refused(65, "the plan is for 00112233", wrong, "serial")
    other = room.plan("csr", "label", token={"label": "elsewhere"},
                      key={"label": "first"}, public_key=str(public),
                      subject={"common_name": "x"})
    room.refused(66, "elsewhere", other, "label")
    room.refused(65, "this is the token 'root', the plan is for 'elsewhere'",
                 other, "label", "--token", "root")
    key = room.plan("csr", "key", key={"label": "way"},
                    public_key=str(public), subject={"common_name": "x"})
    room.refused(65, "public key", key, "wrong-key")
    taken = room.key_plan("taken-label", "first")
    room.refused(73, "has a key 'first' already", taken, "taken-label")


def test_a_wrong_pin_is_tried_once(room):
    plan = room.key_plan("pin", "pin")
    good = room.pin.read_text()
    room.write("pin", "9999-wrong\n", 0o600)
    try:
        room.refused(77, "PIN", plan, "pin-out")
    finally:
        room.write("pin", good, 0o600)
    room.execute(plan, "pin-out")
    expect(room.names("pin-out")[-1], "closed")


def test_an_input_exchanged_after_approval(room):
    key = room.dir / "leaf.key"
    for name in ("wanted", "swapped"):
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj",
            f"/CN={name}", "-out", room.dir / f"{name}.csr")
    plan = room.plan("intermediate", "exchanged", approvals=1,
                     key={"label": "first"},
                     issuer={"certificate": str(room.dir
                                                / "first/certificate.pem")},
                     csr="wanted.csr", path_length=0,
                     validity={"not_before": instant(), "duration": "365d"})
    room.approve(plan, ADA, "--out", room.dir / "exchanged.json")
    argv = ["--approvals", room.dir / "exchanged.json"]
    good = (room.dir / "wanted.csr").read_bytes()
    shutil.copy(room.dir / "swapped.csr", room.dir / "wanted.csr")
    room.refused(65, "wanted.csr (csr) is not what it was", plan, "exchanged",
                 *argv)
    (room.dir / "wanted.csr").write_bytes(good)
    room.execute(plan, "exchanged", *argv)
    run("openssl", "verify", "-x509_strict", "-CAfile",
        room.dir / "first/certificate.pem",
        room.dir / "exchanged/certificate.pem")
    made = run("openssl", "x509", "-in", room.dir / "exchanged/certificate.pem",
               "-noout", "-subject").stdout
    expect_in("CN = wanted", made)


# --- rehearsals ---------------------------------------------------------------------

def rehearsals(room):
    return list(room.dir.glob("signet-rehearsal-*"))


def rehearsal(room, plan, softhsm=MODULE):
    return ["ceremony", "rehearse", plan.path, "--softhsm", softhsm,
            "--token-program", SIGNET_TOKEN, "--tmp", room.dir]


def rehearse(room, plan, *more, check=True):
    return room.signet(*rehearsal(room, plan), *more, check=check)


def test_every_type_is_rehearsed_and_executed(room):
    room.make_root("second", "second")
    for plan in room.plans_of_all_types("r", "first", "second", "approved"):
        kind = plan.shown["plan"]["type"]
        before = sorted(room.keys())
        done = rehearse(room, plan)
        expect_in("\nREHEARSAL: nothing of this is the ceremony.", done.stdout)
        expect_in("\nREHEARSAL passed", done.stdout, kind)
        same = kind in ("key", "root", "csr")
        expect("byte\nfor byte" in done.stdout, not same, kind)
        expect(rehearsals(room), [], kind)
        expect(sorted(room.keys()), before, kind)
        out = f"all-{kind}"
        ledger = ["--ledger", room.dir / "ledger"] if kind == "crl" else []
        room.execute(plan, out, *ledger)
        expect(room.names(out)[-1], "closed", kind)
        verified(room, out)


# --- guards -------------------------------------------------------------------------

FULL_GUARD = {
    "purpose": "ca", "may_sign_ca": True, "may_sign_crls": False,
    "max_validity": "100d", "max_path_length": 1,
    "extended_key_usage": ["serverAuth", "1.3.6.1.5.5.7.3.9"],
    "name_constraints": {"permitted": {"dns": ["example.com"],
                                       "directory": ["O=Guarded"]},
                         "excluded": {"dns": ["secret.example.com"]}},
    "max_per_second": 50, "max_per_day": 2,
}


def shown_guard(room, label):
    done = room.signet("key", "show", "--label", label, "--token", "root",
                       "--json", *room.token_opts())
    return json.loads(done.stdout)


def guarded_intermediate(room, name, **changes):
    """One that the full guard lets pass, but for the changes."""
    fields = {
        "key": {"label": "guarded"},
        "issuer": {"certificate": str(room.dir / "guarded/certificate.pem")},
        "public_key": str(room.dir / "first-key/public-key.pem"),
        "subject": {"organization": "Guarded", "common_name": name},
        "path_length": 0, "extended_key_usage": ["serverAuth"],
        "validity": {"not_before": instant(60), "duration": "50d"}, **changes}
    return room.plan("intermediate", name, **{
        key: value for key, value in fields.items() if value is not None})


def test_a_key_ceremony_sets_the_whole_guard(room):
    plan = room.key_plan("guarded-key", "guarded", guard=FULL_GUARD)
    done = room.execute(plan, "guarded-key")
    for line in ("Guard                    ca",
                 "  CA certificates        path length 1 at most",
                 "  CRLs                   no",
                 "  Longest validity       100 days",
                 "  Purposes               serverAuth, OCSPSigning",
                 "  Names permitted        DNS:example.com, "
                 "directoryName:O=Guarded",
                 "  Names excluded         DNS:secret.example.com",
                 "  Signatures a second    50",
                 "  Signatures a day       2"):
        expect_in("\n" + line + "\n", done.stdout)
    verified(room, "guarded-key")
    page = (room.dir / "guarded-key/transcript.html").read_text()
    for text in ("DNS:secret.example.com", "serverAuth, OCSPSigning",
                 "Signatures a day", "path length 1 at most"):
        expect_in(text, page)
    made = [x for x in room.events("guarded-key") if x["event"] == "key-made"]
    expect(made[0]["guard"], json.loads(plan.bytes())["key"]["guard"])
    guard = shown_guard(room, "guarded")
    for key, value in {"may_sign_ca": True, "max_path_length": 1,
                       "max_validity": "100d", "may_sign_crl": False,
                       "max_per_second": 50, "max_per_day": 2,
                       "extended_key_usage": ["serverAuth", "OCSPSigning"],
                       "permitted_names": ["DNS:example.com",
                                           "directoryName:O=Guarded"],
                       "excluded_names": ["DNS:secret.example.com"]}.items():
        expect(guard[key], value, key)


def test_each_field_of_the_guard_holds(room):
    public = room.dir / "guarded-key/public-key.pem"
    subject = {"organization": "Guarded", "common_name": "Root"}
    plan = room.plan("root", "guarded-long", key={"label": "guarded"},
                     public_key=str(public), subject=subject,
                     validity={"not_before": instant(), "duration": "110d"})
    room.refused(65, "validity of 9504000 s", plan, "guarded-long")
    plan = room.plan("root", "guarded", key={"label": "guarded"},
                     public_key=str(public), subject=subject,
                     validity={"not_before": instant(), "duration": "100d"})
    room.execute(plan, "guarded")
    for name, message, fields in (
            ("g-path", "path length 2, at most 1", {"path_length": 2}),
            ("g-none", "no extKeyUsage", {"extended_key_usage": None}),
            ("g-eku", "extKeyUsage 1.3.6.1.5.5.7.3.4 is none of the key's",
             {"extended_key_usage": ["emailProtection"]}),
            ("g-name", "directoryName is outside of the permitted subtrees of "
             "the key's own name constraints",
             {"subject": {"common_name": "Elsewhere"}})):
        room.refused(65, message, guarded_intermediate(room, name, **fields),
                     name)
    plan = room.plan("crl", "g-crl", key={"label": "guarded"}, issuer={
        "certificate": str(room.dir / "guarded/certificate.pem")}, crl={
            "last": "none", "number": "1", "this_update": instant(60),
            "next_update": instant(30 * DAY)})
    room.refused(65, "this key may not sign CRLs", plan, "g-crl", "--ledger",
                 room.dir / "g-ledger")
    room.execute(guarded_intermediate(room, "g-good"), "g-good")
    room.refused(75, "more than 2 signatures per day",
                 guarded_intermediate(room, "g-third"), "g-third")


def test_the_guard_is_known_before_the_ceremony(room):
    """plan says what the key's guard will refuse, a rehearsal refuses it."""
    room.execute(room.key_plan("narrow-key", "narrow", guard={
        "purpose": "ca", "may_sign_ca": True, "max_validity": "100d",
        "max_path_length": 0, "extended_key_usage": ["serverAuth"]}),
        "narrow-key")
    public = str(room.dir / "narrow-key/public-key.pem")
    root = {"key": {"label": "narrow"}, "public_key": public, "subject": {
        "common_name": "Narrow"}, "validity": {
            "not_before": instant(), "duration": "90d"}}
    below = {"key": {"label": "narrow"},
             "issuer": {"certificate": str(room.dir
                                           / "narrow/certificate.pem")},
             "public_key": str(room.dir / "first-key/public-key.pem"),
             "subject": {"common_name": "Below"}, "path_length": 0,
             "extended_key_usage": ["serverAuth"],
             "validity": {"not_before": instant(), "duration": "80d"}}

    def judged(kind, name, fields, code, plan_says, rehearsal_says):
        plan = room.plan(kind, name, **fields)
        expect(plan.shown["guard"], None)  # nobody asked the token
        shown = json.loads(room.signet(
            "ceremony", "plan", room.dir / f"{name}.yaml", "--out",
            room.dir / f"{name}.again.json", "--json", *asked).stdout)
        expect(shown["guard"], plan_says, name)
        rehearse(room, plan)  # what the guard limits is not rehearsed
        done = rehearse(room, plan, *asked, check=False)
        expect(done.returncode, code, done.stderr)
        expect_in(rehearsal_says, done.stdout + done.stderr)
        return plan

    asked = ["--module", MODULE, "--guards", room.dir / "guards",
             "--pin-source", f"file:{room.pin}"]
    judged("root", "narrow-long", {**root, "validity": {
        "not_before": instant(), "duration": "101d"}}, 65,
        "validity of 101 days, the key's certificates have at most 100",
        "REHEARSAL: guard: validity of 8726400 s")
    plan = judged("root", "narrow", root, 0, None, "REHEARSAL passed")
    room.execute(plan, "narrow")
    judged("intermediate", "narrow-path", {**below, "path_length": 1}, 65,
           "the key's CA certificates have a path length of at most 0",
           "REHEARSAL: guard: path length 1, at most 0")
    # not foreseen, but rehearsed
    judged("intermediate", "narrow-eku", {
        **below, "extended_key_usage": ["clientAuth"]}, 65, None,
        "REHEARSAL: guard: extKeyUsage 1.3.6.1.5.5.7.3.2 is none of the key's")
    judged("intermediate", "narrow-good", below, 0, None, "REHEARSAL passed")
    done = room.signet("ceremony", "plan", room.dir / "narrow-good.yaml",
                       "--out", room.dir / "unasked.json", "--module", MODULE,
                       "--guards", room.dir / "guards", "--token", "nobody",
                       "--pin-source", f"file:{room.pin}")
    expect_in("The key's guard          not asked: ", done.stdout)


def test_the_rate_of_a_second_holds(room):
    """Two at once, under a guard that has one a second: one is refused. It is
    tried again, since a busy machine may take a second between them."""
    room.execute(room.key_plan("slow-key", "slow", guard={
        "purpose": "ca", "max_validity": "1d", "max_per_second": 1}),
        "slow-key")
    expect(shown_guard(room, "slow")["max_per_second"], 1)
    public = str(room.dir / "slow-key/public-key.pem")
    for n in range(5):
        plans = [room.plan("csr", f"slow-{n}-{k}", key={"label": "slow"},
                           public_key=public, subject={"common_name": "Slow"})
                 for k in range(2)]
        both = [subprocess.Popen(
            [SIGNET, *room.execute_args(plan, plan.path.name + ".out")],
            text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=room.env) for plan in plans]
        errors = [p.communicate(plan.word + "\n")[1]
                  for p, plan in zip(both, plans)]
        if sorted(p.returncode for p in both) == [0, 75]:
            expect_in("more than 1 signatures per second", "".join(errors))
            return
        time.sleep(1)  # both were refused: the pair before was too near
    raise AssertionError("of five pairs never one alone was refused")


# --- OCSP responders ------------------------------------------------------------------

def responder_plan(room, name, **fields):
    return room.plan("ocsp-responder", name, **{
        "key": {"label": "first"},
        "issuer": {"certificate": str(room.dir / "first/certificate.pem")},
        "validity": {"not_before": instant(), "duration": "90d"}, **fields})


def test_a_responder_is_bound_and_renewed(room):
    room.execute(room.key_plan("ocsp-key", "ocsp", guard={
        "purpose": "ocsp", "max_per_day": 100000}), "ocsp-key")
    expect(shown_guard(room, "ocsp")["bound"], False)
    done = room.execute(responder_plan(
        room, "ocsp", public_key=str(room.dir / "ocsp-key/public-key.pem"),
        subject={"common_name": "Answers"}), "ocsp")
    expect_in("ocsp: from now on it answers for this certificate's issuer only",
              done.stdout)
    expect("bound" in room.names("ocsp"), True)
    verified(room, "ocsp")
    guard = shown_guard(room, "ocsp")
    expect((guard["bound"], guard["answers_for"], guard["max_per_day"]),
           (True, "CN=Test first,C=DE", 100000))
    # the same key and name, a later certificate
    room.execute(responder_plan(
        room, "ocsp-2", certificate=str(room.dir / "ocsp/certificate.pem"),
        validity={"not_before": instant(), "duration": "120d"}), "ocsp-2")
    verified(room, "ocsp-2")
    made = (room.dir / "ocsp-2/certificate.der").read_bytes()
    expect(shown_guard(room, "ocsp")["issuer_sha256"].replace(":", ""),
           hashlib.sha256(made).hexdigest())
    texts = [run("openssl", "x509", "-noout", "-subject", "-pubkey", "-in",
                 room.dir / out / "certificate.pem").stdout
             for out in ("ocsp", "ocsp-2")]
    expect(texts[0], texts[1])
    # another name is another responder
    done = room.execute(responder_plan(
        room, "ocsp-3", public_key=str(room.dir / "ocsp-key/public-key.pem"),
        subject={"common_name": "Another"}), "ocsp-3")
    expect_in("The key 'ocsp' stays bound to the certificate that it has: "
              "guard: key \"ocsp\" is bound already to the certificate of a "
              "responder with another name, or of another CA", done.stdout)
    expect("bound" in room.names("ocsp-3"), False)
    verified(room, "ocsp-3")


def test_a_responder_in_another_token(room):
    room.execute(room.key_plan("away-key", "away", token="issuing", guard={
        "purpose": "ocsp"}), "away-key")
    done = room.execute(responder_plan(
        room, "away", public_key=str(room.dir / "away-key/public-key.pem"),
        subject={"common_name": "Away"}), "away")
    expect_in(f"signet ceremony bind {room.dir}/away/chain.pem --key LABEL",
              done.stdout)
    bind = ["ceremony", "bind", room.dir / "away/chain.pem", "--key", "away",
            "--yes", "--token", "issuing", *room.token_opts()]
    room.signet(*bind)
    done = room.signet(*bind[:2], room.dir / "away/certificate.pem", *bind[3:],
                       check=False)
    expect(done.returncode, 65, done.stderr)
    expect_in("the CA that the responder answers for is not given",
              done.stderr)


def test_binding_a_key_in_another_token(room):
    room.execute(room.plan("key", "bind-key", token={"label": "issuing"},
                           key={"label": "issuing", "type": "ec-p256"},
                           guard={"purpose": "ca", "max_validity": "90d"}),
                 "bind-key")
    plan = room.plan("intermediate", "bind", key={"label": "first"},
                     issuer={"certificate": str(room.dir
                                                / "first/certificate.pem")},
                     public_key=str(room.dir / "bind-key/public-key.pem"),
                     subject={"common_name": "Bound"}, path_length=0,
                     validity={"not_before": instant(), "duration": "365d"})
    done = room.execute(plan, "bind")
    expect_in(f"signet ceremony bind {room.dir}/bind/chain.pem --key LABEL",
              done.stdout)
    cert = room.dir / "bind/chain.pem"
    argv = [SIGNET, "ceremony", "bind", cert, "--token", "issuing",
            *room.token_opts()]
    done = run(*argv, "--key", "issuing", input="aardvark-not\n", check=False,
               env=room.env)
    expect(done.returncode, 77, done.stderr)
    wrong = run(*argv[:3], room.dir / "first/certificate.pem", *argv[4:],
                "--key", "issuing", "--yes", check=False, env=room.env)
    expect(wrong.returncode, 65, wrong.stderr)
    expect_in("public key", wrong.stderr)
    run(*argv, "--key", "issuing", "--yes", env=room.env)
    shown = json.loads(room.signet(
        "key", "show", "--label", "issuing", "--token", "issuing", "--json",
        *room.token_opts()).stdout)
    digest = hashlib.sha256((room.dir / "bind/certificate.der").read_bytes())
    expect_in(digest.hexdigest(), json.dumps(shown).replace(":", ""))
    expect(shown["chain_length"], 2)


def test_a_rehearsal_says_what_is_missing(room):
    plan = room.key_plan("missing", approvals=2,
                         window={"from": instant(DAY),
                                 "until": instant(2 * DAY)})
    done = rehearse(room, plan)
    expect_in("Not yet: the plan may not be executed before", done.stdout)
    expect_in("Not yet: 0 of 2 approvals", done.stdout)


def test_an_interrupted_rehearsal_leaves_nothing(room):
    plan = room.plan("key", "rsa", key={"label": "rsa", "type": "rsa-4096"},
                     guard={"purpose": "ca", "max_validity": "90d"})
    process = subprocess.Popen(
        [SIGNET, *rehearsal(room, plan)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=room.env, start_new_session=True)
    until(lambda: rehearsals(room), 20, "rehearsal")

    def ended():
        os.killpg(process.pid, signal.SIGINT)
        return process.poll() is not None
    until(ended, 30, "end of the rehearsal")
    expect(process.returncode != 0, True)
    expect(rehearsals(room), [])


def test_a_rehearsal_without_its_module_leaves_nothing(room):
    plan = room.key_plan("foreign")
    done = room.signet(*rehearsal(room, plan, SIGNET_TOKEN), check=False)
    expect(done.returncode != 0, True)
    expect_in("REHEARSAL: ", done.stderr)
    expect(rehearsals(room), [])


if __name__ == "__main__":
    with Room() as the_room:
        run_tests([item for name, item in list(globals().items())
                   if name.startswith("test_")], the_room)
