"""Which events begin a lasting trouble, and which end it.

A trouble has a key: its topic and whom it is about. Under one key it is told once, however often
its event comes again, then every few hours for as long as it lasts, then when it ends.
"""

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ...core.decision import Reason
from ...core.event import Event, EventKind, Level
from ...core.model import DOWN, Status
from ...core.policy import Roster


class Topic(StrEnum):
    """What a trouble is about."""

    BREAKER = "breaker"
    STUCK = "stuck"
    BLOCKED = "blocked"
    BLIND = "blind"
    STORM = "storm"
    BUDGET = "budget"
    STATE = "state"
    CONFIG = "config"
    REJECTED = "rejected"
    MISSING = "missing"
    NOT_RESTARTABLE = "not_restartable"
    RESTARTS = "restarts"
    """An instance's restarts do not help."""


Key = tuple[Topic, str]

OF_INSTANCE = frozenset(
    {
        Topic.BREAKER,
        Topic.STUCK,
        Topic.BUDGET,
        Topic.REJECTED,
        Topic.MISSING,
        Topic.NOT_RESTARTABLE,
        Topic.RESTARTS,
    }
)
OF_ONE_LIFE = frozenset({Topic.STATE, Topic.CONFIG, Topic.BLIND})
"""Over with the daemon that had them: the next one owns a state, has a config, and asks anew."""
TOLD_ONCE = frozenset({Topic.NOT_RESTARTABLE})
"""Not told again while it lasts, and not when it ends: a run that completed is no alarm."""

_TALKS = frozenset({"start_failure", "platform"})
"""Classes of a refusal that are told as such. Of the others something louder speaks: a blocked
center, a rejected instance; and a throttled one heals by itself."""

_QUIET_HOLDS = frozenset({Reason.HELD, Reason.WATCH_ONLY})
"""A person has taken the instance up: nobody needs to be told again."""


OF_CENTER = "center "
"""What stands before a center's name where an instance could be meant as well."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Whom a config names: of anybody else no trouble ever ends.

    Args:
        centers: those in which something is watched.
        sources: `source@center`, as far as something is asked there.
    """

    instances: Container[str]
    centers: frozenset[str]
    sources: frozenset[str]

    @classmethod
    def of(cls, roster: Roster) -> "Watched":
        """Whom this config names."""
        keys = {member.key for member in roster.members.values()}
        return cls(
            roster.members,
            frozenset(key.center for key in keys),
            frozenset(f"{key.source}@{key.center}" for key in keys),
        )

    def has(self, key: Key) -> bool:
        """Whether a trouble is about somebody who is named, or about the daemon itself."""
        topic, whom = key
        if topic in (Topic.STATE, Topic.CONFIG):
            return True
        if topic is Topic.BLIND:
            return whom in self.sources
        if topic in OF_INSTANCE and not whom.startswith(OF_CENTER):
            return whom in self.instances
        return whom.removeprefix(OF_CENTER) in self.centers


def _instance(event: Event) -> str:
    return str(event.instance or "")


def _center(event: Event) -> str:
    return event.center or ""


def _source(event: Event) -> str:
    return f"{event.fields.get('source')}@{_center(event)}"


def _nobody(event: Event) -> str:
    del event
    return ""


def _broken(event: Event) -> str:
    if event.fields.get("scope") == "center":
        return f"{OF_CENTER}{_center(event)}"
    return _instance(event)


Whom = Callable[[Event], str]

_BEGINS: Mapping[EventKind, tuple[Topic, Whom]] = {
    EventKind.BREAKER_OPENED: (Topic.BREAKER, _broken),
    EventKind.RESTART_STUCK_WAITING: (Topic.STUCK, _instance),
    EventKind.CENTER_BLOCKED: (Topic.BLOCKED, _center),
    EventKind.SOURCE_BLIND: (Topic.BLIND, _source),
    EventKind.STORM_BEGAN: (Topic.STORM, _center),
    EventKind.BUDGET_SPENT: (Topic.BUDGET, _instance),
    EventKind.STATE_FAILED: (Topic.STATE, _nobody),
    EventKind.CONFIG_REJECTED: (Topic.CONFIG, _nobody),
    EventKind.INSTANCE_MISSING: (Topic.MISSING, _instance),
    EventKind.RESTART_REFUSED: (Topic.RESTARTS, _instance),
    EventKind.RESTART_DID_NOT_HELP: (Topic.RESTARTS, _instance),
    EventKind.RESTART_RELAPSED: (Topic.RESTARTS, _instance),
}

_ENDS: Mapping[EventKind, tuple[Collection[Topic], Whom]] = {
    EventKind.BREAKER_CLOSED: ((Topic.BREAKER,), _broken),
    EventKind.CENTER_UNBLOCKED: ((Topic.BLOCKED,), _center),
    EventKind.SOURCE_RECOVERED: ((Topic.BLIND,), _source),
    EventKind.STORM_ENDED: ((Topic.STORM,), _center),
    EventKind.STATE_RECOVERED: ((Topic.STATE,), _nobody),
    EventKind.CONFIG_RELOADED: ((Topic.CONFIG,), _nobody),
    EventKind.INSTANCE_RETURNED: ((Topic.MISSING,), _instance),
    EventKind.INSTANCE_STABLE: ((Topic.RESTARTS, Topic.BUDGET), _instance),
}


def begins(event: Event, has_run: bool) -> tuple[Key, Level] | None:
    """The trouble that an event begins or renews, and how loud it is; None = none.

    Args:
        has_run: whether its instance was seen running since it was last told to be down for good.
    """
    if event.kind is EventKind.DECISION_CHANGED:
        return _by_decision(event, has_run)
    if event.kind is EventKind.RESTART_REFUSED and event.fields.get("class") not in _TALKS:
        return None
    found = _BEGINS.get(event.kind)
    return ((found[0], found[1](event)), event.loudness) if found is not None else None


def ends(event: Event) -> tuple[Key, ...]:
    """The troubles that are over with this event, if they were there."""
    if event.kind is EventKind.INSTANCE_STATUS_CHANGED:
        return tuple((topic, _instance(event)) for topic in _by_status(event.fields.get("status")))
    topics, whom = _ENDS.get(event.kind, ((), _nobody))
    return tuple((topic, whom(event)) for topic in topics)


def laid_aside(event: Event) -> tuple[str, ...]:
    """Instances of which nobody needs to be told any more: held, or only watched."""
    held = event.kind is EventKind.HOLD_PLACED and event.instance is not None
    quiet = event.kind is EventKind.DECISION_CHANGED and event.fields.get("reason") in _QUIET_HOLDS
    return (_instance(event),) if held or quiet else ()


def seen_running(event: Event) -> bool:
    """Whether an event says that its instance runs, or has run until now."""
    shown = (event.fields.get("status"), event.fields.get("previous"))
    return event.kind is EventKind.INSTANCE_STATUS_CHANGED and Status.RUNNING in shown


def _by_decision(event: Event, has_run: bool) -> tuple[Key, Level] | None:
    reason = event.fields.get("reason")
    if reason == Reason.REJECTED:
        # The platform will not restart it as it is: a person must act.
        return (Topic.REJECTED, _instance(event)), Level.ERROR
    if reason == Reason.NOT_RESTARTABLE and has_run:
        return (Topic.NOT_RESTARTABLE, _instance(event)), Level.WARNING
    return None


def _by_status(status: object) -> tuple[Topic, ...]:
    if status == Status.RUNNING:
        return (Topic.STUCK, Topic.REJECTED, Topic.NOT_RESTARTABLE)
    return (Topic.STUCK,) if status in DOWN else ()
