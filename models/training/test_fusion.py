"""Quick checks of the weights by script:  pytest test_fusion.py"""

import json

import numpy as np
import pytest

import torch

import fit_fusion
import fit_other_scripts
from fusion import mostly_latin, weights_of

STAGE = {"max_weight": 0.5, "zscore_weight": 0.25, "other_scripts": {"max_weight": 2.0, "zscore_weight": 1.0}}


@pytest.mark.parametrize("text, latin", [
    ("", True), ("12 + 3", True), ("Wie tanzen Bienen?", True), ("ＦＵＬＬ", True), ("ab 日本", True),
    ("C++ 日本", False), ("ผึ้ง", False), ("пчёлы", False), ("벌은", False)])
def test_half_of_the_letters_decide_the_script(text, latin):
    assert mostly_latin(text) == latin


def test_a_folder_may_have_weights_for_other_scripts():
    assert weights_of(STAGE, "bees").tolist() == [0.5, 0.25]
    assert weights_of(STAGE, "пчёлы").tolist() == [2.0, 1.0]
    assert weights_of({"max_weight": 0.5, "zscore_weight": 0.25}, "пчёлы").tolist() == [0.5, 0.25]


def save_logits(path, query):
    """Logits that tell nothing, and a first stage that has the relevant passage first or second."""
    rng = np.random.default_rng(1)
    rows = [{"set": name, "query": query, "relevant": [i == place for i in range(6)], "num_relevant": 1,
             "logits": rng.normal(size=6).tolist(), "scores": [6.0, 5.0, 2.0, 1.5, 1.0, 0.5]}
            for name in ("a", "b") for place in [0, 0, 0, 1] * 10]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_weights_are_fitted_on_queries_of_other_scripts_alone(tmp_path, monkeypatch):
    config = {"first_stage": {"max_weight": 0.5, "zscore_weight": 0.25},
              "calibration": {"logit": {"slope": 1.0, "offset": 0.0}, "fused": {"slope": 1.0, "offset": 0.0}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_logits(tmp_path / "other.jsonl", "пчёлы")
    save_logits(tmp_path / "latin.jsonl", "bees")
    monkeypatch.setattr("sys.argv", ["fit", "--model", str(tmp_path), str(tmp_path / "latin.jsonl")])
    with pytest.raises(SystemExit):
        fit_other_scripts.main()
    monkeypatch.setattr("sys.argv", ["fit", "--model", str(tmp_path), str(tmp_path / "latin.jsonl"), str(tmp_path / "other.jsonl")])
    fit_other_scripts.main()
    written = json.loads((tmp_path / "config.json").read_text())
    other = written["first_stage"].pop("other_scripts")
    assert other["max_weight"] + other["zscore_weight"] > 1  # the logit tells nothing
    assert written["first_stage"] == config["first_stage"]
    assert "calibration" not in written  # the library would miss its line for other scripts


def test_weights_have_an_end_where_logits_tell_nothing():
    rng = np.random.default_rng(1)
    lists = [(torch.tensor(rng.normal(size=6), dtype=torch.float32), torch.tensor([[10.0 - i, 1.0 - i] for i in range(6)]),
              torch.tensor([i == place for i in range(6)])) for place in [0, 0, 0, 1] * 20]
    max_weight, zscore_weight, _ = fit_fusion.fit(lists)
    assert max_weight < 1000 and zscore_weight < 1000
