"""What a model's layers put out, kept while it reads, and how far one model's are from another's."""

from functools import partial
from typing import Sequence

import torch
from torch import nn

from cut_layers import layer_stack


class States:
    """The last outputs of `layers` of a model, counted from 0."""

    def __init__(self, model: nn.Module, layers: Sequence[int]):
        stack = layer_stack(model)[2]
        if unknown := [i for i in layers if i not in range(len(stack))]:
            raise ValueError(f"layer {unknown[0]} of a model with {len(stack)}; wanted 0 to {len(stack) - 1}")
        self._last: list[torch.Tensor | None] = [None] * len(layers)
        for place, i in enumerate(layers):
            stack[i].register_forward_hook(partial(self._keep, place))

    def __len__(self) -> int:
        return len(self._last)

    def _keep(self, place: int, _layer: nn.Module, _inputs: tuple, output: torch.Tensor) -> None:
        self._last[place] = output

    def take(self) -> list[torch.Tensor]:
        """(rows, hidden_size) a layer. They are then forgotten: a graph hangs on them."""
        taken, self._last = self._last, [None] * len(self._last)
        return taken


def unexplained(wanted: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
    """The share of the variance of `wanted` (rows, hidden_size) that `given` leaves: 0 if they are
    equal, 1 if `given` is the mean row throughout."""
    wanted = wanted.float()
    return (given.float() - wanted).square().sum() / (wanted - wanted.mean(0)).square().sum()
