"""Compares the library's logits on a GPU with the recorded fp32 ones, in every precision.

    python gpu.py --bin BIN --shape 1b --work DIR [--device cuda]

fp32 must be within parity.py's bound. bf16 and fp16 are shown beside Hugging Face's own in that
precision on the same GPU, and must not be further off than 1.25 times as much (rms over the pairs).
"""

import argparse
import pathlib
import sys

import torch
from cli import Rerank
from parity import BOUND, chosen, recorded_lines, texts_of
from checkpoint import make_checkpoint
from pairs import GROUPS
from reference import Reference
from shapes import SHAPES

WORSE = 1.25
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def ours(args, folder, texts, precision):
    with Rerank(args.bin, folder, "--device", args.device, "--precision", precision, "--max-tokens", 8192) as rerank:
        return [rerank.scores(query, [passage])[0] for query, passage in texts]


def theirs(folder, texts, precision):
    reference = Reference(folder, DTYPES[precision], "cuda")
    return [reference.logit(*text) for text in texts]


def gap(logits, lines):
    """(largest, rms) distance from the recorded logits."""
    gaps = torch.tensor(logits, dtype=torch.float64) - torch.tensor([line["logit"] for line in lines], dtype=torch.float64)
    return gaps.abs().max().item(), gaps.square().mean().sqrt().item()


def kendall_tau(logits, lines):
    """Of the pairs' order: the share of pairs of pairs in the recorded order, less the others' share."""
    a, b = torch.tensor(logits), torch.tensor([line["logit"] for line in lines])
    signs = torch.sign(a[:, None] - a) * torch.sign(b[:, None] - b)
    return (signs.sum() / (len(lines) * (len(lines) - 1))).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--shape", choices=SHAPES, default="1b")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--tokenizer", type=pathlib.Path, help="a tokenizer.json to copy; default: build it")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--pairs", type=int, default=max(GROUPS.values()))
    args = parser.parse_args()

    folder = args.work / args.shape
    if not (folder / "config.json").exists():
        make_checkpoint(folder, args.shape, tokenizer=args.tokenizer)
    lines = chosen(recorded_lines(args.shape, folder), list(GROUPS), args.pairs)
    texts, good = texts_of(lines, folder), True
    print("| precision | max, rms of ours | max, rms of Hugging Face | Kendall tau of ours | |\n|---|---|---|---|---|")
    for precision in DTYPES:
        logits = ours(args, folder, texts, precision)
        (most, rms), (their_most, their_rms) = gap(logits, lines), gap(theirs(folder, texts, precision), lines)
        passes = most <= BOUND if precision == "fp32" else rms <= WORSE * their_rms
        good &= passes
        print(f"| {precision} | {most:.2e}, {rms:.2e} | {their_most:.2e}, {their_rms:.2e} | {kendall_tau(logits, lines):.4f} "
              f"| {'ok' if passes else 'FAIL'} |")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
