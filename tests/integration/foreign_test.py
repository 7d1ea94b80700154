"""DALiuGE's own graphs through the program: the drops and edges that DALiuGE counts."""
import os
import re
import unittest

from program import ProgramTest

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.environ.get("CUBELOOM_SHARED", os.path.join(HERE, "..", "..", "..", "shared"))
GRAPHS = os.path.join(SHARED, "data", "logical-graphs")
# Drops and distinct edges, from the README there. Not yet equal: v1_lofar_std.json (188, 220), v2_simpleMKN.graph (21, 23).
EXPECTED = {
    "SuperBasicScatterGather.graph": (6, 8),
    "eagle_gather_simple_update.graph": (42, 55),
    "testLoop.graph": (11, 10),
    "cont_img_mvp.graph": (144, 188),
    "test_grpby_gather.graph": (15, 14),
    "chiles_simple.graph": (22, 21),
    "LoopWithBranch.graph": (50, 61),
    "SummitIngest_Demo.graph": (571, 710),
}


@unittest.skipUnless(os.path.isdir(GRAPHS), "shared data not present: logical-graphs")
class ForeignTest(ProgramTest):
    def test_unrolls_to_the_drops_and_edges_that_daliuge_counts(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                result = self.run_program("unroll", os.path.join(GRAPHS, name))
                self.assertEqual(result.status, 0, result.err)
                counts = re.search(r"^(\d+) drops, (\d+) edges$", result.out, re.M)
                self.assertEqual(tuple(int(n) for n in counts.groups()), expected)

    def test_imports_to_a_graph_that_unrolls_the_same(self):
        for name, expected in EXPECTED.items():
            with self.subTest(name):
                self.assertEqual(self.run_program("import", os.path.join(GRAPHS, name), "-o", "g.yaml", "-q").status, 0)
                result = self.run_program("unroll", "g.yaml")
                self.assertIn(f"{expected[0]} drops, {expected[1]} edges", result.out + result.err)

    def test_plans_with_the_fewest_partitions(self):
        result = self.run_program("plan", os.path.join(GRAPHS, "SummitIngest_Demo.graph"), "--cores", "8")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn("partitions     22; no fewer than 22 are possible (cores)", result.out)


if __name__ == "__main__":
    unittest.main()
