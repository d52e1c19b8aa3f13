"""Resident memory of the daemon by the size of its fleet, and what it costs while nothing happens.

Each fleet is polled a few times first; the peak includes reading the config.
"""

import tempfile
import time
from pathlib import Path

from .figures import Figure
from .inside import write_config
from .outside import Running, daemon
from .served import Served, served

IDLE_S = 95.0
"""Three polls of an interval of 30 s."""


def measure(quick: bool) -> list[Figure]:
    """A small fleet, a large one, and one that idles."""
    small, _ = _resident(10)
    large = 10_000 if quick else 100_000
    now, peak = _resident(large)
    each = (now - small) * 1024 / large
    return [
        Figure("memory, 10 instances", f"{small:.1f} MiB", "", "", "", "≤ 72 MiB", small <= 72),
        Figure(
            f"memory more per instance, {large}",
            f"{each:.2f} KiB",
            "",
            "",
            "",
            "≤ 1 KiB",
            each <= 1,
        ),
        Figure(f"memory, {large} loaded", f"{now:.0f} MiB", "", "", "", "≤ 160 MiB", now <= 160),
        Figure(f"memory, {large}, peak", f"{peak:.0f} MiB", "", "", "", "≤ 350 MiB", peak <= 350),
        _idle(32.0 if quick else IDLE_S),
    ]


def _resident(count: int) -> tuple[float, float]:
    """MiB resident after some polls, and the most ever."""
    with tempfile.TemporaryDirectory() as folder, served(count) as server:
        config = write_config(Path(folder), server.url, count, interval="10s")
        with daemon(config) as running:
            _wait_for_sweeps(server, count, 3)
            time.sleep(1)
            return running.memory("VmRSS"), running.memory("VmHWM")


def _wait_for_sweeps(server: Served, count: int, sweeps: int) -> None:
    ends = time.monotonic() + 120
    while server.log()["lists"] < sweeps * (count // 200 + 2):
        if time.monotonic() > ends:
            raise TimeoutError("the fleet was not swept")
        time.sleep(0.2)


def _idle(seconds: float) -> Figure:
    """CPU of 200 calm instances, polled every 30 s."""
    with tempfile.TemporaryDirectory() as folder, served(200) as server:
        config = write_config(Path(folder), server.url, 200)
        with daemon(config) as running:
            _wait_for_sweeps(server, 200, 1)
            time.sleep(2)
            part = _cpu_over(running, seconds) / seconds
    return Figure(
        "idle, 200 instances, 30 s interval",
        f"{part:.2%} of a core",
        "",
        "",
        "",
        "≤ 0.3 %",
        part <= 0.003,
    )


def _cpu_over(running: Running, seconds: float) -> float:
    before = running.cpu()
    time.sleep(seconds)
    return running.cpu() - before
