"""The breaker of one instance: a transition table, and what a start failure does to an episode.

`docs/breaker.md` is drawn from the table.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from .backoff import grown
from .policy import BreakerPolicy
from .state import BreakerState, Episode


class Move(StrEnum):
    """What can happen to a breaker."""

    TRIPPED = "tripped"
    WAITED = "waited"
    PASSED = "passed"
    FAILED = "failed"
    CLEARED = "cleared"


NEXT: dict[tuple[BreakerState, Move], BreakerState] = {
    # closed → open: threshold start failures in a row (after an opening: one).
    (BreakerState.CLOSED, Move.TRIPPED): BreakerState.OPEN,
    # open → half open: its time is over; one trial may go.
    (BreakerState.OPEN, Move.WAITED): BreakerState.HALF_OPEN,
    # half open → closed: the trial recovered. An operator's trial may start from open.
    (BreakerState.HALF_OPEN, Move.PASSED): BreakerState.CLOSED,
    (BreakerState.OPEN, Move.PASSED): BreakerState.CLOSED,
    # half open → open: the trial failed; longer. An operator's failed trial: as long as before.
    (BreakerState.HALF_OPEN, Move.FAILED): BreakerState.OPEN,
    (BreakerState.OPEN, Move.FAILED): BreakerState.OPEN,
    # stable, reset, or a failure taken back.
    (BreakerState.OPEN, Move.CLEARED): BreakerState.CLOSED,
    (BreakerState.HALF_OPEN, Move.CLEARED): BreakerState.CLOSED,
}
"""Every legal move; any other leaves the breaker as it is."""


def moved(state: BreakerState, move: Move) -> BreakerState:
    """Return the state after a move."""
    return NEXT.get((state, move), state)


def open_time(policy: BreakerPolicy, openings: int) -> timedelta:
    """Return how long the breaker stays open at its n-th opening."""
    return grown(policy.open_for, policy.multiplier, openings - 1, policy.max_open)


def opens_until(episode: Episode, policy: BreakerPolicy) -> datetime | None:
    """Return when an open breaker becomes half open, or None where it is not open."""
    if episode.breaker is not BreakerState.OPEN or episode.opened_at is None:
        return None
    return episode.opened_at + open_time(policy, episode.openings)


def start_failed(
    episode: Episode, policy: BreakerPolicy, now: datetime, by_operator: bool
) -> Episode:
    """Count a start failure; open the breaker where that makes it trip.

    A failed trial opens it longer, even after it had recovered; an operator's as long as before.
    """
    failed = replace(episode, failures=episode.failures + 1)
    was_closed = failed.breaker is BreakerState.CLOSED
    if was_closed and failed.failures < policy.threshold and not failed.openings:
        return failed
    openings = max(1, failed.openings + (0 if by_operator else 1))
    return _opened(failed, Move.TRIPPED if was_closed else Move.FAILED, now, openings)


def closed(episode: Episode, move: Move) -> Episode:
    """Close the breaker; openings are remembered until the instance is stable."""
    return replace(episode, breaker=moved(episode.breaker, move), opened_at=None)


def half_opened(episode: Episode) -> Episode:
    """Let one trial go."""
    return replace(episode, breaker=moved(episode.breaker, Move.WAITED))


def _opened(episode: Episode, move: Move, now: datetime, openings: int) -> Episode:
    return replace(episode, breaker=moved(episode.breaker, move), opened_at=now, openings=openings)
