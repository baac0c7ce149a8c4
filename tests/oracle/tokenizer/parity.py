#!/usr/bin/env python3
"""Compares our tokenizer with Hugging Face `tokenizers`, id by id.

    pip install tokenizers==0.23.3
    python parity.py TOKENIZER_JSON --stream build/release/bin/tokenize_stream [options]

Without options: every code point, and --strings random texts (20,000). Further
  --vectors NAME.inp   texts and their ids as llama.cpp records them, NAME.out beside it
  --golden FILE        recorded ids as JSON, [[text, [id, ...]], ...]
  --corpora FOLDER     every corpus.jsonl.gz below it (BEIR): title and text of each passage
Ids are compared with special tokens matched, and for the random texts also with them plain. For a
WordPiece tokenizer, ids and token types of random pairs are compared, too, a window cutting the second text.
Exit status 1 if anything differs.
"""
import argparse
import gzip
import itertools
import json
import os
import pathlib
import struct
import subprocess
import sys
import threading
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from tokenizers import Tokenizer  # noqa: E402

import awkward_text  # noqa: E402

BATCH = 2000
WINDOW = 128
MAX_QUERY = 40  # bytes, so that a query is not cut
SHOWN = 10


class Stream:
    """Our tokenizer, behind the pipes of one process."""

    def __init__(self, executable, tokenizer_json, *mode):
        self.process = subprocess.Popen([executable, tokenizer_json, *mode], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def _send(self, texts):
        for text in texts:
            self.process.stdin.write(struct.pack("<I", len(text)) + text)
        self.process.stdin.flush()

    def _read(self, size):
        data = self.process.stdout.read(size)
        if len(data) != size:
            sys.exit("tokenize_stream ended early")
        return data

    def encode(self, texts):
        return self._answers(texts, len(texts))

    def encode_pairs(self, pairs):
        """The ids of each, and behind them how many of them are of token type 1."""
        return self._answers([text for pair in pairs for text in pair], len(pairs))

    def _answers(self, texts, wanted):
        # Sent from the side, so that neither process waits on a full pipe.
        sender = threading.Thread(target=self._send, args=(texts,))
        sender.start()
        for _ in range(wanted):
            (count,) = struct.unpack("<I", self._read(4))
            yield list(struct.unpack(f"<{count}i", self._read(4 * count)))
        sender.join()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class HuggingFace:
    def __init__(self, tokenizer_json, mode):
        self.tokenizer = Tokenizer.from_file(tokenizer_json)
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.tokenizer.encode_special_tokens = mode == "plain"

    def encode(self, texts):
        texts = [text.decode("utf-8", "replace") for text in texts]
        encodings = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in encodings]


    def encode_pairs(self, pairs):
        self.tokenizer.enable_truncation(WINDOW, strategy="only_second")
        pairs = [tuple(text.decode("utf-8", "replace") for text in pair) for pair in pairs]
        for encoding in self.tokenizer.encode_batch(pairs):
            assert encoding.type_ids == sorted(encoding.type_ids)
            yield encoding.ids + [sum(encoding.type_ids)]


class Comparison:
    """Counts texts and differences under one name, and shows the first of them."""

    def __init__(self, name):
        self.name, self.texts, self.bytes, self.different = name, 0, 0, 0
        self.started = time.monotonic()

    def add(self, text, ours, theirs):
        self.texts += 1
        self.bytes += sum(map(len, text)) if isinstance(text, tuple) else len(text)
        if ours == theirs:
            return
        self.different += 1
        if self.different <= SHOWN:
            print(f"  {self.name}: {text!r}\n    ours   {ours}\n    wanted {theirs}")

    def finish(self):
        print(f"{self.name}: {self.texts} texts, {self.bytes / 1e6:.1f} MB, "
              f"{self.different} different, {time.monotonic() - self.started:.0f} s", flush=True)
        return self.different


def batches(texts):
    texts = iter(texts)
    while batch := list(itertools.islice(texts, BATCH)):
        yield batch


def compare_live(name, texts, ours, theirs):
    """`ours` and `theirs` each give the answers to a batch of texts, or of pairs of them."""
    comparison = Comparison(name)
    for batch in batches(texts):
        for text, our, their in zip(batch, ours(batch), theirs(batch)):
            comparison.add(text, our, their)
    return comparison.finish()


def pairs(seed, count, extra):
    """A short text and a longer one, cut anywhere."""
    first, second = awkward_text.mixtures(seed, count, extra), awkward_text.mixtures(seed + 1, 4 * count, extra)
    for text in first:
        yield text[:MAX_QUERY], b" ".join(itertools.islice(second, 4))


def compare_recorded(name, pairs, stream):
    comparison = Comparison(name)
    texts = [text for text, _ in pairs]
    for (text, theirs), ours in zip(pairs, stream.encode(texts)):
        comparison.add(text, ours, theirs)
    return comparison.finish()


def read_vectors(path):
    texts = path.read_bytes().split(b"\n__ggml_vocab_test__\n")
    lines = path.with_suffix(".out").read_text().splitlines()
    ids = [[int(word) for word in line.split()] for line in lines]
    if len(texts) == len(ids) + 1:
        texts.pop()  # a separator may also end the file
    if len(texts) != len(ids):
        sys.exit(f"{path}: {len(texts)} texts, {len(ids)} lines of ids")
    return list(zip(texts, ids))


def read_golden(path):
    return [(text.encode(), ids) for text, ids in json.loads(path.read_text("utf-8"))]


def read_corpus(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            passage = json.loads(line)
            title, text = passage.get("title") or "", passage["text"]
            yield f"{title} {text}".encode("utf-8", "replace") if title else text.encode("utf-8", "replace")


def is_word_piece(tokenizer_json):
    return json.loads(pathlib.Path(tokenizer_json).read_text("utf-8"))["model"].get("type") == "WordPiece"


def run(args):
    extra = awkward_text.BERT if is_word_piece(args.tokenizer_json) else ()
    stream = Stream(args.stream, args.tokenizer_json, "match")
    oracle = HuggingFace(args.tokenizer_json, "match")
    different = 0
    for path in args.vectors:
        different += compare_recorded(path.name, read_vectors(path), stream)
    for path in args.golden:
        different += compare_recorded(path.name, read_golden(path), stream)
    both = stream.encode, oracle.encode
    different += compare_live("every code point", awkward_text.every_code_point(args.seed), *both)
    texts = awkward_text.mixtures(args.seed, args.strings, extra)
    different += compare_live(f"random, seed {args.seed}", texts, *both)
    for folder in args.corpora:
        for path in sorted(folder.rglob("corpus.jsonl.gz")):
            different += compare_live(path.parent.name, read_corpus(path), *both)
    stream.close()

    plain = Stream(args.stream, args.tokenizer_json, "plain")
    texts = awkward_text.mixtures(args.seed + 1, args.strings // 10, extra)
    different += compare_live("random, special tokens plain", texts, plain.encode,
                              HuggingFace(args.tokenizer_json, "plain").encode)
    plain.close()
    return different + (compare_pairs(args, extra) if extra else 0)


def compare_pairs(args, extra):
    stream = Stream(args.stream, args.tokenizer_json, "pair", str(WINDOW))
    texts = pairs(args.seed + 2, args.strings // 10, extra)
    different = compare_live("random pairs", texts, stream.encode_pairs,
                             HuggingFace(args.tokenizer_json, "match").encode_pairs)
    stream.close()
    return different


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokenizer_json")
    parser.add_argument("--stream", required=True, help="the tokenize_stream executable")
    parser.add_argument("--vectors", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--golden", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--corpora", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--strings", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    different = run(parser.parse_args())
    print(f"{different} texts differ")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
