"""The platform's HTTP face on asyncio streams: fast, bounded, and able to misbehave on the wire."""

import asyncio
import gzip
from collections.abc import Callable
from http import HTTPStatus

from .account import envelope
from .answers import Answer, Endpoints, Request, Route, json_answer
from .control import Control
from .faults import Fault
from .platform import Platform

LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 1024 * 1024

Clock = Callable[[], float]


class Server:
    """Serves one platform on loopback.

    Args:
        now: seconds on the simulation's clock.
        wall: seconds since the epoch, for tokens and signatures.
    """

    def __init__(self, platform: Platform, now: Clock, wall: Clock) -> None:
        self.platform = platform
        self._now = now
        self._wall = wall
        self.endpoints = Endpoints(platform)
        self._control = Control(platform, now)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.requests = 0
        """Requests that arrived whole."""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=LARGEST_HEAD)
        bound: int = self._server.sockets[0].getsockname()[1]
        self.endpoints.gateway = f"http://{host}:{bound}"
        return bound

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                self.requests += 1
                if not await self._answer(request, writer):
                    return
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ):
            # The other side went away or spoke nonsense; the connection is over.
            return
        except asyncio.CancelledError:
            return
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection goes on."""
        now, wall = self._now(), self._wall()
        if request.target.startswith("/_sim/"):
            await _send(writer, self._control.answer(request), 0.0)
            return True
        route = self.endpoints.route(request, now, wall)
        if route is None:
            nothing = b'{"timestamp":0,"status":404,"error":"Not Found"}'
            await _send(writer, Answer(nothing, 404), 0.0)
            return True
        fault = self.platform.faults.meet(route.endpoint, route.instance, now)
        if fault is None:
            answer = self._honest(route, request, now, wall)
            await _send(writer, answer, 0.0)
            return True
        return await self._misbehave(fault, route, request, writer)

    def _honest(self, route: Route, request: Request, now: float, wall: float) -> Answer:
        token = request.headers.get("token")
        answer = self._refused(token, wall) if route.needs_token else None
        acted = answer is None
        answer = answer or route.answer()
        self.platform.note(now, route.endpoint, route.instance, answer.code, acted)
        return answer

    def _refused(self, token: str | None, wall: float) -> Answer | None:
        if not self.platform.account.valid(token, wall):
            refusal = envelope("10008", "auth_fail", "token is invalid")
            return json_answer(refusal, self.platform.manners.denied_http)
        if self.platform.account.status == "frozen":
            return json_answer(envelope("10007", "用户已被冻结"))
        return None

    async def _misbehave(
        self, fault: Fault, route: Route, request: Request, writer: asyncio.StreamWriter
    ) -> bool:
        if fault.latency:
            await asyncio.sleep(fault.latency)
        now, wall = self._now(), self._wall()
        if fault.acts_first:
            answer = self._honest(route, request, now, wall)
        else:
            answer = Answer(b"")
            self.platform.note(now, route.endpoint, route.instance, fault.code or "", False)
        if fault.reset is not None:
            return False
        if fault.hang is not None:
            await asyncio.Event().wait()
        await _send(writer, _spoiled(answer, fault), fault.drip, fault.body == "truncated")
        return fault.body != "truncated"


def _spoiled(answer: Answer, fault: Fault) -> Answer:
    """The answer as the fault wants it."""
    if fault.code is not None:
        answer = json_answer(envelope(fault.code, fault.msg))
    if fault.http is not None:
        answer.status = fault.http
        if fault.code is None and fault.body is None and not answer.body:
            answer = Answer(b"", fault.http)
    answer.headers.update(fault.headers)
    if fault.body in _BODIES:
        answer.body = _BODIES[fault.body]
    elif fault.body == "huge":
        answer.body = b'{"code":"0","data":"' + b"x" * (32 * 2**20) + b'"}'
    elif fault.body == "gzip_bomb":
        answer.body = gzip.compress(b" " * (64 * 2**20), 1)
        answer.headers["Content-Encoding"] = "gzip"
    if fault.body == "html":
        answer.type = "text/html"
    return answer


_BODIES = {
    "html": b"<html><h1>502 Bad Gateway</h1></html>",
    "garbage": b"\xff\xfe\x00{]",
    "empty": b"",
    "no_code": b'{"timestamp":0,"status":400,"error":"Bad Request","path":"/"}',
    "not_list": b'{"code":"0","msg":"success","data":"none"}',
}


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection, or None at its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name:
            headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length") or 0)
    if not 0 <= length <= LARGEST_BODY:
        return None
    body = await reader.readexactly(length) if length else b""
    return Request(method, target, headers, body)


async def _send(
    writer: asyncio.StreamWriter, answer: Answer, drip: float, cut: bool = False
) -> None:
    reason = HTTPStatus(answer.status).phrase if answer.status in _KNOWN else "Strange"
    more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    head = (
        f"HTTP/1.1 {answer.status} {reason}\r\nContent-Type: {answer.type}\r\n"
        f"Content-Length: {len(answer.body)}\r\n{more}\r\n"
    ).encode("latin-1")
    body = answer.body[: len(answer.body) // 2] if cut else answer.body
    if not drip:
        writer.write(head + body)
        await writer.drain()
        return
    for byte in head + body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(drip)


_KNOWN = frozenset(int(status) for status in HTTPStatus)
