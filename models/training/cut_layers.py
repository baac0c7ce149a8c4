"""Which layers a model can best do without, by measurement on a few lists.

Three rules, the cheapest first:

- `influence`: one pass; the layers that turn their input least, 1 - cos(in, out), go.
- `divergence`: one by one, always the layer whose loss moves the order least: KL
  from the uncut model's softmax over a list to the cut one's. Needs no labels.
- `loss`: one by one, by the least list cross-entropy.
"""

import math
import random
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Iterator

import torch
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm

from feed import Feed, MicroBatch
from folder import CrossEncoder
from inputs import Inputs
from layout import Layout
from lists import Lists
from loss import list_divergence
from plan import Plan, Stage

MICRO_BATCH_TOKENS = 4000
# As in the middle of training: 64-word windows, BM25's negatives.
STAGE = Stage("sample", 0, window=64, max_tokens=160, negatives=7, random_first=0, random_last=0, plain_weight=1)
Scores = list[torch.Tensor]  # (lists, longest) a micro-batch, -inf beyond a list's end


@dataclass(frozen=True)
class Sample:
    """Lists on which cuts of one model are compared; none is trained on."""

    batches: list[MicroBatch]
    bfloat16: bool = False

    @classmethod
    def draw(cls, folder: Path, model: CrossEncoder, tokenizer: Tokenizer, count: int, seed: int,
             bfloat16: bool = False) -> "Sample":
        lists = Lists(folder, "held")
        lists.rows = random.Random(seed).sample(lists.rows, min(count, len(lists.rows)))
        plan = Plan(0, 0, [Stage(**vars(STAGE) | {"lists": len(lists.rows)})])
        feed = Feed(lists, partial(model.encode, tokenizer), seed, MICRO_BATCH_TOKENS)
        return cls([batch for step in feed.steps(plan, 0) for batch in step], bfloat16)

    def scores(self, model: CrossEncoder) -> Scores:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            return [Layout.of(batch.sizes).pad(model.logits(Inputs.of(batch.packed, torch.device("cpu"))), -math.inf)
                    for batch in self.batches]


def cross_entropy(scores: Scores) -> float:
    """Of the relevant passages, each its list's first."""
    return -torch.cat([rows.log_softmax(1)[:, 0] for rows in scores]).mean().item()


def divergence(reference: Scores, scores: Scores) -> float:
    """Mean KL from the reference's softmax over each list."""
    return torch.cat([list_divergence(a, b) for a, b in zip(reference, scores)]).mean().item()


def layer_stack(model: CrossEncoder) -> tuple[nn.Module, str, nn.ModuleList]:
    """(what holds the list of layers, under which name, the list)."""
    [found] = [(parent, name, child) for parent in model.modules() for name, child in parent.named_children()
               if isinstance(child, nn.ModuleList)]
    return found


@contextmanager
def only(model: CrossEncoder, layers: list[int]) -> Iterator[None]:
    """The model with these layers alone, for a while."""
    parent, name, whole = layer_stack(model)
    parent.register_module(name, nn.ModuleList(whole[i] for i in layers))
    try:
        yield
    finally:
        parent.register_module(name, whole)


def influences(model: CrossEncoder, sample: Sample) -> list[float]:
    """1 - cos(state before, state after), of each layer, the mean over tokens."""
    stack = layer_stack(model)[2]
    sums, counts = [0.0] * len(stack), [0] * len(stack)

    def add(i: int, _layer, inputs: tuple, output: torch.Tensor) -> None:
        cosines = torch.cosine_similarity(inputs[0].float(), output.float(), dim=-1)
        sums[i] += (1 - cosines).sum().item()
        counts[i] += len(cosines)

    hooks = [layer.register_forward_hook(partial(add, i)) for i, layer in enumerate(stack)]
    sample.scores(model)
    for hook in hooks:
        hook.remove()
    return [total / count for total, count in zip(sums, counts)]


@dataclass(frozen=True)
class Choice:
    layers: list[int]  # kept, ascending
    trace: list[str]  # what was measured on the way, a line a step


def by_influence(model: CrossEncoder, sample: Sample, count: int) -> Choice:
    values = influences(model, sample)
    largest = sorted(range(len(values)), key=values.__getitem__, reverse=True)[:count]
    return Choice(sorted(largest), [f"layer {i}: 1 - cos {value:.4f}" for i, value in enumerate(values)])


def greedy(cost: Callable[[Scores, Scores], float], model: CrossEncoder, sample: Sample, count: int) -> Choice:
    """Removes one layer after the other; `cost` of (uncut scores, cut scores) says which."""
    layers, reference, trace = list(range(len(layer_stack(model)[2]))), sample.scores(model), []
    rounds = range(len(layers), count, -1)
    with tqdm(total=sum(rounds), unit="cut", mininterval=5, leave=False) as bar:
        for _ in rounds:
            costs = {}
            for gone in layers:
                with only(model, [i for i in layers if i != gone]):
                    costs[gone] = cost(reference, sample.scores(model))
                bar.update()
            gone = min(costs, key=costs.get)
            layers.remove(gone)
            trace.append(f"without {gone}: {costs[gone]:.4f}")
    return Choice(layers, trace)


RULES: dict[str, Callable[[CrossEncoder, Sample, int], Choice]] = {
    "influence": by_influence,
    "divergence": partial(greedy, divergence),
    "loss": partial(greedy, lambda _reference, scores: cross_entropy(scores)),
}


def compare(model: CrossEncoder, sample: Sample, fresh: Sample, count: int) -> Iterator[str]:
    """A line a rule: what it keeps, and what that costs on lists that it has not seen."""
    reference = fresh.scores(model)
    yield f"{'uncut':12} list cross-entropy {cross_entropy(reference):.4f}"
    for name, rule in RULES.items():
        kept = rule(model, sample, count).layers
        with only(model, kept):
            scores = fresh.scores(model)
        yield (f"{name:12} keeps {kept}: list cross-entropy {cross_entropy(scores):.4f}, "
               f"KL from the uncut {divergence(reference, scores):.4f}")
