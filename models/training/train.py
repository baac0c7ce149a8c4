"""Trains the reranker on mined lists, on a core or a GPU, and can be stopped at any time.

    python train.py --lists lists --start start --run run

Ctrl-C or SIGTERM ends it after the step in hand. Run again with the same --run
to go on from the last checkpoint: the steps are then the same as if nothing had
happened (on a GPU, but for roundings). run/log.csv has a row a step.

On a GPU:

    python train.py ... --device cuda --workers 14 --bfloat16 [--within 480]
"""

import argparse
import csv
import json
import math
import signal
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from tqdm import tqdm

import checkpoint
import folder
import pace
import stored
import teacher
from feed import Feed, MicroBatch, ParallelFeed
from fusion import Fusion
from inputs import Inputs
from layout import Layout, send
from lists import Lists
from loss import REPORT, Targets, list_losses
from plan import WARM_UP, Plan, plan_of, read_plan

FUSION_LEARNING_RATE = 5e-3
SCALE_LEARNING_RATE = 0.02  # of a factor that is about 10
LAST_SHARE = 0.05  # of the learning rate, at the end of the plan
# One forward and backward. On a core enough rows for full-speed matrix
# products, few enough for activations to stay near the cache; on a GPU a step.
MICRO_BATCH_TOKENS = {"cpu": 2000, "cuda": 100_000}
CHECKPOINT_SECONDS = 60
# Reading a loss waits for the GPU: so rows are written by the dozen there.
STEPS_PER_WRITE = {"cpu": 1, "cuda": 48}
COLUMNS = ["position", "stage", "loss", "taught", "plain", "fused", "plain_first", "fused_first", "first_stage_first",
           "max_weight", "zscore_weight", "learning_rate", "tokens", "cpu_s", "wall_s"]


def learning_rate_share(position: int, total: int, warm_up: int = WARM_UP) -> float:
    """Linear warm-up, then cosine down to LAST_SHARE over the whole plan."""
    if position < warm_up:
        return (position + 1) / warm_up
    done = (position - warm_up) / max(1, total - warm_up)
    return LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def make_optimizer(model, fusion: Fusion, plan: Plan) -> torch.optim.AdamW:
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    named = lambda prefixes: [p for name, p in trained if name.startswith(prefixes)]
    head, scales = named(model.HEAD), named(model.SCALES)
    body = [p for name, p in trained if not name.startswith(model.HEAD + model.SCALES)]
    return torch.optim.AdamW([
        {"params": [p for p in body if p.dim() > 1], "weight_decay": 0.01, "base": plan.learning_rate},
        {"params": [p for p in body if p.dim() == 1], "weight_decay": 0.0, "base": plan.learning_rate},
        {"params": head, "weight_decay": 0.0, "base": plan.head_learning_rate},
        {"params": scales, "weight_decay": 0.0, "base": SCALE_LEARNING_RATE},
        {"params": fusion.parameters(), "weight_decay": 0.0, "base": FUSION_LEARNING_RATE},
    ], betas=(0.9, 0.98), fused=fusion.weights.is_cuda)


@dataclass(frozen=True)
class Step:
    """What the log says of a step. The GPU may still be at it."""

    position: int
    stage: str
    reports: list[torch.Tensor]
    fusion_weights: torch.Tensor
    learning_rate: float
    tokens: int

    def row(self) -> dict:
        """Waits until the step is done."""
        means = torch.cat(self.reports).nanmean(0).tolist()
        max_weight, zscore_weight = self.fusion_weights.tolist()
        return {
            "position": self.position, "stage": self.stage,
            **{name: "" if math.isnan(mean) else round(mean, 4) for name, mean in zip(REPORT, means)},
            "max_weight": round(max_weight, 4), "zscore_weight": round(zscore_weight, 4),
            "learning_rate": f"{self.learning_rate:.3g}", "tokens": self.tokens,
        }


class Trainer:
    """One run: the model, its plan, and where in the plan it stands."""

    def __init__(self, lists: Lists, start: Path, plan: Plan, seed: int, bfloat16: bool = False,
                 device: str = "cpu", workers: int = 0):
        self.start, self.bfloat16, self.device = start, bfloat16, torch.device(device)
        # What a run goes on with, or not.
        self.asked = {"plan": asdict(plan), "seed": seed, "bfloat16": bfloat16,
                      "start": stored.digest(stored.files(start)).hex(),
                      "train.jsonl": stored.digest([lists.folder / "train.jsonl"]).hex()}
        model, tokenizer, _ = folder.load(start)
        cosines = teacher.load(lists.folder / "teacher.npz", plan, seed) if plan.taught else None
        self.feed = Feed(lists, partial(model.encode, tokenizer), seed, MICRO_BATCH_TOKENS[self.device.type], cosines)
        if workers:
            self.feed = ParallelFeed(self.feed, workers)
        self.begin(plan)

    def begin(self, plan: Plan) -> None:
        """From the start, whatever has been trained before."""
        self.plan, self.total = plan, len(plan)
        self.model = folder.load(self.start)[0].to(self.device)
        # Half the weights, and they already say what the words mean.
        self.model.word_embeddings.weight.requires_grad_(False)
        self.fusion = Fusion(*first_stage_of(self.start)).to(self.device)
        self.optimizer = make_optimizer(self.model, self.fusion, plan)
        self.jump(0)

    def jump(self, position: int) -> None:
        """The next step reads from list number `position` on."""
        self.position, self.batches = position, self.feed.steps(self.plan, position)

    def save(self, path: Path) -> None:
        run = self.asked | {"running": asdict(self.plan)}
        checkpoint.save(path, self.model, self.fusion, self.optimizer, self.position, run)

    def resume(self, path: Path) -> None:
        """Goes on from a checkpoint, by the plan that it was made by, which --within may have shortened."""
        run = checkpoint.run_of(path)
        run["plan"] = asdict(plan_of(run["plan"]))  # with settings that came later
        # A checkpoint of before a name was kept says nothing of it.
        other = [name for name, value in self.asked.items() if run.get(name, value) != value]
        if other:
            raise ValueError(f"{path}: begun with another {' and '.join(other)}: wants the same again, or a new --run")
        if plan_of(run["running"]) != self.plan:
            self.begin(plan_of(run["running"]))
        self.jump(checkpoint.load(path, self.model, self.fusion, self.optimizer))

    def step(self) -> dict:
        """Reads the next lists and takes one optimiser step. Returns a log row."""
        return self.advance().row()

    def advance(self) -> Step:
        """The same, without waiting for the GPU."""
        batches, stage = next(self.batches), self.plan.locate(self.position)[0]
        count = sum(len(batch.sizes) for batch in batches)
        reports = [self._accumulate(batch, stage.plain_weight, count) for batch in batches]
        share = learning_rate_share(self.position, self.total, self.plan.warm_up)
        self._update(share)
        self.position += count
        return Step(self.position, stage.name, reports, self.fusion.weights.detach().clone(),
                    self.plan.learning_rate * share, sum(len(batch.packed.ids) for batch in batches))

    def _accumulate(self, batch: MicroBatch, plain_weight: float, count: int) -> torch.Tensor:
        """Adds the gradient of the batch's share in a step of `count` lists."""
        inputs = Inputs.of(batch.packed, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            logits = self.model.logits(inputs)
        arrays = (batch.terms, batch.found, batch.scraps, batch.cosines, batch.weights)
        targets = Targets(Layout.of(batch.sizes).to(self.device),
                          *(send(torch.from_numpy(x), self.device) for x in arrays))
        losses, report = self._losses(logits, targets, inputs, plain_weight)
        (losses.sum() / count).backward()
        return report

    def _losses(self, logits: torch.Tensor, targets: Targets, _inputs: Inputs,
                plain_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
        return list_losses(logits, targets, self.fusion, plain_weight)

    def _update(self, share: float) -> None:
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * share
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.fusion.clamp()


def first_stage_of(start: Path) -> tuple[float, ...]:
    """The fusion's weights that the folder has, so that its logit keeps its scale; none where there are none."""
    stage = json.loads((start / "config.json").read_text(encoding="utf-8")).get("first_stage")
    return (stage["max_weight"], stage["zscore_weight"]) if stage else ()


class StopRequest:
    """Set once the process is asked to end, or its time is over."""

    def __init__(self, deadline: float = math.inf):
        self.asked, self.deadline = False, deadline
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    @property
    def made(self) -> bool:
        return self.asked or time.monotonic() > self.deadline

    def _ask(self, _number, _frame) -> None:
        self.asked = True


class Log:
    """run/log.csv and the bar."""

    def __init__(self, file, trainer: Trainer):
        self.csv, self.file = csv.DictWriter(file, COLUMNS), file
        self.steps, self.room = [], STEPS_PER_WRITE[trainer.device.type]
        self.bar = tqdm(total=trainer.total, initial=trainer.position, unit="list", smoothing=0.05,
                        mininterval=2 if sys.stderr.isatty() else 20)

    def add(self, step: Step, times: dict) -> None:
        self.steps.append((step, times))
        if len(self.steps) >= self.room:
            self.write()

    def write(self) -> None:
        for step, times in self.steps:
            row = step.row()
            self.csv.writerow(row | times)
        self.file.flush()
        if self.steps:
            self.bar.set_postfix(stage=row["stage"], loss=row["loss"], first=row["plain_first"], refresh=False)
            self.bar.update(row["position"] - self.bar.n)
        self.steps = []


def run(trainer: Trainer, path: Path, deadline: float = math.inf) -> None:
    path.mkdir(parents=True, exist_ok=True)
    last, log_path = path / "last.pt", path / "log.csv"
    if last.exists():
        trainer.resume(last)
    forget_rows(log_path, trainer.position)
    stop, saved = StopRequest(deadline), time.monotonic()
    with open(log_path, "a", newline="") as file:
        log = Log(file, trainer)
        if not file.tell():
            log.csv.writeheader()
        while trainer.position < trainer.total and not stop.made:
            log.add(*timed_step(trainer))
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                log.write()
                trainer.save(last)
                saved = time.monotonic()
        log.write()
        log.bar.close()
    trainer.save(last)


def forget_rows(log_path: Path, position: int) -> None:
    """Those of steps behind the checkpoint, which are taken again."""
    if not log_path.exists():
        return
    lines = log_path.read_text().splitlines(keepends=True)
    log_path.write_text("".join(lines[:1] + [line for line in lines[1:] if int(line.split(",")[0]) <= position]))


def timed_step(trainer: Trainer) -> tuple[Step, dict]:
    cpu, wall = time.process_time(), time.monotonic()
    step = trainer.advance()
    return step, {"cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.monotonic() - wall, 2)}


def options(doc: str, plan: str) -> argparse.ArgumentParser:
    """What every run is told; `plan` is the default's name."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=Path, required=True, help="folder that mine.py wrote")
    parser.add_argument("--start", type=Path, required=True, help="folder that start.py or prune.py wrote")
    parser.add_argument("--run", type=Path, required=True, help="folder for the checkpoint and the log")
    parser.add_argument("--plan", type=Path, default=Path(__file__).with_name(plan))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true",
                        help="matrix products and attention in bfloat16; on cores with AVX512-BF16 or AMX, on GPUs")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare what is read")
    parser.add_argument("--stop-after", type=float, default=math.inf, metavar="SECONDS",
                        help="end as if asked to")
    return parser


def main() -> None:
    began = time.monotonic()
    parser = options(__doc__, "plan.toml")
    parser.add_argument("--within", type=float, metavar="SECONDS",
                        help="shorten the plan, if need be, to end by then; a new run only")
    args = parser.parse_args()
    plan = read_plan(args.plan)
    if args.within and (args.run / "last.pt").exists():
        parser.error("--within: the run has begun")
    if args.within and plan.taught:
        parser.error(f"--within: {args.plan} has a teacher, whose teacher.npz is for all of its lists: shorten the plan")

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    trainer = Trainer(Lists(args.lists, "train"), args.start, plan, args.seed, args.bfloat16,
                      args.device, args.workers)
    if args.within:
        pace.fit(trainer, began + args.within)
    run(trainer, args.run, began + args.stop_after)
    trainer.feed.close()


if __name__ == "__main__":
    main()
