#!/usr/bin/env python3
"""Writes a model folder small enough to make in a test: a bidirectional Llama with random weights.

    make_tiny_model.py FOLDER

The parts can be changed before they are written, to make a folder that is broken in one place.
"""

import argparse
import json
import math
import pathlib
import random
import struct

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD_DIM, FFN = 64, 2, 2, 1, 32, 112
BEGIN = "<|begin_of_text|>"
MERGES = ["t h", "th e", "Ġ the", "i n", "e r", "a n", "Ġ b", "e e", "Ġb ee", "o n", "p a", "s s"]


def byte_alphabet():
    """The characters that stand for bytes 0 to 255 in a byte-level vocabulary (GPT-2's)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in plain)
    table = {byte: chr(byte) for byte in plain}
    table.update({byte: chr(256 + i) for i, byte in enumerate(others)})
    return [table[byte] for byte in range(256)]


def tokenizer():
    tokens = byte_alphabet() + [merge.replace(" ", "") for merge in MERGES]
    begin = len(tokens)
    return {
        "version": "1.0",
        "added_tokens": [{"id": begin, "content": BEGIN, "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
             "use_regex": True}]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": BEGIN, "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                     {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {BEGIN: {"id": BEGIN, "ids": [begin], "tokens": [BEGIN]}}},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {token: i for i, token in enumerate(tokens)}, "merges": MERGES},
    }


NUM_TOKENS = 256 + len(MERGES) + 1


def config():
    return {
        "architectures": ["LlamaBidirectionalForSequenceClassification"],
        "model_type": "llama_bidirec", "pooling": "avg", "temperature": 1.0,
        "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM, "intermediate_size": FFN,
        "vocab_size": NUM_TOKENS, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0, "rope_scaling": None, "hidden_act": "silu",
        "attention_bias": False, "mlp_bias": False, "num_labels": 1,
        "first_stage": {"max_weight": 0.5, "zscore_weight": 0.25},
    }


def shapes():
    yield "model.embed_tokens.weight", [NUM_TOKENS, HIDDEN]
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", [HIDDEN]
        yield prefix + "self_attn.q_proj.weight", [HEADS * HEAD_DIM, HIDDEN]
        yield prefix + "self_attn.k_proj.weight", [KV_HEADS * HEAD_DIM, HIDDEN]
        yield prefix + "self_attn.v_proj.weight", [KV_HEADS * HEAD_DIM, HIDDEN]
        yield prefix + "self_attn.o_proj.weight", [HIDDEN, HEADS * HEAD_DIM]
        yield prefix + "post_attention_layernorm.weight", [HIDDEN]
        yield prefix + "mlp.gate_proj.weight", [FFN, HIDDEN]
        yield prefix + "mlp.up_proj.weight", [FFN, HIDDEN]
        yield prefix + "mlp.down_proj.weight", [HIDDEN, FFN]
    yield "model.norm.weight", [HIDDEN]
    yield "score.weight", [1, HIDDEN]


def bfloat16(values):
    """The upper halves of the float32s: rounded towards zero, which random weights may be."""
    return b"".join(struct.pack("<f", value)[2:] for value in values)


def tensors():
    """Name to (dtype, shape, bytes)."""
    source = random.Random(1)
    made = {}
    for name, shape in shapes():
        scale = 1 / math.sqrt(shape[-1])
        values = ([1.0] * shape[0] if "norm" in name else
                  [source.gauss(0, scale) for _ in range(math.prod(shape))])
        made[name] = ("BF16", shape, bfloat16(values))
    return made


def safetensors(parts):
    header, offset = {}, 0
    for name, (dtype, shape, data) in parts.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    return with_header(header, b"".join(data for _, _, data in parts.values()))


def with_header(header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def files():
    """What a sound folder holds: file name to bytes."""
    return {"config.json": json.dumps(config()).encode(),
            "tokenizer.json": json.dumps(tokenizer()).encode(),
            "model.safetensors": safetensors(tensors())}


def write(folder, parts):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in parts.items():
        (folder / name).write_bytes(data)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    write(parser.parse_args().folder, files())


if __name__ == "__main__":
    main()
