"""Real sockets: who may open the control socket, who is hung up on, and how it all ends."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from scnet_watchdog.adapters.web import connection
from scnet_watchdog.adapters.web.doors import Doors, Ways
from scnet_watchdog.adapters.web.listeners import CannotListen, control_socket, tcp_listener
from web_support import Bench, event


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@asynccontextmanager
async def opened(ways: Ways, bench: Bench | None = None) -> AsyncIterator[Bench]:
    """All ways in, with a fake desk behind them."""
    bench = bench or Bench()
    doors = Doors(bench.face, ways, bench.elapsed)
    try:
        assert await doors.open() is None
        yield bench
    finally:
        await doors.close()


@asynccontextmanager
async def over(path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a control socket."""
    transport = httpx.AsyncHTTPTransport(verify=False, uds=str(path))
    async with httpx.AsyncClient(transport=transport, base_url="http://watchdog") as client:
        yield client


async def to_the_end(reader: asyncio.StreamReader) -> bytes:
    """What still comes before the connection ends, by a reset too."""
    found = b""
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            while part := await reader.read(1000):
                found += part
    return found


async def test_the_control_socket_is_for_its_owner_only_and_goes_with_the_server(
    tmp_path: Path,
) -> None:
    path = tmp_path / "control.sock"
    async with opened(Ways(path)) as bench, over(path) as client:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        done = await client.post("/api/v1/fleet/hold", json={})
        assert done.json() == {"done": "the fleet: done"}
        assert bench.desk.wishes[0].by == "control socket"
    assert not path.exists()


async def test_an_address_without_a_token_serves_health_only(tmp_path: Path) -> None:
    port = free_port()
    ways = Ways(tmp_path / "s", listen=("127.0.0.1", port))
    async with (
        opened(ways),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=False) as client,
    ):
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/api/v1/instances")).status_code == 404


async def test_a_stream_over_a_socket_ends_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "s"
    lines: list[str] = []
    async with opened(Ways(path)) as bench, over(path) as client:
        async with client.stream("GET", "/api/v1/stream") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            received = answer.aiter_lines()
            assert await anext(received) == ": connected"
            bench.feed.emit(event())
            while not lines or not lines[-1].startswith("data:"):
                lines.append(await anext(received))
        for _ in range(200):
            if not bench.streams.clients:
                break
            await asyncio.sleep(0.01)
        # Whoever goes is forgotten.
        assert bench.streams.clients == 0
        reading = asyncio.create_task(client.get("/api/v1/stream"))
        while not bench.streams.clients:
            await asyncio.sleep(0.01)
        bench.streams.close()
        assert (await reading).status_code == 200


async def test_a_socket_left_by_a_dead_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with opened(Ways(path)), over(path) as client:
        assert (await client.get("/healthz")).status_code == 200


async def test_a_socket_that_answers_and_a_file_that_is_none_are_left_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s"
    async with opened(Ways(path)), over(path) as client:
        with pytest.raises(CannotListen, match="another process answers there"):
            control_socket(path)
        assert (await client.get("/healthz")).status_code == 200
    file = tmp_path / "file"
    file.write_text("precious")
    with pytest.raises(CannotListen, match="no socket"):
        control_socket(file)
    assert file.read_text() == "precious"


async def test_a_socket_put_there_by_another_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with opened(Ways(path)):
        path.unlink()
        theirs = control_socket(path)
    assert path.exists()
    theirs.listener.close()


async def test_a_control_socket_that_cannot_be_is_told_and_a_configured_one_is_a_must(
    tmp_path: Path,
) -> None:
    bench = Bench()
    # Longer than the 107 bytes that Linux allows.
    path = tmp_path / ("x" * 120)
    lenient = Doors(bench.face, Ways(path), bench.elapsed)
    missing = await lenient.open()
    assert missing is not None
    assert str(path) in str(missing)
    await lenient.close()
    strict = Doors(Bench().face, Ways(path, must=True), bench.elapsed)
    with pytest.raises(CannotListen):
        await strict.open()
    await strict.close()


def test_an_address_in_use_is_told_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}"):
            tcp_listener("127.0.0.1", port)
    with pytest.raises(CannotListen, match="no-such-host"):
        tcp_listener("no-such-host.invalid", 1)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"\x00\xff\r\n\r\n",
        b"GET /%ff%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Content-Length: 1\r\nConnection: close\r\n\r\n",
    ],
)
async def test_nonsense_ends_its_own_connection_only(tmp_path: Path, sent: bytes) -> None:
    path = tmp_path / "s"
    async with opened(Ways(path)) as bench:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(sent)
        async with asyncio.timeout(5):
            answer = await reader.read(12)
        assert answer[:9] == b"HTTP/1.1 "
        assert answer[9:10] in (b"4", b"2")
        writer.close()
        async with over(path) as client:
            assert (await client.get("/healthz")).status_code == 200
        assert not bench.desk.wishes


async def test_whoever_connects_and_asks_nothing_is_hung_up_on(tmp_path: Path) -> None:
    class Hasty(connection.Connection):
        """One that waits for a moment only."""

        request_within_s = 0.05

    path = tmp_path / "s"
    async with opened(Ways(path, connection=Hasty)):
        reader, writer = await asyncio.open_unix_connection(str(path))
        assert await to_the_end(reader) == b""
        writer.close()
        # A whole request, then a part of the next one.
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /hea")
        assert b'"ok": true' in await to_the_end(reader)
        writer.close()
