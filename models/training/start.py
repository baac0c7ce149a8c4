"""Writes the folder that training starts from.

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
    parser.add_argument("source", choices=["minilm", "smollm2"])
    parser.add_argument("--lists", type=Path, help="folder that mine.py wrote; its text picks smollm2's tokens")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.source == "smollm2" and not args.lists:
        parser.error("smollm2 needs --lists")

    torch.manual_seed(args.seed)
    model, tokenizer = minilm.build() if args.source == "minilm" else cut_smollm2.build(args.lists)
    folder.save(args.out, model, tokenizer, None)


if __name__ == "__main__":
    main()
