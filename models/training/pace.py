"""Fits a plan to the time there is."""

import time
from dataclasses import replace

from plan import Plan

UNTIMED_STEPS = 20  # the first ones load kernels and fill queues
TIMED_STEPS = 100
MARGIN = 0.92


def fit(trainer, deadline: float) -> None:
    """Begins the trainer's plan, shortened if it would not end by `deadline`."""
    plan = trainer.plan
    needed = sum(stage.lists * _seconds_a_list(trainer, plan.start(stage)) for stage in plan.stages)
    left = deadline - time.monotonic()
    trainer.begin(scaled(plan, min(1.0, MARGIN * left / needed)))
    print(f"the plan would take {needed:.0f} s, {left:.0f} s are left: {trainer.total} lists", flush=True)


def _seconds_a_list(trainer, position: int) -> float:
    trainer.jump(position)
    for _ in range(UNTIMED_STEPS):
        trainer.step()
    first, start = trainer.position, time.monotonic()
    for _ in range(TIMED_STEPS):
        step = trainer.advance()
    step.row()  # waits until the GPU is done
    return (time.monotonic() - start) / (trainer.position - first)


def scaled(plan: Plan, share: float) -> Plan:
    """All stages in proportion and in whole steps, at least one each."""
    if share == 1:
        return plan
    whole = lambda lists: max(1, round(lists * share / plan.lists_per_step)) * plan.lists_per_step
    return replace(plan, stages=[replace(stage, lists=whole(stage.lists)) for stage in plan.stages])
