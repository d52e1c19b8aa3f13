"""The gates of one center, in order. Each opens by a moment or a verdict, never by another gate."""

from collections.abc import Callable
from dataclasses import dataclass

from . import ramp, throttle
from .block import next_look
from .center import CenterState
from .centerbreaker import opens_until
from .decision import Decision, Reason
from .draft import Draft
from .model import InstanceId
from .policy import HOUR
from .state import BreakerState


def max_in_flight(draft: Draft, name: str) -> int:
    """Places in flight: as configured, or max(2, 5 % of the center's instances, rounded up)."""
    given = draft.limits(name).max_in_flight
    return given or max(2, -(-len(draft.fleet.members_of.get(name, ())) // 20))


def per_hour(draft: Draft, name: str) -> int:
    """Restarts an hour: as configured, or max(10, the center's instances)."""
    given = draft.limits(name).restarts_per_hour
    return given or max(10, len(draft.fleet.members_of.get(name, ())))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of the gates.

    Args:
        by_operator: an operator's restart passes the storm.
        free: connections that can carry a call at once.
    """

    by_operator: bool = False
    free: int = 0


def _block_shut(draft: Draft, center: CenterState, _: Wish) -> Decision | None:
    block = center.block
    if block is None:
        return None
    trying = any(_is_canary(draft, id_) for id_ in draft.index(center.name).busy)
    if block.may_try and not trying:
        return None
    again = next_look(block, draft.limits(center.name).blocked_recheck)
    return Decision(Reason.CENTER_BLOCKED, again, {"cause": block.cause})


def _is_canary(draft: Draft, id_: InstanceId) -> bool:
    watch = draft.state(id_).facts.care.watch
    return watch is not None and watch.canary and watch.attempt.outcome is None


def throttle_shut(draft: Draft, center: CenterState, _: Wish) -> Decision | None:
    """The platform asked us to slow down, or one call has gone ahead to see."""
    told = center.throttle
    if told is None:
        return None
    ends = throttle.throttle_ends(told)
    ahead = throttle.gone_ahead(draft, told)
    if draft.now >= ends and ahead is None:
        return None
    numbers = {"in_row": told.in_row, "goes_first": ahead}
    return Decision(Reason.THROTTLED, ends if draft.now < ends else None, numbers)


def _breaker_shut(draft: Draft, center: CenterState, _: Wish) -> Decision | None:
    breaker = center.breaker
    if breaker.state is BreakerState.CLOSED:
        return None
    if breaker.state is BreakerState.OPEN:
        until = opens_until(breaker, draft.limits(center.name).center_breaker)
        return Decision(Reason.CENTER_BREAKER_OPEN, until, {"openings": breaker.openings})
    if center.ramp is None or center.ramp.places > 0:
        return None
    again = ramp.grows_at(draft, center.name)
    return Decision(Reason.CENTER_BREAKER_OPEN, again, {"canary": "under way"})


def _storm_shut(draft: Draft, center: CenterState, wish: Wish) -> Decision | None:
    if wish.by_operator or center.ramp is None or center.ramp.places > 0:
        return None
    numbers = {"passed": center.ramp.passed, "storm": center.storm is not None}
    return Decision(Reason.STORM, ramp.grows_at(draft, center.name), numbers)


def _rate_shut(draft: Draft, center: CenterState, _: Wish) -> Decision | None:
    limit = per_hour(draft, center.name)
    index = draft.index(center.name)
    made = index.in_last_hour(draft.now)
    if made < limit:
        return None
    again = index.calls[-limit][0] + HOUR
    return Decision(Reason.CENTER_RATE, again, {"made": made, "of": limit})


def _busy_shut(draft: Draft, center: CenterState, wish: Wish) -> Decision | None:
    limit = max_in_flight(draft, center.name)
    busy = draft.index(center.name).busy
    if len(busy) < limit:
        return None if wish.free > 0 else Decision(Reason.CENTER_BUSY, None, {"connections": 0})
    return Decision(Reason.CENTER_BUSY, None, {"in_flight": len(busy), "of": limit})


Gate = Callable[[Draft, CenterState, Wish], Decision | None]

GATES: tuple[tuple[Reason, Gate], ...] = (
    (Reason.CENTER_BLOCKED, _block_shut),
    (Reason.THROTTLED, throttle_shut),
    (Reason.CENTER_BREAKER_OPEN, _breaker_shut),
    (Reason.STORM, _storm_shut),
    (Reason.CENTER_RATE, _rate_shut),
    (Reason.CENTER_BUSY, _busy_shut),
)
"""All gates in order."""


def shut_gate(draft: Draft, name: str, wish: Wish) -> Decision | None:
    """Return the first gate that is closed, or None where a call may go."""
    if draft.situation.draining:
        return Decision(Reason.DRAINING)
    if not draft.situation.writable:
        return Decision(Reason.STATE_UNWRITABLE)
    center = draft.center(name)
    for _, gate in GATES:
        shut = gate(draft, center, wish)
        if shut is not None:
            return shut
    return None
