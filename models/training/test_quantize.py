"""Checks of the int8 folders, on tiny random models:  pytest test_quantize.py"""

import json

import pytest
import torch
from safetensors.torch import load_file

import folder
import int8
import quantize
from toy import tiny_bert, tiny_llama


def test_a_block_keeps_its_largest_weight_and_the_rest_to_half_a_scale():
    weight = torch.randn(19, 96, generator=torch.Generator().manual_seed(1))
    codes, scales = int8.encode(weight, 32)
    assert (codes.dtype, scales.dtype) == (torch.int8, torch.float16)
    assert (codes.shape, scales.shape) == ((19, 96), (19, 3))
    assert torch.equal(codes.view(19, 3, 32).abs().amax(-1), torch.full((19, 3), 127, dtype=torch.int8))
    gap = (int8.decode(codes, scales) - weight).abs().view(19, 3, 32).amax(-1)
    # the largest, which is clamped, misses what rounding the scale takes from it
    assert (gap <= scales.float() * (0.5 + 127 * 2**-11)).all()


def test_ties_go_to_even():
    weight = torch.tensor([[127.0, 0.5, 1.5, -2.5]])  # scale 1
    codes, scales = int8.encode(weight, 4)
    assert codes.tolist() == [[127, 0, 2, -2]] and scales.tolist() == [[1.0]]


def test_a_block_of_zeros_comes_back_as_zeros():
    codes, scales = int8.encode(torch.zeros(1, 4), 4)
    assert not int8.decode(codes, scales).any()


def test_decoded_weights_are_exact_in_float32():
    codes, scales = int8.encode(torch.randn(7, 64, generator=torch.Generator().manual_seed(2)), 64)
    exact = codes.double() * scales.double()
    assert torch.equal(int8.decode(codes, scales).double(), exact)


@pytest.mark.parametrize("tiny", [tiny_bert, tiny_llama])
def test_a_written_folder_has_codes_for_the_bodys_matrices_alone(tiny, tmp_path):
    model, tokenizer = tiny()
    folder.save(tmp_path / "plain", model, tokenizer, (0.5, 0.0))
    (tmp_path / "plain" / "README.md").write_text("card")
    quantize.write(tmp_path / "plain", tmp_path / "int8", block=16)

    plain = load_file(tmp_path / "plain" / "model.safetensors")
    coded = load_file(tmp_path / "int8" / "model.safetensors")
    for name, tensor in plain.items():
        body_matrix = tensor.ndim == 2 and not name.startswith(model.HEAD)
        assert (coded[name].dtype == torch.int8) == body_matrix, name
        if body_matrix:
            back = int8.decode(coded[name], coded.pop(f"{name}_scale"))
            assert torch.allclose(back, tensor.float(), atol=0.6 * tensor.float().abs().max().item() / 127)
        else:
            assert torch.equal(coded[name], tensor)
    assert coded.keys() == plain.keys()

    config = json.loads((tmp_path / "int8" / "config.json").read_text())
    said = config.pop("quantization_config")
    assert config == json.loads((tmp_path / "plain" / "config.json").read_text())
    assert said["config_groups"]["group_0"]["weights"]["group_size"] == 16
    assert (tmp_path / "int8" / "README.md").read_text() == "card"
    assert (tmp_path / "int8" / "tokenizer.json").read_bytes() == (tmp_path / "plain" / "tokenizer.json").read_bytes()


def test_an_int8_folder_loads_as_its_decoded_weights(tmp_path):
    folder.save(tmp_path / "plain", *tiny_bert(), None)
    quantize.write(tmp_path / "plain", tmp_path / "int8", block=16)
    coded = load_file(tmp_path / "int8" / "model.safetensors")
    model, *_ = folder.load(tmp_path / "int8")
    name = "bert.encoder.layer.1.output.dense.weight"
    assert torch.equal(model.state_dict()[name], int8.decode(coded[name], coded[f"{name}_scale"]))


def test_columns_that_blocks_do_not_divide_are_refused_by_name(tmp_path):
    folder.save(tmp_path / "plain", *tiny_bert(), None)  # 48 and 80 wide
    with pytest.raises(SystemExit, match="48 columns, a multiple of 64"):
        quantize.write(tmp_path / "plain", tmp_path / "int8", block=64)
    assert not (tmp_path / "int8").exists()
