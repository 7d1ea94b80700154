#!/usr/bin/env python3
"""A module edge that the layers do not allow must stop the CMake configure step and name both modules.

Writes a tiny project around the real Modules.cmake and Layers.cmake for each case and configures it.
"""
import os
import subprocess
import tempfile
import unittest

CMAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "services", "cmake")
HEADER = """cmake_minimum_required(VERSION 3.25)
project(edges LANGUAGES CXX)
enable_testing()
add_library(GTest::gmock INTERFACE IMPORTED)
add_library(GTest::gtest_main INTERFACE IMPORTED)
include("%s/Modules.cmake")
""" % os.path.realpath(CMAKE)

# name, module calls, words of the error (none: the configure step must pass)
CASES = [
    ("allowed edges", "cl_library(base SRCS a.cc)\ncl_library(array/shape SRCS a.cc USES base)\n"
     "cl_library(array/chunk SRCS a.cc USES array/shape base)\n", []),
    ("used before declared", "cl_library(array/shape SRCS a.cc USES base)\ncl_library(base SRCS a.cc)\n", []),
    ("edge upwards", "cl_library(array/shape SRCS a.cc)\ncl_library(base SRCS a.cc USES array/shape)\n",
     ["'base' may not use 'array/shape'"]),
    ("edge sideways", "cl_library(store/blob SRCS a.cc)\ncl_library(kernel/api SRCS a.cc USES store/blob)\n",
     ["'kernel/api' may not use 'store/blob'", "array;base"]),
    ("only the named part of a module", "cl_library(kernel/stats SRCS a.cc)\n"
     "cl_library(runtime/exec SRCS a.cc USES kernel/stats)\n", ["'runtime/exec' may not use 'kernel/stats'"]),
    ("test-only module in a product module", "cl_library(kernel/testing SRCS a.cc TESTONLY)\n"
     "cl_library(kernel/stats SRCS a.cc USES kernel/testing)\n",
     ["'kernel/stats' may not use the test-only module 'kernel/testing'"]),
    ("test-only module in a test", "cl_library(kernel/testing SRCS a.cc TESTONLY)\n"
     "cl_test(kernel/stats SRCS a.cc USES kernel/testing)\n", []),
    ("module without a layer", "cl_library(news SRCS a.cc)\n", ["module 'news' has no layer"]),
    ("cycle inside one layer", "cl_library(array/shape SRCS a.cc USES array/chunk)\n"
     "cl_library(array/chunk SRCS a.cc USES array/shape)\n", ["cycle", "array/shape", "array/chunk"]),
    ("fuzz seeds that are no folder", "cl_library(base SRCS a.cc)\ncl_fuzzer(base NAME f SRCS a.cc SEEDS nowhere)\n",
     ["fuzz target 'f'", "nowhere"]),
]


def configure(calls):
    """The exit code and the words (line breaks removed) of configuring a project with these module calls."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "a.cc"), "w", encoding="utf-8"):
            pass
        with open(os.path.join(folder, "CMakeLists.txt"), "w", encoding="utf-8") as file:
            file.write(HEADER + calls + "cl_finish()\n")
        run = subprocess.run(["cmake", "-G", "Ninja", "-DCMAKE_CXX_COMPILER=g++", "-DCMAKE_CXX_COMPILER_WORKS=ON",
                              "-S", folder, "-B", os.path.join(folder, "b")], capture_output=True, text=True)
        return run.returncode, " ".join((run.stdout + run.stderr).split())


class EdgesTest(unittest.TestCase):
    def test_configure_step_refuses_what_the_layers_forbid(self):
        for name, calls, words in CASES:
            with self.subTest(name):
                code, output = configure(calls)
                self.assertEqual(bool(words), code != 0, output)
                for word in words:
                    self.assertIn(word, output)


if __name__ == "__main__":
    unittest.main()
