"""The texts of the CPU comparison: passages that make prompts of exactly so many tokens."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "oracle"))

from pairs import Dice, counter, draw_words, longest
from tokenizers import Tokenizer

from turns import QUERY

# Log-uniform from 16 to 512, in an order that is neither sorted nor kind to padding.
RAGGED = [round(16 * 32 ** ((i * 11 % 32) / 31)) for i in range(32)]
LENGTHS = {
    "equal: 8 x 512": [512] * 8,
    "ragged: 32 of 16 to 512": RAGGED,
    "one of 128": [128],
    "one of 2048": [2048],
}


def passage_of(tokens: int, index: int, count) -> str:
    """A passage of English whose prompt with QUERY has exactly `tokens` tokens."""
    fits = lambda text: count(QUERY, text) <= tokens
    text = longest(draw_words(Dice(1234, tokens, index), "english", tokens), fits)
    while (missing := tokens - count(QUERY, text)) > 0:
        text += " the" * missing
    if missing:
        raise ValueError(f"no passage of exactly {tokens} tokens came about")
    return text


def workloads(folder) -> dict[str, list[str]]:
    """The passages by the workload's name."""
    count = counter(Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json")))
    return {name: [passage_of(tokens, i, count) for i, tokens in enumerate(lengths)]
            for name, lengths in LENGTHS.items()}
