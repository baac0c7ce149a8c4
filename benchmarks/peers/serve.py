"""The loop that puts an engine behind the protocol of `rerank score`, so that all are timed alike.

A line {"query": str, "passages": [str…]} in, a line {"scores": [float…]} out. The texts become ids here, by
the same prompt and tokenizer for every engine, and go to it `--pairs` at a time in the order given: one, so
that nothing is padded, or more in one call. An engine is a class:

    Engine.convert(options)       makes the files that it reads and that are missing; a process of its own
    Engine(options)               loads them
    engine.logits(ids)            list of id lists -> list of floats

`--stages FILE` writes how long imports and loading took.
"""

import argparse
import json
import pathlib
import sys
import time

START = time.monotonic()
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "oracle"))

from prompt import prompt

MAX_TOKENS = 8192


class Scorer:
    """A tokenizer and an engine."""

    def __init__(self, engine, folder: pathlib.Path, pairs: int):
        from tokenizers import Tokenizer

        self._engine, self._pairs = engine, pairs
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def scores(self, query: str, passages: list[str]) -> list[float]:
        texts = [prompt(query, passage) for passage in passages]
        ids = [encoding.ids[:MAX_TOKENS] for encoding in self._tokenizer.encode_batch(texts)]
        parts = (ids[i : i + self._pairs] for i in range(0, len(ids), self._pairs))
        return [float(logit) for part in parts for logit in self._engine.logits(part)]


def parse(description: str, precisions) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="made by tests/oracle/checkpoint.py")
    parser.add_argument("--work", type=pathlib.Path, help="conversions are kept here; default: beside the model")
    parser.add_argument("--precision", choices=precisions, default=next(iter(precisions)))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=1, help="so many in one call")
    parser.add_argument("--convert", action="store_true", help="make the missing files and end")
    parser.add_argument("--stages", type=pathlib.Path)
    options = parser.parse_args()
    options.work = options.work or options.model.with_name(options.model.name + "-peers")
    return options


def serve(engine_class, precisions):
    """The main function of an engine's program; its module's first line is the help text."""
    options = parse(sys.modules["__main__"].__doc__.splitlines()[0], precisions)
    if options.convert:
        options.work.mkdir(parents=True, exist_ok=True)
        engine_class.convert(options)
        return
    imported = time.monotonic()
    scorer = Scorer(engine_class(options), options.model, options.pairs)
    if options.stages:
        stages = {"import_s": imported - START, "load_s": time.monotonic() - imported}
        options.stages.write_text(json.dumps(stages))
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"scores": scorer.scores(request["query"], request["passages"])}), flush=True)
