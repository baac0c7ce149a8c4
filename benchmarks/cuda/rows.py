"""The memory-bound kernels as shares of a copy's rate, and the projections as shares of a large product's.

    python rows.py LIBRARY
"""

import sys

import torch

from library import Kernels
from timing import graphed, medians, table

HIDDEN, FFN, HEADS, KV_HEADS, HEAD_DIM, VOCABULARY = 2048, 8192, 32, 8, 64, 128256
QKV = (HEADS + 2 * KV_HEADS) * HEAD_DIM
BF16, FP32, FP8 = torch.bfloat16, torch.float32, torch.float8_e4m3fn


def random(*shape, dtype=FP32):
    return torch.randn(*shape, device="cuda").to(dtype)


def row_kernels(kernels, tokens):
    """name -> (function, bytes that it must move)"""
    x, weight, head = random(tokens, HIDDEN), random(HIDDEN), random(HIDDEN)
    table_, ids = random(VOCABULARY, HIDDEN, dtype=BF16), torch.randint(VOCABULARY, (tokens,), device="cuda", dtype=torch.int32)
    gate_up, qkv = random(tokens, 2 * FFN, dtype=BF16), random(tokens, QKV, dtype=BF16)
    angles, positions = random(8192, HEAD_DIM), (torch.arange(tokens, device="cuda") % 8192).int()
    rows, wide = torch.empty(tokens, HIDDEN, device="cuda", dtype=BF16), torch.empty(tokens, FFN, device="cuda", dtype=BF16)
    rows8, wide8 = rows.to(FP8), wide.to(FP8)
    scales, out, scores = torch.empty(tokens, device="cuda"), torch.empty_like(x), torch.empty(tokens, device="cuda")
    lengths = 512 if tokens >= 512 else tokens
    offsets = torch.arange(0, tokens + 1, lengths, device="cuda", dtype=torch.int32)
    logits = torch.empty(len(offsets) - 1, device="cuda")
    turned = (HEADS + KV_HEADS) * HEAD_DIM
    return {
        "embedding": (lambda: kernels.run("embedding", out, table_, ids, tokens, HIDDEN, 1), tokens * HIDDEN * 6),
        "rms_norm": (lambda: kernels.run("rms_norm", rows, None, x, weight, tokens, HIDDEN, 1e-5, 1), tokens * HIDDEN * 6),
        "rms_norm to e4m3": (lambda: kernels.run("rms_norm", rows8, scales, x, weight, tokens, HIDDEN, 1e-5, 3), tokens * HIDDEN * 5),
        "rope": (lambda: kernels.run("rope", qkv, angles, positions, tokens, HEADS, KV_HEADS, HEAD_DIM, 1), tokens * turned * 4),
        "swiglu": (lambda: kernels.run("swiglu", wide, None, gate_up, tokens, FFN, 1, 1), tokens * FFN * 6),
        "swiglu to e4m3": (lambda: kernels.run("swiglu", wide8, scales, gate_up, tokens, FFN, 1, 3), tokens * FFN * 5),
        "pool_score": (lambda: kernels.run("pool_score", logits, scores, x, weight, head, offsets, tokens, len(offsets) - 1,
                                           HIDDEN, 1e-5, 1.0), tokens * HIDDEN * 4),
    }


def runs(function):
    try:
        function()
        torch.cuda.synchronize()
    except RuntimeError as failure:
        print(failure, file=sys.stderr)
        return False
    return True


def show_rows(kernels):
    many, few = row_kernels(kernels, 16384), row_kernels(kernels, 128)
    names = [name for name, (function, _) in many.items() if runs(function)]
    source = torch.randint(100, (1 << 29,), device="cuda", dtype=torch.int8)
    target = torch.empty_like(source)
    times = medians({"copy": lambda: target.copy_(source)} | {n: many[n][0] for n in names})
    copy = 2 * source.numel() / times["copy"]
    short = medians({n: graphed(few[n][0], 50) for n in names}, repeat=5)
    rows = [[n, f"{times[n] * 1e6:.0f}", f"{many[n][1] / times[n] / copy:.0%}", f"{short[n] / 50 * 1e6:.1f}"] for n in names]
    print(f"A copy moves {copy / 1e12:.2f} TB/s, bytes read and written.\n")
    print(table(["kernel", "µs at 16384 tokens", "share of the copy's rate", "µs at 128 tokens, in a graph"], rows))


def product_rate(n=8192):
    a, b = random(n, n, dtype=BF16), random(n, n, dtype=BF16)
    return 2 * n**3 / medians({"product": lambda: a @ b.T})["product"]


def show_projections(kernels):
    peak = product_rate()
    print(f"\nA product of 8192³ in bf16 runs at {peak / 1e12:.0f} TFLOP/s.\n")
    rows = []
    shapes = {"qkv": (QKV, HIDDEN, BF16), "attention out": (HIDDEN, HEADS * HEAD_DIM, FP32), "gate and up": (2 * FFN, HIDDEN, BF16),
              "down": (HIDDEN, FFN, FP32)}
    for name, (n, k, out_type) in shapes.items():
        for dtype in (BF16, FP8):
            linear = kernels.linear(n, k, dtype, out_type)
            if linear is None:
                continue
            row = [name, {BF16: "bf16", FP8: "e4m3"}[dtype]]
            for tokens in (128, 512, 4096, 16384):
                x, weight = random(tokens, k).clamp(-4, 4).to(dtype), random(n, k).to(dtype)
                out = torch.zeros(tokens, n, device="cuda", dtype=out_type)
                scales = (torch.ones(tokens, device="cuda"), torch.ones(n, device="cuda")) if dtype is FP8 else (None, None)
                time = medians({"it": lambda: linear(out, x, weight, *scales, out_type is FP32)}, repeat=10)["it"]
                row.append(f"{2 * tokens * n * k / time / peak:.0%}")
            rows.append(row)
    print(table(["projection", "type", "128 tokens", "512", "4096", "16384"], rows))


def main():
    kernels = Kernels(sys.argv[1])
    show_rows(kernels)
    show_projections(kernels)


if __name__ == "__main__":
    main()
