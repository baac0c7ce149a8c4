"""Quick checks of the lists without labels and of the teacher:  pytest test_teacher.py"""

import json
import math
import random
from dataclasses import replace

import pytest
import torch

import folder
import pseudo
import teacher
import train
from fusion import Fusion
from inputs import Inputs, pack
from layout import Layout
from lists import Lists
from loss import REPORT, TEACHER_SCALE, Targets, list_losses
from pair_cosine import mean_states
from toy import PLAN, tiny_pair_cosine

PASSAGE = "One red cat lives here. It sleeps all day long on the warm roof! Does it eat? " + "Nobody knows more. " * 30
TAUGHT = replace(PLAN, stages=[replace(s, pseudo_share=0.5, teacher_weight=0.3) for s in PLAN.stages])
PSEUDO_TAUGHT = replace(PLAN, stages=[replace(s, pseudo_share=0.5) for s in PLAN.stages])  # those lists alone


@pytest.fixture
def taught_lists(lists):
    """The toy set's lists, with two without labels."""
    rows = [{"set": "toy", "query": "red cat", "span": "red cat", "words": 2, "positives": ["p0"],
             "candidates": [["p0", 2.0], ["p2", 1.0]]}] * 2
    (lists / "pseudo.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Lists(lists, "train")


@pytest.fixture
def encoder():
    return teacher.BiEncoder(*tiny_pair_cosine(), bfloat16=False)


def test_texts_are_cut_at_the_encoders_window():
    short, long = (teacher.BiEncoder(*tiny_pair_cosine(), bfloat16=False, max_tokens=n) for n in (6, 9))
    for encoder in (short, long):
        encoder.encode(["red cat", "red cat red cat", "red cat red cat bee"])
    assert short.cosines("red cat red cat", ["red cat red cat bee"]).item() == pytest.approx(1, abs=1e-6)
    assert long.cosines("red cat red cat", ["red cat red cat bee"]).item() < 0.9999


def test_a_span_is_whole_sentences_of_the_passage():
    spans = {pseudo.take_span(PASSAGE, random.Random(seed)) for seed in range(50)}
    assert len(spans) > 5
    for span in spans - {None}:
        assert span in PASSAGE and span[0].isupper() and span[-1] in ".!?"
        assert pseudo.SHORTEST <= len(span.split()) <= len(PASSAGE.split()) - pseudo.REST


def test_no_span_is_taken_where_little_would_be_left():
    assert pseudo.take_span("One red cat lives here and sleeps all day. It eats.", random.Random(1)) is None


def test_a_pseudo_list_names_its_source_and_what_bm25_finds():
    passages = {"a": ("", PASSAGE), "b": ("", "One cat more."), "c": ("", "Birds.")}
    [row] = pseudo.pseudo_lists("toy", passages, 5, random.Random(1))
    assert row["positives"] == ["a"] and row["query"] == " ".join(row["span"].split())
    assert row["candidates"][0][0] == "a" and row["words"] in pseudo.CUTS


def test_a_passage_loses_the_query_that_was_taken_from_it(taught_lists):
    row = taught_lists.pseudo_rows[0]
    assert taught_lists.text(row, "p0", window=0) == "cat\na lives"  # of "a red cat lives here", two words
    assert taught_lists.text(row, "p2", window=0) == "bee\na red"


def test_a_plan_mixes_lists_with_and_without_labels(taught_lists):
    read = [taught_lists.read(TAUGHT, i, seed=1) for i in range(32)]
    without = sum("span" in r.row for r in read)
    assert 6 < without < 26
    assert not any("span" in taught_lists.read(PLAN, i, seed=1).row for i in range(32))


def test_the_teacher_encodes_each_text_alone_and_once(encoder):
    encoder.encode(["red cat", "blue owl", "red cat"])
    assert list(encoder.vectors) == ["red cat", "blue owl"]
    sequence = encoder.tokenizer.encode("blue owl")
    inputs = Inputs.of(pack([sequence]), torch.device("cpu"))
    states = mean_states(encoder.model.bert(inputs), inputs)
    assert torch.allclose(encoder.vectors["blue owl"], states[0] / states[0].norm(), atol=1e-6)
    assert encoder.cosines("red cat", ["red cat", "blue owl"])[0] == pytest.approx(1)


def test_a_teacher_is_of_one_plan_and_seed(taught_lists, encoder, tmp_path):
    path = tmp_path / "teacher.npz"
    teacher.save(path, teacher.teach(taught_lists, TAUGHT, 1, encoder), TAUGHT, seed=1)
    cosines = teacher.load(path, replace(TAUGHT, learning_rate=1.0), seed=1)
    assert [len(c) for c in cosines] == [4] * 32
    read = taught_lists.read(TAUGHT, 17, seed=1)
    assert torch.equal(cosines[17], encoder.cosines(read.row["query"], read.texts))
    for plan, seed in ((TAUGHT, 2), (PLAN, 1), (replace(TAUGHT, first=8), 1), (PSEUDO_TAUGHT, 1)):
        with pytest.raises(ValueError, match="another plan, seed or other lists"):
            teacher.load(path, plan, seed)
    (tmp_path / "pseudo.jsonl").write_text("other lists beside it\n")
    with pytest.raises(ValueError, match="other lists"):
        teacher.load(path, TAUGHT, seed=1)


def test_the_teacher_is_asked_only_of_lists_that_a_loss_compares_with_it(taught_lists, encoder):
    cosines = teacher.teach(taught_lists, PSEUDO_TAUGHT, 1, encoder)
    for i, row in enumerate(cosines):
        assert row.any() == ("span" in taught_lists.read(PSEUDO_TAUGHT, i, seed=1).row)


def losses(logits: torch.Tensor, cosines: torch.Tensor, weights: tuple[float, float]) -> dict[str, float]:
    """What the log says of one list of three."""
    targets = Targets(Layout.of([3]), torch.zeros(3, 2), torch.ones(3, dtype=torch.bool), torch.zeros(3, dtype=torch.bool),
                      cosines, torch.tensor([weights]))
    return dict(zip(REPORT, list_losses(logits, targets, Fusion(), plain_weight=1.0)[1][0].tolist()))


def test_a_list_without_labels_is_learnt_from_the_teacher_alone():
    cosines = torch.tensor([0.2, 0.5, 0.4])
    agreed = losses(TEACHER_SCALE * cosines + 3, cosines, (0.0, 1.0))
    assert agreed["loss"] == pytest.approx(0, abs=1e-6) and math.isnan(agreed["plain"])
    turned = losses(-TEACHER_SCALE * cosines, cosines, (0.0, 1.0))
    assert turned["loss"] == turned["taught"] > 1


def test_the_teacher_adds_its_share_to_the_labels():
    logits, cosines = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.2, 0.5, 0.4])
    alone, both = (losses(logits, cosines, (1.0, weight)) for weight in (0.0, 0.3))
    assert math.isnan(alone["taught"])
    assert both["loss"] == pytest.approx(alone["loss"] + 0.3 * both["taught"])


def test_a_taught_run_learns(taught_lists, encoder, tmp_path):
    folder.save(tmp_path / "start", encoder.model, encoder.tokenizer, None)
    teacher.save(taught_lists.folder / "teacher.npz", teacher.teach(taught_lists, TAUGHT, 1, encoder), TAUGHT, seed=1)
    run = train.Trainer(taught_lists, tmp_path / "start", TAUGHT, seed=1)
    rows = [run.step() for _ in range(4)]
    assert all(row["taught"] >= 0 for row in rows) and rows[-1]["position"] == 32
    run.jump(0)
    again = [run.step() for _ in range(4)]
    assert sum(row["loss"] for row in again) < sum(row["loss"] for row in rows)
