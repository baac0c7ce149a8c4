"""How a passage that is longer than the window is best read: cut, or in windows, and which.

    python long_documents.py score --bin build/release/bin/rerank --model models/small --data DATA
                                   --out windows.jsonl [--sets NAME...] [--queries 40] [--candidates 10]
    python long_documents.py table --model models/small windows.jsonl
    python long_documents.py logits "first and likeliest 2 by held, 256" windows.jsonl > logits.jsonl

`score` reads every candidate in windows of several sizes, each window as a passage of its own as
Overflow::chunk does, and keeps every window's logit and which of the query's tokens it holds; all sets
take turns, and it can be stopped at any time. `table` then chooses windows by different rules, of which
the best counts: Recall@5 / nDCG@10, alone and fused, and the tokens that each rule reads. `logits` gives
one rule's for models/training/report.py, which fuses by the scores of these candidates alone.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "models" / "training"), str(ROOT / "tests" / "oracle")]

from beir import draw_queries
from cli import Rerank
from fusion import first_stage_terms
from metrics import ndcg, recall

SETTINGS = ["512/0.25", "256/0.25"]  # window in tokens / overlap, or /overlap:windows scored beside the first
WHOLE = 512  # a passage whose prompt has no more tokens is read whole, whatever the window
KINDS = ["held", "count", "bm25"]  # ways to tell which windows are likeliest
RESAMPLES = 2000


class Windows:
    """Cuts passages into windows at words; for WordPiece and pairs of [CLS] a [SEP] b [SEP]."""

    def __init__(self, model: Path):
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.tokenizer.no_truncation()

    def ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def cut(self, passage: str, used: int, size: int, overlap: float) -> list[tuple[str, list[int]]]:
        """(text, ids) of every window of at most `size` tokens, of which the prompt takes `used`."""
        encoding, room = self.tokenizer.encode(passage, add_special_tokens=False), size - used
        if len(encoding.ids) <= WHOLE - used:
            return [(passage, encoding.ids)]
        words, offsets = encoding.word_ids, encoding.offsets
        starts = [i for i in range(len(words)) if i == 0 or words[i] != words[i - 1]] + [len(words)]
        windows, first = [], 0
        while first + 1 < len(starts):
            last = first + 1
            while last + 1 < len(starts) and starts[last + 1] - starts[first] <= room:
                last += 1
            text = passage[offsets[starts[first]][0]:offsets[starts[last] - 1][1]]
            windows.append((text, encoding.ids[starts[first]:starts[last]]))
            if last + 1 == len(starts):
                break
            target = starts[first] + int((starts[last] - starts[first]) * (1 - overlap))
            first = next(i for i in range(first + 1, last + 1) if starts[i] >= target or i == last)
        return windows or [("", [])]


def rows_of(folder: Path, split: str, count: int, num_candidates: int) -> list[dict]:
    """Queries with their candidates; which of those are relevant, by position."""
    rows = draw_queries(folder, split, count, num_candidates)
    return [{key: row[key] for key in ("set", "query", "scores", "passages")} |
            {"relevant": [p in row["relevant"] for p in row["ids"]], "num_relevant": len(row["relevant"])} for row in rows]


def likeliness(passage: dict, kind: str) -> np.ndarray:
    """(windows) How likely each is to answer, by the query's tokens in it, the rarer among this passage's windows the more:
    `held` by which of them it holds, as the library does; `count` by how often; `bm25` as BM25 has it."""
    lengths = np.array(passage["tokens"], float)
    counts = np.array(passage["counts"], float).reshape(len(lengths), -1)  # (windows, the query's distinct tokens)
    frequency = (counts > 0).sum(0)
    if kind == "held":
        return (counts > 0) @ (len(counts) - frequency)
    idf = np.log(len(counts) / np.maximum(frequency, 1))
    if kind == "count":
        return counts @ idf
    return (counts * 2.2 / (counts + 1.2 * (.25 + .75 * lengths / lengths.mean())[:, None])) @ idf


def likeliest(passage: dict, kind: str, count: int, keep_first: bool) -> list[int]:
    """Positions of windows; of equals the first."""
    order = np.argsort(-likeliness(passage, kind), kind="stable").tolist()
    if keep_first:
        order = [0] + [i for i in order if i != 0]
    return sorted(order[:count])


def read_windows(windows: Windows, row: dict, passages: list[str], setting: str, kinds: list[str]) -> tuple[list, list]:
    """What is known of every passage's windows before they are scored, and the texts to score with the place where their
    logits belong: all windows, or the first and so many likeliest others of each kind."""
    size, overlap, *others = setting.replace(":", "/").split("/")
    query = windows.ids(row["query"])
    used, distinct = len(query) + 3, sorted(set(query))
    known, texts = [], []
    for passage in passages:
        cut = windows.cut(passage, used, int(size), float(overlap))
        counts = [[held[token] for token in distinct] for held in (Counter(ids) for _, ids in cut)]
        known.append({"tokens": [len(ids) + used for _, ids in cut], "counts": counts, "logits": [None] * len(cut)})
        most = 1 + int(others[0]) if others else len(cut)
        chosen = set().union(*(likeliest(known[-1], kind, most, keep_first=True) for kind in kinds))
        texts += [(cut[window][0], known[-1]["logits"], window) for window in sorted(chosen)]
    return known, texts


def score(args: argparse.Namespace) -> None:
    windows = Windows(args.model)
    sets = [rows_of(args.data / name, args.split, args.queries, args.candidates) for name in args.sets]
    order = [row for step in range(args.queries) for rows in sets for row in rows[step:step + 1]]
    with Rerank(args.bin, args.model, "--precision", args.precision, "--threads", str(args.threads)) as process, \
            open(args.out, "w", encoding="utf-8") as out:
        for number, row in enumerate(order):
            passages = row.pop("passages")
            row["windows"], logits = {}, {}
            for setting in args.settings:
                known, texts = read_windows(windows, row, passages, setting, args.kinds)
                new = sorted({text for text, *_ in texts} - logits.keys())
                logits |= zip(new, process.ask({"query": row["query"], "passages": new})["scores"])
                for text, of_passage, window in texts:
                    of_passage[window] = logits[text]
                row["windows"][setting.split(":")[0]] = known
            out.write(json.dumps(row) + "\n")
            out.flush()
            print(f"\r{number + 1} of {len(order)} queries", end="", file=sys.stderr)


def first(count: int):
    return lambda passage: list(range(min(count, len(passage["tokens"]))))


def every(passage: dict) -> list[int]:
    return list(range(len(passage["tokens"])))


def by(kind: str, count: int, keep_first: bool = False):
    return lambda passage: likeliest(passage, kind, count, keep_first)


def rules_of(size: int) -> dict[str, tuple]:
    """Name: the setting, and which of a passage's windows are read; the best logit counts."""
    chosen = {f"first {count}": first(count) for count in (2, 3, 4, 8)} | {"all": every}
    for kind in KINDS:
        for count in (1, 2, 3, 4, 6, 8):
            chosen[f"likeliest {count} by {kind}"] = by(kind, count)
            if count > 1:
                chosen[f"first and likeliest {count - 1} by {kind}"] = by(kind, count, keep_first=True)
    return {f"cut at {size}": (f"{size}/0.25", first(1))} | {
        f"{name}, {size}": (f"{size}/0.25", choose) for name, choose in chosen.items()}


# The first that was scored is what the others are compared with.
RULES = rules_of(512) | rules_of(256) | rules_of(192) | rules_of(128)


def quality(row: dict, scores: np.ndarray) -> tuple[float, float]:
    """(Recall@5, nDCG@10)"""
    found = {i for i, is_relevant in enumerate(row["relevant"]) if is_relevant}
    relevant = found | {-1 - i for i in range(row["num_relevant"] - len(found))}
    order = np.argsort(-scores, kind="stable").tolist()
    return recall(order, relevant, 5), ndcg(order, relevant)


def logits_of(row: dict, rule: tuple) -> np.ndarray | None:
    """(passages) None where not all that the rule reads was scored."""
    setting, choose = rule
    if setting not in row["windows"]:
        return None
    read = [[passage["logits"][i] for i in choose(passage)] for passage in row["windows"][setting]]
    return None if any(None in logits for logits in read) else np.array([max(logits) for logits in read])


def measure(row: dict, rule: tuple, weights: tuple[float, float]) -> list[float]:
    """Recall@5 and nDCG@10 alone and fused, and the thousands of tokens read."""
    setting, choose = rule
    logits = logits_of(row, rule)
    terms = first_stage_terms(torch.tensor(row["scores"])).numpy()[:len(logits)] @ np.array(weights)
    tokens = sum(passage["tokens"][i] for passage in row["windows"][setting] for i in choose(passage))
    return [*quality(row, logits), *quality(row, logits + terms), tokens / 1000]


def with_interval(differences: np.ndarray) -> str:
    """(queries) differences in points; bootstrap over queries."""
    drawn = np.random.default_rng(1).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.percentile(100 * differences[drawn].mean(1), [2.5, 97.5])
    return f"{100 * differences.mean():+.1f} ({low:+.1f} to {high:+.1f})"


def read_rows(paths: list[Path]) -> list[dict]:
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def table(args: argparse.Namespace) -> None:
    stage = json.loads((args.model / "config.json").read_text(encoding="utf-8"))["first_stage"]
    weights = stage["max_weight"], stage["zscore_weight"]
    rows = read_rows(args.rows)
    for name in dict.fromkeys(row["set"] for row in rows):
        of_set = [row for row in rows if row["set"] == name]
        first_stage = np.mean([quality(row, np.array(row["scores"][:len(row["relevant"])])) for row in of_set], axis=0)
        print(f"\n{name}, {len(of_set)} queries; first stage {100 * first_stage[0]:.1f} / {100 * first_stage[1]:.1f}\n\n"
              "| rule | tokens, thousands a query | alone | nDCG@10 against the first row | fused | nDCG@10 |\n|---|---|---|---|---|---|")
        measured = {name: np.array([measure(row, rule, weights) for row in of_set]) for name, rule in RULES.items()
                    if all(logits_of(row, rule) is not None for row in of_set)}
        base = next(iter(measured.values()))
        for rule, values in measured.items():
            mean = values.mean(0)
            print(f"| {rule} | {mean[4]:.1f} | {100 * mean[0]:.1f} / {100 * mean[1]:.1f} | {with_interval(values[:, 1] - base[:, 1])} "
                  f"| {100 * mean[2]:.1f} / {100 * mean[3]:.1f} | {with_interval(values[:, 3] - base[:, 3])} |")


def logits(args: argparse.Namespace) -> None:
    for row in read_rows(args.rows):
        logits = logits_of(row, RULES[args.rule]).tolist()
        print(json.dumps({key: row[key] for key in ("set", "query", "relevant", "num_relevant")}
                         | {"logits": logits, "scores": row["scores"][:len(logits)]}))


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
    scoring.add_argument("--settings", nargs="+", default=SETTINGS,
                         help="window in tokens / overlap, then :N for N windows scored beside the first and no more")
    scoring.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="whose likeliest windows are scored")
    scoring.add_argument("--precision", default="auto")
    scoring.add_argument("--threads", type=int, default=1)
    scoring.set_defaults(run=score)
    telling = commands.add_parser("table")
    telling.add_argument("--model", type=Path, required=True, help="the folder whose fusion is used")
    telling.add_argument("rows", type=Path, nargs="+", help="what score wrote")
    telling.set_defaults(run=table)
    saying = commands.add_parser("logits")
    saying.add_argument("rule", choices=RULES)
    saying.add_argument("rows", type=Path, nargs="+", help="what score wrote")
    saying.set_defaults(run=logits)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
