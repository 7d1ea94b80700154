"""Ctrl-C: an orderly end, and no file under its final name that is not whole."""
import json
import signal
import time
import unittest

from program import ProgramTest, write_fits

GRAPH = """
nodes:
- {id: image, source: {uri: a.fits, single: true}}
- {id: copies, scatter: {count: 200}}
- {id: wait, in: copies, kernel: flow.sleep, args: {seconds: 0.05}}
- {id: smooth, in: copies, kernel: image.gaussian, inputs: {image: image}, args: {sigma: 3}}
- {id: out, in: copies, sink: {uri: "smooth-${copies.index}.fits"}, inputs: {image: smooth}}
"""


class InterruptTest(ProgramTest):
    def test_ctrl_c_leaves_whole_files_only(self):
        write_fits(self.path("a.fits"), (500, 400), list(range(400)))
        self.write("g.yaml", GRAPH)
        process = self.start("run", "g.yaml", "-o", "run")
        for _ in range(600):
            if any(name.endswith(".fits") for name in self.files("run")) or process.poll() is not None:
                break
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        result = self.finish(process)
        self.assertEqual(result.status, 130, result.err)
        print(f"ended {time.monotonic() - begin:.2f} s after the signal")
        size = 2880 * (1 + -(-4 * 500 * 400 // 2880))
        images = [name for name in self.files("run") if name.startswith("smooth")]
        self.assertLess(len(images), 200)
        for name in images:
            with open(self.path("run", name), "rb") as file:
                self.assertGreaterEqual(len(file.read()), size, name)
        self.assertIn("cancelled", json.dumps(self.json("run", "run.json")).lower())
        self.assertFalse([name for name in self.files("run") if not name.startswith(("smooth-", "manifest", "run."))])


if __name__ == "__main__":
    unittest.main()
