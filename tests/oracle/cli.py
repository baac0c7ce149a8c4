"""Talks to `rerank score`, the only door through which the oracle meets the library."""

import json
import os
import subprocess


class Process:
    """A running program that answers a request line with a reply line; use as a context manager."""

    def __init__(self, command: list, env: dict[str, str] | None = None):
        self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, env=dict(os.environ) | (env or {}))

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: dict, **parsing) -> dict:
        """The reply to one request; `parsing` goes to json.loads."""
        try:
            self._process.stdin.write((json.dumps(request) + "\n").encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: so has its output
        reply = self._process.stdout.readline()
        if not reply:
            raise SystemExit(f"the scorer ended with status {self._process.wait()} in place of a reply")
        return json.loads(reply, **parsing)

    def digits(self, query: str, passages: list[str]) -> list[str]:
        """The scores exactly as printed, so that two runs can be compared to the last bit."""
        request = {"query": query, "passages": passages}
        return self.ask(request, parse_float=str, parse_int=str)["scores"]

    def scores(self, query: str, passages: list[str]) -> list[float]:
        return [float(text) for text in self.digits(query, passages)]

    def close(self):
        """Ends the input, which ends the program; its exit status must be 0."""
        self._process.stdin.close()
        status = self._process.wait()
        self._process.stdout.close()
        if status:
            raise SystemExit(f"the scorer ended with status {status}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self._process.kill()
            self._process.communicate()


class Rerank(Process):
    """`rerank score` on a folder; `isa` sets RERANKER_ISA."""

    def __init__(self, binary, model, *options, isa: str | None = None):
        super().__init__([binary, "score", "--model", model, *options], {"RERANKER_ISA": isa} if isa else None)
