"""Saving a turn's change, and what happens while the state cannot be written.

A commit that fails grants nothing: its new attempts are dropped, all else is kept in memory and
goes with the next commit. Writing is tried again every ten seconds; the failure is told once, and
so is its end.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..core.attempt import Attempt, AttemptKey
from ..core.change import Change
from ..core.event import Event, EventKind
from ..ports import StateStore, Tenure, Unwritable
from .storeclock import StoreClock

RETRY_AFTER = timedelta(seconds=10)
"""How long after a failed commit the next one is tried."""

EVENTS_KEPT = 10_000
"""Events kept for the journal while nothing can be written; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a change.

    Args:
        granted: wanted attempts that may be acted on.
        written: False = kept in memory for a later commit.
        taken: inbox rows that are done for good.
        events: what saving itself has to tell.
    """

    granted: frozenset[AttemptKey] = frozenset()
    written: bool = True
    taken: tuple[int, ...] = ()
    events: tuple[Event, ...] = ()


NOTHING = Saved()
"""What became of a change that changed nothing."""


class Saver:
    """Commits changes one after another; keeps what could not be written."""

    def __init__(self, store: StateStore, clock: StoreClock) -> None:
        self._store = store
        self._clock = clock
        self._unsaved = Change()
        self._failed_at: datetime | None = None
        self._retry_at = clock.now()
        self._events_lost = 0

    @property
    def writable(self) -> bool:
        """Whether the last commit succeeded."""
        return self._failed_at is None

    @property
    def retry_at(self) -> datetime | None:
        """When a kept change is to be tried again, or None."""
        return None if self.writable else self._retry_at

    def hurry(self) -> None:
        """Let the next save be tried at once."""
        self._retry_at = self._clock.now()

    def forget(self) -> None:
        """Drop what was kept: the tenure it belongs to is over."""
        self._unsaved = Change()
        self._failed_at = None
        self._events_lost = 0

    async def save(self, tenure: Tenure, change: Change) -> Saved:
        """Save a change together with what was kept; nothing at all when there is nothing.

        Raises:
            Fenced
        """
        now, whole = self._clock.now(), change
        recovered: tuple[Event, ...] = ()
        if self._failed_at is not None:
            if now < self._retry_at:
                self._keep(change)
                return Saved(written=False)
            recovered = (self._recovery(now, self._failed_at),)
            whole = self._unsaved.then(change)
            whole = replace(whole, events=whole.events + recovered)
        if whole.empty:
            return NOTHING
        try:
            granted = await self._store.commit(tenure, whole)
        except Unwritable as error:
            return self._fail(change, now, str(error))
        self.forget()
        return Saved(granted, taken=whole.taken, events=recovered)

    def _fail(self, change: Change, now: datetime, error: str) -> Saved:
        self._keep(change)
        self._retry_at = now + RETRY_AFTER
        if self._failed_at is not None:
            return Saved(written=False)
        self._failed_at = now
        failed = (Event(EventKind.STATE_FAILED, now, fields={"error": error}),)
        self._keep(Change(events=failed))
        return Saved(written=False, events=failed)

    def _keep(self, change: Change) -> None:
        kept = self._unsaved.then(without_wanted(change))
        surplus = max(0, len(kept.events) - EVENTS_KEPT)
        self._events_lost += surplus
        self._unsaved = replace(kept, events=kept.events[surplus:])

    def _recovery(self, now: datetime, failed_at: datetime) -> Event:
        fields: dict[str, object] = {"failed_for_s": (now - failed_at).total_seconds()}
        if self._events_lost:
            fields["events_lost"] = self._events_lost
        return Event(EventKind.STATE_RECOVERED, now, fields=fields)


def without_wanted(change: Change) -> Change:
    """The change without its new attempts and the news of them."""
    keys = {attempt.key for attempt in change.wanted}
    events = tuple(event for event in change.events if requested_key(event) not in keys)
    return replace(change, wanted=(), events=events)


def told_events(change: Change, granted: frozenset[AttemptKey]) -> tuple[Event, ...]:
    """The events to emit: a request is told only when its attempt was granted."""
    denied = {attempt.key for attempt in change.wanted} - granted
    if not denied:
        return change.events
    return tuple(event for event in change.events if requested_key(event) not in denied)


def not_granted(change: Change, granted: frozenset[AttemptKey]) -> tuple[Attempt, ...]:
    """Wanted attempts that may not be acted on."""
    return tuple(attempt for attempt in change.wanted if attempt.key not in granted)


def requested_key(event: Event) -> AttemptKey | None:
    """The attempt a real `restart.requested` speaks of; None for every other event."""
    if event.kind is not EventKind.RESTART_REQUESTED or event.fields.get("shadow"):
        return None
    seq = event.fields.get("seq")
    if event.instance is None or not isinstance(seq, int):
        return None
    return AttemptKey(event.instance, seq)
