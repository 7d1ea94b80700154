#!/usr/bin/env python3
"""summary.py on written reports: counts, reasons of skips, crashes without a report, scripts that skip."""
import contextlib
import io
import os
import tempfile
import unittest

import summary

CTEST = """<?xml version="1.0"?><testsuite name="x">
<testcase name="a_test" status="run"><system-out>fine</system-out></testcase>
<testcase name="b_test" status="%s"><system-out/></testcase>
<testcase name="seeds" status="run"><system-out/></testcase>
<testcase name="script" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out>no clock
skipped: no network</system-out></testcase></testsuite>"""
GTEST = """<?xml version="1.0"?><testsuites><testsuite name="BoxTest">
<testcase name="Fits" status="run" result="completed" classname="BoxTest"/>
<testcase name="Real" status="run" result="skipped" classname="BoxTest"><skipped message="box_test.cc:12&#x0A;shared data not present: fits"/></testcase>
<testcase name="DISABLED_Slow" status="notrun" result="suppressed" classname="BoxTest"/>%s</testsuite></testsuites>"""
LOG = "1/3 Test #1: a_test\n100%% tests passed, 0 tests failed out of 3\n\nTotal Test time (real) =   0.10 sec\n"


def summarise(ctest_status, extra_case=""):
    with tempfile.TemporaryDirectory() as folder:
        results = os.path.join(folder, "dev", "results")
        os.makedirs(results)
        files = {"ctest.xml": CTEST % ctest_status, "ctest.log": LOG, "a_test.xml": GTEST % extra_case,
                 "b_test.xml": "<testsuites><cut off"}
        for name, text in files.items():
            with open(os.path.join(results, name), "w", encoding="utf-8") as file:
                file.write(text)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = summary.main(["summary.py", os.path.join(folder, "dev")])
        return code, out.getvalue().splitlines()


class SummaryTest(unittest.TestCase):
    def test_counts_cases_and_names_skips(self):
        code, lines = summarise("run")
        self.assertEqual(0, code)
        self.assertEqual("3 passed, 0 failed, 3 skipped", lines[-1])
        self.assertIn("skipped: dev: BoxTest.Real: shared data not present: fits", lines)
        self.assertIn("skipped: dev: BoxTest.DISABLED_Slow: disabled", lines)
        self.assertIn("skipped: dev: script: skipped: no network", lines)
        self.assertTrue(lines[-3].startswith("dev: 100%"), lines)

    def test_program_that_crashed_without_report_fails(self):
        code, lines = summarise("fail")
        self.assertEqual(1, code)
        self.assertEqual("2 passed, 1 failed, 3 skipped", lines[-1])
        self.assertIn("failed: dev: b_test", lines)

    def test_failed_case_fails(self):
        code, lines = summarise("run", '<testcase name="Bad" status="run" classname="BoxTest"><failure message="m"/></testcase>')
        self.assertEqual(1, code)
        self.assertEqual("3 passed, 1 failed, 3 skipped", lines[-1])


if __name__ == "__main__":
    unittest.main()
