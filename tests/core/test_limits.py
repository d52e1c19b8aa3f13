"""Limits of a center and budgets of an instance: semantics 5."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import HOUR, MINUTE, SECOND, T0, World, ids, member, roster
from center_support import (
    EAGER,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    STEADY,
    THROTTLED,
    UNANSWERED,
    answers,
    heals,
    in_turn,
)
from scnet_watchdog.core.command import RestartNow
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.gates import max_in_flight, per_hour
from scnet_watchdog.core.inputs import CallEnded, Situation
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import Accepted, Outcome, RefusalClass, Refused, Withdrawn
from scnet_watchdog.core.policy import (
    BreakerPolicy,
    Budget,
    CenterBreakerPolicy,
    Cooldown,
    Limits,
    Policy,
    StormPolicy,
)

CALM = StormPolicy(1.0, 10_000)
NO_CENTER_BREAKER = CenterBreakerPolicy(instances=10_000, errors=10_000)
NO_BREAKER = replace(EAGER, breaker=BreakerPolicy(threshold=10_000))


def limits(in_flight: int | None = 50, an_hour: int | None = 1000) -> Limits:
    """No storm and no center breaker; slots and rate as given."""
    return Limits(in_flight, an_hour, NO_CENTER_BREAKER, CALM)


def draft_of(n: int, given: Limits) -> Draft:
    """A center of n instances."""
    return Draft(World(n, STEADY, given).fleet, Situation(T0))


# In flight.


@pytest.mark.parametrize(
    ("n", "most"), [(1, 2), (40, 2), (41, 3), (60, 3), (140, 7), (141, 8), (2000, 100)]
)
def test_auto_is_five_per_cent_of_the_instances_rounded_up_and_at_least_two(
    n: int, most: int
) -> None:
    assert max_in_flight(draft_of(n, Limits()), "kunshan") == most


@pytest.mark.parametrize(("n", "most"), [(1, 10), (10, 10), (11, 11), (300, 300)])
def test_auto_rate_is_the_number_of_instances_and_at_least_ten(n: int, most: int) -> None:
    assert per_hour(draft_of(n, Limits()), "kunshan") == most


def test_numbers_of_the_config_win() -> None:
    draft = draft_of(300, limits(5, 7))
    assert (max_in_flight(draft, "kunshan"), per_hour(draft, "kunshan")) == (5, 7)


def test_no_more_than_max_in_flight_go_until_one_of_them_is_over() -> None:
    world = World(4, STEADY, limits(2), start=Status.FAILED)
    world.run(3 * MINUTE)
    assert len(world.called()) == 2
    busy = [id_ for id_ in ids(4) if world.reason(id_) is Reason.CENTER_BUSY]
    assert len(busy) == 2


def test_an_attempt_takes_its_place_from_the_save_on() -> None:
    world = World(3, STEADY, limits(1), start=Status.FAILED)
    world.reply_after = 30 * SECOND
    world.run(50 * SECOND)
    assert world.called() == [30.0]


@pytest.mark.parametrize("outcome", [PLATFORM, START_FAILURE, INVALID, NOT_SENT, Withdrawn("held")])
def test_a_refused_or_unsent_call_frees_its_place_at_once(outcome: Outcome) -> None:
    world = World(2, STEADY, limits(1), start=Status.FAILED)
    world.answer = in_turn(outcome, Accepted())
    world.run(35 * SECOND)
    assert world.called() == [30.0, 31.0]


@pytest.mark.parametrize(
    "status", [Status.RUNNING, Status.WAITING, Status.DEPLOYING, Status.UNKNOWN]
)
def test_a_poll_begun_after_the_call_that_shows_that_it_left_frees_it(status: Status) -> None:
    world = World(2, STEADY, limits(1), start=Status.FAILED)
    world.on_call = lambda attempt: world.show(status, attempt.instance)
    world.run(60 * SECOND)
    # Saved at 30 s, seen to have left at the fast poll of 40 s.
    assert world.called() == [30.0, 40.0]


def test_even_before_the_answer_came() -> None:
    world = World(2, STEADY, limits(1), start=Status.FAILED)
    world.reply_after = 30 * SECOND
    world.on_call = lambda attempt: world.show(Status.DEPLOYING, attempt.instance)
    world.run(45 * SECOND)
    assert world.called() == [30.0, 40.0]


def test_its_verdict_frees_it() -> None:
    world = World(2, STEADY, limits(1), start=Status.FAILED)
    world.answer = in_turn(UNANSWERED, Accepted())
    world.run(3 * MINUTE)
    # Watched for two minutes from 31 s: judged at the first read after 151 s.
    assert len(world.called()) == 2
    assert 151 <= world.called()[1] <= 161


def test_the_start_deadline_after_the_call_frees_it_without_any_read() -> None:
    world = World(2, STEADY, limits(1), start=Status.FAILED)
    world.run(35 * SECOND)
    world.show(Status.MISSING, "a0")
    world.polling = False
    world.run(9 * MINUTE)
    assert world.fleet.indexes["kunshan"].busy
    world.run(MINUTE)
    assert not world.fleet.indexes["kunshan"].busy


def test_without_a_free_connection_nothing_is_saved() -> None:
    world = World(2, STEADY, limits(), free=0, start=Status.FAILED)
    world.run(2 * MINUTE)
    assert world.rows == {}
    assert world.reason("a0") is Reason.CENTER_BUSY


def test_free_slots_go_to_the_fewest_attempts_and_then_to_the_longest_down() -> None:
    world = World(4, NO_BREAKER, limits())
    world.answer = answers(START_FAILURE)
    world.show(Status.FAILED, "a0")
    world.run(45 * SECOND)
    assert world.called("a0")
    world.free = 0
    for id_ in ("a3", "a2", "a1"):
        world.show(Status.FAILED, id_)
        world.run(20 * SECOND)
    world.run(MINUTE)
    order: list[InstanceId] = []
    world.on_call = lambda attempt: order.append(attempt.instance)
    world.answer = answers(Accepted())
    world.free = 1
    world.reply_after = 3 * SECOND
    world.run(30 * SECOND)
    # Never tried first, the longest down first; a0, tried before, last.
    assert order == ["a3", "a2", "a1", "a0"]


# Hourly rate.


def test_no_more_calls_than_the_rate_in_any_hour() -> None:
    world = World(3, NO_BREAKER, limits(an_hour=10), start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(3 * HOUR)
    calls = world.called()
    assert len(calls) == 30
    assert all(b - a >= 3600 for a, b in zip(calls, calls[10:], strict=False))
    assert Reason.CENTER_RATE in {world.reason(id_) for id_ in ids(3)}


@pytest.mark.parametrize("outcome", [PLATFORM, INVALID, NOT_SENT, THROTTLED, Withdrawn("held")])
def test_a_call_that_cannot_have_started_anything_is_given_back(outcome: Outcome) -> None:
    world = World(1, STEADY, limits(), start=Status.FAILED)
    world.answer = answers(outcome)
    world.run(30 * SECOND)
    assert len(world.state().facts.ledger.calls) == 1
    world.run(SECOND)
    assert world.state().facts.ledger.calls == () or isinstance(outcome, Withdrawn)
    if not isinstance(outcome, Withdrawn):
        assert world.fleet.indexes["kunshan"].calls == []


@pytest.mark.parametrize("outcome", [Accepted(), START_FAILURE, UNANSWERED])
def test_a_call_that_may_have_started_something_counts(outcome: Outcome) -> None:
    world = World(1, STEADY, limits(), start=Status.FAILED)
    world.answer = answers(outcome)
    world.run(40 * SECOND)
    assert len(world.state().facts.ledger.calls) == 1
    assert len(world.fleet.indexes["kunshan"].calls) == 1


def test_the_hour_survives_stability_a_restart_and_a_removal_with_return() -> None:
    world = World(2, STEADY, limits(an_hour=1), start=Status.FAILED)
    heals(world)
    world.run(15 * MINUTE)
    assert len(world.called()) == 1
    all_of_them = world.roster
    first = world.calls[0][1]
    left = replace(
        all_of_them, members={k: v for k, v in all_of_them.members.items() if k != first}
    )
    world.reload(left)
    world.restart_daemon()
    world.run(MINUTE)
    assert len(world.fleet.indexes["kunshan"].calls) == 1
    world.reload(all_of_them)
    world.run(MINUTE)
    # Gone and back, it is one call still, not two and not none.
    assert len(world.fleet.indexes["kunshan"].calls) == 1
    world.run(43 * MINUTE + 20 * SECOND)
    assert len(world.called()) == 1
    world.run(2 * MINUTE)
    assert len(world.called()) == 2


# Budget.


def test_a_spent_budget_leaves_one_restart_per_then_every() -> None:
    policy = replace(NO_BREAKER, budget=Budget(3, 24 * HOUR, HOUR))
    world = World(1, policy, limits(), start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(6 * HOUR)
    # Three at once: 30, 40 and 50 s; then one an hour.
    assert world.called() == [30.0, 40.0, 50.0] + [50.0 + 3600 * n for n in range(1, 6)]
    assert world.told(EventKind.BUDGET_SPENT)


def test_the_budget_slides() -> None:
    policy = replace(NO_BREAKER, budget=Budget(2, 30 * MINUTE, 24 * HOUR))
    world = World(1, policy, limits(), start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(65 * MINUTE)
    assert world.called() == [30.0, 40.0, 1830.0, 1840.0, 3630.0, 3640.0]


def test_an_operators_restart_counts_to_the_rate_and_not_to_the_budget() -> None:
    policy = replace(NO_BREAKER, budget=Budget(1, 24 * HOUR, 24 * HOUR))
    world = World(1, policy, limits(), start=Status.STOPPED)
    world.answer = answers(START_FAILURE)
    world.run(SECOND)
    world.turn(RestartNow(InstanceId("a0"), "ann"))
    world.run(2 * MINUTE)
    # The operator's at 1 s; the budget's one still goes, after the cooldown and a confirmation.
    assert len(world.called()) == 2
    assert len(world.fleet.indexes["kunshan"].calls) == 2
    world.run(HOUR)
    assert len(world.called()) == 2


def test_the_budget_survives_stability_and_a_restart_of_the_daemon() -> None:
    policy = replace(EAGER, budget=Budget(1, 24 * HOUR, 24 * HOUR))
    world = World(1, policy, limits(), start=Status.FAILED)
    heals(world)
    world.run(15 * MINUTE)
    assert world.state().facts.care.episode is None
    world.restart_daemon()
    world.show(Status.FAILED)
    world.run(HOUR)
    assert len(world.called()) == 1
    assert world.reason() is Reason.BUDGET_SPENT


def test_calls_that_no_window_asks_for_are_forgotten() -> None:
    """A day of calls is kept even for a shorter window: a reload may make it longer."""
    steady = Cooldown(15 * MINUTE, 1, 15 * MINUTE, 0)
    policy = replace(NO_BREAKER, budget=Budget(1000, 2 * HOUR, HOUR), cooldown=steady)
    world = World(1, policy, limits(), start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(30 * HOUR)
    oldest = world.state().facts.ledger.calls[0].at
    # A call every 15 min and some seconds: the one before has just left the day.
    assert timedelta(hours=23, minutes=30) < world.now - oldest <= timedelta(hours=24, seconds=10)


def test_a_window_that_a_reload_makes_longer_counts_the_calls_of_a_day() -> None:
    short = replace(NO_BREAKER, budget=Budget(1000, HOUR, HOUR))
    world = World(1, short, limits(), start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(8 * HOUR)
    made = len(world.called())
    long = replace(short, budget=Budget(10, 24 * HOUR, 24 * HOUR))
    world.reload(roster([member("a0", long)], limits()))
    world.run(4 * HOUR)
    assert made > 10
    assert world.reason() is Reason.BUDGET_SPENT
    assert len(world.called()) == made


# Order of the gates.


def test_the_gates_answer_in_their_order() -> None:
    world = World(12, Policy(), Limits(1, 1), free=0, start=Status.FAILED)
    world.run(40 * SECOND)
    # No connection, but the storm's gate comes first ... with one place the canary meets the last.
    assert world.reason("a11") is Reason.CENTER_BUSY
    world.free = 6
    world.answer = answers(Refused(RefusalClass.THROTTLED, "http_429"))
    world.run(20 * SECOND)
    # Throttled comes before the storm, the rate and the slots.
    assert {world.reason(id_) for id_ in ids(12)} == {Reason.THROTTLED}


def test_what_opens_a_gate_is_a_moment_or_a_verdict_so_that_all_are_served() -> None:
    world = World(30, Policy(), Limits(), start=Status.FAILED)
    heals(world)
    world.run(4 * HOUR)
    assert len({id_ for _, id_ in world.calls}) == 30
    assert all(world.state(id_).at_rest for id_ in ids(30))


def test_an_outcome_of_a_stranger_changes_nothing() -> None:
    world = World(1, STEADY, limits())
    world.run(SECOND)
    stranger = member("zz", STEADY)
    world.reload(roster([member("a0", STEADY), stranger], limits()))
    key = next(iter(world.rows), None)
    assert key is None
    from scnet_watchdog.core.attempt import AttemptKey

    world.turn(CallEnded(AttemptKey(InstanceId("zz"), 1), Accepted(), world.now))
    world.turn(CallEnded(AttemptKey(InstanceId("yy"), 1), Accepted(), world.now))
    assert world.rows == {}
