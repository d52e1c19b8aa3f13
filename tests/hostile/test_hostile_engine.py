"""The whole engine on a lying platform: no restart call but for what answers really said."""

import asyncio
from collections import deque
from datetime import timedelta
from random import Random

import pytest

from fakes import KEY, FakeClock, FakeSink, FakeStore, roster_of
from hostile_spoil_support import says_down, spoil_bytes, spoil_nodes
from hostile_support import (
    ENDPOINTS,
    FAILED,
    STATUSES,
    STOPPED,
    Visitor,
    a_visitor,
    asked_of,
    first_seed,
)
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.outcome import Outcome, Withdrawn
from scnet_watchdog.engine.engine import Engine
from scnet_watchdog.engine.storeclock import StoreClock
from scnet_watchdog.engine.wiring import Wiring
from scnet_watchdog.ports import Still, allowed

POLLS = 24
EVERY = 15.0
RECENT = 10
"""Polls whose answers may be behind a call: confirmed by two that lie 30 s apart."""


class Witness:
    """Fulfils `ports.Restarter`: before it calls it asks what was answered of late.

    It looks at bytes, not at what the adapters made of them.
    """

    def __init__(self, inner: ScnetRestarter, visitor: Visitor) -> None:
        self._inner = inner
        self._liar = visitor.liar
        self.heard: deque[set[InstanceId]] = deque(maxlen=RECENT)
        self.called: list[InstanceId] = []
        self.unfounded: list[InstanceId] = []

    @property
    def free(self) -> int:
        return self._inner.free

    @property
    def deadline(self) -> timedelta:
        return self._inner.deadline

    async def restart(self, instance: InstanceId, why_not: Still = allowed) -> Outcome:
        times = [instance in down for down in (*self.heard, self.down())].count(True)
        outcome = await self._inner.restart(instance, why_not)
        if not isinstance(outcome, Withdrawn):
            self.called.append(instance)
            if times < 2:
                self.unfounded.append(instance)
        return outcome

    def down(self) -> set[InstanceId]:
        """Who is down by the answers since the lies last changed."""
        served = self._liar.served
        return {
            InstanceId(id_) for path, raw in served for id_, _ in says_down(raw, asked_of(path))
        }


async def live(visitor: Visitor, seed: int, honest: float) -> Witness:
    """Some minutes of an engine; each poll meets another lie, or with some chance none."""
    dice, clock, broken = Random(seed), FakeClock(), list[tuple[str, BaseException]]()
    witness = Witness(visitor.restarter(), visitor)
    wiring = Wiring(roster_of(list(STATUSES)), {KEY: visitor.source(clock)}, {KEY.center: witness})
    engine = Engine(
        StoreClock(clock),
        FakeStore(),
        FakeSink(),
        wiring,
        who="test",
        broken=lambda what, error: broken.append((what, error)),
    )
    await engine.start()
    for _ in range(POLLS):
        if dice.random() < honest:
            visitor.liar.is_honest()
        else:
            spoil = dice.choice((spoil_bytes, spoil_nodes))
            visitor.liar.lies(dice.choice(list(ENDPOINTS)), spoil, dice.randrange(10**9))
        await engine.poll(KEY)
        await settle(engine)
        witness.heard.append(witness.down())
        clock.advance(EVERY)
        await engine.tend()
        await settle(engine)
    assert broken == []
    return witness


async def settle(engine: Engine) -> None:
    """Until nothing is under way; over a real socket, so there is something to wait for."""
    await engine.run_turns()
    while under_way := {*engine.polls.running(), *engine.act.calls()}:
        await asyncio.wait(under_way)
        await engine.run_turns()


async def throw(seeds: range, honest: float) -> list[InstanceId]:
    called: list[InstanceId] = []
    async with a_visitor() as visitor:
        for seed in seeds:
            witness = await live(visitor, seed, honest)
            assert witness.unfounded == [], f"seed {seed}"
            called += witness.called
    return called


async def test_the_engine_restarts_nobody_by_spoiled_answers() -> None:
    await throw(range(2), honest=0.3)


async def test_what_is_truly_down_is_restarted_among_lies() -> None:
    """The proof above would hold of an engine that never calls, too."""
    assert set(await throw(range(2), honest=0.9)) == {FAILED, STOPPED}


async def test_garbage_alone_restarts_nobody() -> None:
    """Not one answer of the list or of a detail can be read."""
    async with a_visitor() as visitor:
        for path in visitor.liar.true:
            if "instance-service" in path:
                visitor.liar.true[path] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff{}"
        witness = await live(visitor, 1, honest=1.0)
    assert witness.called == []


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("honest", [0.1, 0.4, 0.8])
async def test_the_engine_restarts_nobody_by_thousands_of_spoiled_answers(
    honest: float, capsys: pytest.CaptureFixture[str]
) -> None:
    first = first_seed()
    called = await throw(range(first, first + 25), honest)
    with capsys.disabled():
        print(f"\n25 lives of {POLLS} polls from seed {first}: {len(called)} calls")  # noqa: T201
