"""How long ago a restart was allowed when its call leaves: soon, or there is no call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fakes import KEY, FakeClock
from scnet_support import (
    FRESH,
    ID,
    OPTIONS,
    RESTART,
    Center,
    a_center,
    client_for,
    detail_of,
    fixed,
    ok,
    polls_client,
    refused,
    row,
)
from scnet_watchdog.adapters.http import HttpClient
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.login import KeyLogin, Keys
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.adapters.scnet.token import Token
from scnet_watchdog.core.outcome import Accepted, NotSent, RefusalClass, Refused, Withdrawn


class SlowTokens:
    """Tokens that take their time, on a clock of their own."""

    def __init__(self, get: float = 0.0, renew: float = 0.0) -> None:
        self._get = get
        self._renew = renew
        self.seconds = 0.0

    def elapsed(self) -> float:
        return self.seconds

    async def get(self) -> Token:
        self.seconds += self._get
        return await fixed().get()

    async def renew(self, stale: Token) -> Token | None:
        del stale
        self.seconds += self._renew
        return await fixed(FRESH).get()


@asynccontextmanager
async def a_restarter(center: Center, tokens: SlowTokens) -> AsyncIterator[ScnetRestarter]:
    polls = polls_client()
    calls = HttpClient(OPTIONS, tokens.elapsed, for_calls=True)
    client = ScnetClient("kunshan", tokens, polls, calls, center.server.url, "")
    try:
        yield ScnetRestarter(client, OPTIONS)
    finally:
        await client.close()


@pytest.mark.parametrize(("seconds", "calls"), [(1.9, 1), (2.1, 0)])
async def test_a_call_whose_token_came_late_is_not_sent(seconds: float, calls: int) -> None:
    """Login and gateway: 2 x (0.5 s + 0.5 s) = 2 s. Later, the last look at the instance is old."""
    async with a_center() as center:
        center.on(RESTART, ok(ID))
        async with a_restarter(center, SlowTokens(get=seconds)) as restarter:
            outcome = await restarter.restart(ID)
    assert isinstance(outcome, Accepted if calls else NotSent)
    assert len(center.asked(RESTART)) == calls


@pytest.mark.parametrize(("seconds", "calls"), [(3.9, 2), (4.1, 1)])
async def test_a_call_whose_fresh_token_came_late_is_not_repeated(
    seconds: float, calls: int
) -> None:
    """Login, gateway, call, login: 4 x 1 s = 4 s."""
    async with a_center() as center:
        center.on(RESTART, refused("10008", "auth_fail"), ok(ID))
        async with a_restarter(center, SlowTokens(renew=seconds)) as restarter:
            outcome = await restarter.restart(ID)
    assert len(center.asked(RESTART)) == calls
    if calls == 2:
        assert outcome == Accepted(ID)
    else:
        assert isinstance(outcome, Refused)
        assert (outcome.kind, outcome.code) == (RefusalClass.PLATFORM, "10008")


async def test_after_a_poll_a_restart_is_one_request() -> None:
    """Token and gateway were fetched by the poll: nothing stands between decision and call."""
    async with a_center() as center:
        center.on("/tokens", ok([{"clusterId": "11250", "token": "of-the-region"}]))
        center.on("/center", ok({"aiUrls": [{"url": center.server.url, "enable": "true"}]}))
        center.on(detail_of(ID), ok(row(ID, "Failed")))
        center.on(RESTART, ok(ID))
        keys = Keys("alice", "an-access-key", "a-secret-key", center.server.url + "/tokens")
        logins, clock = polls_client(), FakeClock()
        tokens = KeyLogin(keys, logins, clock, lambda _: None, lambda: None)
        async with client_for(center, tokens, center.server.url + "/center") as client:
            source = ScnetSource(KEY, client, clock, ScnetOptions(list="never"))
            await source.poll([ID], lambda _: None)
            before = len(center.server.asked)
            assert await ScnetRestarter(client, OPTIONS).restart(ID) == Accepted(ID)
        await logins.close()
    assert [one.path for one in center.server.asked[before:]] == [RESTART]


async def test_evidence_comes_from_the_gateway_of_the_call() -> None:
    """Another request may have left that gateway meanwhile: no new one is found out for a read."""
    async with a_center() as center:
        center.on("/center", ok({"aiUrls": [{"url": center.server.url, "enable": "true"}]}))
        center.on(detail_of(ID), ok(row(ID)))
        async with client_for(center, fixed(), center.server.url + "/center") as client:

            async def deny_and_leave(_: object, writer: object) -> None:
                client.unreachable(center.server.url + "/ai")
                writer.write(refused("10008", "auth_fail"))  # type: ignore[attr-defined]

            center.on(RESTART, deny_and_leave)
            outcome = await ScnetRestarter(client, OPTIONS).restart(ID)
    assert isinstance(outcome, Refused)
    assert outcome.kind is RefusalClass.INVALID
    assert len(center.asked("/center")) == 1


async def test_what_changed_while_a_token_was_fetched_withdraws_the_call() -> None:
    async with a_center() as center:
        center.on(RESTART, ok(ID))
        async with a_restarter(center, SlowTokens()) as restarter:
            outcome = await restarter.restart(ID, lambda: "held")
    assert outcome == Withdrawn("held")
    assert center.asked(RESTART) == []


async def test_a_denied_call_is_not_repeated_once_it_is_no_longer_allowed() -> None:
    """The first call was denied and did nothing, so that all in all there was none."""
    answers = iter([None, "held"])
    async with a_center() as center:
        center.on(RESTART, refused("10008", "auth_fail"))
        async with a_restarter(center, SlowTokens()) as restarter:
            outcome = await restarter.restart(ID, lambda: next(answers))
    assert outcome == Withdrawn("held")
    assert len(center.asked(RESTART)) == 1
