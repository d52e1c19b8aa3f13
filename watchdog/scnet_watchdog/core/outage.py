"""One outage of one instance, followed event by event: metrics and report count the same thing.

An outage begins with the first read that showed the instance down and ends with the first that
shows it running again; what it is in between (waiting, deploying, missing) does not matter.
A completion is finished work, and no outage, unless the watchdog takes it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .event import Event, EventKind
from .model import DOWN, Status

SHOWS_STATUS = frozenset(
    {
        EventKind.INSTANCE_STATUS_CHANGED,
        EventKind.INSTANCE_MISSING,
        EventKind.INSTANCE_RETURNED,
    }
)
"""Events that tell which status an instance has from now on."""

SENT = frozenset({EventKind.RESTART_ACCEPTED, EventKind.RESTART_REFUSED, EventKind.RESTART_UNKNOWN})
"""Ends of a call that left us: it counts as an attempt. The others changed nothing anywhere."""

_STATUSES = frozenset(str(one) for one in Status)
"""A status of a later version is none that we know."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What is known of it so far.

    Args:
        cause: the first status that showed it; None where its begin was not seen.
        ended_at: when it was seen running again.
        taken_up: the watchdog was sure, or called; a mere completion is not taken up.
        detected_after: from the first read that showed it to being sure.
        calls: restart calls that left us.
        failures: how calls failed: the class of each refusal, `unknown`, `did_not_help`.
        healed: it runs, and by the verdict it is a restart of ours that helped.
    """

    began_at: datetime
    cause: Status | None = None
    ended_at: datetime | None = None
    taken_up: bool = False
    detected_after: timedelta | None = None
    calls: int = 0
    failures: frozenset[str] = frozenset()
    healed: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is one at all, and no finished work."""
        return self.taken_up or self.cause is not Status.COMPLETED

    @property
    def lasted(self) -> timedelta | None:
        """From the first read that showed it to the first that shows it over."""
        return None if self.ended_at is None else self.ended_at - self.began_at


def shown(event: Event) -> Status | None:
    """The status an event shows from its moment on, or None where it tells of none."""
    if event.kind is EventKind.INSTANCE_MISSING:
        return Status.MISSING
    return _status(event, "status") if event.kind in SHOWS_STATUS else None


def shown_before(event: Event) -> Status | None:
    """The status that held up to an event that shows another one."""
    if event.kind is EventKind.INSTANCE_RETURNED:
        return Status.MISSING
    return _status(event, "previous") if event.kind in SHOWS_STATUS else None


def follow(outage: Outage | None, event: Event) -> Outage | None:
    """The outage after one more event of its instance; the last one stays until the next begins."""
    status = shown(event)
    if status is not None:
        return _follow_status(outage, status, event.at)
    match event.kind:
        case EventKind.INSTANCE_CONFIRMED:
            return _confirmed(outage, event)
        case EventKind.RESTART_REQUESTED if not event.fields.get("shadow"):
            known = _running_on(outage, event, seconds(event, "down_for_s"))
            return replace(known, taken_up=True)
        case EventKind.RESTART_RECOVERED if outage is not None:
            return replace(outage, healed=True, ended_at=outage.ended_at or event.at)
        case EventKind.RESTART_DID_NOT_HELP if outage is not None:
            return _failed(outage, "did_not_help")
        case kind if kind in SENT and outage is not None:
            return _called(outage, event.fields)
    return outage


def _follow_status(outage: Outage | None, status: Status, at: datetime) -> Outage | None:
    if outage is None or outage.ended_at is not None:
        return Outage(at, status) if status in DOWN else outage
    if status is Status.RUNNING:
        return replace(outage, ended_at=at)
    if outage.cause is Status.COMPLETED and status in DOWN and not outage.taken_up:
        # Finished work that turns out to have failed: the outage begins here.
        return Outage(at, status)
    return outage


def _confirmed(outage: Outage | None, event: Event) -> Outage:
    took = seconds(event, "over_s")
    known = _running_on(outage, event, took)
    return replace(known, taken_up=True, detected_after=known.detected_after or took)


def _running_on(outage: Outage | None, event: Event, since: timedelta | None) -> Outage:
    """The open outage, or one whose begin nobody told: it was down when it was first looked at."""
    if outage is not None and outage.ended_at is None:
        return outage
    return Outage(event.at - (since or timedelta()), _status(event, "status"))


def _called(outage: Outage, fields: Mapping[str, object]) -> Outage:
    outage = replace(outage, calls=outage.calls + 1)
    failure = fields.get("class") or ("unknown" if fields.get("outcome") == "unknown" else None)
    return outage if failure is None else _failed(outage, str(failure))


def _failed(outage: Outage, how: str) -> Outage:
    return replace(outage, failures=outage.failures | {how})


def seconds(event: Event, name: str) -> timedelta | None:
    """A field that is a length, or None where the event has none."""
    value = event.fields.get(name)
    return timedelta(seconds=value) if isinstance(value, int | float) else None


def _status(event: Event, name: str) -> Status | None:
    value = event.fields.get(name)
    return Status(value) if isinstance(value, str) and value in _STATUSES else None
