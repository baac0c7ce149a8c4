"""The models that ship have transformers' logits, as tests/oracle/record_shipped.py recorded them."""

import json
import pathlib
import unittest

import driver

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDED = json.loads((ROOT / "tests" / "oracle" / "recorded" / "shipped.json").read_text())
QUESTIONS = [json.loads(line) for line in (ROOT / "examples" / "data" / "questions.jsonl").read_text().splitlines()]


class Reference(unittest.TestCase):
    def test_fp32_logits_are_those_of_transformers(self):
        self.assertEqual(set(RECORDED), {"small", "minilm", "small-llama"})
        for model, recorded in RECORDED.items():
            requests = [{"query": question["query"], "passages": question["passages"][:len(logits)]}
                        for question, logits in zip(QUESTIONS, recorded, strict=True)]
            result = driver.run("score", "--model", ROOT / "models" / model, "--device", "cpu", "--precision", "fp32",
                                "--overflow", "truncate", stdin=driver.jsonl(*requests))
            self.assertEqual((result.status, result.error), (0, ""))
            scores = [json.loads(line)["scores"] for line in result.out.splitlines()]
            for ours, theirs in zip(scores, recorded, strict=True):
                for number, (our, their) in enumerate(zip(ours, theirs, strict=True)):
                    with self.subTest(model=model, passage=number):
                        self.assertAlmostEqual(our, their, delta=1e-4)


if __name__ == "__main__":
    unittest.main()
