"""A desk on an engine on fakes, whose turns run by themselves."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from typing import Any

from engine_support import Bench
from fakes import FakeSink, FakeStore
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.command import ScopeKind, Wish
from scnet_watchdog.core.event import Event
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.policy import Policy
from scnet_watchdog.desk import Answer
from scnet_watchdog.ports import Excerpt, Sought
from scnet_watchdog.runtime.desk import LiveDesk, Means
from scnet_watchdog.runtime.feed import Feed


class HeardSink(FakeSink):
    """Remembers what was told, and tells the feed."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed

    def emit(self, event: Event) -> None:
        super().emit(event)
        self._feed.emit(event)


class StoredJournal:
    """Fulfils `ports.Journal` on a store in memory."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    async def excerpt(self, sought: Sought) -> Excerpt:
        return excerpt(self._store.journal, sought)

    async def attempts(self, instance: InstanceId, limit: int) -> Sequence[Attempt]:
        rows = [one for key, one in sorted(self._store.attempts.items()) if key[0] == instance]
        return rows[-limit:]


def excerpt(journal: Sequence[Event], sought: Sought) -> Excerpt:
    """What a journal in memory has of what is sought; a row's number is its place, from 1."""
    found = [
        (row, one)
        for row, one in enumerate(journal, 1)
        if one.at >= sought.since
        and (sought.until is None or one.at < sought.until)
        and sought.instance in (None, one.instance)
        and not (sought.of_none and one.instance is not None)
        and (sought.before is None or row < sought.before)
    ]
    shown = found[-sought.limit :]
    before = shown[0][0] if len(found) > len(shown) else None
    return Excerpt([one for _, one in shown], before)


class DeskBench(Bench):
    """One engine and a desk."""

    def __init__(self, count: int = 1, policy: Policy | None = None, shadow: bool = False) -> None:
        self.feed = Feed()
        super().__init__(count, policy, shadow=shadow, sink=HeardSink(self.feed))
        self.reloaded: Answer = {
            **dict.fromkeys(("added", "removed", "changed", "needs_restart"), ()),
            "impact": "nothing changes",
        }

        async def about() -> dict[str, Any]:
            config = {"path": None, "changed_on_disk": False, "rejected": None}
            return {"version": "test", "pid": 7, "since": self.clock.now(), "config": config}

        async def reload(preview: bool) -> Answer:
            return {**self.reloaded, "preview": preview}

        self.desk = LiveDesk(
            Means(
                self.engine,
                self.clock,
                StoredJournal(self.store),
                self.feed,
                about,
                reload,
                zone=UTC,
            )
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["DeskBench"]:
        """Started, polled once, and turning by itself."""
        await self.start()
        turning = asyncio.create_task(self.engine.run())
        await self.poll()
        try:
            yield self
        finally:
            turning.cancel()
            await asyncio.wait({turning})


def wish(verb: str, name: str = "", kind: ScopeKind | None = None, **more: Any) -> Wish:
    """A wish of Alice's; of an instance where it has a name, else of the fleet."""
    kind = kind or (ScopeKind.INSTANCE if name else ScopeKind.FLEET)
    if verb == "hold" and not more.get("until_running"):
        more.setdefault("length", timedelta(hours=4))
    return Wish(verb, kind, name, "alice", **more)
