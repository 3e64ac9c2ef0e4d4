#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: test-walkthrough.py PAGE
       test-walkthrough.py --write [PAGE...]

Type the commands of docs/PAGE.md, answer their prompts, and compare what comes
with what the page says. With --write the page (every one) gets the output of
this run."""

import importlib.util
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile
import time

from lab import SIGNET, expect, run_tests, until

HERE = pathlib.Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("readme",
                                              HERE / "test-readme.py")
readme = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(readme)

# Page and how many commands it has at least.
PAGES = {"ceremony": 50, "guards": 15}
# What differs from run to run, besides what the README has.
VARIES = [
    (r"\b[0-9a-f]{8}  (?:\w+ ){3}\w+", "<hash>"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b[0-9a-f]{64}\b", "<sha256>"),
    (r"\b[0-9a-f]{40}\b", "<id>"),
    (r"rules of \d{4}-\d\d-\d\d", "rules of <day>"),
    (r"hash: \w+", "hash: <word>"),
    (r"typed: \w+", "typed: <word>"),
    (r"\b\d+ rules,", "<n> rules,"),
    (r"^> \w+   \(answered", "> <word> (answered"),
    (r"/tmp/signet-rehearsal-\w+", "<folder>"),
]


def first_word(text, title):
    return re.search(rf"^{title} +[0-9a-f]{{8}}  (\w+) ", text, re.M).group(1)


def answer_to(terminal, command):
    """What the person at the keyboard types."""
    words = shlex.split(command.replace("\\\n", ""))
    if words[:2] != ["signet", "ceremony"]:
        return ""
    if words[2] == "approve":
        return "approve"
    if words[2] == "execute":
        shown = "\n".join(terminal.type(
            f"signet ceremony show {words[3]} 2>/dev/null </dev/null"))
        if not shown:
            return ""
        title = "TBS SHA-256" if "\nTBS SHA-256" in shown else "Plan SHA-256"
        return first_word(shown, title)
    if words[2] == "bind":
        shown = "\n".join(terminal.type(f"{command} 2>/dev/null </dev/null"))
        return first_word(shown, "Certificate SHA-256")
    return ""


def session(text):
    """(command, said, came) of each step."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="signet-ceremony-"))
    (top / "build").symlink_to(readme.BUILD)
    env = {k: v for k, v in os.environ.items() if not k.startswith("SIGNET")}
    terminal = readme.Terminal(top, {**env, "NO_COLOR": "1"})
    answer = top / "answer"
    try:
        for command, said in readme.steps(text):
            answer.write_text(answer_to(terminal, command) + "\n")
            if ">urgent.yaml" in command:
                time.sleep(1.1)  # it has to be younger than the list before
            if command.endswith("&"):
                came = terminal.type(command)
                until(lambda: readme.listens(top / "my-ca/signetd.sock"), 20,
                      "socket")
            elif "<<" in command:
                came = terminal.type(command)
            else:
                came = terminal.type(f"{{ {command}\n}} <{answer}")
            yield command, said, [x for x in came if x]
    finally:
        terminal.close()
        shutil.rmtree(top, ignore_errors=True)


def plain(lines):
    text = "\n".join(lines)
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text, flags=re.M)
    return readme.plain(text.split("\n"))


def test_the_walk_through_is_true(page):
    count = 0
    for command, said, came in session(page.read_text()):
        expect(plain(came), plain(said), command)
        count += 1
    expect(count >= PAGES[page.stem], True, f"{count} commands")


def test_every_folder_passes(page):
    text = page.read_text()
    expect(len(re.findall(r"^PASS$", text, re.M)), 6)
    expect(text.count("FAIL"), 0)


def write(page):
    text = page.read_text()
    for command, said, came in session(text):
        typed = "$ " + command.replace("\n", "\n> ") + "\n"
        old = typed + "".join(x + "\n" for x in said)
        text = text.replace(old, typed + "".join(x + "\n" for x in came), 1)
    page.write_text(text)


def path_of(name):
    return readme.SOURCE / "docs" / f"{name}.md"


if __name__ == "__main__":
    assert SIGNET
    if sys.argv[1:2] == ["--write"]:
        for NAME in sys.argv[2:] or PAGES:
            write(path_of(NAME))
    else:
        tests = [test_the_walk_through_is_true]
        if sys.argv[1] == "ceremony":
            tests.append(test_every_folder_passes)
        run_tests(tests, path_of(sys.argv[1]))
