"""The benchmark's server, started for one measurement and ended with it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class Served:
    """A running server, asked with the standard library only."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def fail(self, numbers: Iterable[int]) -> None:
        """Let instances fail, and forget earlier moments."""
        self._ask("/bench/fail", json.dumps(list(numbers)).encode())

    def forget_first(self) -> None:
        """The next request counts as the first one."""
        self._ask("/bench/forget")

    def log(self) -> dict[str, Any]:
        """Moments: of the first request, of answers that showed a failure, of restart calls."""
        return self._ask("/bench/log")

    def _ask(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        with urllib.request.urlopen(self.url + path, body) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def served(count: int, heals: bool = False, faults: float = 0.0) -> Iterator[Served]:
    """A server with so many running instances."""
    command = [sys.executable, "-m", "benchmarks.server", str(count), str(int(heals)), str(faults)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield Served(int(process.stdout.readline()))
        finally:
            process.stdin.close()
