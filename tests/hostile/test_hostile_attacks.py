"""Named attacks on a read and on a restart call: an outcome in time, and the pools stay whole."""

import asyncio
import time

import pytest

from fakes import KEY, FakeClock
from hostile_attacks_support import BODY, CHUNKED, FAST, HEAD, SLOW, TRUE, each_end, every
from scnet_support import (
    ID,
    RESTART,
    Center,
    a_center,
    client_for,
    detail_of,
    ok,
    restarter_for,
    row,
)
from scnet_watchdog.adapters.http import HttpOptions
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import Accepted, Refused, Unanswered
from scnet_watchdog.ports import SourceUnavailable
from wire_support import Play, raw, said, whole

OTHER = InstanceId("another-instance")
PATIENT = HttpOptions()
EACH = pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.prove)])
IN_TIME = 8.0
"""Seconds: a deadline of a second, on a machine that has other things to do."""


async def suffer(_: str, play: Play) -> None:
    """One read and one call meet the attack; then honest answers meet the same pools."""
    async with a_center() as center, client_for(center) as client:
        center.on(detail_of(ID), play)
        center.on(RESTART, play)
        began = time.monotonic()
        read, outcome = await asyncio.gather(
            looked(client), ScnetRestarter(client, PATIENT).restart(ID), return_exceptions=True
        )
        assert time.monotonic() - began < IN_TIME
        assert isinstance(read, SourceUnavailable), read
        assert isinstance(outcome, (Unanswered, Refused)), outcome
        assert len(f"{read}{outcome}") < 500
        await is_well(center, client)


async def is_well(center: Center, client: ScnetClient) -> None:
    center.on(detail_of(ID), ok(row(ID, "Failed")))
    center.on(RESTART, ok(ID))
    assert await looked(client) == {ID: Status.FAILED}
    assert isinstance(await ScnetRestarter(client, PATIENT).restart(ID), Accepted)
    assert (client.polls.free, client.calls.free) == (client.polls.size, client.calls.size)


async def looked(client: ScnetClient, id_: InstanceId = ID) -> dict[InstanceId, Status]:
    source = ScnetSource(KEY, client, FakeClock(), ScnetOptions())
    return dict((await source.look([id_])).rows)


async def test_slow_attacks_end_at_the_deadline() -> None:
    await every(suffer, SLOW)


async def test_fast_attacks_end_at_a_cap_or_an_error() -> None:
    await every(suffer, FAST)


@EACH
@pytest.mark.parametrize("framed", ["length", "chunks"])
async def test_an_answer_cut_after_any_byte_accepts_nothing(framed: str, step: int) -> None:
    middle = len(BODY) // 2
    parts = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (BODY[:middle], BODY[middle:]))
    chunks = CHUNKED + parts + b"0\r\n\r\n"
    whole_answer = TRUE if framed == "length" else chunks
    async with a_center() as center, restarter_for(center) as restarter:
        for part in each_end(whole_answer, step):
            center.on(RESTART, raw(part, close=True))
            assert isinstance(await restarter.restart(ID), Unanswered), part
        center.on(RESTART, whole_answer)
        assert isinstance(await restarter.restart(ID), Accepted)


@EACH
async def test_an_answer_without_a_length_is_whole_only_with_its_last_brace(step: int) -> None:
    async with a_center() as center, restarter_for(center) as restarter:
        for part in each_end(BODY, step):
            center.on(RESTART, raw(HEAD + b"\r\n" + part, close=True))
            assert isinstance(await restarter.restart(ID), Unanswered), part


async def test_a_body_told_too_short_is_nothing_and_its_rest_answers_nobody() -> None:
    body = said(row(ID, "Failed"))
    async with a_center() as center, client_for(center) as client:
        for length in range(0, len(body), 7):
            center.on(detail_of(ID), whole(body, length=length))
            with pytest.raises(SourceUnavailable):
                await looked(client)
        # The first read after it may fail on the rest; the pool itself is whole again.
        center.on(detail_of(ID), ok(row(ID)))
        await asyncio.gather(*(looked(client) for _ in range(4)), return_exceptions=True)
        await is_well(center, client)


async def test_a_second_answer_in_one_breath_says_nothing_of_another_instance() -> None:
    """What is left over on a kept connection answers the next request: its id gives it away."""
    async with a_center() as center, client_for(center) as client:
        center.on(detail_of(ID), ok(row(ID)) + ok(row(ID, "Failed")))
        center.on(detail_of(OTHER), ok(row(OTHER)))
        assert await looked(client) == {ID: Status.RUNNING}
        assert await looked(client, OTHER) in ({}, {OTHER: Status.RUNNING})


async def test_a_second_answer_in_one_breath_answers_no_call() -> None:
    """Each restart call has a connection of its own."""
    refusing = whole(said(None, "716868", "no"))
    async with a_center() as center, restarter_for(center) as restarter:
        center.on(RESTART, refusing + ok(ID), refusing)
        outcomes = [await restarter.restart(ID) for _ in range(2)]
    assert [type(one) for one in outcomes] == [Refused, Refused]
