"""Times `rerank score` and other engines side by side on a BERT cross-encoder, on a CPU.

    python bert_cpu.py --bin build/release/bin/rerank --model DIR --work DIR [--precision fp32 int8] [--threads N]
                       [--turns 5] [--pairs 1 32]

The same pairs, texts in and logits out, in turns of one call of all pairs for ours, and of `--pairs` pairs a call for
the others: one pair a call pads nothing, more are padded to the longest. `bert_engines.py` says how the others are
set. Prints tokens a second (medians), the ratio of the times of a turn, theirs over ours (median, least and greatest),
and the largest difference of a logit from our fp32's, ours and theirs.
"""

import argparse
import pathlib
import statistics
import time

from bert_engines import OnnxRuntime, OpenVino, Transformers
from engines import Rerank
from turns import QUERY, gap
from workloads import RAGGED, passage_of

ENGINES = {"fp32": (Transformers, OnnxRuntime, OpenVino), "int8": (OnnxRuntime, OpenVino)}
BOUND = 1e-3  # on an fp32 logit, from ours


def started(args, precision: str) -> Rerank:
    return Rerank(args.bin, args.model, "--precision", precision, "--device", "cpu", "--threads", args.threads)


def timed(call):
    start = time.perf_counter()
    scores = call()
    return time.perf_counter() - start, scores


def compare(peer, rerank, passages, wanted, turns: int) -> str:
    """One line: the peer beside ours, in turns; the first of each is not counted."""
    times = []
    for turn in range(turns + 1):
        ours, found = timed(lambda: rerank.scores(QUERY, passages))
        theirs, others = timed(lambda: peer.scores(QUERY, passages))
        if turn:
            times.append((ours, theirs))
    gaps = gap(found, wanted), gap(others, wanted)
    if peer.precision == "fp32" and not max(gaps) <= BOUND:
        raise SystemExit(f"{peer.name}: logits differ by {gaps[1]}, at most {BOUND} wanted")
    rates = [sum(RAGGED) / statistics.median(column) for column in zip(*times)]
    ratios = sorted(theirs / ours for ours, theirs in times)
    return (f"{peer.name} {peer.precision}, {peer.pairs} a call: {rates[1]:.0f} tokens/s, ours {rates[0]:.0f}; "
            f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), "
            f"max |delta| ours {gaps[0]:.2g}, theirs {gaps[1]:.2g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder for the converted graphs")
    parser.add_argument("--precision", nargs="+", choices=ENGINES, default=["fp32"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--pairs", type=int, nargs="+", default=[1, 32])
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    wanted = None
    for precision in args.precision:
        peers = [engine(args, precision, pairs) for pairs in args.pairs for engine in ENGINES[precision]]
        passages = [passage_of(tokens, i, peers[0].count) for i, tokens in enumerate(RAGGED)]
        if wanted is None:
            with started(args, "fp32") as rerank:
                wanted = rerank.scores(QUERY, passages)
        with started(args, precision) as rerank:
            for peer in peers:
                print(compare(peer, rerank, passages, wanted, args.turns), flush=True)


if __name__ == "__main__":
    main()
