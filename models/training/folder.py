"""The Hugging Face folder: config.json, model.safetensors, tokenizer.json.

The start, every checkpoint that is measured, and the model that ships are such
folders, so all of them load the same way. A family of models is a module with
ARCHITECTURE, CONFIG (what config.json says besides the shape), Shape and
CrossEncoder; MODELING, if transformers needs code to load it.
"""

import json
import shutil
from dataclasses import MISSING, asdict, fields
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import bert
import int8
import llama
import pair_cosine
import stored

FAMILIES = {family.ARCHITECTURE: family for family in (bert, llama, pair_cosine)}
CrossEncoder = bert.CrossEncoder | llama.CrossEncoder | pair_cosine.CrossEncoder


# Of config.json: how texts are read, whatever the weights.
CARRIED = ["long_passages"]


def save(path: Path, model: CrossEncoder, tokenizer: Tokenizer, first_stage: tuple[float, float] | None,
         start: dict | None = None) -> None:
    """Writes bfloat16 weights. `first_stage` is (max_weight, zscore_weight); `start` the config of the folder that
    the model was made from: what it says of reading goes along."""
    path.mkdir(parents=True, exist_ok=True)
    write_tensors(path / "model.safetensors", bfloat16_tensors(model))
    tokenizer.save(str(path / "tokenizer.json"))
    carried = {key: start[key] for key in CARRIED if key in start} if start else {}
    write_config(path, config(model, first_stage) | carried)
    if modeling := getattr(family_of(model), "MODELING", None):
        shutil.copyfile(Path(__file__).with_name(modeling), path / modeling)


def save_as(source: Path, out: Path, tensors: int8.Tensors, settings: dict) -> None:
    """Writes `out`, which must not be there yet: `source` with other tensors and another config."""
    shutil.copytree(source, out, ignore=shutil.ignore_patterns("*.safetensors*", "config.json"))
    write_tensors(out / "model.safetensors", tensors)
    write_config(out, settings)


def bfloat16_tensors(model: CrossEncoder) -> int8.Tensors:
    return {name: value.detach().to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}


def write_config(path: Path, settings: dict) -> None:
    (path / "config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def family_of(model: CrossEncoder):
    return next(f for f in FAMILIES.values() if isinstance(model, f.CrossEncoder))


def write_tensors(path: Path, tensors: int8.Tensors) -> None:
    save_file(tensors, path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors makes it private


def family_in(settings: dict):
    """The module whose models a config.json describes."""
    return FAMILIES[settings["architectures"][0]]


def config(model: CrossEncoder, first_stage: tuple[float, float] | None) -> dict:
    family = family_of(model)
    result = {
        "architectures": [family.ARCHITECTURE],
        **family.CONFIG,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        **asdict(model.shape),
        "pad_token_id": 0,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.57.0",  # whose names for the fields these are
    }
    if first_stage is not None:
        result["first_stage"] = {"max_weight": first_stage[0], "zscore_weight": first_stage[1]}
    return result


def load(path: Path, dtype: torch.dtype = torch.float32) -> tuple[CrossEncoder, Tokenizer, dict]:
    """(model with the folder's values, bfloat16 or int8 codes, tokenizer, config).

    Where `dtype` is the file's, the weights stay in the file, mapped. The head
    is in float32 always.
    """
    settings = json.loads((path / "config.json").read_text(encoding="utf-8"))
    family = family_in(settings)
    with torch.device("meta"):
        model = family.CrossEncoder(shape_in(settings, path / "config.json"))
    head = lambda name: name.startswith(family.CrossEncoder.HEAD + family.CrossEncoder.SCALES)
    tensors = int8.decoded(load_tensors(path))
    if lacking := sorted(model.state_dict().keys() - tensors.keys()):
        raise ValueError(f"{path}: no tensor {lacking[0]!r}, but {min(tensors)!r}; wanted transformers' names")
    model.load_state_dict(
        {name: value.to(torch.float32 if head(name) else dtype) for name, value in tensors.items()}, assign=True)
    return model, load_tokenizer(path), settings


def shape_in(settings: dict, path: Path):
    """The Shape that the config.json at `path` describes."""
    shape = family_in(settings).Shape
    if lacking := [f.name for f in fields(shape) if f.default is MISSING and f.name not in settings]:
        raise ValueError(f"{path}: {lacking[0]} is missing; wanted for {settings['architectures'][0]}")
    if "rope_parameters" in settings:
        raise ValueError(f"{path}: rope_parameters is given; wanted rope_theta and rope_scaling in its place")
    return shape(**{f.name: settings[f.name] for f in fields(shape) if f.name in settings})


def load_tensors(path: Path) -> int8.Tensors:
    return {name: tensor for file in stored.files(path) for name, tensor in load_file(file).items()}


def load_tokenizer(path: Path) -> Tokenizer:
    """Without the padding and cutting that a file may ask for: sequences are packed and cut here."""
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
