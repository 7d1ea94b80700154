#!/usr/bin/env python3
"""Plants one defect per rule of layout_check.py and simd_check.py and expects exactly that rule to find it."""
import os
import subprocess
import tempfile
import unittest

import layout_check
import simd_check

CLEAN = {
    "README.md": "A tree.\n",
    "services/cmake/Layers.cmake": 'set(CL_ALLOW_base "")\nset(CL_ALLOW_array base)\nset(CL_ALLOW_kernel array base)\n'
                                   "set(CL_ALLOW_runtime kernel/api)\nset(CL_ALLOW_wire proto base)\n"
                                   "set(CL_ALLOW_cli ANY)\n",
    "services/cmake/Modules.cmake": "",
    "services/cubeloom/array/CMakeLists.txt": "cl_library(array SRCS box.cc HDRS box.h USES base)\n",
    "services/cubeloom/array/README.md": "Boxes.\n",
    "services/cubeloom/array/box.h": '#include "cubeloom/base/status.h"\n',
    "services/cubeloom/array/box.cc": '#include "cubeloom/array/box.h"\n',
}
ARRAY, MARK = "services/cubeloom/array", "TO" + "DO"

# rule, file to add or replace, its text, what the message must contain
CASES = [
    (layout_check.top_level, "notes.txt", "x", "notes.txt"),
    (layout_check.top_level, ".ci/other", "x", ".ci/other"),
    (layout_check.lengths, f"{ARRAY}/box.h", "\n" * 801, "801 lines"),
    (layout_check.lengths, "dev", "\n" * 801, "801 lines"),
    (layout_check.bytes_limit, "docs/big.bin", "x" * (1 << 20) + "x", "1024 KiB"),
    (layout_check.unfinished, f"{ARRAY}/box.h", f"int x;\n// {MARK}: later\n", f"box.h:2: mark of unfinished work: {MARK}"),
    (layout_check.unfinished, f"{ARRAY}/box.h", "// not imple" + "mented\n", "box.h:1"),
    (layout_check.machine_paths, "docs/graph.md", "see /ro" + "ot/data\n", "docs/graph.md:1"),
    (layout_check.machine_paths, f"{ARRAY}/box.h", '"/wo' + 'rk/x"\n', "box.h:1"),
    (layout_check.readmes, "services/cubeloom/base/CMakeLists.txt", "cl_library(base SRCS a.cc)\n", "services/cubeloom/base"),
    (layout_check.unbuilt, f"{ARRAY}/lost_test.cc", "x", "lost_test.cc"),
    (layout_check.includes, f"{ARRAY}/box.cc", '#include "cubeloom/kernel/api/kernel.h"\n',
     "box.cc:1: module 'array' may not use 'kernel/api'"),
    (layout_check.includes, "services/cubeloom/runtime/exec/run.cc", '#include "cubeloom/kernel/stats/sum.h"\n',
     "module 'runtime/exec' may not use 'kernel/stats'"),
    (layout_check.includes, f"{ARRAY}/box.cc", '#include "cubeloom/graph/v1/graph.pb.h"\n', "may not use 'proto'"),
    (layout_check.includes, f"{ARRAY}/box.cc", '#include "cubeloom/array/testing/fake.h"\n', "test-only"),
    (layout_check.includes, "services/cubeloom/news/a.cc", '#include "cubeloom/base/status.h"\n', "'news'"),
]
# Things that look like a defect and are none.
FINE = [
    ("services/cubeloom/runtime/exec/run.cc", '#include "cubeloom/kernel/api/kernel.h"\n'),
    ("services/cubeloom/kernel/stats/sum.cc", '#include "cubeloom/kernel/api/kernel.h"\n'),
    ("services/cubeloom/wire/text.cc", '#include "cubeloom/graph/v1/graph.pb.h"\n'),
    ("services/cubeloom/cli/run.cc", '#include "cubeloom/runtime/exec/run.h"\n'),
    (f"{ARRAY}/box_test.cc", '#include "cubeloom/kernel/testing/suite.h"\n'),
    (f"{ARRAY}/box.cc", 'mkstemp("part.XX' + 'XXXX"); absl::UnimplementedError("xxx");\n'),
]


class Planted:
    """A temporary tree: CLEAN plus one file."""

    def __init__(self, path=None, text=None):
        self.folder = tempfile.TemporaryDirectory()
        for name, content in {**CLEAN, **({path: text} if path else {})}.items():
            full = os.path.join(self.folder.name, name)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(content)

    def __enter__(self):
        return layout_check.Tree(self.folder.name)

    def __exit__(self, *unused):
        self.folder.cleanup()


class LayoutRules(unittest.TestCase):
    def test_clean_tree_has_no_defect(self):
        with Planted() as tree:
            for rule in layout_check.RULES:
                self.assertEqual([], rule(tree), rule.__name__)

    def test_every_rule_finds_its_planted_defect(self):
        for rule, path, text, expected in CASES:
            with self.subTest(rule=rule.__name__, path=path), Planted(path, text) as tree:
                messages = rule(tree)
                self.assertEqual(1, len(messages), messages)
                self.assertIn(expected, messages[0])
        self.assertEqual(set(layout_check.RULES), {case[0] for case in CASES}, "a rule without a planted defect")

    def test_allowed_things_pass(self):
        for path, text in FINE:
            with self.subTest(path=path), Planted(path, text) as tree:
                self.assertEqual([], layout_check.includes(tree) + layout_check.unfinished(tree))


class SimdCheck(unittest.TestCase):
    def test_finds_shared_inline_function_and_accepts_namespaced_one(self):
        function = "__attribute__((noinline)) inline int Twice(int x) { return 2 * x; }"
        cases = [(f"{function} int F(int x) {{ return Twice(x); }}", ["Twice(int)"]),
                 (f"namespace v3 {{ {function} int F(int x) {{ return Twice(x); }} }}", []),
                 (f"static {function} int F(int x) {{ return Twice(x); }}", [])]
        for text, expected in cases:
            with self.subTest(text), tempfile.TemporaryDirectory() as folder:
                target = os.path.join(folder, "a_v3.cc.o")
                subprocess.run(["g++", "-x", "c++", "-", "-c", "-o", target], input=text, text=True, check=True)
                self.assertEqual(expected, simd_check.leaks(target))


if __name__ == "__main__":
    unittest.main()
