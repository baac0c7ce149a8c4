"""Cuts a model folder in depth, in vocabulary, or both.

    python prune.py --model ../minilm --layers 3 --lists lists --out three
    python prune.py --model ../minilm --keep 0 2 5 --out these
    python prune.py --model ../minilm --least-count 10 --lists lists --out common
    python prune.py --model ../minilm --layers 3 --lists lists    # writes nothing: the rules beside each other

What stays keeps its bits, and the weights are copied file to file: only --layers
loads the model, once, to measure which layers it needs (`cut_layers.py`).
distill.py then brings back what the cut lost.
"""

import argparse
import json
import re
import shutil
from pathlib import Path

import torch

import cut_layers
import cut_tokens
import folder
import stored
from cut_layers import Sample
from stored import Stored
from vocabulary import count_tokens, train_texts

LAYER = re.compile(r"((?:.*\.)?layers?\.)(\d+)(\..+)")
WORD_EMBEDDINGS = re.compile(r"(?:.*\.)?(?:word_embeddings|embed_tokens)\.weight(?:_scale)?")  # of int8 rows
# Go along as they are: code for transformers.
COPIED = "*.py"
# Fitted to the uncut model's logits.
CALIBRATION = "calibration"


def keep_layers(tensors: dict[str, Stored], layers: list[int]) -> dict[str, Stored]:
    """The tensors of `layers`, renumbered in that order, and all that belong to no layer."""
    new, kept = {old: i for i, old in enumerate(layers)}, {}
    for name, tensor in tensors.items():
        match = LAYER.fullmatch(name)
        if not match:
            kept[name] = tensor
        elif int(match[2]) in new:
            kept[f"{match[1]}{new[int(match[2])]}{match[3]}"] = tensor
    return kept


def keep_rows(tensors: dict[str, Stored], ids: list[int]) -> dict[str, Stored]:
    """The word embeddings of `ids`, and all other tensors."""
    return {name: tensor.rows(ids) if WORD_EMBEDDINGS.fullmatch(name) else tensor for name, tensor in tensors.items()}


def cut(model: Path, out: Path, layers: list[int] | None, ids: list[int] | None) -> None:
    """Writes the folder `out`, which must not be there yet, with these layers and tokens of `model`; None keeps all."""
    config = read_json(model / "config.json")
    tokenizer, tensors = (model / "tokenizer.json").read_text(encoding="utf-8"), stored.read(model)
    config.pop(CALIBRATION, None)
    if layers is not None:
        known = range(config["num_hidden_layers"])
        if not layers or layers != sorted(set(layers) & set(known)):
            raise ValueError(f"{model}: layers {layers}; wanted some of {known[0]} to {known[-1]}, ascending")
        tensors = keep_layers(tensors, layers)
        config["num_hidden_layers"] = len(layers)
    if ids is not None:
        tensors = keep_rows(tensors, ids)
        config = cut_tokens.renumber_config(config, {old: new for new, old in enumerate(ids)})
        tokenizer = json.dumps(cut_tokens.cut(json.loads(tokenizer), ids), ensure_ascii=False)
    out.mkdir(parents=True)
    stored.write(out / "model.safetensors", tensors)
    (out / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for path in model.glob(COPIED):
        shutil.copyfile(path, out / path.name)


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def chosen_ids(model: Path, lists: Path, least: int) -> list[int]:
    counts = count_tokens(folder.load_tokenizer(model), train_texts(lists))
    tokenizer = read_json(model / "tokenizer.json")
    # What config.json names, a text need not have.
    named = {i for name, value in read_json(model / "config.json").items() if name.endswith("_token_id")
             for i in (value if isinstance(value, list) else [value])}
    counts.update({i: least for i in named - {None}})
    kept = cut_tokens.kept_ids(tokenizer, counts, least)
    covered, num_tokens = sum(counts[i] for i in kept) / counts.total(), len(cut_tokens.tokens_by_id(tokenizer))
    print(f"{len(kept)} of {num_tokens} tokens, {covered:.2%} of {counts.total()} in the texts")
    return kept


def measured(args: argparse.Namespace) -> list[int] | None:
    """The layers that the rule keeps. Without --out prints the rules beside each other."""
    dtype = torch.bfloat16 if args.bfloat16 else torch.float32
    model, tokenizer, config = folder.load(args.model, dtype)
    if args.layers >= config["num_hidden_layers"]:
        raise SystemExit(f"--layers is {args.layers}; fewer than the model's {config['num_hidden_layers']} wanted")
    draw = lambda seed: Sample.draw(args.lists, model, tokenizer, args.sample, seed, args.bfloat16)
    if args.out is None:
        for line in cut_layers.compare(model, draw(args.seed), draw(args.seed + 1), args.layers):
            print(line, flush=True)
        return None
    choice = cut_layers.RULES[args.by](model, draw(args.seed), args.layers)
    print("\n".join(choice.trace) + f"\nkeeps {choice.layers}", flush=True)
    return choice.layers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="must not be there yet; default: compare the rules for --layers")
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--layers", type=int, help="how many to keep")
    depth.add_argument("--keep", type=int, nargs="+", help="which to keep, counted from 0")
    parser.add_argument("--by", choices=list(cut_layers.RULES), default="divergence", help="how --layers chooses")
    parser.add_argument("--least-count", type=int, help="keep tokens that the texts of --lists have this often")
    parser.add_argument("--lists", type=Path, help="folder that mine.py wrote")
    parser.add_argument("--sample", type=int, default=48, help="lists on which --layers measures")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="measure in bfloat16, weights mapped and not copied")
    args = parser.parse_args()
    if args.lists is None and (args.layers or args.least_count):
        parser.error("--layers and --least-count need --lists")
    if not (args.layers or args.out and (args.keep or args.least_count)):
        parser.error("nothing to cut: wants --layers, --keep or --least-count, and --out")
    if args.out and args.out.exists():
        parser.error(f"--out: {args.out} is there; wants a new folder")

    torch.set_num_threads(1)
    layers = measured(args) if args.layers else args.keep
    if args.out:
        ids = chosen_ids(args.model, args.lists, args.least_count) if args.least_count else None
        cut(args.model, args.out, layers, ids)


if __name__ == "__main__":
    main()
