"""How long an instance ran and how long it did not, within a window: from what was told of it.

Only time in which somebody watched counts. Nobody did before the state was made, before the
instance was added, after it was removed, and between the daemon's stop and its next start. One
that was killed told no stop: what was seen last is taken to have lasted until its next start.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .event import Event, EventKind
from .model import InstanceId, Status
from .outage import shown, shown_before

ZERO = timedelta()

NOT_RUNNING = frozenset({Status.STOPPED, Status.FAILED, Status.WAITING, Status.DEPLOYING})
"""Statuses whose time counts as down. Completed does where the watchdog takes it up; missing and
unknown are neither: whether it ran then is not known."""


@dataclass(frozen=True, slots=True)
class Window:
    """From one moment to a later one."""

    begins_at: datetime
    ends_at: datetime

    def cut(self, begins_at: datetime, ends_at: datetime) -> "Window":
        """The part of this window that lies between two moments; empty where none does."""
        begins = min(max(self.begins_at, begins_at), self.ends_at)
        return Window(begins, max(begins, min(self.ends_at, ends_at)))

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends_at - self.begins_at


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an instance now: the status, and since when."""

    id: InstanceId
    name: str
    center: str
    status: Status | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """Time that was watched, as far as it is known to be one or the other."""

    running: timedelta = ZERO
    down: timedelta = ZERO


@dataclass(frozen=True, slots=True)
class Span:
    """A status that lasted."""

    status: Status
    lasted: Window


def gaps(events: Iterable[Event], window: Window) -> tuple[Window, ...]:
    """When nobody watched, by the daemon's own events, oldest first."""
    found: list[Window] = []
    stopped_at: datetime | None = None
    for event in events:
        if event.kind is EventKind.STATE_CREATED and not found:
            found.append(window.cut(window.begins_at, event.at))
        elif event.kind is EventKind.DAEMON_STOPPED:
            stopped_at = stopped_at or event.at
        elif event.kind is EventKind.DAEMON_STARTED and stopped_at is not None:
            found.append(window.cut(stopped_at, event.at))
            stopped_at = None
    if stopped_at is not None:
        found.append(window.cut(stopped_at, window.ends_at))
    return tuple(found)


def watched(reloads: Iterable[Event], window: Window, id_: InstanceId) -> Window:
    """The part of a window from an instance's last addition to its removal, as reloads told it.

    Args:
        reloads: the events `config.reloaded`, oldest first.
    """
    begins, ends = window.begins_at, window.ends_at
    for event in reloads:
        if _names(event, "added", id_):
            begins, ends = event.at, window.ends_at
        elif _names(event, "removed", id_):
            ends = event.at
    return window.cut(begins, ends)


def _names(event: Event, field: str, id_: InstanceId) -> bool:
    names = event.fields.get(field)
    return isinstance(names, list | tuple) and id_ in names


def spans(told: Sequence[Event], standing: Standing, window: Window) -> list[Span]:
    """The statuses of an instance within a window, one after another.

    Args:
        told: the events of this instance, oldest first.
    """
    turns = [(event, status) for event in told if (status := shown(event)) is not None]
    if not turns:
        if standing.status is None:
            return []
        since = standing.since or window.begins_at
        return [Span(standing.status, window.cut(since, window.ends_at))]
    first, _ = turns[0]
    before = shown_before(first)
    found = [Span(before, window.cut(window.begins_at, first.at))] if before else []
    ends = [event.at for event, _ in turns[1:]] + [window.ends_at]
    for (event, status), ends_at in zip(turns, ends, strict=True):
        found.append(Span(status, window.cut(event.at, ends_at)))
    return found


def presence(
    lasted: Iterable[Span], unwatched: Sequence[Window], taken_up: Sequence[Window]
) -> Presence:
    """Add up spans.

    Args:
        unwatched: what does not count at all.
        taken_up: outages the watchdog took up: a completion within one is down time.
    """
    running = down = ZERO
    for span in lasted:
        length = span.lasted.length - _overlap(span.lasted, unwatched)
        if span.status is Status.RUNNING:
            running += length
        elif span.status in NOT_RUNNING or (
            span.status is Status.COMPLETED and _overlap(span.lasted, taken_up)
        ):
            down += length
    return Presence(running, down)


def _overlap(one: Window, others: Iterable[Window]) -> timedelta:
    return sum((one.cut(other.begins_at, other.ends_at).length for other in others), ZERO)
