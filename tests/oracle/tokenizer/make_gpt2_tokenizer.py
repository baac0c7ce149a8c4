#!/usr/bin/env python3
"""Turns a tokenizer.json into one of the GPT-2 kind: the same vocabulary and merges behind
ByteLevel's own regex, ignore_merges off, and added tokens with every option that there is.

    python make_gpt2_tokenizer.py TOKENIZER_JSON FOLDER [--add-prefix-space]
"""
import argparse
import json
import pathlib

NEW_TOKENS = [
    {"content": "<left>", "lstrip": True},
    {"content": "<right>", "rstrip": True},
    {"content": "<both>", "lstrip": True, "rstrip": True, "special": True},
    {"content": "word", "single_word": True},
    {"content": "<norm>", "normalized": True},
    {"content": "<norm>al", "normalized": True, "rstrip": True},
    {"content": "<no"},
    {"content": "\u00e9t\u00e9", "single_word": True, "normalized": True},
    {"content": "  "},
]
OPTIONS = ("single_word", "lstrip", "rstrip", "normalized", "special")


def added_token(token_id, given):
    return {"id": token_id, "content": given["content"],
            **{option: given.get(option, False) for option in OPTIONS}}


def retype(tokenizer, add_prefix_space):
    model = tokenizer["model"]
    model["ignore_merges"] = False
    tokens = tokenizer["added_tokens"]
    next_id = max(max(model["vocab"].values()), *(token["id"] for token in tokens)) + 1
    for given in NEW_TOKENS:
        known = model["vocab"].get(given["content"])
        tokens.append(added_token(next_id if known is None else known, given))
        next_id += known is None
    tokenizer["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": add_prefix_space,
                                  "trim_offsets": True, "use_regex": True}
    tokenizer["post_processor"] = {"type": "ByteLevel", "add_prefix_space": add_prefix_space,
                                   "trim_offsets": True, "use_regex": True}
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokenizer_json", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--add-prefix-space", action="store_true")
    args = parser.parse_args()
    tokenizer = retype(json.loads(args.tokenizer_json.read_text("utf-8")), args.add_prefix_space)
    args.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(tokenizer, ensure_ascii=False)
    (args.folder / "tokenizer.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
