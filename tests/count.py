#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count the cases in a meson testlog.json.

First line: passed, failed, skipped. Then a line for each case that failed or
was skipped, with its reason. A program that prints no TAP is one case. One
that failed without a case that did (a crash, a sanitizer) is one failure more.
"""
import json
import re
import sys

CASE = re.compile(r"^(not )?ok (\d+)(?: -)?\s*(.*?)(?:\s*# (SKIP|skip)\s*(.*))?$")


def main():
    passed = failed = skipped = 0
    notes = []
    with open(sys.argv[1], encoding="utf-8") as log:
        programs = [json.loads(line) for line in log]
    for program in programs:
        name, result = program["name"], program["result"]
        cases = [m for m in map(CASE.match, program.get("stdout", "").splitlines())
                 if m]
        bad = 0
        for case in cases:
            not_ok, _, title, skip, why = case.groups()
            if not_ok:
                bad += 1
                notes.append(f"FAIL {name}: {title}")
            elif skip:
                skipped += 1
                notes.append(f"skip {name}: {title}: {why or 'no reason given'}")
            else:
                passed += 1
        if result == "SKIP" and not cases:
            skipped += 1
            notes.append(f"skip {name}: {program.get('stdout', '').strip()[-200:]}")
        elif result not in ("OK", "SKIP") and not bad:
            bad = 1
            notes.append(f"FAIL {name}: the program ended with {result}")
        elif not cases:
            passed += 1
        failed += bad
    if passed + failed + skipped == 0:
        sys.exit("no test case in " + sys.argv[1])
    print(passed, failed, skipped)
    print("\n".join(notes))


main()
