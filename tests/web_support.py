"""A desk that answers what a test wants, and the API in front of it without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from scnet_watchdog.adapters.telemetry.secrets import Secrets
from scnet_watchdog.adapters.telemetry.sentences import as_logged
from scnet_watchdog.adapters.web.api import Face, application
from scnet_watchdog.adapters.web.guard import Access, Guard
from scnet_watchdog.adapters.web.rate import Allowance, Rate
from scnet_watchdog.adapters.web.stream import Streams
from scnet_watchdog.core.command import Wish
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.desk import Among, Answer
from scnet_watchdog.ports import Excerpt, Sought
from scnet_watchdog.runtime.feed import Feed

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "s3cret-value-of-a-token"
PLENTY = Allowance(per_second=1000, burst=100_000)


class Hand:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class FakeDesk:
    """Fulfils `ports.Desk`: remembers what it was asked; `error` is raised instead."""

    answer: dict[str, Any] = field(default_factory=lambda: {"id": "a", "since": T0})
    found: list[Event] = field(default_factory=list)
    older: int | None = None
    error: Exception | None = None
    why: str | None = None
    why_not_ready: str | None = None
    wishes: list[Wish] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)

    def trouble(self, ready: bool = False) -> str | None:
        return self.why_not_ready if ready else self.why

    async def fleet(self) -> Answer:
        return self._said("fleet")

    async def instance(self, name: str) -> Answer:
        return self._said(("instance", name))

    async def explain(self, name: str) -> Answer:
        return self._said(("explain", name))

    async def events(self, sought: Sought) -> Excerpt:
        self._said(sought)
        return Excerpt(self.found, self.older)

    async def report(self, since: datetime, among: Among) -> Answer:
        return self._said((since, among))

    async def ask(self, wish: Wish) -> str:
        self.wishes.append(wish)
        self._said(wish.verb)
        return f"{wish.name or 'the fleet'}: done"

    async def reload(self, preview: bool = False) -> Answer:
        return self._said("preview" if preview else "reload")

    def _said(self, what: object) -> Answer:
        self.asked.append(what)
        if self.error is not None:
            raise self.error
        return self.answer


class Bench:
    """The API with a fake desk; the clock stands still."""

    def __init__(self, access: Access | None = None) -> None:
        self.desk = FakeDesk()
        self.feed = Feed()
        self.secrets = Secrets()
        self.secrets.add(SECRET)
        self.elapsed = Hand()
        self.metrics: tuple[bytes, str] | None = None
        mask = self.secrets.redact
        self.streams = Streams(self.feed.listen, as_logged, mask, keep_alive=0.01)
        self.face = Face(self.desk, self.streams, mask, as_logged, lambda: T0, "1.2.3")
        self.access = access or Access(Rate(PLENTY, self.elapsed), local=True)

    def app(self) -> Guard:
        """The whole application."""
        return Guard(application(self.face, "somebody"), self.access, self.face.mask)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client that needs no socket."""
        transport = httpx.ASGITransport(self.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://watchdog") as one:
            yield one


def event(kind: EventKind = EventKind.STORM_ENDED, **fields: Any) -> Event:
    """Some event."""
    return Event(kind, T0, InstanceId("a"), "a", "kunshan", fields)
