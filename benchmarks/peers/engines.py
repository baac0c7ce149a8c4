"""What can be timed: our program in its precisions and instruction sets, and the other engines' settings."""

import dataclasses
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "oracle"))

from cli import Process, Rerank

BOUND = 1e-2  # on a logit: padding on the left shifts every position, which costs fp32 digits

# name: program, its precision, our precisions to set beside it in order of preference
ENGINES = {
    "transformers-fp32": ("huggingface.py", "fp32", ("fp32",)),
    "transformers-bf16": ("huggingface.py", "bf16", ("bf16", "fp32")),
    "onnxruntime-fp32": ("ort.py", "fp32", ("fp32",)),
    "onnxruntime-int8": ("ort.py", "int8", ("int8", "fp32")),
    "openvino-fp32": ("ov.py", "fp32", ("fp32",)),
    "openvino-bf16": ("ov.py", "bf16", ("bf16", "fp32")),
    "openvino-int8": ("ov.py", "int8", ("int8", "fp32")),
    "llama.cpp-f32": ("llamacpp.py", "f32", ("fp32",)),
    "llama.cpp-f16": ("llamacpp.py", "f16", ("bf16", "fp32")),
    "llama.cpp-bf16": ("llamacpp.py", "bf16", ("bf16", "fp32")),
    "llama.cpp-q8_0": ("llamacpp.py", "q8_0", ("int8", "fp32")),
}
DEFAULT = [
    "transformers-fp32:32", "transformers-fp32", "transformers-bf16", "onnxruntime-fp32", "onnxruntime-fp32:32",
    "onnxruntime-int8", "onnxruntime-int8:32", "openvino-fp32", "openvino-bf16", "openvino-int8",
    "llama.cpp-f32", "llama.cpp-f16", "llama.cpp-bf16", "llama.cpp-q8_0",
]


@dataclasses.dataclass(frozen=True)
class Ours:
    """`rerank score` in one precision; `isa` is RERANKER_ISA, None leaves the choice to it."""

    binary: pathlib.Path
    precision: str
    isa: str | None = None
    bound = None
    preferred = ("fp32",)

    @property
    def name(self) -> str:
        return f"reranker {self.precision}" + (f", {self.isa}" if self.isa else "")

    def convert(self, args):
        """Reads the folder as it is."""

    def start(self, args, stages=None) -> Process:
        return Rerank(self.binary, args.model, "--precision", self.precision, "--threads", args.threads, isa=self.isa)


@dataclasses.dataclass(frozen=True)
class Theirs:
    """Another engine, given `pairs` at a time."""

    engine: str
    pairs: int = 1

    @classmethod
    def parse(cls, text: str) -> "Theirs":
        """NAME or NAME:PAIRS; ValueError for an engine that is not there."""
        engine, _, pairs = text.partition(":")
        if engine not in ENGINES:
            raise ValueError(f"{engine} found, one of {', '.join(ENGINES)} wanted")
        return cls(engine, int(pairs or 1))

    @property
    def name(self) -> str:
        how = "one pair a call" if self.pairs == 1 else f"{self.pairs} pairs a call"
        return f"{self.engine.replace('-', ' ')}, {how}"

    @property
    def bound(self) -> float | None:
        return BOUND if ENGINES[self.engine][1] in ("fp32", "f32") else None

    @property
    def preferred(self) -> tuple[str, ...]:
        return ENGINES[self.engine][2]

    def _command(self, args, *options) -> list:
        script, precision, _ = ENGINES[self.engine]
        return [sys.executable, HERE / script, "--model", args.model, "--work", args.work, "--precision", precision,
                "--threads", args.threads, "--pairs", self.pairs, *options]

    def convert(self, args):
        """Makes the missing files in a process of its own, which takes its memory with it; SystemExit if it fails."""
        command = [str(part) for part in self._command(args, "--convert")]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            raise SystemExit("the conversion failed")

    def start(self, args, stages) -> Process:
        threads = {name: str(args.threads) for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS")}
        return Process(self._command(args, "--stages", stages), env=threads)


def beside(setting, bases: dict):
    """Which of ours, by precision, the setting is compared with."""
    return next(bases[precision] for precision in setting.preferred if precision in bases)
