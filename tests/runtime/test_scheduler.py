"""Jobs on steady moments over a scheduler on wall time. These tests use the real clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from fakes import FakeClock
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.runtime.scheduler import SHORTEST_GAP, Scheduler, _Moments

HOUR = timedelta(hours=1)


class Scheduled:
    """A scheduler with what failed, and a job that says when it ran."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.failed: list[tuple[str, BaseException]] = []
        self.scheduler = Scheduler(self.clock, lambda *told: self.failed.append(told))
        self.runs = 0
        self.ran = asyncio.Event()
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.next_in = HOUR

    async def run(self) -> None:
        self.runs += 1
        self.ran.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error

    def next_at(self, begins: datetime | None) -> datetime:
        return self.clock.now() + self.next_in

    async def next_run(self) -> None:
        await asyncio.wait_for(self.ran.wait(), 5)
        self.ran.clear()


@pytest.fixture
async def scheduled() -> AsyncIterator[Scheduled]:
    one = Scheduled()
    yield one
    one.scheduler.pause()
    await one.scheduler.stop()


async def test_a_job_fires_at_once_and_then_when_it_says(scheduled: Scheduled) -> None:
    scheduled.next_in = timedelta(milliseconds=120)
    scheduled.scheduler.add("job", scheduled.run, scheduled.next_at)
    scheduled.scheduler.start()
    await scheduled.next_run()
    await scheduled.next_run()
    assert scheduled.runs == 2


async def test_a_job_that_is_wanted_sooner_is_moved(scheduled: Scheduled) -> None:
    scheduled.scheduler.add("job", scheduled.run, scheduled.next_at)
    scheduled.scheduler.start()
    await scheduled.next_run()
    # In an hour, it was said; now something is going on.
    await asyncio.sleep(0)
    scheduled.next_in = timedelta()
    while scheduled.runs == 1:
        scheduled.scheduler.reconsider()
        await asyncio.wait({asyncio.ensure_future(scheduled.ran.wait())}, timeout=0.05)
    assert scheduled.runs == 2


async def test_an_exception_of_a_job_is_told_and_the_job_goes_on(scheduled: Scheduled) -> None:
    scheduled.error = ValueError("odd")
    scheduled.next_in = timedelta(milliseconds=120)
    scheduled.scheduler.add("job", scheduled.run, scheduled.next_at)
    scheduled.scheduler.start()
    await scheduled.next_run()
    await scheduled.next_run()
    assert scheduled.failed[0] == ("job", scheduled.error)


async def test_a_job_that_hangs_is_skipped_and_counted_and_delays_nobody(
    scheduled: Scheduled,
) -> None:
    scheduled.gate = asyncio.Event()
    scheduled.next_in = timedelta(milliseconds=100)
    scheduled.scheduler.add("hangs", scheduled.run, scheduled.next_at)
    others = 0
    enough = asyncio.Event()

    async def other() -> None:
        nonlocal others
        others += 1
        if others == 4:
            enough.set()

    scheduled.scheduler.add("other", other, scheduled.next_at)
    scheduled.scheduler.start()
    await asyncio.wait_for(enough.wait(), 5)
    assert scheduled.runs == 1
    assert scheduled.scheduler.skipped["hangs"] >= 1
    scheduled.gate.set()


async def test_a_removed_job_does_not_fire(scheduled: Scheduled) -> None:
    scheduled.scheduler.add("job", scheduled.run, scheduled.next_at)
    scheduled.scheduler.remove("job")
    scheduled.scheduler.add("other", scheduled.run, scheduled.next_at)
    scheduled.scheduler.start()
    await scheduled.next_run()
    assert scheduled.runs == 1
    assert scheduled.scheduler.names == {"other"}


def test_the_trigger_never_catches_up() -> None:
    clock = FakeClock()
    now = clock.wall() + timedelta(days=60)
    # The wall clock stepped 60 days ahead; the next moment as told lies far behind it.
    trigger = _Moments(lambda begins: clock.wall())
    assert trigger.get_next_fire_time(None, now) == now
    assert trigger.get_next_fire_time(clock.wall(), now) == now + SHORTEST_GAP


async def test_a_steady_moment_is_translated_into_wall_time() -> None:
    clock = FakeClock()
    clock.wall_at += HOUR
    scheduler = Scheduler(clock, lambda *told: None)
    scheduler.every("chore", asyncio.Event().wait, 2 * HOUR)  # type: ignore[arg-type]
    # The wall clock is an hour ahead of the steady one: 12:00 + 2 h steady = 15:00 by the wall.
    assert scheduler._wall_at("chore") == clock.steady + 3 * HOUR
