"""Writes the folder that training starts from.

    python start.py pair-cosine --out start
    python start.py minilm --out start
    python start.py smollm2 --lists lists --out start
"""

import argparse
from pathlib import Path

import torch

import cut_smollm2
import folder
import minilm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", choices=["pair-cosine", "minilm", "smollm2"])
    parser.add_argument("--lists", type=Path, help="folder that mine.py wrote; its text picks smollm2's tokens")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.source == "smollm2" and not args.lists:
        parser.error("smollm2 needs --lists")

    torch.manual_seed(args.seed)
    build = {"pair-cosine": minilm.build_pair_cosine, "minilm": minilm.build,
             "smollm2": lambda: cut_smollm2.build(args.lists)}[args.source]
    model, tokenizer = build()
    folder.save(args.out, model, tokenizer, None)


if __name__ == "__main__":
    main()
