"""Reads retrieval sets in BEIR layout: corpus, queries, judgements, candidates.

One directory per set holds corpus.jsonl.gz, queries.jsonl.gz,
qrels/<split>.tsv.gz and bm25.<split>.tsv.gz.
"""

import gzip
import json
import random
from pathlib import Path
from typing import Iterator


def passage_text(title: str, text: str) -> str:
    """The one string that stands for a passage, in training as in scoring.

    A title that the text already begins with would only be read twice.
    """
    if not title or text.startswith(title):
        return text
    return f"{title}\n{text}"


def read_corpus(folder: Path) -> dict[str, tuple[str, str]]:
    """Passage id to (title, text)."""
    return {r["_id"]: (r.get("title") or "", r["text"]) for r in _rows(folder / "corpus.jsonl.gz")}


def read_queries(folder: Path) -> dict[str, str]:
    return {r["_id"]: r["text"] for r in _rows(folder / "queries.jsonl.gz")}


def read_qrels(folder: Path, split: str) -> dict[str, set[str]]:
    """Query id to the ids of its relevant passages."""
    relevant: dict[str, set[str]] = {}
    with gzip.open(folder / "qrels" / f"{split}.tsv.gz", "rt", encoding="utf-8") as lines:
        next(lines)  # header: query-id corpus-id score
        for line in lines:
            query, passage, grade = line.rstrip("\n").split("\t")
            if int(grade) > 0:
                relevant.setdefault(query, set()).add(passage)
    return relevant


def read_candidates(folder: Path, split: str) -> dict[str, list[tuple[str, float]]]:
    """Query id to its first-stage (passage id, score) pairs, best first."""
    candidates: dict[str, list[tuple[str, float]]] = {}
    with gzip.open(folder / f"bm25.{split}.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            query, passage, _rank, score = line.rstrip("\n").split("\t")
            candidates.setdefault(query, []).append((passage, float(score)))
    return candidates


def draw_queries(folder: Path, split: str, count: int, num_candidates: int, seed: int = 1,
                 prefix: str = "") -> list[dict]:
    """`count` of the queries that have candidates and judgements and whose id begins with `prefix`, in
    a random order, so that any first part of them is a sample too.

    `relevant` are passage ids; `ids` and `passages` are the first candidates' and `scores` all of them, best first.
    """
    candidates, relevant = read_candidates(folder, split), read_qrels(folder, split)
    queries, corpus = read_queries(folder), read_corpus(folder)
    known = sorted(q for q in candidates if q in relevant and q.startswith(prefix))
    return [{
        "set": folder.name,
        "query": queries[q],
        "relevant": relevant[q],
        "ids": [p for p, _ in candidates[q][:num_candidates]],
        "scores": [score for _, score in candidates[q]],
        "passages": [passage_text(*corpus[p]) for p, _ in candidates[q][:num_candidates]],
    } for q in random.Random(seed).sample(known, min(count, len(known)))]


def _rows(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
