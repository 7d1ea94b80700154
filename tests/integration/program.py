"""Calls the built `cubeloom` and makes its inputs."""
import array
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

CUBELOOM = os.environ.get("CUBELOOM", "cubeloom")
FULL = bool(os.environ.get("CUBELOOM_FULL"))
SANITIZED = bool(os.environ.get("CL_SANITIZE"))


def fits_header(shape, bitpix=-32, cards=()):
    """A primary header; `shape` is slowest axis first."""
    lines = ["SIMPLE  =                    T", f"BITPIX  = {bitpix:20d}", f"NAXIS   = {len(shape):20d}"]
    lines += [f"NAXIS{i + 1:<3d}= {n:20d}" for i, n in enumerate(reversed(shape))]
    text = "".join(line.ljust(80) for line in [*lines, *cards, "END"])
    return text.ljust(-(-len(text) // 2880) * 2880).encode()


def write_fits(path, shape, row):
    """A float32 image whose rows are all `row` (a list of numbers)."""
    values = array.array("f", row)
    values.byteswap()
    rows = 1
    for n in shape[:-1]:
        rows *= n
    block = values.tobytes() * min(rows, 64)
    size = 4 * rows * len(row)
    with open(path, "wb") as out:
        out.write(fits_header(shape))
        left = size
        while left:
            left -= out.write(block[:left])
        out.write(b"\0" * (-size % 2880))


class Result:
    def __init__(self, status, out, err, peak):
        self.status, self.out, self.err = status, out, err
        self.peak = peak  # bytes


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cubeloom-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)
        return self.path(name)

    def start(self, *arguments):
        """The program in the test's folder, its outputs in files."""
        with open(self.path("out.txt"), "wb") as out, open(self.path("err.txt"), "wb") as err:
            return subprocess.Popen([CUBELOOM, *arguments], cwd=self.folder, stdout=out, stderr=err,
                                    stdin=subprocess.DEVNULL, start_new_session=True)

    def finish(self, process, seconds=120):
        """Waits; a program that takes longer is killed and fails the test."""
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.alarm(seconds)
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
        process.returncode = os.waitstatus_to_exitcode(status)
        with open(self.path("out.txt"), encoding="utf-8") as out, open(self.path("err.txt"), encoding="utf-8") as err:
            result = Result(process.returncode, out.read(), err.read(), usage.ru_maxrss * 1024)
        self.assertNotEqual(result.status, -signal.SIGKILL, "the program did not end in time")
        return result

    def run_program(self, *arguments, seconds=120):
        return self.finish(self.start(*arguments), seconds)

    def files(self, folder):
        """All files below, without what hides as temporary."""
        found = []
        for root, _, names in os.walk(self.path(folder)):
            found += [os.path.relpath(os.path.join(root, name), self.path(folder)) for name in names]
        return sorted(found)

    def json(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return json.load(file)
