"""Whole models on a GPU: `rerank bench` beside Hugging Face transformers in bf16, padded.

    python end_to_end.py --bin BIN --model DIR [--precision bf16] [--device cuda]

A rate is tokens that count, not padding, a second, texts to scores for ours and ids to scores for
Hugging Face. Shares are of the rate of a product of 8192^3 in bf16, measured here.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "oracle"))

from reference import Reference
from rows import product_rate
from timing import table

# name -> tokens of a pair, pairs, ragged (lengths from the whole down to an eighth of it)
WORKLOADS = {"1 x 128": (128, 1, False), "40 x 128": (128, 40, False), "128 x 512": (512, 128, False), "32 x 2048": (2048, 32, False),
             "8 x 8192": (8192, 8, False), "128 of 64 to 512": (512, 128, True), "32 of 1024 to 8192": (8192, 32, True)}


def operations(config, lengths):
    """Of the projections and of attention."""
    head_dim = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    q, kv = config["num_attention_heads"] * head_dim, config["num_key_value_heads"] * head_dim
    weights = config["hidden_size"] * (2 * q + 2 * kv + 3 * config["intermediate_size"])
    return config["num_hidden_layers"] * sum(2 * n * weights + 4 * n * n * q for n in lengths)


def lengths_of(tokens, pairs, ragged):
    return [tokens - (tokens * 7 * i // (8 * pairs) if ragged else 0) for i in range(pairs)]


def ours(args, tokens, pairs, ragged):
    command = [args.bin, "bench", "--model", args.model, "--device", args.device, "--precision", args.precision, "--json",
               "--tokens", tokens, "--pairs", pairs, "--repeat", 20, "--warmup", 5, "--max-tokens", max(tokens, 512)]
    done = subprocess.run([str(part) for part in command + ["--ragged"] * ragged], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@torch.inference_mode()
def huggingface(reference, batches):
    """Seconds of the best of three passes over the batches of lengths, each padded to its longest."""

    def once():
        for batch in batches:
            longest = max(batch)
            ids = torch.randint(1000, 100000, (len(batch), longest), device="cuda")
            mask = (torch.arange(longest, device="cuda") >= longest - torch.tensor(batch, device="cuda")[:, None]).long()
            states = reference.encoder(ids, mask if min(batch) < longest else None).float()
            (((states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)) @ reference.head[0].float()).tolist()
    times = []
    for _ in range(4):
        begin = time.perf_counter()
        once()
        times.append(time.perf_counter() - begin)
    return min(times[1:])


def all_at_once(lengths, most=131072):
    """As they come, in as few batches as memory allows: what a caller does who hands over a list."""
    count = max(1, most // max(lengths))
    return [lengths[i:i + count] for i in range(0, len(lengths), count)]


def by_length(lengths, budget=32768):
    """The longest first, up to `budget` padded tokens a batch: what a caller does who cares."""
    order, batches = sorted(lengths, reverse=True), []
    while order:
        count = max(1, budget // order[0])
        batches.append(order[:count])
        order = order[count:]
    return batches


def shuffled(lengths):
    return random.Random(1).sample(lengths, len(lengths))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    args = parser.parse_args()
    config = json.loads((args.model / "config.json").read_text())
    reference, peak, rows = Reference(args.model, torch.bfloat16, "cuda"), product_rate(), []
    for name in args.only:
        lengths, result = lengths_of(*WORKLOADS[name]), ours(args, *WORKLOADS[name])
        low, rate, high = (result["tokens_per_second"][i] for i in (1, 0, 2))
        seconds = result["tokens"] / rate
        theirs = [sum(lengths) / huggingface(reference, cut(shuffled(lengths))) for cut in (all_at_once, by_length)]
        share = operations(config, lengths) * result["tokens"] / sum(lengths) / seconds / peak
        rows.append([name, f"{rate:,.0f} ({low:,.0f} to {high:,.0f})", f"{seconds * 1e3:.2f}", f"{share:.0%}",
                     *(f"{their_rate:,.0f}: {rate / their_rate:.2f}" for their_rate in theirs)])
    print(f"{config['num_hidden_layers']} layers, {args.precision}; a product of 8192³ runs at {peak / 1e12:.0f} TFLOP/s.\n")
    print(table(["pairs x tokens", "tokens/s (spread)", "ms a call", "share of the product's rate",
                 "Hugging Face, padded as they come: ratio", "sorted by length: ratio"], rows))


if __name__ == "__main__":
    main()
