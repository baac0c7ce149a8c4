"""Cuts a byte-level BPE vocabulary to the tokens that a language uses."""

import json
from collections import Counter
from pathlib import Path
from typing import Iterable, Iterator

from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel

from beir import passage_text
from cut_tokens import spelling

# The rest of SmolLM2's special tokens spell things that occur in real passages
# ("<filename>"), which a reranker must read as text.
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def build_tokenizer(tokens: list[str], merges: list[tuple[str, str]]) -> Tokenizer:
    """A Hugging Face tokenizer with SmolLM2's pre-tokenizer and no template:
    no token is put before or after the text."""
    special = [
        {"id": tokens.index(token), "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for token in SPECIAL_TOKENS
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return Tokenizer.from_str(json.dumps({
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level],
        },
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [list(merge) for merge in merges],
        },
    }))


def train_texts(lists: Path) -> Iterator[str]:
    with open(lists / "train.jsonl", encoding="utf-8") as rows:
        yield from (json.loads(row)["query"] for row in rows)
    with open(lists / "texts.jsonl", encoding="utf-8") as rows:
        for row in rows:
            yield from (passage_text(*p) for p in json.loads(row)["passages"].values())


def count_tokens(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter:
    counts: Counter = Counter()
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == 1000:
            counts.update(i for e in tokenizer.encode_batch_fast(batch) for i in e.ids)
            batch = []
    counts.update(i for e in tokenizer.encode_batch_fast(batch) for i in e.ids)
    return counts


def cut(tokens: list[str], merges: list[tuple[str, str]], counts: Counter, least: int) -> tuple[list[str], list]:
    """(kept tokens in their old order, kept merges in their old order).

    Kept: special tokens, all 256 bytes, what occurs at least `least` times, and
    every token on the way there. Text that needs no dropped token is then spelt
    exactly as before: its merges are all kept, and a merge that is gone can only
    have been passed over.
    """
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    seen = {tokens[i] for i, count in counts.items() if count >= least}
    keep = seen.union(SPECIAL_TOKENS, ByteLevel.alphabet(), *(spelling(token, ranks) for token in seen))
    # SmolLM2 lacks 21 bytes (control characters, and bytes that UTF-8 never
    # uses) and silently skips them; here every byte has a token, at the end.
    known = set(tokens)
    kept = [t for t in tokens if t in keep] + sorted(keep - known)
    return kept, [m for m in merges if {*m, "".join(m)} <= keep]
