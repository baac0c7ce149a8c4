"""Makes a Hugging Face folder of random weights in the reranker's own format.

    python checkpoint.py --shape small --out DIR

No public weights are needed to compare two implementations: any weights do, if they are the same on
both sides and if every mistake that matters moves the logits. `weights.py` sees to both.
"""

import argparse
import json
import math
import pathlib
import shutil
import struct
import subprocess
import sys

import weights
from shapes import SHAPES, Shape, tensor_shapes

SEED = 20241124
MAKE_TOKENIZER = pathlib.Path(__file__).parent / "tokenizer" / "make_llama3_tokenizer.py"
DTYPES = {"bf16": ("BF16", 2), "fp16": ("F16", 2), "fp32": ("F32", 4)}
ROPE = {
    "factor": 32.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "llama3",
}


def config_json(shape: Shape, dtype: str = "bf16", rope_style: str = "rope_scaling") -> dict:
    """config.json as the published reranker has it; `rope_style` picks the old or the new rope keys."""
    if rope_style == "rope_scaling":
        rope = {"rope_theta": 500000.0, "rope_scaling": ROPE}
    else:
        rope = {"rope_parameters": ROPE | {"rope_theta": 500000.0}}
    return {
        "architectures": ["LlamaBidirectionalForSequenceClassification"],
        "model_type": "llama_bidirec",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.ffn,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_dim,
        "vocab_size": shape.vocab,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "rms_norm_eps": 1e-05,
        "max_position_embeddings": 131072,
        "pooling": "avg",
        "temperature": shape.temperature,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "bos_token_id": 128000,
        "eos_token_id": 128001,
        "pad_token_id": 128001,
        "tie_word_embeddings": True,
        "torch_dtype": {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}[dtype],
    } | rope


def _write_safetensors(path, tensors, dtype, seed, prefix):
    """Streams one safetensors file: nothing larger than a piece of a tensor is ever in memory."""
    tag, width = DTYPES[dtype]
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors.items():
        begin, end = end, end + width * math.prod(shape)
        header[prefix(name)] = {"dtype": tag, "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # the format asks for aligned data
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors.items():
            for piece in weights.values(name, shape, dtype, seed):
                file.write(piece.data)
    return end


def _shards(tensors: dict, count: int) -> list[dict]:
    """Cuts the tensors into `count` runs of about equal number, in order."""
    names = list(tensors)
    cuts = [len(names) * i // count for i in range(count + 1)]
    return [{name: tensors[name] for name in names[a:b]} for a, b in zip(cuts, cuts[1:])]


def _write_weights(folder, shape, dtype, seed, shards, prefix):
    """Writes model.safetensors, or the shards and their index."""
    tensors = tensor_shapes(shape)
    if shards == 1:
        _write_safetensors(folder / "model.safetensors", tensors, dtype, seed, prefix)
        return
    index = {"metadata": {"total_size": 0}, "weight_map": {}}
    for i, part in enumerate(_shards(tensors, shards)):
        file = f"model-{i + 1:05}-of-{shards:05}.safetensors"
        index["metadata"]["total_size"] += _write_safetensors(folder / file, part, dtype, seed, prefix)
        index["weight_map"] |= {prefix(name): file for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1))


def make_checkpoint(folder, shape_name, *, seed=SEED, dtype="bf16", shards=1, model_prefix=True,
                    rope_style="rope_scaling", tokenizer=None) -> pathlib.Path:
    """Makes the folder; `model_prefix=False` names tensors as NVIDIA's embedding models do."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shape = SHAPES[shape_name]
    prefix = str if model_prefix else (lambda name: name.removeprefix("model."))
    _write_weights(folder, shape, dtype, seed, shards, prefix)
    if tokenizer:
        shutil.copyfile(tokenizer, folder / "tokenizer.json")
    else:
        subprocess.run([sys.executable, MAKE_TOKENIZER, folder], check=True)
    (folder / "config.json").write_text(json.dumps(config_json(shape, dtype, rope_style), indent=1))
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--no-model-prefix", action="store_true", help="leave `model.` off the tensor names")
    parser.add_argument("--rope-style", choices=["rope_scaling", "rope_parameters"], default="rope_scaling")
    parser.add_argument("--tokenizer", type=pathlib.Path, help="a tokenizer.json to copy; default: build it")
    args = parser.parse_args()
    make_checkpoint(args.out, args.shape, seed=args.seed, dtype=args.dtype, shards=args.shards,
                    model_prefix=not args.no_model_prefix, rope_style=args.rope_style, tokenizer=args.tokenizer)


if __name__ == "__main__":
    main()
