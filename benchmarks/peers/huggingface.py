"""Hugging Face transformers behind the protocol of `rerank score`.

    python huggingface.py --model DIR --precision fp32 --threads N --pairs 32

The oracle's bidirectional model, run as its users run it: SDPA; a call of several pairs is padded on the left to
the longest, as the published model card does it; a call of one has neither padding nor mask. bf16 is bf16
weights and arithmetic; pooling and head stay fp32.
"""

import serve  # begins to count the time of imports

import torch

from padding import padded
from reference import Reference

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class HuggingFace:
    """The model in one precision."""

    def __init__(self, options):
        torch.set_num_threads(options.threads)
        torch.set_num_interop_threads(1)
        self._reference = Reference(options.model, DTYPES[options.precision])

    @staticmethod
    def convert(options):
        """Reads the folder as it is."""

    @torch.inference_mode()
    def logits(self, ids: list[list[int]]) -> list[float]:
        tokens, mask = map(torch.from_numpy, padded(ids))
        states = self._reference.encoder(tokens, mask.long() if len(ids) > 1 else None).float()
        pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return (pooled @ self._reference.head[0].float() / self._reference.temperature).tolist()


if __name__ == "__main__":
    serve.serve(HuggingFace, DTYPES)
