"""Attention beside FlashAttention-2 and cuDNN as PyTorch ships them, in one process.

    python attention.py LIBRARY

TFLOP/s count 4 len^2 H D a sequence, whatever a kernel does beyond. Rates come with each kernel's error
against float64 on the same rounded inputs; exit status 1 if one of ours is wrong.
"""

import math
import sys

import torch
import torch.nn.functional as F

from library import Kernels
from timing import medians, table

SHAPES = {"1B (d64, 32/8 heads)": (32, 8, 64), "d128, 32/8 heads": (32, 8, 128), "small BERT (d32, 12/12 heads)": (12, 12, 32)}
RAGGED = [round(64 * 32 ** ((i * 11 % 32) / 31)) for i in range(32)]
LENGTHS = {"32 x 512": [512] * 32, "8 x 2048": [2048] * 8, "4 x 4096": [4096] * 4, "2 x 8192": [8192] * 2,
           "ragged 64 to 2048": RAGGED}
MOST_ERROR = 1e-2  # bfloat16 outputs of a right kernel are off by 3e-3 at most


def make_qkv(lengths, heads, kv_heads, head_dim, dtype):
    torch.manual_seed(len(lengths))
    return torch.randn(sum(lengths), (heads + 2 * kv_heads) * head_dim, device="cuda").to(dtype)


def parts(qkv, heads, kv_heads, head_dim):
    q, k, v = qkv.split([heads * head_dim, kv_heads * head_dim, kv_heads * head_dim], dim=1)
    return q.unflatten(1, (heads, head_dim)), k.unflatten(1, (kv_heads, head_dim)), v.unflatten(1, (kv_heads, head_dim))


def flash2(q, k, v, lengths):
    offsets = torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()], dtype=torch.int32, device="cuda")
    longest = max(lengths)
    return lambda: torch.ops.aten._flash_attention_forward(q, k, v, offsets, offsets, longest, longest, 0.0, False, False)[0]


def cudnn(q, k, v, lengths):
    """Equal lengths alone."""
    if len(set(lengths)) != 1:
        return None
    dense = [t.unflatten(0, (len(lengths), lengths[0])).transpose(1, 2) for t in (q, k, v)]
    try:
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.CUDNN_ATTENTION):
            F.scaled_dot_product_attention(*dense, enable_gqa=True)
    except RuntimeError:
        return None

    def run():
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.CUDNN_ATTENTION):
            return F.scaled_dot_product_attention(*dense, enable_gqa=True)
    return run


def exact(q, k, v, lengths, sequences):
    """float64, (tokens, heads, head_dim) of some of the sequences."""
    outs, begin = [], 0
    for i, length in enumerate(lengths):
        if i in sequences:
            rows = [t[begin:begin + length].double().transpose(0, 1)[None] for t in (q, k, v)]
            outs.append((begin, F.scaled_dot_product_attention(*rows, enable_gqa=True)[0].transpose(0, 1)))
        begin += length
    return outs


def error(out, truth):
    """The largest of ||out - truth|| / ||truth|| over sequences and heads."""
    gaps = []
    for begin, want in truth:
        have = out[begin:begin + want.shape[0]].double()
        gaps.append(((have - want).norm(dim=(0, 2)) / want.norm(dim=(0, 2))).max().item())
    return max(gaps) if all(math.isfinite(g) for g in gaps) else math.nan


def measure(kernels, shape, lengths, dtype):
    heads, kv_heads, head_dim = shape
    qkv = make_qkv(lengths, *shape, dtype)
    q, k, v = parts(qkv, *shape)
    truth = exact(q, k, v, lengths, {lengths.index(min(lengths))})
    functions, errors = {}, {}
    for name in ("sm80", "sm90a"):
        run = kernels.attention(name, lengths, *shape, dtype)
        if run is None:
            continue
        out = torch.full((qkv.shape[0], heads, head_dim), math.nan, device="cuda", dtype=dtype)
        functions[name] = lambda run=run, out=out: run(out, qkv)
        functions[name]()
        errors[name] = error(out, truth)
    functions["FA2"] = flash2(q, k, v, lengths)
    errors["FA2"] = error(functions["FA2"](), truth)
    if (run := cudnn(q, k, v, lengths)) is not None:
        functions["cuDNN"] = run
    operations = sum(4 * n * n for n in lengths) * heads * head_dim
    return {name: operations / t / 1e12 for name, t in medians(functions).items()}, errors


def main():
    kernels = Kernels(sys.argv[1])
    rows, wrong = [], []
    for shape_name, shape in SHAPES.items():
        for name, lengths in LENGTHS.items():
            rates, errors = measure(kernels, shape, lengths, torch.bfloat16)
            wrong += [f"{ours} on {shape_name}, {name}" for ours in ("sm80", "sm90a") if not errors.get(ours, 0.0) <= MOST_ERROR]
            show = lambda engine: f"{rates[engine]:.0f}" if engine in rates else "-"
            best = max(rates.get("sm80", 0), rates.get("sm90a", 0))
            rows.append([shape_name, name, show("sm80"), show("sm90a"), show("FA2"), show("cuDNN"), f"{best / rates['FA2']:.2f}",
                         " ".join(f"{k} {v:.1e}" for k, v in errors.items())])
    print(table(["shape, bf16", "lengths", "sm80", "sm90a", "FA2", "cuDNN", "best to FA2", "errors"], rows))
    if wrong:
        sys.exit(f"errors above {MOST_ERROR}: {'; '.join(wrong)}")


if __name__ == "__main__":
    main()
