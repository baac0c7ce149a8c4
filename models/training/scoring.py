"""Scores pairs in PyTorch: passages cut at the window, as the library under Overflow::truncate."""

import torch
from tokenizers import Encoding, Tokenizer

from folder import CrossEncoder

BATCH_TOKENS = 4000


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
