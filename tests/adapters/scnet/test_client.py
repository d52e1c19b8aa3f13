"""One center's wire: gateways found and changed, one fresh token, refusals and throttles."""

import asyncio
from datetime import timedelta

import pytest

from scnet_support import (
    FRESH,
    ID,
    RESTART,
    TOKEN,
    Center,
    TwoTokens,
    a_center,
    client_for,
    detail_of,
    fixed,
    ok,
    refused,
    restarter_for,
    row,
)
from scnet_watchdog.adapters.scnet.client import detail_path, gateways, normalised
from scnet_watchdog.core.model import BlockCause
from scnet_watchdog.core.outcome import Accepted, NotSent
from scnet_watchdog.ports import SourceRefused, SourceThrottled, SourceUnavailable
from wire_support import closed_port, hang, reset, whole

DETAIL = detail_path(ID)


def center_data(*urls: str) -> bytes:
    return ok({"id": "x", "aiUrls": [{"enable": "true", "url": url} for url in urls]})


@pytest.mark.parametrize(
    "url", ["https://a:1", "https://a:1/", "https://a:1/ai", "https://a:1/ai/"]
)
def test_ai_stands_in_a_base_exactly_once(url: str) -> None:
    assert normalised(url) == "https://a:1/ai"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"aiUrls": [{"enable": "true", "url": "https://a"}]}, ["https://a/ai"]),
        ({"aiUrls": [{"enable": True, "url": "https://a/ai"}]}, ["https://a/ai"]),
        ({"aiUrls": [{"enable": "false", "url": "https://a"}, {"url": "https://b"}]}, []),
        ({"aiUrls": [{"enable": "true"}, "x", {"enable": "true", "url": "ftp://a"}]}, []),
        ({"aiUrls": None}, []),
        ({}, []),
        ([], []),
        (None, []),
    ],
)
def test_only_enabled_gateways_count(data: object, found: list[str]) -> None:
    assert gateways(data) == found


def test_an_id_can_be_no_path_of_its_own() -> None:
    assert detail_path("../x?y").endswith("/..%2Fx%3Fy/detail")


async def test_the_gateway_is_asked_once_with_the_regions_token() -> None:
    async with a_center() as center:
        center.on("/center", center_data(center.server.url))
        center.on(detail_of(ID), ok(row(ID)))
        async with client_for("", center_url=center.server.url + "/center") as client:
            await client.read(DETAIL)
            await client.read(DETAIL)
    assert len(center.asked("/center")) == 1
    assert center.asked("/center")[0].headers["token"] == TOKEN


async def test_every_read_tells_how_long_it_took_whether_of_the_list_or_of_a_detail() -> None:
    told: list[str] = []

    def took(kind: str, length: timedelta) -> None:
        assert length >= timedelta()
        told.append(kind)

    async with a_center() as center:
        center.on(detail_of(ID), ok(row(ID)))
        async with client_for(center, took=took) as client:
            await client.read(DETAIL)
            await client.read("/openapi/v2/instance-service/task")
    assert told == ["detail", "list"]
    # A read that fails counts as well: it took as long as it took.
    async with client_for(f"http://127.0.0.1:{closed_port()}", took=took) as client:
        with pytest.raises(SourceUnavailable):
            await client.read(DETAIL)
    assert told == ["detail", "list", "detail"]


async def test_an_unreachable_gateway_is_left_for_good() -> None:
    """Two reads fail on it at once, which must not skip the next gateway."""
    async with a_center() as center:
        dead = f"http://127.0.0.1:{closed_port()}"
        center.on("/center", center_data(dead, center.server.url, dead + "/never"))
        center.on(detail_of(ID), ok(row(ID)))
        async with client_for("", center_url=center.server.url + "/center") as client:
            failed = await asyncio.gather(
                client.read(DETAIL), client.read(DETAIL), return_exceptions=True
            )
            assert [type(one) for one in failed] == [SourceUnavailable] * 2
            for _ in range(2):
                _, envelope = await client.read(DETAIL)
                assert envelope is not None
                assert envelope.ok
    assert len(center.asked("/center")) == 1


async def test_a_call_that_was_not_sent_changes_the_gateway_too() -> None:
    async with a_center() as center:
        dead = f"http://127.0.0.1:{closed_port()}"
        center.on("/center", center_data(dead, center.server.url))
        center.on(RESTART, ok(ID))
        async with restarter_for("", center_url=center.server.url + "/center") as restarter:
            assert isinstance(await restarter.restart(ID), NotSent)
            assert isinstance(await restarter.restart(ID), Accepted)


async def test_an_answer_that_never_came_changes_no_gateway() -> None:
    """The gateway is there; elsewhere the same call might be made twice."""
    async with a_center() as other, a_center() as center:
        center.on("/center", center_data(center.server.url, other.server.url))
        center.on(RESTART, reset)
        async with restarter_for("", center_url=center.server.url + "/center") as restarter:
            await restarter.restart(ID)
            await restarter.restart(ID)
        assert not other.server.asked
    assert len(center.asked(RESTART)) == 2


async def test_after_the_last_gateway_they_are_asked_for_anew() -> None:
    async with a_center() as center:
        dead = f"http://127.0.0.1:{closed_port()}"
        center.on("/center", center_data(dead), center_data(center.server.url))
        center.on(detail_of(ID), ok(row(ID)))
        async with client_for("", center_url=center.server.url + "/center") as client:
            with pytest.raises(SourceUnavailable):
                await client.read(DETAIL)
            await client.read(DETAIL)
    assert len(center.asked("/center")) == 2


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (ok({"aiUrls": []}), SourceUnavailable, "names no AI gateway"),
        (refused("10001", "internal_error"), SourceUnavailable, "code 10001: internal_error"),
        (whole(b"", "404 Not Found"), SourceUnavailable, "HTTP 404 without an envelope"),
        (whole(b"", "429 Too Many Requests"), SourceThrottled, "slow down"),
        (refused("10008", "auth_fail"), SourceRefused, "code 10008: auth_fail"),
        (refused("10007", "frozen"), SourceRefused, "code 10007: frozen"),
        (reset, SourceUnavailable, "asking for the gateway failed"),
    ],
)
async def test_a_center_that_names_no_gateway_says_why(
    answer: bytes, error: type[Exception], text: str
) -> None:
    async with a_center() as center:
        center.on("/center", answer)
        async with client_for("", center_url=center.server.url + "/center") as client:
            with pytest.raises(error, match=text):
                await client.read(DETAIL)


async def test_a_stale_token_is_renewed_for_the_gateway_as_for_any_read() -> None:
    async with a_center() as center:
        center.on("/center", refused("10008"), center_data(center.server.url))
        center.on(detail_of(ID), refused("10008"), ok(row(ID)))
        tokens = TwoTokens(fixed())
        async with client_for("", tokens, center.server.url + "/center") as client:
            _, envelope = await client.read(DETAIL)
    assert envelope is not None
    assert envelope.ok
    assert [one.headers["token"] for one in center.asked("/center")] == [TOKEN, FRESH]


async def refusal_of(center: Center, tokens: TwoTokens) -> SourceRefused:
    async with client_for(center, tokens) as client:
        with pytest.raises(SourceRefused) as caught:
            await client.read(DETAIL)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refused("10008", "auth_fail"), "10008"),
        (whole(b"", "401 Unauthorized"), None),
        (whole(b"<html>", "403 Forbidden"), None),
    ],
)
async def test_a_refused_read_gets_one_fresh_token_and_one_repeat(
    answer: bytes, code: str | None
) -> None:
    """Refused with a token fetched just before, it is a right that is missing."""
    async with a_center() as center:
        center.on(detail_of(ID), answer)
        error = await refusal_of(center, TwoTokens(fixed()))
    assert (error.cause, error.code) == (BlockCause.PERMISSION, code)
    assert [one.headers["token"] for one in center.asked(detail_of(ID))] == [TOKEN, FRESH]
    assert TOKEN not in str(error)


async def test_without_a_fresher_token_it_has_expired() -> None:
    async with a_center() as center:
        center.on(detail_of(ID), refused("10008"))
        error = await refusal_of(center, TwoTokens(fixed(), fresh=None))
    assert error.cause is BlockCause.TOKEN_EXPIRED
    assert len(center.asked(detail_of(ID))) == 1


@pytest.mark.parametrize(
    ("code", "cause"), [("10007", BlockCause.FROZEN), ("10009", BlockCause.PERMISSION)]
)
async def test_a_read_refused_for_the_account_needs_no_fresh_token(
    code: str, cause: BlockCause
) -> None:
    async with a_center() as center:
        center.on(detail_of(ID), refused(code))
        tokens = TwoTokens(fixed())
        error = await refusal_of(center, tokens)
    assert (error.cause, error.code, tokens.renewals) == (cause, code, 0)


async def test_a_fresh_token_makes_the_read_succeed() -> None:
    async with a_center() as center:
        center.on(detail_of(ID), refused("10008"), ok(row(ID)))
        async with client_for(center, TwoTokens(fixed())) as client:
            _, envelope = await client.read(DETAIL)
    assert envelope is not None
    assert envelope.ok


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        ("429 Too Many Requests", (), None),
        ("429 Too Many Requests", ("Retry-After: 12",), timedelta(seconds=12)),
        ("503 Service Unavailable", ("Retry-After: 3",), timedelta(seconds=3)),
    ],
)
async def test_a_throttled_read_says_how_long(
    status: str, headers: tuple[str, ...], wait: timedelta | None
) -> None:
    async with a_center() as center:
        center.on(detail_of(ID), whole(b"", status, headers))
        async with client_for(center) as client:
            with pytest.raises(SourceThrottled) as caught:
                await client.read(DETAIL)
    assert caught.value.retry_after == wait


async def test_503_alone_is_no_throttle() -> None:
    async with a_center() as center:
        center.on(detail_of(ID), whole(b"", "503 Service Unavailable"))
        async with client_for(center) as client:
            reply, envelope = await client.read(DETAIL)
    assert (reply.status, envelope) == (503, None)


async def test_a_read_does_not_wait_for_restart_calls() -> None:
    """Six calls hang on all their connections; the read has its own."""
    async with a_center() as center:
        center.on(RESTART, hang)
        center.on(detail_of(ID), ok(row(ID)))
        async with client_for(center) as client:
            calls = [
                asyncio.create_task(client.calls.request("POST", center.server.url + RESTART))
                for _ in range(client.calls.size)
            ]
            while len(center.asked(RESTART)) < client.calls.size:
                await asyncio.sleep(0.01)
            assert client.calls.free == 0
            _, envelope = await client.read(DETAIL)
            await asyncio.gather(*calls, return_exceptions=True)
    assert envelope is not None
