"""Named attacks: what a server does on one connection to hurt whoever asked it."""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable, Iterator

from scnet_support import ok
from wire_support import Asked, Play, hang, raw, reset, whole

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TRUE = ok("a-returned-id")
BODY = TRUE.partition(b"\r\n\r\n")[2]
BOMB = bytes(17 * 2**20)
"""Unpacked one MiB larger than the cap."""


def forever(first: bytes, again: bytes, pause: float | None = None) -> Play:
    """Something without an end, as fast as it is taken or with a pause between."""

    async def play(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while not writer.is_closing():
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause or 0)

    return play


def encoded(body: bytes, coding: str) -> Play:
    return raw(whole(body, headers=(f"Content-Encoding: {coding}",)))


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


SLOW: dict[str, Play] = {
    "silence": hang,
    "a status line that drips": forever(b"HTTP/1.1 200 O", b"K", 0.02),
    "a header that drips": forever(HEAD + b"X: ", b"x", 0.02),
    "a body that drips": forever(HEAD + b"Content-Length: 99999\r\n\r\n", b" ", 0.02),
    "chunks that drip": forever(CHUNKED, b"1\r\n \r\n", 0.02),
    "a chunk's extension that drips": forever(CHUNKED + b"1;", b"x", 0.02),
    "trailers that drip": forever(CHUNKED + b"0\r\n", b"x: 1\r\n", 0.02),
    "interim answers that drip": forever(b"", b"HTTP/1.1 102 Wait\r\n\r\n", 0.02),
    "a true body that is told longer": raw(whole(BODY, length=len(BODY) + 1)),
    "a true body without its last chunk": raw(CHUNKED + b"%x\r\n%b\r\n" % (len(BODY), BODY)),
    "a true body without any length": raw(HEAD + b"\r\n" + BODY),
}
"""Only the deadline ends them."""

FAST: dict[str, Play] = {
    "a reset": reset,
    "an endless body": forever(HEAD + b"\r\n", b" " * 65_536),
    "a body of an exabyte": forever(HEAD + b"Content-Length: %d\r\n\r\n" % 10**18, b" " * 65_536),
    "endless chunks": forever(CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n"),
    "an endless header": forever(HEAD + b"X: ", b"x" * 65_536),
    "endless headers": forever(HEAD, b"x: 1\r\n" * 10_000),
    "endless empty lines": forever(b"", b"\r\n" * 30_000),
    "an endless status line": forever(b"HTTP/1.1 200 ", b"x" * 65_536),
    "endless trailers": forever(CHUNKED + b"0\r\n", b"x: 1\r\n" * 10_000),
    "an endless chunk extension": forever(CHUNKED + b"1;", b"x" * 65_536),
    "a chunk of nearly everything": raw(CHUNKED + b"f" * 16 + b"\r\n", close=True),
    "a chunk's length without an end": forever(CHUNKED, b"f" * 65_536),
    "a chunk of no number": raw(CHUNKED + b"-1\r\n", close=True),
    "two lengths": raw(whole(BODY, headers=("Content-Length: 3",))),
    "a length below nothing": raw(HEAD + b"Content-Length: -1\r\n\r\n", close=True),
    "a length of many digits": raw(HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"),
    "a length that is a word": raw(HEAD + b"Content-Length: many\r\n\r\n"),
    "an unknown transfer coding": raw(HEAD + b"Transfer-Encoding: gzip\r\n\r\n", close=True),
    "a gzip bomb": encoded(gzip.compress(BOMB), "gzip"),
    "a gzip bomb within gzip": encoded(gzip.compress(gzip.compress(BOMB)), "gzip, gzip"),
    "a deflate bomb": encoded(zlib.compress(BOMB), "deflate"),
    "a raw deflate bomb": encoded(_raw_deflate(BOMB), "deflate"),
    "a brotli bomb": encoded(b"\x5b\xff\xff\xff" * 99, "br"),
    "a zstandard bomb": encoded(b"\x28\xb5\x2f\xfd" * 99, "zstd"),
    "gzip cut short": encoded(gzip.compress(BODY)[:-1], "gzip"),
    "gzip that is none": encoded(BODY, "gzip"),
    "HTTP/0.9": raw(BODY, close=True),
    "HTTP/2": raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", close=True),
    "TLS": raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", close=True),
    "another protocol": raw(b"SSH-2.0-OpenSSH_9.6\r\n", close=True),
    "zeros": raw(b"\x00" * 65_536, close=True),
    "a folded first header": raw(HEAD + b" folded: 1\r\n\r\n", close=True),
    "another protocol agreed upon": raw(b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n", close=True),
    "an end at once": raw(close=True),
}
"""They end by themselves, or at a cap."""


def each_end(answer: bytes, step: int) -> Iterator[bytes]:
    """The answer, cut before the last byte, and so on backwards by so many bytes."""
    return (answer[:end] for end in range(len(answer) - 1, -1, -step))


async def every(work: Callable[[str, Play], Awaitable[None]], attacks: dict[str, Play]) -> None:
    """All attacks at the same time: each has its own server and waits for its own deadline."""
    async with asyncio.TaskGroup() as group:
        for name, play in attacks.items():
            group.create_task(_named(work, name, play))


async def _named(work: Callable[[str, Play], Awaitable[None]], name: str, play: Play) -> None:
    try:
        await work(name, play)
    except BaseException as error:
        error.add_note(f"attack: {name}")
        raise
