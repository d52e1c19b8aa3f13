"""HTTP/1.1 as far as the platform speaks it: requests in, bounded; answers out, byte by byte
where a fault wants it, and connections that end in every way a connection can end."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus

from .answers import Answer, Request

LARGEST_HEAD = 64 * 1024
LARGEST_BODY = 1024 * 1024
_KNOWN = {int(status): status.phrase for status in HTTPStatus}


class TooMuchError(ValueError):
    """A request that is larger than we read, or framed as we do not understand.

    Args:
        status: the HTTP status that says so.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Pace:
    """How an answer's bytes leave.

    Args:
        drip: seconds between two bytes; 0 = all at once.
        missing: bytes of the body that are announced and never sent.
        surplus: bytes that are sent beyond what was announced.
    """

    drip: float = 0.0
    missing: int = 0
    surplus: bytes = b""


AT_ONCE = Pace()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request of a connection.

    Raises:
        TooMuchError: it is larger than we read.
        asyncio.IncompleteReadError: the other side is gone.
        ValueError: it is no HTTP.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise TooMuchError(431) from error
    method, target, headers = _head(head.decode("utf-8", "replace"))
    length = _length(headers)
    body = await reader.readexactly(length) if length else b""
    return Request(method, target, headers, body)


def _head(text: str) -> tuple[str, str, dict[str, str]]:
    lines = text.split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    named = (line.partition(":") for line in lines[1:] if line)
    return method, target, {name.strip().lower(): value.strip() for name, _, value in named}


def _length(headers: dict[str, str]) -> int:
    """How long the body is; chunks are not understood."""
    if "transfer-encoding" in headers:
        raise TooMuchError(411)
    length = int(headers.get("content-length") or 0)
    if length < 0:
        raise ValueError("a body cannot be shorter than nothing")
    if length > LARGEST_BODY:
        raise TooMuchError(413)
    return length


async def send(writer: asyncio.StreamWriter, answer: Answer, pace: Pace = AT_ONCE) -> None:
    """Write one answer."""
    more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    head = (
        f"HTTP/1.1 {answer.status} {_KNOWN.get(answer.status, 'Strange')}\r\n"
        f"Content-Type: {answer.type}\r\nContent-Length: {len(answer.body)}\r\n{more}\r\n"
    )
    body = answer.body[: len(answer.body) - pace.missing] + pace.surplus
    whole = head.encode() + body
    if not pace.drip:
        writer.write(whole)
        await writer.drain()
        return
    for n in range(len(whole)):
        writer.write(whole[n : n + 1])
        await writer.drain()
        await asyncio.sleep(pace.drip)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a TCP reset: what was not yet read on the other side is lost."""
    found = writer.get_extra_info("socket")
    if found is not None:
        # Linger for 0 s: closing sends a reset in place of an orderly end.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
