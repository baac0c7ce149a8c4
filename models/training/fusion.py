"""The learned sum of the model's logit and the first stage's scores:

    fused = logit + max_weight * 10 * s / max(s) + zscore_weight * (s - mean(s)) / sd(s)

with max, mean and (population) sd over all passages of the call. A term whose
divisor is not positive is 0. A folder may have other weights for queries of
other scripts than the Latin, which a model of English tells little of.
"""

import unicodedata

import torch
from torch import nn


def first_stage_terms(scores: torch.Tensor) -> torch.Tensor:
    """(passages, 2): both normalised forms of one call's scores (passages)."""
    top = scores.max()
    sd = scores.std(correction=0)
    zero = torch.zeros_like(scores)
    return torch.stack([
        10 * scores / top if top > 0 else zero,
        (scores - scores.mean()) / sd if sd > 0 else zero,
    ], dim=1)


def mostly_latin(text: str) -> bool:
    """Whether at least half of the letters are of the Latin script, as the library has it."""
    letters = [c for c in text if unicodedata.category(c).startswith("L")]
    latin = sum(unicodedata.name(c, "").startswith(("LATIN ", "FULLWIDTH LATIN ")) for c in letters)
    return 2 * latin >= len(letters)


def weights_of(stage: dict, query: str) -> torch.Tensor:
    """(2): of a folder's "first_stage", for the query's script."""
    if "other_scripts" in stage and not mostly_latin(query):
        stage = stage["other_scripts"]
    return torch.tensor([stage["max_weight"], stage["zscore_weight"]], dtype=torch.float32)


class Fusion(nn.Module):
    """The two weights, never negative: more first-stage score is never worse."""

    def __init__(self, max_weight: float = 0.5, zscore_weight: float = 0.5):
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([max_weight, zscore_weight]))

    def forward(self, logits: torch.Tensor, terms: torch.Tensor) -> torch.Tensor:
        """logits (passages), terms (passages, 2)."""
        return logits + terms @ self.weights

    def clamp(self) -> None:
        with torch.no_grad():
            self.weights.clamp_(min=0)

    def values(self) -> tuple[float, float]:
        return tuple(round(w, 4) for w in self.weights.tolist())
