"""What every restarter must do, the fake included."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from fakes import FakePlatform, FakeRestarter
from scnet_support import ID, RESTART, a_center, ok, refused, restarter_for
from scnet_watchdog.core.outcome import Accepted, NotSent, RefusalClass, Refused, Unanswered
from scnet_watchdog.ports import Restarter
from wire_support import Asked


@dataclass
class Case:
    """A restarter that accepts, the calls that arrived, and a gate that holds answers back."""

    restarter: Restarter
    calls: Callable[[], int]
    gate: asyncio.Event
    refuse: Callable[[], object]


@pytest.fixture(params=["fake", "scnet"])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    gate = asyncio.Event()
    gate.set()
    if request.param == "fake":
        platform = FakePlatform()
        fake = FakeRestarter(platform)
        fake.gate = gate
        no = Refused(RefusalClass.PLATFORM, "10001", "no")
        yield Case(fake, lambda: len(platform.calls), gate, lambda: setattr(fake, "outcome", no))
        return
    async with a_center() as center:

        async def answer(_: Asked, writer: asyncio.StreamWriter) -> None:
            await gate.wait()
            writer.write(ok(ID))

        center.on(RESTART, answer)
        async with restarter_for(center) as restarter:
            yield Case(
                restarter,
                lambda: len(center.asked(RESTART)),
                gate,
                lambda: center.on(RESTART, refused("10001")),
            )


async def test_one_restart_is_one_call(case: Case) -> None:
    assert isinstance(await case.restarter.restart(ID), Accepted)
    assert case.calls() == 1


async def test_whatever_happens_is_an_outcome(case: Case) -> None:
    case.refuse()
    outcome = await case.restarter.restart(ID)
    assert isinstance(outcome, (Refused, Unanswered, NotSent))
    assert case.calls() == 1


async def test_a_call_under_way_takes_one_free_place_and_gives_it_back(case: Case) -> None:
    places = case.restarter.free
    case.gate.clear()
    call = asyncio.create_task(case.restarter.restart(ID))
    while not case.calls():
        await asyncio.sleep(0.001)
    assert case.restarter.free == places - 1
    case.gate.set()
    await call
    assert case.restarter.free == places


async def test_there_is_a_place_and_a_deadline(case: Case) -> None:
    assert case.restarter.free >= 1
    assert case.restarter.deadline > timedelta()
