#!/usr/bin/env python3
"""Takes the demo's questions out of retrieval sets in BEIR's layout, by rule and not by hand.

    make_questions.py DATA > questions.jsonl

DATA holds one folder a set, with BM25's candidates in bm25.dev.tsv.gz. Of each set in SETS, the
dev queries whose first relevant passage is BM25's second to CANDIDATES-th; and of these QUESTIONS,
those whose "set/id" has the smallest SHA-256. No model's output is read: where BM25 has the
answer first there is nothing to gain, and what a model makes of the rest is not known here.
"""

import argparse
import collections
import gzip
import hashlib
import json
import pathlib

SETS = ["boolq-passage", "selqa", "squad2bt-en", "stack-unix-ubuntu"]
QUESTIONS = 3  # a set
CANDIDATES = 20  # a question


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def objects(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def passage_text(passage):
    """The title and the text, unless the text begins with the title by itself."""
    title, text = passage.get("title") or "", passage["text"]
    return text if text.startswith(title) else f"{title}\n{text}"


def candidates_of(folder):
    candidates = collections.defaultdict(list)
    for query, passage, _, score in rows(folder / "bm25.dev.tsv.gz"):
        candidates[query].append((passage, float(score)))
    return {query: found[:CANDIDATES] for query, found in candidates.items()}


def relevant_of(folder):
    relevant = collections.defaultdict(set)
    for query, passage, score in list(rows(folder / "qrels" / "dev.tsv.gz"))[1:]:
        if int(score) > 0:
            relevant[query].add(passage)
    return relevant


def mistaken(folder):
    """(query, candidates, positions of the relevant ones) where BM25's first is a wrong one."""
    relevant = relevant_of(folder)
    for query, found in candidates_of(folder).items():
        positions = [i for i, (passage, _) in enumerate(found) if passage in relevant[query]]
        if positions and positions[0] > 0:
            yield query, found, positions


def lot(name, query):
    """A number for a query that has nothing to do with its text."""
    return hashlib.sha256(f"{name}/{query}".encode()).hexdigest()


def texts_of(folder, ids):
    return {passage["_id"]: passage_text(passage)
            for passage in objects(folder / "corpus.jsonl.gz") if passage["_id"] in ids}


def questions_of(folder):
    chosen = sorted(mistaken(folder), key=lambda row: lot(folder.name, row[0]))[:QUESTIONS]
    queries = {query["_id"]: query["text"] for query in objects(folder / "queries.jsonl.gz")}
    texts = texts_of(folder, {passage for _, found, _ in chosen for passage, _ in found})
    for query, found, positions in chosen:
        yield {"set": folder.name, "id": query, "query": queries[query], "relevant": positions,
               "first_stage": [score for _, score in found],
               "passages": [texts[passage] for passage, _ in found]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    data = parser.parse_args().data
    for name in SETS:
        for question in questions_of(data / name):
            print(json.dumps(question, ensure_ascii=False))


if __name__ == "__main__":
    main()
