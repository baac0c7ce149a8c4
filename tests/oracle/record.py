"""Records the reference's logits of a shape to recorded/<shape>.jsonl, one line a pair.

    python record.py --shape 500m --work DIR

A line holds the pair's group, index, hash and number of tokens and its logit; some short pairs also
hold the logits of the wrong variants. The first line says what they were made with. Lines are appended
as they come and a second run goes on where the first stopped, since the large shapes take long.
"""

import argparse
import hashlib
import json
import pathlib

import tokenizers
import torch
import transformers

from checkpoint import SEED, make_checkpoint
from pairs import GROUPS, all_pairs, counter, sha256
from reference import WRONG, Reference, self_test
from shapes import SHAPES

RECORDED = pathlib.Path(__file__).parent / "recorded"
WITH_WRONG = range(1, 121, 5)  # of the short pairs


def file_sha256(path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def head_line(shape: str, folder: pathlib.Path) -> dict:
    """What the numbers below depend on."""
    return {
        "shape": shape,
        "seed": SEED,
        "weights_sha256": file_sha256(folder / "model.safetensors"),
        "torch": torch.__version__.split("+")[0],
        "transformers": transformers.__version__,
        "tokenizers": tokenizers.__version__,
    }


def score(reference: Reference, group: str, index: int, query: str, passage: str) -> dict:
    """One line of the recording."""
    ids = reference.ids(query, passage)
    line = {"group": group, "index": index, "sha256": sha256(query, passage), "tokens": len(ids),
            "logit": reference.logit_of_ids(ids)}
    if group == "short" and index in WITH_WRONG:
        line["wrong"] = {variant: reference.logit(query, passage, variant) for variant in WRONG}
    return line


def read(shape: str, folder: pathlib.Path = RECORDED) -> tuple[dict, list[dict]]:
    """The first line, and the pairs' lines."""
    head, *lines = map(json.loads, (folder / f"{shape}.jsonl").read_text().splitlines())
    return head, lines


def record(shape: str, folder: pathlib.Path, groups, out: pathlib.Path):
    """Appends what is not recorded yet."""
    reference = Reference(folder)
    self_test(reference)
    head, path = head_line(shape, folder), out / f"{shape}.jsonl"
    if path.exists():
        old, lines = read(shape, out)
        if old != head:
            raise SystemExit(f"{path} was recorded with {old}, this is {head}: move it away first")
    else:
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(head) + "\n")
        lines = []
    done = {(line["group"], line["index"]) for line in lines}
    with open(path, "a") as file:
        for group, index, query, passage in all_pairs(counter(reference.tokenizer), groups):
            if (group, index) not in done:
                file.write(json.dumps(score(reference, group, index, query, passage)) + "\n")
                file.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="where the checkpoint is made or lies")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--out", type=pathlib.Path, default=RECORDED)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    folder = args.work / args.shape
    if not (folder / "config.json").exists():  # written last
        make_checkpoint(folder, args.shape)
    record(args.shape, folder, args.groups, args.out)


if __name__ == "__main__":
    main()
