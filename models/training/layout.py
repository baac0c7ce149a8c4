"""Rows of several sequences, end to end, and where they lie once each sequence
is padded: the GPU's attention and the loss want rectangles."""

from dataclasses import dataclass

import numpy as np
import torch

ALIGNMENT = 8  # the GPU's attention reads masks in eights


@dataclass(frozen=True)
class Layout:
    lengths: list[int]
    positions: torch.Tensor  # (rows), of each row within its sequence
    slots: torch.Tensor  # (rows), of each row among the padded ones
    present: torch.Tensor  # (sequences, longest), whether a row lies there

    @classmethod
    def of(cls, lengths: list[int]) -> "Layout":
        longest = -(-max(lengths) // ALIGNMENT) * ALIGNMENT
        present = np.arange(longest) < np.array(lengths)[:, None]
        slots = present.ravel().nonzero()[0]
        return cls(lengths, *map(torch.from_numpy, (slots % longest, slots, present)))

    def to(self, device: torch.device) -> "Layout":
        return Layout(self.lengths, *(send(x, device) for x in (self.positions, self.slots, self.present)))

    def pad(self, x: torch.Tensor, fill: float = 0) -> torch.Tensor:
        """(sequences, longest, ...) from x (rows, ...)."""
        rows = x.new_full((self.present.numel(), *x.shape[1:]), fill)
        return rows.index_copy_(0, self.slots, x).unflatten(0, self.present.shape)

    def unpad(self, x: torch.Tensor) -> torch.Tensor:
        """(rows, ...) from x (sequences, longest, ...)."""
        return x.flatten(0, 1).index_select(0, self.slots)


def send(x: torch.Tensor, device: torch.device) -> torch.Tensor:
    """From pinned memory, or a copy to a GPU would wait for all that the GPU has to do."""
    if device.type == "cpu":
        return x
    return x.pin_memory().to(device, non_blocking=True)
