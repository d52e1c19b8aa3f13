"""Draining: no new call, those in flight end and are saved."""

import asyncio
from datetime import timedelta

from engine_support import Bench
from fakes import KEY
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind

LIMIT = timedelta(seconds=30)


async def test_a_call_in_flight_ends_and_is_saved() -> None:
    bench = Bench()
    await bench.start()
    bench.restarter.gate = asyncio.Event()
    await bench.restart_one()
    drain = asyncio.create_task(bench.engine.drain(LIMIT))
    await bench.settle()
    assert not drain.done()
    bench.restarter.gate.set()
    assert await drain == 0
    (attempt,) = bench.store.attempts.values()
    assert attempt.outcome is OutcomeKind.ACCEPTED


async def test_a_call_that_outlasts_the_limit_stays_open() -> None:
    bench = Bench()
    await bench.start()
    bench.restarter.gate = asyncio.Event()
    await bench.restart_one()
    assert await bench.engine.drain(timedelta()) == 1
    (attempt,) = bench.store.attempts.values()
    assert attempt.outcome is None
    bench.restarter.gate.set()
    await bench.settle()


async def test_no_new_call_is_begun() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(30)
    await bench.engine.drain(LIMIT)
    await bench.poll()
    assert bench.platform.calls == []


async def test_an_attempt_granted_but_not_begun_is_withdrawn() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.poll()
    bench.clock.advance(30)
    await bench.engine.poll(KEY)
    await bench.engine.turn()
    await bench.engine.drain(LIMIT)
    assert bench.platform.calls == []
    (attempt,) = bench.store.attempts.values()
    assert attempt.outcome is OutcomeKind.WITHDRAWN


async def test_last_words_are_saved_without_waiting_for_the_retry_pause() -> None:
    bench = Bench()
    await bench.start()
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    bench.store.fail_writes = 1
    await bench.poll()
    assert not bench.engine.writable
    await bench.engine.drain(LIMIT)
    await bench.engine.save_last()
    assert bench.engine.writable
