"""Runs the tool that the environment variable RERANK names."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import make_tiny_model as tiny

RERANK = os.environ["RERANK"]
# What is expected is what the CPU gives, whatever the machine has.
ENVIRONMENT = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}


class Result:
    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.error = process.stderr.decode()

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments, stdin=b"", environment=None):
    process = subprocess.run([RERANK, *map(str, arguments)], input=stdin, capture_output=True,
                             timeout=120, check=False, env=ENVIRONMENT | (environment or {}))
    return Result(process)


def jsonl(*objects):
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


class CliTest(unittest.TestCase):
    """A tiny model in self.model, and a folder of the class's own in self.folder."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.model = tiny.write(cls.folder / "model", tiny.files())

    def ask(self, verb, *objects, options=()):
        """The answers to JSONL requests that are all sound."""
        result = run(verb, "--model", self.model, *options, stdin=jsonl(*objects))
        self.assertEqual((result.status, result.error), (0, ""))
        answers = result.lines()
        self.assertEqual(len(answers), len(objects))
        return answers

    def check_failure(self, result, status, code, *fragments):
        """One line on stderr: `rerank: CODE: message`, with the fragments in the message."""
        self.assertEqual(result.status, status, result.error)
        self.assertEqual(result.error.count("\n"), 1, result.error)
        self.assertTrue(result.error.startswith(f"rerank: {code}: "), result.error)
        for fragment in fragments:
            self.assertIn(fragment, result.error)
