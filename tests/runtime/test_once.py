"""`--once` on fakes; waiting moves the clock."""

import asyncio
from datetime import timedelta

from engine_support import Bench
from fakes import T0
from scnet_watchdog.core.center import CenterState, Throttle
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind
from scnet_watchdog.ports import SourceUnavailable
from scnet_watchdog.runtime.once import once


async def run_once(bench: Bench, stop: asyncio.Event | None = None) -> bool:
    await bench.start()

    async def sleep(seconds: float) -> None:
        # Calls are answered within the wait.
        for _ in range(20):
            await asyncio.sleep(0)
        bench.clock.advance(seconds)

    paces = bench.roster.paces.values()
    return await once(bench.engine, bench.clock, paces, stop or asyncio.Event(), sleep)


async def test_a_healthy_fleet_costs_one_poll() -> None:
    bench = Bench(count=3)
    assert await run_once(bench)
    assert bench.source.polls == 1
    assert bench.clock.now() == T0


async def test_a_stopped_instance_is_confirmed_restarted_and_seen_running() -> None:
    bench = Bench()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    assert await run_once(bench)
    assert bench.platform.calls == bench.ids
    # Polls at 0, 10, 20, 30 s (confirmed, restarted); at 40 s it is running.
    assert bench.source.polls == 5
    (attempt,) = bench.store.attempts.values()
    assert attempt.verdict == "recovered"


async def test_an_instance_that_does_not_start_is_left_to_the_next_run_after_five_minutes() -> None:
    bench = Bench()
    bench.platform.after_call = Status.DEPLOYING
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    assert await run_once(bench)
    assert bench.clock.now() == T0 + timedelta(minutes=5)
    (attempt,) = bench.store.attempts.values()
    assert (attempt.outcome, attempt.verdict) == (OutcomeKind.ACCEPTED, None)


async def test_a_failed_poll_makes_the_run_a_failure() -> None:
    bench = Bench()
    bench.source.error = SourceUnavailable("gone")
    assert not await run_once(bench)


async def test_a_run_that_is_stopped_ends_after_its_poll() -> None:
    bench = Bench()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    stop = asyncio.Event()
    stop.set()
    assert await run_once(bench, stop)
    assert bench.source.polls == 1


async def test_a_center_that_asked_us_to_wait_is_not_asked() -> None:
    bench = Bench()
    told = Throttle(T0, timedelta(minutes=5))
    bench.store.centers["kunshan"] = CenterState("kunshan", throttle=told)
    assert not await run_once(bench)
    assert bench.source.polls == 0
