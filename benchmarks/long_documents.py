"""How a passage that is longer than the window is best read: cut, or in windows, and which.

    python long_documents.py score --bin build/release/bin/rerank --model models/minilm --data DATA
                                   --out windows.jsonl [--sets NAME...] [--queries 40] [--candidates 10]
    python long_documents.py table --model models/minilm windows.jsonl

`score` reads every candidate in windows of several sizes and overlaps, each window as a passage of
its own as Overflow::chunk does, and keeps every window's logit; all sets take turns, and it can be
stopped at any time. `table` then joins the windows by different rules: Recall@5 / nDCG@10, alone and
fused, and the tokens that each rule reads.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "models" / "training"), str(ROOT / "tests" / "oracle")]

from beir import passage_text, read_candidates, read_corpus, read_qrels, read_queries
from cli import Rerank
from fusion import first_stage_terms
from metrics import ndcg, recall

SETTINGS = ["512/0.25", "512/0.5", "256/0.25", "128/0.25"]  # window in tokens / overlap
MAX_WINDOWS = 32  # of one passage, as in the library
RESAMPLES = 2000


class Windows:
    """Cuts passages into windows at words; for WordPiece and pairs of [CLS] a [SEP] b [SEP]."""

    def __init__(self, model: Path):
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.no_truncation()

    def num_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def cut(self, passage: str, room: int, overlap: float) -> list[tuple[str, int]]:
        """(text, tokens) of every window of at most `room` tokens."""
        encoding = self.tokenizer.encode(passage, add_special_tokens=False)
        words, offsets = encoding.word_ids, encoding.offsets
        starts = [i for i in range(len(words)) if i == 0 or words[i] != words[i - 1]] + [len(words)]
        windows, first = [], 0
        while len(windows) < MAX_WINDOWS and first + 1 < len(starts):
            last = first + 1
            while last + 1 < len(starts) and starts[last + 1] - starts[first] <= room:
                last += 1
            text = passage[offsets[starts[first]][0]:offsets[starts[last] - 1][1]]
            windows.append((text, starts[last] - starts[first]))
            if last + 1 == len(starts):
                break
            target = starts[first] + (starts[last] - starts[first]) * (1 - overlap)
            first = next(i for i in range(first + 1, last + 1) if starts[i] >= target or i == last)
        return windows or [("", 0)]


def rows_of(folder: Path, split: str, count: int, num_candidates: int) -> list[dict]:
    """`count` queries in a random order, so that any first part of them is a sample, too."""
    candidates, relevant = read_candidates(folder, split), read_qrels(folder, split)
    queries, corpus = read_queries(folder), read_corpus(folder)
    ids = sorted(q for q in candidates if q in relevant)
    chosen = random.Random(1).sample(ids, min(count, len(ids)))
    return [{"set": folder.name, "query": queries[q],
             "relevant": [p in relevant[q] for p, _ in candidates[q][:num_candidates]],
             "num_relevant": len(relevant[q]),
             "scores": [s for _, s in candidates[q]],
             "passages": [passage_text(*corpus[p]) for p, _ in candidates[q][:num_candidates]]}
            for q in chosen]


def score(args: argparse.Namespace) -> None:
    windows = Windows(args.model)
    sets = [rows_of(args.data / name, args.split, args.queries, args.candidates) for name in args.sets]
    order = [row for step in range(args.queries) for rows in sets for row in rows[step:step + 1]]
    with Rerank(args.bin, args.model, "--precision", args.precision, "--threads", "1") as process, \
            open(args.out, "w", encoding="utf-8") as out:
        for number, row in enumerate(order):
            passages, used = row.pop("passages"), windows.num_tokens(row["query"]) + 3
            row["windows"] = {}
            for setting in args.settings:
                size, overlap = int(setting.split("/")[0]), float(setting.split("/")[1])
                cut = [windows.cut(passage, size - used, overlap) for passage in passages]
                texts = [text for of_passage in cut for text, _ in of_passage]
                logits = iter(process.ask({"query": row["query"], "passages": texts})["scores"])
                row["windows"][setting] = [
                    [(tokens + used, next(logits)) for _, tokens in of_passage] for of_passage in cut]
            out.write(json.dumps(row) + "\n")
            out.flush()
            print(f"\r{number + 1} of {len(order)} queries", end="", file=sys.stderr)


def best(windows: list[tuple[int, float]]) -> float:
    return max(logit for _, logit in windows)


def mean_of_best(count: int):
    return lambda windows: float(np.mean(sorted((logit for _, logit in windows), reverse=True)[:count]))


def first(count: int):
    return lambda windows: windows[:count]


def every_other(windows: list) -> list:
    """Half an overlap becomes none."""
    return windows[::2]


# Name: the setting, which of its windows are read, and how their logits become one. The first is
# what the others are compared with.
RULES = {
    "cut at 512": ("512/0.25", first(1), best),
    "cut at 256": ("256/0.25", first(1), best),
    "best of 512s, no overlap": ("512/0.5", every_other, best),
    "best of 512s, a quarter": ("512/0.25", list, best),
    "best of 512s, a half": ("512/0.5", list, best),
    "best of 256s, a quarter": ("256/0.25", list, best),
    "best of 128s, a quarter": ("128/0.25", list, best),
    "best of the first 2 512s": ("512/0.25", first(2), best),
    "best of the first 4 512s": ("512/0.25", first(4), best),
    "best of the first 8 512s": ("512/0.25", first(8), best),
    "mean of the best 2 of 512s": ("512/0.25", list, mean_of_best(2)),
    "mean of the best 3 of 512s": ("512/0.25", list, mean_of_best(3)),
    "mean of the best 3 of 256s": ("256/0.25", list, mean_of_best(3)),
}


def quality(row: dict, scores: np.ndarray) -> tuple[float, float]:
    """(Recall@5, nDCG@10)"""
    found = {i for i, is_relevant in enumerate(row["relevant"]) if is_relevant}
    relevant = found | {-1 - i for i in range(row["num_relevant"] - len(found))}
    order = np.argsort(-scores, kind="stable").tolist()
    return recall(order, relevant, 5), ndcg(order, relevant)


def measure(row: dict, rule: tuple, weights: tuple[float, float]) -> list[float]:
    """Recall@5 and nDCG@10 alone and fused, and the thousands of tokens read."""
    setting, choose, join = rule
    read = [choose(windows) for windows in row["windows"][setting]]
    logits = np.array([join(windows) for windows in read])
    terms = first_stage_terms(torch.tensor(row["scores"])).numpy()[:len(logits)] @ np.array(weights)
    tokens = sum(count for windows in read for count, _ in windows)
    return [*quality(row, logits), *quality(row, logits + terms), tokens / 1000]


def with_interval(differences: np.ndarray) -> str:
    """(queries) differences in points; bootstrap over queries."""
    drawn = np.random.default_rng(1).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.percentile(100 * differences[drawn].mean(1), [2.5, 97.5])
    return f"{100 * differences.mean():+.1f} ({low:+.1f} to {high:+.1f})"


def table(args: argparse.Namespace) -> None:
    stage = json.loads((args.model / "config.json").read_text(encoding="utf-8"))["first_stage"]
    weights = stage["max_weight"], stage["zscore_weight"]
    rows = [json.loads(line) for path in args.rows for line in path.read_text(encoding="utf-8").splitlines()]
    for name in dict.fromkeys(row["set"] for row in rows):
        of_set = [row for row in rows if row["set"] == name]
        first_stage = np.mean([quality(row, np.array(row["scores"][:len(row["relevant"])])) for row in of_set], axis=0)
        print(f"\n{name}, {len(of_set)} queries; first stage {100 * first_stage[0]:.1f} / {100 * first_stage[1]:.1f}\n\n"
              "| rule | tokens, thousands a query | alone | nDCG@10 against the first row | fused | nDCG@10 |\n|---|---|---|---|---|---|")
        measured = {rule: np.array([measure(row, parts, weights) for row in of_set]) for rule, parts in RULES.items()
                    if all(parts[0] in row["windows"] for row in of_set)}
        base = next(iter(measured.values()))
        for rule, values in measured.items():
            mean = values.mean(0)
            print(f"| {rule} | {mean[4]:.1f} | {100 * mean[0]:.1f} / {100 * mean[1]:.1f} | {with_interval(values[:, 1] - base[:, 1])} "
                  f"| {100 * mean[2]:.1f} / {100 * mean[3]:.1f} | {with_interval(values[:, 3] - base[:, 3])} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    scoring = commands.add_parser("score")
    scoring.add_argument("--bin", type=Path, required=True)
    scoring.add_argument("--model", type=Path, required=True)
    scoring.add_argument("--data", type=Path, required=True)
    scoring.add_argument("--out", type=Path, required=True)
    scoring.add_argument("--split", default="dev")
    scoring.add_argument("--sets", nargs="+", default=["boolq-long", "covidqa-long"])
    scoring.add_argument("--queries", type=int, default=40, help="of each set")
    scoring.add_argument("--candidates", type=int, default=10, help="of each query")
    scoring.add_argument("--settings", nargs="+", default=SETTINGS, help="window in tokens / overlap")
    scoring.add_argument("--precision", default="auto")
    scoring.set_defaults(run=score)
    telling = commands.add_parser("table")
    telling.add_argument("--model", type=Path, required=True, help="the folder whose fusion is used")
    telling.add_argument("rows", type=Path, nargs="+", help="what score wrote")
    telling.set_defaults(run=table)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
