"""The peers' benchmark: what it measures, refuses and writes, on fake engines; Python's standard library alone."""

import argparse
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks" / "peers"))

from engines import Ours, Process, Theirs, beside
from table import table
from turns import Results, Visit, gap

WORKLOADS = {"short": ["a", "bcd"], "long": ["abcdef"]}
REFERENCE = {"short": [1.0, 3.0], "long": [6.0]}

# Scores a passage by its length, plus what it is told; told "end", it ends.
PROGRAM = """
import json, sys
for line in sys.stdin:
    if sys.argv[1] == "end":
        break
    scores = [len(passage) + float(sys.argv[1]) for passage in json.loads(line)["passages"]]
    print(json.dumps({"scores": scores}), flush=True)
"""


class Fake:
    """A setting whose program is above."""

    def __init__(self, name: str, off: float | str, bound: float | None = None):
        self.name, self.bound, self._off = name, bound, off

    def start(self, args, stages) -> Process:
        return Process([sys.executable, "-c", PROGRAM, self._off])


def visited(other: Fake) -> Results:
    results = Results()
    Visit(results, WORKLOADS, REFERENCE, argparse.Namespace(repeat=2)).run(Fake("ours", 0), other)
    return results


class Turns(unittest.TestCase):
    def test_a_program_that_has_ended_is_told_from_one_that_answers(self):
        process = Process([sys.executable, "-c", "raise SystemExit(3)"])
        process._process.wait()
        with self.assertRaisesRegex(SystemExit, "ended with status 3"):
            process.ask({"passages": []})

    def test_a_visit_times_every_turn_of_both(self):
        results = visited(Fake("other", 0.5))
        for workload in WORKLOADS:
            self.assertEqual(len(results.seconds["ours", workload]), 2)
            self.assertEqual(len(results.ratios["other", workload]), 2)
            self.assertEqual(results.gaps["other", workload], 0.5)
        self.assertEqual(results.beside, {"other": "ours"})
        self.assertGreater(results.first_score_s["other"][0], 0)

    def test_a_program_over_its_bound_is_refused(self):
        with self.assertRaisesRegex(SystemExit, "other differs by 0.5"):
            visited(Fake("other", 0.5, bound=0.1))

    def test_a_program_that_ends_is_refused(self):
        with self.assertRaises(SystemExit):
            visited(Fake("other", "end"))

    def test_a_score_that_is_no_number_is_over_any_bound(self):
        self.assertEqual(gap([1.0, float("nan")], [1.0, 1.0]), float("inf"))


class Table(unittest.TestCase):
    def test_a_row_gives_speed_ratio_and_gap(self):
        results = Results()
        results.seconds["other", "short"] = [2.0, 4.0, 5.0]
        results.ratios["other", "short"] = [1.0, 3.0, 2.0]
        results.gaps["other", "short"] = 0.25
        row = table(results, ["other"], {"short": 40}, file_bytes=1).splitlines()[-1]
        self.assertTrue(row.startswith("| other | 10: 2.00 (1.00 to 3.00) |"), row)
        self.assertIn("| 0.25 |", row)

    def test_a_failure_stands_in_its_row(self):
        results = Results()
        results.failures["other"] = "no such file"
        self.assertIn("| other | failed: no such file |", table(results, ["other"], {"short": 40}, file_bytes=1))


class Settings(unittest.TestCase):
    def test_a_name_may_carry_pairs(self):
        self.assertEqual(Theirs.parse("onnxruntime-int8:32"), Theirs("onnxruntime-int8", 32))
        self.assertEqual(Theirs.parse("onnxruntime-int8").pairs, 1)
        with self.assertRaisesRegex(ValueError, "tensorrt found"):
            Theirs.parse("tensorrt")

    def test_an_engine_stands_beside_our_nearest_precision(self):
        ours = {precision: Ours(pathlib.Path("rerank"), precision) for precision in ("fp32", "int8")}
        self.assertEqual(beside(Theirs("onnxruntime-int8"), ours).precision, "int8")
        self.assertEqual(beside(Theirs("llama.cpp-bf16"), ours).precision, "fp32")


if __name__ == "__main__":
    unittest.main()
