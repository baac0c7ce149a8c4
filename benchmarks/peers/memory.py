"""Watches what a process holds in anonymous memory: what it takes from the machine beside files."""

import threading
import time


def anonymous_bytes(pid: int) -> int:
    """RssAnon of the process now; 0 once it has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


class PeakMemory:
    """The largest RssAnon seen, looked at a hundred times a second until the process ends."""

    def __init__(self, pid: int):
        self.bytes = 0
        threading.Thread(target=self._watch, args=(pid,), daemon=True).start()

    def _watch(self, pid: int):
        while now := anonymous_bytes(pid):
            self.bytes = max(self.bytes, now)
            time.sleep(0.01)
