"""Fits the first stage's two weights for queries of other scripts than the Latin, on
dev queries whose logits `rerank eval --logits` or evaluate.py saved, and writes them into
the folder's config.json.

    python evaluate.py --model ../small --data DATA --sets iapp-wiki heq ... --bin BIN --save logits.jsonl
    python fit_other_scripts.py --model ../small logits.jsonl

A model of English tells little of such texts, and under the weights that are right
for English it can cost what the first stage knows: on Thai, which its tokenizer
takes for a few long words, it does. Fitted as in fit_fusion.py, to the largest
weights that the queries cannot tell from the best. What is printed is each set
under the weights that were fitted without it.
"""

import argparse
import json
from pathlib import Path

import torch

from evaluate import mean
from fit_fusion import cautious, fit
from fusion import first_stage_terms, mostly_latin, weights_of
from report import floats, measure_saved

NAMES = ["max_weight", "zscore_weight"]


def read_rows(paths: list[Path]) -> dict[str, list[dict]]:
    """By set, of queries in other scripts."""
    sets: dict[str, list[dict]] = {}
    for path in paths:
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if not mostly_latin(row["query"]):
                sets.setdefault(row["set"], []).append(row)
    return sets


def fitted(rows: list[dict]) -> torch.Tensor:
    """(2), on the rows whose answer the first stage found."""
    lists = [(floats(row["logits"]), first_stage_terms(floats(row["scores"])), torch.tensor(row["relevant"]))
             for row in rows if any(row["relevant"])]
    return cautious(lists, torch.tensor(fit(lists)[:2]))


def figures(rows: list[dict], weights: torch.Tensor) -> dict[str, str]:
    """Recall@5 / nDCG@10 by each way of ordering."""
    results = [measure_saved(row, weights) for row in rows]
    return {way: mean([r[way] for r in results]) for way in ("first stage", "alone", "fused")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a folder with a fusion (fit_fusion.py)")
    parser.add_argument("logits", type=Path, nargs="+", help="what evaluate.py --save wrote of it, two sets or more")
    args = parser.parse_args()

    path = args.model / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if "first_stage" not in config:
        parser.error(f"{path}: first_stage is missing; wanted from fit_fusion.py")
    sets = read_rows(args.logits)
    if len(sets) < 2:
        parser.error(f"{len(sets)} sets in other scripts found, 2 or more wanted: one is left out in turn")
    print("| set | queries | first stage | alone | fused as Latin | fused, set left out |\n|---|---|---|---|---|---|")
    for name, rows in sets.items():
        others = fitted([row for other in sets if other != name for row in sets[other]])
        of_latin = figures(rows, weights_of(config["first_stage"], ""))
        print(f"| {name} | {len(rows)} | {of_latin['first stage']} | {of_latin['alone']} | {of_latin['fused']} "
              f"| {figures(rows, others)['fused']} |")
    weights = fitted([row for rows in sets.values() for row in rows])
    config["first_stage"]["other_scripts"] = dict(zip(NAMES, (round(w, 4) for w in weights.tolist())))
    config.pop("calibration", None)  # the library takes no part of its lines, and one was fitted for other weights
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    print(config["first_stage"]["other_scripts"])


if __name__ == "__main__":
    main()
