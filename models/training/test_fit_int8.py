"""Checks of the folders made for int8, on tiny random models:  pytest test_fit_int8.py"""

import json

import pytest
import torch
from safetensors.torch import load_file

import fit_int8
import folder
import quads
from scoring import score
from toy import tiny_bert, tiny_llama

TEXTS = ("a red cat", ["a red cat lives here", "the owl", "green dog green hen"])


def randoms(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dim, block", [(48, 16), (384, 64), (1536, 256), (111, 1)])
def test_a_rotation_keeps_products_and_is_undone_by_its_transpose(dim, block):
    matrix, (x, y) = quads.rotation(dim), randoms(2, 3, dim)
    assert len(matrix) == block
    assert torch.allclose(quads.turned(x, matrix) @ quads.turned(y, matrix).T, x @ y.T, atol=1e-4)
    assert torch.allclose(quads.turned(quads.turned(x, matrix), matrix.T), x, atol=1e-5)


def test_sums_are_of_one_sign_over_the_columns_that_share_an_int16():
    row = torch.tensor([[1.0, -2, 4, 8, 16, 32, -64, 128]])
    assert quads.sums(row).tolist() == [[[[49.0]], [[140.0]]], [[[2.0]], [[64.0]]]]


def test_codes_never_exceed_a_quad_and_bring_their_scale_back():
    weight = randoms(19, 96)
    codes, scales = fit_int8.round_rows(weight, torch.eye(96))
    assert torch.equal(quads.sums(codes).amax((0, 1, 3)), torch.full((19,), float(quads.MOST)))
    assert torch.allclose(quads.scales(codes * scales), scales, rtol=1e-6)
    assert torch.equal(quads.codes(codes * scales), codes)


def test_alike_inputs_make_good_what_rounding_loses():
    weight, x = randoms(16, 64), randoms(512, 8, seed=2) @ randoms(8, 64, seed=3)
    codes, scales = fit_int8.round_rows(weight, x.T @ x)
    nearest = quads.codes(weight) * quads.scales(weight)
    lost = lambda rounded: ((rounded - weight) @ x.T).square().mean()
    assert lost(codes * scales) < 0.2 * lost(nearest)


@pytest.mark.parametrize("tiny", [tiny_bert, tiny_llama])
def test_a_fitted_folder_lies_on_the_steps_and_scores_as_before(tiny, tmp_path):
    model, tokenizer = tiny()
    folder.save(tmp_path / "plain", model, tokenizer, (0.5, 0.0))
    (fitted, *_), (zeroed, *_) = folder.load(tmp_path / "plain"), folder.load(tmp_path / "plain")
    with torch.no_grad():
        before = score(fitted, tokenizer, *TEXTS, 64)
        for linear in fit_int8.linears(zeroed):
            linear.weight.zero_()
        fit_int8.fit_all(fitted, lambda: score(fitted, tokenizer, *TEXTS, 64))
    fit_int8.write(tmp_path / "plain", tmp_path / "fitted", fitted)

    loaded, _, config = folder.load(tmp_path / "fitted")
    assert config["int8_weights"] == "quads"
    moved = lambda other: (score(other, tokenizer, *TEXTS, 64) - before).abs().max()
    assert moved(loaded) < 0.02 * moved(zeroed)
    for linear in fit_int8.linears(loaded):
        turned = quads.turned(linear.weight.detach(), quads.rotation(linear.in_features))
        off = turned / quads.scales(turned) - quads.codes(turned)
        assert off.abs().mean() < 0.1  # 0.25 where weights lie anywhere; bfloat16 moves them a little
    plain = load_file(tmp_path / "plain" / "model.safetensors")
    head = [name for name in plain if name.startswith(model.HEAD)]
    assert head and all(torch.equal(load_file(tmp_path / "fitted" / "model.safetensors")[n], plain[n]) for n in head)


def test_linears_that_read_one_tensor_are_fitted_to_the_same_inputs():
    model, tokenizer = tiny_bert()
    with torch.no_grad():
        groups = fit_int8.input_groups(model, lambda: score(model, tokenizer, *TEXTS, 64))
    whole, last = [3, 1, 1, 1], [1, 2, 1, 1, 1]  # of the last layer the query is of [CLS] alone
    assert [len(group) for group in groups] == whole * (model.shape.num_hidden_layers - 1) + last
    assert sorted(map(id, sum(groups, []))) == sorted(map(id, fit_int8.linears(model)))
