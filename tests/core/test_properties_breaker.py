"""Properties of core.breaker: no series of moves leads out of its table or shuts it for ever."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import T0
from scnet_watchdog.core.breaker import (
    NEXT,
    Move,
    closed,
    half_opened,
    moved,
    open_time,
    opens_until,
    start_failed,
)
from scnet_watchdog.core.policy import BreakerPolicy
from scnet_watchdog.core.state import BreakerState, Episode
from strategies import WAITS, breaker_policies, examples

MOVES = st.lists(st.sampled_from(Move), max_size=30)
EVENTS = st.lists(
    st.tuples(st.sampled_from(["failed", "failed by operator", "passed", "waited"]), WAITS),
    max_size=30,
)


@examples(60)
@given(st.sampled_from(BreakerState), MOVES)
def test_any_series_of_moves_stays_in_the_table_and_can_still_end_closed(
    start: BreakerState, moves: list[Move]
) -> None:
    state = start
    for move in moves:
        before, state = state, moved(state, move)
        assert state is before or NEXT[before, move] is state
    # No latch: waiting and passing, or being cleared, closes it from anywhere.
    assert moved(moved(state, Move.WAITED), Move.PASSED) is BreakerState.CLOSED
    assert moved(state, Move.CLEARED) is BreakerState.CLOSED


def after(event: str, episode: Episode, policy: BreakerPolicy, waited: timedelta) -> Episode:
    """The episode after one event; a breaker is half-opened only when its time is over."""
    now = (episode.opened_at or T0) + waited
    if event.startswith("failed"):
        return start_failed(episode, policy, now, by_operator=event.endswith("operator"))
    if event == "passed":
        return closed(episode, Move.PASSED)
    return half_opened(episode)


@examples(60)
@given(breaker_policies(), EVENTS)
def test_an_open_breaker_always_has_a_moment_not_later_than_its_longest_opening(
    policy: BreakerPolicy, events: list[tuple[str, timedelta]]
) -> None:
    episode = Episode(T0, 1)
    for event, waited in events:
        episode = after(event, episode, policy, waited)
        until = opens_until(episode, policy)
        if episode.breaker is BreakerState.OPEN:
            assert episode.opened_at is not None
            assert until is not None
            assert policy.open_for <= until - episode.opened_at <= policy.max_open
        else:
            assert until is None


@examples(40)
@given(breaker_policies(), EVENTS, st.integers(0, 6), st.integers(0, 3))
def test_it_opens_at_the_threshold_first_and_at_every_failure_after_an_opening(
    policy: BreakerPolicy, events: list[tuple[str, timedelta]], failures: int, openings: int
) -> None:
    # A failure that is taken back leaves fewer failures, and may leave the opening.
    episode = Episode(T0, 1, failures=failures, openings=openings)
    for event, waited in events:
        before, episode = episode, after(event, episode, policy, waited)
        if event.startswith("failed"):
            assert episode.failures == before.failures + 1
            opens = before.openings > 0 or episode.failures >= policy.threshold
            assert (episode.breaker is BreakerState.OPEN) is opens
        # What openings there were is remembered; nothing but time at rest forgets them.
        assert episode.openings >= before.openings


@examples(40)
@given(breaker_policies(), st.integers(1, 1000))
def test_a_later_opening_is_never_shorter(policy: BreakerPolicy, openings: int) -> None:
    assert policy.open_for <= open_time(policy, openings) <= open_time(policy, openings + 1)
    assert open_time(policy, openings + 1) <= policy.max_open


@examples(40)
@given(breaker_policies(), st.integers(1, 50), st.integers(0, 5))
def test_an_operators_failed_trial_opens_it_no_longer_than_before(
    policy: BreakerPolicy, failures: int, openings: int
) -> None:
    tried = Episode(
        T0, 1, failures=failures, breaker=BreakerState.HALF_OPEN, openings=max(1, openings)
    )
    by_us = start_failed(tried, policy, T0, by_operator=False)
    by_operator = start_failed(tried, policy, T0, by_operator=True)
    assert by_operator.openings == tried.openings
    assert by_us.openings == tried.openings + 1
