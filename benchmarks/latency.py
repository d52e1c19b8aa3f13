"""From an answer that shows a failure to the restart request on the wire, saved durably between.

Both moments are the server's: when it sent the page, and when the request arrived. The daemon is
the real process, watching 10 000 instances and asking for them all the time.
"""

import random
import tempfile
import time
from pathlib import Path

from .figures import Figure, fsync_time, ms, share
from .inside import write_config
from .outside import daemon
from .served import Served, served

COUNT = 10_000
AT_ONCE = 5
"""Instances that fail in one round, each on a page of its own most times."""
WITHIN_S = 30.0


def measure(quick: bool) -> list[Figure]:
    """One figure, beside what the disk takes for one durable write."""
    with tempfile.TemporaryDirectory() as folder, served(COUNT, heals=True) as server:
        config = write_config(Path(folder), server.url, COUNT, interval="500ms")
        with daemon(config):
            _wait_for(server, COUNT // 200 + 1)
            waits = _rounds(server, 10 if quick else 40)
        disk = fsync_time(Path(folder))
    half, most = share(waits, 0.5), share(waits, 0.99)
    return [
        Figure(
            f"failure seen → restart sent, {COUNT} watched",
            f"p50 {ms(half)}, p99 {ms(most)}",
            f"{ms(disk)} (one durable write)",
            "",
            f"{half / disk:.1f} × limit",
            "p50 ≤ 5 ms, p99 ≤ 25 ms",
            half <= 5e-3 and most <= 25e-3,
        )
    ]


def _rounds(server: Served, rounds: int) -> list[float]:
    chosen = random.Random(1).sample(range(COUNT), rounds * AT_ONCE)
    waits: list[float] = []
    for begin in range(0, len(chosen), AT_ONCE):
        server.fail(chosen[begin : begin + AT_ONCE])
        waits += _called(server)
    return waits


def _called(server: Served) -> list[float]:
    """Wait until all were called; seconds from the answer to the call."""
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends:
        time.sleep(0.1)
        log = server.log()
        shown, called = log["shown_at"], log["called_at"]
        if len(called) == AT_ONCE:
            return [called[number] - shown[number] for number in called]
    raise TimeoutError("a failed instance was not restarted")


def _wait_for(server: Served, lists: int) -> None:
    ends = time.monotonic() + WITHIN_S
    while server.log()["lists"] < lists:
        if time.monotonic() > ends:
            raise TimeoutError("the fleet was not swept")
        time.sleep(0.1)
