"""The state in one SQLite file: one writer thread, one transaction a turn, on disk when saved."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from ...core.attempt import Attempt, AttemptKey
from ...core.change import Change, Memory
from ...core.command import Command
from ...core.event import Event
from ...core.model import InstanceId
from ...ports import (
    Clock,
    Excerpt,
    Fenced,
    Sought,
    StoreError,
    Tenure,
    Unreadable,
    Unwritable,
)
from . import codec
from .lock import StateLock, boot_id, me
from .mounts import network_warning
from .opening import create_state, exists, open_state, ready_folder, storage_error
from .retention import prune
from .rows import newest_attempts, newest_events, read_memory, untouched, withdraw, write

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
PRUNE_BATCH = 5000
"""Rows one transaction of the retention deletes, so that turns need not wait long."""


class SqliteStore:
    """Fulfils `ports.StateStore` and `ports.Journal`. All work happens on one thread of its own.

    Args:
        explicit: the place was configured rather than the default.
        thread: where the work happens, one piece after another; default a thread of its own.
    """

    def __init__(
        self, path: Path, clock: Clock, explicit: bool = True, thread: Executor | None = None
    ) -> None:
        self._path = path
        self._clock = clock
        self._explicit = explicit
        self._lock = StateLock(path)
        self._connection: sqlite3.Connection | None = None
        self._tenure: Tenure | None = None
        self._fresh = False
        self._closed = False
        self._odd_rows: set[int] = set()
        self._doubtful: tuple[AttemptKey, ...] = ()
        self._thread = thread or ThreadPoolExecutor(1, thread_name_prefix="state")

    @property
    def path(self) -> Path:
        """Where the state lies."""
        return self._path

    async def acquire(self, who: str, wait: timedelta) -> Tenure:
        """Take the lock and open the file; a second call renews."""
        return await self._do(lambda: self._acquire(who, wait))

    async def load(self, tenure: Tenure) -> Memory:
        """Everything that is stored."""
        return await self._do(lambda: self._load(tenure))

    async def commit(self, tenure: Tenure, change: Change) -> frozenset[AttemptKey]:
        """Save all of it in one transaction; on disk when this returns."""
        return await self._do(lambda: self._commit(tenure, change))

    async def inbox(self, tenure: Tenure) -> Sequence[Command]:
        """Commands that were left while no daemon ran."""
        return await self._do(lambda: self._inbox(tenure))

    async def post(self, command: Command) -> None:
        """Leave a command for the next owner; for whoever holds the lock without running."""
        await self._do(lambda: self._post(command))

    async def excerpt(self, sought: Sought) -> Excerpt:
        """The newest journalled events of those that are sought."""
        rows, before = await self._do(lambda: self._read(lambda mine: newest_events(mine, sought)))
        # Decoded elsewhere: the turns' next commit need not wait for it.
        return Excerpt(await asyncio.to_thread(self._events, rows), before)

    async def attempts(self, instance: InstanceId, limit: int) -> list[Attempt]:
        """The newest rows of an instance's ledger, oldest first."""
        return await self._do(
            lambda: self._read(lambda mine: newest_attempts(mine, instance, limit))
        )

    async def prune(self, before: datetime, watched: Collection[InstanceId] | None = None) -> int:
        """Delete what is older and needed by nobody; return how many rows went.

        Args:
            watched: instances that stay however long nothing of them changed; None = all stay.

        Raises:
            Unwritable, Unreadable
        """
        gone = 0
        while batch := await self._do(lambda: self._prune(before, watched)):
            gone += batch
        return gone

    async def close(self) -> None:
        """Leave the file whole and alone, then free the lock."""
        if not self._closed:
            self._closed = True
            await self._do(self._close)
            self._thread.shutdown()

    async def _do(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # On the thread.

    def _acquire(self, who: str, wait: timedelta) -> Tenure:
        if self._tenure is not None:
            return self._tenure
        ready_folder(self._path, self._explicit)
        self._lock.take(wait)
        try:
            self._fresh = not exists(self._path)
            if self._fresh:
                create_state(self._path)
            connection = open_state(self._path)
            owner = me(self._clock.now())
            epoch = self._begin_epoch(connection, who)
        except StoreError:
            self._lock.free()
            raise
        self._connection = connection
        self._lock.say(owner)
        if (warning := network_warning(self._path)) is not None:
            _log.warning("%s", warning)
        self._tenure = Tenure(epoch)
        return self._tenure

    def _begin_epoch(self, connection: sqlite3.Connection, who: str) -> int:
        owner = me(self._clock.now())
        try:
            row = connection.execute("SELECT epoch FROM owner").fetchone()
            epoch = (row[0] if row else 0) + 1
            connection.execute(
                "INSERT OR REPLACE INTO owner VALUES (1, ?, ?, ?, ?, ?)",
                (who or owner.host, owner.pid, boot_id(), epoch, codec.moment_text(owner.since)),
            )
        except sqlite3.Error as error:
            connection.close()
            raise storage_error(self._path, error) from error
        return epoch

    def _mine(self, tenure: Tenure) -> sqlite3.Connection:
        """The connection, if this tenure is the one in force; opened again after a failure."""
        if self._tenure is None or tenure.epoch != self._tenure.epoch:
            raise Fenced("the state belongs to another owner")
        if self._connection is None:
            if not exists(self._path):
                # A volume that went away may come back; until then nothing is granted.
                raise Unwritable(f"{self._path} has disappeared")
            self._connection = open_state(self._path)
        return self._connection

    def _load(self, tenure: Tenure) -> Memory:
        try:
            connection = self._mine(tenure)
            return read_memory(connection, self._fresh or untouched(connection))
        except (sqlite3.Error, ValueError, Unwritable) as error:
            raise Unreadable(f"{self._path} cannot be read: {error}") from error

    def _commit(self, tenure: Tenure, change: Change) -> frozenset[AttemptKey]:
        connection = self._mine(tenure)
        wanted = tuple(attempt.key for attempt in change.wanted)
        try:
            connection.execute("BEGIN IMMEDIATE")
            now = codec.moment_text(self._clock.now())
            withdraw(connection, self._doubtful, now)
            granted = write(connection, tenure.epoch, change, now)
            connection.execute("COMMIT")
        except (sqlite3.Error, ValueError, OverflowError) as error:
            self._give_up(wanted)
            failure = storage_error(self._path, error)
            # Whatever it is, nothing is saved; a damaged file shows when it is opened again.
            raise Unwritable(str(failure)) from error
        except Fenced:
            self._give_up(wanted)
            raise
        self._doubtful = ()
        self._fresh = False
        return granted

    def _give_up(self, wanted: tuple[AttemptKey, ...]) -> None:
        """Close after a failed commit: the file is opened and read again before the next one.

        A COMMIT that failed may still have reached the disk; its attempts were never handed out.
        """
        self._doubtful += wanted
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                # It is closed in any case, which ends the transaction too.
                connection.rollback()
            connection.close()

    def _inbox(self, tenure: Tenure) -> Sequence[Command]:
        try:
            rows = self._mine(tenure).execute("SELECT id, kind, data FROM inbox ORDER BY id")
            found = rows.fetchall()
        except sqlite3.Error as error:
            raise Unwritable(str(storage_error(self._path, error))) from error
        commands = (self._command(*row) for row in found)
        return tuple(command for command in commands if command is not None)

    def _read(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """Read for whoever watches the daemon; nothing is changed and nothing is given up."""
        if self._tenure is None:
            raise Fenced("the state is not ours")
        try:
            return question(self._mine(self._tenure))
        except sqlite3.Error as error:
            raise Unwritable(str(storage_error(self._path, error))) from error
        except ValueError as error:
            raise Unreadable(f"{self._path} holds what we did not write: {error}") from error

    def _events(self, found: Sequence[str]) -> list[Event]:
        try:
            return [codec.read_event(data) for data in found]
        except ValueError as error:
            raise Unreadable(f"{self._path} holds what we did not write: {error}") from error

    def _command(self, row: int, kind: str, data: str) -> Command | None:
        """One command, or None where it is not of ours; told once."""
        try:
            return codec.read_command(kind, data, row)
        except (LookupError, ValueError):
            if row not in self._odd_rows:
                self._odd_rows.add(row)
                _log.warning("the command %s in the state's inbox cannot be read", kind)
            return None

    def _post(self, command: Command) -> None:
        if self._tenure is None:
            raise Fenced("take the state first")
        kind, data = codec.command_text(command)
        try:
            self._mine(self._tenure).execute(
                "INSERT INTO inbox (at, center, kind, data) VALUES (?, NULL, ?, ?)",
                (codec.moment_text(self._clock.now()), kind, data),
            )
        except sqlite3.Error as error:
            raise Unwritable(str(storage_error(self._path, error))) from error

    def _prune(self, before: datetime, watched: Collection[InstanceId] | None) -> int:
        """Delete one batch."""
        if self._tenure is None:
            return 0
        connection = self._mine(self._tenure)
        try:
            connection.execute("BEGIN IMMEDIATE")
            gone = prune(connection, codec.moment_text(before), watched, PRUNE_BATCH)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(())
            raise Unwritable(str(storage_error(self._path, error))) from error
        return gone

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                # Where this fails the write-ahead log stays and is read at the next start.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA journal_mode=DELETE")
            connection.close()
        self._tenure = None
        self._lock.free()
