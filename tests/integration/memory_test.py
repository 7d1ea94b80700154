"""Data ten times the memory budget: the run ends well, and peak memory stays near the budget."""
import unittest

from program import FULL, SANITIZED, ProgramTest, write_fits

MIB = 1 << 20
GRAPH = """
nodes:
- {id: image, source: {uri: big.fits, single: true}}
- {id: smooth, kernel: image.gaussian, inputs: {image: image}, args: {sigma: 1.0}}
- {id: stats, kernel: image.statistics, inputs: {image: smooth}}
- {id: out, sink: {uri: stats.json}, inputs: {value: stats}}
- {id: fits, sink: {uri: smooth.fits}, inputs: {image: smooth}}
"""


@unittest.skipIf(SANITIZED, "a sanitizer takes memory of its own")
class MemoryTest(ProgramTest):
    def test_ten_times_the_budget(self):
        budget = 256 if FULL else 16
        width, rows = 10240, budget * 10 * MIB // (4 * 10240)
        write_fits(self.path("big.fits"), (rows, width), [x % 7 for x in range(width)])
        self.write("g.yaml", GRAPH)
        result = self.run_program("run", "g.yaml", "-o", "run", "--memory", f"{budget}MiB", "-q", seconds=600)
        self.assertEqual(result.status, 0, result.err)
        print(f"peak {result.peak / MIB:.0f} MiB with a budget of {budget} MiB over {budget * 10} MiB of data")
        self.assertLess(result.peak, (budget + 150) * MIB)
        self.assertEqual(self.json("run", "stats.json")["count"], rows * width)
        self.assertEqual(self.files("run"), ["manifest.json", "run.json", "smooth.fits", "stats.json"])


if __name__ == "__main__":
    unittest.main()
