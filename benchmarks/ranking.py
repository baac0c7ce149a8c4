"""What a precision does to the ranking: the same lists scored in fp32 and in others, and compared.

    python ranking.py --bin build/release/bin/rerank --model models/small --data DATA --sets NAME...
                      [--precisions int8] [--queries 50] [--max-tokens 256] [--device cpu]

DATA holds BEIR folders with candidates (bm25.SPLIT.tsv.gz). Of every query's first 40 candidates: nDCG@10
in fp32 and by how much the precision changes it, Kendall's tau between the two orders (the share of pairs
in the same order less that of the others; equal scores count as neither), and the largest difference of
two scores. Long passages are cut. `alone` is by logits, `fused` by logits joined with the first stage's scores, where the folder
says how. Needs no packages.
"""

import argparse
import json
import os
import statistics
import sys
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "models" / "training"), str(ROOT / "tests" / "oracle")]

from beir import draw_queries
from cli import Rerank
from metrics import ndcg

CANDIDATES = 40
ORDERS = ("alone", "fused")


def scores(process: Rerank, row: dict) -> dict[str, list[float]]:
    """The logits, and what they become with the first stage's scores."""
    first_stage = row["scores"][:len(row["passages"])]
    reply = process.ask({"query": row["query"], "passages": row["passages"], "first_stage": first_stage})
    return {"alone": [hit["logit"] for hit in reply["report"]], "fused": reply["scores"]}


def tau(a: list[float], b: list[float]) -> float:
    agree = [(a[i] - a[j]) * (b[i] - b[j]) for i, j in combinations(range(len(a)), 2)]
    return sum((x > 0) - (x < 0) for x in agree) / max(1, len(agree))


def quality(row: dict, scores_of: list[float]) -> float:
    order = sorted(range(len(scores_of)), key=lambda i: -scores_of[i])
    return ndcg([row["ids"][i] for i in order], row["relevant"])


def compare(rows: list[dict], exact: list[dict], other: list[dict], order: str) -> dict[str, float]:
    """Means over the queries of one set, and the largest difference."""
    pairs = [(row, a[order], b[order]) for row, a, b in zip(rows, exact, other)]
    return {
        "ndcg": 100 * statistics.mean(quality(row, a) for row, a, _ in pairs),
        "change": 100 * statistics.mean(quality(row, b) - quality(row, a) for row, a, b in pairs),
        "tau": statistics.mean(tau(a, b) for _, a, b in pairs),
        "gap": max(abs(x - y) for _, a, b in pairs for x, y in zip(a, b)),
    }


def cells(result: dict[str, float]) -> str:
    return f"{result['ndcg']:.1f} | {result['change']:+.2f} | {result['tau']:.4f} | {result['gap']:.3f}"


def mean(results: list[dict[str, float]]) -> dict[str, float]:
    means = {key: statistics.mean(result[key] for result in results) for key in results[0]}
    return means | {"gap": max(result["gap"] for result in results)}


def scored(args, precision: str, rows: list[dict]) -> list[dict]:
    options = ["--overflow", "truncate", "--precision", precision, "--device", args.device, "--threads", args.threads, "--report"]
    if args.max_tokens:
        options += ["--max-tokens", args.max_tokens]
    with Rerank(args.bin, args.model, *options) as process:
        return [scores(process, row) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--precisions", nargs="+", default=["int8"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--queries", type=int, default=50, help="a set")
    parser.add_argument("--max-tokens", type=int)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    print("| set | precision | order | nDCG@10 in fp32 | change | Kendall's tau | largest difference |")
    print("|---|---|---|---|---|---|---|")
    results = {}
    for name in args.sets:
        rows = draw_queries(args.data / name, args.split, args.queries, CANDIDATES, args.seed)
        exact = scored(args, "fp32", rows)
        for precision in args.precisions:
            other = scored(args, precision, rows)
            for order in ORDERS:
                result = compare(rows, exact, other, order)
                results.setdefault((precision, order), []).append(result)
                print(f"| {name} ({len(rows)}) | {precision} | {order} | {cells(result)} |", flush=True)
    for (precision, order), of_sets in results.items():
        print(f"| mean | {precision} | {order} | {cells(mean(of_sets))} |")


if __name__ == "__main__":
    main()
