"""The facts worth telling, and how loud each is.

Everyone who tells anything (log, journal, metrics, page, notifications) subscribes to these values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .model import InstanceId


class EventKind(StrEnum):
    """Names of events as they stand in the log; `docs/events.md` describes each."""

    DAEMON_STARTED = "daemon.started"
    DAEMON_STOPPED = "daemon.stopped"
    CONFIG_LOADED = "config.loaded"
    CONFIG_RELOADED = "config.reloaded"
    CONFIG_REJECTED = "config.rejected"
    CONFIG_DEPRECATED = "config.deprecated"
    FLEET_FIRST_LOOK = "fleet.first_look"
    SOURCE_FAILED = "source.failed"
    SOURCE_RECOVERED = "source.recovered"
    SOURCE_BLIND = "source.blind"
    STATUS_UNRECOGNISED = "status.unrecognised"
    CLOCK_STEPPED = "clock.stepped"
    INSTANCE_STATUS_CHANGED = "instance.status_changed"
    INSTANCE_CONFIRMED = "instance.confirmed"
    INSTANCE_STABLE = "instance.stable"
    INSTANCE_MISSING = "instance.missing"
    INSTANCE_RETURNED = "instance.returned"
    DECISION_CHANGED = "decision.changed"
    RESTART_REQUESTED = "restart.requested"
    RESTART_ACCEPTED = "restart.accepted"
    RESTART_REFUSED = "restart.refused"
    RESTART_UNKNOWN = "restart.unknown"
    RESTART_NOT_SENT = "restart.not_sent"
    RESTART_WITHDRAWN = "restart.withdrawn"
    RESTART_RECOVERED = "restart.recovered"
    RESTART_DID_NOT_HELP = "restart.did_not_help"
    RESTART_RELAPSED = "restart.relapsed"
    RESTART_STUCK_WAITING = "restart.stuck_waiting"
    BREAKER_OPENED = "breaker.opened"
    BREAKER_HALF_OPENED = "breaker.half_opened"
    BREAKER_CLOSED = "breaker.closed"
    CENTER_BLOCKED = "center.blocked"
    CENTER_UNBLOCKED = "center.unblocked"
    CENTER_THROTTLED = "center.throttled"
    STORM_BEGAN = "storm.began"
    STORM_ENDED = "storm.ended"
    BUDGET_SPENT = "budget.spent"
    HOLD_PLACED = "hold.placed"
    HOLD_ENDED = "hold.ended"
    OPERATOR_COMMAND = "operator.command"
    TOKEN_RENEWED = "token.renewed"
    STATE_CREATED = "state.created"
    STATE_FAILED = "state.failed"
    STATE_RECOVERED = "state.recovered"
    NOTIFICATION_FAILED = "notification.failed"

    # The enum's own is a Python function; see `Status`.
    __hash__ = str.__hash__


class Level(StrEnum):
    """error: a person must act; warning: may have to; info: normal; debug: for the curious."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_ERROR = {
    EventKind.CONFIG_REJECTED,
    EventKind.CENTER_BLOCKED,
    EventKind.STATE_FAILED,
    EventKind.BREAKER_OPENED,
    EventKind.SOURCE_BLIND,
}
_WARNING = {
    EventKind.CONFIG_DEPRECATED,
    EventKind.SOURCE_FAILED,
    EventKind.STATUS_UNRECOGNISED,
    EventKind.CLOCK_STEPPED,
    EventKind.INSTANCE_MISSING,
    EventKind.RESTART_REFUSED,
    EventKind.RESTART_UNKNOWN,
    EventKind.RESTART_NOT_SENT,
    EventKind.RESTART_DID_NOT_HELP,
    EventKind.RESTART_RELAPSED,
    EventKind.RESTART_STUCK_WAITING,
    EventKind.CENTER_THROTTLED,
    EventKind.STORM_BEGAN,
    EventKind.BUDGET_SPENT,
    EventKind.STATE_CREATED,
    EventKind.NOTIFICATION_FAILED,
}
LEVELS: Mapping[EventKind, Level] = {
    kind: Level.ERROR if kind in _ERROR else Level.WARNING if kind in _WARNING else Level.INFO
    for kind in EventKind
}
"""The level of each event unless the event itself says otherwise."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    Args:
        at: the moment it became true for us (UTC).
        name: the instance's name, on every instance event.
        fields: plain values only: text, numbers, booleans, moments, enums, lists and dicts of them.
        level: set where this one event is louder or quieter than its kind.
    """

    kind: EventKind
    at: datetime
    instance: InstanceId | None = None
    name: str | None = None
    center: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    level: Level | None = None

    @property
    def loudness(self) -> Level:
        """The level at which it is told."""
        return self.level or LEVELS[self.kind]
