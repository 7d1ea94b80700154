#!/usr/bin/env python3
"""Adds up the test results of one or more builds and names every skip.

summary.py BUILD_FOLDER...

BUILD_FOLDER/results holds what ./dev leaves there: ctest.log, ctest.xml and one GoogleTest XML report per test
program. A program with a report counts case by case; one without (a script, replayed fuzz seeds, a crash before the
report was written) counts as one test with ctest's verdict. Prints the skips with their reasons, ctest's own
summary lines per build, and last the line 'N passed, N failed, N skipped'. Exits 1 if a test failed or none ran.
"""
import os
import sys
import xml.etree.ElementTree as ElementTree
from collections import namedtuple

Result = namedtuple("Result", "name verdict reason")  # verdict: passed, failed, skipped


def gtest_cases(path):
    """One Result per GoogleTest case in the report; None if there is no complete report."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    cases = []
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None:
            cases.append(Result(name, "failed", ""))
        elif skipped is not None or case.get("status") == "notrun":
            reason = (skipped.get("message") if skipped is not None else None) or "disabled"
            cases.append(Result(name, "skipped", gtest_reason(reason)))
        else:
            cases.append(Result(name, "passed", ""))
    return cases


def gtest_reason(message):
    """GoogleTest puts 'FILE:LINE' on a line of its own before the words."""
    lines = [line.strip() for line in message.strip().splitlines()]
    return " ".join(lines[1:]) or lines[0]


def ctest_result(case):
    name, status = case.get("name"), case.get("status")
    if status == "run":
        return Result(name, "passed", "")
    if status in ("notrun", "disabled"):
        output = (case.findtext("system-out") or "").strip().splitlines()
        skipped = case.find("skipped")
        if skipped is not None and "SKIP" in (skipped.get("message") or ""):
            return Result(name, "skipped", output[-1] if output else "no reason given")
        return Result(name, "failed", "not run")
    return Result(name, "failed", "")


def results_of(folder):
    """All Results of one build."""
    results = []
    for case in ElementTree.parse(os.path.join(folder, "ctest.xml")).getroot().iter("testcase"):
        whole = ctest_result(case)
        cases = gtest_cases(os.path.join(folder, whole.name + ".xml"))
        if not cases:
            results.append(whole)
            continue
        results += cases
        if whole.verdict == "failed" and all(c.verdict != "failed" for c in cases):
            results.append(whole)  # crashed or timed out after its report
    return results


def ctest_summary(folder):
    with open(os.path.join(folder, "ctest.log"), encoding="utf-8", errors="replace") as file:
        return [line.strip() for line in file if "tests passed," in line or "Total Test time" in line]


def main(arguments):
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    closing = []
    for build in arguments[1:]:
        folder = os.path.join(build, "results")
        results = results_of(folder)
        for result in results:
            totals[result.verdict] += 1
            if result.verdict != "passed":
                print(f"{result.verdict}: {os.path.basename(build)}: {result.name}"
                      + (f": {result.reason}" if result.reason else ""))
        closing += [f"{os.path.basename(build)}: {line}" for line in ctest_summary(folder)]
    print(*closing, sep="\n")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**totals))
    return 1 if totals["failed"] or not totals["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
