#!/usr/bin/env python3
"""run.py and peers.py on written programs: parsing, table, exit codes, the JSON file, malformed lines."""
import contextlib
import io
import json
import os
import stat
import tempfile
import unittest
from unittest import mock

import peers
import run

GOOD = {"name": "statistics", "value": 30.25, "unit": "ms", "peer": "numpy 2", "peer_value": 121.0, "ratio": 4.0,
        "target": 35, "bound": "<=", "ok": True, "note": ""}
SHORT = {**GOOD, "name": "histogram", "value": 90, "ok": False, "note": "peer dask: no module"}


def bench(lines, exit_code=0, name="bench_engine"):
    """Runs the engine group on one program that prints these lines; returns exit code, table and figures."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, name)
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) + f"\nEND\nexit {exit_code}\n")
        os.chmod(program, os.stat(program).st_mode | stat.S_IXUSR)
        with open(os.path.join(folder, "benchmarks.txt"), "w", encoding="utf-8") as file:
            file.write(f"{name}\t{program}\ncl_array_benchmark\t/none\n\n")
        target = os.path.join(folder, "figures.json")
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()), \
                mock.patch.object(run, "virtual_environment", return_value=None):
            code = run.main(["engine", "--build", folder, "--quick", "--json", target])
        with open(target, encoding="utf-8") as file:
            return code, out.getvalue().splitlines(), json.load(file)


class RunTest(unittest.TestCase):
    def test_good_figures_pass_and_are_written(self):
        code, lines, figures = bench(["some words", json.dumps(GOOD)], name="bench_engine_io")
        self.assertEqual(0, code)
        self.assertEqual(["statistics  30.25 ms  numpy 2 121  4  <= 35  ok"], lines)
        self.assertEqual([GOOD], figures)

    def test_one_short_figure_fails_and_says_why(self):
        code, lines, _ = bench([json.dumps(GOOD), json.dumps(SHORT)])
        self.assertEqual(1, code)
        self.assertTrue(lines[1].endswith("short  (peer dask: no module)"), lines)

    def test_program_failures_fall_short(self):
        cases = [
            ("crash after a figure", [json.dumps(GOOD)], 134, "exit code 134"),
            ("nothing printed", ["words only"], 0, "printed no figure"),
            ("cut line", ['{"name": "x", '], 0, "Expecting"),
            ("missing field", [json.dumps({k: v for k, v in GOOD.items() if k != "target"})], 0, "'target'"),
            ("ok is no truth value", [json.dumps({**GOOD, "ok": "yes"})], 0, "'ok'"),
            ("value is no number", [json.dumps({**GOOD, "value": "30"})], 0, "'value'"),
            ("unknown bound", [json.dumps({**GOOD, "bound": "="})], 0, "'bound'"),
        ]
        for name, lines, exit_code, words in cases:
            with self.subTest(name):
                code, _, figures = bench(lines, exit_code)
                self.assertEqual(1, code)
                self.assertIn(words, figures[-1]["note"])

    def test_group_without_program_falls_short(self):
        code, _, figures = bench([], name="bench_other")
        self.assertEqual(1, code)
        self.assertIn("no program bench_engine", figures[0]["note"])


class PeersTest(unittest.TestCase):
    def test_answers(self):
        def missing(source):
            raise ModuleNotFoundError("No module\nnamed 'dask'")
        functions = {"sum": lambda source: (2.5, f"tool 1 on {source}"), "mean": missing}
        self.assertEqual("2.5 tool 1 on a.fits", peers.answer(functions, "sum\ta.fits\n"))
        self.assertEqual("absent ModuleNotFoundError: No module named 'dask'", peers.answer(functions, "mean\tx\n"))
        self.assertEqual("absent no peer for 'other'", peers.answer(functions, "other\t\n"))


if __name__ == "__main__":
    unittest.main()
