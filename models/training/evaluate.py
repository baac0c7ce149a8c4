"""Measures a model folder on a sample of dev queries: the first stage's order,
the model's alone, and both fused.

    python evaluate.py --model ../small --data DATA --queries 40
    python evaluate.py --model start --bi-encoder --data DATA    # what start.py pair-cosine wrote

With --bin the library scores, as it reads the folder and its long passages;
without, PyTorch, which cuts them: a quick look while training. With --bi-encoder
it encodes query and passage alone, as the authors of all-MiniLM-L6-v2 do: what to
compare with. report.py tells the share of the head-room. scripts/eval_all.sh gives
the library's figures on all dev queries of every language.
"""

import argparse
import json
import math
from pathlib import Path

import torch
from tqdm import tqdm

import folder
import scoring
from beir import draw_queries
from fusion import first_stage_terms, weights_of
from loss import TEACHER_SCALE
from metrics import ndcg, recall
from mine import CANDIDATES, QUERIES, UNSEEN
from teacher import BiEncoder

BI_ENCODER_TOKENS = 256  # where all-MiniLM-L6-v2 cuts texts by default
NOT_FITTED = {"max_weight": 0.5, "zscore_weight": 0.5}  # a bi-encoder's fusion


def sample(data: Path, name: str, count: int, seed: int) -> list[dict]:
    """`count` dev queries (tldr: English ones) with candidates and judgements."""
    rows = draw_queries(data / name, "dev", count, CANDIDATES, seed, prefix="en/" if name == "tldr" else "")
    return [row | {"scores": torch.tensor(row["scores"][:CANDIDATES])} for row in rows]


def add_options(parser: argparse.ArgumentParser, queries: int) -> None:
    """Of a model and the sample that it is measured on."""
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=[*QUERIES, *UNSEEN])
    parser.add_argument("--queries", type=int, default=queries, help="dev queries a set")
    parser.add_argument("--seed", type=int, default=1)
    scoring.add_options(parser)


def bi_encoder(args: argparse.Namespace) -> scoring.Scorer:
    torch.set_num_threads(1)
    model, tokenizer, _ = folder.load(args.model)
    encoder = BiEncoder(model, tokenizer, args.bfloat16, args.max_tokens or BI_ENCODER_TOKENS)

    def cosines(query: str, passages: list[str]) -> torch.Tensor:
        encoder.encode([query, *passages])
        return TEACHER_SCALE * encoder.cosines(query, passages)

    return cosines


def measure(row: dict, logits: torch.Tensor, weights: torch.Tensor | None) -> dict[str, tuple[float, float]]:
    """(Recall@5, nDCG@10) by each way of ordering the candidates; without weights there is no fused one."""
    orders = {"first stage": row["scores"], "alone": logits}
    if weights is not None:
        orders["fused"] = logits + first_stage_terms(row["scores"]) @ weights
    result = {"fused": (math.nan, math.nan)}
    for name, scores in orders.items():
        ranking = [row["ids"][i] for i in scores.argsort(descending=True, stable=True)]
        result[name] = recall(ranking, row["relevant"], 5), ndcg(ranking, row["relevant"])
    best = sorted(row["ids"], key=lambda p: p not in row["relevant"])
    result["ceiling"] = recall(best, row["relevant"], 5), math.nan
    return result


def mean(rows: list[tuple[float, float]]) -> str:
    """In %; "-" for what is not measured."""
    means = [100 * sum(column) / len(rows) for column in zip(*rows)]
    return " / ".join("    -" if math.isnan(value) else f"{value:5.1f}" for value in means)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, queries=40)
    parser.add_argument("--save", type=Path, help="JSON lines of every query's logits")
    parser.add_argument("--bi-encoder", action="store_true", help="encode query and passage alone")
    args = parser.parse_args()
    if args.bi_encoder and args.bin:
        parser.error("--bi-encoder is PyTorch's: not with --bin")

    score = bi_encoder(args) if args.bi_encoder else scoring.scorer(args.model, args)
    config = json.loads((args.model / "config.json").read_text(encoding="utf-8"))
    stage = config.get("first_stage", NOT_FITTED if args.bi_encoder else None)
    ways = ["first stage", "alone", "fused", "ceiling"]
    print(f"Recall@5 / nDCG@10, in %\n{'':20}" + "".join(f"{way:>16}" for way in ways))
    means, saved = {way: [] for way in ways}, []
    for name in args.sets:
        rows = sample(args.data, name, args.queries, args.seed)
        results = []
        for row in tqdm(rows, desc=name, leave=False, mininterval=5):
            logits = score(row["query"], row["passages"])
            results.append(measure(row, logits, weights_of(stage, row["query"]) if stage else None))
            saved.append({"set": name, "query": row["query"], "relevant": [p in row["relevant"] for p in row["ids"]],
                          "num_relevant": len(row["relevant"]),
                          "logits": logits.tolist(), "scores": row["scores"].tolist()})
        for way in ways:
            columns = zip(*(r[way] for r in results))
            means[way].append(tuple(sum(column) / len(results) for column in columns))
        print(f"{name:16}{len(rows):4}" + "".join(f"{mean([means[way][-1]]):>16}" for way in ways), flush=True)
    print(f"{'mean':20}" + "".join(f"{mean(means[way]):>16}" for way in ways))
    if args.save:
        args.save.write_text("".join(json.dumps(row) + "\n" for row in saved), encoding="utf-8")


if __name__ == "__main__":
    main()
