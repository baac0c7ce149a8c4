"""What is wrong with the command line ends with status 2 before anything is read."""

import json
import re
import subprocess
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
    (["score", "--model", "M", "--threads", "-1"], ["'-1' found", "0 or more"]),
    (["score", "--model", "M", "--threads", "two"], ["'two' found"]),
    (["score", "--model", "M", "--max-tokens", "0"], ["'0' found"]),
    (["score", "--model", "M", "--token-budget", "1e4"], ["'1e4' found"]),
    (["score", "--model", "M", "--max-chunks", "0"], ["'0' found", "1 or more wanted"]),
    *((["score", "--model", "M", "--memory-limit", size], ["--memory-limit", f"'{size}' found", "512MB"])
      for size in ("2 parsecs", "-1", "-5MB", "", "MB", "18446744073709551616", "17179869184GB", "1.5GB")),
    (["info", "--model", ""], ["--model", "'' found", "a path wanted"]),
    (["rank", "--model", "M", "--query-file", ""], ["--query-file", "'' found"]),
    (["eval", "--data", "D", "--split", "S", "--candidates", "C", "--json", ""], ["--json", "'' found"]),
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

    def test_a_precision_of_cuda_alone_is_refused_with_why_cuda_is_not_there(self):
        result = driver.run("info", "--model", self.model, "--precision", "fp16",
                            environment={"CUDA_VISIBLE_DEVICES": ""})
        self.check_failure(result, 3, "unsupported", "precision is fp16", "not on CUDA: cuda: ")

    def test_window_over_the_folders(self):
        result = driver.run("info", "--model", self.model, "--max-tokens", 129)
        self.check_failure(result, 2, "usage", "129", "128")

    def test_options_of_calls_are_looked_at_before_the_first_call(self):
        for verb in (["score"], ["rank", "--query", "a"], ["bench"]):
            with self.subTest(verb=verb):
                result = driver.run(*verb, "--model", self.model, "--overflow", "chunk", "--chunk-tokens", 1)
                self.check_failure(result, 2, "usage", "chunk_tokens is 1", "wanted")

    def test_options_that_change_nothing_are_warned_of(self):
        for option, value in (("--max-chunks", 3), ("--chunk-tokens", 100)):
            result = driver.run("score", "--model", self.model, option, value)
            self.assertEqual(result.status, 0)
            self.assertEqual(result.error, "rerank: warning: --max-chunks and --chunk-tokens change nothing "
                                           "without --overflow chunk\n")

    def test_no_threads_are_all_threads(self):
        zero, none = (driver.run("info", "--model", self.model, "--json", *options)
                      for options in (("--threads", 0), ()))
        self.assertEqual((zero.status, zero.error), (0, ""))
        self.assertEqual(json.loads(zero.out)["threads"], json.loads(none.out)["threads"])

    def test_a_size_has_a_unit_or_none(self):
        for size in ("100000000", "0100000000", "100000000B", "100000k", "100MB", "100mib", "1GiB"):
            with self.subTest(size=size):
                result = driver.run("info", "--model", self.model, "--memory-limit", size, "--json")
                self.assertEqual((result.status, result.error), (0, ""))

    def test_a_limit_that_holds_no_pass(self):
        result = driver.run("info", "--model", self.model, "--memory-limit", "010")
        self.check_failure(result, 3, "out_of_memory", "memory_limit is 10,", "wanted")

    def test_a_limit_that_holds_none_of_the_pairs(self):
        options = ["--model", self.model, "--threads", 1, "--memory-limit"]
        least = int(re.search(r"at least (\d+) wanted for two tokens", driver.run("info", *options, 10).error).group(1))
        result = driver.run("bench", *options, least + 1000, "--tokens", 128, "--pairs", 1)
        self.check_failure(result, 3, "out_of_memory", "a pair is not_scored: there is nothing to time")

    def test_help_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            status = subprocess.run([driver.RERANK, "--help"], stdout=full, stderr=subprocess.PIPE,
                                    check=False).returncode
        self.assertEqual(status, 1)

    def test_help(self):
        for arguments in [["--help"], ["score", "--help"], ["eval", "--help"]]:
            result = driver.run(*arguments)
            self.assertEqual((result.status, result.error), (0, ""))
            self.assertIn(b"Usage", result.out)


if __name__ == "__main__":
    unittest.main()
