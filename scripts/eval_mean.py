#!/usr/bin/env python3
"""What `rerank eval --json FILE` wrote of several sets, and the means over them.

    scripts/eval_mean.py FILE...

Behind the means: the difference to the candidates' order, and the share of the head-room that is
reached: of what the best order of the candidates would add to their Recall@5. The same once more
over the sets where the candidates' own Recall@5 is below 0.8. In brackets 95 % intervals, from a
paired bootstrap that draws queries anew within each set. All sets weigh alike.
"""

import argparse
import json
import math
import pathlib
import random

ORDERS = ["candidates", "reranked", "fused", "ceiling"]
MEASURES = ["recall@5", "ndcg@10"]
HARD = 0.8
RESAMPLES = 1000
OUTSIDE = 25  # of them, at either end of the interval


def mean(values):
    return sum(values) / len(values)


def columns(one, orders, measure):
    """Of each query of a set, the measure in every order."""
    return list(zip(*(one[order][f"{measure}_of_queries"] for order in orders)))


def mean_over(sets):
    """The means over sets of their queries' means, order by order."""
    return [mean(values) for values in zip(*([mean(v) for v in zip(*queries)] for queries in sets))]


def resampled(sets):
    """mean_over of the sets as they are, then of each resample. The seed is fixed."""
    draw = random.Random(1)
    anew = ([draw.choices(queries, k=len(queries)) for queries in sets] for _ in range(RESAMPLES))
    return [mean_over(sets), *map(mean_over, anew)]


def with_interval(values, text):
    if math.isnan(values[0]):
        return "-"
    ordered = sorted(value for value in values[1:] if not math.isnan(value))
    outside = len(ordered) * OUTSIDE // RESAMPLES
    return f"{text} ({text} to {text})".format(values[0], ordered[outside], ordered[-1 - outside])


def headroom(before, after, best):
    """No number where there is none, as in some resamples."""
    return 100 * (after - before) / (best - before) if best > before else math.nan


def row(name, figures):
    return f"{name:<20}" + "".join(f" {figure:>10}" for figure in figures)


def summary(name, sets, orders, measure):
    means = resampled([columns(one, orders, measure) for one in sets])
    print(row(f"mean of {name}{len(sets)}", [f"{value:.4f}" for value in means[0]]))
    for at, order in enumerate(orders[1:-1], start=1):
        gain = with_interval([m[at] - m[0] for m in means], "{:+.4f}")
        share = with_interval([headroom(m[0], m[at], m[-1]) for m in means], "{:.0f}")
        print(f"{order} - candidates: {gain}; % of the head-room: {share}")


def main(paths):
    sets = [json.loads(pathlib.Path(path).read_text()) for path in paths]
    orders = [order for order in ORDERS if all(order in one for one in sets)]
    hard = [one for one in sets if one["candidates"]["recall@5"] < HARD]
    for measure in MEASURES:
        print(row(measure, orders))
        for one in sets:
            print(row(one["data"], [f"{one[order][measure]:.4f}" for order in orders]))
        summary("", sets, orders, measure)
        if 0 < len(hard) < len(sets):
            summary("hard ", hard, orders, measure)
        print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+")
    main(parser.parse_args().paths)
