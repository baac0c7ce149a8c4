"""Fits what a model's scores mean as probabilities of relevance, from the logits
that `rerank eval --logits` or evaluate.py saved, and writes it into the model folder's
config.json.

    python calibrate.py --model ../minilm logits.jsonl ...

Lines in log-odds (Platt's): probability = sigmoid(slope * score + offset). One for
logits and one for scores fused with the folder's weights, of queries in the Latin
script; where the folder has weights for other scripts, a third for scores fused
with these. The library takes all of them or none, so the logits are to be of all
kinds at once; else nothing is written. Every set counts the same. What is
printed, and plotted to reliability.svg in the folder, is measured with each set
left out of the fit in its turn; the lines that are written are fitted on all.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from fusion import first_stage_terms, mostly_latin, weights_of
from reliability import Bin, bins_of, plot

Weighted = tuple[np.ndarray, np.ndarray, np.ndarray]  # scores, relevance as 0 or 1, weights


@dataclass
class LogOdds:
    """Logarithm of the odds of relevance: slope * score + offset."""
    slope: float
    offset: float

    def probability(self, scores: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(self.slope * scores + self.offset)))


SIGMOID = LogOdds(1.0, 0.0)


@dataclass
class Query:
    """One query's candidates."""
    scores: dict[str, np.ndarray]  # by kind: "logit" and "fused", or "fused_other_scripts"
    relevant: np.ndarray


def kinds_of(stage: dict | None) -> list[str]:
    """The lines that the library wants of a folder with this "first_stage"."""
    if stage is None:
        return ["logit"]
    return ["logit", "fused"] + (["fused_other_scripts"] if "other_scripts" in stage else [])


def scores_of(row: dict, stage: dict | None) -> dict[str, np.ndarray]:
    logits = np.array(row["logits"])
    if stage is None:
        return {"logit": logits}
    terms = first_stage_terms(torch.tensor(row["scores"], dtype=torch.float64)).numpy()
    fused = logits + terms @ weights_of(stage, row["query"]).double().numpy()
    if "other_scripts" in stage and not mostly_latin(row["query"]):
        return {"fused_other_scripts": fused}
    return {"logit": logits, "fused": fused}


def read_queries(paths: list[Path], stage: dict | None) -> dict[str, list[Query]]:
    """By set. Without weights there are no fused scores."""
    sets: dict[str, list[Query]] = {}
    for path in paths:
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            query = Query(scores_of(row, stage), np.array(row["relevant"], dtype=float))
            sets.setdefault(row["set"], []).append(query)
    return sets


def of_kind(sets: dict[str, list[Query]], kind: str) -> dict[str, list[Query]]:
    """The queries that have such scores, of sets that mostly have: two queries in Latin letters
    among thirty in Hebrew would count as much as a set."""
    found = {name: [q for q in queries if kind in q.scores] for name, queries in sets.items()}
    return {name: queries for name, queries in found.items() if 2 * len(queries) > len(sets[name])}


def joined(sets: dict[str, list[Query]], names: list[str], kind: str) -> Weighted:
    """All pairs of the sets; the weights of each set's sum up to the same, all to 1."""
    queries = [q for name in names for q in sets[name]]
    pairs = [sum(len(q.relevant) for q in sets[name]) for name in names]
    return (np.concatenate([q.scores[kind] for q in queries]), np.concatenate([q.relevant for q in queries]),
            np.repeat([1 / (count * len(names)) for count in pairs], pairs))


def fit(scores: np.ndarray, relevant: np.ndarray, weights: np.ndarray) -> LogOdds:
    """The line of the greatest likelihood, by Newton's steps; the targets are a
    little inside 0 and 1 (Platt 1999), so that there is one for any scores."""
    positives, negatives = relevant.sum(), (1 - relevant).sum()
    targets = np.where(relevant > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    mean, deviation = scores.mean(), scores.std()
    columns = np.stack([(scores - mean) / deviation, np.ones_like(scores)], axis=1)
    line = np.zeros(2)
    for _ in range(100):
        probability = 1 / (1 + np.exp(-columns @ line))
        gradient = columns.T @ (weights * (probability - targets))
        curvature = weights * probability * (1 - probability)
        step = np.linalg.solve(columns.T @ (curvature[:, None] * columns), gradient)
        line -= np.clip(step, -1, 1)  # where the curve is flat, a whole step overshoots
        if np.abs(step).max() < 1e-9:
            break
    slope = line[0] / deviation
    if not slope > 0:
        raise ValueError(f"relevance does not rise with the score: slope {slope:.3g}, above 0 wanted")
    return LogOdds(float(slope), float(line[1] - slope * mean))


def log_loss(probability: np.ndarray, relevant: np.ndarray) -> float:
    likely = np.where(relevant > 0, probability, 1 - probability)
    return float(-np.log(np.maximum(likely, 1e-12)).mean())


def calibration_error(bins: list[Bin]) -> float:
    """ECE: how far predicted and found shares lie apart, in the mean over pairs."""
    return sum(b.weight * abs(b.predicted - b.found) for b in bins) / sum(b.weight for b in bins)


def measure(queries: list[Query], kind: str, line: LogOdds, others_share: float) -> dict[str, float]:
    """One set under a line that was fitted without it."""
    scores = np.concatenate([q.scores[kind] for q in queries])
    relevant = np.concatenate([q.relevant for q in queries])
    before, after = SIGMOID.probability(scores), line.probability(scores)
    even = np.ones_like(relevant)
    firsts = [q.scores[kind].argmax() for q in queries]
    return {
        "relevant": relevant.mean(),
        "log-loss, constant": log_loss(np.full_like(relevant, others_share), relevant),
        "log-loss, sigmoid": log_loss(before, relevant),
        "log-loss, calibrated": log_loss(after, relevant),
        "ECE, sigmoid": calibration_error(bins_of(before, relevant, even)),
        "ECE, calibrated": calibration_error(bins_of(after, relevant, even)),
        "first passage: predicted": np.mean([line.probability(q.scores[kind][i]) for q, i in zip(queries, firsts)]),
        "found": np.mean([q.relevant[i] for q, i in zip(queries, firsts)]),
    }


def left_out(sets: dict[str, list[Query]], kind: str) -> tuple[dict[str, dict[str, float]], list[Bin]]:
    """Measures by set, and bins of all pairs, each under the line that was fitted on the other sets."""
    rows, predicted = {}, []
    for name in sets:
        training = joined(sets, [other for other in sets if other != name], kind)
        line = fit(*training)
        rows[name] = measure(sets[name], kind, line, training[1] @ training[2])
        predicted.append(line.probability(joined(sets, [name], kind)[0]))
    _, relevant, weights = joined(sets, list(sets), kind)
    return rows, bins_of(np.concatenate(predicted), relevant, weights)


def table(rows: dict[str, dict[str, float]]) -> list[str]:
    """Markdown: a row a set, then their mean."""
    columns = list(next(iter(rows.values())))
    means = {column: np.mean([row[column] for row in rows.values()]) for column in columns}
    cells = lambda row: [f"{row[c]:.4f}" if c.startswith(("log-loss", "ECE")) else f"{100 * row[c]:.1f} %" for c in columns]
    lines = [["set", *columns], ["---"] * (len(columns) + 1),
             *([name, *cells(row)] for name, row in [*rows.items(), ("mean", means)])]
    return ["| " + " | ".join(line) + " |" for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="the folder that is calibrated")
    parser.add_argument("logits", type=Path, nargs="+", help="what evaluate.py --save wrote of it, two sets or more a kind")
    args = parser.parse_args()

    path = args.model / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    stage = config.get("first_stage")
    every = read_queries(args.logits, stage)

    lines, bins = {}, {}
    for kind in kinds_of(stage):
        sets = of_kind(every, kind)
        if len(sets) < 2:
            parser.error(f"{kind}: {len(sets)} sets found in the logits, 2 or more wanted: one is left out in turn")
        rows, bins[kind] = left_out(sets, kind)
        line = fit(*joined(sets, list(sets), kind))
        lines[kind] = {name: float(f"{value:.5g}") for name, value in asdict(line).items()}
        print(f"{kind}: {lines[kind]}\n", *table(rows), "", sep="\n")
    plot(bins, args.model / "reliability.svg")
    config["calibration"] = lines
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
