"""A day of polls at full speed, with faults: what grows?

The real parts on a clock that jumps 8.64 s a poll, so that 10 000 polls are 24 hours. The platform
answers one list request in five wrongly or not at all, and instances fail again and again. After
the warm-up nothing may grow: memory, open files, tasks.
"""

import asyncio
import gc
import os
import random
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from scnet_watchdog.adapters.clock import SystemClock

from .figures import Figure
from .inside import KEY, daemon_inside, write_config
from .served import Served, served

COUNT = 50
POLLS = 10_000
WARM_UP = 0.2
"""The part of the day after which nothing may grow."""
STEP = timedelta(days=1) / POLLS
FAIL_EVERY = 20
"""So many polls lie between two failures."""
FAULTS = 0.2
ALLOWED_MIB = 2.5
"""SQLite keeps up to 2 MB of the growing journal in memory; the rest is the allocator's."""


@dataclass(frozen=True, slots=True)
class Use:
    """What the process holds."""

    memory: float
    files: int
    tasks: int


class Jumping(SystemClock):
    """A steady clock that is moved by hand as well."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        super().__init__()

    def now(self) -> datetime:
        """The steady moment, plus all jumps."""
        return super().now() + self.ahead


def measure(quick: bool) -> list[Figure]:
    """One figure: growth from the warm-up to the end of the day."""
    return asyncio.run(_measure(POLLS // 10 if quick else POLLS))


async def _measure(polls: int) -> list[Figure]:
    clock, chosen, failed = Jumping(), random.Random(3), 0
    with tempfile.TemporaryDirectory() as folder, served(COUNT, True, FAULTS) as server:
        config = write_config(Path(folder), server.url, COUNT)
        async with daemon_inside(config, clock) as whole:
            for number in range(polls):
                if number == int(polls * WARM_UP):
                    warm = _use()
                if number % FAIL_EVERY == 0:
                    await _fail(server, chosen)
                failed += not await whole.engine.poll(KEY)
                clock.ahead += STEP
                # No poll before the turns have caught up: a backlog would be no leak.
                await whole.engine.run_turns()
            end = _use()
    return [_figure(polls, failed, warm, end)]


async def _fail(server: Served, chosen: random.Random) -> None:
    await asyncio.to_thread(server.fail, [chosen.randrange(COUNT)])


def _use() -> Use:
    gc.collect()
    fields = Path("/proc/self/statm").read_text().split()
    memory = int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return Use(memory, len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()))


def _figure(polls: int, failed: int, warm: Use, end: Use) -> Figure:
    grown = end.memory - warm.memory
    files, tasks = end.files - warm.files, end.tasks - warm.tasks
    return Figure(
        f"24 h in {polls} polls, {failed} of them failed",
        f"{grown:+.2f} MiB, {files:+d} files, {tasks:+d} tasks",
        "",
        "",
        "",
        "no growth",
        grown <= ALLOWED_MIB and files <= 0 and tasks <= 0,
    )
