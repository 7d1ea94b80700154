#!/usr/bin/env python3
"""Code compiled for a newer instruction set must not leak into the baseline.

simd_check.py BUILD_FOLDER

cl_simd_sources compiles one source three times (v2, v3, v4). An inline function or template instance that such an
object defines as a *weak* symbol is merged with the same symbol of other objects, and the linker may keep the copy
with AVX instructions: the program then dies on an older machine. So every weak function in *_v3.cc.o and *_v4.cc.o
must lie in the namespace of its level (it has v3 or v4 in its name). Remedy: mark the helper static or move it into
namespace CL_SIMD_NS, and keep standard containers out of these sources.
"""
import os
import re
import subprocess
import sys

OBJECT = re.compile(r"_(v[34])\.cc\.o$")


def weak_functions(path):
    lines = subprocess.run(["nm", "-C", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    return [m.group(1) for m in re.finditer(r"^\S+ [Ww] (.*)$", lines, re.M)]


def leaks(path):
    level = OBJECT.search(path).group(1)
    return [f for f in weak_functions(path) if not re.search(rf"\b{level}::", f) and not f.startswith("DW.ref.")]


def main(arguments):
    objects = [os.path.join(folder, name) for folder, _, names in os.walk(arguments[1]) for name in names
               if OBJECT.search(name)]
    bad = [f"{os.path.basename(path)}: shared function built for {OBJECT.search(path).group(1)}: {function}"
           for path in sorted(objects) for function in leaks(path)]
    print(*bad, f"simd: {len(objects)} objects for newer instruction sets, {len(bad)} leaks", sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
