"""No text quotes a secret: neither one that we sent, nor one that a broken answer brings."""

import traceback

import pytest

from fakes import KEY, FakeClock
from scnet_support import (
    ID,
    RESTART,
    TASK,
    TOKEN,
    a_center,
    client_for,
    detail_of,
    ok,
    refused,
)
from scnet_watchdog.adapters.http import HttpOptions, NoAnswerError
from scnet_watchdog.adapters.scnet.login import KeyLogin, Keys
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.adapters.telemetry.secrets import FIRST, MASK, MOST, Secrets
from scnet_watchdog.ports import SourceRefused, SourceUnavailable
from wire_support import client_of, raw, said, whole, wire

FRESH = b"a-token-that-nobody-has-learned-yet"
BROKEN = {
    "no head": b'{"data":[{"token":"' + FRESH + b'"}]}\r\n\r\n',
    "a header without a colon": b"HTTP/1.1 200 OK\r\n" + FRESH + b"\r\n\r\n",
    "a header's name": b"HTTP/1.1 200 OK\r\n" + FRESH + b"\xff: 1\r\n\r\n",
    "a header's value": b"HTTP/1.1 200 OK\r\nX: " + FRESH + b"\x00\r\n\r\n",
    "a length": whole(b"", headers=(f"Content-Length: {FRESH.decode()}",)),
    "a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + FRESH + b"\r\n",
    "a coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + FRESH + b"\r\n\r\n",
    "another scheme": whole(b"", "302 F", (f"Location: x:{FRESH.decode()}",)),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_an_error_does_not_quote_the_answer(answer: bytes) -> None:
    client = client_of()
    async with wire(raw(answer, close=True)) as server:
        with pytest.raises(NoAnswerError) as caught:
            await client.request("POST", server.url, body=b"")
    await client.close()
    assert FRESH.decode() not in "".join(traceback.format_exception(caught.value))
    assert len(str(caught.value)) > 10


@pytest.mark.parametrize("length", [32, 200, 2000])
@pytest.mark.parametrize("kept", [16, 31, 119])
def test_a_secret_that_was_cut_short_is_masked_too(length: int, kept: int) -> None:
    """A platform that repeats a token in its message, and we who keep only so much of messages."""
    secrets, token = Secrets(), "".join(f"{n:x}" for n in range(length))[:length]
    secrets.add(token)
    assert secrets.redact(f"token {token[:kept]}") == f"token {MASK}"
    assert secrets.redact(f"{token[:kept]} is invalid") == f"{MASK} is invalid"
    assert secrets.redact(f"{token[:kept]}, {token}") == f"{MASK}, {MASK}"


@pytest.mark.parametrize("secret", ["simulated-token", "abcdefghijklmnopqrstuvwxyz0123456789"])
def test_what_only_begins_like_a_secret_stays(secret: str) -> None:
    """Words and short texts are no parts of a token: "simulated region" stays readable."""
    secrets = Secrets()
    secrets.add(secret)
    assert secrets.redact(f"{secret[:9]} region, {secret[:14]}!") == (
        f"{secret[:9]} region, {secret[:14]}!"
    )


def test_a_token_at_every_request_does_not_grow_for_ever() -> None:
    """A platform that denies each read gets a login for each: what is remembered is bounded."""
    secrets = Secrets()
    secrets.add("a-configured-secret-key")
    for number in range(MOST + FIRST):
        secrets.add(f"token-number-{number}-of-many")
    assert secrets.redact("a-configured-secret-key") == MASK
    assert secrets.redact(f"token-number-{MOST + FIRST - 1}-of-many") == MASK
    assert secrets.count == MOST


async def test_every_token_of_a_login_is_learned_before_anything_is_said_of_it() -> None:
    """A platform that puts a region's token in the place of its name."""
    token = "a-token-that-nobody-has-learned-yet"
    secrets = Secrets()
    regions = [{"clusterId": n, "clusterName": token, "token": token} for n in (1, 2)]
    async with a_center() as center:
        center.on("/tokens", ok(regions))
        keys = Keys("alice", "an-access-key", "a-secret-key", center.server.url + "/tokens")
        http = client_of()
        login = KeyLogin(keys, http, FakeClock(), secrets.add, lambda: None)
        with pytest.raises(SourceRefused) as caught:
            await login.get()
        await http.close()
    assert token not in secrets.redact(str(caught.value))


@pytest.mark.parametrize("code", ["0", "10001", "10007", "10009", "716868", "777"])
async def test_a_token_that_is_repeated_to_us_goes_nowhere(code: str) -> None:
    """Outcomes, errors, names and statuses are stored and told: none of them may hold it."""
    told: list[object] = []
    answer = whole(said({"id": ID, "status": TOKEN, "instanceServiceName": TOKEN}, code, TOKEN))
    async with a_center() as center, client_for(center) as client:
        for path in (detail_of(ID), TASK):
            center.on(path, answer)
        center.on(RESTART, whole(said(TOKEN, code, f"token {TOKEN} is frozen")))
        source = ScnetSource(KEY, client, FakeClock(), ScnetOptions(list="always"))
        told.append(await ScnetRestarter(client, HttpOptions()).restart(ID))
        for asked in (source.look([ID]), source.poll([ID], told.append)):
            try:
                told.append(await asked)
            except (SourceUnavailable, SourceRefused) as error:
                told.append("".join(traceback.format_exception(error)))
    assert len(told) == 3
    assert TOKEN not in repr(told)


async def test_a_token_that_the_center_repeats_goes_nowhere() -> None:
    async with a_center() as center:
        center.on("/center", refused("10001", f"{TOKEN} is for another region"))
        async with client_for(center, center_url=center.server.url + "/center") as client:
            with pytest.raises(SourceUnavailable) as caught:
                await client.read("/any")
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert MASK in str(caught.value)
