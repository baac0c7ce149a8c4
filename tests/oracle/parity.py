"""Compares the library's fp32 logits with the reference's, pair by pair.

    python parity.py --bin build/release/bin/rerank                  # tiny and small, reference run now
    python parity.py --bin build/release/bin/rerank --shape 500m     # against recorded/500m.jsonl

Exit status 1 where a logit differs by more than 1e-3, or where one of the wrong variants (causal, rope
unscaled, …) would have passed: a comparison that cannot fail shows nothing.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile

from checkpoint import make_checkpoint
from cli import Rerank
from pairs import GROUPS, counter, make_pair, sha256
from record import file_sha256, read
from shapes import SHAPES

BOUND = 1e-3  # |library - reference|, both fp32; the reference's own rounding is about 1e-4
SHIFT = 0.05  # the least median shift of a wrong variant
LIVE = ("tiny", "small")

# Other ways to write the same numbers; one set of logits serves all.
FORMS = {
    "bf16": {},
    "fp16": {"dtype": "fp16"},
    "fp32": {"dtype": "fp32"},
    "sharded": {"shards": 3},
    "no_model_prefix": {"model_prefix": False},
    "rope_parameters": {"rope_style": "rope_parameters"},
}


def largest_gap(ours: list[float], theirs: list[float]) -> float:
    """The comparison itself: the largest difference; a NaN on either side counts as infinite."""
    gaps = [abs(a - b) for a, b in zip(ours, theirs, strict=True)]
    return max((gap if gap == gap else float("inf") for gap in gaps), default=0.0)


def evenly(items: list, count: int) -> list:
    """At most `count` of the items, first and last among them."""
    if count >= len(items):
        return items
    return [items[(len(items) - 1) * i // max(1, count - 1)] for i in range(count)]


def recorded_lines(shape: str, folder) -> list[dict]:
    """What record.py wrote, if it wrote it of these weights."""
    head, lines = read(shape)
    if file_sha256(folder / "model.safetensors") != head["weights_sha256"]:
        raise SystemExit(f"{folder}: not the weights that recorded/{shape}.jsonl was made with")
    return lines


def chosen(lines: list[dict], groups, count: int) -> list[dict]:
    """At most `count` lines of each group."""
    return [line for group in groups for line in evenly([l for l in lines if l["group"] == group], count)]


def live_lines(folder, groups, count: int) -> list[dict]:
    """The same, computed now; every second short pair also by the wrong variants."""
    import torch

    from record import score
    from reference import WRONG, Reference, self_test

    torch.set_num_threads(1)
    reference = Reference(folder)
    self_test(reference)
    lines = []
    for group in groups:
        for n, index in enumerate(evenly(list(range(GROUPS[group])), count)):
            query, passage = make_pair(group, index, counter(reference.tokenizer))
            line = score(reference, group, index, query, passage)
            if group == "short" and n % 2 and "wrong" not in line:
                line["wrong"] = {v: reference.logit(query, passage, v) for v in WRONG}
            lines.append(line)
    return lines


def texts_of(lines: list[dict], folder) -> list[tuple[str, str]]:
    """Makes the pairs again; a hash that differs means that the recording is of other texts."""
    from tokenizers import Tokenizer

    count = counter(Tokenizer.from_file(str(folder / "tokenizer.json")))
    texts = [make_pair(line["group"], line["index"], count) for line in lines]
    for line, text in zip(lines, texts):
        if sha256(*text) != line["sha256"]:
            raise SystemExit(f"{line['group']} {line['index']}: not the text that was recorded")
    return texts


def library_logits(binary, folder, texts, options) -> list[float]:
    with Rerank(binary, folder, "--precision", "fp32", "--max-tokens", 8192, *options) as rerank:
        return [rerank.scores(query, [passage])[0] for query, passage in texts]


def check_library(title: str, lines: list[dict], ours: list[float]) -> bool:
    """Prints the largest gap of each group; true if all are within the bound."""
    good = True
    for group in dict.fromkeys(line["group"] for line in lines):
        rows = [(o, line["logit"]) for o, line in zip(ours, lines) if line["group"] == group]
        gap = largest_gap(*map(list, zip(*rows)))
        good &= gap <= BOUND
        verdict = "ok" if gap <= BOUND else f"FAIL, more than {BOUND}"
        print(f"{title:<24} {group:<6} {len(rows):>4} pairs   max |delta| {gap:.2e}   {verdict}")
    return good


def check_wrong(shape: str, lines: list[dict]) -> bool:
    """Shows that each wrong variant would fail; true if all would, or no short pair was asked for."""
    if not any(line["group"] == "short" for line in lines):
        print(f"{shape}: wrong variants not checked, no short pairs asked for")
        return True
    lines, good = [line for line in lines if "wrong" in line], True
    if not lines:
        print(f"{shape}: FAIL, too few short pairs to show that a wrong variant would fail")
        return False
    right = [line["logit"] for line in lines]
    for variant in lines[0]["wrong"]:
        wrong = [line["wrong"][variant] for line in lines]
        shift = statistics.median(abs(a - b) for a, b in zip(wrong, right))
        rejected = largest_gap(wrong, right) > BOUND and shift >= SHIFT
        good &= rejected
        print(f"{shape:<10} {variant:<14} {len(lines):>3} pairs   median shift {shift:8.4f}   "
              + ("rejected, as it must be" if rejected else "FAIL: would pass"))
    return good


def check_shape(shape: str, work: pathlib.Path, args) -> bool:
    """Makes the folder, gets the logits of both sides, compares."""
    folder = work / shape
    if not (folder / "config.json").exists():
        make_checkpoint(folder, shape)
    lines = live_lines(folder, args.groups, args.pairs) if args.live else recorded_lines(shape, folder)
    good = check_wrong(shape, lines)
    lines = chosen(lines, args.groups, args.pairs)
    texts = texts_of(lines, folder)
    for form in args.forms if shape == "tiny" else ["bf16"]:
        made = folder if form == "bf16" else work / f"{shape}-{form}"
        if not (made / "config.json").exists():
            make_checkpoint(made, shape, tokenizer=folder / "tokenizer.json", **FORMS[form])
        good &= check_library(f"{shape} {form}", lines, library_logits(args.bin, made, texts, args.options.split()))
    return good


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the `rerank` program")
    parser.add_argument("--shape", nargs="+", choices=SHAPES, help=f"default: {' '.join(LIVE)}, live")
    parser.add_argument("--live", action="store_true", help="run the reference now in place of the recording")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, help="default: all; live: short and long")
    parser.add_argument("--pairs", type=int, help="at most so many of each group; default: all; live: 48")
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS), help="file forms, for tiny")
    parser.add_argument("--options", default="", help="further options of `rerank score`, in one string")
    parser.add_argument("--work", type=pathlib.Path, help="keeps the folders here; default: a temporary one")
    args = parser.parse_args()
    args.live |= args.shape is None
    args.shape = args.shape or LIVE
    args.groups = args.groups or (["short", "long"] if args.live else list(GROUPS))
    args.pairs = args.pairs or (48 if args.live else max(GROUPS.values()))
    return args


def main():
    args = parse()
    with tempfile.TemporaryDirectory() as temporary:
        work = args.work or pathlib.Path(temporary)
        good = [check_shape(shape, work, args) for shape in args.shape]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
