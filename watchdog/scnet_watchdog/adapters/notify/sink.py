"""Hears every event and has one worker that tells people; no turn ever waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from ...core.event import Event, EventKind
from ...core.policy import Roster
from ...ports import Clock
from .delivery import Undelivered
from .message import Message
from .outbox import Outbox
from .policy import Policy
from .troubles import Watched

LOOK_AT_LEAST_EVERY = timedelta(minutes=1)
"""The loop's own timers stand still while the machine is suspended, our moments do not."""
LAST_WORDS = timedelta(seconds=5)
"""How long what still waits is given at the end."""


class Teller(Protocol):
    """A channel, as the worker needs it."""

    @property
    def label(self) -> str:
        """How it is called in the log."""

    async def tell(self, message: Message, now: datetime) -> None:
        """Deliver a message, within a deadline of its own.

        Raises:
            Undelivered
        """


@dataclass(slots=True)
class Lane:
    """One channel with what it is told and what still waits for it."""

    channel: Teller
    policy: Policy
    outbox: Outbox = field(default_factory=Outbox)


@dataclass(frozen=True, slots=True)
class Report:
    """Whom the worker itself tells.

    Args:
        tell: takes `notification.failed`, told once when a row of failures begins.
        again: takes one sentence when a channel works again.
        broken: takes what ended the worker, which nothing should.
    """

    tell: Callable[[Event], None]
    again: Callable[[str], None]
    broken: Callable[[str, BaseException], None]


class Notifications:
    """Fulfils `ports.EventSink`; `start` when the daemon runs, `close` when it ends.

    Args:
        roster: the config in force: who is left out of it is told of no more.
    """

    def __init__(
        self, lanes: Sequence[Lane], clock: Clock, report: Report, roster: Callable[[], Roster]
    ) -> None:
        self._lanes = tuple(lanes)
        self._clock = clock
        self._roster = roster
        self._report = report
        self._news = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._round: asyncio.Task[None] | None = None

    def emit(self, event: Event) -> None:
        """Hear one event. Never raises, never blocks."""
        if event.kind is EventKind.NOTIFICATION_FAILED:
            # Through which channel? The log and the metric tell it.
            return
        for lane in self._lanes:
            lane.policy.take(event)
        if event.kind is EventKind.CONFIG_RELOADED:
            self._keep()
        self._news.set()

    def remember(self, events: Sequence[Event]) -> None:
        """Take events of before the start, oldest first: lasting troubles are repeated."""
        now = self._clock.now()
        for lane in self._lanes:
            lane.policy.remember(events, now)
        self._keep()

    def _keep(self) -> None:
        watched = Watched.of(self._roster())
        for lane in self._lanes:
            lane.policy.keep(watched)

    def start(self) -> None:
        """Begin to tell people."""
        if not self._lanes:
            return
        self._worker = asyncio.create_task(self._work(), name="notifications")
        self._worker.add_done_callback(self._ended)

    async def close(self) -> None:
        """Tell what still waits, within five seconds, and end."""
        if self._worker is None:
            return
        worker, self._worker = self._worker, None
        worker.cancel()
        await asyncio.wait({worker})
        last = asyncio.create_task(self._last_words())
        await asyncio.wait({last}, timeout=LAST_WORDS.total_seconds())
        last.cancel()
        await asyncio.wait({last})

    async def _work(self) -> None:
        while True:
            self._news.clear()
            self._round = asyncio.create_task(self._send_due())
            # Shielded: a request that is cancelled may have arrived, or not.
            await asyncio.shield(self._round)
            if not self._news.is_set():
                await self._pause()

    async def _pause(self) -> None:
        now = self._clock.now()
        moments = [
            moment
            for lane in self._lanes
            for moment in (lane.policy.due_at, lane.outbox.due_at(now))
            if moment is not None
        ]
        wait = min([moment - now for moment in moments] + [LOOK_AT_LEAST_EVERY])
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({news}, timeout=max(0.0, wait.total_seconds()))
        finally:
            news.cancel()

    async def _send_due(self) -> None:
        """Every channel's next message; a slow one holds the others back for its deadline."""
        now = self._clock.now()
        sends = []
        for lane in self._lanes:
            for message in lane.policy.due(now):
                lane.outbox.put(message)
            due = lane.outbox.next(now)
            if due is not None:
                sends.append(self._send(lane, due))
        await asyncio.gather(*sends)

    async def _send_all(self, lane: Lane) -> None:
        """All that waits for one channel, due or not, until it fails."""
        for message in lane.policy.due(self._clock.now(), at_once=True):
            lane.outbox.put(message)
        while (waits := lane.outbox.next(self._clock.now(), at_once=True)) is not None:
            if not await self._send(lane, waits):
                return

    async def _send(self, lane: Lane, message: Message) -> bool:
        """Try one message; return whether it arrived."""
        label = lane.channel.label
        try:
            await lane.channel.tell(message, self._clock.now())
        except Undelivered as error:
            now = self._clock.now()
            if lane.outbox.failed(now):
                fields = {"error": f"{label}: {error}"}
                self._report.tell(Event(EventKind.NOTIFICATION_FAILED, now, fields=fields))
            return False
        if lane.outbox.failing_since is not None:
            lost = f", {lane.outbox.lost} messages were lost" if lane.outbox.lost else ""
            self._report.again(f"{label} takes messages again{lost}")
        lane.outbox.delivered(message)
        return True

    async def _last_words(self) -> None:
        if self._round is not None and not self._round.done():
            await asyncio.wait({self._round})
        await asyncio.gather(*map(self._send_all, self._lanes))

    def _ended(self, worker: asyncio.Task[None]) -> None:
        error = None if worker.cancelled() else worker.exception()
        if error is not None:
            self._report.broken("telling people", error)
