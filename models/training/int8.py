"""Matrices as 8-bit codes with a float16 scale for every `block` columns of a row:

    scale = max |w| / 127 over the block, rounded to float16
    code  = w / scale to the nearest integer, ties to even, from -127 to 127

so that w is code * scale to half a scale, a product that float32 holds exactly. In a folder the codes
of X are X, int8, and their scales X_scale.
"""

import torch

SCALE = "_scale"
Tensors = dict[str, torch.Tensor]


def encode(weight: torch.Tensor, block: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(rows, cols) -> codes (rows, cols) int8, scales (rows, cols / block) float16."""
    rows, cols = weight.shape
    blocks = weight.float().reshape(rows, cols // block, block)
    scales = (blocks.abs().amax(-1) / 127).half()
    steps = scales.float().masked_fill(scales == 0, 1).unsqueeze(-1)
    codes = (blocks / steps).round().clamp(-127, 127).to(torch.int8)
    return codes.reshape(rows, cols), scales


def decode(codes: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """The float32 weights that codes and scales stand for."""
    blocks = codes.float().reshape(*scales.shape, -1)
    return (blocks * scales.float().unsqueeze(-1)).reshape(codes.shape)


def decoded(tensors: Tensors) -> Tensors:
    """A folder's tensors in float32, codes or not."""
    own = {name: tensor for name, tensor in tensors.items() if not name.endswith(".weight" + SCALE)}
    return {name: decode(tensor, tensors[name + SCALE]) if tensor.dtype == torch.int8 else tensor.float()
            for name, tensor in own.items()}
