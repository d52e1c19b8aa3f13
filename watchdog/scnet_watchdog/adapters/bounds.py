"""Bounds of one answer: how large it may be, unpacked too, and how long it may take."""

import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any
from weakref import WeakSet

LARGEST_BODY = 16 * 2**20
"""Bytes of an answer after decompression: a list page of 200 instances has a quarter of a MiB."""
LATE = "the answer was not complete in time"


class TooMuch(ValueError):
    """More than we read of an answer."""


class Leash:
    """Knows a request's connection, to shut it when the time is over.

    Args:
        known: connections of the client, this one's to be added. A request on a kept connection
            cannot be told from the others: all are shut, and other polls fail with it.
    """

    def __init__(self, known: "WeakSet[Any]") -> None:
        self._known = known
        self._own: list[Any] = []
        self.pulled = False
        self.sent = False
        """Whether the other side may have seen something of the request."""

    async def follow(self, step: str, info: Mapping[str, Any]) -> None:
        """Called by httpx at every step of a request."""
        if step.endswith("send_request_headers.started"):
            # What a proxy is asked to open is no request of ours yet.
            self.sent = self.sent or info["request"].method != b"CONNECT"
        if step.endswith("connect_tcp.complete"):
            self._own.append(info["return_value"])
            self._known.add(info["return_value"])

    def pull(self) -> None:
        """Shut the connection: whoever reads from it sees its end."""
        self.pulled = True
        streams: Iterable[Any] = self._own or list(self._known)
        for stream in streams:
            socket = stream.get_extra_info("socket")
            if socket is not None:
                with suppress(OSError):
                    socket.shutdown(SHUT_RDWR)


def decoded(body: bytes, encoding: str) -> bytes:
    """Undo gzip, never beyond the cap: a few bytes can stand for gigabytes."""
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise TooMuch(f"content encoding {encoding[:20]!r} was not asked for")
    unpack = zlib.decompressobj(wbits=47)
    try:
        whole = unpack.decompress(body, LARGEST_BODY)
    except zlib.error as error:
        raise TooMuch(f"the compressed answer is broken: {error}") from error
    if unpack.unconsumed_tail or not unpack.eof:
        raise TooMuch("the compressed answer is too large or incomplete")
    return whole
