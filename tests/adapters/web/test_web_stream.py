"""The stream: events as they happen, bounded for each client, and over when the server is."""

from collections.abc import AsyncIterator

import pytest

from scnet_watchdog.adapters.web.answers import Unacceptable
from scnet_watchdog.adapters.web.stream import CLIENTS, WAITING_AT_MOST
from scnet_watchdog.core.event import EventKind
from web_support import SECRET, Bench, event


def nothing() -> None:
    """Nobody is hung up on."""


async def first(lines: AsyncIterator[str]) -> str:
    """The first message that is no comment."""
    async for line in lines:
        if not line.startswith(":"):
            return line
    return ""


async def test_a_client_hears_what_happens_after_it_came_with_secrets_masked() -> None:
    bench = Bench()
    bench.feed.emit(event())
    lines = bench.streams.lines(nothing)
    assert await anext(lines) == ": connected\n\n"
    bench.feed.emit(event(EventKind.SOURCE_FAILED, source="scnet", error=SECRET))
    message = await first(lines)
    assert message.startswith("id: 2\nevent: source.failed\ndata: {")
    assert "[secret]" in message
    assert SECRET not in message
    await lines.aclose()  # type: ignore[attr-defined]
    assert bench.streams.clients == 0


async def test_silence_is_filled_with_comments() -> None:
    bench = Bench()
    lines = bench.streams.lines(nothing)
    await anext(lines)
    assert await anext(lines) == ": still here\n\n"


async def test_a_client_that_does_not_keep_up_is_hung_up_on() -> None:
    bench = Bench()
    hung_up: list[bool] = []
    lines = bench.streams.lines(lambda: hung_up.append(True))
    await anext(lines)
    for _ in range(WAITING_AT_MOST):
        bench.feed.emit(event())
    assert not hung_up
    bench.feed.emit(event())
    assert hung_up == [True]
    assert await first(lines) == ""
    assert bench.streams.clients == 0


async def test_there_are_only_so_many_streams() -> None:
    bench = Bench()
    streams = [bench.streams.lines(nothing) for _ in range(CLIENTS)]
    for lines in streams:
        bench.streams.admit()
        await anext(lines)
    with pytest.raises(Unacceptable) as refused:
        bench.streams.admit()
    assert refused.value.status == 503
    bench.streams.close()
    assert [await first(lines) for lines in streams] == [""] * CLIENTS
    assert bench.streams.clients == 0


async def test_the_end_of_the_server_ends_the_streams() -> None:
    bench = Bench()
    lines = bench.streams.lines(nothing)
    await anext(lines)
    bench.streams.close()
    assert await first(lines) == ""
    assert bench.feed.listeners == 0


async def test_who_asks_only_for_the_head_hears_no_stream() -> None:
    bench = Bench()
    async with bench.client() as client:
        head = await client.head("/api/v1/stream")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert bench.streams.clients == 0
