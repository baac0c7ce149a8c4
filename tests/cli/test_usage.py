"""What is wrong with the command line ends with status 2 before anything is read."""

import unittest

import driver

# arguments, fragments of the message
WRONG = [
    ([], ["no verb", "--help"]),
    (["frobnicate"], ["frobnicate"]),
    (["score"], ["--model is required"]),
    (["score", "--model"], ["--model"]),
    (["score", "--model", "M", "--frob"], ["--frob"]),
    (["score", "--model", "M", "stray"], ["stray"]),
    (["score", "--model", "M", "--device", "tpu"], ["--device", "'tpu' found", "auto|cpu|cuda"]),
    (["score", "--model", "M", "--precision", "fp4"], ["'fp4' found", "fp32|bf16"]),
    (["score", "--model", "M", "--overflow", "wrap"], ["'wrap' found", "auto|truncate|chunk|fail"]),
    (["score", "--model", "M", "--special-tokens", "x"], ["'x' found", "match|plain"]),
    (["score", "--model", "M", "--threads", "-1"], ["'-1' found", "1 or more"]),
    (["score", "--model", "M", "--threads", "two"], ["'two' found"]),
    (["score", "--model", "M", "--max-tokens", "0"], ["'0' found"]),
    (["score", "--model", "M", "--token-budget", "1e4"], ["'1e4' found"]),
    (["score", "--model", "M", "--max-chunks", "0"], ["'0' found", "1 or more wanted"]),
    (["score", "--model", "M", "--memory-limit", "2 parsecs"], ["--memory-limit"]),
    (["rank", "--model", "M"], ["--query"]),
    (["rank", "--model", "M", "--query", "a", "--query-file", "b"], ["--query"]),
    (["rank", "--model", "M", "--query", "a", "--top", "-2"], ["'-2' found"]),
    (["eval", "--split", "dev", "--candidates", "c"], ["--data is required"]),
    (["bench", "--model", "M", "--repeat", "0"], ["--repeat"]),
]


class Usage(driver.CliTest):
    def test_wrong_command_lines(self):
        for arguments, fragments in WRONG:
            with self.subTest(arguments=arguments):
                result = driver.run(*arguments)
                self.check_failure(result, 2, "usage", *fragments)
                self.assertEqual(result.out, b"")

    def test_window_over_the_folders(self):
        result = driver.run("info", "--model", self.model, "--max-tokens", 129)
        self.check_failure(result, 2, "usage", "129", "128")

    def test_help(self):
        for arguments in [["--help"], ["score", "--help"], ["eval", "--help"]]:
            result = driver.run(*arguments)
            self.assertEqual((result.status, result.error), (0, ""))
            self.assertIn(b"Usage", result.out)


if __name__ == "__main__":
    unittest.main()
