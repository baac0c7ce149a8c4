"""The texts that are scored: queries and passages in many scripts, the same on every machine.

    python pairs.py --tokenizer tokenizer.json      # index, tokens, start of the passage

Three groups: `short` (190 pairs of about 6 to 256 tokens), `long` (8 of up to 2048) and `full` (2 that
are longer than 8192 and lose their tail). A pair is named by its group and index; recorded files hold
those and a hash, not the text.
"""

import argparse
import hashlib
from collections.abc import Callable

import numpy as np

from words import ODD, RANGES, SCRIPTS

SEED = 271828
GROUPS = {"short": 190, "long": 8, "full": 2}
LONG = (300, 512, 768, 1023, 1280, 1537, 1792, 2048)


class Dice:
    """Random choices by Philox's raw bits alone, which no numpy version changes."""

    def __init__(self, *key: int):
        self._philox = np.random.Philox(key=[SEED, hash_of(key)])

    def below(self, limit: int) -> int:
        return int(self._philox.random_raw()) % limit

    def pick(self, items):
        return items[self.below(len(items))]


def hash_of(key: tuple[int, ...]) -> int:
    """Folds a few small numbers into one 64-bit key."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "little")


def _noise(dice: Dice) -> str:
    """A word of one to six letters of one script, drawn blindly."""
    first, last = dice.pick(RANGES)
    return "".join(chr(first + dice.below(last - first + 1)) for _ in range(1 + dice.below(6)))


def draw_words(dice: Dice, script: str, count: int) -> list[str]:
    """`count` words with what stands before each: mostly the script's joiner, now and then a corner."""
    joiner, words = SCRIPTS[script]
    pieces = []
    for i in range(count):
        roll = dice.below(40)
        before = {0: "\n", 1: "  ", 2: ", ", 3: ". ", 4: "\n\n", 5: " (", 6: "\t"}.get(roll, joiner) if i else ""
        pieces.append(before + (_noise(dice) if roll == 7 else dice.pick(words)))
    return pieces


def longest(pieces: list[str], fits: Callable[[str], bool]) -> str:
    """The longest text of the first pieces that fits."""
    low, high = 0, len(pieces)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits("".join(pieces[:middle])) else (low, middle - 1)
    return "".join(pieces[:low])


def _target(group: str, index: int) -> int:
    """The number of tokens that the pair comes close to, prompt included, from below."""
    if group == "short":
        return 12 + (256 - 12) * index // (GROUPS["short"] - 1)
    return LONG[index] if group == "long" else 8600


def make_pair(group: str, index: int, count_tokens: Callable[[str, str], int]) -> tuple[str, str]:
    """(query, passage); `count_tokens` counts what the whole prompt of the two comes to."""
    if group == "short" and index % 15 == 0 and index // 15 < len(ODD):
        return ODD[index // 15]
    dice = Dice(list(GROUPS).index(group), index)
    names = list(SCRIPTS)
    script = names[(index * 7 + 3) % len(names)]
    other = dice.pick(names) if dice.below(3) == 0 else script  # some pairs cross languages
    target = _target(group, index)
    query = longest(draw_words(dice, script, 2 + dice.below(11)), lambda q: count_tokens(q, "") <= max(10, target // 2))
    passage = longest(draw_words(dice, other, target), lambda p: count_tokens(query, p) <= target)
    return query, passage


def sha256(query: str, passage: str) -> str:
    """Names the two texts together; a NUL may be part of either, so lengths go in too."""
    data = [text.encode() for text in (query, passage)]
    return hashlib.sha256(b"".join(len(d).to_bytes(8, "little") + d for d in data)).hexdigest()


def all_pairs(count_tokens: Callable[[str, str], int], groups=tuple(GROUPS)):
    """Yields (group, index, query, passage)."""
    for group in groups:
        for index in range(GROUPS[group]):
            yield group, index, *make_pair(group, index, count_tokens)


def counter(tokenizer) -> Callable[[str, str], int]:
    """Counts the tokens of a prompt, BOS included, before truncation."""
    return lambda query, passage: len(tokenizer.encode(f"question:{query} \n \n passage:{passage}").ids)


def main():
    from tokenizers import Tokenizer

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", required=True)
    count = counter(Tokenizer.from_file(parser.parse_args().tokenizer))
    for group, index, query, passage in all_pairs(count):
        print(group, index, count(query, passage), sha256(query, passage)[:12], repr(query[:30]), repr(passage[:50]))


if __name__ == "__main__":
    main()
