"""eval on a set small enough to compute by hand."""

import gzip
import json
import math
import pathlib
import subprocess
import sys
import unittest

import driver

# Each query's relevant passages with their gains, and its candidates, best first.
# q1: p3 stands third.  q2: p1 second and p8 seventh, p9 not found.  q3: its passage is not found.
RELEVANT = {"q1": {"p3": 1}, "q2": {"p1": 2, "p8": 1, "p9": 1}, "q3": {"p9": 1}}
CANDIDATES = {"q1": ["p1", "p2", "p3", "p4"],
              "q2": ["p2", "p1", "p3", "p4", "p5", "p6", "p8"],
              "q3": ["p5", "p4", "p3"]}
TITLES = {"p1": "Bees", "p2": "", "p3": "text of p3"}

RECALL_AT_5 = (1 + 1 / 3 + 0) / 3
NDCG_AT_10 = (1 / math.log2(4)
              + (2 / math.log2(3) + 1 / math.log2(8))
              / (2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4))
              + 0) / 3
CEILING_RECALL = (1 + 2 / 3 + 0) / 3


def score_of(place):
    return 10.0 - place


def query_text(name):
    """With a character that some readers of lines take for the end of one."""
    return f"query\u2028{name}"


def passage_text(name):
    """Titled passages begin with the title; p3's text does so by itself."""
    return f"Bees\ntext of {name}" if name == "p1" else f"text of {name}"


def table(rows):
    return "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()


def write_set(folder):
    """Packed, plain and without titles in turn: eval reads every way."""
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": f"p{i}", "title": TITLES.get(f"p{i}", ""), "text": f"text of p{i}"}
              for i in range(1, 10)]
    del corpus[7]["title"]
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(driver.jsonl(*corpus)))
    queries = [{"_id": name, "text": query_text(name)} for name in RELEVANT]
    (folder / "queries.jsonl").write_bytes(driver.jsonl(*queries))
    qrels = [(query, passage, gain) for query, gains in RELEVANT.items()
             for passage, gain in gains.items()]
    (folder / "qrels" / "dev.tsv").write_bytes(
        table([("query-id", "corpus-id", "score"), *qrels, ("q1", "p4", 0)]))
    candidates = [(query, passage, place + 1, score_of(place))
                  for query, found in CANDIDATES.items() for place, passage in enumerate(found)]
    (folder / "bm25.dev.tsv.gz").write_bytes(gzip.compress(table(candidates)))


def recall(order, relevant):
    return sum(name in relevant for name in order[:5]) / len(relevant)


def ndcg(order, relevant):
    def discounted(gains):
        return sum(gain / math.log2(i + 2) for i, gain in enumerate(gains[:10]))
    return (discounted([relevant.get(name, 0) for name in order])
            / discounted(sorted(relevant.values(), reverse=True)))


EVAL_MEAN = pathlib.Path(__file__).parents[2] / "scripts" / "eval_mean.py"


def figures_of(name, **orders):
    """What eval would write of a set of four queries that all have the same figures."""
    figures = {order: {"recall@5": recall, "recall@5_of_queries": [recall] * 4,
                       "ndcg@10": recall / 2, "ndcg@10_of_queries": [recall / 2] * 4}
               for order, recall in orders.items()}
    return {"data": name, **figures}


class EvalMean(driver.CliTest):
    def test_means_and_the_share_of_the_head_room_over_all_and_over_hard_sets(self):
        paths = []
        for one in (figures_of("easy", candidates=0.9, reranked=0.8, fused=0.9, ceiling=1.0),
                    figures_of("hard", candidates=0.5, reranked=0.6, fused=0.75, ceiling=0.9)):
            paths.append(self.folder / one["data"])
            paths[-1].write_text(json.dumps(one))
        lines = subprocess.run([sys.executable, EVAL_MEAN, *paths], capture_output=True, text=True,
                               check=True).stdout.splitlines()
        self.assertEqual(lines[3].split(), ["mean", "of", "2", "0.7000", "0.7000", "0.8250", "0.9500"])
        self.assertEqual(lines[5], "fused - candidates: +0.1250 (+0.1250 to +0.1250); "
                                   "% of the head-room: 50 (50 to 50)")
        self.assertEqual(lines[6].split()[:4], ["mean", "of", "hard", "1"])
        self.assertEqual(lines[7], "reranked - candidates: +0.1000 (+0.1000 to +0.1000); "
                                   "% of the head-room: 25 (25 to 25)")
        self.assertIn("% of the head-room: 62 (62 to 62)", lines[8])


class Eval(driver.CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.folder / "tiny-set"
        write_set(cls.data)

    def eval(self, *options):
        return driver.run("eval", "--data", self.data, "--split", "dev", "--candidates",
                          self.data / "bm25.dev.tsv.gz", *options)

    def figures(self, *options):
        path = self.folder / "figures.json"
        result = self.eval("--json", path, *options)
        self.assertEqual((result.status, result.error), (0, ""))
        return json.loads(path.read_text())

    def test_candidates_have_the_figures_computed_by_hand(self):
        figures = self.figures()
        self.assertEqual((figures["data"], figures["queries"], figures["pairs"]),
                         ("tiny-set", 3, 14))
        self.assertAlmostEqual(figures["candidates"]["recall@5"], RECALL_AT_5, places=6)
        self.assertAlmostEqual(figures["candidates"]["ndcg@10"], NDCG_AT_10, places=6)
        self.assertAlmostEqual(figures["ceiling"]["recall@5"], CEILING_RECALL, places=6)
        self.assertNotIn("reranked", figures)

    def orders(self, key):
        """Each query's candidates as `score --report` orders them by logit or fused score."""
        requests = [{"query": query_text(query), "passages": list(map(passage_text, found)),
                     "first_stage": [score_of(place) for place in range(len(found))]}
                    for query, found in CANDIDATES.items()]
        answers = self.ask("score", *requests, options=["--report"])
        return {query: [found[hit["index"]]
                        for hit in sorted(answer["report"], key=lambda hit: -hit[key])]
                for (query, found), answer in zip(CANDIDATES.items(), answers)}

    def test_reranked_and_fused_orders_are_those_of_score(self):
        figures = self.figures("--model", self.model)
        for name, key in [("reranked", "logit"), ("fused", "score")]:
            orders = self.orders(key)
            for measure, function in [("recall@5", recall), ("ndcg@10", ndcg)]:
                mean = sum(function(orders[query], RELEVANT[query]) for query in orders) / 3
                self.assertAlmostEqual(figures[name][measure], mean, places=5)
                self.assertAlmostEqual(sum(figures[name][measure + "_of_queries"]) / 3, mean, places=5)
                difference, low, high = figures[name][measure + "_difference"]
                self.assertAlmostEqual(difference, mean - figures["candidates"][measure], places=5)
                self.assertTrue(low <= difference <= high)
        self.assertEqual(self.figures("--model", self.model)["fused"], figures["fused"])

    def test_logits_are_those_of_score_in_the_candidates_order(self):
        path = self.folder / "logits.jsonl"
        result = self.eval("--model", self.model, "--logits", path)
        self.assertEqual((result.status, result.error), (0, ""))
        requests = [{"query": query_text(query), "passages": list(map(passage_text, found))}
                    for query, found in CANDIDATES.items()]
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row, found, answer in zip(rows, CANDIDATES.values(), self.ask("score", *requests), strict=True):
            self.assertEqual(row["logits"], answer["scores"])
            self.assertEqual(row["scores"], [score_of(place) for place in range(len(found))])
        self.assertEqual(
            [(row["set"], row["query"], row["relevant"], row["num_relevant"]) for row in rows],
            [("tiny-set", query_text("q1"), [False, False, True, False], 1),
             ("tiny-set", query_text("q2"), [False, True, False, False, False, False, True], 3),
             ("tiny-set", query_text("q3"), [False, False, False], 1)])

    def test_logits_want_a_model(self):
        path = self.folder / "kept.jsonl"
        path.write_text("kept")
        self.check_failure(self.eval("--logits", path), 2, "usage", "--model")
        self.assertEqual(path.read_text(), "kept")

    def test_limit_takes_queries_evenly(self):
        figures = self.figures("--limit", 2)  # the first and the second of three
        self.assertEqual((figures["queries"], figures["pairs"]), (2, 11))
        self.assertAlmostEqual(figures["candidates"]["recall@5"], (1 + 1 / 3) / 2, places=6)

    def test_table_names_every_order(self):
        text = self.eval("--model", self.model).out.decode()
        for word in ["tiny-set dev: 3 queries, 14 pairs", "candidates", "reranked", "fused",
                     "ceiling", "Recall@5", "nDCG@10", "tokens/s", "pairs/s"]:
            self.assertIn(word, text)

    def test_broken_sets(self):
        broken = [
            ("bm25.dev.tsv.gz", b"q1\tp1\t1\n", ["line 1: 3 fields found", "4"]),
            *(("bm25.dev.tsv.gz", b"q1\tp1\t1\t1\nq1\tp2\t2\t" + score.encode() + b"\n",
               ["bm25.dev.tsv.gz", "line 2", f"'{score}' found", "a finite number wanted"])
              for score in ("x", "", "nan", "inf", "1e99", "0x10", " 1")),
            ("bm25.dev.tsv.gz", b"q1\tp1\t1\t1\nq1\tp1\t2\t1\n",
             ["bm25.dev.tsv.gz", "line 2", "'p1' found a second time for query 'q1'"]),
            ("bm25.dev.tsv.gz", b"q1\tnone\t1\t1\n", ["corpus.jsonl.gz", "1 of the candidates", "'none'"]),
            ("corpus.jsonl.gz", driver.jsonl({"_id": "p1", "text": "a"}, {"_id": "p1", "text": "b"}),
             ["corpus.jsonl.gz", "line 2", "'p1' found a second time"]),
            ("queries.jsonl", driver.jsonl({"_id": "q1", "text": "a"}, {"_id": "q1", "text": "b"}),
             ["queries.jsonl", "line 2", "'q1' found a second time"]),
            ("qrels/dev.tsv", b"q1\tp3\t1\n", ["dev.tsv", "line 1", "'1' found", "a header wanted"]),
            *(("qrels/dev.tsv", b"query-id\tcorpus-id\tscore\nq1\tp3\t" + gain.encode() + b"\n",
               ["dev.tsv", "line 2", f"'{gain}' found", "a whole number of 32 bits wanted"])
              for gain in ("0.5", "nan", "1e10", "99999999999")),
            ("bm25.dev.tsv.gz", b"q9\tp1\t1\t1\n", ["dev.tsv", "no relevant passage found for any of the 1 queries"]),
            ("bm25.dev.tsv.gz", b"q1\tp1\t1.\t1\n", ["line 1", "'1.' found", "a whole number"]),
            *(("bm25.dev.tsv.gz", b"q1\tp1\t2\t2\nq2\tp1\t1\t3\nq1\tp2\t" + rank + b"\t1\n",
               ["line 3", f"rank {rank.decode()} found after 2 of query 'q1'"]) for rank in (b"1", b"2")),
            ("qrels/dev.tsv", b"query-id\tcorpus-id\tscore\nq1\tp3\t1\nq1\tp3\t1\nq1\tp3\t0\n",
             ["dev.tsv", "line 4", "gain 0 found for query 'q1' and passage 'p3', which had 1"]),
            ("bm25.dev.tsv.gz", b"", ["no candidates found"]),
            ("bm25.dev.tsv.gz", gzip.compress(b"".join(b"q1\tp%d\t%d\t1\n" % (i, i) for i in range(999)))[:-20], ["cut short"]),
            ("queries.jsonl", b'{"_id": "q1"}\n', ["line 1", '"text"']),
        ]
        for name, data, fragments in broken:
            with self.subTest(name=name, data=data[:20]):
                path = self.data / name
                sound = path.read_bytes()
                path.write_bytes(data)
                result = self.eval()
                path.write_bytes(sound)
                self.check_failure(result, 1, "input", *fragments)

    def test_a_split_that_is_not_there(self):
        result = driver.run("eval", "--data", self.data, "--split", "none", "--candidates",
                            self.data / "bm25.dev.tsv.gz")
        self.check_failure(result, 1, "input", "none.tsv: not there, nor with .gz")

    def test_a_split_with_a_name_that_no_file_can_have_is_refused_as_such(self):
        result = driver.run("eval", "--data", self.data, "--split", 300 * "s", "--candidates",
                            self.data / "bm25.dev.tsv.gz")
        self.check_failure(result, 1, "input", "ss.tsv: File name too long")

    def test_a_folder_in_place_of_candidates(self):
        result = driver.run("eval", "--data", self.data, "--split", "dev", "--candidates", self.data)
        self.check_failure(result, 1, "input", str(self.data), "a folder found, a file wanted")

    def test_queries_without_a_relevant_passage_are_left_out_and_counted(self):
        path = self.data / "bm25.dev.tsv.gz"
        sound = path.read_bytes()
        path.write_bytes(gzip.compress(gzip.decompress(sound) + b"q9\tp1\t1\t1\n"))
        figures, text = self.figures(), self.eval().out.decode()
        path.write_bytes(sound)
        self.assertEqual((figures["queries"], figures["without_relevant"], figures["pairs"]), (3, 1, 14))
        self.assertAlmostEqual(figures["candidates"]["recall@5"], RECALL_AT_5, places=6)
        self.assertIn("1 more queries of the candidates have no relevant passage", text)

    def test_pairs_that_cannot_be_scored_are_counted(self):
        options = ["--model", self.model, "--overflow", "fail"]
        self.assertEqual(self.figures(*options)["unscored"], 0)
        long = gzip.decompress((self.data / "corpus.jsonl.gz").read_bytes()).replace(
            b'"text of p2"', json.dumps("x y " * 500).encode())
        path = self.data / "corpus.jsonl.gz"
        sound = path.read_bytes()
        path.write_bytes(gzip.compress(long))
        self.assertEqual(self.figures(*options)["unscored"], 2)
        self.assertIn("2 of 14 pairs could not be scored", self.eval(*options).out.decode())
        path.write_bytes(sound)

    def test_nothing_is_measured_where_no_pair_is_scored(self):
        path = self.data / "corpus.jsonl.gz"
        sound = path.read_bytes()
        path.write_bytes(gzip.compress(driver.jsonl(*({"_id": f"p{i}", "text": "x y " * 500} for i in range(1, 10)))))
        result = self.eval("--model", self.model, "--overflow", "fail")
        path.write_bytes(sound)
        self.check_failure(result, 2, "usage", "none of 14 pairs could be scored")

    def test_files_that_cannot_be_written_are_known_at_once(self):
        for option in ("--json", "--logits"):
            result = self.eval("--model", self.model, option, self.folder / "none" / "x")
            self.check_failure(result, 1, "input", "none/x: cannot be written")
            self.assertEqual(result.out, b"")


if __name__ == "__main__":
    unittest.main()
