"""Moves the matrices of a folder onto the steps that the library's int8 has for weights.

    python fit_int8.py FOLDER OUT --lists lists [--queries 40] [--passages 6] [--max-tokens 192]

OUT is FOLDER with other weights, in bfloat16: rotated and coded (quads.py) they are whole steps, so that int8
loses nothing by its weights, whatever the processor; config.json says so ("int8_weights"). fp32 reads them as
any others.

Rounding is GPTQ's (arXiv 2210.17323): column by column, and what a column loses the columns after it make good,
as far as the inputs are alike. Inputs are those of some of the lists' queries with the first of their candidates,
in a model whose earlier matrices lie on their steps already.
"""

import argparse
import json
import random
import time
from pathlib import Path
from typing import Callable

import torch
from torch import nn

import folder
import quads
from cut_layers import layer_stack
from lists import Lists
from scoring import score

Run = Callable[[], None]  # the model reads its samples
DAMPING = 0.01  # of the mean of a second moment, added to all: GPTQ's
GROUP = 64  # columns after which what was lost is handed on to all that follow


class Rows:
    """Rows (rows, cols) becoming codes a column at a time, no quad of which exceeds quads.MOST."""

    def __init__(self, num_rows: int, num_cols: int, scales: torch.Tensor):
        self.codes = torch.zeros(num_rows, num_cols)
        self.scales = scales.squeeze(1)
        self.used = torch.zeros(2, 2, num_rows)  # (signs, quads, rows) of the octet at hand

    def put(self, column: int, weights: torch.Tensor) -> torch.Tensor:
        """What the codes stand for."""
        if column % quads.OCTET == 0:
            self.used.zero_()
        plus, minus = self.used[:, quads.PLACES[column % quads.OCTET]]
        code = (weights / self.scales).round().clamp(minus - quads.MOST, quads.MOST - plus)
        plus += code.clamp(min=0)
        minus += (-code).clamp(min=0)
        self.codes[:, column] = code
        return code * self.scales


def round_rows(weight: torch.Tensor, moments: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """weight (rows, cols), moments (cols, cols) of the inputs -> codes (rows, cols), scales (rows, 1)."""
    weight, scales = weight.clone(), quads.scales(weight)
    rows, factor = Rows(*weight.shape, scales), inverse_factor(moments)
    for begin in range(0, weight.shape[1], GROUP):
        end = min(begin + GROUP, weight.shape[1])
        lost = torch.zeros(len(weight), end - begin)
        for i in range(begin, end):
            lost[:, i - begin] = (weight[:, i] - rows.put(i, weight[:, i])) / factor[i, i]
            weight[:, i:end] -= lost[:, i - begin, None] * factor[i, i:end]
        weight[:, end:] -= lost @ factor[begin:end, end:]
    return filled(rows.codes), scales


def inverse_factor(moments: torch.Tensor) -> torch.Tensor:
    """Upper triangular U, U^T U the inverse of the damped moments."""
    damped = moments + DAMPING * moments.diagonal().mean() * torch.eye(len(moments))
    return torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True)


def filled(codes: torch.Tensor) -> torch.Tensor:
    """Codes whose largest quad in each row is quads.MOST: by it the library finds the scale again."""
    sums = quads.sums(codes)
    lacking = quads.MOST - sums.amax((0, 1, 3))
    for row in lacking.nonzero().flatten().tolist():
        sign, quad, octet = (sums[:, :, row] == sums[:, :, row].max()).nonzero()[0].tolist()
        columns = [quads.OCTET * octet + i for i, place in enumerate(quads.PLACES) if place == quad]
        turn = 1 - 2 * sign
        largest = max(columns, key=lambda column: turn * codes[row, column].item())
        codes[row, largest] += turn * lacking[row]
    return codes


def input_groups(model: nn.Module, run: Run) -> list[list[nn.Linear]]:
    """The layers' linears in the order in which they are run; those that read one tensor together."""
    groups: list[list[nn.Linear]] = []
    last, seen = [None], set()

    def see(linear: nn.Linear, args: tuple) -> None:
        if linear in seen:
            return
        seen.add(linear)
        groups[-1].append(linear) if args[0] is last[0] else groups.append([linear])
        last[0] = args[0]

    with_hooks(run, {linear: see for linear in linears(model)})
    return groups


def linears(model: nn.Module) -> list[nn.Linear]:
    return [module for layer in layer_stack(model)[2] for module in layer.modules() if isinstance(module, nn.Linear)]


def with_hooks(run: Run, hooks: dict[nn.Linear, Callable[[nn.Linear, tuple], None]]) -> None:
    handles = [linear.register_forward_pre_hook(hook) for linear, hook in hooks.items()]
    run()
    for handle in handles:
        handle.remove()


def moments_of(linear: nn.Linear, run: Run, matrix: torch.Tensor) -> torch.Tensor:
    """(cols, cols): sums of the products of the turned inputs."""
    total = torch.zeros(linear.in_features, linear.in_features)

    def add(_linear: nn.Linear, args: tuple) -> None:
        x = quads.turned(args[0], matrix)
        total.addmm_(x.T, x)

    with_hooks(run, {linear: add})
    return total


def fit(linear: nn.Linear, matrix: torch.Tensor, moments: torch.Tensor) -> None:
    codes, scales = round_rows(quads.turned(linear.weight, matrix), moments)
    linear.weight.data = quads.turned(codes * scales, matrix.T).bfloat16().float()
    off = (quads.codes(quads.turned(linear.weight, matrix)) != codes).sum().item()
    if off:
        raise SystemExit(f"{off} of {codes.numel()} codes are others once they were bfloat16; wanted none")


def fit_all(model: nn.Module, run: Run) -> None:
    began, groups = time.monotonic(), input_groups(model, run)
    for number, group in enumerate(groups, 1):
        matrix = quads.rotation(group[0].in_features)
        moments = moments_of(group[0], run, matrix)
        for linear in group:
            fit(linear, matrix, moments)
        print(f"{number} of {len(groups)} inputs, {time.monotonic() - began:.0f} s", flush=True)


def draw_samples(lists: Lists, num_queries: int, num_passages: int, seed: int) -> list[tuple[str, list[str]]]:
    rows = random.Random(seed).sample(lists.rows, min(num_queries, len(lists.rows)))
    return [(row["query"], [lists.text(row, passage, 0) for passage, _ in row["candidates"][:num_passages]])
            for row in rows]


def write(source: Path, out: Path, model: folder.CrossEncoder) -> None:
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config |= {"torch_dtype": "bfloat16", "int8_weights": "quads"}
    config.pop("quantization_config", None)  # of codes that the weights were
    folder.save_as(source, out, folder.bfloat16_tensors(model), config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, help="must not be there yet")
    parser.add_argument("--lists", type=Path, required=True, help="of mine.py")
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--passages", type=int, default=6, help="a query")
    parser.add_argument("--max-tokens", type=int, default=192)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    model, tokenizer, _ = folder.load(args.folder)
    samples = draw_samples(Lists(args.lists, "train"), args.queries, args.passages, args.seed)
    fit_all(model, lambda: [score(model, tokenizer, *sample, args.max_tokens) for sample in samples])
    write(args.folder, args.out, model)


if __name__ == "__main__":
    main()
