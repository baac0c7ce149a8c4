"""Times `rerank score` and other engines side by side on a CPU and prints one Markdown table.

    python compare_cpu.py --bin build/release/bin/rerank --model DIR [--engines NAME[:PAIRS]...]
        [--precision fp32 int8 bf16] [--isa avx2 avx512_vnni] [--threads N] [--repeat 3] [--rounds 1]

All are long-lived processes on the same checkpoint that answer the same request lines with as many threads.
NAME:PAIRS gives the engine so many pairs a call, padded to the longest; NAME alone one pair a call, which pads
nothing. A measurement is the time from writing a request to reading its reply; `turns.py` says how turns are
taken, `engines.py` what there is. Every round visits all, each begins with another engine.

A cell is tokens a second, medians; of another engine or of another form of ours, the ratio of the two times of
a turn follows, its over ours as named under "beside": median with the least and the greatest. "max |delta
logit|" is from our fp32 logits over all workloads; fp32 engines must stay within a hundredth. "first score" runs from
the start of the process, after a load from a warm page cache. Anonymous memory is what the process takes
beside mapped files, over all of the visit.
"""

import argparse
import importlib.metadata
import os
import pathlib
import platform
import statistics
import sys
import time

from engines import DEFAULT, ENGINES, Ours, Theirs, beside
from table import table
from turns import QUERY, SHORT, Results, Visit
from workloads import LENGTHS, workloads

PACKAGES = ("torch", "transformers", "onnxruntime", "openvino", "nncf", "llama_cpp_python")


def offered(args) -> list[Ours]:
    """Ours in the precisions and instruction sets that the program accepts; a refused one is left out with a word."""
    good = []
    for ours in [Ours(args.bin, precision, isa) for precision in args.precision for isa in args.isa or [None]]:
        try:
            with ours.start(args) as process:
                process.scores(QUERY, SHORT)
            good.append(ours)
        except SystemExit:
            print(f"{ours.name}: left out, the program refuses it", file=sys.stderr)
    if not good or good[0].precision != "fp32":
        raise SystemExit("fp32 must be first among the precisions: the scores of all are compared with its")
    return good


def converted(settings: list[Theirs], results: Results, args) -> list[Theirs]:
    """The engines whose files could be made."""
    good = []
    for setting in settings:
        try:
            setting.convert(args)
            good.append(setting)
        except SystemExit as error:
            results.failures[setting.name] = str(error)
    return good


def reference_scores(ours: Ours, texts: dict, args) -> dict[str, list[float]]:
    with ours.start(args) as process:
        return {name: process.scores(QUERY, passages) for name, passages in texts.items()}


def measure(ours: list[Ours], engines: list[Theirs], visit: Visit, results: Results, rounds: int):
    """Visits every setting `rounds` times; one that fails is not visited again."""
    bases = {one.precision: one for one in reversed(ours)}  # the first instruction set of each precision
    settings = ours[1:] + engines
    for number in range(rounds):
        first = number * len(settings) // rounds
        for setting in settings[first:] + settings[:first]:
            if setting.name in results.failures:
                continue
            print(f"round {number + 1}: {setting.name}", file=sys.stderr)
            try:
                visit.run(beside(setting, bases), setting)
            except SystemExit as error:
                results.failures[setting.name] = str(error)
                print(error, file=sys.stderr)


def versions() -> str:
    """Of the engines that are installed."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            pass
    return ", ".join(found + [f"Python {platform.python_version()}"])


def machine(args) -> str:
    """What the numbers were measured on and how."""
    with open("/proc/cpuinfo") as file:
        lines = [line.partition(":") for line in file]
    facts = {key.strip(): value.strip() for key, _, value in reversed(lines)}
    cpu = facts.get("model name", platform.machine())
    if "cpu family" in facts:
        cpu += f" (family {facts['cpu family']} model {facts['model']})"
    return (f"{cpu}, {os.cpu_count()} CPUs, {args.threads} thread(s), load {os.getloadavg()[0]:.1f} when begun; "
            f"{time.strftime('%Y-%m-%d')}; {versions()}; {args.model.name}, {args.rounds} round(s) of "
            f"{args.repeat} turn(s).")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="made by tests/oracle/checkpoint.py")
    parser.add_argument("--work", type=pathlib.Path, help="keeps the conversions; default: beside the model")
    parser.add_argument("--engines", nargs="*", default=DEFAULT, metavar="NAME[:PAIRS]",
                        help=f"of {', '.join(ENGINES)}; default: {' '.join(DEFAULT)}")
    parser.add_argument("--precision", nargs="+", default=["fp32", "int8", "bf16"], help="of ours, fp32 first")
    parser.add_argument("--isa", nargs="+", help="values of RERANKER_ISA; default: its own choice")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3, help="turns in a visit")
    parser.add_argument("--rounds", type=int, default=1, help="visits of each engine")
    parser.add_argument("--only", nargs="+", help="workloads whose name holds one of these")
    args = parser.parse_args()
    args.work = args.work or args.model.with_name(args.model.name + "-peers")
    try:
        args.engines = [Theirs.parse(text) for text in args.engines]
    except ValueError as error:
        parser.error(str(error))
    return args


def main():
    args = parse()
    title, results = machine(args), Results()
    texts = {name: passages for name, passages in workloads(args.model).items()
             if not args.only or any(part in name for part in args.only)}
    ours = offered(args)
    engines = converted(args.engines, results, args)
    reference = reference_scores(ours[0], texts, args)
    measure(ours, engines, Visit(results, texts, reference, args), results, args.rounds)
    file_bytes = sum(path.stat().st_size for path in args.model.glob("*.safetensors"))
    logits = [score for scores in reference.values() for score in scores]
    rows = [setting.name for setting in ours + args.engines]
    print(f"{title} Our fp32 logits spread by {statistics.pstdev(logits):.1f} (standard deviation).\n")
    print(table(results, rows, {name: sum(LENGTHS[name]) for name in texts}, file_bytes))
    sys.exit(1 if results.failures else 0)


if __name__ == "__main__":
    main()
