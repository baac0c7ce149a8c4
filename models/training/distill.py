"""Trains a cut model to order lists as the uncut one does.

    python distill.py --teacher ../minilm --start cut --lists lists --run run
    python distill.py ... --state-layers 1 3 5
    python export.py --start cut --run run --out recovered

The loss is listwise KL: from the softmax of the teacher's logits over a list's
passages to the student's, at a temperature; --label-weight adds train.py's loss
on the labels, and --state-weight how far the student's layers are from those of
the teacher that they stand for. Stops, resumes and logs as train.py does; the
log's `taught` is the KL, times the temperature's square.
"""

import hashlib
import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import torch
from tokenizers import Tokenizer

import folder
import stored
import train
from inputs import Inputs
from lists import Lists
from loss import REPORT, Targets, list_divergence
from plan import Plan, read_plan
from states import States, unexplained


class Teacher:
    """The uncut model's logits, of what a student reads. With `scores` they are
    kept in that file, so that the next student of the same lists need not wait
    for them."""

    def __init__(self, path: Path, student: Tokenizer, device: torch.device, scores: Path | None = None):
        self.model, tokenizer, _ = folder.load(path)
        self.model.to(device).requires_grad_(False)
        self.ids = ids_of(student, tokenizer).to(device)
        self.weights = stored.digest(stored.files(path))
        self.known: dict[str, list[float]] = {}
        if scores and scores.exists():
            with open(scores, encoding="utf-8") as rows:
                self.known = {row["key"]: row["logits"] for row in map(json.loads, rows)}
        self.file = open(scores, "a", buffering=1, encoding="utf-8") if scores else None

    def logits(self, inputs: Inputs) -> torch.Tensor:
        if self.file is None:
            return self._compute(inputs)
        read = (self.ids[inputs.ids].cpu().numpy().tobytes(), inputs.tokens.lengths,
                torch.is_autocast_enabled(inputs.ids.device.type))
        key = hashlib.blake2b(self.weights + repr(read).encode(), digest_size=16)
        if key.hexdigest() not in self.known:
            row = {"key": key.hexdigest(), "logits": [round(x, 5) for x in self._compute(inputs).tolist()]}
            self.known[row["key"]] = row["logits"]
            self.file.write(json.dumps(row) + "\n")
        return torch.tensor(self.known[key.hexdigest()], device=inputs.ids.device)

    @torch.no_grad()
    def _compute(self, inputs: Inputs) -> torch.Tensor:
        return self.model.logits(replace(inputs, ids=self.ids[inputs.ids]))


def ids_of(student: Tokenizer, teacher: Tokenizer) -> torch.Tensor:
    """The teacher's id of each of the student's tokens. A text is spelt by the
    student's vocabulary: what was cut from it the teacher reads in pieces too."""
    tokens = sorted(student.get_vocab().items(), key=lambda item: item[1])
    ids = [teacher.token_to_id(token) for token, _ in tokens]
    lacking = [token for (token, _), i in zip(tokens, ids) if i is None]
    if lacking:
        raise ValueError(f"the teacher has no token {lacking[0]!r}; wanted all of the student's")
    return torch.tensor(ids)


class Distiller(train.Trainer):
    """A run towards the teacher's order."""

    def __init__(self, lists: Lists, start: Path, plan: Plan, seed: int, *, teacher: Path, temperature: float = 1.0,
                 label_weight: float = 0.0, state_weight: float = 0.0, state_layers: Sequence[int] = (),
                 teacher_scores: Path | None = None, device: str = "cpu", **options):
        """`state_layers` are the teacher's, one a layer of the student's; none: states are not compared."""
        self.temperature, self.label_weight, self.state_weight = temperature, label_weight, state_weight
        student = Tokenizer.from_file(str(start / "tokenizer.json"))
        self.teacher = Teacher(teacher, student, torch.device(device), teacher_scores)
        self.wanted_states = States(self.teacher.model, state_layers)
        super().__init__(lists, start, plan, seed, device=device, **options)
        self.asked |= {"teacher": self.teacher.weights.hex(), "temperature": temperature, "label_weight": label_weight,
                       "state_layers": list(state_layers), "state_weight": state_weight}

    def begin(self, plan: Plan) -> None:
        super().begin(plan)
        wanted, num_layers = len(self.wanted_states), self.model.shape.num_hidden_layers
        if wanted not in (0, num_layers):
            raise ValueError(f"{wanted} of the teacher's layers for {num_layers} of the student's; wanted one each")
        self.given_states = States(self.model, range(wanted))
        self.fusion.weights.requires_grad_(self.label_weight > 0)

    def _losses(self, logits: torch.Tensor, targets: Targets, inputs: Inputs,
                plain_weight: float) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            wanted = self.teacher.logits(inputs)
        rows = lambda x: targets.lists.pad(x / self.temperature, -math.inf)
        # The gradient falls with the square of the temperature.
        taught = self.temperature ** 2 * list_divergence(rows(wanted), rows(logits))
        labelled, report = super()._losses(logits, targets, inputs, plain_weight)
        total = taught + self.label_weight * labelled + self.state_weight * self._apart()
        for name, values in (("loss", total), ("taught", taught)):
            report[:, REPORT.index(name)] = values.detach()
        return total, report

    def _apart(self) -> torch.Tensor | float:
        """How far the student's states are from the teacher's, the mean over the layers compared."""
        pairs = list(zip(self.wanted_states.take(), self.given_states.take()))
        return sum(unexplained(*pair) for pair in pairs) / max(1, len(pairs))


def main() -> None:
    began = time.monotonic()
    parser = train.options(__doc__, "plan-recover.toml")
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the uncut model")
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--label-weight", type=float, default=0.0)
    parser.add_argument("--state-layers", type=int, nargs="+", default=[], metavar="LAYER",
                        help="the teacher's layers, from 0, that the student's are taught to be like, one each")
    parser.add_argument("--state-weight", type=float, default=10.0)
    parser.add_argument("--teacher-scores", type=Path, help="file that keeps the teacher's logits for other students")
    args = parser.parse_args()
    if args.state_layers and args.teacher_scores:
        parser.error("--teacher-scores keeps no states: not with --state-layers")

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    trainer = Distiller(
        Lists(args.lists, "train"), args.start, read_plan(args.plan), args.seed, teacher=args.teacher,
        temperature=args.temperature, label_weight=args.label_weight, state_weight=args.state_weight,
        state_layers=args.state_layers, teacher_scores=args.teacher_scores, device=args.device,
        bfloat16=args.bfloat16, workers=args.workers)
    train.run(trainer, args.run, began + args.stop_after)
    trainer.feed.close()


if __name__ == "__main__":
    main()
