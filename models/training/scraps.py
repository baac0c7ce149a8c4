"""Says how many of the first stage's candidates a passage that says nothing scores above, alone.

    python scraps.py --model ../small --data DATA --bin ../../build/release/bin/rerank

Prints, for each scrap, its share over some dev queries of the English sets. A good model has 0 everywhere: whatever
BM25 found has a word of the query at least.
"""

import argparse

import scoring
from evaluate import add_options, sample
from lists import MARKS

# Beside those that training shows as such.
OTHERS = ["the", "a of", "Click here", "Share this page", "null", "2014", "Copyright 2015", "asdf qwer zxcv", "- - -",
          "Home > Contact", "lorem ipsum dolor sit amet", "References", "Table 3"]
CANDIDATE_WORDS = 100


def share_below(logits: list[float], scrap: float) -> float:
    return sum(logit < scrap for logit in logits) / len(logits)


def shares(score: scoring.Scorer, row: dict, scraps: list[str]) -> list[float]:
    """Of each scrap, the share of a query's candidates that it scores above."""
    candidates = [" ".join(text.split()[:CANDIDATE_WORDS]) for text in row["passages"]]
    logits = score(row["query"], candidates + scraps).tolist()
    return [share_below(logits[:len(candidates)], scrap) for scrap in logits[len(candidates):]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, queries=4)
    args = parser.parse_args()

    score, scraps = scoring.scorer(args.model, args), [*dict.fromkeys(MARKS), *OTHERS]
    rows = [row for name in args.sets for row in sample(args.data, name, args.queries, args.seed)]
    table = [shares(score, row, scraps) for row in rows]
    means = [sum(column) / len(rows) for column in zip(*table)]
    for scrap, mean in zip(scraps, means):
        print(f"{scrap!r:30}{mean:6.2f}")
    print(f"{'mean of ' + str(len(rows)) + ' queries':30}{sum(means) / len(means):6.2f}")


if __name__ == "__main__":
    main()
