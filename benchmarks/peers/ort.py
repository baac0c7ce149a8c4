"""ONNX Runtime behind the protocol of `rerank score`.

    python ort.py --model DIR --precision int8 --threads N --pairs 1

The CPU provider with all of its graph optimisations; a call of one pair runs a graph without any mask. int8 is
its dynamic quantisation. `export_onnx.py` says how the graph is made.
"""

import serve  # begins to count the time of imports

import onnxruntime

from drafts import make
from padding import padded

PRECISIONS = ("fp32", "int8")
FILE = "model.onnx"  # its weights lie beside it


def folder_of(options, precision: str):
    return options.work / f"onnx-{precision}-{'padded' if options.pairs > 1 else 'single'}"


class OnnxRuntime:
    """A session on the exported graph."""

    def __init__(self, options):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.inter_op_num_threads = 1
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        path = folder_of(options, options.precision) / FILE
        self._session = onnxruntime.InferenceSession(path, settings, ["CPUExecutionProvider"])
        self._masked = options.pairs > 1

    @staticmethod
    def convert(options):
        fp32 = folder_of(options, "fp32")

        def export(draft):
            import export_onnx

            export_onnx.export(options.model, draft / FILE, masked=options.pairs > 1)

        def quantise(draft):
            import export_onnx

            export_onnx.quantise(fp32 / FILE, draft / FILE)

        make(fp32, folder_of(options, options.precision), export, quantise)

    def logits(self, ids: list[list[int]]) -> list[float]:
        tokens, mask = padded(ids)
        inputs = {"ids": tokens, "mask": mask} if self._masked else {"ids": tokens}
        return self._session.run(["logits"], inputs)[0].tolist()


if __name__ == "__main__":
    serve.serve(OnnxRuntime, PRECISIONS)
