#!/usr/bin/env python3
"""Checks the tree's layout: names, sizes, unfinished work, machine paths, modules, layers.

layout_check.py [FOLDER]   prints one line per defect and a line of figures; exits 1 if there is a defect.

A file belongs to the tree if git tracks it or would (not ignored); outside git, every file does.
Each rule is a function from the tree to a list of messages; layout_test.py plants a defect for each.
"""
import os
import re
import statistics
import subprocess
import sys

TOP_LEVEL = set("""CMakeLists.txt services proto operator charts tests load-tests README.md examples python dev .ci
    CMakePresets.json .clang-format .clang-tidy .gitignore LICENSE CONTRIBUTING.md docs""".split())
LINE_LIMIT = 800
LONG_FILES = {}  # path -> the reason why it may be longer
BYTE_LIMIT = 1 << 20
CODE = (".cc", ".h", ".cu", ".py", ".ts", ".sh", ".cmake", ".proto", "CMakeLists.txt")
TEXT = CODE + (".md", ".yaml", ".yml", ".json", ".txt", "dev", "run")
SOURCE_ROOT = "services/cubeloom/"
# Written in parts so that this file does not contain the words.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK|[Nn]ot imple" r"mented)\b")
MACHINE = re.compile(r"(?<![\w.}])/(wo" r"rk|fa" r"rm|ro" r"ot|ho" r"me/[a-z]+)/|\bpy" r"pi\.org|\bdeb\.deb" r"ian\.org")
INCLUDE = re.compile(r'^\s*#\s*include\s+"cubeloom/([^"]+)/([^"/]+)"')


class Tree:
    """The files below `root`, their texts (read once) and the allowed edges."""

    def __init__(self, root):
        self.root = root
        self.files = sorted(f for f in self._list() if os.path.isfile(os.path.join(root, f)))
        self._texts = {}
        self.allowed = self._layers()

    def _list(self):
        git = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "-co", "--exclude-standard"],
                             capture_output=True)
        if git.returncode == 0:
            return {f for f in git.stdout.decode().split("\0") if f}
        return {os.path.relpath(os.path.join(folder, name), self.root)
                for folder, _, names in os.walk(self.root) for name in names}

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def of_kind(self, suffixes):
        return [f for f in self.files if f.endswith(suffixes)]

    def _layers(self):
        path = "services/cmake/Layers.cmake"
        if path not in self.files:
            return {}
        rows = re.findall(r"^set\(CL_ALLOW_(\S+) (.*)\)", self.text(path), re.M)
        return {module: uses.replace('"', "").split() for module, uses in rows}

    def layer(self, module):
        """The longest key of Layers.cmake that covers the module, or None."""
        while module and module not in self.allowed:
            module = module.rpartition("/")[0]
        return module or None


def is_test_code(path):
    name = os.path.basename(path)
    return "/testing/" in path or bool(re.search(r"^fuzz_|^test_support\.|_(test|benchmark|fuzzer|fuzz)\.(cc|h)$", name))


def top_level(tree):
    names = {f.split("/")[0] for f in tree.files}
    return [f"{name}: not a top-level name of this tree" for name in sorted(names - TOP_LEVEL)] + [
        f"{f}: .ci holds only 'run'" for f in tree.files if f.startswith(".ci/") and f != ".ci/run"]


def lengths(tree):
    return [f"{f}: {n} lines, the limit is {LINE_LIMIT}" for f in tree.of_kind(CODE + ("dev",))
            if (n := tree.text(f).count("\n")) > LINE_LIMIT and f not in LONG_FILES]


def bytes_limit(tree):
    return [f"{f}: {size >> 10} KiB, the limit is {BYTE_LIMIT >> 10} KiB" for f in tree.files
            if (size := os.path.getsize(os.path.join(tree.root, f))) > BYTE_LIMIT]


def matching(tree, suffixes, bad, what):
    found = []
    for f in tree.of_kind(suffixes):
        for number, line in enumerate(tree.text(f).splitlines(), 1):
            hit = bad.search(line)
            if hit:
                found.append(f"{f}:{number}: {what}: {hit.group(0).strip()}")
    return found


def unfinished(tree):
    return matching(tree, CODE, UNFINISHED, "mark of unfinished work")


def machine_paths(tree):
    return matching(tree, TEXT, MACHINE, "path or host of one machine")


def module_folders(tree):
    return [os.path.dirname(f) for f in tree.of_kind("CMakeLists.txt")
            if f.startswith(SOURCE_ROOT) and re.search(r"^\s*cl_library\(", tree.text(f), re.M)]


def readmes(tree):
    return [f"{folder}: a module needs a README.md" for folder in module_folders(tree)
            if f"{folder}/README.md" not in tree.files]


def unbuilt(tree):
    """A source that no CMakeLists.txt names: a test in it would never run."""
    found = []
    for f in tree.of_kind(".cc"):
        if not f.startswith((SOURCE_ROOT, "tests/", "operator/")):
            continue
        folder, named = os.path.dirname(f), False
        while folder and not named:
            lists = f"{folder}/CMakeLists.txt"
            if lists in tree.files:
                text = tree.text(lists)
                named = os.path.relpath(f, folder) in text or os.path.basename(f) in text or "*.cc" in text
            folder = os.path.dirname(folder)
        if not named and os.path.basename(f) not in tree.text("services/cmake/Modules.cmake"):
            found.append(f"{f}: no CMakeLists.txt builds it")
    return found


def module_of_include(folder, name):
    return "proto" if name.endswith(".pb.h") else folder


def edge_allowed(tree, module, used):
    key, used_key = tree.layer(module), tree.layer(used)
    uses = tree.allowed.get(key, [])
    return (key == used_key and key is not None) or uses == ["ANY"] or any(
        used == use or used.startswith(use + "/") for use in uses)


def includes(tree):
    found = []
    for f in tree.of_kind((".cc", ".h")):
        if not f.startswith(SOURCE_ROOT) or is_test_code(f):
            continue
        module = os.path.dirname(f)[len(SOURCE_ROOT):]
        if not module:
            continue
        for number, line in enumerate(tree.text(f).splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            used = module_of_include(*match.groups())
            if not edge_allowed(tree, module, used):
                found.append(f"{f}:{number}: module '{module}' may not use '{used}' (services/cmake/Layers.cmake)")
            elif "/testing" in "/" + used and not module.startswith("tests"):
                found.append(f"{f}:{number}: module '{module}' may not use the test-only '{used}'")
    return found


RULES = (top_level, lengths, bytes_limit, unfinished, machine_paths, readmes, unbuilt, includes)


def figures(tree):
    counts = sorted(tree.text(f).count("\n") for f in tree.of_kind((".cc", ".h")))
    if not counts:
        return "layout: no C++ file"
    return (f"layout: {len(counts)} C++ files, lines: median {statistics.median(counts):.0f}, "
            f"p90 {counts[int(0.9 * (len(counts) - 1))]}, most {counts[-1]}")


def main(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    tree = Tree(arguments[1] if len(arguments) > 1 else os.path.dirname(os.path.dirname(here)))
    defects = [message for rule in RULES for message in rule(tree)]
    print(*defects, figures(tree), sep="\n")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
