"""What training reads when, in stages counted in lists, and how fast it learns."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


WARM_UP = 160
LISTS_PER_STEP = 8


@dataclass(frozen=True)
class Stage:
    name: str
    lists: int
    window: int  # words a passage is cut to; 0: whole
    max_tokens: int  # a pair's length limit
    negatives: int
    # Share of the negatives drawn at random from the set instead of from BM25's
    # top 40, falling linearly from the first list to the last.
    random_first: float
    random_last: float
    plain_weight: float  # of the loss on the bare logit, beside the fused one
    pseudo_share: float = 0.0  # of the lists: those without labels (pseudo.py)
    teacher_weight: float = 0.0  # of the teacher's loss on labelled lists; on the others it is 1
    scraps: int = 0  # negatives of hardly a word, beside `negatives` (lists.py)


@dataclass(frozen=True)
class Plan:
    learning_rate: float
    head_learning_rate: float
    stages: list[Stage]
    warm_up: int = WARM_UP  # lists until the rate is reached
    lists_per_step: int = LISTS_PER_STEP
    first: int = 0  # lists of an earlier run that this one goes on from; they are not read again

    def __len__(self) -> int:
        """In lists."""
        return sum(stage.lists for stage in self.stages)

    @property
    def taught(self) -> bool:
        return any(stage.pseudo_share or stage.teacher_weight for stage in self.stages)

    def start(self, stage: Stage) -> int:
        """The number of the stage's first list."""
        return sum(earlier.lists for earlier in self.stages[:self.stages.index(stage)])

    def locate(self, position: int) -> tuple[Stage, float]:
        """The stage that list number `position` falls in, and how far into it (0 to 1)."""
        for stage in self.stages:
            if position < stage.lists:
                return stage, position / stage.lists
            position -= stage.lists
        raise IndexError("past the end of the plan")


def read_plan(path: Path) -> Plan:
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    return plan_of({"stages": settings.pop("stage"), **settings})


def plan_of(settings: dict) -> Plan:
    """Of dataclasses.asdict's form."""
    return Plan(**settings | {"stages": [Stage(**row) for row in settings["stages"]]})
