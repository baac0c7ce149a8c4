"""Measures: two processes answer the same requests in turns.

A visit starts one of ours and one other setting, warms both up on each workload and times them in turns; who
begins alternates. What else the machine does falls on both, and a ratio is of neighbours. Only two models are
in memory at once. Every reply's scores are compared with our fp32 ones: a fast wrong program cannot win.
"""

import collections
import contextlib
import json
import pathlib
import tempfile
import time

from memory import PeakMemory

QUERY = "how do bees talk?"
SHORT = ["They dance."]
PAUSE_S = 0.3  # lets the other's spinning threads fall asleep


class Results:
    """All that was measured, by the row's name and mostly the workload's."""

    def __init__(self):
        self.seconds = collections.defaultdict(list)  # (row, workload)
        self.ratios = collections.defaultdict(list)  # (row, workload): its seconds over ours, a turn each
        self.gaps = collections.defaultdict(float)  # (row, workload): max |logit - ours in fp32|
        self.first_score_s = collections.defaultdict(list)  # row: from the start of the process
        self.import_s = collections.defaultdict(list)  # row: of that, Python's imports
        self.peaks = collections.defaultdict(int)  # row: bytes of anonymous memory
        self.beside = {}  # row: the row of ours that it is compared with
        self.failures = {}  # row: words


def gap(scores: list[float], reference: list[float]) -> float:
    """Largest difference; inf where a score is not a number."""
    gaps = [abs(a - b) for a, b in zip(scores, reference, strict=True)]
    return max(gaps) if all(one == one for one in gaps) else float("inf")


def ask(process, passages: list[str]) -> tuple[float, list[float]]:
    """Seconds from writing the request to reading the reply, and the scores."""
    time.sleep(PAUSE_S)
    start = time.perf_counter()
    scores = process.scores(QUERY, passages)
    return time.perf_counter() - start, scores


class Visit:
    """A pair of running processes, ours and another's."""

    def __init__(self, results: Results, workloads: dict, reference: dict, args):
        self._results, self._workloads, self._reference, self._args = results, workloads, reference, args

    def run(self, ours, other):
        """Adds to the results; SystemExit where one of the two ends or errs."""
        self._results.beside[other.name] = ours.name
        with self._started(ours) as our_process, self._started(other) as their_process:
            for workload in self._workloads:
                pair = ((ours, our_process), (other, their_process))
                for setting, process in pair:
                    self._answer(setting, process, workload)  # warms up
                for turn in range(self._args.repeat):
                    self._turn(pair, workload, turn)

    @contextlib.contextmanager
    def _started(self, setting):
        """The setting's process after its first score."""
        with tempfile.TemporaryDirectory() as temporary:
            stages = pathlib.Path(temporary) / "stages.json"
            begin = time.perf_counter()
            with setting.start(self._args, stages) as process:
                peak = PeakMemory(process.pid)
                process.scores(QUERY, SHORT)
                self._results.first_score_s[setting.name].append(time.perf_counter() - begin)
                if stages.exists():
                    self._results.import_s[setting.name].append(json.loads(stages.read_text())["import_s"])
                yield process
            self._results.peaks[setting.name] = max(self._results.peaks[setting.name], peak.bytes)

    def _answer(self, setting, process, workload: str) -> float:
        """Seconds; the scores are checked."""
        seconds, scores = ask(process, self._workloads[workload])
        found, key = gap(scores, self._reference[workload]), (setting.name, workload)
        self._results.gaps[key] = max(self._results.gaps[key], found)
        if setting.bound is not None and not found <= setting.bound:
            raise SystemExit(f"{setting.name} differs by {found:.3g} from our fp32: nothing to compare")
        return seconds

    def _turn(self, pair, workload: str, turn: int):
        """Times both; the second begins every other turn."""
        seconds = {}
        for setting, process in pair if turn % 2 else pair[::-1]:
            seconds[setting.name] = self._answer(setting, process, workload)
            self._results.seconds[setting.name, workload].append(seconds[setting.name])
        (ours, _), (other, _) = pair
        self._results.ratios[other.name, workload].append(seconds[other.name] / seconds[ours.name])
