"""A relay between daemon and platform: it sees what left the daemon, whatever became of it.

At the moment a restart call arrives, before anything is passed on, the state's files are copied as
they lie on the disk: the copy says whether the attempt had been saved before its call.
"""

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

RESTART = "/task/actions/restart?"
ASKED, ANSWERED, REPLIED = "wire asked", "wire answered", "wire replied"
"""The call has arrived and is not passed on; the platform has answered and the answer is not
passed on; the answer was passed on."""


@dataclass(frozen=True, slots=True)
class WireCall:
    """One restart call as it left the daemon.

    Args:
        at: seconds since the epoch.
        saved: the numbers of the instance's attempts on the disk at that moment that may have
            called: open ones, and those that got no answer and are not judged. The latter where the
            call came late to us: its daemon gave up waiting, or died and was followed by another.
    """

    at: float
    instance: str
    saved: tuple[int, ...]


class Relay:
    """Stands on loopback before the platform.

    Args:
        state: the state file whose attempts are looked up at every call.
        passed: told every stage of a call; may kill the daemon.
    """

    def __init__(self, platform: int, state: Path, passed: Callable[[str], None]) -> None:
        self._platform = platform
        self._state = state
        self._passed = passed
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.calls: list[WireCall] = []
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._platform)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._one(reader, writer, there, back):
                    pass
        finally:
            for one in (writer, back):
                one.transport.abort()

    async def _one(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> bool:
        """Pass on one request and what is answered."""
        request = await _whole(reader, await reader.readuntil(b"\r\n\r\n"))
        target = request.split(b" ", 2)[1].decode()
        call = RESTART in target
        if call:
            instance = parse_qs(target.partition("?")[2])["instanceServiceId"][0]
            self.calls.append(
                WireCall(time.time(), instance, unjudged_attempts(self._state, instance))
            )
            self._passed(ASKED)
        back.write(request)
        return await self._answer(writer, there, reader, call)

    async def _answer(
        self,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        reader: asyncio.StreamReader,
        call: bool,
    ) -> bool:
        answer = await _whole(there, await _head(there, reader))
        if call:
            self._passed(ANSWERED)
        writer.write(answer)
        await writer.drain()
        if call:
            self._passed(REPLIED)
        return True


async def _whole(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """A message with its body, whose head was read."""
    lines = head.decode("latin-1").lower().split("\r\n")
    lengths = [int(x.partition(":")[2]) for x in lines if x.startswith("content-length")]
    return head + await reader.readexactly(sum(lengths))


async def _head(there: asyncio.StreamReader, reader: asyncio.StreamReader) -> bytes:
    """The answer's head; an error where the daemon goes away before it comes."""
    waiting = asyncio.create_task(there.readuntil(b"\r\n\r\n"))
    gone = asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise ConnectionResetError
        return waiting.result()
    finally:
        for one in (waiting, gone):
            one.cancel()
        await asyncio.gather(waiting, gone, return_exceptions=True)


def unjudged_attempts(state: Path, instance: str) -> tuple[int, ...]:
    """Numbers of attempts that may have called, read from a copy of the files as they lie."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (state.name, state.name + "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(state.with_name(name), Path(folder) / name)
        with closing(sqlite3.connect(Path(folder) / state.name)) as copy:
            rows = copy.execute(
                "SELECT seq FROM attempts WHERE instance = ? AND verdict IS NULL "
                "AND (outcome IS NULL OR outcome = 'unknown')",
                (instance,),
            ).fetchall()
    return tuple(seq for (seq,) in rows)
