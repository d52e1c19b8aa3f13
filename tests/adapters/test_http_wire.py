"""What can go wrong on the wire, byte by byte: what was *not sent*, and what has *no answer*."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator

import pytest

from scnet_watchdog.adapters.bounds import LARGEST_BODY
from scnet_watchdog.adapters.http import HttpClient, NoAnswerError, NotSentError
from wire_support import Asked, Play, client_of, closed_port, hang, raw, reset, whole, wire

TOKEN = "a-secret-token"


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    one = client_of()
    yield one
    await one.close()


@pytest.fixture
async def hasty() -> AsyncIterator[HttpClient]:
    """Gives up after 0.5 s without a byte, and after 1.5 s in all."""
    one = client_of(connect=1.0, read=0.5)
    yield one
    await one.close()


async def drip_head(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_body(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def interim_for_ever(_: Asked, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    while not writer.is_closing():
        writer.write(chunk)
        await writer.drain()


async def test_a_whole_answer_is_read(client: HttpClient) -> None:
    async with wire(raw(whole(b"hello", headers=("X-One: 1",)))) as server:
        reply = await client.request("GET", server.url + "/a", {"token": TOKEN}, {"q": "1 2"})
    assert (reply.status, reply.body, reply.headers["x-one"]) == (200, b"hello", "1")
    assert server.asked[0].target == "/a?q=1+2"
    assert server.asked[0].headers["token"] == TOKEN


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(reset, id="a reset after the request"),
        pytest.param(raw(close=True), id="the end before the first byte"),
        pytest.param(raw(b"HTTP/1.1 200 O", close=True), id="the end inside the first line"),
        pytest.param(raw(whole(b"half", length=8), close=True), id="a body shorter than told"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n", close=True), id="another protocol"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"), id="a header without a colon"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), id="a bad chunk"
        ),
        pytest.param(
            raw(whole(b"not gzip", headers=("Content-Encoding: gzip",))), id="gzip that is none"
        ),
        pytest.param(
            raw(whole(gzip.compress(b"x" * 99)[:-9], headers=("Content-Encoding: gzip",))),
            id="gzip cut short",
        ),
        pytest.param(
            raw(whole(b"x", headers=("Content-Encoding: br",))), id="an encoding nobody asked for"
        ),
        pytest.param(endless, id="a body without an end"),
    ],
)
async def test_after_a_byte_may_have_left_there_is_no_answer(
    client: HttpClient, play: Play
) -> None:
    async with wire(play) as server:
        with pytest.raises(NoAnswerError):
            await client.request("POST", server.url, body=b"")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(hang, id="silence"),
        pytest.param(drip_head, id="a header that trickles"),
        pytest.param(drip_body, id="a body that trickles"),
        pytest.param(interim_for_ever, id="interim answers for ever"),
    ],
)
async def test_a_slow_answer_ends_at_the_deadline(hasty: HttpClient, play: Play) -> None:
    """Deadline = connect + read = 1.5 s, however lively the connection is."""
    async with wire(play) as server:
        began = time.monotonic()
        with pytest.raises(NoAnswerError):
            await hasty.request("GET", server.url)
        assert time.monotonic() - began < 10
    assert hasty.free == hasty.size


async def test_a_trickling_answer_on_a_kept_connection_ends_too(hasty: HttpClient) -> None:
    async with wire(raw(whole(b"ok"))) as server:
        await hasty.request("GET", server.url)
        server.play = drip_head
        with pytest.raises(NoAnswerError, match="not complete in time"):
            await hasty.request("GET", server.url)
    assert server.connections == 1


async def test_no_place_is_lost_to_answers_that_never_came(hasty: HttpClient) -> None:
    async with wire(drip_head) as server:
        for _ in range(2 * hasty.size):
            with pytest.raises(NoAnswerError):
                await hasty.request("GET", server.url)
        server.play = raw(whole(b"ok"))
        assert (await hasty.request("GET", server.url)).body == b"ok"
    assert hasty.replaced == 0


async def test_interim_answers_are_passed_over(client: HttpClient) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
    async with wire(raw(early, whole(b"ok"))) as server:
        assert (await client.request("GET", server.url)).body == b"ok"


async def test_gzip_is_unpacked(client: HttpClient) -> None:
    packed = whole(gzip.compress(b"hello"), headers=("Content-Encoding: gzip",))
    async with wire(raw(packed)) as server:
        assert (await client.request("GET", server.url)).body == b"hello"


async def test_a_gzip_bomb_is_not_unpacked_beyond_the_cap(client: HttpClient) -> None:
    """17 MiB of zeros are 17 kB on the wire."""
    bomb = gzip.compress(bytes(LARGEST_BODY + 2**20))
    assert len(bomb) < 100_000
    async with wire(raw(whole(bomb, headers=("Content-Encoding: gzip",)))) as server:
        with pytest.raises(NoAnswerError, match="too large"):
            await client.request("GET", server.url)


async def test_a_refused_connection_was_not_sent(client: HttpClient) -> None:
    with pytest.raises(NotSentError):
        await client.request("POST", f"http://127.0.0.1:{closed_port()}/")


async def test_an_unknown_host_was_not_sent(client: HttpClient) -> None:
    with pytest.raises(NotSentError):
        await client.request("POST", "http://nowhere.invalid/")


async def test_a_failed_tls_handshake_was_not_sent(client: HttpClient) -> None:
    async with wire(raw(whole(b"plain"))) as server:
        with pytest.raises(NotSentError):
            await client.request("POST", server.url.replace("http:", "https:"), body=b"")
    assert not server.asked


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://[::1", "nonsense"])
async def test_an_impossible_url_was_not_sent(client: HttpClient, url: str) -> None:
    with pytest.raises(NotSentError):
        await client.request("GET", url)


async def test_a_redirect_is_an_answer_and_the_token_goes_nowhere_else(client: HttpClient) -> None:
    async with wire(raw(whole(b"thief"))) as thief:
        away = raw(whole(b"", "302 Found", (f"Location: {thief.url}/",)))
        async with wire(away) as server:
            reply = await client.request("POST", server.url, {"token": TOKEN}, body=b"")
    assert reply.status == 302
    assert not thief.asked


@pytest.mark.parametrize("value", ["two\nlines", "two\r\nX-Evil: 1", "a\x00b"])
async def test_a_token_that_cannot_be_sent_is_not_quoted(client: HttpClient, value: str) -> None:
    async with wire(raw(whole(b"ok"))) as server:
        with pytest.raises(NotSentError) as caught:
            await client.request("GET", server.url, {"token": value})
    assert value not in repr(caught.value)
    assert not server.asked


async def test_polls_keep_their_connection(client: HttpClient) -> None:
    async with wire(raw(whole(b"ok"))) as server:
        for _ in range(3):
            await client.request("GET", server.url)
    assert server.connections == 1


async def test_every_restart_call_has_a_new_connection() -> None:
    """On a kept one that was just closed nobody could tell whether the call arrived."""
    calls = client_of(for_calls=True)
    async with wire(raw(whole(b"ok"))) as server:
        for _ in range(3):
            await calls.request("POST", server.url, body=b"")
    assert server.connections == 3
    await calls.close()


@pytest.mark.parametrize(
    ("connections", "calls", "polls"), [(2, 1, 1), (3, 1, 2), (4, 2, 2), (8, 6, 2)]
)
async def test_calls_leave_connections_to_polls(connections: int, calls: int, polls: int) -> None:
    """Calls: at most max(1, connections - 2); polls: the rest."""
    for_calls = client_of(connections=connections, for_calls=True)
    for_polls = client_of(connections=connections)
    assert (for_calls.size, for_polls.size) == (calls, polls)
    await for_calls.close()
    await for_polls.close()


async def test_more_requests_than_places_wait_for_their_turn() -> None:
    """Two places, each request takes 0.6 s: six take 1.8 s, longer than any wait for a place."""
    client = client_of(connect=1.0, read=5)

    async def slowly(_: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.6)
        writer.write(whole(b"ok"))

    async with wire(slowly) as server:
        replies = await asyncio.gather(*(client.request("GET", server.url) for _ in range(6)))
    assert [reply.status for reply in replies] == [200] * 6
    assert server.connections == 2
    await client.close()


async def test_places_in_use_are_not_free() -> None:
    client = client_of(connections=4)
    async with wire(hang) as server:
        waiting = asyncio.create_task(client.request("GET", server.url))
        while not server.asked:
            await asyncio.sleep(0.01)
        assert client.free == client.size - 1
        await server.stop()
        with pytest.raises(NoAnswerError):
            await waiting
    assert client.free == client.size
    await client.close()
