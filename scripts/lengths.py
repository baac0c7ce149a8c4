#!/usr/bin/env python3
"""Lengths of our C++ functions and files: median, 90th percentile and maximum, and the longest.

    scripts/lengths.py [FOLDER...]

Needs universal-ctags. A function's length is its lines from the name to the closing brace.
"""

import argparse
import json
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["include", "src", "kernels", "examples", "tests", "benchmarks"]
SUFFIXES = {".cpp", ".hpp", ".cu", ".cuh"}


def files_in(folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES:
                yield path.relative_to(ROOT)


def functions_of(paths):
    """(lines, "file: name") of each function that has a body."""
    listing = subprocess.run(
        ["ctags", "--output-format=json", "--language-force=C++", "--kinds-C++=f",
         "--fields=+ne", "-f", "-", *map(str, paths)],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for tag in map(json.loads, listing.splitlines()):
        yield tag["end"] - tag["line"] + 1, f"{tag['path']}: {tag['name']}"


def report(kind, lengths):
    ordered = sorted(count for count, _ in lengths)
    ninetieth = ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]
    print(f"{kind:<10} {len(ordered):>5}   median {statistics.median(ordered):g}, "
          f"90 % within {ninetieth}, longest {ordered[-1]}")
    for count, name in sorted(lengths, reverse=True)[:5]:
        print(f"{count:>16}   {name}")


def main(folders):
    paths = list(files_in(folders or FOLDERS))
    report("files", [(len((ROOT / path).read_text().splitlines()), str(path)) for path in paths])
    report("functions", list(functions_of(paths)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*")
    main(parser.parse_args().folders)
