#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ceremonies that are cut short: tokens that fail, power that fails, clocks that
are wrong, disks that are full. Each goes on and ends as it would have."""

import os
import shutil

from lab import (SIGNET, Skip, expect, expect_in, run, run_tests, until)
from room import (ADA, DAY, SHIM, Room, Shim, copy_prefix, instant,
                  start_with_fifo, tbs_of, verified)

YEAR = 365 * DAY


# --- tokens that fail ---------------------------------------------------------------

def test_a_full_token(room):
    shim = Shim(room)
    plan = room.key_plan("token-full", "token-full")
    shim.rule("GenerateKeyPair", Shim.FAIL, 0x31)  # CKR_DEVICE_MEMORY
    done = room.refused(69, "CKR_DEVICE_MEMORY", plan, "token-full",
                        module=SHIM, env=shim.env)
    expect(room.names("token-full")[-2:], ["intent", "failed"], done.stderr)
    shim.rule("GenerateKeyPair", Shim.PASS)
    done = room.execute(plan, "token-full", module=SHIM, env=shim.env)
    expect_in("no such key in the token: none was made", done.stdout)
    expect(room.names("token-full").count("key-made"), 1)


def test_a_token_removed_at_the_last_moment(room):
    shim = Shim(room)
    _, root = room.make_root("removed", "removed")
    plan = room.plan("csr", "removed-csr", key={"label": "removed"},
                     public_key=str(room.dir / "removed-key/public-key.pem"),
                     subject={"common_name": "x"})
    shim.rule("Sign", Shim.FAIL, 0x32)  # CKR_DEVICE_REMOVED
    done = room.execute(plan, "removed-csr", module=SHIM, env=shim.env,
                        check=False)
    expect(done.returncode in (69, 75), True, done.stderr)
    shim.rule("Sign", Shim.PASS)
    # Nobody can say whether it signed: another word is needed.
    done = room.refused(77, "the word was not given", plan, "removed-csr",
                        answers=3 * [plan.word], module=SHIM, env=shim.env)
    expect_in("A signature may have been made; none left this machine.",
              done.stdout)
    room.execute(plan, "removed-csr", answers=["sign again", plan.word])
    expect(room.names("removed-csr").count("signed"), 1)
    expect_in("verify OK", run("openssl", "req", "-in",
                               room.dir / "removed-csr/csr.pem", "-noout",
                               "-verify").stderr)
    expect(root.shown["plan"]["type"], "root")


def test_a_token_swapped_between_two_runs(room):
    room.make_token("swap")
    plan = room.key_plan("swap", "swap", token="swap")
    room.refused(77, "the word was not given", plan, "swap",
                 answers=["a", "b", "c"])
    serial = [x["token_serial"] for x in room.events("swap")
              if x["event"] == "environment"][0]
    run("softhsm2-util", "--delete-token", "--token", "swap", env=room.env)
    room.make_token("swap")
    room.refused(65, f"begun with the token {serial}, this is", plan, "swap")
    expect("intent" in room.names("swap"), False)


# --- interruptions ------------------------------------------------------------------

def test_going_on_after_each_line_of_a_key(room):
    plan = room.key_plan("cut-key", "cut-key")
    room.execute(plan, "cut-key")
    spki = (room.dir / "cut-key/public-key.pem").read_bytes()
    total = len(room.names("cut-key"))
    expect(total >= 10, True, total)
    for n in range(total + 1):
        to = f"cut-key-{n}"
        events = copy_prefix(room, "cut-key", to, n)
        if "intent" not in events:
            # nobody meant to make the key that is there
            room.refused(73, "this ceremony did not make it", plan, to)
            continue
        done = room.execute(plan, to)
        if "key-made" not in events:
            expect_in("made before the interruption", done.stdout)
            line = [x for x in room.events(to) if x["event"] == "key-made"][0]
            expect(line["adopted"], True)
        expect((room.dir / to / "public-key.pem").read_bytes(), spki, to)
        expect(room.names(to).count("key-made"), 1, to)
        expect(room.names(to)[-1], "closed", to)
        verified(room, to)
    expect(room.keys().count("cut-key"), 1)


def made_by(room, out):
    """The DER that came out of a ceremony."""
    return next(path.read_bytes() for path in (room.dir / out).glob("*.der"))


def going_on_after_each_line(room, plan, out):
    """Power that fails after line n, for each n: the token signs again only
    when it cannot be known that it did, and asks; the rest is the same."""
    room.execute(plan, out)
    done_der = made_by(room, out)
    for n in range(len(room.names(out)) + 1):
        to = f"{out}-{n}"
        events = copy_prefix(room, out, to, n)
        unknown = "intent" in events and "signed" not in events
        if unknown:
            room.refused(77, "the word was not given in 3 tries", plan, to,
                         answers=3 * [plan.word])
        room.execute(plan, to, answers=["sign again", plan.word]
                     if unknown else None)
        if "signed" in events:
            expect(made_by(room, to), done_der, to)
        expect(tbs_of(made_by(room, to)), tbs_of(done_der), to)
        expect(room.names(to).count("signed"), 1, to)
        expect(room.names(to)[-1], "closed", to)
        verified(room, to)
        shutil.rmtree(room.dir / to)


def test_going_on_after_each_line_of_each_type(room):
    room.make_root("top", "top")
    room.make_root("other", "other")
    room.execute(room.key_plan("spare", "spare"), "spare")
    kinds = []
    for plan in room.plans_of_all_types("line", "top", "other", "spare"):
        kinds.append(plan.shown["plan"]["type"])
        # a key has a test of its own, CRLs and their ledger have test-crl.py
        if kinds[-1] not in ("key", "crl"):
            going_on_after_each_line(room, plan, f"cut-{kinds[-1]}")
    expect(len(kinds), 8)


def test_killed_at_the_prompt(room):
    plan = room.key_plan("kill-prompt", "kill-prompt")
    process, answers = start_with_fifo(room, plan, "kill-prompt")
    process.kill()
    process.communicate()
    answers.close()
    done = room.execute(plan, "kill-prompt")
    expect_in("Nothing has happened in the token.", done.stdout)
    expect_in("resumed", room.names("kill-prompt"))
    verified(room, "kill-prompt")


def test_killed_while_the_token_signs(room):
    shim = Shim(room)
    room.execute(room.key_plan("kill-sign-key", "kill-sign"), "kill-sign-key")
    plan = room.root_plan("kill-sign",
                          room.dir / "kill-sign-key/public-key.pem",
                          "kill-sign")
    shim.rule("Sign", Shim.HANG)
    process, answers = start_with_fifo(room, plan, "kill-sign", module=SHIM,
                                       env=shim.env)
    answers.write(plan.word + "\n")
    until(lambda: shim.calls("Sign") > 0, 20, "C_Sign")
    expect(room.names("kill-sign")[-1], "intent")
    process.kill()
    process.communicate()
    answers.close()
    shim.rule("Sign", Shim.PASS)
    room.refused(77, "the word was not given", plan, "kill-sign",
                 answers=3 * [plan.word], module=SHIM, env=shim.env)
    room.execute(plan, "kill-sign", answers=["sign again", plan.word],
                 module=SHIM, env=shim.env)
    expect(room.names("kill-sign").count("signed"), 1)
    verified(room, "kill-sign")


def test_killed_while_the_token_makes_a_key(room):
    shim = Shim(room)
    plan = room.key_plan("kill-key", "kill-key")
    shim.rule("GenerateKeyPair", Shim.HANG)
    process, answers = start_with_fifo(room, plan, "kill-key", module=SHIM,
                                       env=shim.env)
    answers.write(plan.word + "\n")
    until(lambda: shim.calls("GenerateKeyPair") > 0, 20, "C_GenerateKeyPair")
    process.kill()
    process.communicate()
    answers.close()
    shim.rule("GenerateKeyPair", Shim.PASS)
    # Whether it was made or not: afterwards there is one.
    room.execute(plan, "kill-key", module=SHIM, env=shim.env)
    expect(room.keys().count("kill-key"), 1)
    expect(room.names("kill-key").count("key-made"), 1)
    verified(room, "kill-key")


# --- clocks -------------------------------------------------------------------------

def at(room, offset, *args, **kwargs):
    """signet, on a machine whose clock is wrong by so many seconds."""
    if shutil.which("faketime") is None:
        raise Skip("faketime is not installed")
    if os.environ.get("SIGNET_TEST_SANITIZER"):
        raise Skip("faketime and sanitizers stand in for the same calls, and "
                   "wait for each other now and then")
    return run("faketime", "-f", f"{offset:+d}s", SIGNET, *args, env=room.env,
               check=False, **kwargs)


def failed(done, code, message):
    expect(done.returncode, code, done.stdout + done.stderr)
    expect_in(message, done.stderr.splitlines()[0])


def test_planned_with_a_clock_that_is_wrong_by_a_year(room):
    request = room.request("key", "when", key={"label": "when",
                                               "type": "ec-p256"},
                           guard={"purpose": "ca", "max_validity": "90d"})
    plan = room.dir / "when.plan.json"
    failed(at(room, YEAR, "ceremony", "plan", request, "--out", plan), 78,
           "is before the plan is made (")
    expect(plan.exists(), False)
    done = at(room, -YEAR, "ceremony", "plan", request, "--out", plan)
    expect(done.returncode, 0, done.stderr)
    expect_in("window: it opens 36", done.stdout)  # 363 days, or 364
    expect_in(" days after the plan is made: is the clock right?", done.stdout)


def test_approved_with_a_clock_that_is_wrong_by_a_year(room):
    plan = room.key_plan("late", "late", approvals=1)
    args = ["ceremony", "approve", plan.path, "--name", ADA, "--key",
            room.key_of(ADA), "--yes", "--out", room.dir / "late.json"]
    done = at(room, -YEAR, *args)
    failed(done, 78, ", before the plan was made (")
    expect_in("check the clock", done.stderr)
    done = at(room, YEAR, *args)
    failed(done, 77, "the plan could be executed until ")
    expect_in("check the clock", done.stderr)
    expect((room.dir / "late.json").exists(), False)
    # an hour ahead is seen when it counts, here
    expect(at(room, 3600, *args).returncode, 0)
    done = room.refused(77, "approval by Ada Approver: made at ", plan, "late",
                        "--approvals", room.dir / "late.json")
    expect_in("check the clocks", done.stderr)
    expect((room.dir / "late").exists(), False)
    # a minute is not
    (room.dir / "late.json").unlink()
    expect(at(room, 60, *args).returncode, 0)
    room.execute(plan, "late", "--approvals", room.dir / "late.json")
    verified(room, "late")


def test_executed_with_a_clock_that_is_wrong_by_a_year(room):
    plan = room.key_plan("wrong", "wrong")
    args = room.execute_args(plan, "wrong")
    for offset, code, why in (
            (-YEAR, 78, ", before the plan was made ("),
            (YEAR, 77, "the plan could be executed until "),
            (2 * YEAR, 78, ", more than a year after the plan was made ("),
            (-60, 78, ", before the plan was made (")):
        failed(at(room, offset, *args, input=plan.word + "\n"), code, why)
        expect((room.dir / "wrong").exists(), False, why)
    room.execute(plan, "wrong")
    for offset in (-YEAR, YEAR):
        here = room.signet("ceremony", "verify", room.dir / "wrong")
        there = at(room, offset, "ceremony", "verify", room.dir / "wrong")
        expect(there.stdout, here.stdout, offset)


def test_a_clock_that_is_set_back_between_two_runs(room):
    plan = room.key_plan("back", "back")
    done = at(room, 3600, *room.execute_args(plan, "back"), input="x\n")
    failed(done, 74, "nobody answers")
    room.refused(78, ", the transcript's last line is of ", plan, "back")
    # what two machines may differ by passes here and at the auditor's
    plan = room.key_plan("slack", "slack")
    failed(at(room, 120, *room.execute_args(plan, "slack"), input="x\n"), 74,
           "nobody answers")
    room.execute(plan, "slack")
    verified(room, "slack")


def test_a_window_that_closes_while_people_think(room):
    plan = room.key_plan("think", "think", window={
        "from": instant(-DAY), "until": instant(4)})
    process, answers = start_with_fifo(room, plan, "think")
    until(lambda: instant() > plan.shown["plan"]["window"]["until"], 20,
          "end of the window")
    answers.write(plan.word + "\n")
    answers.close()
    said = process.communicate(timeout=30)[0].decode()
    expect(process.returncode, 77, said)
    expect_in("the plan could be executed until ", said)
    expect("intent" in room.names("think"), False)
    expect("think" in room.keys(), False)


# --- disks --------------------------------------------------------------------------

def on_small_disk(room, plan, out, kilobytes):
    """execute into a disk of this size; afterwards its files lie in DIR/out."""
    disk = room.dir / "disk"
    disk.mkdir(exist_ok=True)
    script = ('mount -t tmpfs -o size="$1" none "$2" || exit 99; disk=$2 to=$3;'
              ' shift 3; "$@"; code=$?; cp -r "$disk/out" "$to" || exit 98;'
              " exit $code")
    space = ["unshare", "--mount"] if os.geteuid() == 0 else \
        ["unshare", "--user", "--map-root-user", "--mount"]
    if run(*space, "true", check=False).returncode != 0:
        raise Skip("unshare: no mounts of one's own here")
    args = room.execute_args(plan, "disk/out")
    return run(*space, "sh", "-c", script, "sh", f"{kilobytes}k", disk,
               room.dir / out, SIGNET, *args, input=plan.word + "\n",
               env=room.env, check=False)


def test_a_disk_that_is_full(room):
    """Of each size that is too small: nothing half-written stays, and with room
    the ceremony goes on from there."""
    room.execute(room.key_plan("full-key", "full"), "full-key")
    plan = room.root_plan("full", room.dir / "full-key/public-key.pem", "full")
    seen = set()
    for pages in (1, 2, 3, 4, 5, 6, 8, 12, 20, 40):
        out = f"full-{pages}"
        done = on_small_disk(room, plan, out, 4 * pages)
        if done.returncode == 0:
            break
        expect(done.returncode, 74, done.stdout + done.stderr)
        expect_in("No space left on device", done.stderr)
        seen.add(room.names(out)[-1])
        unknown = room.names(out)[-1] == "intent"
        room.execute(plan, out, answers=["sign again", plan.word]
                     if unknown else None)
        expect(room.names(out).count("signed"), 1, out)
        verified(room, out)
    expect(len(seen) >= 2, True, seen)


if __name__ == "__main__":
    with Room() as the_room:
        run_tests([item for name, item in list(globals().items())
                   if name.startswith("test_")], the_room)
