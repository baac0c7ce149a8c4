"""Averages the weights of models that were trained from one start.

    python average.py ../plan ../wide --out ../minilm

Two runs end in places between which the loss is low too, and the mean is less
sure of what either has learnt by heart. fit_fusion.py then fits the weights of
the first stage.
"""

import argparse
from pathlib import Path

import torch

import folder


def average(paths: list[Path], out: Path) -> None:
    models = [folder.load(path)[0] for path in paths]
    _, tokenizer, _ = folder.load(paths[0])
    states = [model.state_dict() for model in models]
    models[0].load_state_dict({name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]})
    folder.save(out, models[0], tokenizer, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    average(args.models, args.out)


if __name__ == "__main__":
    main()
