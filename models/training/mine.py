"""Mines training lists: a query, its relevant passages, BM25's top 40.

    python mine.py --data DATA --out lists

Writes train.jsonl and held.jsonl (for weights fitted at the end, never trained
on) and one texts.jsonl with every passage that a list names or may draw at
random. Queries come from the train split alone; a passage that answers a dev
query is never a candidate, so the model cannot learn to dislike it.
"""

import argparse
import json
import math
import random
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from beir import passage_text, read_corpus, read_qrels, read_queries
from bm25 import Bm25, words

# Lists mined a set: all that there are but of squad2bt-en, which has 72,000 and
# would drown the rest.
QUERIES = {
    "squad2bt-en": 8000, "boolq-passage": 3305, "boolq-long": 1804, "fever-eraser": 2756, "selqa": 2201,
    "medquad": 7361, "tldr": 4503,
}
# English sets that no training text comes from, so that transfer can be told.
UNSEEN = ["covidqa-long", "stack-unix-ubuntu"]
# Lists a set kept out of training, and all others that have an answer of theirs as an answer. As a negative, and in
# lists without labels, it is read all the same.
HELD = 40
CANDIDATES = 40  # as many as a first stage hands to the reranker
# Shared share of the words of two passages that say the same. At .8 it would
# take medquad's pages on another disease, which differ in its name alone.
SAME = 0.9


def load_set(folder: Path) -> tuple[dict, dict, dict, set]:
    """(corpus, train queries, train qrels, passages of dev queries), English part. Each train query has an answer that is
    none of dev's."""
    corpus = read_corpus(folder)
    if folder.name == "tldr":
        corpus = {k: v for k, v in corpus.items() if k.startswith("en/")}
    dev = {p for r in read_qrels(folder, "dev").values() for p in r}
    qrels = {q: r & corpus.keys() for q, r in read_qrels(folder, "train").items()}
    qrels = {q: r for q, r in qrels.items() if r - dev}
    return corpus, read_queries(folder), qrels, dev


def same(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two passages, as the words in them, are copies but for a word or two."""
    return len(a & b) >= SAME * len(a | b)


def mine_set(folder: Path, count: int, rng: random.Random) -> tuple[list[dict], dict, Counter]:
    """The set's lists, its passages (id to (title, text)), and document frequencies."""
    corpus, queries, qrels, dev = load_set(folder)
    texts = {k: passage_text(*v) for k, v in corpus.items()}
    contents = {k: frozenset(words(text)) for k, text in texts.items()}
    frequency = Counter(w for content in contents.values() for w in content)
    index = Bm25(texts)
    chosen = rng.sample(sorted(qrels), min(count, len(qrels)))
    lists = []
    for query in tqdm(chosen, desc=folder.name, mininterval=5):
        positives = qrels[query] - dev
        # A copy of the answer under another id is no negative.
        copy = lambda p: any(same(contents[p], contents[answer]) for answer in qrels[query])
        found = [
            (p, s)
            for p, s in index.top(queries[query], 2 * CANDIDATES)
            if p in positives or (p not in dev and not copy(p))
        ]
        lists.append({
            "set": folder.name,
            "query": queries[query],
            "positives": sorted(positives),
            "candidates": [[p, round(s, 4)] for p, s in found[:CANDIDATES]],
        })
    kept = {k: v for k, v in corpus.items() if k not in dev}
    return lists, kept, frequency


def split_answers(lists: list[dict]) -> tuple[list[dict], list[dict]]:
    """(train, held): no passage that answers a held query answers a train query."""
    held = lists[:HELD]
    answers = {p for row in held for p in row["positives"]}
    return [row for row in lists[HELD:] if not answers & set(row["positives"])], held


def without_held(train: list[dict], held: list[dict]) -> list[dict]:
    """The train lists whose query no held list has: sets may ask the same of other passages."""
    asked = {tuple(words(row["query"])) for row in held}
    return [row for row in train if tuple(words(row["query"])) not in asked]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of BEIR sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(args.seed)
    train, held = [], []
    with open(args.out / "texts.jsonl", "w", encoding="utf-8") as out:
        for name, count in QUERIES.items():
            lists, corpus, frequency = mine_set(args.data / name, count, rng)
            for whole, part in zip((train, held), split_answers(lists)):
                whole += part
            idf = {w: round(math.log(len(corpus) / n), 2) for w, n in frequency.items() if n > 1}
            out.write(json.dumps({"set": name, "passages": corpus, "idf": idf}, ensure_ascii=False) + "\n")
    train = without_held(train, held)
    rng.shuffle(train)
    for name, lists in (("train", train), ("held", held)):
        with open(args.out / f"{name}.jsonl", "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in lists)


if __name__ == "__main__":
    main()
