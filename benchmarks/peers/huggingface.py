"""Hugging Face transformers behind the protocol of `rerank score`, so that both are timed alike.

    python huggingface.py --model DIR --threads N [--batch 32]

A line {"query": str, "passages": [str…]} in, a line {"scores": [float…]} out. fp32, SDPA, batches in the
order given, padded on the left to the longest of the batch, as the published model card does it.
`--stages FILE` writes how long imports and loading took.
"""

import argparse
import json
import pathlib
import sys
import time

START = time.monotonic()
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "oracle"))

import torch

from reference import Reference, prompt

PAD = 128001


class PaddedReranker:
    """The oracle's bidirectional model, run as its users run it."""

    def __init__(self, folder, batch: int):
        self._reference, self._batch = Reference(folder), batch

    def scores(self, query: str, passages: list[str]) -> list[float]:
        texts = [prompt(query, passage) for passage in passages]
        ids = [encoding.ids[:8192] for encoding in self._reference.tokenizer.encode_batch(texts)]
        parts = (ids[i : i + self._batch] for i in range(0, len(ids), self._batch))
        return [score for part in parts for score in self._forward(part)]

    @torch.inference_mode()
    def _forward(self, ids: list[list[int]]) -> list[float]:
        longest = max(map(len, ids))
        tokens = torch.tensor([[PAD] * (longest - len(row)) + row for row in ids])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids])
        states = self._reference.encoder(tokens, mask) * mask[..., None]
        pooled = states.sum(1) / mask.sum(1, keepdim=True)
        return (pooled @ self._reference.head[0] / self._reference.temperature).tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--stages", type=pathlib.Path)
    args = parser.parse_args()
    imported = time.monotonic()
    torch.set_num_threads(args.threads)
    model = PaddedReranker(args.model, args.batch)
    if args.stages:
        stages = {"import_s": imported - START, "load_s": time.monotonic() - imported}
        args.stages.write_text(json.dumps(stages))
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"scores": model.scores(request["query"], request["passages"])}), flush=True)


if __name__ == "__main__":
    main()
