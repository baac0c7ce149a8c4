"""Quick checks of the map from scores to probabilities:  pytest test_calibrate.py"""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import calibrate
from calibrate import LogOdds, calibration_error, fit, joined, left_out, read_queries
from reliability import Bin, bins_of, plot


def even(count: int) -> np.ndarray:
    return np.full(count, 1 / count)


def save_logits(path: Path, sets: dict[str, int], shift: float = 0.0, query: str = "bees") -> Path:
    """So many queries a set, of four candidates; the likelier relevant, the higher the logit."""
    rng = np.random.default_rng(1)
    rows = []
    for name, count in sets.items():
        for logits in rng.normal(scale=3, size=(count, 4)):
            relevant = rng.random(4) < 1 / (1 + np.exp(-logits))
            rows.append({"set": name, "query": query, "relevant": relevant.tolist(), "num_relevant": 4,
                         "logits": (logits + shift).tolist(), "scores": [4.0, 3.0, 2.0, 1.0]})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(monkeypatch, folder: Path, config: dict, *logits: Path) -> dict:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr("sys.argv", ["calibrate.py", "--model", str(folder), *map(str, logits)])
    calibrate.main()
    return json.loads((folder / "config.json").read_text())


def test_the_fit_finds_the_line_that_relevance_was_drawn_by():
    rng = np.random.default_rng(1)
    scores = rng.normal(-5, 4, 40000)
    relevant = (rng.random(40000) < LogOdds(0.5, -1.0).probability(scores)).astype(float)
    line = fit(scores, relevant, even(40000))
    assert line.slope == pytest.approx(0.5, abs=0.03) and line.offset == pytest.approx(-1.0, abs=0.15)


def test_scores_that_part_relevance_without_a_mistake_have_a_finite_line():
    line = fit(np.array([-1.0, -2.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0]), even(4))
    assert 0 < line.slope < 10 and line.probability(np.array([0.0])) == pytest.approx(0.5)


def test_scores_that_fall_with_relevance_are_refused():
    with pytest.raises(ValueError, match="slope -.*above 0 wanted"):
        fit(np.array([1.0, 2.0, 3.0, 2.5]), np.array([1.0, 1.0, 0.0, 0.0]), even(4))


def test_a_small_set_weighs_as_much_as_a_large_one(tmp_path):
    sets = read_queries([save_logits(tmp_path / "a.jsonl", {"large": 19, "small": 1})], None)
    _, _, weights = joined(sets, ["large", "small"], "logit")
    assert weights[:76].sum() == pytest.approx(0.5) and weights[76:].sum() == pytest.approx(0.5)


def test_fused_scores_are_the_folders(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"set": "toy", "query": "bees", "relevant": [True, False], "logits": [1.0, -1.0], "scores": [4.0, 2.0]}))
    [query] = read_queries([path], {"max_weight": 0.5, "zscore_weight": 0.25})["toy"]
    assert query.scores["fused"].tolist() == pytest.approx([1 + 0.5 * 10 + 0.25, -1 + 0.5 * 5 - 0.25])


def test_bins_are_tenths_and_the_error_is_their_mean_distance():
    probability, relevant = np.array([0.1, 0.15, 0.95, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    bins = bins_of(probability, relevant, even(4))
    assert [(b.predicted, b.found, b.pairs) for b in bins] == [
        (pytest.approx(0.125), 0.5, 2), (pytest.approx(0.975), 1.0, 2)]
    assert calibration_error(bins) == pytest.approx((0.375 + 0.025) / 2)


def test_a_set_is_measured_by_a_line_that_has_not_seen_it(tmp_path):
    sets = read_queries([save_logits(tmp_path / "a.jsonl", {"a": 30, "b": 30, "c": 30})], None)
    before, _ = left_out(sets, "logit")
    for query in sets["a"]:
        query.relevant = 1 - query.relevant
    after, _ = left_out(sets, "logit")
    assert after["a"]["first passage: predicted"] == before["a"]["first passage: predicted"]
    assert after["b"]["first passage: predicted"] != before["b"]["first passage: predicted"]


def test_logits_with_another_level_are_calibrated_away(tmp_path):
    rows, _ = left_out(read_queries([save_logits(tmp_path / "a.jsonl", {"a": 300, "b": 300}, shift=4.0)], None), "logit")
    for row in rows.values():
        assert row["ECE, sigmoid"] > 0.2 > 0.05 > row["ECE, calibrated"]
        assert row["log-loss, calibrated"] < min(row["log-loss, sigmoid"], row["log-loss, constant"])


def test_the_maps_are_written_beside_the_fusion(tmp_path, monkeypatch, capsys):
    logits = save_logits(tmp_path / "a.jsonl", {"a": 40, "b": 40})
    stage = {"max_weight": 0.5, "zscore_weight": 0.0}
    config = run(monkeypatch, tmp_path / "fused", {"hidden_size": 8, "first_stage": stage}, logits)
    assert config["hidden_size"] == 8 and config["first_stage"] == stage
    assert set(config["calibration"]) == {"logit", "fused"}
    assert all(line["slope"] > 0 and set(line) == {"slope", "offset"} for line in config["calibration"].values())
    assert set(run(monkeypatch, tmp_path / "alone", {}, logits)["calibration"]) == {"logit"}
    assert "| mean |" in capsys.readouterr().out


def test_one_set_is_too_few(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path / "m", {}, save_logits(tmp_path / "a.jsonl", {"a": 5}))
    assert "1 sets found" in capsys.readouterr().err


def test_the_plot_has_a_point_a_bin(tmp_path):
    plot({"logit": [Bin(0.1, 0.2, 0.5, 3), Bin(0.9, 0.8, 0.5, 7)]}, tmp_path / "r.svg")
    circles = [e for e in ElementTree.parse(tmp_path / "r.svg").iter() if e.tag.endswith("circle")]
    assert [c[0].text for c in circles] == ["logit: 3 pairs", "logit: 7 pairs"]
    assert float(circles[0].get("cx")) < float(circles[1].get("cx"))
    assert float(circles[0].get("cy")) > float(circles[1].get("cy"))


LATIN = {"max_weight": 0.5, "zscore_weight": 0.25}
STAGE = LATIN | {"other_scripts": {"max_weight": 2.0, "zscore_weight": 0.0}}


def test_other_scripts_get_a_line_of_their_own_and_leave_the_rest(tmp_path, monkeypatch):
    latin = save_logits(tmp_path / "latin.jsonl", {"a": 90, "b": 90})
    other = save_logits(tmp_path / "other.jsonl", {"c": 90, "d": 90}, shift=2.0, query="пчёлы")
    stray = save_logits(tmp_path / "stray.jsonl", {"c": 9}, shift=-7.0)  # queries in Latin letters of such a set
    lines = run(monkeypatch, tmp_path / "latin", {"first_stage": LATIN}, latin)["calibration"]
    both = run(monkeypatch, tmp_path / "both", {"first_stage": STAGE}, latin, other, stray)["calibration"]
    assert both.pop("fused_other_scripts")["slope"] > 0 and both == lines


@pytest.mark.parametrize("query, missing", [("bees", "fused_other_scripts"), ("пчёлы", "logit")])
def test_logits_that_leave_a_kind_without_a_line_change_nothing(query, missing, tmp_path, monkeypatch, capsys):
    config = {"first_stage": STAGE, "calibration": {"logit": {"slope": 1.0, "offset": 0.0}}}
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path / "m", config, save_logits(tmp_path / "a.jsonl", {"a": 90, "b": 90}, query=query))
    assert f"{missing}: 0 sets found" in capsys.readouterr().err
    assert json.loads((tmp_path / "m" / "config.json").read_text()) == config
    assert not (tmp_path / "m" / "reliability.svg").exists()
