"""Averages the weights of models that were trained from one start.

    python average.py ../plan ../wide --out ../minilm
    python average.py start run --shares 0.3 0.7 --out ../pair

Two runs end in places between which the loss is low too, and the mean is less
sure of what either has learnt by heart. Where the start ranks already, the mean
with it gives back some of what training forgot. fit_fusion.py then fits the
weights of the first stage.
"""

import argparse
import math
from pathlib import Path

import torch

import folder


def average(paths: list[Path], shares: list[float], out: Path) -> None:
    models = [folder.load(path)[0] for path in paths]
    _, tokenizer, config = folder.load(paths[0])
    states = [model.state_dict() for model in models]
    mean = lambda name: sum(share * state[name] for share, state in zip(shares, states, strict=True))
    models[0].load_state_dict({name: mean(name) for name in states[0]})
    folder.save(out, models[0], tokenizer, None, config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="+", help="of each, together 1; default: equal")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    shares = args.shares or [1 / len(args.models)] * len(args.models)
    if len(shares) != len(args.models) or not math.isclose(sum(shares), 1):
        parser.error(f"--shares: {len(shares)} that make {sum(shares):g}; wants one a model, together 1")
    average(args.models, shares, args.out)


if __name__ == "__main__":
    main()
