#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Type the README's session and compare what comes with what it says.

With --write the README gets the output of this run."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from lab import SIGNET, expect, run_tests, until

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(SIGNET).parents[1]
README = SOURCE / "README.md"
# What differs from run to run.
VARIES = [
    (r"\b[0-9a-f]{2}(:[0-9a-f]{2}){7,}\b", "<hex>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"),
    (r"\b[0-9a-f]{16}\b", "<serial>"),
    (r"(\nSlot +)\d+\b", r"\1<slot>"),
    (r"\b\d{7,}\b", "<slot>"),
    (r"[ \t]+", " "),
]


def steps(text):
    """Every command of the console blocks with the output below it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append([line[2:], []])
            elif line.startswith("> ") and not found[-1][1]:
                found[-1][0] += "\n" + line[2:]
            else:
                found[-1][1].append(line)
    return found


class Terminal:
    """One bash, fed a command at a time."""

    def __init__(self, folder, env):
        self.shell = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.type("set -m")  # so that %1 is a job

    def type(self, command):
        end = "--end-of-output--"
        self.shell.stdin.write(f"{command}\necho {end}\n")
        self.shell.stdin.flush()
        lines = []
        for line in self.shell.stdout:
            if line.rstrip("\n").endswith(end):
                return lines
            lines.append(line.rstrip())
        raise AssertionError(f"the shell ended at: {command}")

    def close(self):
        self.type("kill $(jobs -p) 2>/dev/null; wait")
        self.shell.stdin.close()
        self.shell.wait(10)


def listens(path):
    with socket.socket(socket.AF_UNIX) as sock:
        return sock.connect_ex(str(path)) == 0


def session(text):
    """(command, said, came) of each step."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="signet-readme-"))
    (top / "build").symlink_to(BUILD)
    env = {k: v for k, v in os.environ.items() if not k.startswith("SIGNET")}
    terminal = Terminal(top, {**env, "NO_COLOR": "1"})
    try:
        for command, said in steps(text):
            came = terminal.type(command)
            if command.endswith("&"):
                until(lambda: listens(top / "my-ca/signetd.sock"), 20, "socket")
            yield command, said, [x for x in came if x]
    finally:
        terminal.close()
        shutil.rmtree(top, ignore_errors=True)


def plain(lines):
    text = "\n".join(x for x in lines if x)
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text)
    return text


def test_the_session_is_true(text):
    count = 0
    for command, said, came in session(text):
        expect(plain(came), plain(said), command)
        count += 1
    expect(count >= 15, True, f"{count} commands")


def write(text):
    for command, said, came in session(text):
        typed = "$ " + command.replace("\n", "\n> ") + "\n"
        old = typed + "".join(x + "\n" for x in said)
        text = text.replace(old, typed + "".join(x + "\n" for x in came), 1)
    README.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write(README.read_text())
    else:
        run_tests([test_the_session_is_true], README.read_text())
