"""Trains the reranker on mined lists, on one core, and can be stopped at any time.

    python train.py --lists lists --start start --run run

Ctrl-C or SIGTERM ends it after the step in hand. Run again with the same --run
to go on from the last checkpoint: the steps are then the same as if nothing had
happened. run/log.csv has a row a step.
"""

import argparse
import csv
import math
import signal
import time
from functools import partial
from pathlib import Path

import torch
from tqdm import tqdm

import checkpoint
import folder
from fusion import Fusion
from lists import Lists
from loss import ListLoss, list_loss
from plan import Plan, read_plan

FUSION_LEARNING_RATE = 5e-3
LAST_SHARE = 0.05  # of the learning rate, at the end of the plan
WARM_UP = 160  # lists
LISTS_PER_STEP = 8
# One forward and backward. Enough rows for full-speed matrix products, few
# enough for activations to stay near the cache.
MICRO_BATCH_TOKENS = 2000
CHECKPOINT_SECONDS = 120
COLUMNS = ["position", "stage", "loss", "plain", "fused", "plain_first", "fused_first", "first_stage_first",
           "max_weight", "zscore_weight", "learning_rate", "tokens", "cpu_s", "wall_s"]


def learning_rate_share(position: int, total: int) -> float:
    """Linear warm-up, then cosine down to LAST_SHARE over the whole plan."""
    if position < WARM_UP:
        return (position + 1) / WARM_UP
    done = (position - WARM_UP) / max(1, total - WARM_UP)
    return LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def make_optimizer(model, fusion: Fusion, plan: Plan) -> torch.optim.AdamW:
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    head = [p for name, p in trained if name.startswith(model.HEAD)]
    body = [p for name, p in trained if not name.startswith(model.HEAD)]
    return torch.optim.AdamW([
        {"params": [p for p in body if p.dim() > 1], "weight_decay": 0.01, "base": plan.learning_rate},
        {"params": [p for p in body if p.dim() == 1], "weight_decay": 0.0, "base": plan.learning_rate},
        {"params": head, "weight_decay": 0.0, "base": plan.head_learning_rate},
        {"params": fusion.parameters(), "weight_decay": 0.0, "base": FUSION_LEARNING_RATE},
    ], betas=(0.9, 0.98))


class Trainer:
    """One run: the model, its plan, and where in the plan it stands."""

    def __init__(self, lists: Lists, start: Path, plan: Plan, seed: int, bfloat16: bool = False):
        self.lists, self.plan, self.seed, self.bfloat16 = lists, plan, seed, bfloat16
        self.model, tokenizer, _ = folder.load(start)
        self.encode = partial(self.model.encode, tokenizer)
        # Half the weights, and they already say what the words mean.
        self.model.word_embeddings.weight.requires_grad_(False)
        self.fusion = Fusion()
        self.optimizer = make_optimizer(self.model, self.fusion, plan)
        self.position, self.total = 0, len(plan)

    def step(self) -> dict:
        """Reads the next lists and takes one optimiser step. Returns a log row."""
        stage, _ = self.plan.locate(self.position)
        count = min(LISTS_PER_STEP, self.total - self.position)
        examples = [self.lists.example(self.plan, self.position + i, self.seed, self.encode) for i in range(count)]
        losses: list[ListLoss] = []
        for group in micro_batches(examples):
            with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
                logits = self.model([s for e in group for s in e.sequences])
            logits = logits.split([len(e.sequences) for e in group])
            part = [list_loss(l, e, self.fusion, stage.plain_weight) for l, e in zip(logits, group)]
            (sum(p.total for p in part) / count).backward()
            losses += part
        share = learning_rate_share(self.position, self.total)
        self._update(share)
        self.position += count
        return {
            "position": self.position, "stage": stage.name, **summary(losses),
            "max_weight": self.fusion.values()[0], "zscore_weight": self.fusion.values()[1],
            "learning_rate": f"{self.plan.learning_rate * share:.3g}",
            "tokens": sum(len(s) for e in examples for s in e.sequences),
        }

    def _update(self, share: float) -> None:
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * share
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.fusion.clamp()


def micro_batches(examples: list) -> list[list]:
    """Whole lists, shortest first, up to MICRO_BATCH_TOKENS each."""
    size = lambda e: sum(map(len, e.sequences))
    groups, room = [], 0
    for example in sorted(examples, key=size):
        if not groups or size(example) > room:
            groups.append([])
            room = MICRO_BATCH_TOKENS
        groups[-1].append(example)
        room -= size(example)
    return groups


def summary(losses: list[ListLoss]) -> dict:
    def mean(name: str):
        values = [getattr(l, name) for l in losses if getattr(l, name) is not None]
        return round(sum(values) / len(values), 4) if values else ""
    names = ["plain", "fused", "plain_first", "fused_first", "first_stage_first"]
    total = sum(l.total.item() for l in losses) / len(losses)
    return {"loss": round(total, 4), **{name: mean(name) for name in names}}


class StopRequest:
    """Set once the process is asked to end."""

    def __init__(self):
        self.made = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._make)

    def _make(self, _number, _frame) -> None:
        self.made = True


def run(trainer: Trainer, path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    last, log_path = path / "last.pt", path / "log.csv"
    if last.exists():
        trainer.position = checkpoint.load(last, trainer.model, trainer.fusion, trainer.optimizer)
    stop, fresh, saved = StopRequest(), not log_path.exists(), time.monotonic()
    with open(log_path, "a", newline="") as file, tqdm(
            total=trainer.total, initial=trainer.position, unit="list", smoothing=0.05, mininterval=2) as bar:
        log = csv.DictWriter(file, COLUMNS)
        if fresh:
            log.writeheader()
        while trainer.position < trainer.total and not stop.made:
            row = timed_step(trainer)
            log.writerow(row)
            file.flush()
            bar.update(trainer.position - bar.n)
            bar.set_postfix(stage=row["stage"], loss=row["loss"], first=row["plain_first"])
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                checkpoint.save(last, trainer.model, trainer.fusion, trainer.optimizer, trainer.position)
                saved = time.monotonic()
    checkpoint.save(last, trainer.model, trainer.fusion, trainer.optimizer, trainer.position)


def timed_step(trainer: Trainer) -> dict:
    cpu, wall = time.process_time(), time.monotonic()
    row = trainer.step()
    return row | {"cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.monotonic() - wall, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=Path, required=True, help="folder that mine.py wrote")
    parser.add_argument("--start", type=Path, required=True, help="folder that start.py wrote")
    parser.add_argument("--run", type=Path, required=True, help="folder for the checkpoint and the log")
    parser.add_argument("--plan", type=Path, default=Path(__file__).with_name("plan.toml"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true",
                        help="matrix products and attention in bfloat16; on cores with AVX512-BF16 or AMX")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    lists = Lists(args.lists, "train")
    run(Trainer(lists, args.start, read_plan(args.plan), args.seed, args.bfloat16), args.run)


if __name__ == "__main__":
    main()
