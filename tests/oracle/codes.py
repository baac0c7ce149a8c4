"""Folders of int8 codes, for the oracle: made by models/training/quantize.py, read here anew."""

import json
import pathlib
import shutil
import subprocess
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

QUANTIZE = pathlib.Path(__file__).parents[2] / "models" / "training" / "quantize.py"


def make_codes(folder: pathlib.Path) -> pathlib.Path:
    """A folder beside `folder`, of the same model in codes."""
    out = folder.with_name(folder.name + "-int8")
    hidden = json.loads((folder / "config.json").read_text())["hidden_size"]
    block = 64 if hidden % 64 == 0 else 32
    subprocess.run([sys.executable, QUANTIZE, folder, out, "--block", str(block)], check=True,
                   stdout=subprocess.DEVNULL)
    return out


def has_codes(folder: pathlib.Path) -> bool:
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        return any(file.get_slice(name).get_dtype() == "I8" for name in file.keys())


def decode(folder: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """Writes to `out` the numbers that a folder's codes stand for, as transformers reads them."""
    out.mkdir()
    tensors = {}
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        for name in file.keys():
            tensor = file.get_tensor(name).double()
            if file.get_slice(name).get_dtype() == "I8":
                scales = file.get_tensor(name + "_scale").double()
                tensor *= scales.repeat_interleave(tensor.shape[1] // scales.shape[1], dim=1)
            if not name.endswith("weight_scale"):
                tensors[name] = tensor.float().contiguous()
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(folder / "tokenizer.json", out / "tokenizer.json")
    config = (folder / "config.json").read_text()
    (out / "config.json").write_text(config.replace('"quantization_config"', '"coded_as"'))
    return out
