"""Times `rerank score`, transformers and ONNX Runtime side by side on a BERT cross-encoder, in fp32 on a CPU.

    python bert_cpu.py --bin build/release/bin/rerank --model DIR [--threads N] [--turns 5] [--pairs 1 32]

The same pairs, texts in and logits out, in turns of one call of all pairs for ours, and of `--pairs` pairs a call for
the others: one pair a call pads nothing, more are padded to the longest. ONNX Runtime has its optimiser for BERT's
graphs, with fused attention, and all optimisations of the session. Prints tokens a second (medians) and the ratio of
the times of a turn, theirs over ours: median, least and greatest.
"""

import argparse
import pathlib
import statistics
import time

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

from engines import Rerank
from turns import QUERY
from workloads import RAGGED, passage_of

BOUND = 1e-3  # on a logit, from ours


class Peer:
    """Tokenises and pads; `run(ids, types, mask)` of a subclass gives logits."""

    def __init__(self, folder, pairs: int):
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.pairs = pairs

    def count(self, query: str, passage: str) -> int:
        return len(self._tokenizer.encode(query, passage).ids)

    def scores(self, query: str, passages: list[str]) -> list[float]:
        logits = []
        for begin in range(0, len(passages), self.pairs):
            batch = self._tokenizer.encode_batch([(query, text) for text in passages[begin:begin + self.pairs]])
            width = max(len(pair.ids) for pair in batch)
            inputs = np.zeros((3, len(batch), width), dtype=np.int64)
            for row, pair in enumerate(batch):
                for part, values in zip(inputs, (pair.ids, pair.type_ids, pair.attention_mask)):
                    part[row, : len(values)] = values
            logits += self.run(*inputs)
        return logits


class Transformers(Peer):
    name = "transformers"

    def __init__(self, folder, pairs, threads):
        super().__init__(folder, pairs)
        torch.set_num_threads(threads)
        self._model = BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()

    @torch.inference_mode()
    def run(self, ids, types, mask):
        ids, types, mask = map(torch.from_numpy, (ids, types, mask))
        mask = None if self.pairs == 1 else mask  # without one, attention is SDPA's fastest
        return self._model(input_ids=ids, token_type_ids=types, attention_mask=mask).logits[:, 0].tolist()


class OnnxRuntime(Peer):
    name = "ONNX Runtime"

    def __init__(self, folder, pairs, threads, work):
        super().__init__(folder, pairs)
        path = work / f"{folder.name}.onnx"
        if not path.exists():
            export(folder, path)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, settings, ["CPUExecutionProvider"])

    def run(self, ids, types, mask):
        inputs = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}
        return self._session.run(["logits"], inputs)[0][:, 0].tolist()


def export(folder, path):
    from onnxruntime.transformers import optimizer

    model = BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones(2, 17, dtype=torch.int64) for _ in names)
    torch.onnx.export(model.eval(), example, path, dynamo=False, opset_version=17, input_names=names,
                      output_names=["logits"], dynamic_axes={name: {0: "pairs", 1: "tokens"} for name in names})
    config = model.config
    fused = optimizer.optimize_model(str(path), model_type="bert", num_heads=config.num_attention_heads,
                                     hidden_size=config.hidden_size)
    print("fused by ONNX Runtime's optimiser:", fused.get_fused_operator_statistics())
    fused.save_model_to_file(str(path))


def timed(call):
    start = time.perf_counter()
    scores = call()
    return time.perf_counter() - start, scores


def compare(peer: Peer, rerank, passages, turns: int, tokens: int) -> str:
    """One line: the peer beside ours, in turns; the first of each is not counted."""
    times = []
    for turn in range(turns + 1):
        ours, found = timed(lambda: rerank.scores(QUERY, passages))
        theirs, wanted = timed(lambda: peer.scores(QUERY, passages))
        gap = max(abs(a - b) for a, b in zip(found, wanted, strict=True))
        if not gap <= BOUND:
            raise SystemExit(f"{peer.name}: logits differ by {gap}, at most {BOUND} wanted")
        if turn:
            times.append((ours, theirs))
    rates = [tokens / statistics.median(column) for column in zip(*times)]
    ratios = sorted(theirs / ours for ours, theirs in times)
    return (f"{peer.name}, {peer.pairs} a call: {rates[1]:.0f} tokens/s, ours {rates[0]:.0f}; "
            f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), max |delta| {gap:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder for the converted graph")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--pairs", type=int, nargs="+", default=[1, 32])
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    peers = [peer for pairs in args.pairs for peer in (Transformers(args.model, pairs, args.threads),
                                                       OnnxRuntime(args.model, pairs, args.threads, args.work))]
    passages = [passage_of(tokens, i, peers[0].count) for i, tokens in enumerate(RAGGED)]
    options = ("--precision", "fp32", "--device", "cpu", "--threads", args.threads)
    with Rerank(args.bin, args.model, *options) as rerank:
        for peer in peers:
            print(compare(peer, rerank, passages, args.turns, sum(RAGGED)), flush=True)


if __name__ == "__main__":
    main()
