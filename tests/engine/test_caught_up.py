"""Whoever reads page after page waits for the turns, but never long."""

import asyncio

from engine_support import Bench
from fakes import KEY
from scnet_watchdog.core.model import Page, Status
from scnet_watchdog.engine.caughtup import CALLS_LEAVE_S, PATIENCE_S
from virtual_time import VirtualLoop, run_virtually


def seconds_of(turned_after: float | None) -> float:
    """How long a reader waits whose page is taken by a turn so much later."""
    loop = VirtualLoop()

    async def wait() -> float:
        bench = Bench()
        await bench.start()
        began = loop.time()
        bench.engine.feed(Page(KEY, bench.clock.now(), bench.clock.now(), {}))
        waiting = asyncio.ensure_future(bench.engine.caught_up())
        if turned_after is not None:
            await asyncio.sleep(turned_after)
            await bench.engine.run_turns()
        await waiting
        return loop.time() - began

    return run_virtually(wait(), loop)


def test_a_reader_goes_on_as_soon_as_nothing_is_behind() -> None:
    assert seconds_of(0) == 0
    assert seconds_of(0.125) == 0.125


def test_turns_that_hang_hold_no_reader_for_long() -> None:
    assert seconds_of(None) == PATIENCE_S


async def test_a_fed_page_is_behind_until_its_turn_has_ended() -> None:
    bench = Bench()
    await bench.start()
    bench.engine.feed(Page(KEY, bench.clock.now(), bench.clock.now(), {}))
    waiting = asyncio.ensure_future(bench.engine.caught_up())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    await bench.engine.run_turns()
    await waiting


async def test_when_the_right_to_act_is_lost_nobody_waits_for_turns_that_never_come() -> None:
    bench = Bench()
    await bench.start()
    now = bench.clock.now()
    bench.engine.feed(Page(KEY, now, now, {bench.ids[0]: Status.STOPPED}))
    waiting = asyncio.ensure_future(bench.engine.caught_up())
    bench.store.epoch += 1
    await bench.engine.run_turns()
    assert not bench.owned()
    await waiting


def test_while_a_call_is_in_flight_it_gets_a_moment_to_leave() -> None:
    loop = VirtualLoop()

    async def restarted() -> float:
        bench = Bench()
        await bench.start()
        bench.restarter.gate = asyncio.Event()
        await bench.restart_one()
        assert bench.engine.act.in_flight == 1
        began = loop.time()
        await bench.engine.caught_up()
        return loop.time() - began

    assert run_virtually(restarted(), loop) == CALLS_LEAVE_S
