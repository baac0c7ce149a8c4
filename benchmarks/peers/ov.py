"""OpenVINO behind the protocol of `rerank score`.

    python ov.py --model DIR --precision int8 --threads N --pairs 1

The CPU plugin, one stream, on a conversion straight from torch, which keeps attention whole; a call of one
pair runs a graph without any mask. `fp32` and `bf16` are the same file with that inference precision asked for
(left alone, the plugin takes bf16 where the processor has it). int8 is weights and activations by NNCF; in what
is not quantised the plugin is left alone.
"""

import serve  # begins to count the time of imports

import openvino

from drafts import make
from padding import padded

PRECISIONS = {"fp32": "f32", "bf16": "bf16", "int8": None}
FILE = "model.xml"  # its weights lie beside it


def folder_of(options, precision: str):
    stored = "int8" if precision == "int8" else "fp32"
    return options.work / f"openvino-{stored}-{'padded' if options.pairs > 1 else 'single'}"


class OpenVino:
    """A compiled model."""

    def __init__(self, options):
        settings = {"INFERENCE_NUM_THREADS": options.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        if hint := PRECISIONS[options.precision]:
            settings["INFERENCE_PRECISION_HINT"] = hint
        path = folder_of(options, options.precision) / FILE
        self._model = openvino.Core().compile_model(path, "CPU", settings)
        self._masked = options.pairs > 1

    @staticmethod
    def convert(options):
        fp32 = folder_of(options, "fp32")

        def export(draft):
            import export_openvino

            export_openvino.export(options.model, draft / FILE, masked=options.pairs > 1)

        def quantise(draft):
            import export_openvino

            export_openvino.quantise(options.model, fp32 / FILE, draft / FILE)

        make(fp32, folder_of(options, options.precision), export, quantise)

    def logits(self, ids: list[list[int]]) -> list[float]:
        tokens, mask = padded(ids)
        return self._model((tokens, mask) if self._masked else (tokens,))[0].tolist()


if __name__ == "__main__":
    serve.serve(OpenVino, PRECISIONS)
