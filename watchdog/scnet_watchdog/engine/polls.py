"""Asking the status sources, each on its own: a hanging one delays nobody else.

Every page is an input the moment it arrives. An error of a source is a value, not an exception;
so is one of a plug-in that breaks its promise.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from ..core.inputs import Input
from ..core.model import InstanceId, Page, PollFailed, SourceKey
from ..ports import (
    Clock,
    PortError,
    SourceRefused,
    SourceThrottled,
    SourceUnavailable,
    StatusSource,
)
from .act import Broken

LOOK_AGAIN_AFTER = timedelta(seconds=5)
"""An instance is looked at no oftener, so that a look without an answer cannot become a storm."""


class Polls:
    """Polls and looks under way."""

    def __init__(self, clock: Clock, feed: Callable[[Input], None], broken: Broken) -> None:
        self._clock = clock
        self._feed = feed
        self._broken = broken
        self._began: dict[SourceKey, datetime] = {}
        self._looked: dict[tuple[SourceKey, InstanceId], datetime] = {}
        self._running: dict[asyncio.Task[None], SourceKey] = {}
        self._ended: set[SourceKey] = set()
        self.on_polled: Callable[[timedelta], None] = lambda took: None
        """Told how long a poll took, however it ended."""

    @property
    def answered(self) -> frozenset[SourceKey]:
        """Sources whose poll has ended at least once, well or badly."""
        return frozenset(self._ended)

    def last_began(self, key: SourceKey) -> datetime | None:
        """When the last poll of a source began."""
        return self._began.get(key)

    def running(self, centers: Iterable[str] | None = None) -> set[asyncio.Task[None]]:
        """Polls and looks under way, of some centers or of all."""
        names = None if centers is None else set(centers)
        return {t for t, key in self._running.items() if names is None or key.center in names}

    async def poll(
        self, key: SourceKey, source: StatusSource, watched: Collection[InstanceId]
    ) -> bool:
        """Ask a source for all it watches; return whether the poll ended well."""
        began = self._began[key] = self._clock.now()

        async def ask() -> None:
            self._feed(await source.poll(watched, self._feed))

        well = await self._guarded(key, began, asyncio.create_task(ask(), name=f"poll {key}"))
        self._ended.add(key)
        self.on_polled(self._clock.now() - began)
        return well

    def look(self, key: SourceKey, source: StatusSource, ids: Collection[InstanceId]) -> None:
        """Begin to look at a few instances; those looked at just now are left out."""
        now = self._clock.now()
        self._looked = {k: at for k, at in self._looked.items() if now - at < LOOK_AGAIN_AFTER}
        fresh = [id_ for id_ in sorted(ids) if (key, id_) not in self._looked]
        if not fresh:
            return
        self._looked.update({(key, id_): now for id_ in fresh})

        async def ask() -> None:
            page: Page = await source.look(fresh)
            self._feed(page)

        task = asyncio.create_task(ask(), name=f"look {key}")
        self._running[task] = key
        task.add_done_callback(lambda done: self._settle(key, now, done))

    async def _guarded(self, key: SourceKey, began: datetime, task: asyncio.Task[None]) -> bool:
        self._running[task] = key
        # `wait` raises nothing of the task's own: every end is read below.
        await asyncio.wait({task})
        return self._settle(key, began, task)

    def _settle(self, key: SourceKey, began: datetime, task: asyncio.Task[None]) -> bool:
        del self._running[task]
        if task.cancelled():
            return False
        error = task.exception()
        if error is None:
            return True
        if not isinstance(error, (SourceUnavailable, SourceRefused)):
            self._broken(task.get_name(), error)
        self._feed(failure(key, began, self._clock.now(), error))
        return False


def failure(key: SourceKey, began: datetime, ended: datetime, error: BaseException) -> PollFailed:
    """A poll's error as a value."""
    if isinstance(error, SourceRefused):
        return PollFailed(key, began, ended, str(error), cause=error.cause, code=error.code)
    if isinstance(error, SourceThrottled):
        return PollFailed(
            key, began, ended, str(error), throttled=True, retry_after=error.retry_after
        )
    if isinstance(error, PortError):
        return PollFailed(key, began, ended, str(error))
    return PollFailed(key, began, ended, f"unexpected {type(error).__name__}: {error}")
