"""Logits of pairs, in PyTorch or by the library.

PyTorch cuts passages at the window, as the library under Overflow::truncate; the library reads long
ones as the folder says.
"""

import argparse
import sys
from pathlib import Path
from typing import Callable

import torch
from tokenizers import Encoding, Tokenizer

import folder
from folder import CrossEncoder

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "oracle"))

from cli import Rerank

BATCH_TOKENS = 4000

Scorer = Callable[[str, list[str]], torch.Tensor]  # a query's passages: one logit each


def score(model: CrossEncoder, tokenizer: Tokenizer, query: str, passages: list[str], max_tokens: int) -> torch.Tensor:
    """One logit a passage, in the order given."""
    sequences = model.encode(tokenizer, query, passages, max_tokens)
    logits = torch.empty(len(sequences))
    with torch.inference_mode():
        for batch in batches(sequences):
            logits[batch] = model([sequences[i] for i in batch])
    return logits


def batches(sequences: list[Encoding]) -> list[list[int]]:
    """Their numbers, shortest first, BATCH_TOKENS together."""
    result, room = [], 0
    for i in sorted(range(len(sequences)), key=lambda i: len(sequences[i])):
        if not result or len(sequences[i]) > room:
            result.append([])
            room = BATCH_TOKENS
        result[-1].append(i)
        room -= len(sequences[i])
    return result


def add_options(parser: argparse.ArgumentParser) -> None:
    """What scorer reads, but the folder."""
    parser.add_argument("--max-tokens", type=int, default=0, help="of a sequence; default: the folder's")
    parser.add_argument("--bfloat16", action="store_true", help="of PyTorch")
    parser.add_argument("--bin", type=Path, help="the program `rerank`: the library scores")
    parser.add_argument("--precision", default="auto", help="of the library")
    parser.add_argument("--threads", type=int, default=1, help="of the library")


def scorer(model: Path, args: argparse.Namespace, cut_at: int = 0) -> Scorer:
    """PyTorch cuts at `cut_at` tokens where nothing else is asked for; 0: at the folder's window."""
    return by_library(model, args) if args.bin else by_pytorch(model, args, cut_at)


def by_pytorch(path: Path, args: argparse.Namespace, cut_at: int) -> Scorer:
    torch.set_num_threads(1)
    model, tokenizer, config = folder.load(path)
    max_tokens = args.max_tokens or cut_at or config["max_position_embeddings"]

    def logits(query: str, passages: list[str]) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bfloat16):
            return score(model, tokenizer, query, passages, max_tokens)

    return logits


def by_library(path: Path, args: argparse.Namespace) -> Scorer:
    process = Rerank(args.bin, path, "--precision", args.precision, "--threads", args.threads,
                     *(["--max-tokens", args.max_tokens] if args.max_tokens else []))
    return lambda query, passages: torch.tensor(process.scores(query, passages))
