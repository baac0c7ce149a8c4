"""Random weights that come out bit for bit the same on any machine, quickly.

A tensor's values depend on the seed and its own name alone (Philox is a counter-based generator), so
sharding, file order and number type leave them as they are. Sixteen random bits pick an entry of a
table of 65,536 normal quantiles; no floating-point arithmetic touches the bulk of the data, and the
2.5 GB of the `1b` shape take seconds. Every table entry is exact in bf16, fp16 and fp32, so the
three kinds of checkpoint are the same model and one recorded logit serves them all.
"""

import functools
import statistics
import zlib
from collections.abc import Iterator

import numpy as np

CHUNK = 1 << 20  # values made at a time; keeps the index temporaries in cache

# Standard deviation of each weight, as a multiple of 1/sqrt(inputs), so that every shape behaves alike.
# Attention has to be sharp and the low rotary frequencies have to matter, or leaving out the llama3
# scaling would hide; the branches have to be strong against the residual, or causal attention would.
GAINS = {
    "embed_tokens": 1.0,
    "q_proj": 2.2,
    "k_proj": 2.2,
    "v_proj": 1.0,
    "o_proj": 1.0,
    "gate_proj": 1.0,
    "up_proj": 1.0,
    "down_proj": 1.0,
    "score": 16.0,
}


@functools.cache
def _quantiles() -> np.ndarray:
    """65,536 equally likely values of the standard normal distribution, float32."""
    inverse = statistics.NormalDist().inv_cdf
    return np.array([inverse((i + 0.5) / 65536) for i in range(65536)], dtype=np.float32)


def _round_to_bf16(values: np.ndarray) -> np.ndarray:
    """Rounds float32 to the nearest bf16, ties to even; still float32."""
    bits = values.astype(np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return rounded.view(np.float32)


def _table(name: str, inputs: int, dtype: str) -> np.ndarray:
    """The 65,536 possible values of the tensor `name`, as the file's own bits."""
    if "norm" in name:
        values = 1.0 + 0.2 * _quantiles()
    elif "embed_tokens" in name:
        values = GAINS["embed_tokens"] * _quantiles()
    else:
        gain = next(gain for part, gain in GAINS.items() if part in name)
        values = np.float32(gain / inputs**0.5) * _quantiles()
    exact = _round_to_bf16(_round_to_bf16(values).astype(np.float16))
    if dtype == "bf16":
        return (exact.view(np.uint32) >> 16).astype(np.uint16)
    return exact.astype(np.float16 if dtype == "fp16" else np.float32)


def values(name: str, shape: tuple[int, ...], dtype: str, seed: int) -> Iterator[np.ndarray]:
    """Yields the tensor's values in order, in pieces; bf16 as its bits in uint16."""
    table = _table(name, shape[-1], dtype)
    philox = np.random.Philox(key=[seed, zlib.crc32(name.encode())])
    left = int(np.prod(shape))
    while left:
        size = min(left, CHUNK)
        picks = philox.random_raw((size + 3) // 4).astype("<u8", copy=False).view("<u2")[:size]
        yield table[picks]
        left -= size
