"""A wrong line ends the tool with status 1 and names the line, what was found and what was wanted;
the lines before it have been answered."""

import unittest

import driver

GOOD = {"query": "bees", "passages": ["the hive"]}

# line, fragments of the message
SCORE_LINES = [
    (b"", ["an empty line found", "one JSON object wanted"]),
    (b"hello", ["'hello' found", "one JSON object wanted"]),
    (b'{"query": "a", "passages": ["b"]', ['["b"]\' found', "one JSON object wanted"]),
    (b'{"query": "a", "passages": ["b"]} {}', ["one JSON object wanted"]),
    (b'{"query": "a", "passages": ["\x1b' + b"b" * 500 + b"\xff", ['{"query": "a", "passages": [" bbb', "\u2026' found"]),
    (b'["a", ["b"]]', ["an array found", "one JSON object wanted"]),
    (b'{"passages": ["b"]}', ['no field "query" found', "a string wanted"]),
    (b'{"query": "a"}', ['no field "passages" found', "an array of strings wanted"]),
    (b'{"query": 7, "passages": ["b"]}', ['"query": a number found', "a string wanted"]),
    (b'{"query": "a", "passages": "b"}', ['"passages": a string found', "an array of strings"]),
    (b'{"query": "a", "passages": ["b", null]}', ['"passages"[1]: null found', "a string wanted"]),
    (b'{"query": "a", "passages": ["b"], "first_stage": 3}', ['"first_stage": a number found']),
    (b'{"query": "a", "passages": ["b"], "first_stage": ["x"]}', ['"first_stage"[0]: a string']),
    (b'{"query": "a", "passages": ["b"], "first_stage": [1e39]}', ["a finite float wanted"]),
    (b'{"query": "a", "passages": ["b"], "first_stage": [NaN]}', ["[NaN]}' found"]),
    (b'{"query": "a", "passages": ["b"], "first_stage": []}', ['"first_stage": 0 numbers found', "1 wanted"]),
    # JSON is UTF-8: neither raw bytes that are not, nor escapes of half a character.
    (b'{"query": "a", "passages": ["\xff"]}', ["found, one JSON object wanted (UTF8_ERROR)"]),
    (b'{"query": "a", "passages": ["\xed\xa0\x80"]}', ["(UTF8_ERROR)"]),
    (b'{"query": "a", "passages": ["\\ud800"]}', ["(STRING_ERROR)"]),
    (b'{"query": "a", "passages": ["\\udc00x"]}', ["(STRING_ERROR)"]),
]

TOKENIZE_LINES = [
    (b'{"query": "a"}', ['neither "text" nor "query" and "passage" found']),
    (b'{"passage": "a"}', ['neither "text" nor "query" and "passage" found']),
    (b'{"text": ["a"]}', ['"text": an array found', "a string wanted"]),
]


class Requests(driver.CliTest):
    def check_line(self, verb, good, line, fragments):
        stdin = driver.jsonl(good) + line + b"\n" + driver.jsonl(good)
        result = driver.run(verb, "--model", self.model, stdin=stdin)
        self.check_failure(result, 1, "input", "line 2: ", *fragments)
        self.assertEqual(result.out.count(b"\n"), 1)

    def test_score_lines(self):
        for line, fragments in SCORE_LINES:
            with self.subTest(line=line):
                self.check_line("score", GOOD, line, fragments)

    def test_tokenize_lines(self):
        for line, fragments in TOKENIZE_LINES:
            with self.subTest(line=line):
                self.check_line("tokenize", {"text": "a"}, line, fragments)

    def test_first_stage_of_another_length(self):
        for report in [[], ["--report"]]:
            result = driver.run("score", "--model", self.model, *report,
                                stdin=driver.jsonl({**GOOD, "first_stage": [1.0, 2.0]}))
            self.check_failure(result, 1, "invalid_argument", "line 1: ", "first_stage", "2", "1")

    def test_too_long_under_fail(self):
        result = driver.run("score", "--model", self.model, "--overflow", "fail",
                            stdin=driver.jsonl(GOOD, {"query": "a", "passages": ["x y " * 500]}))
        self.check_failure(result, 1, "too_long", "line 2: passage 0", "more than 128 tokens found")
        self.assertEqual(result.out.count(b"\n"), 1)

    def test_files_that_are_not_there(self):
        for path in (self.folder / "none", self.folder):
            result = driver.run("rank", "--model", self.model, "--query-file", path)
            self.check_failure(result, 1, "input", str(path), "cannot be read")

    def test_first_stage_of_no_passages(self):
        answer, = self.ask("score", {"query": "a", "passages": [], "first_stage": []})
        self.assertEqual(answer["scores"], [])

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            status = driver.subprocess.run(
                [driver.RERANK, "score", "--model", self.model], input=driver.jsonl(GOOD),
                stdout=full, stderr=driver.subprocess.PIPE, check=False)
        self.assertEqual(status.returncode, 1)
        self.assertIn(b"stdout cannot be written", status.stderr)


if __name__ == "__main__":
    unittest.main()
