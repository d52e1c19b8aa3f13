"""The real store on a real file, on the loop's own thread, with a disk that can be full.

What it acknowledged is remembered beside it: that is what must be found again after a death.
"""

import resource
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.core.attempt import AttemptKey
from scnet_watchdog.core.change import Change, Memory
from scnet_watchdog.core.command import Command
from scnet_watchdog.ports import Clock, Tenure, Unwritable

from .witness import Witness

FILE = "state.db"


class Inline(Executor):
    """Does the work at once, where it is asked for: nothing depends on threads."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


@contextmanager
def largest_file(size: int | None) -> Iterator[None]:
    """Let the system refuse to write beyond a size, as a full disk does."""
    if size is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class SimStore:
    """Fulfils `ports.StateStore` with `SqliteStore`.

    Args:
        step: awaited before and after each commit: the daemon may die there.
        full: bytes a file may hold for the next commit, or None where there is room.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        witness: Witness,
        step: Callable[[str], Any],
        full: Callable[[], int | None],
    ) -> None:
        self.folder = folder
        self._inner = SqliteStore(folder / FILE, clock, thread=Inline())
        self._witness = witness
        self._step = step
        self._full = full

    async def acquire(self, who: str, wait: timedelta) -> Tenure:
        await self._halt("acquire")
        return await self._inner.acquire(who, wait)

    async def load(self, tenure: Tenure) -> Memory:
        await self._halt("load")
        memory = await self._inner.load(tenure)
        self._witness.loaded(memory)
        return memory

    async def commit(self, tenure: Tenure, change: Change) -> frozenset[AttemptKey]:
        await self._halt("commit: before")
        try:
            with largest_file(self._full()):
                granted = await self._inner.commit(tenure, change)
        except Unwritable:
            self._witness.not_saved()
            raise
        self._witness.saved(change, granted)
        await self._halt("commit: after")
        return granted

    async def inbox(self, tenure: Tenure) -> Sequence[Command]:
        await self._halt("inbox")
        return await self._inner.inbox(tenure)

    async def post(self, command: Command) -> None:
        """Leave a command, as a program does that runs while the daemon does not."""
        await self._inner.post(command)

    async def close(self) -> None:
        """A clean stop."""
        await self._inner.close()

    def die(self, grave: Path) -> None:
        """Leave the files as they are at this moment to `grave`: nothing is closed in order."""
        shutil.copytree(self.folder, grave)
        connection, self._inner._connection = self._inner._connection, None
        if connection is not None:
            connection.close()
        self._inner._lock.free()
        shutil.rmtree(self.folder)

    async def _halt(self, where: str) -> None:
        ended = self._step(where)
        if ended is not None:
            await ended
