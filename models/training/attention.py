"""Attention within each of the sequences that lie end to end."""

import torch
import torch.nn.functional as F

from layout import Layout

# It plans anew for every shape, and no two steps have the same.
torch.backends.cuda.enable_cudnn_sdp(False)


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, queries: Layout, keys: Layout) -> torch.Tensor:
    """(queries, heads * head_dim), from q (heads, queries, head_dim) and k, v
    (heads, tokens, head_dim)."""
    return (attend_padded if q.is_cuda else attend_each)(q, k, v, queries, keys)


def attend_each(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, queries: Layout, keys: Layout) -> torch.Tensor:
    """Sequence by sequence: the least work."""
    parts = zip(q.split(queries.lengths, dim=1), k.split(keys.lengths, dim=1), v.split(keys.lengths, dim=1))
    return torch.cat([_attend(*part) for part in parts], dim=1).transpose(0, 1).flatten(1)


def attend_padded(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, queries: Layout, keys: Layout) -> torch.Tensor:
    """All sequences at once: few kernels, which is what a GPU wants."""
    rectangle = lambda layout, x: layout.pad(x.transpose(0, 1)).transpose(1, 2)  # (sequences, heads, longest, head_dim)
    mask = keys.present[:, None, None, :]
    y = F.scaled_dot_product_attention(rectangle(queries, q), rectangle(keys, k), rectangle(keys, v), attn_mask=mask)
    return queries.unpad(y.transpose(1, 2)).flatten(1)


def _attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    # Spelt out: torch 2.11's fused attention takes three times as long, forward
    # and backward, in bfloat16 on a Zen 5 core (12 heads, 50 to 200 tokens).
    scores = q @ k.transpose(1, 2) * q.shape[-1] ** -0.5  # (heads, queries, tokens)
    return scores.float().softmax(-1) @ v
