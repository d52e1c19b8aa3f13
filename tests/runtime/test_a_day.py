"""Hours of the daemon in virtual time: polls, restarts, stepped clocks, a hanging source."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from engine_support import Bench
from fakes import T0, FakeStore
from runtime_support import equipment
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status
from scnet_watchdog.runtime.lifecycle import Daemon
from virtual_time import VirtualClock, VirtualLoop, apscheduler_on, run_virtually

HOUR = 3600.0


class Day:
    """A daemon on virtual time, and what happens to it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.clock = VirtualClock(loop)
        self.bench = Bench(clock=self.clock, store=FakeStore())  # type: ignore[arg-type]
        self.daemon = Daemon(equipment(self.bench))

    def polls_since(self, before: int) -> int:
        return self.bench.source.polls - before


def live(story: Callable[[Day], Awaitable[None]]) -> Day:
    """Start a daemon, let the story happen, stop it."""
    loop = VirtualLoop()
    day = Day(loop)

    async def whole() -> None:
        await day.daemon.start()
        running = asyncio.create_task(day.daemon.run())
        await story(day)
        day.daemon.stop()
        assert await running is None

    with apscheduler_on(day.clock):
        run_virtually(whole(), loop)
    assert day.bench.broken == []
    return day


def test_calm_hours_are_a_poll_every_thirty_seconds() -> None:
    async def story(day: Day) -> None:
        await asyncio.sleep(3 * HOUR)

    day = live(story)
    # 3 h / 30 s = 360, the first at once; an instance that rests hurries nobody.
    assert 359 <= day.bench.source.polls <= 362


def test_an_instance_that_fails_every_half_hour_is_brought_back_each_time() -> None:
    async def story(day: Day) -> None:
        for _ in range(6):
            day.bench.platform.statuses[day.bench.ids[0]] = Status.FAILED
            await asyncio.sleep(HOUR / 2)

    day = live(story)
    # It ran for longer than 10 min each time: stable, so that no cooldown grows. Budget: 10 a day.
    assert len(day.bench.platform.calls) == 6
    assert day.bench.sink.kinds().count(EventKind.RESTART_RECOVERED) == 6


def test_a_failure_is_healed_within_a_minute() -> None:
    async def story(day: Day) -> None:
        await asyncio.sleep(HOUR)
        day.bench.platform.statuses[day.bench.ids[0]] = Status.STOPPED
        # Seen after at most 30 s, confirmed 30 s after that.
        await asyncio.sleep(61)
        assert len(day.bench.platform.calls) == 1

    live(story)


def test_a_wall_clock_that_steps_stops_no_poll_and_starts_no_flood() -> None:
    async def story(day: Day) -> None:
        await asyncio.sleep(60)
        for step in (timedelta(hours=-1), timedelta(days=60), timedelta(days=-60)):
            before = day.bench.source.polls
            day.clock.stepped += step
            await asyncio.sleep(HOUR / 4)
            # 900 s / 30 s = 30.
            assert 29 <= day.polls_since(before) <= 32, step

    day = live(story)
    steps = [event.fields["step_s"] for event in day.bench.sink.of(EventKind.CLOCK_STEPPED)]
    assert steps == [-3600.0, 60 * 86400.0, -60 * 86400.0]


def test_a_source_that_hangs_is_found_blind_and_is_polled_again_when_it_answers() -> None:
    async def story(day: Day) -> None:
        await asyncio.sleep(60)
        day.bench.source.gate = asyncio.Event()
        await asyncio.sleep(HOUR / 4)
        assert EventKind.SOURCE_BLIND in day.bench.sink.kinds()
        assert day.daemon.scheduler.skipped["source scnet@kunshan"] > 20
        day.bench.source.gate.set()
        day.bench.source.gate = None
        before = day.bench.source.polls
        await asyncio.sleep(HOUR / 4)
        # 900 s / 30 s = 30: polls go on as if nothing had been.
        assert day.polls_since(before) >= 29

    live(story)


def test_a_disk_that_is_full_for_an_hour_delays_the_restart_and_loses_nothing() -> None:
    async def story(day: Day) -> None:
        await asyncio.sleep(60)
        day.bench.store.fail_writes = 360
        day.bench.platform.statuses[day.bench.ids[0]] = Status.STOPPED
        await asyncio.sleep(HOUR - 60)
        assert day.bench.platform.calls == []
        await asyncio.sleep(120)
        assert len(day.bench.platform.calls) == 1

    day = live(story)
    assert day.bench.sink.kinds().count(EventKind.STATE_FAILED) == 1
    assert day.bench.sink.kinds().count(EventKind.STATE_RECOVERED) == 1
    assert day.clock.now() > T0
