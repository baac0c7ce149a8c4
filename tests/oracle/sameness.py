"""Shows that a pair's logit is the same bits whatever it is scored with.

    python sameness.py --bin build/release/bin/rerank

Passages of none to 3000 tokens on a small random shape. The first run scores each alone, with
one thread; every other run must print the same digits: random batches in random order, token budgets of
64 to 65536, one and two threads, and every instruction set named. The digits are the
shortest that read back as the same float, so equal digits are equal bits. Exit status 1 if any differ.
"""

import argparse
import pathlib
import sys
import tempfile
import time

from checkpoint import make_checkpoint
from cli import Rerank
from pairs import Dice, counter, draw_words, longest
from words import SCRIPTS

QUERY = "how do bees talk?"
LENGTHS = (1, 2, 3, 5, 7, 8, 9, 13, 15, 16, 17, 19, 31, 32, 33, 47, 63, 64, 65, 97, 111, 127, 128, 129, 191, 255, 256,
           257, 383, 511, 513, 767, 1023, 1024, 1025, 1535, 2047, 2049, 3000)
BUDGETS = (64, 257, 1024, 4096, 16384, 65536)
MAX_TOKENS = 4096


def passages(tokenizer) -> list[str]:
    """A passage of about each length, scripts in turn; the bare prompt is 11 tokens longer."""
    count, names = counter(tokenizer), list(SCRIPTS)
    bare = count(QUERY, "")
    texts = ["", "a", "a"]  # the shortest there are; the same twice must get the same bits twice
    for n, length in enumerate(LENGTHS):
        words = draw_words(Dice(99, n), names[n % len(names)], length)
        texts.append(longest(words, lambda text: count(QUERY, text) <= bare + length))
    return texts


def shuffled(items: list, dice: Dice) -> list:
    """A random order, by Philox alone."""
    items = list(items)
    for i in range(len(items) - 1, 0, -1):
        j = dice.below(i + 1)
        items[i], items[j] = items[j], items[i]
    return items


def batches(count: int, number: int) -> list[list[int]]:
    """Random subsets in random order, by index; the first takes all, the second all backwards."""
    made = [list(range(count)), list(range(count))[::-1]]
    for n in range(number - 2):
        dice = Dice(7, n)
        made.append(shuffled(range(count), dice)[: 2 + dice.below(count - 2)])
    return made


class Sameness:
    """Holds the digits of every pair alone and counts what differs from them."""

    def __init__(self, binary, folder, texts, args):
        self._binary, self._folder, self._texts = binary, folder, texts
        self._options = ("--precision", args.precision, "--device", args.device)
        self._window = () if args.model else ("--max-tokens", MAX_TOKENS)
        with self._open(threads=1, budget=16384) as rerank:
            self._alone = [rerank.digits(QUERY, [text])[0] for text in texts]
        self.differing = 0

    def _open(self, threads: int, budget: int, isa: str | None = None) -> Rerank:
        return Rerank(self._binary, self._folder, *self._options, "--threads", threads,
                      "--token-budget", budget, *self._window, isa=isa)

    def check(self, title: str, calls: list[list[int]], threads: int, budget: int, isa: str | None = None):
        """Scores each call's passages together and compares digit by digit."""
        start, differing = time.monotonic(), []
        with self._open(threads, budget, isa) as rerank:
            for call in calls:
                got = rerank.digits(QUERY, [self._texts[i] for i in call])
                differing += [(i, digits) for i, digits in zip(call, got, strict=True) if digits != self._alone[i]]
        self.differing += len(differing)
        counts = f"{sum(map(len, calls)):>5} scores  {len(differing):>4} differ"
        print(f"{title:<36} {counts}  {time.monotonic() - start:6.1f} s", flush=True)
        for i, digits in differing[:3]:
            print(f"    passage {i}: {digits}, alone {self._alone[i]}")


def run(sameness: Sameness, count: int, args):
    """All the ways to score the same pairs."""
    alone, all_calls = [[i] for i in range(count)], batches(count, args.batches)
    for threads in (1, 2):
        sameness.check(f"{len(all_calls)} batches, {threads} thread(s)", all_calls, threads, 16384)
    for budget in BUDGETS:
        sameness.check(f"token budget {budget}, 2 threads", all_calls[:2], 2, budget)
    for isa in args.isa:
        sameness.check(f"{isa}: alone, 1 thread", alone, 1, 16384, isa)
        sameness.check(f"{isa}: all together, 2 threads", all_calls[:1], 2, 4096, isa)


def main():
    from tokenizers import Tokenizer

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--shape", default="tiny")
    parser.add_argument("--model", type=pathlib.Path, help="another folder, in place of a shape's")
    parser.add_argument("--precision", default="fp32", help="int8 has other bits on avx2, bf16 needs avx512_bf16")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batches", type=int, default=50)
    parser.add_argument("--isa", nargs="*", default=["generic", "avx2"], help="leave out what the machine lacks")
    parser.add_argument("--work", type=pathlib.Path, help="keeps the folder here; default: a temporary one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.model or (args.work or pathlib.Path(temporary)) / args.shape
        if not (folder / "config.json").exists():
            make_checkpoint(folder, args.shape)
        texts = passages(Tokenizer.from_file(str(folder / "tokenizer.json")))
        sameness = Sameness(args.bin, folder, texts, args)
        run(sameness, len(texts), args)
    print("all bits the same" if not sameness.differing else f"FAIL: {sameness.differing} scores differ")
    sys.exit(1 if sameness.differing else 0)


if __name__ == "__main__":
    main()
