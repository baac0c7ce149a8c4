"""Fits a plan to the time there is."""

import math
import time
from dataclasses import replace

from plan import Plan, Stage

# Of a stage, or of what a short one has.
UNTIMED_STEPS = 20  # the first ones load kernels and fill queues
TIMED_STEPS = 100
MARGIN = 0.92


def fit(trainer, deadline: float) -> None:
    """Begins the trainer's plan, shortened if it would not end by `deadline`."""
    plan = trainer.plan
    needed = sum(stage.lists * _seconds_a_list(trainer, stage) for stage in plan.stages)
    left = deadline - time.monotonic()
    trainer.begin(scaled(plan, min(1.0, MARGIN * left / needed)))
    print(f"the plan would take {needed:.0f} s, {left:.0f} s are left: {trainer.total} lists", flush=True)


def _seconds_a_list(trainer, stage: Stage) -> float:
    trainer.jump(trainer.plan.start(stage))
    steps = math.ceil(stage.lists / trainer.plan.lists_per_step)
    untimed = min(UNTIMED_STEPS, steps // 2)
    for _ in range(untimed):
        trainer.step()
    first, start = trainer.position, time.monotonic()
    for _ in range(min(TIMED_STEPS, steps - untimed)):
        step = trainer.advance()
    step.row()  # waits until the GPU is done
    return (time.monotonic() - start) / (trainer.position - first)


def scaled(plan: Plan, share: float) -> Plan:
    """All stages in proportion and in whole steps, at least one each."""
    if share == 1:
        return plan
    whole = lambda lists: max(1, round(lists * share / plan.lists_per_step)) * plan.lists_per_step
    return replace(plan, stages=[replace(stage, lists=whole(stage.lists)) for stage in plan.stages])
