"""The library's CUDA kernels on PyTorch's tensors and stream, through the C interface of library.cpp."""

import ctypes
import pathlib

import torch

TYPES = {torch.float32: 0, torch.bfloat16: 1, torch.float16: 2, torch.float8_e4m3fn: 3}


def _argument(value):
    if isinstance(value, torch.Tensor):
        return ctypes.c_void_p(value.data_ptr())
    return {float: ctypes.c_float, int: ctypes.c_int, type(None): ctypes.c_void_p}.get(type(value), lambda v: v)(value)


class Kernels:
    """A loaded libreranker_cuda_bench.so; `run` queues a kernel on PyTorch's current stream."""

    def __init__(self, path: pathlib.Path):
        self._library = ctypes.CDLL(str(path))
        for name in ("attention_make", "linear_make"):
            getattr(self._library, name).restype = ctypes.c_void_p
        self._library.error_text.restype = ctypes.c_char_p

    def run(self, name: str, *arguments) -> None:
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        status = getattr(self._library, name + "_run")(*map(_argument, arguments), stream)
        if status:
            raise RuntimeError(f"{name}: {self._library.error_text(status).decode()}")

    def attention(self, name: str, lengths: list[int], heads: int, kv_heads: int, head_dim: int, dtype):
        """A function of (out, qkv, lse or None), or None where there is no such kernel for the shape."""
        offsets = [0]
        for length in lengths:
            offsets.append(offsets[-1] + length)
        array = (ctypes.c_int32 * len(offsets))(*offsets)
        major, minor = torch.cuda.get_device_capability()
        handle = self._library.attention_make(name.encode(), 10 * major + minor, array, len(lengths), heads, kv_heads,
                                              head_dim, TYPES[dtype])
        if not handle:
            return None
        pointer = ctypes.c_void_p(handle)
        return lambda out, qkv, lse=None: self.run("attention", pointer, out, qkv, lse)

    def linear(self, n: int, k: int, dtype, out_dtype):
        """A function of (out, x, weight, x_scales, weight_scales, accumulate), or None."""
        shape = (n, k, TYPES[dtype], TYPES[out_dtype])
        handle = self._library.linear_make(*map(ctypes.c_int, shape))
        if not handle:
            return None
        pointer = ctypes.c_void_p(handle)
        return lambda out, x, weight, x_scales=None, weight_scales=None, accumulate=False: self.run(
            "linear", pointer, *shape, out, x, weight, x_scales, weight_scales, x.shape[0], int(accumulate))
