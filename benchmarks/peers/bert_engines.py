"""Other engines on a BERT cross-encoder: transformers, ONNX Runtime and OpenVINO, texts in and logits out.

ONNX Runtime has its optimiser for BERT's graphs, with fused attention, and all optimisations of the session; its int8
is dynamic quantisation, weights per channel. OpenVINO converts from torch, which keeps attention whole; its int8 is
NNCF's post-training quantisation for transformers, calibrated on texts that are not the timed ones.
"""

import pathlib
import sys

import numpy as np
import onnxruntime
import openvino
import torch
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "oracle"))

from drafts import make
from pairs import counter, make_pair

INPUTS = ("input_ids", "token_type_ids", "attention_mask")
CALIBRATION = range(1, 190, 6)  # of the oracle's short pairs, 12 to 256 tokens


class Peer:
    """Tokenises and pads; `run(ids, types, mask)` of a subclass gives logits."""

    def __init__(self, options, precision: str, pairs: int):
        self._tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.precision, self.pairs = precision, pairs

    def count(self, query: str, passage: str) -> int:
        return len(self._tokenizer.encode(query, passage).ids)

    def scores(self, query: str, passages: list[str]) -> list[float]:
        logits = []
        for begin in range(0, len(passages), self.pairs):
            batch = [(query, text) for text in passages[begin:begin + self.pairs]]
            logits += self.run(*padded(self._tokenizer.encode_batch(batch)))
        return logits


def padded(batch) -> np.ndarray:
    """(3, pairs, tokens): ids, token types and mask of encodings, 0 behind the shorter ones."""
    inputs = np.zeros((len(INPUTS), len(batch), max(len(pair.ids) for pair in batch)), dtype=np.int64)
    for row, pair in enumerate(batch):
        for part, values in zip(inputs, (pair.ids, pair.type_ids, pair.attention_mask)):
            part[row, : len(values)] = values
    return inputs


def bert(folder, **settings) -> torch.nn.Module:
    return BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32, **settings).eval()


def converted(options, name: str, precision: str, file: str, export, quantise) -> pathlib.Path:
    """The graph in that precision, kept in the work folder: export(model, path), then quantise(source, path)."""
    fp32, wanted = (options.work / f"{name}-{kind}" for kind in ("fp32", precision))
    make(fp32, wanted, lambda draft: export(options.model, draft / file), lambda draft: quantise(fp32 / file, draft / file))
    return wanted / file


class Transformers(Peer):
    name = "transformers"

    def __init__(self, options, precision, pairs):
        super().__init__(options, precision, pairs)
        torch.set_num_threads(options.threads)
        self._model = bert(options.model)

    @torch.inference_mode()
    def run(self, ids, types, mask):
        ids, types, mask = map(torch.from_numpy, (ids, types, mask))
        mask = None if self.pairs == 1 else mask  # without one, attention is SDPA's fastest
        return self._model(input_ids=ids, token_type_ids=types, attention_mask=mask).logits[:, 0].tolist()


class OnnxRuntime(Peer):
    name = "ONNX Runtime"

    def __init__(self, options, precision, pairs):
        super().__init__(options, precision, pairs)
        graph = converted(options, "bert-onnx", precision, "model.onnx", export_onnx, quantise_onnx)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, settings, ["CPUExecutionProvider"])

    def run(self, *inputs):
        return self._session.run(["logits"], dict(zip(INPUTS, inputs)))[0][:, 0].tolist()


def export_onnx(folder: pathlib.Path, path: pathlib.Path):
    from onnxruntime.transformers import optimizer

    model = bert(folder, attn_implementation="eager")
    names = ["input_ids", "attention_mask", "token_type_ids"]  # as the model takes them
    example = tuple(torch.ones(2, 17, dtype=torch.int64) for _ in names)
    torch.onnx.export(model, example, path, dynamo=False, opset_version=17, input_names=names,
                      output_names=["logits"], dynamic_axes={name: {0: "pairs", 1: "tokens"} for name in names})
    fused = optimizer.optimize_model(str(path), model_type="bert", num_heads=model.config.num_attention_heads,
                                     hidden_size=model.config.hidden_size)
    print("fused by ONNX Runtime's optimiser:", fused.get_fused_operator_statistics())
    fused.save_model_to_file(str(path))


def quantise_onnx(source: pathlib.Path, path: pathlib.Path):
    """Products with a weight become int8, those of fused attention, too; the embeddings stay fp32."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(source, path, op_types_to_quantize=["MatMul", "Attention"], per_channel=True,
                     weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


class OpenVino(Peer):
    name = "OpenVINO"

    def __init__(self, options, precision, pairs):
        super().__init__(options, precision, pairs)
        graph = converted(options, "bert-openvino", precision, "model.xml", export_openvino, self._quantise)
        settings = {"INFERENCE_NUM_THREADS": options.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        if precision == "fp32":
            settings["INFERENCE_PRECISION_HINT"] = "f32"  # left alone it takes bf16 where there is a unit for it
        self._model = openvino.Core().compile_model(graph, "CPU", settings)

    def run(self, *inputs):
        return self._model(inputs)[0][:, 0].tolist()

    def _quantise(self, source: pathlib.Path, path: pathlib.Path):
        import nncf

        count = counter(self._tokenizer)
        samples = [tuple(padded(self._tokenizer.encode_batch([make_pair("short", index, count)]))) for index in CALIBRATION]
        quantised = nncf.quantize(openvino.Core().read_model(source), nncf.Dataset(samples),
                                  model_type=nncf.ModelType.TRANSFORMER, subset_size=len(CALIBRATION))
        openvino.save_model(quantised, path, compress_to_fp16=False)


class ByPosition(torch.nn.Module):
    """The model with INPUTS in their order."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, types, mask):
        return self.model(input_ids=ids, token_type_ids=types, attention_mask=mask).logits


@torch.inference_mode()
def export_openvino(folder: pathlib.Path, path: pathlib.Path):
    example = tuple(torch.ones(2, 17, dtype=torch.int64) for _ in INPUTS)
    shapes = [openvino.PartialShape([-1, -1])] * len(INPUTS)
    model = openvino.convert_model(ByPosition(bert(folder)), example_input=example, input=shapes)
    openvino.save_model(model, path, compress_to_fp16=False)
