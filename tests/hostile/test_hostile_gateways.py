"""What a platform plants: gateways that are none, cookies, headers of its own."""

from datetime import timedelta

import pytest

from scnet_support import FRESH, ID, RESTART, TOKEN, a_center, client_for, ok
from scnet_watchdog.adapters.http import HttpError, HttpOptions, NotSentError
from scnet_watchdog.adapters.scnet.client import gateways
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.core.outcome import Accepted, NotSent
from scnet_watchdog.ports import PortError
from wire_support import client_of, raw, whole, wire

NOWHERE = [
    "http://127.0.0.1:99999",
    "http://[::1]:99999/ai",
    "http://127.0.0.1:" + "9" * 30,
    "http://127.0.0.1:" + "9" * 5000,
    "http://127.0.0.1:-1",
    "http://",
    "http://[::1",
    "http://%00/",
    "http://xn--a/",
    "http://" + "a" * 70 + ".invalid",
    "http://\ud800.invalid",
    "http://999.999.999.999/",
    "http://127.0.0.1:1/\x00",
    "https://127.0.0.1:1/" + "y" * 70_000,
]


@pytest.mark.parametrize("url", NOWHERE, ids=lambda url: repr(url[:24]))
async def test_a_url_that_leads_nowhere_is_one_of_our_errors(url: str) -> None:
    client = client_of(connect=1.0)
    with pytest.raises(HttpError):
        await client.request("POST", url, {"token": TOKEN}, body=b"")
    assert client.free == client.size
    await client.close()


@pytest.mark.parametrize("port", [65_536, 99_999, 10**30])
async def test_a_port_that_cannot_be_was_not_sent(port: int) -> None:
    client = client_of()
    with pytest.raises(NotSentError, match="port"):
        await client.request("POST", f"http://127.0.0.1:{port}/", body=b"")
    await client.close()


@pytest.mark.parametrize("url", NOWHERE, ids=lambda url: repr(url[:24]))
async def test_a_center_that_names_such_a_gateway_does_not_break_a_call(url: str) -> None:
    async with a_center() as center:
        center.on("/center", ok({"aiUrls": [{"enable": "true", "url": url}]}))
        async with client_for(center, center_url=center.server.url + "/center") as client:
            outcome = await ScnetRestarter(client, _options()).restart(ID)
            with pytest.raises(PortError):
                await client.read("/any")
    assert not isinstance(outcome, Accepted)


async def test_after_a_gateway_that_cannot_be_the_next_one_is_used() -> None:
    async with a_center() as center:
        urls = ["http://127.0.0.1:99999", center.server.url]
        center.on("/center", ok({"aiUrls": [{"enable": "true", "url": url} for url in urls]}))
        center.on(RESTART, ok(ID))
        async with client_for(center, center_url=center.server.url + "/center") as client:
            restarter = ScnetRestarter(client, _options())
            outcomes = [await restarter.restart(ID) for _ in range(2)]
    assert [type(one) for one in outcomes] == [NotSent, Accepted]


def test_a_center_that_was_asked_over_tls_leads_to_no_gateway_without_it() -> None:
    """A token that was never seen on the way must not be shown to everyone for an answer's sake."""
    urls = ["http://a.invalid", "https://b.invalid", "HTTP://c.invalid"]
    data = {"aiUrls": [{"enable": "true", "url": url} for url in urls]}
    assert gateways(data, encrypted=True) == ["https://b.invalid/ai"]
    assert gateways(data, encrypted=False) == ["http://a.invalid/ai", "https://b.invalid/ai"]


async def test_no_cookie_is_kept() -> None:
    """They would grow with every answer, and be sent with every request."""
    planted = tuple(f"Set-Cookie: c{number}={'x' * 50}" for number in range(100))
    client = client_of()
    async with wire(raw(whole(b"ok", headers=planted))) as server:
        for _ in range(2):
            await client.request("GET", server.url, {"token": FRESH})
    await client.close()
    assert [asked.headers.get("cookie") for asked in server.asked] == [None, None]


def _options() -> HttpOptions:
    return HttpOptions(timedelta(seconds=1), timedelta(seconds=1))
