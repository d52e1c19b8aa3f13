"""How soon the daemon asks for the first time, and how soon `--version` answers."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .figures import Figure, ms
from .inside import write_config
from .outside import COMMAND, daemon
from .served import Served, served

REPEATS = 7
PLAIN = "import httpx, sys; httpx.Client().get(sys.argv[1])"
WITHIN_S = 20.0


def measure(quick: bool) -> list[Figure]:
    """Both figures; wall time, the least of a few."""
    repeats = 3 if quick else REPEATS
    with served(10) as server:
        cpu: list[float] = []
        ours = _least(lambda: _first_poll(server, cpu), repeats)
        plain = _least(lambda: _first_of_plain(server), repeats)
    python = _least(lambda: _took([sys.executable, "-c", "pass"]), repeats)
    version = _least(lambda: _took([*COMMAND, "--version"]), repeats)
    return [
        Figure(
            "exec → first request, 10 instances",
            f"{ms(ours)} (CPU {ms(min(cpu))})",
            f"{ms(python)} (python -c pass)",
            f"{ms(plain)} (httpx, one GET)",
            f"{ours / plain:.1f} × plain",
            "≤ 0.5 s",
            ours <= 0.5,
        ),
        Figure(
            "--version",
            ms(version),
            f"{ms(python)} (python -c pass)",
            "",
            f"{version / python:.1f} × limit",
            "≤ 0.15 s",
            version <= 0.15,
        ),
    ]


def _least(measured: Callable[[], float], repeats: int) -> float:
    return min(measured() for _ in range(repeats))


def _took(command: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _first_poll(server: Served, cpu: list[float]) -> float:
    server.forget_first()
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder), server.url, 10)
        with daemon(config) as running:
            first = _first_at(server)
            cpu.append(running.cpu())
            return first - running.began


def _first_at(server: Served) -> float:
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends:
        first = server.log()["first_at"]
        if first is not None:
            return float(first)
        time.sleep(0.02)
    raise TimeoutError("the daemon asked nothing")


def _first_of_plain(server: Served) -> float:
    server.forget_first()
    began = time.monotonic()
    url = f"{server.url}/ai/openapi/v2/instance-service/{0:032x}/detail"
    subprocess.run([sys.executable, "-c", PLAIN, url], check=True)
    return _first_at(server) - began
