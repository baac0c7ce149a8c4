"""Times of kernels by CUDA events, several in turns."""

import statistics

import torch


def seconds(functions: dict, repeat: int = 20, warm_up: int = 3) -> dict[str, list[float]]:
    """Seconds of each call; the functions take turns, so that they share the clock's ups and downs.

    A large buffer is written before each call, so that inputs come from memory and not from a cache.
    """
    flush = torch.empty(256 << 20, dtype=torch.int8, device="cuda")
    times = {name: [] for name in functions}
    for i in range(warm_up + repeat):
        for name, function in functions.items():
            flush.zero_()
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            function()
            end.record()
            end.synchronize()
            if i >= warm_up:
                times[name].append(begin.elapsed_time(end) / 1e3)
    return times


def medians(functions: dict, **options) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in seconds(functions, **options).items()}


def graphed(function, launches: int):
    """The same launches replayed from one graph: the time of one, without the host's."""
    function()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(launches):
            function()
    return graph.replay


def table(head: list[str], rows: list[list]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])
