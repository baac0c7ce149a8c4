"""Scores pairs as the library does: whole passages, cut at the end."""

import torch
from tokenizers import Encoding, Tokenizer

from folder import CrossEncoder

BATCH_TOKENS = 4000


def score(model: CrossEncoder, tokenizer: Tokenizer, query: str, passages: list[str], max_tokens: int) -> torch.Tensor:
    """One logit a passage, in the order given."""
    sequences = model.encode(tokenizer, query, passages, max_tokens)
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    logits = torch.empty(len(sequences))
    with torch.inference_mode():
        for batch in _batches(order, sequences):
            logits[batch] = model([sequences[i] for i in batch])
    return logits


def _batches(order: list[int], sequences: list[Encoding]) -> list[list[int]]:
    batches, room = [], 0
    for i in order:
        if not batches or len(sequences[i]) > room:
            batches.append([])
            room = BATCH_TOKENS
        batches[-1].append(i)
        room -= len(sequences[i])
    return batches
