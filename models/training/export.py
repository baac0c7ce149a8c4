"""Writes the Hugging Face folder of a run, at whatever point it stands.

    python export.py --start start --run run --out ../small

fit_fusion.py then fits the weights of the first stage anew, fit_other_scripts.py
those for other scripts, calibrate.py the probabilities: none of them is the start's.
"""

import argparse
from pathlib import Path

import torch

import checkpoint
import folder
from fusion import Fusion


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    torch.set_num_threads(1)
    model, tokenizer, config = folder.load(args.start)
    model.word_embeddings.weight.requires_grad_(False)
    fusion = Fusion()
    position = checkpoint.load(args.run / "last.pt", model, fusion)
    folder.save(args.out, model, tokenizer, fusion.values(), config)
    print(f"{args.out}: {position} lists read, first_stage {fusion.values()}")


if __name__ == "__main__":
    main()
