"""What a start failure does to the breaker of an instance: semantics 4."""

from dataclasses import replace

import pytest

from builders import HOUR, MINUTE, T0
from mutants_support import episode
from scnet_watchdog.core import breaker
from scnet_watchdog.core.breaker import Move
from scnet_watchdog.core.policy import BreakerPolicy
from scnet_watchdog.core.state import BreakerState

STRICT = BreakerPolicy(threshold=3, open_for=30 * MINUTE, multiplier=2.0, max_open=6 * HOUR)


@pytest.mark.parametrize(
    ("failures", "state", "openings", "by_operator", "after", "then"),
    [
        (1, BreakerState.CLOSED, 0, False, BreakerState.CLOSED, 0),
        (2, BreakerState.CLOSED, 0, False, BreakerState.OPEN, 1),
        (2, BreakerState.CLOSED, 0, True, BreakerState.OPEN, 1),
        # Opened before and not stable since: one failure is enough.
        (0, BreakerState.CLOSED, 2, False, BreakerState.OPEN, 3),
        (3, BreakerState.HALF_OPEN, 1, False, BreakerState.OPEN, 2),
        # A trial that fails opens it whatever was counted before.
        (0, BreakerState.HALF_OPEN, 0, False, BreakerState.OPEN, 1),
        # An operator's trial opens it again, as long as before.
        (3, BreakerState.HALF_OPEN, 1, True, BreakerState.OPEN, 1),
        (3, BreakerState.OPEN, 2, True, BreakerState.OPEN, 2),
    ],
)
def test_a_start_failure_opens_the_breaker_at_the_threshold_and_after_an_opening_at_once(
    failures: int,
    state: BreakerState,
    openings: int,
    by_operator: bool,
    after: BreakerState,
    then: int,
) -> None:
    before = episode(failures=failures, breaker=state, openings=openings, attempts=4)
    failed = breaker.start_failed(before, STRICT, T0 + HOUR, by_operator)
    opened = T0 + HOUR if after is BreakerState.OPEN else None
    assert failed == replace(
        before, failures=failures + 1, breaker=after, openings=then, opened_at=opened
    )


def test_each_opening_lasts_twice_as_long_up_to_six_hours() -> None:
    half_hours = [breaker.open_time(STRICT, n) // (30 * MINUTE) for n in range(1, 7)]
    assert half_hours == [1, 2, 4, 8, 12, 12]
    opened = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=2)
    assert breaker.opens_until(opened, STRICT) == T0 + HOUR
    half = breaker.half_opened(opened)
    assert half.breaker is BreakerState.HALF_OPEN
    assert breaker.opens_until(half, STRICT) is None
    closed = breaker.closed(half, Move.PASSED)
    assert closed == replace(opened, breaker=BreakerState.CLOSED, opened_at=None)
    assert breaker.opens_until(replace(opened, opened_at=None), STRICT) is None
