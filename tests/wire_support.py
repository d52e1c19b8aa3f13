"""A server on loopback that misbehaves byte by byte, as it is told."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scnet_watchdog.adapters.http import HttpClient, HttpOptions

LARGEST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Play = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """Serves; every request goes to `play`, which writes what it likes."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.asked: list[Asked] = []
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LARGEST_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while not writer.is_closing():
                asked = await _read(reader)
                self.asked.append(asked)
                await self.play(asked, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    method, target, _ = first.split(" ")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


@asynccontextmanager
async def wire(play: Play) -> AsyncIterator[Wire]:
    """A server for one test."""
    server = Wire(play)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def raw(*parts: bytes, close: bool = False) -> Play:
    """Write these bytes, whatever was asked."""

    async def play(_: Asked, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if close:
            writer.close()

    return play


def whole(
    body: bytes, status: str = "200 OK", headers: tuple[str, ...] = (), length: int | None = None
) -> bytes:
    """A whole answer; `length` may lie."""
    size = len(body) if length is None else length
    head = "".join(f"{line}\r\n" for line in (f"Content-Length: {size}", *headers))
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def said(data: Any = None, code: str | int = "0", message: str = "success") -> bytes:
    """An envelope as the platform writes it."""
    return json.dumps({"code": code, "msg": message, "data": data}).encode()


async def hang(_: Asked, writer: asyncio.StreamWriter) -> None:
    """Never answer; ends when the other side goes."""
    while not writer.is_closing():
        await asyncio.sleep(0.01)


async def reset(_: Asked, writer: asyncio.StreamWriter) -> None:
    """Cut the connection with a reset rather than an end."""
    raw_socket = writer.get_extra_info("socket")
    raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def client_of(
    connect: float = 5.0, read: float = 2.0, connections: int = 8, for_calls: bool = False
) -> HttpClient:
    """A client with short time-outs."""
    options = HttpOptions(
        timedelta(seconds=connect), timedelta(seconds=read), connections=connections
    )
    return HttpClient(options, time.monotonic, for_calls)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
