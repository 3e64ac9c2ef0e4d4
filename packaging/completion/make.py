#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the completions of bash, zsh and fish from what "signet help" prints.

    SIGNET=build/cli/signet packaging/completion/make.py [--check]

With --check nothing is written: exit 1 names the file that is out of date."""

import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
GROUPS = {
    "token": "tokens of a PKCS#11 module", "key": "keys in a token",
    "ca": "roots and intermediates",
    "ceremony": "keys and certificates as planned and approved",
    "ceremony bundle": "one file to carry over an air gap",
    "ceremony ledger": "what was published: CRLs and when",
    "cert": "certificates and CRLs, whoever made them", "help": "show help",
}
KEY_TYPES = "ec-p256 ec-p384 ec-p521 rsa-2048 rsa-3072 rsa-4096 ed25519"
# Values that are one of a few words, by option; by command and argument.
WORDS = {
    "generate": KEY_TYPES, "type": KEY_TYPES, "profile": "private public-tls",
    "purpose": "ca ocsp backend probe", "private-key-format": "der pkcs8",
    "eku": "serverAuth clientAuth codeSigning emailProtection timeStamping "
           "OCSPSigning",
    "ceremony new TYPE": "key root intermediate csr cross-certificate rollover "
                         "ocsp-responder crl",
}
SOURCES = "prompt file: fd: credential: command:"  # of a PIN, a passphrase
FILES = {"CERTIFICATE", "CRL", "CSR", "BUNDLE", "FILE", "KEY", "OUT", "PATH",
         "PLAN", "REQUEST"}


def show(*argv):
    done = subprocess.run([os.environ["SIGNET"], *argv], check=True, text=True,
                          capture_output=True, env={"LC_ALL": "C.UTF-8"})
    return done.stdout


def kind_of(name, value):
    """How a value is completed: "file", "folder", words, or nothing."""
    if name in WORDS:
        return "words " + WORDS[name]
    if value == "REF":
        return "words " + SOURCES
    if value == "DIR":
        return "folder"
    return "file" if value in FILES else "none"


class Option:
    def __init__(self, name, value, text):
        self.name, self.value = name, value
        self.kind = kind_of(name, value) if value else None
        self.again = "may be given again" in text
        self.text = re.split(r"; |: | \(|, for example|\. |\.\.\.", text)[0]
        if self.kind and self.text in self.kind.split() \
                or self.text.split(",")[0] in (self.kind or "").split():
            self.text = name.replace("-", " ")


class Command:
    def __init__(self, name, summary):
        self.name, self.summary = name, summary.split(". ")[0].rstrip(".")
        self.options, self.arguments = [], []
        text = show("help", *name.split())
        text = re.sub(r"\n {20,}", " ", text.split("\nExamples\n")[0])
        for line in text.split("\n"):
            found = re.match(r"  --([a-z0-9-]+)(?: ([^a-z ]+))? +(.*)", line)
            if found:
                self.options.append(Option(*found.groups()))
            found = re.match(r"  ([A-Z]+) {2,}", line)
            if found:
                value = found.group(1)
                self.arguments.append(kind_of(f"{name} {value}", value))

    def argument(self):
        """One kind for all: a shell does not count them."""
        for kind in self.arguments:
            if kind != self.arguments[0]:
                return "file"
        return self.arguments[0] if self.arguments else "none"


def read_commands():
    lines = show("help").split("\nCommands\n")[1].split("\n\n")[0].split("\n")
    known = []
    for line in lines:
        found = re.match(r"  ([a-z]+(?: [a-z]+)*) +([A-Z].*)", line)
        known.append(Command(found.group(1), found.group(2)))
    return known


def groups_of(commands):
    """Each group's words and what they are: {"": [("token", …), …], …}."""
    groups = {}
    for command in commands:
        words = command.name.split()
        for n, word in enumerate(words):
            above = " ".join(words[:n])
            whole = " ".join(words[:n + 1])
            text = GROUPS[whole] if n + 1 < len(words) else command.summary
            rows = groups.setdefault(above, [])
            if (word, text) not in rows:
                rows.append((word, text))
    groups[""].append(("help", GROUPS["help"]))
    return groups


def fold(words, indent):
    """Words in lines of 79 columns, the first one at its place."""
    lines = [""]
    for word in words:
        if lines[-1] and len(indent) + len(lines[-1]) + len(word) > 77:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return f"\n{indent}".join(lines)


# --- bash ------------------------------------------------------------------------

BASH = r'''# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# bash completion for signet(1); made by make.py

# The words that may follow those of a command's name.
_signet_names() {
    case $1 in
@NAMES@
    esac
}

_signet_options() {
    case $1 in
@OPTIONS@
    esac
}

# How the value of an option is completed: command, option.
_signet_value() {
    case "$1 $2" in
@VALUES@
    esac
}

_signet_argument() {
    case $1 in
@ARGUMENTS@
    esac
}

_signet_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_signet_complete() {
    case $1 in
    file) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    words\ *:*) _signet_words "${1#words }" "$2"; compopt -o nospace; return ;;
    words\ *) _signet_words "${1#words }" "$2"; return ;;
    *) return ;;
    esac
    compopt -o filenames
}

_signet() {
    local cur=$2 prev=$3 command='' at=1 first=1 names kind
    COMPREPLY=()
    [ "${COMP_WORDS[1]}" = help ] && [ "$COMP_CWORD" -gt 1 ] && at=2 first=2
    while names=$(_signet_names "$command") && [ -n "$names" ]; do
        if [ "$at" -eq "$COMP_CWORD" ]; then
            [ "$at" -eq 1 ] && names="$names help --version"
            _signet_words "$names" "$cur"
            return
        fi
        command="${command:+$command }${COMP_WORDS[at]}"
        at=$((at + 1))
    done
    [ "$first" -eq 2 ] && return
    kind=$(_signet_value "$command" "$prev")
    if [ -n "$kind" ]; then
        _signet_complete "$kind" "$cur"
    elif [[ $cur != -* ]] && kind=$(_signet_argument "$command") &&
        [ -n "$kind" ]; then
        _signet_complete "$kind" "$cur"
    else
        _signet_words "$(_signet_options "$command")" "$cur"
    fi
}
complete -F _signet signet
'''


def bash_values(commands):
    """Patterns for each kind: those of one command before those of all."""
    kinds = {}
    for command in commands:
        for option in command.options:
            if option.kind:
                kinds.setdefault(option.name, {})[command.name] = option.kind
    rows = {}
    for name, by in kinds.items():
        for command, kind in by.items():
            pattern = (f"'{command} --{name}'" if len(set(by.values())) > 1
                       else f"*' --{name}'")
            rows.setdefault(kind, [])
            if pattern not in rows[kind]:
                rows[kind].append(pattern)
    for kind in sorted(rows):
        patterns = " | \\\n        ".join(sorted(rows[kind]))
        yield f"    {patterns})\n        echo {quote(kind)}\n        ;;"


def quote(text):
    return f'"{text}"' if " " in text else text


def bash(commands, groups):
    names = [f"    '{name}')\n        echo \""
             + fold([w for w, _ in rows if w != "help"], " " * 12)
             + "\"\n        ;;" for name, rows in groups.items()]
    options = [f"    '{c.name}')\n        echo \""
               + fold([f"--{o.name}" for o in c.options], " " * 12)
               + "\"\n        ;;" for c in commands]
    arguments = [f"    '{c.name}') echo {quote(c.argument())} ;;"
                 for c in commands if c.arguments]
    text = BASH
    for mark, rows in (("NAMES", names), ("OPTIONS", options),
                       ("VALUES", bash_values(commands)),
                       ("ARGUMENTS", arguments)):
        text = text.replace(f"@{mark}@", "\n".join(rows))
    return text


# --- zsh -------------------------------------------------------------------------

ZSH = r'''#compdef signet
# SPDX-License-Identifier: Apache-2.0
# zsh completion for signet(1); made by make.py

_signet() {
    local -a groups options
    local command='' at=2 first=2
    if [[ $words[2] == help ]] && ((CURRENT > 2)); then
        at=3 first=3
    fi
    while true; do
        case $command in
@GROUPS@
            *) break ;;
        esac
        if ((CURRENT == at)); then
            _describe command groups
            return
        fi
        command="${command:+$command }$words[at]"
        ((at++))
    done
    ((first == 3)) && return
    case $command in
@OPTIONS@
        *) return ;;
    esac
    shift $((at - 2)) words
    ((CURRENT -= at - 2))
    words[1]=signet
    _arguments $options
}

_signet "$@"
'''


def zsh_text(text):
    return text.replace("'", r"'\''").replace(":", r"\:")


def zsh_action(kind):
    if kind == "file":
        return "_files"
    if kind == "folder":
        return "_files -/"
    if kind.startswith("words "):
        return f"({zsh_text(kind[6:])})"
    return ""


def zsh_option(option):
    text = option.text.replace("[", "(").replace("]", ")")
    line = f"--{option.name}[{text.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}]"
    if option.value:
        line += f":{option.value}:{zsh_action(option.kind)}"
    return ("*" if option.again else "") + line


def zsh(commands, groups):
    rows = []
    for name, words in groups.items():
        rows.append(f"            '{name}')\n                groups=(")
        rows += [f"                    '{word}:{zsh_text(text)}'"
                 for word, text in words]
        rows.append("                )\n                ;;")
    options = []
    for command in commands:
        options.append(f"        '{command.name}')\n            options=(")
        options += [f"                '{zsh_option(o)}'"
                    for o in command.options]
        if command.arguments:
            options.append("                '*:argument:"
                           f"{zsh_action(command.argument())}'")
        options.append("            )\n            ;;")
    return ZSH.replace("@GROUPS@", "\n".join(rows)) \
        .replace("@OPTIONS@", "\n".join(options))


# --- fish ------------------------------------------------------------------------

FISH = r'''# SPDX-License-Identifier: Apache-2.0
# fish completion for signet(1); made by make.py

# The words typed so far are those of this command's name, and perhaps more.
function __signet_command
    set -l words (commandline -opc)[2..-1]
    set -l name (string split ' ' -- $argv[1])
    set -l n (count $name)
    test (count $words) -ge $n; and test "$words[1..$n]" = "$argv[1]"
end
# They are these and no more.
function __signet_wants
    set -l words (commandline -opc)[2..-1]
    test "$words" = "$argv[1]"
end

complete -c signet -f
complete -c signet -n "__signet_wants ''" -l version -d 'Show the version'
'''


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_action(kind):
    if kind == "file":
        return " -rF"
    if kind == "folder":
        return " -xa '(__fish_complete_directories)'"
    if kind.startswith("words "):
        return f" -xa '{kind[6:]}'"
    return " -x"


def fish(commands, groups):
    rows = []
    for name, words in groups.items():
        for word, text in words:
            rows.append(f"complete -c signet -n \"__signet_wants '{name}'\" -a "
                        f"{word} -d {fish_text(text)}")
            if word != "help":
                name_of = ("help " + name).strip()
                rows.append(f"complete -c signet -n \"__signet_wants "
                            f"'{name_of}'\" -a {word} -d {fish_text(text)}")
    for command in commands:
        start = f"complete -c signet -n \"__signet_command '{command.name}'\""
        for option in command.options:
            action = fish_action(option.kind) if option.kind else ""
            rows.append(f"{start} -l {option.name}{action} -d "
                        f"{fish_text(option.text)}")
        kind = command.argument()
        if kind in ("file", "folder"):
            rows.append(f"{start} -F")
        elif kind.startswith("words "):
            rows.append(f"{start} -a '{kind[6:]}'")
    return FISH + "\n".join(rows) + "\n"


def main():
    commands = read_commands()
    groups = groups_of(commands)
    wrong = []
    for name, make in (("signet.bash", bash), ("_signet", zsh),
                       ("signet.fish", fish)):
        path, text = HERE / name, make(commands, groups)
        if sys.argv[1:] != ["--check"]:
            path.write_text(text)
        elif path.read_text() != text:
            wrong.append(name)
    if wrong:
        sys.exit(f"{', '.join(wrong)}: run packaging/completion/make.py")


if __name__ == "__main__":
    main()
