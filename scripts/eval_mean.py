#!/usr/bin/env python3
"""The mean over several sets of what `rerank eval --json FILE` wrote.

    scripts/eval_mean.py FILE...
"""

import argparse
import json
import pathlib

ORDERS = ["candidates", "reranked", "fused", "ceiling"]
MEASURES = ["recall@5", "ndcg@10"]


def row(name, figures):
    return f"{name:<20}" + "".join(f" {figure:>10}" for figure in figures)


def main(paths):
    sets = [json.loads(pathlib.Path(path).read_text()) for path in paths]
    orders = [order for order in ORDERS if all(order in one for one in sets)]
    for measure in MEASURES:
        print(row(measure, orders))
        for one in sets:
            print(row(one["data"], [f"{one[order][measure]:.4f}" for order in orders]))
        means = [sum(one[order][measure] for one in sets) / len(sets) for order in orders]
        print(row(f"mean of {len(sets)}", [f"{mean:.4f}" for mean in means]) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+")
    main(parser.parse_args().paths)
