"""The daemon's jobs: one per source and center, one for deadlines, a few chores."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from ..core.model import SourceKey
from ..engine.engine import Engine
from ..ports import Clock
from .scheduler import Scheduler
from .systemd import Notifier

INBOX_EVERY = timedelta(seconds=2)
TEND_EVERY = timedelta(seconds=1)
STATUS_EVERY = timedelta(seconds=30)
RETENTION_EVERY = timedelta(hours=1)
DUE_AT_LEAST_EVERY = timedelta(hours=1)
"""Deadlines are looked at so often even when none is known."""

SOURCE_JOB = "source "
"""How the names of the sources' jobs begin."""


class Jobs:
    """What is done again and again, and when next."""

    def __init__(
        self, engine: Engine, clock: Clock, scheduler: Scheduler, notifier: Notifier
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._scheduler = scheduler
        self._notifier = notifier

    def add_all(self, prune: Callable[[], Awaitable[None]]) -> None:
        """Add every job; each runs as soon as the scheduler starts."""
        self._scheduler.add("due", self._wake, self._next_due)
        self._scheduler.every("inbox", self._engine.take_inbox, INBOX_EVERY)
        self._scheduler.every("tend", self._tend, TEND_EVERY)
        self._scheduler.every("status", self._tell_status, STATUS_EVERY)
        self._scheduler.every("retention", prune, RETENTION_EVERY)
        self.follow_sources()
        # Every turn may have moved a deadline or the pace of a source.
        self._engine.on_turn = self._scheduler.reconsider

    def follow_sources(self) -> None:
        """One job per source and center the engine asks, and none for those that are gone."""
        wanted = {job_of(key): key for key in self._engine.sources}
        for name in self._scheduler.names - wanted.keys():
            if name.startswith(SOURCE_JOB):
                self._scheduler.remove(name)
        for name in sorted(wanted.keys() - self._scheduler.names):
            self._add_source(name, wanted[name])

    async def stop(self) -> None:
        """End the scheduler; whatever still runs is waited for by nobody."""
        await self._scheduler.stop()

    def pause(self) -> None:
        """Begin no more runs."""
        self._engine.on_turn = _nothing
        self._scheduler.pause()

    def _add_source(self, name: str, key: SourceKey) -> None:
        async def poll() -> None:
            await self._engine.poll(key)

        self._scheduler.add(name, poll, lambda begins: self._engine.next_poll_at(key, begins))

    async def _tend(self) -> None:
        await self._engine.tend()
        # A right to act that was lost or won back changes who is asked.
        self.follow_sources()

    async def _wake(self) -> None:
        self._engine.wake()

    def _next_due(self, begins: datetime | None) -> datetime:
        latest = self._clock.now() + DUE_AT_LEAST_EVERY
        return min(self._engine.next_due_at or latest, latest)

    async def _tell_status(self) -> None:
        self._notifier.status(status_line(self._engine))


def job_of(key: SourceKey) -> str:
    """The name of a source's job."""
    return f"{SOURCE_JOB}{key.source}@{key.center}"


def status_line(engine: Engine) -> str:
    """One line on the whole fleet, at a cost that follows the number of centers."""
    fleet = engine.fleet
    if fleet is None:
        return "waiting for the right to act"
    down = sum(len(index.restartable) for index in fleet.indexes.values())
    watched, calls = len(fleet.instances), engine.act.in_flight
    return f"watching {watched} instances, {down} restartable, {calls} calls in flight"


def _nothing() -> None:
    """Nobody plans any more."""
