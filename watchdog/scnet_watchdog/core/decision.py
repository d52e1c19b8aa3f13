"""What the core may answer: restart or hold, always with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why an instance is restarted, or why it is left alone; the same word everywhere."""

    # Restart.
    OPERATOR = "operator"
    CANARY = "canary"
    TRIAL = "trial"
    STOPPED = "stopped"
    FAILED = "failed"
    COMPLETED = "completed"
    # Hold, in order of precedence (`docs/semantics.md`).
    WATCH_ONLY = "watch_only"
    DRAINING = "draining"
    STATE_UNWRITABLE = "state_unwritable"
    QUIET_START = "quiet_start"
    SOURCE_BLIND = "source_blind"
    MISSING = "missing"
    STATUS_UNKNOWN = "status_unknown"
    STUCK_WAITING = "stuck_waiting"
    VERIFYING = "verifying"
    STARTING = "starting"
    HEALTHY = "healthy"
    NOT_RESTARTABLE = "not_restartable"
    HELD = "held"
    CONFIRMING = "confirming"
    REJECTED = "rejected"
    CENTER_BLOCKED = "center_blocked"
    BREAKER_OPEN = "breaker_open"
    COOLING_DOWN = "cooling_down"
    BUDGET_SPENT = "budget_spent"
    THROTTLED = "throttled"
    CENTER_BREAKER_OPEN = "center_breaker_open"
    STORM = "storm"
    CENTER_RATE = "center_rate"
    CENTER_BUSY = "center_busy"
    SHADOW = "shadow"

    # The enum's own is a Python function; see `Status`.
    __hash__ = str.__hash__


RESTART_REASONS = frozenset(
    {
        Reason.OPERATOR,
        Reason.CANARY,
        Reason.TRIAL,
        Reason.STOPPED,
        Reason.FAILED,
        Reason.COMPLETED,
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one instance.

    Args:
        next_at: the moment at which the answer may change by time alone, or None.
        numbers: what the answer rests on, for log, explain and page.
    """

    reason: Reason
    next_at: datetime | None = None
    numbers: Mapping[str, object] = field(default_factory=dict)

    @property
    def restarts(self) -> bool:
        """Whether this is a restart rather than a hold."""
        return self.reason in RESTART_REASONS


@dataclass(frozen=True, slots=True)
class Check:
    """One rung of the ladder that `explain` shows."""

    name: str
    passed: bool
    detail: str
