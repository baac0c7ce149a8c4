"""Listwise cross-entropy, on the bare logit and on the fused score."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from fusion import Fusion
from lists import Example


@dataclass
class ListLoss:
    total: torch.Tensor
    # For the log: cross-entropies, and whether the relevant passage came first,
    # by logit, by fused score, by the first stage alone (None where the first
    # stage did not find the relevant passage).
    plain: float
    plain_first: bool
    fused: float | None = None
    fused_first: bool | None = None
    first_stage_first: bool | None = None


def list_loss(logits: torch.Tensor, example: Example, fusion: Fusion, plain_weight: float) -> ListLoss:
    """`logits` (passages), the relevant passage's first.

    The fused part compares what a first stage would hand over: the passages
    that it found, on the lists whose relevant passage it found. It trains the
    logit to add what the first stage does not know.
    """
    plain = _first_of(logits)
    result = ListLoss(plain_weight * plain, plain.item(), _leads(logits))
    found = example.found
    if found[0] and found.sum() > 1:
        fused_scores = fusion(logits, example.terms)[found]
        fused = _first_of(fused_scores)
        result.total = result.total + fused
        result.fused, result.fused_first = fused.item(), _leads(fused_scores)
        result.first_stage_first = _leads(example.terms[found].sum(1))
    return result


def _first_of(scores: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(scores[None], torch.zeros(1, dtype=torch.long))


def _leads(scores: torch.Tensor) -> bool:
    return bool(scores[0] > scores[1:].max())
