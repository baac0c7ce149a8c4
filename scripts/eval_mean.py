#!/usr/bin/env python3
"""The mean over several sets of what `rerank eval --json FILE` wrote.

    scripts/eval_mean.py FILE...

Behind the means: the difference to the candidates' order with its 95 % interval, from a paired
bootstrap that draws queries anew within each set. All sets weigh alike.
"""

import argparse
import json
import pathlib
import random

ORDERS = ["candidates", "reranked", "fused", "ceiling"]
MEASURES = ["recall@5", "ndcg@10"]
RESAMPLES = 1000
OUTSIDE = 25  # of them, at either end of the interval


def mean(values):
    return sum(values) / len(values)


def differences(one, order, measure):
    """Of each query of a set, to the candidates' order."""
    key = f"{measure}_of_queries"
    return [after - before for after, before in zip(one[order][key], one["candidates"][key])]


def interval(sets, order, measure):
    """(mean, low, high) of the difference over all sets. The seed is fixed."""
    draw = random.Random(1)
    columns = [differences(one, order, measure) for one in sets]
    means = sorted(mean([mean(draw.choices(column, k=len(column))) for column in columns])
                   for _ in range(RESAMPLES))
    return mean([mean(column) for column in columns]), means[OUTSIDE], means[-1 - OUTSIDE]


def row(name, figures):
    return f"{name:<20}" + "".join(f" {figure:>10}" for figure in figures)


def main(paths):
    sets = [json.loads(pathlib.Path(path).read_text()) for path in paths]
    orders = [order for order in ORDERS if all(order in one for one in sets)]
    for measure in MEASURES:
        print(row(measure, orders))
        for one in sets:
            print(row(one["data"], [f"{one[order][measure]:.4f}" for order in orders]))
        means = [mean([one[order][measure] for one in sets]) for order in orders]
        print(row(f"mean of {len(sets)}", [f"{value:.4f}" for value in means]))
        for order in orders[1:-1]:
            difference, low, high = interval(sets, order, measure)
            print(f"{order} - candidates: {difference:+.4f} ({low:+.4f} to {high:+.4f})")
        print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+")
    main(parser.parse_args().paths)
