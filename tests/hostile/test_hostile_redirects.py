"""Redirects: never followed, never taken for *not sent*, and no other host hears of the token."""

from collections.abc import Awaitable

import pytest

from scnet_support import ID, RESTART, a_center, client_for, restarter_for
from scnet_watchdog.adapters.http import HttpError, NoAnswerError, Reply
from scnet_watchdog.core.outcome import RefusalClass, Refused, Unanswered
from wire_support import raw, whole, wire

ALL = ["300 Choose", "301 Moved", "302 Found", "303 See", "307 T", "308 P", "399 X"]
AWAY = [
    "http://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/ai",
    "HTTP://127.0.0.1:{port}",
    "http://a:b@127.0.0.1:{port}/?q=1#f",
    "/\\127.0.0.1:{port}/",
]
ODD = [
    "mailto:nobody",
    "www.example.org:443/login",
    "a:b",
    "ftp://127.0.0.1/",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "http://" + "a" * 70 + ".example/",
    "/" + "x" * 65_530,
    "\udcff",
    "",
]


@pytest.mark.parametrize("where", AWAY)
async def test_a_redirect_is_never_followed_to_another_host(where: str) -> None:
    async with wire(raw(whole(b"thief"))) as thief:
        location = f"Location: {where.format(port=thief.port)}"
        async with a_center() as center, restarter_for(center) as restarter:
            for status in ALL:
                center.on(RESTART, whole(b"", status, (location,)))
                outcome = await restarter.restart(ID)
                assert isinstance(outcome, Refused)
                assert outcome.kind is RefusalClass.PLATFORM
        assert thief.connections == 0
    assert len(center.asked(RESTART)) == len(ALL)


@pytest.mark.parametrize("where", ODD, ids=lambda text: repr(text[:24]))
async def test_an_odd_redirect_does_not_unsend_a_call(where: str) -> None:
    """The call arrived: it may have acted, whatever the answer's Location is made of."""
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
    answer = head + where.encode("utf-8", "surrogateescape") + b"\r\n\r\n"
    async with a_center() as center, restarter_for(center) as restarter:
        center.on(RESTART, answer)
        outcome = await restarter.restart(ID)
    assert len(center.asked(RESTART)) == 1
    assert isinstance(outcome, (Refused, Unanswered)), outcome


@pytest.mark.parametrize("where", ODD, ids=lambda text: repr(text[:24]))
async def test_an_odd_redirect_does_not_lose_a_gateway(where: str) -> None:
    """A gateway that answers is reachable: only *not sent* moves on to the next one."""
    head = b"HTTP/1.1 307 Away\r\nContent-Length: 0\r\nLocation: "
    answer = head + where.encode("utf-8", "surrogateescape") + b"\r\n\r\n"
    async with a_center() as center, client_for(center) as client:
        center.on("/any", answer)
        told = await _kind_of(client.polls.request("GET", center.server.url + "/any"))
    assert told in (307, NoAnswerError)


async def _kind_of(request: Awaitable[Reply]) -> int | type[HttpError]:
    try:
        return (await request).status
    except HttpError as error:
        return type(error)
