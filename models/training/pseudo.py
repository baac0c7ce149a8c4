"""Lists without labels, from the training corpora's own text: the query is some
sentences of a passage, up to 60 words, the candidates are BM25's for it.

    python pseudo.py --lists lists --per-set 1500

Writes pseudo.jsonl beside the mined lists. A teacher says how such a list should
be ordered (teacher.py). The passage that the query is from loses it, and all are
cut to their first words, so that topics meet more often than words do.
"""

import argparse
import json
import random
import re
from pathlib import Path

from tqdm import tqdm

from beir import passage_text
from bm25 import Bm25
from mine import CANDIDATES

SHORTEST, LONGEST = 8, 60  # words a query
REST = 20  # words that a passage must keep
REACH = 200  # the query is from a passage's first words
CUTS = [30, 60, 100]  # words a candidate
SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s)|\n|$)", re.DOTALL)


def take_span(text: str, rng: random.Random) -> str | None:
    """Whole sentences in a row, to a length that is drawn; verbatim. None if too little would be left."""
    sentences = [m.span() for m in SENTENCE.finditer(text)]
    reachable = [i for i, (begin, _) in enumerate(sentences) if len(text[:begin].split()) < REACH]
    if not reachable:
        return None
    first, wanted = rng.choice(reachable), rng.randint(SHORTEST, LONGEST)
    begin = sentences[first][0]
    for _, end in sentences[first:]:
        count = len(text[begin:end].split())
        if count >= wanted or count > LONGEST:
            break
    if not SHORTEST <= count <= LONGEST or len(text.split()) - count < REST:
        return None
    return text[begin:end]


def pseudo_lists(name: str, passages: dict[str, tuple[str, str]], count: int, rng: random.Random) -> list[dict]:
    """Up to `count` lists, each from another passage."""
    index = Bm25({p: passage_text(*texts) for p, texts in passages.items()})
    rows = []
    for source in tqdm(rng.sample(list(passages), min(2 * count, len(passages))), desc=name, mininterval=5):
        span = take_span(passages[source][1], rng)
        if span is None:
            continue
        query = " ".join(span.split())
        rows.append({
            "set": name, "query": query, "span": span, "words": rng.choice(CUTS), "positives": [source],
            "candidates": [[p, round(s, 4)] for p, s in index.top(query, CANDIDATES)]})
        if len(rows) == count:
            break
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=Path, required=True, help="folder that mine.py wrote")
    parser.add_argument("--per-set", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    rng, rows = random.Random(args.seed), []
    with open(args.lists / "texts.jsonl", encoding="utf-8") as sets:
        for texts in map(json.loads, sets):
            passages = {p: tuple(pair) for p, pair in texts["passages"].items()}
            rows += pseudo_lists(texts["set"], passages, args.per_set, rng)
    rng.shuffle(rows)
    with open(args.lists / "pseudo.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


if __name__ == "__main__":
    main()
