"""The same model written out from its formulas in NumPy, float64 throughout: an oracle for the oracle.

    python plain.py --model DIR [--pairs N]     # prints the largest |fp32 reference - float64|

It shares no code with transformers or torch, so it checks two things at once: that `reference.py`
computes the right function, and how much of a difference is rounding of the fp32 reference itself.
"""

import argparse
import json
import pathlib
import struct

import numpy as np


class Weights:
    """Tensors of a folder by name without `model.`, mapped from disk and widened one at a time."""

    def __init__(self, folder):
        self._tensors = {}
        for path in sorted(pathlib.Path(folder).glob("model*.safetensors")):
            data = np.memmap(path, np.uint8, "r")
            (size,) = struct.unpack("<Q", data[:8].tobytes())
            header = json.loads(data[8 : 8 + size].tobytes())
            header.pop("__metadata__", None)
            for name, entry in header.items():
                begin, end = (8 + size + offset for offset in entry["data_offsets"])
                self._tensors[name.removeprefix("model.")] = (data[begin:end], entry["dtype"], entry["shape"])

    def rows(self, name: str, rows=slice(None)) -> np.ndarray:
        """The tensor, or the named rows of it, as float64."""
        data, dtype, shape = self._tensors[name]
        if dtype == "BF16":
            bits = data.view(np.uint16).reshape(shape)[rows].astype(np.uint32) << 16
            return bits.view(np.float32).astype(np.float64)
        return data.view({"F16": np.float16, "F32": np.float32}[dtype]).reshape(shape)[rows].astype(np.float64)


def inverse_frequencies(config: dict) -> np.ndarray:
    """(head_dim / 2) angles per position; the llama3 rule slows the low frequencies at every length."""
    dim = config["head_dim"]
    rope = config.get("rope_parameters") or config["rope_scaling"] | {"rope_theta": config["rope_theta"]}
    plain = rope["rope_theta"] ** (-np.arange(0, dim, 2) / dim)
    turns = rope["original_max_position_embeddings"] * plain / (2 * np.pi)  # over the original window
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    keep = np.clip((turns - low) / (high - low), 0.0, 1.0)
    return keep * plain + (1 - keep) * plain / rope["factor"]


def rms_norm(x: np.ndarray, weight: np.ndarray, eps: float) -> np.ndarray:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def rotate(x: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """x (tokens, heads, dim); element i turns with element i + dim / 2."""
    a, b = np.split(x, 2, axis=-1)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def attention(x: np.ndarray, w: dict, config: dict) -> np.ndarray:
    """Every token attends to every token; a group of query heads shares one key head."""
    tokens, dim = len(x), config["head_dim"]
    q, k, v = (np.reshape(x @ w[f"self_attn.{n}_proj"].T, (tokens, -1, dim)) for n in "qkv")
    angles = np.arange(tokens)[:, None] * inverse_frequencies(config)
    q, k = rotate(q, angles), rotate(k, angles)
    group = q.shape[1] // k.shape[1]
    out = np.empty_like(q)
    for head in range(q.shape[1]):
        logits = q[:, head] @ k[:, head // group].T / np.sqrt(dim)
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        out[:, head] = shares / shares.sum(-1, keepdims=True) @ v[:, head // group]
    return out.reshape(tokens, -1) @ w["self_attn.o_proj"].T


def feed_forward(x: np.ndarray, w: dict) -> np.ndarray:
    gate = x @ w["mlp.gate_proj"].T
    return (gate / (1 + np.exp(-gate)) * (x @ w["mlp.up_proj"].T)) @ w["mlp.down_proj"].T


def logits(folder, sequences: list[list[int]]) -> list[float]:
    """One logit a sequence; layer by layer for all, so that only one layer is wide at a time."""
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    weights, eps = Weights(folder), config["rms_norm_eps"]
    names = [f"self_attn.{n}_proj" for n in "qkvo"] + [f"mlp.{n}_proj" for n in ("gate", "up", "down")]
    names += ["input_layernorm", "post_attention_layernorm"]
    hidden = [weights.rows("embed_tokens.weight", ids) for ids in sequences]
    for i in range(config["num_hidden_layers"]):
        w = {name: weights.rows(f"layers.{i}.{name}.weight") for name in names}
        for s, x in enumerate(hidden):
            x = x + attention(rms_norm(x, w["input_layernorm"], eps), w, config)
            hidden[s] = x + feed_forward(rms_norm(x, w["post_attention_layernorm"], eps), w)
    norm, head = weights.rows("norm.weight"), weights.rows("score.weight")[0]
    scale = config.get("temperature", 1.0)
    return [float(rms_norm(x, norm, eps).mean(0) @ head) / scale for x in hidden]


def main():
    from pairs import all_pairs, counter
    from reference import Reference

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--pairs", type=int, default=20, help="how many short pairs, evenly over the lengths")
    parser.add_argument("--long", type=int, default=0, help="how many long pairs besides, the longest first")
    args = parser.parse_args()
    reference = Reference(args.model)
    count = counter(reference.tokenizer)
    chosen = list(all_pairs(count, ("short",)))
    chosen = [chosen[len(chosen) * i // args.pairs] for i in range(args.pairs)]
    chosen += list(all_pairs(count, ("long",)))[::-1][: args.long]
    sequences = [reference.ids(query, passage) for *_, query, passage in chosen]
    gaps = [(len(ids), abs(reference.logit_of_ids(ids) - exact))
            for ids, exact in zip(sequences, logits(args.model, sequences))]
    (shortest, _), (longest, at_longest) = min(gaps), max(gaps)
    print(f"{len(gaps)} pairs, {shortest} to {longest} tokens: largest |fp32 - float64| {max(gap for _, gap in gaps):.2e}")
    print(f"at the longest: {at_longest:.2e}")


if __name__ == "__main__":
    main()
