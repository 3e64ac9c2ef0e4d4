#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count the cases of a meson JUnit file.

First line: passed, failed, skipped. Then a line for each case that failed or
was skipped, with its reason. A test program that died counts as one failure,
one that printed no case and succeeded as one pass.
"""
import sys
import xml.etree.ElementTree as ET


def reason_in(output, name):
    """The text after '# SKIP' of this case in TAP output."""
    for line in output.splitlines():
        if "# SKIP" in line.upper() and name in line:
            return line.split("#", 1)[1].strip()[4:].strip()
    return ""


def main():
    passed = failed = skipped = 0
    notes = []
    for suite in ET.parse(sys.argv[1]).getroot().iter("testsuite"):
        output = suite.findtext("system-out") or ""
        bad = 0
        cases = suite.findall("testcase")
        for case in cases:
            name = f"{suite.get('name')}: {case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                bad += 1
                notes.append(f"FAIL {name}")
            elif case.find("skipped") is not None:
                why = reason_in(output + (case.findtext("system-out") or ""),
                                case.get("name"))
                skipped += 1
                notes.append(f"skip {name}: {why or 'no reason given'}")
            else:
                passed += 1
        if not bad and int(suite.get("errors", 0)) + int(suite.get("failures", 0)):
            bad += 1
            notes.append(f"FAIL {suite.get('name')}: the program failed")
        failed += bad
    if passed + failed + skipped == 0:
        sys.exit("no test case in " + sys.argv[1])
    print(passed, failed, skipped)
    print("\n".join(notes))


main()
