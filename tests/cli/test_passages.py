"""Whatever text a passage holds, it gets a score, and the same one in every company."""

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
