"""Turns a mined list and a plan into what one training list reads."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
from tokenizers import Encoding

from beir import passage_text
from fusion import first_stage_terms
from plan import Plan, Stage
from windows import best_window


# What a corpus holds besides passages: nothing, a mark, a few words that say nothing.
MARKS = ["", "", ".", "...", "-", "N/A", "1.", "See also", "Read more"]
LONGEST_SCRAP = 6  # words

# (query, passages, max_tokens) to one sequence a passage.
Encode = Callable[[str, list[str], int], list[Encoding]]


@dataclass
class Reading:
    """Which texts a list reads."""

    row: dict
    stage: Stage
    passages: list[str]  # ids; a relevant one first, or the one that the query is from
    texts: list[str]  # theirs, then the scraps

    @property
    def weights(self) -> tuple[float, float]:
        """Of the labels' loss and the teacher's."""
        return (0.0, 1.0) if "span" in self.row else (1.0, self.stage.teacher_weight)

    @property
    def taught(self) -> bool:
        return self.weights[1] > 0


@dataclass
class Example:
    """One list. The relevant passage comes first."""

    sequences: list[Encoding]
    terms: torch.Tensor  # (passages, 2), of the passages that BM25 found; else 0
    found: torch.Tensor  # (passages), whether BM25's top 40 holds the passage
    scraps: torch.Tensor  # (passages), whether it is one
    cosines: torch.Tensor  # (passages), the teacher's; else 0
    weights: tuple[float, float]  # of the labels' loss and the teacher's


class Lists:
    """Mined lists with the texts they name."""

    def __init__(self, folder: Path, split: str):
        self.folder = folder
        self.passages: dict[str, dict[str, tuple[str, str]]] = {}
        self.idf: dict[str, dict[str, float]] = {}
        with open(folder / "texts.jsonl", encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                self.passages[row["set"]], self.idf[row["set"]] = row["passages"], row["idf"]
        self.ids = {name: list(passages) for name, passages in self.passages.items()}
        self.rows = _read(folder / f"{split}.jsonl")
        pseudo = folder / "pseudo.jsonl"
        self.pseudo_rows = _read(pseudo) if pseudo.exists() else []

    def text(self, row: dict, passage: str, window: int) -> str:
        title, text = self.passages[row["set"]][passage]
        if "span" in row:
            text = " ".join(text.replace(row["span"], " ").split()[:row["words"]])
        elif window:
            text = best_window(row["query"], text, window, self.idf[row["set"]])
        return passage_text(title, text)

    def choose(self, row: dict, stage: Stage, done: float, rng: random.Random) -> list[str]:
        """One relevant passage, then the negatives."""
        share = stage.random_first + done * (stage.random_last - stage.random_first)
        num_random = sum(rng.random() < share for _ in range(stage.negatives))
        hard = [p for p, _ in row["candidates"] if p not in row["positives"]]
        # The head of BM25's list is where order matters.
        keys = {p: rng.random() ** (rank + 4) for rank, p in enumerate(hard)}
        chosen = sorted(hard, key=keys.get, reverse=True)[: stage.negatives - num_random]
        taken = {*row["positives"], *chosen}
        if len(self.ids[row["set"]]) < len(taken) + stage.negatives - len(chosen):
            raise ValueError(f"{row['set']}: {len(self.ids[row['set']])} passages; wanted {stage.negatives} negatives "
                             "of them beside what is relevant")
        while len(chosen) < stage.negatives:
            passage = rng.choice(self.ids[row["set"]])
            if passage not in taken:
                taken.add(passage)
                chosen.append(passage)
        return [rng.choice(row["positives"]), *chosen]

    def read(self, plan: Plan, position: int, seed: int) -> Reading:
        """List number `position` of the run. Depends on nothing but its
        arguments, which is what makes stop and resume exact."""
        stage, done = plan.locate(position)
        number = plan.first + position
        rng = random.Random(f"{seed}/{number}")
        if stage.pseudo_share and not self.pseudo_rows:
            raise ValueError(f"{self.folder / 'pseudo.jsonl'} is not there, or empty; wanted by stage {stage.name!r}")
        rows = self.pseudo_rows if stage.pseudo_share and rng.random() < stage.pseudo_share else self.rows
        row = rows[number % len(rows)]
        passages = self.choose(row, stage, done, rng)
        texts = [self.text(row, p, stage.window) for p in passages]
        return Reading(row, stage, passages, texts + [self.scrap(row, rng) for _ in range(stage.scraps)])

    def scrap(self, row: dict, rng: random.Random) -> str:
        """A mark, or some words of any passage of the set: what a model that has only read whole passages takes for
        the mean of all, and so for better than most."""
        if rng.random() < 0.5:
            return rng.choice(MARKS)
        words = self.passages[row["set"]][rng.choice(self.ids[row["set"]])][1].split()
        begin = rng.randrange(len(words) or 1)
        return " ".join(words[begin : begin + rng.randint(1, LONGEST_SCRAP)])

    def example(self, plan: Plan, position: int, seed: int, encode: Encode,
                cosines: list[torch.Tensor] | None) -> Example:
        """The same list, tokenised; `cosines` by position, where the plan has a teacher."""
        read = self.read(plan, position, seed)
        return Example(encode(read.row["query"], read.texts, read.stage.max_tokens),
                       *self.first_stage(read.row, read.passages, len(read.texts)),
                       torch.arange(len(read.texts)) >= len(read.passages),
                       cosines[position] if cosines else torch.zeros(len(read.texts)), read.weights)

    def first_stage(self, row: dict, passages: list[str], num_texts: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the passages; the texts behind them it did not find."""
        ids = [p for p, _ in row["candidates"]]
        terms, found = torch.zeros(num_texts, 2), torch.zeros(num_texts, dtype=torch.bool)
        if ids:
            all_terms = first_stage_terms(torch.tensor([s for _, s in row["candidates"]]))
            for i, passage in enumerate(passages):
                if passage in ids:
                    terms[i], found[i] = all_terms[ids.index(passage)], True
        return terms, found


def _read(path: Path) -> list[dict]:
    with open(path, encoding="utf-8") as rows:
        return [json.loads(row) for row in rows]
