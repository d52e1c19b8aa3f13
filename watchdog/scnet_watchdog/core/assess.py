"""One instance: restart, or hold, and why. The ladder of checks in order of precedence.

Each rung answers for itself, so that `explain` can show all of them; a decision is the first that
holds. Below the last rung a restart follows, if the center's gates (`gates`) let it.
"""

from collections.abc import Callable

from .decision import Decision, Reason
from .may import (
    breaker_open,
    budget_spent,
    center_blocked,
    confirming,
    cooling_down,
    held,
    rejected,
)
from .policy import Mode
from .seen import (
    draining,
    healthy,
    missing,
    not_restartable,
    quiet_start,
    reads_blocked,
    source_blind,
    starting,
    status_unknown,
    stuck_waiting,
    verifying,
    watch_only,
)
from .state import BreakerState
from .view import View

Rung = Callable[[View], Decision | None]

LADDER: tuple[tuple[Reason, Rung], ...] = (
    (Reason.WATCH_ONLY, watch_only),
    (Reason.DRAINING, draining),
    (Reason.CENTER_BLOCKED, reads_blocked),
    (Reason.QUIET_START, quiet_start),
    (Reason.SOURCE_BLIND, source_blind),
    (Reason.MISSING, missing),
    (Reason.STATUS_UNKNOWN, status_unknown),
    (Reason.STUCK_WAITING, stuck_waiting),
    (Reason.VERIFYING, verifying),
    (Reason.STARTING, starting),
    (Reason.HEALTHY, healthy),
    (Reason.NOT_RESTARTABLE, not_restartable),
    (Reason.HELD, held),
    (Reason.CONFIRMING, confirming),
    (Reason.REJECTED, rejected),
    (Reason.CENTER_BLOCKED, center_blocked),
    (Reason.BREAKER_OPEN, breaker_open),
    (Reason.COOLING_DOWN, cooling_down),
    (Reason.BUDGET_SPENT, budget_spent),
)
"""All rungs in order of precedence; `state_unwritable` follows, only where a restart would."""


def assess(view: View) -> Decision | None:
    """Return why the instance is held, or None where a restart follows if the gates let it."""
    for _, rung in LADDER:
        decision = rung(view)
        if decision is not None:
            return decision
    return unwritable(view)


def unwritable(view: View) -> Decision | None:
    """No call is made that could not be remembered; one in shadow is no call."""
    if view.draft.situation.writable or view.mode is Mode.SHADOW:
        return None
    return Decision(Reason.STATE_UNWRITABLE)


def restart_reason(view: View, canary: bool) -> Reason:
    """Why a restart that nothing holds is made."""
    if view.ordered:
        return Reason.OPERATOR
    if canary:
        return Reason.CANARY
    if view.episode is not None and view.episode.breaker is BreakerState.HALF_OPEN:
        return Reason.TRIAL
    assert view.status is not None  # noqa: S101 - quiet_start holds what was never seen
    return Reason(view.status.value)
