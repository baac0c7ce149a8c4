"""The demo's questions are picked by the rule that they are said to be picked by."""

import collections
import gzip
import json
import pathlib
import sys
import tempfile
import unittest

DATA = pathlib.Path(__file__).resolve().parents[2] / "examples" / "data"
sys.path.insert(0, str(DATA))
import make_questions as rule

# BM25 has the answer first for q0, last for q8, and not at all for q9.
PLACES = {"q0": 0, **{f"q{i}": i for i in range(1, 9)}, "q9": None}


def packed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))


def write_set(folder):
    """Nine passages, found in the order of their names by every query."""
    lines = lambda rows: "".join(json.dumps(row) + "\n" for row in rows)
    packed(folder / "corpus.jsonl.gz",
           lines({"_id": f"p{i}", "title": None if i == 4 else f"t{i}", "text": f"t{i} text"} for i in range(10)))
    packed(folder / "queries.jsonl.gz", lines({"_id": q, "text": f"what is {q}"} for q in PLACES))
    packed(folder / "qrels" / "dev.tsv.gz", "query\tpassage\tscore\n" + "".join(
        f"{q}\tp{9 if place is None else place}\t1\n" for q, place in PLACES.items()))
    packed(folder / "bm25.dev.tsv.gz", "".join(
        f"{q}\tp{i}\t{i + 1}\t{9 - i}.5\n" for q in PLACES for i in range(9)))


class Questions(unittest.TestCase):
    def test_of_those_that_bm25_ranks_too_low_the_lot_decides(self):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "toy"
            write_set(folder)
            eligible = {query: positions for query, _, positions in rule.mistaken(folder)}
            self.assertEqual(eligible, {f"q{i}": [i] for i in range(1, 9)})
            picked = list(rule.questions_of(folder))
        by_lot = sorted(eligible, key=lambda query: rule.lot("toy", query))
        self.assertEqual([question["id"] for question in picked], by_lot[:rule.QUESTIONS])
        first = picked[0]
        self.assertEqual(first["query"], f"what is {first['id']}")
        self.assertEqual(first["relevant"], [PLACES[first["id"]]])
        self.assertEqual(first["first_stage"][:2], [9.5, 8.5])
        self.assertEqual(first["passages"], [f"t{i} text" for i in range(9)])

    def test_the_questions_that_ship_are_such(self):
        text = (DATA / "questions.jsonl").read_text(encoding="utf-8")
        questions = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(collections.Counter(question["set"] for question in questions),
                         {name: rule.QUESTIONS for name in rule.SETS})
        lots = [(rule.SETS.index(q["set"]), rule.lot(q["set"], q["id"])) for q in questions]
        self.assertEqual(lots, sorted(lots))
        for question in questions:
            self.assertEqual(len(question["passages"]), rule.CANDIDATES)
            self.assertEqual(question["first_stage"], sorted(question["first_stage"], reverse=True))
            self.assertGreater(question["relevant"][0], 0)


if __name__ == "__main__":
    unittest.main()
