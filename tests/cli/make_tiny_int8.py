#!/usr/bin/env python3
"""Writes make_tiny_model.py's folder, or make_tiny_bert.py's, with its matrices as int8 codes and scales.

    make_tiny_int8.py FOLDER [--bert]
"""

import argparse
import struct

import make_tiny_bert
import make_tiny_model
from make_tiny_model import safetensors, write

BLOCK = 16  # columns that share a scale; tiny models are 64 and 112 wide


def numbers(dtype, data):
    if dtype == "BF16":
        words = struct.unpack(f"<{len(data) // 2}H", data)
        data, dtype = struct.pack(f"<{len(words)}I", *(word << 16 for word in words)), "F32"
    return struct.unpack(f"<{len(data) // 4}f", data)


def rounded(scale):
    """To float16, as it is stored."""
    return struct.unpack("<e", struct.pack("<e", scale))[0]


def is_coded(name, shape):
    return len(shape) == 2 and not name.startswith(("score", "classifier", "bert.pooler"))


def codes_of(values, block):
    """(codes, scales) of a matrix whose rows are whole blocks."""
    codes, scales = [], []
    for begin in range(0, len(values), block):
        part = values[begin:begin + block]
        scales.append(rounded(max(map(abs, part)) / 127))
        codes += [max(-127, min(127, round(value / scales[-1]))) for value in part]
    return codes, scales


def coded(tensors, table_block=BLOCK):
    """Name to (dtype, shape, bytes), as a folder of codes has them; embeddings may have other blocks."""
    made = {}
    for name, (dtype, shape, data) in tensors.items():
        if not is_coded(name, shape):
            made[name] = (dtype, shape, data)
            continue
        block = table_block if "embed" in name else BLOCK
        codes, scales = codes_of(numbers(dtype, data), block)
        made[name] = ("I8", shape, struct.pack(f"<{len(codes)}b", *codes))
        made[name + "_scale"] = ("F16", [shape[0], shape[1] // block], struct.pack(f"<{len(scales)}e", *scales))
    return made


def decoded(tensors):
    """What `coded` stands for, in fp32: code * scale, which fp32 holds exactly."""
    made = {}
    for name, (dtype, shape, data) in tensors.items():
        if dtype == "I8":
            _, (rows, blocks), scales = tensors[name + "_scale"]
            scales = struct.unpack(f"<{rows * blocks}e", scales)
            block = shape[1] // blocks
            values = [code * scales[i // block] for i, code in enumerate(struct.unpack(f"<{len(data)}b", data))]
            dtype, data = "F32", struct.pack(f"<{len(values)}f", *values)
        if not name.endswith("_scale"):
            made[name] = (dtype, shape, data)
    return made


def files(of=make_tiny_model, tensors=None):
    """A sound folder's, with other tensors where they are given."""
    return {**of.files(), "model.safetensors": safetensors(tensors or coded(of.tensors()))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--bert", action="store_true")
    args = parser.parse_args()
    write(args.folder, files(make_tiny_bert if args.bert else make_tiny_model))


if __name__ == "__main__":
    main()
