"""Writes the results as one Markdown table: a row a setting, a column a workload."""

import statistics


def spread(values: list[float], digits: int = 2) -> str:
    """Median (least to greatest)."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def speed_cell(results, row: str, workload: str, tokens: int) -> str:
    """Tokens a second; of another engine the ratio of times, its over ours, too."""
    speeds = [tokens / seconds for seconds in results.seconds[row, workload]]
    if not speeds:
        return "-"
    ratios = results.ratios[row, workload]
    return f"{statistics.median(speeds):.0f}: {spread(ratios)}" if ratios else spread(speeds, 0)


def gap_cell(results, row: str, workloads) -> str:
    gaps = [results.gaps[row, workload] for workload in workloads if (row, workload) in results.gaps]
    return f"{max(gaps):.2g}" if gaps else "-"


def first_score_cell(results, row: str) -> str:
    """Seconds, and those of them that Python's imports take."""
    if not results.first_score_s[row]:
        return "-"
    imports = results.import_s[row]
    return f"{statistics.median(results.first_score_s[row]):.1f} s" + (
        f" (imports {statistics.median(imports):.1f})" if imports else "")


def memory_cell(results, row: str, file_bytes: int) -> str:
    peak = results.peaks[row]
    return f"{peak / 1e9:.2f} GB = {peak / file_bytes:.2f} x file" if peak else "-"


def table(results, rows: list[str], workloads: dict[str, int], file_bytes: int) -> str:
    """`workloads` gives the tokens of each; a row that failed says so in place of its cells."""
    head = ["tokens a second", *workloads, "beside", "max \\|delta logit\\|", "first score", "anonymous memory"]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        if row in results.failures:
            lines.append([row, f"failed: {results.failures[row]}"] + [""] * (len(head) - 2))
            continue
        speeds = [speed_cell(results, row, name, tokens) for name, tokens in workloads.items()]
        lines.append([row, *speeds, results.beside.get(row, ""), gap_cell(results, row, workloads),
                      first_score_cell(results, row), memory_cell(results, row, file_bytes)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
