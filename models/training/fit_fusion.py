"""Fits the first stage's two weights on held-out training lists and writes them
into the model folder's config.json.

    python fit_fusion.py --model ../small --lists lists

Training meets six to eight passages a list, a call forty, and among more rivals
the first stage deserves another weight. Lists count whose answers no training list
has as answers: of passages that it has learnt as such the model is surer than it
will be of any that it meets. As negatives of other queries it has read them, so if
anything it is less sure of them, and the first stage gets the more weight. No dev
query is read here.

The lists are of the training's kind, and where texts are of another the model
knows less and BM25 as much as ever. So the weights are the largest that the lists
cannot tell from the best.
"""

import argparse
import json
from pathlib import Path

import torch
from tqdm import tqdm

import scoring
from beir import passage_text
from fusion import first_stage_terms
from lists import Lists
from metrics import ndcg

CUT_AT = 256  # tokens, in PyTorch: the library reads as the folder says
SCALES = torch.logspace(-2, 1, 61)
LEAST_SCALE = 1e-2  # of the logit: where it tells nothing, weights beside it would have no end
FACTORS = [1 + step / 20 for step in range(80, 0, -1)]  # 5 to 1.05


def trained_answers(folder: Path) -> set[tuple[str, str]]:
    """(set, passage) of all that a training list calls relevant."""
    with open(folder / "train.jsonl", encoding="utf-8") as rows:
        return {(row["set"], p) for row in map(json.loads, rows) for p in row["positives"]}


def held_lists(lists: Lists, trained: set[tuple[str, str]], per_set: int) -> list[dict]:
    """The first `per_set` lists of each set whose relevant passage BM25 found and training did not name."""
    usable = [r for r in lists.rows
              if {p for p, _ in r["candidates"]} & set(r["positives"])
              and not any((r["set"], p) in trained for p in r["positives"])]
    sets = dict.fromkeys(r["set"] for r in usable)
    return [r for name in sets for r in [u for u in usable if u["set"] == name][:per_set]]


def log_likelihood(scores: torch.Tensor, relevant: torch.Tensor) -> torch.Tensor:
    """Of all relevant passages together, under softmax over the list."""
    return scores[relevant].logsumexp(0) - scores.logsumexp(0)


def fit(lists: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]) -> tuple[float, float, float]:
    """(max_weight, zscore_weight, mean cross-entropy) for (logits, terms, relevant) lists.

    The logit's own scale is fitted along and divided out: an order does not
    change when everything is scaled.
    """
    raw = torch.zeros(3, requires_grad=True)  # logarithms of scale and both weights
    optimizer = torch.optim.LBFGS([raw], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scale, *weights = raw.exp()
        total = sum(log_likelihood((LEAST_SCALE + scale) * l + t @ torch.stack(weights), r) for l, t, r in lists)
        value = -total / len(lists)
        value.backward()
        return value

    optimizer.step(loss)
    scale, max_weight, zscore_weight = raw.exp().tolist()
    scale += LEAST_SCALE
    return max_weight / scale, zscore_weight / scale, loss().item()


def losses(lists: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]], weights: torch.Tensor) -> torch.Tensor:
    """Each list's cross-entropy, at the scale that suits all of them best."""
    table = []
    for logits, terms, relevant in lists:
        scores = SCALES[:, None] * (logits + terms @ weights)
        table.append(scores.logsumexp(1) - scores[:, relevant].logsumexp(1))
    by_scale = torch.stack(table)
    return by_scale[:, by_scale.mean(0).argmin()]


def cautious(lists: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]], weights: torch.Tensor) -> torch.Tensor:
    """The weights times the largest factor whose loss is within a standard error of theirs."""
    best = losses(lists, weights)
    for factor in FACTORS:
        worse = losses(lists, factor * weights) - best
        if worse.mean() <= worse.std() / len(lists) ** 0.5:
            return factor * weights
    return weights


def report(lists: list, weights: torch.Tensor) -> None:
    """Prints nDCG@10 on the lists of the fit: it shows what the logit adds, a
    little kindly."""
    ways = {"first stage": lambda l, t: t[:, 0], "alone": lambda l, t: l, "fused": lambda l, t: l + t @ weights}
    for name, way in ways.items():
        total = 0.0
        for logits, terms, relevant in lists:
            ranking = way(logits, terms).argsort(descending=True, stable=True).tolist()
            total += ndcg(ranking, set(relevant.nonzero().flatten().tolist()))
        print(f"nDCG@10 {name:12} {100 * total / len(lists):5.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--lists", type=Path, required=True)
    parser.add_argument("--per-set", type=int, default=30)
    scoring.add_options(parser)
    parser.add_argument("--save", type=Path, help="the scored lists, for torch.load")
    args = parser.parse_args()

    lists = Lists(args.lists, "held")
    chosen = held_lists(lists, trained_answers(args.lists), args.per_set)
    if len(chosen) < 2:
        parser.error(f"{args.lists / 'held.jsonl'}: {len(chosen)} lists whose answer BM25 found and training did not "
                     "name; wanted 2 or more")
    score, fitted = scoring.scorer(args.model, args, CUT_AT), []
    for row in tqdm(chosen, mininterval=5):
        ids = [p for p, _ in row["candidates"]]
        texts = [passage_text(*lists.passages[row["set"]][p]) for p in ids]
        logits = score(row["query"], texts)
        terms = first_stage_terms(torch.tensor([s for _, s in row["candidates"]]))
        fitted.append((logits, terms, torch.tensor([p in row["positives"] for p in ids])))
    max_weight, zscore_weight, loss = fit(fitted)
    if args.save:
        torch.save(fitted, args.save)
    print(f"{len(fitted)} lists, cross-entropy {loss:.3f} at best: {max_weight:.4f}, {zscore_weight:.4f}")
    weights = cautious(fitted, torch.tensor([max_weight, zscore_weight]))
    report(fitted, weights)
    path = args.model / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config.setdefault("first_stage", {}).update(zip(["max_weight", "zscore_weight"], (round(w, 4) for w in weights.tolist())))
    config.pop("calibration", None)  # its line for fused scores was fitted for other weights
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    print(config["first_stage"])


if __name__ == "__main__":
    main()
