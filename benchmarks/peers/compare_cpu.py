"""Times `rerank score` and Hugging Face transformers side by side and prints one Markdown table.

    python compare_cpu.py --bin build/release/bin/rerank --model DIR [--threads N] [--repeat 3]

Both are long-lived processes on the same folder that answer the same request lines, fp32, with as many
threads. A measurement is the time from writing a request to reading its reply. The two take turns, so
that whatever else the machine does falls on both; ratios are of neighbours, medians over the turns with
the least and the greatest. Their scores are compared too: a fast wrong program cannot win.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import sys
import tempfile
import time

from memory import PeakMemory
from workloads import LENGTHS, QUERY, workloads

from cli import Process, Rerank  # of tests/oracle, found by workloads.py's path

HUGGINGFACE = pathlib.Path(__file__).with_name("huggingface.py")
PAUSE_S = 0.3  # lets the other's spinning threads fall asleep
BOUND = 1e-2  # |ours - theirs|: left padding shifts every position of theirs, which costs digits


def start_ours(args):
    return Rerank(args.bin, args.model, "--precision", "fp32", "--threads", args.threads)


def start_theirs(args, *options):
    command = [sys.executable, HUGGINGFACE, "--model", args.model, "--threads", args.threads, *options]
    return Process(command, env={"OMP_NUM_THREADS": str(args.threads)})


def ask(process, passages: list[str]) -> tuple[float, list[float]]:
    """Seconds, and the scores."""
    time.sleep(PAUSE_S)
    start = time.perf_counter()
    scores = process.scores(QUERY, passages)
    return time.perf_counter() - start, scores


def take_turns(ours, theirs, passages, repeat: int) -> list[tuple[float, float]]:
    """(our seconds, their seconds) a turn; who begins alternates."""
    turns = []
    for turn in range(repeat):
        pair = [ask(process, passages) for process in ((ours, theirs) if turn % 2 else (theirs, ours))]
        (our_s, our_scores), (their_s, their_scores) = pair if turn % 2 else pair[::-1]
        gap = max(abs(a - b) for a, b in zip(our_scores, their_scores, strict=True))
        if not gap <= BOUND:
            raise SystemExit(f"the two disagree by {gap}: nothing to compare")
        turns.append((our_s, their_s))
    return turns


def row(name: str, tokens: int, turns) -> str:
    """Median tokens/s of both and the ratio of their times, median (least to greatest)."""
    ours, theirs = (statistics.median(tokens / turn[i] for turn in turns) for i in (0, 1))
    ratios = [their_s / our_s for our_s, their_s in turns]
    return (f"| {name} | {ours:.0f} tokens/s | {theirs:.0f} tokens/s | "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")


def first_score(start) -> tuple[float, int]:
    """Seconds from starting the process to its first score, and its peak of anonymous memory until then."""
    begin = time.perf_counter()
    with start() as process:
        peak = PeakMemory(process.pid)
        process.scores(QUERY, ["They dance."])
        return time.perf_counter() - begin, peak.bytes


def load_rows(args) -> list[str]:
    """Load time from a warm page cache, in turns, and memory, of processes that load and score one pair."""
    with tempfile.TemporaryDirectory() as temporary:
        stages = pathlib.Path(temporary) / "stages.json"
        turns = [(first_score(lambda: start_ours(args)), first_score(lambda: start_theirs(args, "--stages", stages)))
                 for _ in range(args.repeat)]
        imports = json.loads(stages.read_text())["import_s"]
    ours, theirs = (statistics.median(turn[i][0] for turn in turns) for i in (0, 1))
    ratios = [turn[1][0] / turn[0][0] for turn in turns]
    memory = [max(turn[i][1] for turn in turns) for i in (0, 1)]
    return [
        f"| start to first score | {ours:.2f} s | {theirs:.2f} s (imports {imports:.1f} s) | "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |",
        memory_row("peak anonymous memory, load and one short pair", memory, args.model),
    ]


def memory_row(name: str, peaks: list[int], folder) -> str:
    """Both peaks, also as multiples of the weights' file size."""
    file_bytes = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    cells = [f"{peak / 1e9:.2f} GB = {peak / file_bytes:.2f} x file" for peak in peaks]
    return f"| {name} | {cells[0]} | {cells[1]} | {peaks[1] / max(1, peaks[0]):.2f} |"


def timed_rows(args) -> list[str]:
    """One row a workload, and the peak of memory over all of them."""
    with start_ours(args) as ours, start_theirs(args) as theirs:
        peaks = [PeakMemory(process.pid) for process in (ours, theirs)]
        for process in (ours, theirs):
            ask(process, ["They dance."] * 2)  # load and warm up
        rows = []
        for name, passages in workloads(args.model).items():
            if args.only and not any(part in name for part in args.only):
                continue
            rows.append(row(name, sum(LENGTHS[name]), take_turns(ours, theirs, passages, args.repeat)))
            print(rows[-1], file=sys.stderr)
        return rows + [memory_row("peak anonymous memory, all of it", [peak.bytes for peak in peaks], args.model)]


def machine(args) -> str:
    """What the numbers were measured on."""
    import torch
    import transformers

    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    load = os.getloadavg()[0]
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, Python {platform.python_version()}"
    return (f"{cpu}, {os.cpu_count()} CPUs, {args.threads} thread(s), load {load:.1f} when begun; "
            f"{time.strftime('%Y-%m-%d')}; {versions}; fp32, {args.repeat} turns.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="made by tests/oracle/checkpoint.py")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", help="workloads whose name holds one of these")
    args = parser.parse_args()
    title = machine(args)
    rows = load_rows(args) + timed_rows(args)
    print(f"{title}\n\n| workload | ours | Hugging Face | theirs / ours |\n|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
