"""What a change to the int8 arithmetic would do to the ranking, before it is a kernel: simulated in PyTorch.

    python int8_schemes.py --model models/small --data DATA --sets NAME... [--schemes vnni avx2 vnni-fitted]
                           [--queries 3] [--max-tokens 192]

Lists and columns are ranking.py's, against fp32 in PyTorch. `vnni` and `avx2` are what the library does
(kernels/quantize.hpp, rotate.hpp, linear_int8.hpp); SCHEMES has what was tried instead. Attention is in fp32.
Means and deviations that a scheme asks for are of other dev queries drawn from the same sets. Needs torch.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

import ranking  # puts models/training on the path
import folder
import quads
from beir import draw_queries
from fusion import first_stage_terms, weights_of
from scoring import score

CALIBRATION_SEED, CALIBRATION_QUERIES, CALIBRATION_PASSAGES = 7, 1, 10
EMBEDDING_GROUP = 32


@dataclass(frozen=True)
class Scheme:
    levels: int = 127  # of an activation's code, on either side of 0
    quad: int | None = None  # what a quad of codes may reach; None: no bound
    whole_rows: bool = False  # rows turned as one block
    fitted: bool = False  # inputs less their mean, a factor for each column that evens out the rounding


VNNI, AVX2 = Scheme(), Scheme(quad=quads.MOST)
SCHEMES = {
    "vnni": VNNI,
    "avx2": AVX2,
    "vnni-fitted": Scheme(whole_rows=True, fitted=True),
    "avx2-fitted": Scheme(quad=quads.MOST, whole_rows=True, fitted=True),
    # Codes of up to 181 times a quad of 181, less room for roundings, fill int16 as 255 times 128 do.
    "avx2-even": Scheme(levels=90, quad=179, whole_rows=True, fitted=True),
}


class Inputs:
    """What linears that read the same rows are given."""

    def __init__(self, dim: int):
        self.linears: list[torch.nn.Linear] = []
        self.count, self.sum, self.squares = 0, torch.zeros(dim), torch.zeros(dim)

    def add(self, x: torch.Tensor) -> None:
        self.count, self.sum, self.squares = self.count + len(x), self.sum + x.sum(0), self.squares + x.square().sum(0)

    @property
    def mean(self) -> torch.Tensor:
        return self.sum / self.count

    @property
    def deviation(self) -> torch.Tensor:
        return (self.squares / self.count - self.mean.square()).clamp(min=0).sqrt()

    @property
    def factors(self) -> torch.Tensor:
        """Inputs divided and weights multiplied by these have the least product of their norms."""
        weights = torch.cat([linear.weight for linear in self.linears]).norm(dim=0)
        ratio = self.deviation / weights
        return ratio.clamp(min=1e-3 * ratio.max().item()).sqrt()


def body_linears(model: torch.nn.Module) -> list[torch.nn.Linear]:
    return [m for name, m in model.named_modules() if isinstance(m, torch.nn.Linear) and ".layer" in name]


def collect(model, run) -> list[Inputs]:
    """Inputs of the body's linears while `run` runs; those that read one tensor share them."""
    found, last = {}, [None, None]

    def see(linear, args):
        if args[0] is not last[0]:
            last[:] = args[0], found.get(linear) or Inputs(linear.in_features)
            last[1].add(args[0])
        if linear not in found:
            last[1].linears.append(linear)
        found[linear] = last[1]

    handles = [linear.register_forward_pre_hook(see) for linear in body_linears(model)]
    run()
    for handle in handles:
        handle.remove()
    return list(dict.fromkeys(found.values()))


def turn(dim: int, whole: bool) -> torch.Tensor:
    """An orthogonal matrix for blocks of a row: rotate.hpp's, or one that mixes all of the row."""
    if not whole:
        return quads.rotation(dim)
    matrix = quads.hadamard(dim & -dim)
    while dim // len(matrix) % 3 == 0:
        matrix = torch.kron(torch.eye(3) - 2 / 3, matrix)
    return matrix


def rounded(x: torch.Tensor, levels: int) -> torch.Tensor:
    scale = x.abs().amax(-1, keepdim=True).clamp(min=1e-30) / levels
    return (x / scale).round() * scale


def simulate(inputs: Inputs, scheme: Scheme) -> None:
    """Gives the linears that read `inputs` another forward."""
    dim = inputs.linears[0].in_features
    matrix = turn(dim, scheme.whole_rows)
    mean, factors = (inputs.mean, inputs.factors) if scheme.fitted else (torch.zeros(dim), torch.ones(dim))
    for linear in inputs.linears:
        weight = quads.turned(linear.weight * factors, matrix)
        scale = quads.scales(weight, scheme.quad)
        codes = (weight / scale).round() * scale
        bias = linear.weight @ mean + (0 if linear.bias is None else linear.bias)
        linear.forward = lambda x, codes=codes, bias=bias: F.linear(
            rounded(quads.turned((x - mean) / factors, matrix), scheme.levels), codes, bias)


def scores(model, tokenizer, config: dict, rows: list[dict], max_tokens: int) -> list[dict]:
    """As ranking.py has them."""
    stage = config.get("first_stage", {"max_weight": 0.0, "zscore_weight": 0.0})
    result = []
    for row in rows:
        logits = score(model, tokenizer, row["query"], row["passages"], max_tokens)
        fused = logits + first_stage_terms(torch.tensor(row["scores"][:len(logits)])) @ weights_of(stage, row["query"])
        result.append({"alone": logits.tolist(), "fused": fused.tolist()})
    return result


def calibrate(model, tokenizer, args) -> list[Inputs]:
    rows = [row for name in args.sets
            for row in draw_queries(args.data / name, "dev", CALIBRATION_QUERIES, ranking.CANDIDATES, CALIBRATION_SEED)]
    run = lambda: [score(model, tokenizer, row["query"], row["passages"][:CALIBRATION_PASSAGES], args.max_tokens)
                   for row in rows]
    return collect(model, run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", required=True)
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=["vnni", "avx2", "vnni-fitted"])
    parser.add_argument("--queries", type=int, default=3, help="a set")
    parser.add_argument("--max-tokens", type=int, default=192)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    model, tokenizer, config = folder.load(args.model)
    lists = {name: draw_queries(args.data / name, "dev", args.queries, ranking.CANDIDATES, args.seed) for name in args.sets}
    scored = lambda: {name: scores(model, tokenizer, config, rows, args.max_tokens) for name, rows in lists.items()}
    exact, inputs = scored(), calibrate(model, tokenizer, args)
    model.word_embeddings.weight.data = rounded(
        model.word_embeddings.weight.data.unflatten(1, (-1, EMBEDDING_GROUP)), 127).flatten(1)
    print("| scheme | order | nDCG@10 in fp32 | change | Kendall's tau | largest difference |")
    print("|---|---|---|---|---|---|")
    for name in args.schemes:
        for group in inputs:
            simulate(group, SCHEMES[name])
        other = scored()
        for order in ranking.ORDERS:
            results = [ranking.compare(lists[key], exact[key], other[key], order) for key in lists]
            print(f"| {name} | {order} | {ranking.cells(ranking.mean(results))} |", flush=True)


if __name__ == "__main__":
    main()
