"""Chooses and tokenises what each step reads: at once, or ahead of time in
processes beside the training, so that a GPU need not wait."""

import gc
import multiprocessing
import os
import signal
from collections import deque
from dataclasses import dataclass
from typing import Iterator

import numpy as np
import torch

from inputs import Packed, pack
from lists import Encode, Example, Lists
from plan import Plan

AHEAD = 64  # steps


@dataclass(frozen=True)
class MicroBatch:
    """Whole lists, for one forward and backward."""

    packed: Packed
    terms: np.ndarray  # (passages, 2)
    found: np.ndarray  # (passages)
    scraps: np.ndarray  # (passages)
    cosines: np.ndarray  # (passages)
    weights: np.ndarray  # (lists, 2)
    sizes: list[int]  # passages a list


@dataclass(frozen=True)
class Feed:
    lists: Lists
    encode: Encode
    seed: int
    micro_batch_tokens: int
    cosines: list[torch.Tensor] | None = None  # the teacher's, by position

    def step(self, plan: Plan, position: int) -> list[MicroBatch]:
        """What the step at `position` reads."""
        ends = min(position + plan.lists_per_step, len(plan))
        examples = [self.lists.example(plan, i, self.seed, self.encode, self.cosines) for i in range(position, ends)]
        return [_join(group) for group in micro_batches(examples, self.micro_batch_tokens)]

    def steps(self, plan: Plan, position: int) -> Iterator[list[MicroBatch]]:
        for start in range(position, len(plan), plan.lists_per_step):
            yield self.step(plan, start)

    def close(self) -> None:
        """There is nothing to end."""


class ParallelFeed:
    """The same steps in the same order, made by `workers` forked processes. To
    be made before the process touches the GPU."""

    def __init__(self, feed: Feed, workers: int):
        gc.collect()
        gc.freeze()  # the lists are a million objects: do not walk them, nor copy their pages, again
        self.pool = multiprocessing.get_context("fork").Pool(workers, _start_worker, (feed,))

    def steps(self, plan: Plan, position: int) -> Iterator[list[MicroBatch]]:
        waiting: deque = deque()
        for start in range(position, len(plan), plan.lists_per_step):
            waiting.append(self.pool.apply_async(_work, (plan, start)))
            if len(waiting) > AHEAD:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()

    def close(self) -> None:
        self.pool.terminate()


def _start_worker(feed: Feed) -> None:
    global _feed
    _feed = feed
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # Ctrl-C is for the trainer, which ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(plan: Plan, position: int) -> list[MicroBatch]:
    return _feed.step(plan, position)


def micro_batches(examples: list[Example], tokens: int) -> list[list[Example]]:
    """Whole lists, shortest first, up to `tokens` each."""
    size = lambda e: sum(map(len, e.sequences))
    groups, room = [], 0
    for example in sorted(examples, key=size):
        if not groups or size(example) > room:
            groups.append([])
            room = tokens
        groups[-1].append(example)
        room -= size(example)
    return groups


def _join(group: list[Example]) -> MicroBatch:
    return MicroBatch(
        pack([s for e in group for s in e.sequences]),
        *(torch.cat([getattr(e, name) for e in group]).numpy() for name in ("terms", "found", "scraps", "cosines")),
        np.array([e.weights for e in group], np.float32),
        [len(e.sequences) for e in group])
