"""Listwise cross-entropy, on the bare logit and on the fused score, the
divergence from a teacher's order, and the place of scraps."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from fusion import Fusion
from layout import Layout

# For the log: the loss, the divergence from the teacher; of lists with labels
# cross-entropies, and whether the relevant passage came first: by logit, by
# fused score, by the first stage alone.
REPORT = ["loss", "taught", "plain", "plain_first", "fused", "fused_first", "first_stage_first"]
TEACHER_SCALE = 20.0  # a teacher's cosine times this is a logit
SCRAPS_WEIGHT = 0.3  # of the loss that keeps them below all passages
LOWEST = -1e9  # in a sum of exponentials nothing, and no infinity, whose gradient would be nan


@dataclass(frozen=True)
class Targets:
    """What the lists of a micro-batch are trained towards; lists lie end to
    end, in each the relevant passage first."""

    lists: Layout
    terms: torch.Tensor  # (passages, 2), of the passages that the first stage found; else 0
    found: torch.Tensor  # (passages)
    scraps: torch.Tensor  # (passages)
    cosines: torch.Tensor  # (passages), the teacher's
    weights: torch.Tensor  # (lists, 2), of the labels' loss and the teacher's


def list_losses(logits: torch.Tensor, targets: Targets, fusion: Fusion,
                plain_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of each list, and what REPORT names, (lists, 7), nan where there
    are no labels, no teacher, or nothing to compare. `logits` (passages).

    The fused part compares what a first stage would hand over: the passages
    that it found, on the lists whose relevant passage it found. It trains the
    logit to add what the first stage does not know.
    """
    pad = targets.lists.pad
    rows, terms, found = pad(logits, -math.inf), pad(targets.terms), pad(targets.found, False)
    by_labels, by_teacher = targets.weights.unbind(1)
    labelled = by_labels > 0
    compared = found[:, 0] & (found.sum(1) > 1)
    left_out = ~found & compared[:, None]  # of a list not compared nothing, or its gradient would be nan
    fused_rows = fusion(rows, terms).masked_fill(left_out, -math.inf)
    plain, fused = _first_of(rows), _first_of(fused_rows)
    taught = list_divergence(pad(TEACHER_SCALE * targets.cosines, -math.inf), rows)
    total = by_labels * (plain_weight * plain + fused.where(compared, 0)) + by_teacher * taught
    total = total + SCRAPS_WEIGHT * above_scraps(rows, pad(targets.scraps, False), targets.lists.present)
    first_stage_first = _leads(terms.sum(2).masked_fill(~found, -math.inf))
    of_labelled = torch.stack([plain, _leads(rows)]).where(labelled, math.nan)
    of_compared = torch.stack([fused, _leads(fused_rows), first_stage_first]).where(compared & labelled, math.nan)
    taught = taught.where(by_teacher > 0, math.nan)
    return total, torch.stack([total, taught, *of_labelled, *of_compared], dim=1).detach()


def list_divergence(teacher: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler, of each row from the teacher's; both end in -inf where a list is short."""
    present = teacher.isfinite()
    wanted, given = teacher.log_softmax(1), rows.log_softmax(1)
    return (wanted.exp() * (wanted - given).masked_fill(~present, 0)).sum(1)


def above_scraps(rows: torch.Tensor, scraps: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of a passage against its row's scraps, the mean over a row; 0 where there are no scraps. The
    listwise loss asks no more than that they are below the first. Scraps alone are moved by it: passages that were
    moved up would come nearer to each other."""
    passages = present & ~scraps
    best_scrap = rows.masked_fill(~scraps, LOWEST).logsumexp(1, keepdim=True)
    return F.softplus(best_scrap - rows.detach().masked_fill(~passages, -LOWEST)).sum(1) / passages.sum(1)


def _first_of(scores: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each row's first."""
    return -scores.log_softmax(1)[:, 0]


def _leads(scores: torch.Tensor) -> torch.Tensor:
    return (scores[:, 0] > scores[:, 1:].amax(1)).float()
