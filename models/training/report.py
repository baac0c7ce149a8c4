"""Tells what a model gains, from the logits that `rerank eval --logits` or evaluate.py saved.

    python report.py --model ../minilm logits.jsonl ...

Prints Recall@5 / nDCG@10 by set and in means over sets, and the share of the
head-room that is reached: of what the best order of the candidates (`ceiling`)
would add to the first stage's Recall@5. Where no query has more than five relevant
passages, as on all sets with stored candidates, the ceiling is Recall@40. Intervals
are 95 %, a paired bootstrap over queries, drawn anew within each set. The fusion's
weights are the folder's at this time.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from evaluate import measure
from fusion import weights_of
from mine import QUERIES, UNSEEN

WAYS = ["first stage", "alone", "fused", "ceiling"]
HARD = 0.8  # sets whose first stage has a lower Recall@5 get a mean of their own
RESAMPLES = 2000
COLUMNS = ["set", "queries", *WAYS, "head-room, alone", "head-room, fused", "fused - first stage, Recall@5", "nDCG@10"]


def floats(numbers: list[float]) -> torch.Tensor:
    """Whole numbers, which JSON may write as such, too."""
    return torch.tensor(numbers, dtype=torch.float32)


def measure_saved(saved: dict, weights: torch.Tensor) -> dict[str, tuple[float, float]]:
    """evaluate.measure of a line of saved logits: passages by their places, those not found below 0."""
    found = {i for i, relevant in enumerate(saved["relevant"]) if relevant}
    missed = {-1 - i for i in range(saved["num_relevant"] - len(found))}
    row = {"ids": range(len(saved["scores"])), "relevant": found | missed, "scores": floats(saved["scores"])}
    return measure(row, floats(saved["logits"]), weights)


def read_results(paths: list[Path], stage: dict) -> dict[str, np.ndarray]:
    """(queries, ways, metrics) by set."""
    sets: dict[str, list] = {}
    for path in paths:
        for saved in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            measured = measure_saved(saved, weights_of(stage, saved["query"]))
            sets.setdefault(saved["set"], []).append([measured[way] for way in WAYS])
    return {name: np.array(rows) for name, rows in sets.items()}


def resample(queries: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(1 + RESAMPLES, ways, metrics): means of the queries, then of each resample."""
    drawn = rng.integers(len(queries), size=(RESAMPLES, len(queries)))
    return np.concatenate([queries.mean(0, keepdims=True), queries[drawn].mean(1)])


def headroom(means: np.ndarray, way: str) -> np.ndarray:
    """Of (..., ways, metrics) means; no number where there is no head-room."""
    recall = means[..., 0]
    first, reached, ceiling = (recall[..., WAYS.index(w)] for w in ("first stage", way, "ceiling"))
    room = ceiling - first
    return (reached - first) / np.where(room > 0, room, np.nan)


def with_interval(values: np.ndarray, digits: int) -> str:
    """The first value in %, with the interval that the others give."""
    if np.isnan(values[0]):
        return "-"
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    value, low, high = (f"{100 * v:.{digits}f}" for v in (values[0], low, high))
    return f"{value} ({low} to {high})"


def table_row(name: str, count: int, means: np.ndarray) -> str:
    gains = means[:, WAYS.index("fused")] - means[:, WAYS.index("first stage")]
    return "| " + " | ".join([
        name, str(count),
        *(f"{100 * recall:.1f} / {100 * ndcg:.1f}" for recall, ndcg in means[0, :3]), f"{100 * means[0, 3, 0]:.1f}",
        with_interval(headroom(means, "alone"), 0), with_interval(headroom(means, "fused"), 0),
        with_interval(gains[:, 0], 1), with_interval(gains[:, 1], 1)]) + " |"


def report(sets: dict[str, np.ndarray], seed: int = 1) -> list[str]:
    """A Markdown table."""
    rng = np.random.default_rng(seed)
    means = {name: resample(queries, rng) for name, queries in sets.items()}
    hard = [name for name in sets if means[name][0, 0, 0] < HARD]
    groups = {
        "all sets": list(sets),
        f"first stage below {HARD}": hard,
        "those of them that are trained on": [name for name in hard if name in QUERIES],
        "no training text": [name for name in sets if name in UNSEEN],
    }
    rows = [table_row(name, len(sets[name]), means[name]) for name in sets]
    for title, names in groups.items():
        if names:
            mean = np.mean([means[name] for name in names], axis=0)
            rows.append(table_row(title, sum(len(sets[name]) for name in names), mean))
    return ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS), *rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="the folder whose fusion is used")
    parser.add_argument("logits", type=Path, nargs="+", help="what evaluate.py --save wrote")
    args = parser.parse_args()
    path = args.model / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if "first_stage" not in config:
        parser.error(f"{path}: first_stage is missing; wanted it, as fit_fusion.py writes it")
    print("\n".join(report(read_results(args.logits, config["first_stage"]))))


if __name__ == "__main__":
    main()
