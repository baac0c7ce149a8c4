"""Compiles every CUDA kernel for every architecture and holds it against kernels/cuda/budgets.txt.

    check_resources.py REPOSITORY NVCC [CUOBJDUMP] [--jobs N]

Fails on a spill, a stack frame, more registers than the budget, a kernel without a budget, a budget
without a kernel, and any warning of the assembler (a serialised wgmma, an ignored setmaxnreg). Where
cuobjdump is there, the machine code must hold the matrix instructions that the budget names and
none that goes to local memory.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import functools
import pathlib
import re
import subprocess
import sys
import tempfile

# list in sources.cmake -> the architectures that it is for
ARCHITECTURES = {"cuda_kernels": ["80", "86", "89", "90a"], "cuda_kernels_sm89": ["89", "90a"], "cuda_kernels_sm90a": ["90a"]}

Budget = collections.namedtuple("Budget", "kernel architectures registers instructions")
Kernel = collections.namedtuple("Kernel", "name architecture registers shared stack spills")


def read_sources(folder):
    text = (folder / "sources.cmake").read_text()
    for name, architectures in ARCHITECTURES.items():
        files = re.search(rf"set\({name}\n(.*?)\)", text, re.S).group(1)
        for file in re.findall(r"[\w.]+\.cu", files):
            yield from ((folder / file, architecture) for architecture in architectures)


def read_budgets(path):
    for line in path.read_text().splitlines():
        fields = line.split("#")[0].split()
        if fields:
            kernel, architectures, registers, *instructions = fields
            yield Budget(kernel, set(architectures.split(",")), int(registers), instructions)


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


@functools.lru_cache(maxsize=None)
def demangle(name):
    """attention_kernel<Bf16,64>, without namespaces, parameters and spaces."""
    plain = run(["c++filt", name]).stdout.strip()
    plain = re.sub(r"\(anonymous namespace\)::|\breranker::kernels::cuda::|^void ", "", plain)
    depth = 0
    plain = plain.replace(" ", "")
    for i, letter in enumerate(plain):
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            return plain[:i]
    return plain


def parse_report(text, architecture):
    pattern = (r"Compiling entry function '(\S+)' for.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
               r".*?Used (\d+) registers([^\n]*)")
    for name, stack, stores, loads, registers, rest in re.findall(pattern, text, re.S):
        shared = re.search(r"(\d+) bytes smem", rest)
        yield Kernel(demangle(name), architecture, int(registers), int(shared.group(1)) if shared else 0,
                     int(stack), int(stores) + int(loads))


def sass_of(cuobjdump, cubin):
    """kernel -> its instructions as HMMA.16816.F32, counted"""
    counts = {}
    for part in re.split(r"\n\s*Function : ", run([cuobjdump, "--dump-sass", cubin]).stdout)[1:]:
        name, _, body = part.partition("\n")
        counts[demangle(name.strip())] = collections.Counter(re.findall(r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+ )?([A-Z][A-Z0-9_.x]*)", body, re.M))
    return counts


def count(instructions, name):
    """Those with that name and any modifiers behind it."""
    return sum(n for instruction, n in instructions.items() if f"{instruction}.".startswith(f"{name}."))


def compile_one(nvcc, cuobjdump, root, source, architecture):
    with tempfile.TemporaryDirectory() as folder:
        cubin = pathlib.Path(folder) / "kernel.cubin"
        done = run([nvcc, "-std=c++17", "-O3", f"-I{root}", f"-gencode=arch=compute_{architecture},code=sm_{architecture}",
                    "-Xptxas=-v,--warn-on-spills", "-cubin", str(source), "-o", str(cubin)])
        complaints = [f"{source.name} sm_{architecture}: {line}" for line in done.stderr.splitlines() if re.search(r"warning|error|C75\d\d", line)]
        if done.returncode != 0:
            return [], {}, complaints or [f"{source.name} sm_{architecture}: nvcc gives {done.returncode}: {done.stderr}"]
        sass = sass_of(cuobjdump, str(cubin)) if cuobjdump else {}
        if cuobjdump and not sass:
            complaints.append(f"{source.name} sm_{architecture}: cuobjdump shows no machine code")
        return list(parse_report(done.stderr, architecture)), sass, complaints


def is_of(kernel, budget):
    """A budget's name is a pattern for the beginning of kernels' names."""
    return fnmatch.fnmatchcase(kernel.name, f"{budget.kernel}*")


def check(kernel, budgets, sass):
    where = f"{kernel.name} sm_{kernel.architecture}"
    budget = next((b for b in budgets if is_of(kernel, b) and kernel.architecture in b.architectures), None)
    if budget is None:
        return [f"{where}: no budget"]
    found = []
    if kernel.registers > budget.registers:
        found.append(f"{where}: {kernel.registers} registers, at most {budget.registers} wanted")
    if kernel.stack or kernel.spills:
        found.append(f"{where}: a stack frame of {kernel.stack} bytes, {kernel.spills} bytes spilled, none wanted")
    instructions = sass.get(kernel.name)
    if instructions:
        found += [f"{where}: no {name} in its machine code" for name in budget.instructions if not count(instructions, name)]
        found += [f"{where}: {count(instructions, name)} {name}: local memory" for name in ("LDL", "STL") if count(instructions, name)]
    elif sass:
        found.append(f"{where}: cuobjdump shows no machine code of it")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=pathlib.Path)
    parser.add_argument("nvcc")
    parser.add_argument("cuobjdump", nargs="?")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()

    folder = args.repository / "kernels" / "cuda"
    budgets, sources = list(read_budgets(folder / "budgets.txt")), list(read_sources(folder))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda s: compile_one(args.nvcc, args.cuobjdump, args.repository, *s), sources))

    complaints = [c for _, _, found in results for c in found]
    kernels = [(kernel, sass) for found, sass, _ in results for kernel in found]
    print(f"{'kernel':64} {'sm':>4} {'registers':>9} {'static shared':>13} {'stack':>5} {'spills':>6}  matrix instructions")
    for kernel, sass in sorted(kernels, key=lambda k: k[0]):
        instructions = sass.get(kernel.name, {})
        matrix = " ".join(f"{count(instructions, name)} {name}" for name in ("HMMA", "HGMMA") if count(instructions, name))
        print(f"{kernel.name:64} {kernel.architecture:>4} {kernel.registers:9} {kernel.shared:13} {kernel.stack:5} {kernel.spills:6}  {matrix}")
        complaints += check(kernel, budgets, sass)
    complaints += [f"{b.kernel}: a budget for no kernel" for b in budgets if not any(is_of(k, b) and k.architecture in b.architectures for k, _ in kernels)]
    if not kernels:
        complaints.append("no kernel was compiled")
    print("\n".join(complaints) or f"{len(kernels)} kernels within their budgets{'' if args.cuobjdump else '; machine code not looked at: no cuobjdump'}")
    sys.exit(1 if complaints else 0)


main()
