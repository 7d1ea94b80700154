"""`cubeloom run` and its neighbours, as seen by a user: statuses, messages, files."""
import os
import unittest

from program import FULL, ProgramTest, fits_header, write_fits

GRAPH = """
name: small
parameters:
  images: {type: string, default: "*.fits"}
nodes:
- {id: frames, source: {uri: "${images}"}}
- {id: each, scatter: {over: frames}}
- {id: stats, in: each, kernel: image.statistics, inputs: {image: frames}}
- {id: all, kernel: table.from_values, inputs: {values: stats}}
- {id: out, sink: {uri: statistics.csv}, inputs: {table: all}}
"""
ONE = """
nodes:
- {id: image, source: {uri: %s, single: true}}
- {id: stats, kernel: image.statistics, inputs: {image: image}}
- {id: out, sink: {uri: stats.json}, inputs: {value: stats}}
"""


class RunTest(ProgramTest):
    def test_writes_what_the_graph_says_and_a_manifest(self):
        for name in ("a", "b", "c"):
            write_fits(self.path(f"{name}.fits"), (10, 4), [1, 2, 3, 6])
        self.write("g.yaml", GRAPH)
        result = self.run_program("run", "g.yaml", "-o", "run")
        self.assertEqual(result.status, 0, result.err)
        with open(self.path("run", "statistics.csv"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len(lines), 4)
        mean = lines[0].split(",").index("mean")
        self.assertEqual([float(line.split(",")[mean]) for line in lines[1:]], [3, 3, 3])
        self.assertEqual(self.files("run"), ["manifest.json", "run.json", "statistics.csv"])

    def test_equal_runs_have_equal_manifests_and_a_changed_pixel_shows(self):
        write_fits(self.path("a.fits"), (300, 200), list(range(200)))
        self.write("g.yaml", GRAPH)
        for name, cores in (("one", "1"), ("two", "2")):
            self.assertEqual(self.run_program("run", "g.yaml", "-o", name, "--cores", cores, "-q").status, 0)
        self.assertEqual(self.run_program("verify", "one", "two", "--files").status, 0)
        write_fits(self.path("a.fits"), (300, 200), list(range(1, 201)))
        self.assertEqual(self.run_program("run", "g.yaml", "-o", "three", "-q").status, 0)
        result = self.run_program("verify", "one", "three")
        self.assertEqual(result.status, 1)
        self.assertIn("frames", result.out + result.err)

    def test_a_bad_image_is_one_block_that_names_everything(self):
        write_fits(self.path("a.fits"), (10, 4), [1, 2, 3, 6])
        write_fits(self.path("b.fits"), (10, 4), [1, 2, 3, 6])
        os.truncate(self.path("b.fits"), 2880 + 100)
        self.write("g.yaml", GRAPH)
        result = self.run_program("run", "g.yaml", "-o", "run")
        self.assertEqual(result.status, 2, result.out + result.err)
        for part in ("g.yaml:", "'frames'", "b.fits", "truncated", "byte 2980"):
            self.assertIn(part, result.err)
        self.assertFalse(os.path.exists(self.path("run")))

    def test_a_failure_at_run_time_is_one_block_that_names_everything(self):
        self.write("g.yaml", """
name: failing
nodes:
- {id: each, scatter: {count: 5}}
- {id: bad, in: each, kernel: flow.fail, args: {index: "${each.index}", below: 1, message: no good}, retries: 0}
- {id: out, in: each, sink: {uri: "x-${each.index}.json"}, inputs: {value: bad}}
""")
        result = self.run_program("run", "g.yaml", "-o", "run")
        self.assertEqual(result.status, 1, result.out + result.err)
        for part in ("bad", "bad/0", "no good", "cubeloom replay "):
            self.assertIn(part, result.err)
        self.assertNotIn("x-0.json", self.files("run"))
        replay = self.run_program("replay", "run", "bad/0")
        self.assertEqual(replay.status, 1, replay.out + replay.err)
        self.assertIn("no good", replay.err)

    def test_the_same_with_a_threshold_leaves_a_hole(self):
        for name in "abcd":
            write_fits(self.path(f"{name}.fits"), (10, 4), [1, 2, 3, 6])
        os.truncate(self.path("b.fits"), 2880 + 100)
        self.write("g.yaml", GRAPH.replace("name: small", "errorThreshold: 0.3"))
        result = self.run_program("run", "g.yaml", "-o", "run")
        self.assertEqual(result.status, 0, result.out + result.err)
        with open(self.path("run", "statistics.csv"), encoding="utf-8") as file:
            self.assertEqual(len(file.read().splitlines()), 4)

    def test_bad_headers_name_file_and_keyword(self):
        self.write("g.yaml", ONE % "bad.fits")
        cases = {
            "BITPIX": fits_header((4, 4), bitpix=7),
            "NAXIS1": fits_header((4, -4)),
            "END": fits_header((4, 4))[:240],
            "neither fits": b"GIF89a" + b"\0" * 4000,
            "empty": b"",
            "1099511627776": fits_header((1, 2**40)),
        }
        for text, content in cases.items():
            with self.subTest(text):
                with open(self.path("bad.fits"), "wb") as file:
                    file.write(content)
                result = self.run_program("run", "g.yaml", "-o", "run")
                self.assertIn(result.status, (1, 2), result.err)
                self.assertIn("bad.fits", result.err)
                self.assertIn(text.lower(), result.err.lower())

    def test_mistakes_in_the_graph_say_where(self):
        good = self.write("good.yaml", ONE % "a.fits")
        write_fits(self.path("a.fits"), (10, 4), [1, 2, 3, 6])
        self.assertEqual(self.run_program("validate", good).status, 0)
        texts = {
            "unknown kernel": (ONE % "a.fits").replace("image.statistics", "image.statistcs"),
            "did you mean 'image'": (ONE % "a.fits").replace("inputs: {image: image}", "inputs: {imag: image}"),
            "stats": (ONE % "a.fits").replace("{value: stats}", "{value: statz}"),
            "bad.yaml": "nodes: [",
        }
        for text, content in texts.items():
            with self.subTest(text):
                self.write("bad.yaml", content)
                result = self.run_program("run", "bad.yaml", "-o", "run")
                self.assertEqual(result.status, 2, result.err)
                self.assertIn("bad.yaml:", result.err)
                self.assertIn(text, result.err)
                self.assertFalse(os.path.exists(self.path("run")))

    def test_many_files_by_one_pattern(self):
        count = 100000 if FULL else 2000
        write_fits(self.path("one"), (2, 2), [1, 3])
        os.mkdir(self.path("many"))
        for i in range(count):
            os.link(self.path("one"), self.path("many", f"{i:06d}.fits"))
        self.write("g.yaml", GRAPH)
        result = self.run_program("run", "g.yaml", "-o", "run", "-q", "--set", "images=many/*.fits", seconds=600)
        self.assertEqual(result.status, 0, result.err)
        with open(self.path("run", "statistics.csv"), encoding="utf-8") as file:
            self.assertEqual(sum(1 for _ in file), count + 1)

    def test_plan_says_how_many_workers_and_writes_who_does_what(self):
        for name in "abcdefgh":
            write_fits(self.path(f"{name}.fits"), (10, 4), [1, 2, 3, 6])
        self.write("g.yaml", GRAPH)
        result = self.run_program("plan", "g.yaml", "--cores", "2", "--memory", "1GiB", "--explain", "-o", "plan.json")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn("8 cores at once (8 of stats)", result.out)
        self.assertIn("partitions     4; no fewer than 4 are possible (cores)", result.out)
        plan = self.json("plan.json")
        self.assertEqual(plan["partitions"], 4)
        apps = [entry["parts"] for entry in plan["assignment"] if entry["node"] == "stats" and "port" not in entry]
        self.assertEqual(sorted(apps[0]), [0, 0, 1, 1, 2, 2, 3, 3])
        result = self.run_program("plan", "g.yaml", "--cores", "0.5")
        self.assertEqual(result.status, 2)
        self.assertIn("one instance needs 1 of cores, a worker has 0.5", result.err)

    def test_no_match_is_said_before_anything_runs(self):
        self.write("g.yaml", GRAPH)
        result = self.run_program("run", "g.yaml", "-o", "run")
        self.assertEqual(result.status, 2, result.err)
        self.assertIn("*.fits", result.err)
        self.assertFalse(os.path.exists(self.path("run")))


if __name__ == "__main__":
    unittest.main()
