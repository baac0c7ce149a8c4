"""How long a model takes to load, each time in a fresh process with its files in the page cache.

    python benchmarks/load_time.py --bin build/release/bin/rerank --model models/minilm

From the start of Reranker::load to its end, as `rerank bench` times it: the median, the least and the greatest,
with the processor time of all threads.
"""

import argparse
import json
import pathlib
import statistics
import subprocess


def load_once(args) -> tuple[float, float]:
    """Milliseconds on the clock, and of processor time."""
    command = [args.bin, "bench", "--model", args.model, "--device", "cpu", "--precision", args.precision, "--threads",
               str(args.threads), "--tokens", "16", "--pairs", "1", "--repeat", "1", "--warmup", "0", "--json"]
    result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return 1e3 * result["load_seconds"], 1e3 * result["load_cpu_seconds"]


def spread(values) -> str:
    return f"{statistics.median(values):.0f} ms ({min(values):.0f} to {max(values):.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the `rerank` program")
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    load_once(args)  # fills the page cache
    clock, processor = zip(*(load_once(args) for _ in range(args.runs)))
    print(f"{args.model}, {args.precision}, {args.threads} threads: loaded in {spread(clock)}, "
          f"processor time {spread(processor)}")


if __name__ == "__main__":
    main()
