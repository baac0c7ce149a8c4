"""Whatever text a passage holds, it gets a score, and the same one in every company."""

import json
import math
import unittest

import driver

ODD = ["", " ", "\n", "\0", "a\0b", "bees dance", "x" * 200_000, "Ünïcödé ö\u0308", "蜂の巣",
       "\U0001F41D" * 50, "\ufeffbom", "\u200d\u200d", "<|begin_of_text|>", "question:", "\r\n\t",
       "12345678901234567890", "long words " * 2_000]


class Passages(driver.CliTest):
    def score(self, passages, *options):
        request = {"query": "how do bees talk", "passages": passages}
        return self.ask("score", request, options=options)[0]

    def test_every_passage_has_a_finite_score(self):
        scores = self.score(ODD)["scores"]
        self.assertEqual(len(scores), len(ODD))
        self.assertTrue(all(math.isfinite(score) for score in scores), scores)

    def test_a_passage_of_which_one_window_has_no_finite_logit_is_not_scored(self):
        parts = driver.tiny.tensors()
        dtype, (tokens, width), data = parts["model.embed_tokens.weight"]
        letter = driver.tiny.tokenizer()["model"]["vocab"]["Q"]
        row = slice(2 * width * letter, 2 * width * (letter + 1))
        broken = data[:row.start] + b"\xc0\x7f" * width + data[row.stop:]  # NaN in bfloat16
        parts["model.embed_tokens.weight"] = (dtype, [tokens, width], broken)
        folder = driver.tiny.write(self.folder / "nan", {
            **driver.tiny.files(), "model.safetensors": driver.tiny.safetensors(parts)})
        passages = ["bees", "xyz " * 200 + "Q", "Q" + " xyz" * 200]
        options = ["--model", folder, "--overflow", "chunk", "--max-chunks", 99]
        answer, = driver.run("score", *options, "--report", stdin=driver.jsonl({"query": "a", "passages": passages})).lines()
        self.assertEqual([hit["status"] for hit in answer["report"]], ["ok", "non_finite", "non_finite"])
        self.assertEqual([score is None for score in answer["scores"]], [False, True, True])
        result = driver.run("score", *options, stdin=driver.jsonl({"query": "a", "passages": passages}))
        self.check_failure(result, 3, "model_invalid", "passage 1", "no finite score in ")

    def test_no_passages_no_scores(self):
        self.assertEqual(self.score([]), {"scores": []})
        self.assertEqual(self.score([], "--report"), {"scores": [], "report": []})

    def test_an_empty_query(self):
        answer = self.ask("score", {"query": "", "passages": ["a", ""]})[0]
        self.assertEqual(len(answer["scores"]), 2)

    def test_company_order_threads_and_budget_change_no_digit(self):
        together = self.score(ODD)["scores"]
        self.assertEqual([self.score([one])["scores"][0] for one in ODD], together)
        self.assertEqual(self.score(ODD[::-1])["scores"][::-1], together)
        self.assertEqual(self.score(ODD, "--threads", "1")["scores"], together)
        self.assertEqual(self.score(ODD, "--token-budget", "1")["scores"], together)
        self.assertEqual([hit["score"] for hit in self.score(ODD, "--report")["report"]], together)

    def test_truncate_reads_a_long_passage_up_to_the_window(self):
        long, short = self.score(["ab " * 400, "ab"], "--report")["report"]
        self.assertEqual((long["status"], short["status"]), ("truncated", "ok"))
        self.assertLessEqual(long["tokens"], 128)
        self.assertLess(long["bytes_read"], 1200)
        self.assertEqual(long["chunk"], [0, long["bytes_read"]])
        self.assertEqual((short["bytes_read"], short["chunk"]), (2, [0, 2]))

    def test_chunk_reads_all_of_it_and_names_the_best_window(self):
        passage = "ab " * 200
        hit, = self.score([passage], "--overflow", "chunk", "--report")["report"]
        self.assertEqual((hit["status"], hit["bytes_read"]), ("chunked", len(passage)))
        self.assertGreater(hit["tokens"], 128)
        begin, end = hit["chunk"]
        self.assertTrue(0 <= begin < end <= len(passage), hit)
        window, = self.score([passage[begin:end]])["scores"]
        self.assertEqual(window, hit["score"])
        chunk = ["--overflow", "chunk", "--max-chunks", 2, "--report"]
        two, = self.score([passage], *chunk)["report"]
        self.assertLess(two["bytes_read"], hit["bytes_read"])
        self.assertLessEqual(two["tokens"], 2 * 128)

    def test_of_many_windows_those_are_read_that_share_most_with_the_query(self):
        filler = "xyz " * 150
        passage = filler + "bees talk " + filler + "how " + filler
        chunk = ["--overflow", "chunk", "--report", "--max-chunks"]
        one, = self.score([passage], *chunk, 1)["report"]
        begin, end = one["chunk"]
        self.assertIn("bees talk", passage[begin:end])
        self.assertEqual(one["bytes_read"], end - begin)
        two, = self.score([passage], *chunk, 2)["report"]
        first, = self.score([passage[:two["bytes_read"] - one["bytes_read"]]])["scores"]
        self.assertEqual(two["score"], max(first, one["score"]))
        every, = self.score([passage], *chunk, 1000)["report"]
        self.assertEqual(every["bytes_read"], len(passage))
        self.assertEqual(every, self.score([passage], *chunk, 999)["report"][0])

    def test_company_order_threads_and_budget_change_no_choice_of_windows(self):
        chunk = ["--overflow", "chunk", "--max-chunks", 2, "--report"]
        passages = [*ODD, "xyz " * 200 + "bees talk " + "xyz " * 200]
        together = self.score(passages, *chunk)["report"]
        for number, one in enumerate(passages):
            self.assertEqual(self.score([one], *chunk)["report"][0] | {"index": number}, together[number])
        backwards = self.score(passages[::-1], *chunk)["report"][::-1]
        self.assertEqual([hit | {"index": 0} for hit in backwards],
                         [hit | {"index": 0} for hit in together])
        self.assertEqual(self.score(passages, *chunk, "--threads", 1)["report"], together)
        self.assertEqual(self.score(passages, *chunk, "--token-budget", 1)["report"], together)

    def test_chunks_may_have_a_shorter_window_than_whole_passages(self):
        passage, fits = "xyz " * 200, "ab " * 30
        chunk = ["--overflow", "chunk", "--max-chunks", 1000, "--report"]
        short = self.score([passage, fits], *chunk, "--chunk-tokens", 64)["report"]
        alone = self.score([passage], *chunk, "--max-tokens", 64)["report"]
        self.assertEqual(short[0], alone[0])
        self.assertEqual(short[1], self.score([fits], "--report")["report"][0] | {"index": 1})
        self.assertGreater(short[1]["tokens"], 64)
        long = self.score([passage], *chunk, "--chunk-tokens", 5000)["report"]
        self.assertEqual(long, self.score([passage], *chunk)["report"])
        result = driver.run("score", "--model", self.model, "--overflow", "chunk", "--chunk-tokens",
                            3, stdin=driver.jsonl({"query": "a", "passages": ["b"]}))
        self.check_failure(result, 2, "usage", "chunk_tokens is 3, at least ")

    def test_auto_is_what_the_folder_says_of_long_passages(self):
        request = {"query": "how do bees talk", "passages": ["xyz " * 200 + "bees", "ab"]}
        two = ["--overflow", "chunk", "--max-chunks", 2]
        fingerprints = set()
        for name, says, same in (("silent", None, ["--overflow", "truncate"]),
                                 ("cuts", {"overflow": "truncate"}, ["--overflow", "truncate"]),
                                 ("chunks", {"overflow": "chunk", "max_chunks": 2}, two),
                                 ("short", {"overflow": "chunk", "max_chunks": 2,
                                            "chunk_tokens": 64}, [*two, "--chunk-tokens", 64]),
                                 ("articles", {"overflow": "chunk", "max_chunks": 1, "articles": {
                                     "over_tokens": 150, "max_chunks": 2, "chunk_tokens": 64}},
                                  [*two, "--chunk-tokens", 64])):
            config = {**driver.tiny.config(), "long_passages": says}
            folder = driver.tiny.write(self.folder / name, {
                **driver.tiny.files(), "config.json": json.dumps(config).encode()})

            def report(*options):
                return driver.run("score", "--model", folder, "--report", *options,
                                  stdin=driver.jsonl(request)).lines()

            self.assertEqual(report(), report(*same))
            self.assertEqual(report("--overflow", "auto", "--max-chunks", 7), report(*same))
            self.assertNotEqual(report("--overflow", "chunk", "--max-chunks", 1), report(*same))
            info, = driver.run("info", "--model", folder, "--json").lines()
            self.assertEqual((info["overflow"], info["max_chunks"], info["chunk_tokens"]),
                             {"chunks": ("chunk", 2, 128), "short": ("chunk", 2, 64),
                              "articles": ("chunk", 1, 128)}.get(name, ("truncate", 1, 128)))
            self.assertEqual((info["article_tokens"], info["article_max_chunks"],
                              info["article_chunk_tokens"]),
                             (150, 2, 64) if name == "articles" else (0, 0, 0))
            fingerprints.add(info["fingerprint"])
        self.assertEqual(len(fingerprints), 4)  # each that chunks has its own

    def test_fail_reports_what_is_too_long_and_scores_the_rest(self):
        answer = self.score(["ab " * 400, "ab"], "--overflow", "fail", "--report")
        self.assertEqual([hit["status"] for hit in answer["report"]], ["too_long", "ok"])
        self.assertIsNone(answer["scores"][0])
        self.assertEqual(answer["scores"][1], self.score(["ab"])["scores"][0])

    def test_a_long_query_is_cut_and_said_to_be(self):
        request = {"query": "why " * 300, "passages": ["because"]}
        hit, = self.ask("score", request, options=["--report"])[0]["report"]
        self.assertTrue(hit["query_truncated"])
        self.assertEqual(hit["bytes_read"], len("because"))

    def test_special_tokens_in_a_text_match_or_are_plain(self):
        text = {"text": "a<|begin_of_text|>b"}
        match, = self.ask("tokenize", text)
        plain, = self.ask("tokenize", text, options=["--special-tokens", "plain"])
        self.assertLess(len(match["ids"]), len(plain["ids"]))


if __name__ == "__main__":
    unittest.main()
