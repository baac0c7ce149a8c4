"""Recall@5 and nDCG@10 of one ranking, with binary relevance."""

import math


def recall(ranking: list[str], relevant: set[str], depth: int) -> float:
    return len(relevant & set(ranking[:depth])) / len(relevant)


def ndcg(ranking: list[str], relevant: set[str], depth: int = 10) -> float:
    gain = sum(1 / math.log2(i + 2) for i, p in enumerate(ranking[:depth]) if p in relevant)
    best = sum(1 / math.log2(i + 2) for i in range(min(depth, len(relevant))))
    return gain / best
