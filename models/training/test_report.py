"""Quick checks of what a model is worth, and of the fusion's fit:  pytest test_report.py"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import fit_fusion
from evaluate import mean, measure
from fit_fusion import cautious, fit, held_lists, losses, trained_answers
from lists import Lists
from metrics import ndcg, recall
from report import headroom, main, read_results, report


def scored_lists(count: int) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Whose relevant passages are drawn by 2 * (logit + 0.5 * first term + 1.5 * second)."""
    torch.manual_seed(3)
    lists = []
    for _ in range(count):
        logits, terms = torch.randn(10), torch.randn(10, 2)
        chance = (2 * (logits + terms @ torch.tensor([0.5, 1.5]))).softmax(0)
        lists.append((logits, terms, torch.zeros(10, dtype=torch.bool).scatter(0, chance.multinomial(1), True)))
    return lists


def test_fitted_weights_divide_the_logit_scale_out():
    lists = scored_lists(300)
    max_weight, zscore_weight, loss = fit(lists)
    assert max_weight == pytest.approx(0.5, abs=0.15)
    assert zscore_weight == pytest.approx(1.5, abs=0.25)
    assert losses(lists, torch.tensor([max_weight, zscore_weight])).mean() == pytest.approx(loss, abs=0.01)


def test_few_lists_leave_more_to_the_first_stage_than_many():
    factors = []
    for count in (30, 300):
        lists = scored_lists(count)
        weights = torch.tensor(fit(lists)[:2])
        factors.append((cautious(lists, weights) / weights).mean().item())
    assert factors[0] > factors[1] > 1 and factors[1] < 1.5


def test_the_fusion_is_fitted_on_answers_that_training_did_not_name(lists):
    held, trained = Lists(lists, "held"), trained_answers(lists)
    assert len(trained) == 28 and held_lists(held, trained, 9) == held.rows
    known = held.rows[1]["positives"][0]
    assert held_lists(held, trained | {("toy", known)}, 9) == held.rows[:1] + held.rows[2:]
    assert held_lists(held, trained | {("other", known)}, 2) == held.rows[:2]


def test_a_fusion_is_not_fitted_on_a_single_list(lists, tmp_path, monkeypatch, capsys):
    rows = (lists / "held.jsonl").read_text().splitlines(keepends=True)
    (lists / "held.jsonl").write_text(rows[0])
    monkeypatch.setattr("sys.argv", ["fit", "--model", str(tmp_path), "--lists", str(lists)])
    with pytest.raises(SystemExit):
        fit_fusion.main()
    assert f"{lists / 'held.jsonl'}: 1 lists" in capsys.readouterr().err


def test_metrics_on_a_ranking():
    assert recall(["x", "a", "y"], {"a", "b"}, 5) == 0.5
    assert ndcg(["x", "a"], {"a"}) == pytest.approx(0.6309, abs=1e-4)


def save_results(path: Path, sets: dict[str, list[int]]) -> Path:
    """Six candidates a query; the relevant one comes at the given place, 6 for not at all, and has the highest logit.
    Whole numbers are as `rerank eval` writes them."""
    rows = [{"set": name, "query": "bees", "relevant": [i == place for i in range(6)], "num_relevant": 1,
             "logits": [float(i == place) for i in range(6)], "scores": [6, 5, 4, 3, 2, 1]}
            for name, places in sets.items() for place in places]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_headroom_is_the_share_of_what_the_candidates_hold(tmp_path):
    path = save_results(tmp_path / "a.jsonl", {"toy": [5, 0, 6], "full": [0]})
    for weight, reached in ((0.0, 1), (9.0, 0)):
        results = read_results([path], {"max_weight": weight, "zscore_weight": 0.0})
        means = results["toy"].mean(0)
        assert headroom(means, "alone") == pytest.approx(1) and headroom(means, "fused") == pytest.approx(reached)
        assert np.isnan(headroom(results["full"].mean(0), "fused"))


def test_a_report_has_a_row_a_set_and_the_means_that_apply(tmp_path):
    path = save_results(tmp_path / "a.jsonl", {"medquad": [5, 0], "covidqa-long": [5], "tldr": [0]})
    rows = report(read_results([path], {"max_weight": 0, "zscore_weight": 0}))[2:]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| medquad", "2"], ["| covidqa-long", "1"], ["| tldr", "1"], ["| all sets", "4"], ["| first stage below 0.8", "3"],
        ["| those of them that are trained on", "2"], ["| no training text", "1"]]
    assert "50.0 / 67.8 | 100.0 / 100.0" in rows[0] and "100 (100 to 100)" in rows[0]


def test_the_ceiling_is_the_best_orders_recall_at_5():
    row = {"ids": [*"abcdefgh"], "relevant": {*"bcdefgh", "missed"}, "scores": torch.arange(8.0)}
    assert measure(row, torch.zeros(8), None)["ceiling"][0] == 5 / 8
    assert measure(row | {"relevant": {"h", "missed"}}, torch.zeros(8), None)["ceiling"][0] == 1 / 2


def test_without_weights_nothing_is_fused():
    row = {"ids": [*"ab"], "relevant": {"a"}, "scores": torch.tensor([2.0, 1.0])}
    measured = measure(row, torch.tensor([1.0, 0.0]), None)
    assert mean([measured["alone"]] * 2) == "100.0 / 100.0" and mean([measured["fused"]] * 2) == "    - /     -"


def test_a_report_of_a_folder_without_a_fusion_is_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setattr("sys.argv", ["report", "--model", str(tmp_path), str(save_results(tmp_path / "a.jsonl", {"toy": [0]}))])
    with pytest.raises(SystemExit):
        main()
    assert f"{tmp_path / 'config.json'}: first_stage is missing" in capsys.readouterr().err
