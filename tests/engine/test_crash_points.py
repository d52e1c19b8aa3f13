"""Die at every await point, start again, count the restart calls.

The durable record of an attempt precedes its call, so a program that dies between any two steps
never repeats a call it may have sent.
"""

import pytest

from engine_support import Bench
from fakes import Died, FakeStore, Fate
from scnet_watchdog.core.model import Status


async def story(bench: Bench) -> None:
    """Stopped, confirmed, restarted; the status list lags behind and still shows it stopped."""
    bench.platform.after_call = None
    bench.platform.statuses[bench.ids[0]] = Status.STOPPED
    await bench.start()
    for _ in range(4):
        await bench.poll()
        if bench.fate.dead:
            raise Died
        bench.clock.advance(15)


async def steps_of_a_whole_life() -> int:
    bench = Bench(fate=Fate())
    await story(bench)
    assert len(bench.platform.calls) == 1
    return bench.fate.steps


async def test_no_death_makes_a_call_twice() -> None:
    steps = await steps_of_a_whole_life()
    assert steps > 20
    sent_before_death = never_sent = 0
    for at in range(1, steps + 1):
        first = Bench(fate=Fate(at))
        with pytest.raises(Died):
            await story(first)
        sent_before_death += len(first.platform.calls)
        store: FakeStore = first.store.reopened()
        second = Bench(store=store, platform=first.platform, clock=first.clock)
        await second.start()
        # 45 s of life: long enough to confirm anew and call, shorter than any wait after a call
        # (cooldown 60 s, watch of an unknown outcome 120 s).
        await second.polls(4, 15)
        calls = len(first.platform.calls)
        assert len(store.attempts) == 1, f"died at step {at}"
        assert calls <= 1, f"died at step {at} of {steps}: {calls} calls"
        # Only a death between the save and the call costs the call itself.
        never_sent += not calls
    assert 0 < sent_before_death < steps
    # Two steps lie there: the end of the commit, and the beginning of the call.
    assert never_sent == 2


async def died_with_the_call_on_the_wire() -> Bench:
    for at in range(1, await steps_of_a_whole_life() + 1):
        bench = Bench(fate=Fate(at))
        with pytest.raises(Died):
            await story(bench)
        if bench.platform.calls:
            return bench
    raise AssertionError("no call was ever sent")


async def test_after_the_watch_of_a_lost_attempt_the_next_one_goes() -> None:
    first = await died_with_the_call_on_the_wire()
    second = Bench(store=first.store.reopened(), platform=first.platform, clock=first.clock)
    await second.start()
    await second.polls(4, 30)
    assert len(first.platform.calls) == 1
    # 120 s of watch and three good reads: still down, so it did not help, and is tried again.
    await second.polls(2, 30)
    assert len(first.platform.calls) == 2
