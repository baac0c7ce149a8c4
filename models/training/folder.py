"""The Hugging Face folder: config.json, model.safetensors, tokenizer.json.

The start, every checkpoint that is measured, and the model that ships are such
folders, so all of them load the same way.
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from model import CrossEncoder, Shape

FIELDS = list(Shape.__dataclass_fields__)


def save(path: Path, model: CrossEncoder, tokenizer: Tokenizer, first_stage: tuple[float, float] | None,
         max_tokens: int) -> None:
    """Writes bfloat16 weights. `first_stage` is (max_weight, zscore_weight)."""
    path.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
    weights = path / "model.safetensors"
    save_file(tensors, weights, metadata={"format": "pt"})
    weights.chmod(0o644)  # safetensors makes it private
    tokenizer.save(str(path / "tokenizer.json"))
    text = json.dumps(config(model.shape, first_stage, max_tokens), indent=2)
    (path / "config.json").write_text(text + "\n", encoding="utf-8")


def config(shape: Shape, first_stage: tuple[float, float] | None, max_tokens: int) -> dict:
    result = {
        "architectures": ["LlamaBidirectionalForSequenceClassification"],
        "model_type": "llama_bidirec",
        "pooling": "avg",
        "temperature": 1.0,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        **asdict(shape),
        "max_position_embeddings": max_tokens,
        "rope_scaling": None,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": 0,
        "torch_dtype": "bfloat16",
        "transformers_version": "4.57.0",  # whose names for the RoPE fields these are
    }
    if first_stage is not None:
        result["first_stage"] = {"max_weight": first_stage[0], "zscore_weight": first_stage[1]}
    return result


def load(path: Path) -> tuple[CrossEncoder, Tokenizer, dict]:
    """(model in float32 with the folder's bfloat16 values, tokenizer, config)."""
    settings = json.loads((path / "config.json").read_text(encoding="utf-8"))
    model = CrossEncoder(Shape(**{name: settings[name] for name in FIELDS}))
    tensors = load_file(path / "model.safetensors")
    model.load_state_dict({name: value.float() for name, value in tensors.items()})
    return model, Tokenizer.from_file(str(path / "tokenizer.json")), settings
