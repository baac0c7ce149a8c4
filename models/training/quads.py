"""The steps of weights in the library's int8 arithmetic, for processors of every kind: kernels/rotate.hpp,
Int8Range::quads of kernels/linear_int8.hpp.

A row of weights is turned by a Hadamard matrix, then coded: scale = m / 127, code = weight / scale to the
nearest integer, where m is the largest weight, or 127 / 126 of the largest quad if that is larger. A quad is
the sum of the weights of one sign over columns 8 g + {0, 1, 4, 5} or 8 g + {2, 3, 6, 7}.
"""

import math

import torch

OCTET = 8
PLACES = (0, 0, 1, 1, 0, 0, 1, 1)  # which of an octet's two quads its columns are in
MOST = 126  # that a quad of codes may reach: 128 less room for four roundings


def rotation(dim: int) -> torch.Tensor:
    """(block, block), orthogonal: columns are turned `block` at a time."""
    block = next(4 ** n for n in (4, 3, 2, 1, 0) if dim % 4 ** n == 0)
    return hadamard(block)


def hadamard(size: int) -> torch.Tensor:
    """Orthogonal, of a size that is a power of 2."""
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.kron(torch.tensor([[1.0, 1.0], [1.0, -1.0]]), matrix)
    return matrix / math.sqrt(size)


def turned(x: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """x (..., dim) with each block of columns turned; by matrix.T, turned back."""
    return (x.reshape(-1, len(matrix)) @ matrix.T).reshape(x.shape)


def sums(rows: torch.Tensor) -> torch.Tensor:
    """(2 signs, 2 quads, rows, octets) of rows (rows, cols), cols a multiple of 8."""
    octets = rows.unflatten(1, (-1, OCTET))
    quads = torch.stack([octets[..., [i for i in range(OCTET) if PLACES[i] == quad]] for quad in (0, 1)])
    return torch.stack([quads.clamp(min=0).sum(-1), (-quads).clamp(min=0).sum(-1)])


def scales(rows: torch.Tensor, most: int | None = MOST) -> torch.Tensor:
    """(rows, 1), of turned rows; `most` None: quads count for nothing, as with Int8Range::full."""
    largest = rows.abs().amax(1)
    if most is not None:
        largest = torch.maximum(largest, sums(rows).amax((0, 1, 3)) * 127 / most)
    return largest.clamp(min=1e-30).unsqueeze(1) / 127


def codes(rows: torch.Tensor) -> torch.Tensor:
    """What the library makes of turned rows, float32."""
    return (rows / scales(rows)).round()
