#!/usr/bin/env python3
"""Builds the tokenizer.json of Llama 3.2 from the `llama-models` package.

The package carries the vocabulary as tiktoken text, where a token's rank is its id. The merges
are implied: every way to cut a token into two tokens is one, in the order of the token's rank and
then of the parts' ranks. What comes out is what Hugging Face distributes (280,147 merges). It
stands under the Llama licence: use it in tests, do not pass it on.

    pip install llama-models==0.3.0
    python make_llama3_tokenizer.py FOLDER
"""
import argparse
import base64
import json
import pathlib

import llama_models

from byte_alphabet import spell

REGEX = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
FIRST_SPECIALS = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
    "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|reserved_special_token_2|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>",
]
NUM_SPECIALS = 256


def read_ranks():
    folder = pathlib.Path(llama_models.__file__).parent
    lines = (folder / "llama3" / "tokenizer.model").read_bytes().splitlines()
    return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines)}


def merges(ranks):
    for token in ranks:
        parts = [(token[:i], token[i:]) for i in range(1, len(token))]
        known = [(ranks[a], ranks[b], a, b) for a, b in parts if a in ranks and b in ranks]
        for _, _, a, b in sorted(known):
            yield f"{spell(a)} {spell(b)}"


def specials():
    reserved = NUM_SPECIALS - len(FIRST_SPECIALS)
    return FIRST_SPECIALS + [f"<|reserved_special_token_{i}|>" for i in range(3, 3 + reserved)]


def added_token(token_id, content):
    return {"id": token_id, "content": content, "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": True}


def post_processor(begin):
    byte_level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
                  "use_regex": True}
    special = {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}

    def sequence(name, type_id):
        return {"Sequence": {"id": name, "type_id": type_id}}

    second = {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 1}}
    template = {
        "type": "TemplateProcessing",
        "single": [special, sequence("A", 0)],
        "pair": [special, sequence("A", 0), second, sequence("B", 1)],
        "special_tokens": {"<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [begin],
                                                  "tokens": ["<|begin_of_text|>"]}},
    }
    return {"type": "Sequence", "processors": [byte_level, template]}


def tokenizer_json():
    ranks = dict(sorted(read_ranks().items(), key=lambda item: item[1]))
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": REGEX}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added_token(len(ranks) + i, s) for i, s in enumerate(specials())],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": post_processor(len(ranks)),
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
                  "vocab": {spell(token): rank for token, rank in ranks.items()},
                  "merges": list(merges(ranks))},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(tokenizer_json(), ensure_ascii=False, indent=2)
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
