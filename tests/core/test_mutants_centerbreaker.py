"""What trips, opens and closes a center's breaker: semantics 4, each step asked by itself."""

from dataclasses import replace

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import A0, center_of, draft_of, put, put_center, watch
from scnet_watchdog.core import centerbreaker
from scnet_watchdog.core.attempt import AttemptKey
from scnet_watchdog.core.center import CenterBreaker, Judged, Ramp
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.policy import CenterBreakerPolicy, Limits
from scnet_watchdog.core.state import BreakerState

A1, A2 = InstanceId("a1"), InstanceId("a2")
FOUR_APART = (A0, A0, A0, A0)
HALF_OPEN = CenterBreaker(BreakerState.HALF_OPEN, T0, openings=1)
BY_ERRORS = replace(HALF_OPEN, by_errors=True)
RAMP = Ramp(T0, 0, grew_at=T0)


def start_fails(draft: Draft, id_: str = "a0", seq: int = 1, *, place: bool = False) -> None:
    """A start failure of one instance's attempt."""
    one = watch(id_, seq, place=place)
    centerbreaker.start_failed(draft, put(draft, id_, watch=one), one)


def state_of(draft: Draft) -> BreakerState:
    """The state of the center's breaker."""
    return center_of(draft).breaker.state


def openings_told(draft: Draft) -> list[str]:
    """The causes of the openings that were told."""
    return [str(e.fields["cause"]) for e in draft.events if e.kind is EventKind.BREAKER_OPENED]


# Counting.


def test_a_judged_attempt_is_counted_until_it_is_exactly_as_old_as_the_window() -> None:
    old = (Judged(T0, A0, True, 1), Judged(T0 + SECOND, A1, True, 1))
    draft = draft_of(3, at=10 * MINUTE)
    put_center(draft, breaker=CenterBreaker(judged=old))
    centerbreaker.judged(draft, AttemptKey(A2, 7), CENTER, failed=False)
    assert center_of(draft).breaker.judged == (old[1], Judged(draft.now, A2, False, 7))


def test_a_later_verdict_replaces_the_earlier_one_of_the_same_attempt_only() -> None:
    draft = draft_of(3, at=MINUTE)
    other = Judged(T0, A0, True, 2)
    put_center(draft, breaker=CenterBreaker(judged=(Judged(T0, A0, True, 1), other)))
    centerbreaker.judged(draft, AttemptKey(A0, 1), CENTER, failed=False)
    assert center_of(draft).breaker.judged == (other, Judged(draft.now, A0, False, 1))


def test_a_start_failure_ends_the_row_of_platform_errors() -> None:
    draft = draft_of(3)
    put_center(draft, breaker=CenterBreaker(errors=(A0, A1, A0, A1)))
    start_fails(draft)
    assert center_of(draft).breaker.errors == ()
    assert state_of(draft) is BreakerState.CLOSED


def test_an_answer_that_ends_no_row_of_errors_changes_no_center() -> None:
    draft = draft_of(3)
    centerbreaker.answered(draft, put(draft))
    assert draft.centers == {}


@pytest.mark.parametrize(("errors", "opens"), [((A1,) * 3, False), ((A1, A1, A1, A1), True)])
def test_the_fifth_error_in_a_row_opens_it_when_it_is_of_two_instances(
    errors: tuple[InstanceId, ...], opens: bool
) -> None:
    draft = draft_of(3)
    put_center(draft, breaker=CenterBreaker(errors=errors))
    centerbreaker.error(draft, put(draft))
    assert (state_of(draft) is BreakerState.OPEN) is opens
    assert openings_told(draft) == (["platform_errors"] if opens else [])


def test_errors_of_one_instance_are_remembered_as_far_as_a_second_one_needs() -> None:
    draft = draft_of(3)
    for _ in range(30):
        centerbreaker.error(draft, put(draft))
    # Four times the five that trip it: enough, and bounded.
    assert center_of(draft).breaker.errors == (A0,) * 20
    assert state_of(draft) is BreakerState.CLOSED
    centerbreaker.error(draft, put(draft, "a1"))
    assert state_of(draft) is BreakerState.OPEN


@pytest.mark.parametrize("breaker", [HALF_OPEN, CenterBreaker(BreakerState.OPEN, T0)])
def test_an_error_counts_only_to_a_closed_breaker(breaker: CenterBreaker) -> None:
    draft = draft_of(3)
    put_center(draft, breaker=breaker)
    centerbreaker.error(draft, put(draft))
    assert center_of(draft).breaker == breaker


# Half open: only the canary decides.


@pytest.mark.parametrize("place", [True, False])
def test_only_a_canarys_start_failure_opens_a_half_open_center_again(place: bool) -> None:
    draft = draft_of(3)
    put_center(draft, breaker=HALF_OPEN, ramp=RAMP)
    start_fails(draft, place=place)
    assert state_of(draft) is (BreakerState.OPEN if place else BreakerState.HALF_OPEN)
    assert openings_told(draft) == (["start_failures"] if place else [])


def test_a_canarys_start_failure_closes_what_platform_errors_opened() -> None:
    draft = draft_of(3)
    put_center(draft, breaker=BY_ERRORS, ramp=RAMP)
    start_fails(draft, place=True)
    breaker = center_of(draft).breaker
    assert breaker.state is BreakerState.CLOSED
    # What was counted is forgotten, the openings are not.
    assert (breaker.judged, breaker.openings, breaker.closed_at) == ((), 1, T0)
    ramp = center_of(draft).ramp
    assert ramp is not None
    assert (ramp.places, ramp.passed, ramp.since) == (2, 1, T0)
    [closed] = draft.events
    assert (closed.kind, closed.center) == (EventKind.BREAKER_CLOSED, CENTER)
    assert closed.fields["scope"] == "center"


@pytest.mark.parametrize("breaker", [HALF_OPEN, BY_ERRORS, CenterBreaker()])
@pytest.mark.parametrize("place", [True, False])
def test_an_unclear_canary_that_did_not_help_opens_it_for_the_same_cause(
    breaker: CenterBreaker, place: bool
) -> None:
    draft = draft_of(3)
    put_center(draft, breaker=breaker, ramp=RAMP)
    one = watch(place=place)
    centerbreaker.did_not_help(draft, put(draft, watch=one), one)
    again = place and breaker.state is BreakerState.HALF_OPEN
    cause = "platform_errors" if breaker.by_errors else "start_failures"
    assert openings_told(draft) == ([cause] if again else [])


@pytest.mark.parametrize("place", [True, False])
@pytest.mark.parametrize("unanswered", [True, False])
def test_a_platform_error_opens_a_half_open_center_when_the_canary_met_it_plainly(
    place: bool, unanswered: bool
) -> None:
    draft = draft_of(3)
    put_center(draft, breaker=BY_ERRORS, ramp=RAMP)
    one = watch(place=place)
    centerbreaker.platform_error(draft, put(draft, watch=one), one, unanswered)
    assert openings_told(draft) == (["platform_errors"] if place and not unanswered else [])
    # Nothing is counted while it is not closed.
    assert center_of(draft).breaker.errors == ()


@pytest.mark.parametrize(
    ("breaker", "closes"),
    [
        (BY_ERRORS, True),
        (HALF_OPEN, False),
        (CenterBreaker(BreakerState.OPEN, T0, by_errors=True), False),
    ],
)
def test_an_accepted_call_closes_a_half_open_breaker_that_errors_opened(
    breaker: CenterBreaker, closes: bool
) -> None:
    draft = draft_of(3)
    put_center(draft, breaker=breaker)
    centerbreaker.answered(draft, put(draft))
    assert (state_of(draft) is BreakerState.CLOSED) is closes


# The first pass, and what is taken back.


@pytest.mark.parametrize(
    ("ramp", "place", "opens"),
    [
        (RAMP, True, True),
        (RAMP, False, False),
        (replace(RAMP, passed=1), True, False),
        # A ramp that has ended meanwhile has no canary.
        (None, True, False),
    ],
)
def test_a_start_failure_before_the_first_pass_opens_it_at_once(
    ramp: Ramp | None, place: bool, opens: bool
) -> None:
    draft = draft_of(3)
    put_center(draft, ramp=ramp)
    start_fails(draft, place=place)
    assert openings_told(draft) == (["start_failures"] if opens else [])


@pytest.mark.parametrize("canary", [True, False])
@pytest.mark.parametrize("breaker", [HALF_OPEN, CenterBreaker()])
def test_only_a_canary_taken_back_closes_a_breaker_that_is_not_closed(
    canary: bool, breaker: CenterBreaker
) -> None:
    draft = draft_of(3)
    put_center(draft, breaker=breaker)
    one = watch(canary=canary)
    centerbreaker.taken_back(draft, put(draft, watch=one), one)
    closes = canary and breaker is HALF_OPEN
    assert [e.kind for e in draft.events] == ([EventKind.BREAKER_CLOSED] if closes else [])


# Opening.


@pytest.mark.parametrize(("closed_for", "openings"), [(599, 4), (600, 1), (601, 1)])
def test_openings_are_forgotten_after_ten_minutes_closed(closed_for: int, openings: int) -> None:
    draft = draft_of(3, at=HOUR)
    closed_at = draft.now - closed_for * SECOND
    put_center(draft, breaker=CenterBreaker(closed_at=closed_at, openings=3, errors=(A1,) * 4))
    centerbreaker.error(draft, put(draft))
    breaker = center_of(draft).breaker
    assert (breaker.openings, breaker.errors, breaker.opened_at) == (openings, (), draft.now)
    # 1 min × 2^(openings − 1), at most ten.
    until = draft.now + min(2 ** (openings - 1), 10) * MINUTE
    [told] = draft.events
    assert told.center == CENTER
    assert told.fields["openings"] == openings
    assert told.fields["open_until"] == until
    ramp = center_of(draft).ramp
    assert ramp is not None
    # One place: the half-open canary's.
    assert (ramp.places, ramp.passed, ramp.since) == (1, 0, draft.now)


@pytest.mark.parametrize(("after", "half_open"), [(59, False), (60, True), (61, True)])
def test_an_open_breaker_is_half_open_when_its_time_is_over(after: int, half_open: bool) -> None:
    draft = draft_of(3, at=after * SECOND)
    put_center(draft, breaker=CenterBreaker(BreakerState.OPEN, T0, openings=1))
    centerbreaker.wait_over(draft, CENTER)
    assert (state_of(draft) is BreakerState.HALF_OPEN) is half_open
    assert (center_of(draft).ramp is not None) is half_open
    told = [(e.kind, e.center, e.fields) for e in draft.events]
    fields = {"scope": "center", "openings": 1}
    assert told == ([(EventKind.BREAKER_HALF_OPENED, CENTER, fields)] if half_open else [])


@pytest.mark.parametrize("breaker", [CenterBreaker(), HALF_OPEN])
def test_a_breaker_that_is_not_open_has_no_end(breaker: CenterBreaker) -> None:
    assert centerbreaker.opens_until(breaker, CenterBreakerPolicy()) is None


def test_a_start_failure_while_it_is_open_only_counts() -> None:
    draft = draft_of(3)
    counted = (Judged(T0, A1, True, 1), Judged(T0, A2, True, 1))
    opened = CenterBreaker(BreakerState.OPEN, T0, openings=1, judged=counted)
    put_center(draft, breaker=opened, ramp=RAMP)
    start_fails(draft, place=True)
    assert openings_told(draft) == []
    assert len(center_of(draft).breaker.judged) == 3


# Removal.


def test_a_removed_instance_takes_only_its_own_part_of_the_counts_with_it() -> None:
    draft = draft_of(3)
    mine, other = Judged(T0, A0, True, 1), Judged(T0, A1, True, 1)
    put_center(draft, breaker=CenterBreaker(judged=(mine, other), errors=(A0, A1, A0)))
    centerbreaker.quiet(draft, A0)
    assert center_of(draft).breaker == CenterBreaker(judged=(other,), errors=(A1,))


def test_a_removed_instance_that_was_never_counted_changes_no_center() -> None:
    draft = draft_of(3, limits=Limits())
    centerbreaker.quiet(draft, A0)
    assert draft.centers == {}
