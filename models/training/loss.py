"""Listwise cross-entropy, on the bare logit and on the fused score."""

import math
from dataclasses import dataclass

import torch

from fusion import Fusion
from layout import Layout

# For the log: cross-entropies, and whether the relevant passage came first: by
# logit, by fused score, by the first stage alone.
REPORT = ["loss", "plain", "plain_first", "fused", "fused_first", "first_stage_first"]


@dataclass(frozen=True)
class Targets:
    """What the lists of a micro-batch are trained towards; lists lie end to
    end, in each the relevant passage first."""

    lists: Layout
    terms: torch.Tensor  # (passages, 2), of the passages that the first stage found; else 0
    found: torch.Tensor  # (passages)


def list_losses(logits: torch.Tensor, targets: Targets, fusion: Fusion,
                plain_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of each list, and what REPORT names, (lists, 6), nan where the
    first stage has nothing to compare. `logits` (passages).

    The fused part compares what a first stage would hand over: the passages
    that it found, on the lists whose relevant passage it found. It trains the
    logit to add what the first stage does not know.
    """
    pad = targets.lists.pad
    rows, terms, found = pad(logits, -math.inf), pad(targets.terms), pad(targets.found, False)
    compared = found[:, 0] & (found.sum(1) > 1)
    left_out = ~found & compared[:, None]  # of a list not compared nothing, or its gradient would be nan
    fused_rows = fusion(rows, terms).masked_fill(left_out, -math.inf)
    plain, fused = _first_of(rows), _first_of(fused_rows)
    total = plain_weight * plain + fused.where(compared, 0)
    first_stage_first = _leads(terms.sum(2).masked_fill(~found, -math.inf))
    of_compared = torch.stack([fused, _leads(fused_rows), first_stage_first]).where(compared, math.nan)
    return total, torch.stack([total, plain, _leads(rows), *of_compared], dim=1).detach()


def _first_of(scores: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each row's first."""
    return -scores.log_softmax(1)[:, 0]


def _leads(scores: torch.Tensor) -> torch.Tensor:
    return (scores[:, 0] > scores[:, 1:].amax(1)).float()
