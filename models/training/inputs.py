"""What a model reads: sequences end to end, nothing padded."""

from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Encoding

from layout import Layout, send


@dataclass(frozen=True)
class Packed:
    """As numpy arrays, which go from process to process at little cost."""

    ids: np.ndarray  # (tokens)
    types: np.ndarray  # (tokens)
    lengths: list[int]


def pack(sequences: list[Encoding]) -> Packed:
    return Packed(
        np.concatenate([np.array(s.ids, np.int32) for s in sequences]),
        np.concatenate([np.array(s.type_ids, np.int8) for s in sequences]),
        [len(s) for s in sequences])


@dataclass(frozen=True)
class Inputs:
    """The same on a model's device."""

    ids: torch.Tensor  # (tokens)
    types: torch.Tensor  # (tokens)
    tokens: Layout
    firsts: Layout  # the first token of each sequence alone
    starts: torch.Tensor  # (sequences), where it is among the tokens

    @classmethod
    def of(cls, packed: Packed, device: torch.device) -> "Inputs":
        ids, types = (send(torch.from_numpy(x.astype(np.int64)), device) for x in (packed.ids, packed.types))
        starts = torch.tensor([0] + packed.lengths[:-1]).cumsum(0)
        return cls(ids, types, Layout.of(packed.lengths).to(device),
                   Layout.of([1] * len(packed.lengths)).to(device), send(starts, device))
