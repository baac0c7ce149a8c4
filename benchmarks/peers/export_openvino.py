"""Converts the encoder to OpenVINO's form, and quantises that with NNCF.

int8 is NNCF's post-training quantisation for transformers, its defaults, weights and activations, calibrated on
texts in many scripts that are not the timed ones.
"""

import pathlib

import nncf
import openvino
import torch
from tokenizers import Tokenizer

from encoder import Encoder, example
from padding import padded
from pairs import counter, make_pair
from prompt import prompt

CALIBRATION = range(1, 190, 6)  # of the oracle's short pairs, 12 to 256 tokens


@torch.inference_mode()
def export(folder: pathlib.Path, path: pathlib.Path, masked: bool):
    """Writes `path` and its weights beside it, in fp32."""
    arguments = example(masked)
    shapes = [openvino.PartialShape([-1, -1])] * len(arguments)
    model = openvino.convert_model(Encoder(folder).eval(), example_input=arguments, input=shapes)
    openvino.save_model(model, path, compress_to_fp16=False)


def calibration(folder: pathlib.Path, masked: bool):
    """Inputs of one pair each."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for index in CALIBRATION:
        pair = make_pair("short", index, counter(tokenizer))
        yield padded([tokenizer.encode(prompt(*pair)).ids])[: 1 + masked]


def quantise(folder: pathlib.Path, source: pathlib.Path, path: pathlib.Path):
    model = openvino.Core().read_model(source)
    data = nncf.Dataset(list(calibration(folder, masked=len(model.inputs) > 1)))
    quantised = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(CALIBRATION))
    openvino.save_model(quantised, path, compress_to_fp16=False)
