"""Reading the state while no daemon holds it: takes the lock for a moment, changes nothing."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ...core.change import Memory
from ...core.event import Event
from ...core.model import InstanceId
from ...ports import Unreadable
from . import codec
from .lock import StateLock
from .opening import check_ours, exists, migrations, readable, storage_error
from .rows import read_memory


class SqliteHistory:
    """Fulfils `ports.History` on a state file nobody runs on.

    Raises (from every method):
        HeldByAnother, Unreadable, Unwritable
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def snapshot(self) -> Memory:
        """Everything remembered; empty where there is no state yet."""
        return await asyncio.to_thread(self._snapshot)

    async def events(self, since: datetime, instance: InstanceId | None = None) -> list[Event]:
        """Journalled events since a moment, oldest first."""
        return await asyncio.to_thread(self._events, since, instance)

    def _open(self) -> sqlite3.Connection:
        readable(self._path)
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            check_ours(connection, self._path, max(migrations()))
        except (sqlite3.Error, Unreadable):
            connection.close()
            raise
        return connection

    def _snapshot(self) -> Memory:
        if not exists(self._path):
            return Memory(fresh=True)
        with self._reading() as connection:
            return read_memory(connection, fresh=False)

    def _events(self, since: datetime, instance: InstanceId | None) -> list[Event]:
        if not exists(self._path):
            return []
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT data FROM journal WHERE at >= ? AND (? IS NULL OR instance = ?) "
                "ORDER BY id",
                (codec.moment_text(since), instance, instance),
            ).fetchall()
        # Decoded without the lock: a daemon that starts meanwhile waits for a second only.
        try:
            return [codec.read_event(data) for (data,) in rows]
        except ValueError as error:
            raise self._not_ours(error) from error

    def _not_ours(self, error: ValueError) -> Unreadable:
        return Unreadable(f"{self._path} holds what we did not write: {error}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection under the lock, for a moment."""
        lock = StateLock(self._path)
        lock.take(timedelta())
        try:
            with closing(self._open()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise storage_error(self._path, error) from error
        except ValueError as error:
            raise self._not_ours(error) from error
        finally:
            lock.free()
