"""The URL of the dead man's switch on the wire."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scnet_watchdog.adapters.http import HttpClient
from scnet_watchdog.adapters.notify.channel import Surroundings
from scnet_watchdog.adapters.notify.delivery import Undelivered
from scnet_watchdog.adapters.notify.switch import SwitchUrl
from scnet_watchdog.adapters.telemetry.secrets import Secrets
from wire_support import client_of, closed_port, raw, whole, wire

PING = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = client_of(read=0.3)
    yield client
    await client.close()


def switch_of(tmp_path: Path, http: HttpClient, url: str) -> SwitchUrl:
    secrets = Secrets()
    file = tmp_path / "url"
    file.write_text(url)
    return SwitchUrl(file, Surroundings(http, secrets.add, secrets.redact))


async def test_it_is_asked_and_nothing_is_sent(tmp_path: Path, http: HttpClient) -> None:
    async with wire(raw(whole(b"OK"))) as server:
        await switch_of(tmp_path, http, f"{server.url}/{PING}").ask()
    [asked] = server.asked
    assert (asked.method, asked.target, asked.body) == ("GET", f"/{PING}", b"")


async def test_a_failure_is_told_without_the_url(tmp_path: Path, http: HttpClient) -> None:
    async with wire(raw(whole(b"", "404 Not Found"))) as server:
        with pytest.raises(Undelivered, match="status 404"):
            await switch_of(tmp_path, http, f"{server.url}/{PING}").ask()
    with pytest.raises(Undelivered) as caught:
        await switch_of(tmp_path, http, f"http://127.0.0.1:{closed_port()}/{PING}").ask()
    assert PING not in str(caught.value)
