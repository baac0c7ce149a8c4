"""The formats that scripts rely on."""

import json
import math
import statistics
import struct
import subprocess
import unittest

import driver

REQUEST = {"query": "how do bees talk", "passages": ["they dance", "the hive is warm", "in winter"]}
HIT = {"index", "status", "score", "logit", "probability", "tokens", "bytes_read", "chunk",
       "query_truncated"}


def float32(number):
    return struct.unpack("<f", struct.pack("<f", number))[0]


def is_shortest(text):
    """Whether no number of fewer digits reads back as the same float32."""
    digits = len(text.lstrip("-").split("e")[0].replace(".", "").strip("0"))
    value = float32(float(text))
    return all(float32(float(f"{value:.{fewer}g}")) != value for fewer in range(1, digits))


class Formats(driver.CliTest):
    def test_score_writes_the_shortest_digits_of_floats(self):
        result = driver.run("score", "--model", self.model, stdin=driver.jsonl(REQUEST))
        scores = json.loads(result.out, parse_float=str, parse_int=str)["scores"]
        self.assertEqual(len(scores), 3)
        for text in scores:
            self.assertTrue(is_shortest(text), text)
        self.assertGreaterEqual(max(len(text.lstrip("-0.").replace(".", "")) for text in scores), 7, scores)

    def test_score_answers_a_line_before_it_reads_the_next(self):
        with subprocess.Popen([driver.RERANK, "score", "--model", self.model],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            for _ in range(3):
                process.stdin.write(driver.jsonl(REQUEST))
                process.stdin.flush()
                self.assertEqual(len(json.loads(process.stdout.readline())["scores"]), 3)
            process.stdin.close()
            self.assertEqual(process.wait(), 0)

    def test_score_ignores_fields_that_it_does_not_know(self):
        plain, more = self.ask("score", REQUEST, {**REQUEST, "id": 7, "relevant": [0]})
        self.assertEqual(plain, more)

    def test_report_stands_in_input_order(self):
        answer, = self.ask("score", REQUEST, options=["--report"])
        self.assertEqual([hit["index"] for hit in answer["report"]], [0, 1, 2])
        self.assertEqual([hit["score"] for hit in answer["report"]], answer["scores"])
        for hit, passage in zip(answer["report"], REQUEST["passages"]):
            self.assertEqual(set(hit), HIT)
            self.assertEqual(hit["status"], "ok")
            self.assertEqual(hit["bytes_read"], len(passage))
            self.assertAlmostEqual(hit["probability"], 1 / (1 + math.exp(-hit["score"])), places=6)
            ids = self.ask("tokenize", {"query": REQUEST["query"], "passage": passage})[0]["ids"]
            self.assertEqual(hit["tokens"], len(ids))

    def test_first_stage_is_fused_as_the_folder_says(self):
        first = [3.0, 1.0, 8.0]
        answer, = self.ask("score", {**REQUEST, "first_stage": first}, options=["--report"])
        alone, = self.ask("score", REQUEST)
        mean, sd = statistics.mean(first), statistics.pstdev(first)
        self.assertEqual([hit["logit"] for hit in answer["report"]], alone["scores"])
        for hit, s in zip(answer["report"], first):
            fused = hit["logit"] + 0.5 * 10 * s / max(first) + 0.25 * (s - mean) / sd
            self.assertAlmostEqual(hit["score"], fused, places=4)

    def test_probabilities_are_the_folders_where_it_is_calibrated(self):
        config = {**driver.tiny.config(), "calibration": {
            "logit": {"slope": 2.0, "offset": -1.5}, "fused": {"slope": 0.25, "offset": -3.0}}}
        folder = driver.tiny.write(self.folder / "calibrated", {
            **driver.tiny.files(), "config.json": json.dumps(config).encode()})
        found, nothing = [3.0, 1.0, 8.0], [0.0, -1.0, -8.0]
        for first, slope, offset in ((None, 2.0, -1.5), (found, 0.25, -3.0), (nothing, 2.0, -1.5)):
            request = {**REQUEST, **({"first_stage": first} if first else {})}
            plain, = self.ask("score", request)
            answer, = driver.run("score", "--model", folder, "--report",
                                 stdin=driver.jsonl(request)).lines()
            self.assertEqual(answer["scores"], plain["scores"])
            for hit in answer["report"]:
                wanted = 1 / (1 + math.exp(-slope * hit["score"] - offset))
                self.assertAlmostEqual(hit["probability"], wanted, places=6)
        info, = driver.run("info", "--model", folder, "--json").lines()
        self.assertTrue(info["calibrated"])

    def test_other_scripts_have_weights_and_a_map_of_their_own(self):
        line = lambda slope: {"slope": slope, "offset": 0.0}
        config = {**driver.tiny.config(),
                  "first_stage": {"max_weight": 0.5, "other_scripts": {"max_weight": 2.0}},
                  "calibration": {"logit": line(1.0), "fused": line(2.0),
                                  "fused_other_scripts": line(0.25)}}
        folder = driver.tiny.write(self.folder / "scripts", {
            **driver.tiny.files(), "config.json": json.dumps(config).encode()})
        first = [1.0, 2.0]
        for query, weight, slope in (("bees", 0.5, 2.0), ("\u043f\u0447\u0451\u043b\u044b", 2.0, 0.25)):
            answer, = driver.run("score", "--model", folder, "--report", stdin=driver.jsonl(
                {"query": query, "passages": ["a", "b"], "first_stage": first})).lines()
            for hit, s in zip(answer["report"], first):
                self.assertAlmostEqual(hit["score"], hit["logit"] + weight * 10 * s / 2.0, places=4)
                self.assertAlmostEqual(hit["probability"],
                                       1 / (1 + math.exp(-slope * hit["score"])), places=5)

    def test_other_fusions_and_calibrations_make_other_fingerprints(self):
        maps = {"logit": {"slope": 2.0, "offset": 0.0}, "fused": {"slope": 1.0, "offset": 0.0}}
        fingerprints = set()
        for i, says in enumerate(({}, {"first_stage": None}, {"first_stage": {"max_weight": 0.5}},
                                  {"calibration": maps},
                                  {"calibration": {**maps, "fused": {"slope": 1.0, "offset": -1.0}}})):
            folder = driver.tiny.write(self.folder / f"says_{i}", {
                **driver.tiny.files(),
                "config.json": json.dumps({**driver.tiny.config(), **says}).encode()})
            info, = driver.run("info", "--model", folder, "--json").lines()
            fingerprints.add(info["fingerprint"])
        self.assertEqual(len(fingerprints), 5)

    def test_rank_calls_a_number_a_probability_where_the_folder_is_calibrated(self):
        config = {**driver.tiny.config(), "first_stage": None,
                  "calibration": {"logit": {"slope": 0.1, "offset": 0.0}}}
        folder = driver.tiny.write(self.folder / "logit_alone", {
            **driver.tiny.files(), "config.json": json.dumps(config).encode()})
        for model, heading in ((folder, "prob."), (self.model, "sigmoid")):
            table = driver.run("rank", "--model", model, "--query", "bees", stdin=b"they dance")
            self.assertEqual(table.out.decode().split("\n")[0].split(),
                             ["rank", "score", heading, "passage"])

    def test_tokenize_writes_what_the_encoder_reads(self):
        text, pair = self.ask("tokenize", {"text": "the bee"}, {"query": "a", "passage": "b"})
        names = list(driver.tiny.tokenizer()["model"]["vocab"])
        begin = len(names)
        spelled = ["".join(names[i] for i in answer["ids"] if i < begin) for answer in (text, pair)]
        self.assertEqual(spelled, ["theĠbee", "question:aĠĊĠĊĠpassage:b"])
        self.assertEqual(pair["ids"][0], begin)

    def test_info_says_what_was_loaded(self):
        table = driver.run("info", "--model", self.model)
        info, = driver.run("info", "--model", self.model, "--json").lines()
        for key, value in info.items():
            self.assertRegex(table.out.decode(), rf"(?m)^{key} ")
        wanted = {"num_layers": 2, "hidden_size": 64, "intermediate_size": 112, "num_heads": 2,
                  "num_kv_heads": 1, "head_dim": 32, "vocabulary": driver.tiny.NUM_TOKENS,
                  "max_tokens": 128, "device": "cpu", "precision": "fp32", "fusion": True,
                  "calibrated": False, "overflow": "truncate", "max_chunks": 1}
        self.assertEqual({key: info[key] for key in wanted}, wanted)
        self.assertRegex(info["fingerprint"], r"^[0-9a-f]{16}$")

    def test_bench_measures_what_it_was_asked_to(self):
        result = driver.run("bench", "--model", self.model, "--tokens", 100, "--pairs", 3,
                            "--repeat", 2, "--json")
        bench, = result.lines()
        self.assertEqual((bench["pairs"], bench["repetitions"]), (3, 2))
        self.assertTrue(3 * 90 < bench["tokens"] <= 3 * 100, bench)
        median, least, most = bench["tokens_per_second"]
        self.assertTrue(0 < least <= median <= most)

    def test_bench_times_no_pair_that_has_no_score(self):
        result = driver.run("bench", "--model", self.model, "--tokens", 600, "--overflow", "fail")
        self.check_failure(result, 2, "usage", "too_long")
        self.assertEqual(result.out, b"")

    def test_bench_makes_no_pair_that_is_shorter_than_asked_for(self):
        result = driver.run("bench", "--model", self.model, "--tokens", 3)
        self.check_failure(result, 2, "usage", "a pair of 3 tokens asked for", "or more wanted")


class Rank(driver.CliTest):
    PASSAGES = "they dance\nthe hive is warm\n\n\N{HONEYBEE} in winter\r\n" + "long " * 60 + "\n"

    def rank(self, *options, stdin=PASSAGES.encode()):
        result = driver.run("rank", "--model", self.model, "--query", "bees", *options, stdin=stdin)
        self.assertEqual((result.status, result.error), (0, ""))
        return result

    def test_json_gives_the_passages_best_first(self):
        hits = self.rank("--json").lines()
        self.assertEqual([hit["rank"] for hit in hits], [1, 2, 3, 4, 5])
        self.assertEqual(hits, sorted(hits, key=lambda hit: -hit["score"]))
        passages = self.PASSAGES.replace("\r", "").split("\n")
        for hit in hits:
            self.assertEqual(hit["passage"], passages[hit["index"]])
        self.assertEqual([hit["index"] for hit in self.rank("--json", "--top", 2).lines()],
                         [hit["index"] for hit in hits[:2]])

    def test_table_fits_80_columns(self):
        lines = self.rank().out.decode().splitlines()
        self.assertEqual(len(lines), 6)
        self.assertTrue(all(len(line) <= 80 for line in lines))
        self.assertTrue(any(line.endswith("…") for line in lines))

    def test_query_from_a_file(self):
        path = self.folder / "query.txt"
        path.write_text("bees\n")
        result = driver.run("rank", "--model", self.model, "--query-file", path, "--json",
                            stdin=self.PASSAGES.encode())
        self.assertEqual(result.out, self.rank("--json").out)

    def test_bytes_that_are_not_utf8_are_read_as_replacement_characters(self):
        """As many at a time as Unicode, and Python, have them: the echo is what was scored."""
        for text in (b"a\xffb", b"b\xe2\x82 d", b"\xf0\x9f\x90", b"\xe0\x80\x80", b"\xed\xa0\x80x", b"\xf4\x90\x80\x80",
                     b"\xf0\x9f\x90\x9d\xf0\x8f\xc3", b"\xc0\xaf\xc3("):
            with self.subTest(text=text):
                raw = self.rank("--json", stdin=text + b"\n").lines()
                clean = text.decode(errors="replace")
                self.assertEqual(raw[0]["passage"], clean)
                self.assertEqual(raw[0]["score"], self.rank("--json", stdin=clean.encode() + b"\n").lines()[0]["score"])

    def test_no_passages_no_hits(self):
        self.assertEqual(self.rank("--json", stdin=b"").out, b"")


if __name__ == "__main__":
    unittest.main()
