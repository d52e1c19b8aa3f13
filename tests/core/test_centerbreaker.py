"""The breaker of a whole center: semantics 4."""

from dataclasses import replace

import pytest

from builders import HOUR, MINUTE, SECOND, T0, World, ids
from center_support import (
    ARREARS,
    EAGER,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    STEADY,
    THROTTLED,
    UNANSWERED,
    answers,
    at,
    center,
    heals,
    in_turn,
)
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import CallEnded
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import Accepted, Outcome, Withdrawn
from scnet_watchdog.core.policy import CenterBreakerPolicy, Limits
from scnet_watchdog.core.state import BreakerState

WIDE = Limits(max_in_flight=10, restarts_per_hour=1000)
"""Slots and rate are no matter here."""


def fleet(n: int, limits: Limits = WIDE) -> World:
    """Twenty instances, of which the first n are down: too few for a storm."""
    world = World(20, STEADY, limits)
    world.show(Status.FAILED, *ids(n))
    return world


def tripped(outcome: Outcome, n: int) -> World:
    """The center's breaker opened at 31 s."""
    world = fleet(n)
    world.answer = answers(outcome)
    world.run(50 * SECOND)
    assert at(world, EventKind.BREAKER_OPENED, "center") == [31.0]
    return world


def by_failures() -> World:
    """Opened at 31 s by three start failures; half open from 91 s on."""
    return tripped(START_FAILURE, 3)


def by_errors() -> World:
    """Errors of four at 31 s and the fifth at 91 s; half open from 151 s on, a canary at 210 s."""
    world = fleet(4)
    world.answer = answers(NOT_SENT)
    world.run(100 * SECOND)
    assert at(world, EventKind.BREAKER_OPENED, "center") == [91.0]
    return world


# Tripping.


def test_start_failures_of_three_instances_trip_it() -> None:
    world = by_failures()
    assert world.told(EventKind.BREAKER_OPENED)[0].fields["cause"] == "start_failures"
    world.run(5 * SECOND)
    assert center(world).breaker.state is BreakerState.OPEN


def test_start_failures_of_two_instances_do_not() -> None:
    world = fleet(2)
    world.answer = answers(START_FAILURE)
    world.run(20 * MINUTE)
    assert at(world, EventKind.BREAKER_OPENED, "center") == []


def test_start_failures_further_apart_than_the_window_do_not() -> None:
    world = fleet(1)
    world.answer = answers(START_FAILURE)
    world.run(2 * MINUTE)
    for one in ids(5)[1:]:
        world.show(Status.RUNNING, *ids(5))
        world.run(6 * MINUTE)
        world.show(Status.FAILED, one)
        world.run(80 * SECOND)
    # Each more than six minutes after the one before: never three within ten.
    assert len(world.called()) >= 5
    assert at(world, EventKind.BREAKER_OPENED, "center") == []


def test_start_failures_that_are_fewer_than_half_of_the_judged_attempts_do_not() -> None:
    world = World(20, replace(EAGER, stable_after=20 * SECOND), WIDE)
    heals(world)
    # One instance comes back four times for good: four attempts that helped.
    for _ in range(4):
        world.show(Status.FAILED, "a9")
        world.run(100 * SECOND)
        world.show(Status.RUNNING, "a9")
    recovered = len(world.told(EventKind.RESTART_RECOVERED))
    assert recovered == 4
    world.on_call = lambda attempt: None
    world.answer = answers(START_FAILURE)
    world.show(Status.FAILED, *ids(3))
    world.run(65 * SECOND)
    # Three of seven are fewer than half.
    assert len(world.called("a0")) == 1
    assert at(world, EventKind.BREAKER_OPENED, "center") == []
    world.run(11 * SECOND)
    # Their second failures: with a fourth, four of eight are half.
    assert len(at(world, EventKind.BREAKER_OPENED, "center")) == 1


def test_five_platform_errors_in_a_row_of_two_instances_trip_it() -> None:
    world = fleet(2)
    world.answer = answers(NOT_SENT)
    world.run(5 * MINUTE)
    # Errors at 31 (two), 91 (two) and 211 s.
    assert at(world, EventKind.BREAKER_OPENED, "center") == [211.0]
    assert world.told(EventKind.BREAKER_OPENED)[0].fields["cause"] == "platform_errors"


def test_errors_of_one_instance_alone_do_not_trip_it() -> None:
    world = fleet(1)
    world.answer = answers(PLATFORM)
    world.run(2 * HOUR)
    assert len(world.called()) > 5
    assert at(world, EventKind.BREAKER_OPENED, "center") == []


@pytest.mark.parametrize("outcome", [NOT_SENT, UNANSWERED])
def test_calls_without_an_answer_and_calls_not_sent_are_errors_too(outcome: Outcome) -> None:
    world = fleet(2)
    world.answer = answers(outcome)
    world.run(10 * MINUTE)
    assert at(world, EventKind.BREAKER_OPENED, "center") != []


@pytest.mark.parametrize("outcome", [Accepted(), START_FAILURE])
def test_an_accepted_call_or_a_start_failure_ends_the_row_of_errors(outcome: Outcome) -> None:
    world = fleet(2)
    world.answer = in_turn(PLATFORM, PLATFORM, PLATFORM, PLATFORM, outcome, PLATFORM)
    world.run(5 * MINUTE)
    # The fifth call, at 210 s, breaks the row; the sixth begins a new one.
    assert at(world, EventKind.BREAKER_OPENED, "center") == []
    assert len(center(world).breaker.errors) <= 1


@pytest.mark.parametrize("outcome", [THROTTLED, ARREARS, INVALID, Withdrawn("held")])
def test_other_refusals_are_no_errors(outcome: Outcome) -> None:
    world = fleet(2)
    world.answer = answers(outcome)
    world.run(5 * MINUTE)
    assert center(world).breaker.errors == ()


# Open.


def test_nothing_is_called_while_it_is_open_and_a_minute_later_one_canary_goes() -> None:
    world = by_failures()
    world.run(40 * SECOND)
    assert len(world.called()) == 3
    assert world.reason("a0") in (Reason.CENTER_BREAKER_OPEN, Reason.COOLING_DOWN)
    world.run(2 * SECOND)
    # 31 + 60 = 91 s.
    assert at(world, EventKind.BREAKER_HALF_OPENED, "center") == [91.0]
    assert world.called()[3:] == [91.0]
    assert [row.reason for row in world.rows.values()].count(Reason.CANARY) == 1


def test_it_stays_open_longer_each_time_up_to_ten_minutes() -> None:
    world = World(20, EAGER, WIDE)
    world.show(Status.FAILED, *ids(4))
    world.answer = answers(PLATFORM)
    world.run(2 * HOUR)
    opened = at(world, EventKind.BREAKER_OPENED, "center")
    halved = at(world, EventKind.BREAKER_HALF_OPENED, "center")
    lasted = [b - a for a, b in zip(opened, halved, strict=False)]
    assert lasted[:6] == [60.0, 120.0, 240.0, 480.0, 600.0, 600.0]


def test_opening_and_closing_forget_what_was_counted() -> None:
    world = by_failures()
    assert center(world).breaker.judged == ()
    assert center(world).breaker.errors == ()
    world.answer = answers(Accepted())
    heals(world)
    world.run(3 * MINUTE)
    assert center(world).breaker.state is BreakerState.CLOSED
    assert all(not one.failed for one in center(world).breaker.judged)


def test_its_openings_are_forgotten_after_it_was_closed_for_the_longest_opening() -> None:
    world = by_failures()
    world.answer = answers(Accepted())
    heals(world)
    world.run(12 * MINUTE)
    assert center(world).breaker.openings == 1
    world.on_call = lambda attempt: None
    world.answer = answers(START_FAILURE)
    world.show(Status.FAILED, *ids(10)[5:8])
    world.run(2 * MINUTE)
    # Closed for more than ten minutes: this opening is the first again.
    last = world.told(EventKind.BREAKER_OPENED)[-1]
    assert (last.fields["scope"], last.fields["openings"]) == ("center", 1)


def test_soon_after_closing_the_next_opening_is_longer() -> None:
    world = by_failures()
    world.answer = answers(Accepted())
    heals(world)
    world.run(4 * MINUTE)
    world.on_call = lambda attempt: None
    world.answer = answers(START_FAILURE)
    world.show(Status.FAILED, *ids(10)[5:8])
    world.run(2 * MINUTE)
    last = world.told(EventKind.BREAKER_OPENED)[-1]
    assert (last.fields["scope"], last.fields["openings"]) == ("center", 2)


# Half open.


def test_a_canary_that_runs_closes_it_and_the_ramp_goes_on_at_two_places() -> None:
    world = by_failures()
    world.answer = answers(Accepted())
    heals(world)
    world.run(60 * SECOND)
    # The canary went at 91 s, is answered at 92 s and seen running at the next poll.
    assert len(at(world, EventKind.BREAKER_CLOSED, "center")) == 1
    closed = at(world, EventKind.BREAKER_CLOSED, "center")[0]
    assert 92 < closed <= 102
    # The other two follow in that very turn: two places.
    assert world.called()[4:] == [closed, closed]


def test_tripped_by_errors_an_accepted_call_alone_closes_it() -> None:
    world = by_errors()
    world.answer = answers(Accepted())
    world.run(2 * MINUTE)
    # Called at 210 s, accepted at 211 s; nobody was seen running.
    assert at(world, EventKind.BREAKER_CLOSED, "center") == [211.0]
    assert world.told(EventKind.RESTART_RECOVERED) == []


def test_tripped_by_errors_a_start_failure_closes_it_too() -> None:
    world = by_errors()
    world.answer = answers(START_FAILURE)
    world.run(2 * MINUTE)
    # The platform answers again; that it could not start this one is the instance's.
    assert at(world, EventKind.BREAKER_CLOSED, "center") == [211.0]
    # Two places, not three: the canary's own went with the old ramp.
    assert world.called()[8:] == [210.0, 211.0, 211.0]


@pytest.mark.parametrize("outcome", [START_FAILURE, PLATFORM, NOT_SENT])
def test_a_canary_that_fails_opens_it_longer(outcome: Outcome) -> None:
    world = by_failures()
    world.answer = answers(outcome)
    world.run(50 * SECOND)
    # Canary at 91 s, its answer at 92 s; then two minutes.
    assert at(world, EventKind.BREAKER_OPENED, "center") == [31.0, 92.0]
    world.run(100 * SECOND)
    assert len(world.called()) == 4


def test_a_canary_without_an_answer_opens_it_only_once_it_is_seen_not_to_have_helped() -> None:
    world = by_failures()
    world.answer = answers(UNANSWERED)
    world.run(60 * SECOND)
    assert center(world).breaker.state is BreakerState.HALF_OPEN
    world.run(3 * MINUTE)
    # Watched for 120 s from 92 s on.
    second = at(world, EventKind.BREAKER_OPENED, "center")[1]
    assert 212 <= second <= 222


@pytest.mark.parametrize("outcome", [THROTTLED, INVALID, Withdrawn("held")])
def test_a_canary_that_could_not_tell_lets_another_go(outcome: Outcome) -> None:
    world = by_failures()
    world.answer = in_turn(outcome, Accepted())
    world.run(3 * MINUTE)
    assert center(world).breaker.state is BreakerState.HALF_OPEN
    assert len(world.called()) == 5
    assert at(world, EventKind.BREAKER_OPENED, "center") == [31.0]


def test_a_canary_refused_for_the_account_blocks_and_opens_nothing() -> None:
    world = by_failures()
    world.answer = answers(ARREARS)
    world.run(5 * MINUTE)
    assert len(world.called()) == 4
    assert center(world).breaker.state is BreakerState.HALF_OPEN
    assert world.reason("a0") is Reason.CENTER_BLOCKED


def test_a_canary_that_vanishes_lets_another_go() -> None:
    world = by_failures()
    world.answer = answers(Accepted())
    world.run(45 * SECOND)
    first = world.calls[3][1]
    world.show(Status.MISSING, first)
    world.run(MINUTE)
    assert len(world.called()) == 5
    assert world.calls[4][1] != first


def test_an_undecided_canary_lets_one_more_go_after_the_start_deadline() -> None:
    world = by_failures()
    world.answer = answers(Accepted())
    world.on_call = lambda attempt: world.show(Status.UNKNOWN, attempt.instance)
    world.run(10 * MINUTE + 35 * SECOND)
    # Canary at 91 s; ten minutes later, 691 s, one more; not two.
    assert world.called()[3:] == [91.0]
    world.run(MINUTE)
    assert world.called()[3:] == [91.0, 691.0]


def test_a_canary_taken_back_closes_it() -> None:
    world = by_failures()
    world.answer = answers(Accepted())
    world.on_call = lambda attempt: world.show(Status.DEPLOYING, attempt.instance)
    world.run(11 * MINUTE)
    # Deploying for ten minutes: the canary failed, the breaker opened again ...
    assert len(at(world, EventKind.BREAKER_OPENED, "center")) == 2
    canary = world.calls[3][1]
    world.show(Status.RUNNING, canary)
    world.run(MINUTE)
    # ... and then it ran after all.
    assert len(at(world, EventKind.BREAKER_CLOSED, "center")) == 1


def test_half_open_for_hours_without_a_taker_it_still_lets_one_canary_go_first() -> None:
    world = by_failures()
    world.show(Status.RUNNING)
    world.run(5 * HOUR)
    assert center(world).breaker.state is BreakerState.HALF_OPEN
    before = len(world.called())
    world.answer = answers(Accepted())
    world.show(Status.FAILED, *ids(4))
    world.run(5 * MINUTE)
    # A place for every ten quiet minutes would have let thirty go at once.
    assert len(world.called()) == before + 1


# Who else it concerns.


def test_an_instance_that_is_removed_takes_what_it_counted_with_it() -> None:
    world = fleet(2)
    world.answer = answers(START_FAILURE)
    world.run(40 * SECOND)
    gone = replace(
        world.roster,
        members={k: v for k, v in world.roster.members.items() if k not in ("a0", "a1")},
    )
    world.reload(gone)
    assert center(world).breaker.judged == ()


def test_the_knobs_are_the_centers() -> None:
    strict = replace(WIDE, center_breaker=CenterBreakerPolicy(instances=1))
    world = fleet(1, strict)
    world.answer = answers(START_FAILURE)
    world.run(MINUTE)
    assert at(world, EventKind.BREAKER_OPENED, "center") == [31.0]


def test_it_survives_a_restart_of_the_daemon() -> None:
    world = by_failures()
    world.restart_daemon(5 * SECOND)
    world.run(30 * SECOND)
    assert center(world).breaker.state is BreakerState.OPEN
    world.run(2 * MINUTE)
    assert at(world, EventKind.BREAKER_HALF_OPENED, "center") == [91.0]


def test_an_answer_that_comes_twice_counts_once() -> None:
    world = fleet(2)
    world.answer = answers(START_FAILURE)
    world.run(35 * SECOND)
    key = next(iter(world.rows))
    before = center(world).breaker
    world.turn(CallEnded(key, START_FAILURE, T0 + 40 * SECOND))
    assert center(world).breaker == before
    assert InstanceId("a0") in {one.instance for one in before.judged}
