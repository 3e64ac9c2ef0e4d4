#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each file of tests/data/bad breaks one rule, which its name says; its first
line says what the real program must answer: exit code, then the error, to the
letter. And no rule without a file: the error texts in the sources are held
against those of the files."""

import base64
import difflib
import hashlib
import pathlib
import re
import tempfile

from lab import SIGNET, SIGNETD, expect, run, run_tests

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DATA = SOURCE / "tests/data"
BAD = DATA / "bad"
# What the paths of a configuration stand for.
PLACE = "/srv/signet"
REQUESTS = ("authority", "chain", "crl", "request")
CONFIGS = ("config", "role")
# Error texts of these files need a file each, or a line in elsewhere.txt.
RULES = ("ca/authority-forms.c", "ca/authority-rules.c", "ca/authority.c",
         "ca/cert.c", "ca/constraints-check.c", "ca/constraints-der.c",
         "ca/constraints-text.c", "ca/crl-tbs.c", "ca/dn-encode.c",
         "ca/issuer.c", "ca/leaf-rules.c", "ca/ocsp-responder.c",
         "ca/policies.c", "ca/profile.c", "ca/rules.c", "ca/subset.c",
         "ceremony/plan-authority.c", "ceremony/plan-check.c",
         "ceremony/plan-crl.c", "ceremony/plan-guard.c",
         "ceremony/plan-input.c", "ceremony/plan-resolve.c",
         "ceremony/plan-value.c",
         "ceremony/request.c", "signer/config-lists.c", "signer/config.c",
         "signer/role-build.c", "signer/role-usage.c")


# --- files -------------------------------------------------------------------

def files(area, suffix):
    found = sorted((BAD / area).glob("*" + suffix))
    assert found, f"no file in {area}"
    return found


def told(path):
    """Exit code and error, from the first line."""
    first = path.read_text().split("\n", 1)[0]
    match = re.fullmatch(r"# (\d+) (.+)", first)
    assert match, f"{path}: first line is not # CODE ERROR"
    return int(match[1]), match[2]


def key_hash():
    pem = (DATA / "world/new.pub").read_text()
    body = "".join(pem.splitlines()[1:-1])
    return hashlib.sha256(base64.b64decode(body)).hexdigest()


def judge(path, done, program, place=PLACE):
    code, error = told(path)
    error = error.replace(PLACE, str(place))
    want = re.escape(f"{program}: {error}\n")
    want = want.replace(re.escape("{now}"), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    want = want.replace(re.escape("{new.pub}"), key_hash())
    if done.returncode != code or not re.fullmatch(want, done.stderr):
        raise AssertionError(f"{path}\n want {code} {error}\n  got "
                             f"{done.returncode} {done.stderr}")


def near_to_a_good_one(path, good):
    """But for its first line, the file is a good one with one change, which
    may take a few lines where a whole section goes."""
    text = path.read_text().split("\n", 1)[1].splitlines()

    def changes(other):
        matcher = difflib.SequenceMatcher(None, text, other, autojunk=False)
        return sum(op != "equal" for op, *_ in matcher.get_opcodes())
    least = min(changes(g.read_text().splitlines()) for g in good)
    assert 1 <= least <= 2, f"{path}: {least} changes from the nearest good one"


# --- requests of ceremonies --------------------------------------------------

def plan(path, folder, out):
    return run(SIGNET, "ceremony", "plan", path, "--out", out / "plan.json",
               cwd=folder, check=False)


def good_requests():
    return sorted((DATA / "good/request").glob("*.yaml"))


def test_good_requests_are_planned(out):
    for path in good_requests():
        (out / "plan.json").unlink(missing_ok=True)
        done = plan(path.name, path.parent, out)
        expect((done.returncode, done.stderr), (0, ""), path)
    (out / "plan.json").unlink()


def test_bad_requests(out):
    for area in REQUESTS:
        for path in files(area, ".yaml"):
            near_to_a_good_one(path, good_requests())
            judge(path, plan(path.name, path.parent, out),
                  "signet: ceremony plan")
            expect((out / "plan.json").exists(), False, path)


CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def test_bad_issuers(out):
    """The first certificate is the issuer's, the others stand above it."""
    text = (DATA / "good/request/intermediate.yaml").read_text()
    for old, new in (("../../world/inter.pem", "issuer.pem"),
                     ("../../world/root.pem", "chain.pem"),
                     ("../../world/", f"{DATA}/world/")):
        text = text.replace(old, new)
    (out / "request.yaml").write_text(text)
    paths = files("issuer", ".pem")
    for path in [DATA / "world/above-low.pem", *paths]:
        first, *above = path.read_text().split(CERTIFICATE)[1:]
        (out / "issuer.pem").write_text(CERTIFICATE + first)
        (out / "chain.pem").write_text(
            "".join(CERTIFICATE + block for block in above))
        done = plan("request.yaml", out, out)
        if path in paths:
            judge(path, done, "signet: ceremony plan")
        else:
            expect((done.returncode, done.stderr), (0, ""), path)
            (out / "plan.json").unlink()


# --- configurations ----------------------------------------------------------

def check_config(out, path):
    text = path.read_text().replace(PLACE, str(out))
    (out / path.name).write_text(text)
    (out / path.name).chmod(0o644)
    return run(SIGNETD, "--check-config", "--config", path.name, cwd=out,
               check=False)


def test_bad_configurations(out):
    good = DATA / "good/config/signetd.yaml"
    for name in ("low.pem", "above-low.pem"):
        (out / name).write_text((DATA / "world" / name).read_text())
    done = check_config(out, good)
    expect((done.returncode, done.stdout), (0, "configuration ok\n"),
           done.stderr)
    for area in CONFIGS:
        for path in files(area, ".yaml"):
            near_to_a_good_one(path, [good])
            judge(path, check_config(out, path), "signetd", out)


# --- leaf certificates -------------------------------------------------------

def test_bad_leaves_are_near_to_good_ones(_out):
    """What they are refused with is seen by tests/unit/ca/test-bad-leaf.c."""
    good = sorted((DATA / "good/leaf").glob("*.txt"))
    for path in files("leaf", ".txt"):
        near_to_a_good_one(path, good)


# --- no rule without a file --------------------------------------------------

LITERAL = r'"(?:[^"\\]|\\.)*"'
TOKEN = re.compile(rf"{LITERAL}|[()]|,|[^\"(),]+")
CONVERSION = re.compile(r"%(?:%|[-.*\d]*(?:z|ll?)?[a-zA-Z])")


def arguments(code):
    """Those of the call whose opening bracket was read."""
    found = [""]
    depth = 1
    for part in TOKEN.findall(code):
        depth += {"(": 1, ")": -1}.get(part, 0)
        if depth == 0:
            return found
        if depth == 1 and part == ",":
            found.append("")
        else:
            found[-1] += part
    raise AssertionError("a call without an end")


def error_texts(path):
    """The formats that a source file refuses with. Those without a word of
    their own only hand on what others say; bugs and memory are no rules."""
    code = (SOURCE / path).read_text()
    for call in re.finditer(r"\b(?:sg_err_set|SRV_REFUSE|refuse)\(", code):
        args = arguments(code[call.end():])
        if any(re.search("SG_(BUG|NOMEM)", arg) for arg in args):
            continue
        literals = [re.findall(LITERAL, re.sub(r'"\s*PRI\w+\s*"', "u", arg))
                    for arg in args]
        where = [i for i, found in enumerate(literals) if found]
        if not where:
            continue
        at = 2 if "SRV" in call[0] and len(literals) > 2 and literals[2] \
            else where[0]
        text = "".join(part[1:-1] for part in literals[at])
        text = text.replace('\\"', '"')
        if re.search(r"[a-z]{2}", CONVERSION.sub("", text)):
            yield text


def elsewhere():
    """Error texts that no file here can bring about: where they are tried."""
    lines = (BAD / "elsewhere.txt").read_text().splitlines()
    rows = [line.split(" | ") for line in lines
            if line and not line.startswith("#")]
    for row in rows:
        expect(len(row), 3, row)
        for path in re.findall(r"tests/[\w/.-]+\w", row[2]):
            assert (SOURCE / path).exists(), path
    return {(source, text): where for source, text, where in rows}


def test_every_rule_has_a_file(_out):
    errors = [told(path)[1] for area in (*REQUESTS, *CONFIGS)
              for path in files(area, ".yaml")]
    errors += [told(path)[1] for path in (*files("issuer", ".pem"),
                                          *files("leaf", ".txt"))]
    known = elsewhere()
    missing = []
    for source in RULES:
        for text in error_texts(source):
            plain = CONVERSION.split(text)
            want = re.compile(".*".join(re.escape(part) for part in plain))
            tried = any(want.search(error) for error in errors)
            listed = known.pop((source, text), None)
            if tried == (listed is not None):
                missing.append(f"{source} | {text} | "
                               f"{'has a file, too' if tried else 'no file'}")
    assert not missing, "\n".join(missing)
    assert not known, f"elsewhere.txt: not in the sources: {list(known)}"


TESTS = [value for name, value in list(globals().items())
         if name.startswith("test_")]

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="signet-bad-") as folder:
        run_tests(TESTS, pathlib.Path(folder))
