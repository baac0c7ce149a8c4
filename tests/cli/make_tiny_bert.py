#!/usr/bin/env python3
"""Writes a model folder small enough to make in a test: a BERT cross-encoder with random weights.

    make_tiny_bert.py FOLDER [--pair-cosine]

Its parts can be changed as those of make_tiny_model.py can.
"""

import argparse
import json
import math
import random
import string
import struct

from make_tiny_model import safetensors, write

HIDDEN, LAYERS, HEADS, FFN, POSITIONS = 64, 2, 2, 112, 128
CLASSIFIER, PAIR_COSINE = "BertForSequenceClassification", "BertPairCosineForSequenceClassification"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = string.ascii_lowercase + string.digits
WORDS = ["the", "bee", "why", "pass", "##ing", "##er", "##ee", "##on", "."]
TOKENS = [*SPECIAL, *LETTERS, *("##" + letter for letter in LETTERS), *WORDS]


def tokenizer():
    special = {name: SPECIAL.index(name) for name in ("[CLS]", "[SEP]")}
    begin, end = ({"SpecialToken": {"id": name, "type_id": 0}} for name in special)
    first, second = ({"Sequence": {"id": name, "type_id": i}} for i, name in enumerate("AB"))
    return {
        "version": "1.0",
        "added_tokens": [{"id": i, "content": token, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}
                         for i, token in enumerate(SPECIAL)],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                       "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, first, end],
            "pair": [begin, first, end, second,
                     {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
            "special_tokens": {name: {"id": name, "ids": [i], "tokens": [name]}
                               for name, i in special.items()}},
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100,
                  "vocab": {token: i for i, token in enumerate(TOKENS)}},
    }


def config(architecture=CLASSIFIER):
    return {
        "architectures": [architecture], "model_type": "bert",
        "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "intermediate_size": FFN, "hidden_act": "gelu", "position_embedding_type": "absolute",
        "vocab_size": len(TOKENS), "max_position_embeddings": POSITIONS, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "id2label": {"0": "LABEL_0"},
        "first_stage": {"max_weight": 0.5, "zscore_weight": 0.25},
    }


def linear(name, rows, cols):
    yield name + ".weight", [rows, cols]
    yield name + ".bias", [rows]


def norm(name):
    yield name + ".weight", [HIDDEN]
    yield name + ".bias", [HIDDEN]


def shapes(prefix, architecture):
    for table, rows in (("word", len(TOKENS)), ("position", POSITIONS), ("token_type", 2)):
        yield f"{prefix}embeddings.{table}_embeddings.weight", [rows, HIDDEN]
    yield from norm(prefix + "embeddings.LayerNorm")
    for i in range(LAYERS):
        layer = f"{prefix}encoder.layer.{i}."
        for part in ("query", "key", "value"):
            yield from linear(f"{layer}attention.self.{part}", HIDDEN, HIDDEN)
        yield from linear(layer + "attention.output.dense", HIDDEN, HIDDEN)
        yield from norm(layer + "attention.output.LayerNorm")
        yield from linear(layer + "intermediate.dense", FFN, HIDDEN)
        yield from linear(layer + "output.dense", HIDDEN, FFN)
        yield from norm(layer + "output.LayerNorm")
    if architecture == CLASSIFIER:
        yield from linear(prefix + "pooler.dense", HIDDEN, HIDDEN)
    yield from linear("classifier", 1, HIDDEN)
    if architecture == PAIR_COSINE:
        yield "cosine_scale", [1]


def tensors(prefix="bert.", architecture=CLASSIFIER):
    """Name to (dtype, shape, bytes)."""
    source = random.Random(1)
    made = {}
    for name, shape in shapes(prefix, architecture):
        middle = 1.0 if name.endswith("LayerNorm.weight") else 5.0 if name == "cosine_scale" else 0.0
        scale = 0.1 if len(shape) == 1 else 1 / math.sqrt(shape[-1])
        values = [source.gauss(middle, scale) for _ in range(math.prod(shape))]
        made[name] = ("F32", shape, struct.pack(f"<{len(values)}f", *values))
    return made


def files(prefix="bert.", architecture=CLASSIFIER):
    """What a sound folder holds: file name to bytes."""
    return {"config.json": json.dumps(config(architecture)).encode(),
            "tokenizer.json": json.dumps(tokenizer()).encode(),
            "model.safetensors": safetensors(tensors(prefix, architecture))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--pair-cosine", action="store_true", help="with that head in place of BERT's own")
    args = parser.parse_args()
    write(args.folder, files(architecture=PAIR_COSINE if args.pair_cosine else CLASSIFIER))


if __name__ == "__main__":
    main()
