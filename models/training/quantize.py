"""Writes a folder with its matrices as int8 codes (int8.py): half the size of bfloat16.

    python quantize.py FOLDER OUT [--block 64]

Norms, biases and the head stay as they are. The library reads OUT as it is. config.json says what the tensors
are in the words of compressed-tensors: transformers then refuses the folder, where it would take the codes
for weights without a word.
"""

import argparse
import json
from pathlib import Path

from safetensors.torch import load_file

import folder
import int8


def coded_names(tensors: int8.Tensors, head: tuple[str, ...]) -> list[str]:
    """The body's matrices."""
    return [name for name, tensor in tensors.items() if tensor.ndim == 2 and not name.startswith(head)]


def coded(tensors: int8.Tensors, names: list[str], block: int) -> int8.Tensors:
    out = dict(tensors)
    for name in names:
        if tensors[name].shape[1] % block:
            raise SystemExit(f"{name}: {tensors[name].shape[1]} columns, a multiple of {block} wanted")
        out[name], out[name + int8.SCALE] = int8.encode(tensors[name], block)
    return out


def quantization_config(tensors: int8.Tensors, names: list[str], block: int) -> dict:
    weights = {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "group", "group_size": block,
               "dynamic": False}
    plain = [name for name, tensor in tensors.items() if tensor.ndim == 2 and name not in names]
    return {
        "quant_method": "compressed-tensors",
        "format": "int-quantized",
        "quantization_status": "compressed",
        "config_groups": {"group_0": {"targets": ["Linear", "Embedding"], "weights": weights}},
        "ignore": [name.removesuffix(".weight") for name in plain],
    }


def write(source: Path, out: Path, block: int) -> None:
    tensors = load_file(source / "model.safetensors")
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    names = coded_names(tensors, folder.family_in(config).CrossEncoder.HEAD)
    config["quantization_config"] = quantization_config(tensors, names, block)
    config.pop("int8_weights", None)  # these codes are not on the steps of the library's arithmetic
    folder.save_as(source, out, coded(tensors, names, block), config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, help="must not be there yet")
    parser.add_argument("--block", type=int, default=64, help="columns that share a scale")
    args = parser.parse_args()
    write(args.folder, args.out, args.block)
    size = lambda path: (path / "model.safetensors").stat().st_size / 1e6
    print(f"{args.out}: {size(args.out):.1f} MB, of {size(args.folder):.1f} MB")


if __name__ == "__main__":
    main()
