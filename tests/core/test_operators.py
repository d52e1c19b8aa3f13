"""Operators' restart and reset: semantics 7."""

from dataclasses import replace

import pytest

from builders import HOUR, MINUTE, SECOND, T0, World, ids, member, roster
from center_support import (
    ARREARS,
    EAGER,
    INVALID,
    NOT_SENT,
    START_FAILURE,
    STEADY,
    UNANSWERED,
    answers,
    at,
    center,
    episode,
    heals,
    in_turn,
)
from scnet_watchdog.core.command import PlaceHold, Reset, RestartNow, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import Accepted
from scnet_watchdog.core.policy import Budget, CenterBreakerPolicy, Limits, Mode, StormPolicy
from scnet_watchdog.core.state import BreakerState

A0 = InstanceId("a0")
ONE = Scope(ScopeKind.INSTANCE, "a0")
CENTER = Scope(ScopeKind.CENTER, "kunshan")
CALM = StormPolicy(1.0, 10_000)


def ask(world: World, id_: str = "a0") -> object:
    """Ask for a restart; why it was refused, or None."""
    world.turn(RestartNow(InstanceId(id_), "ann"))
    return world.told(EventKind.OPERATOR_COMMAND)[-1].fields.get("refused")


def down(status: Status = Status.FAILED) -> World:
    """One instance down, seen once, at 1 s."""
    world = World(1, STEADY, Limits(storm=CALM), start=status)
    world.run(SECOND)
    return world


# Restart.


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED, Status.COMPLETED])
def test_any_instance_that_is_down_is_restarted_at_once_unconfirmed(status: Status) -> None:
    world = down(status)
    assert ask(world) is None
    assert world.called() == [1.0]
    assert next(iter(world.rows.values())).reason is Reason.OPERATOR


@pytest.mark.parametrize("status", [Status.RUNNING, Status.WAITING, Status.DEPLOYING])
def test_an_instance_that_is_not_down_is_refused_with_its_status(status: Status) -> None:
    world = down(status)
    assert ask(world) == f"status is {status}"
    assert world.called() == []


def test_a_missing_or_unknown_one_is_refused() -> None:
    assert ask(down(Status.MISSING)) == "status is missing"
    assert ask(down(Status.UNKNOWN)) == "status is unknown"


def test_a_held_one_is_refused() -> None:
    world = down()
    world.turn(PlaceHold(Scope(ScopeKind.FLEET), "bob"))
    assert ask(world) == "held"


@pytest.mark.parametrize(("mode", "why"), [(Mode.WATCH, "watch_only"), (Mode.SHADOW, "shadow")])
def test_a_watched_or_shadowed_one_is_refused(mode: Mode, why: str) -> None:
    world = World(1, replace(STEADY, mode=mode), start=Status.FAILED)
    world.run(SECOND)
    assert ask(world) == why


def test_an_unseen_one_is_refused() -> None:
    assert ask(World(1, STEADY, start=Status.FAILED)) == "quiet_start"


def test_a_blind_one_is_refused() -> None:
    world = down()
    world.polling = False
    world.run(2 * MINUTE)
    assert ask(world) == "source_blind"


def test_one_whose_center_is_blocked_is_refused() -> None:
    world = down()
    world.answer = answers(ARREARS)
    world.run(45 * SECOND)
    assert ask(world) == "center_blocked"


def test_one_with_an_attempt_that_is_not_judged_is_refused() -> None:
    world = down()
    world.run(45 * SECOND)
    assert ask(world) == "verifying"


def test_one_that_nobody_watches_is_refused() -> None:
    assert ask(down(), "zz") == "not watched"


def test_it_passes_the_cooldown() -> None:
    world = down()
    world.answer = in_turn(NOT_SENT, Accepted())
    world.run(40 * SECOND)
    assert world.reason() is Reason.COOLING_DOWN
    ask(world)
    assert world.called() == [30.0, 41.0]


def test_it_passes_a_rejection() -> None:
    world = down()
    world.answer = in_turn(INVALID, Accepted())
    world.run(40 * SECOND)
    ask(world)
    assert world.called() == [30.0, 41.0]


def test_it_passes_a_spent_budget_and_spends_none() -> None:
    spent = replace(EAGER, budget=Budget(1, 24 * HOUR, 24 * HOUR))
    world = World(1, spent, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(2 * MINUTE)
    assert world.reason() is Reason.BUDGET_SPENT
    ask(world)
    assert len(world.called()) == 2


def test_with_an_open_breaker_it_is_a_trial_that_does_not_double_when_it_fails() -> None:
    world = down()
    world.answer = answers(START_FAILURE)
    world.run(4 * MINUTE)
    assert world.reason() is Reason.BREAKER_OPEN
    ask(world)
    world.run(10 * SECOND)
    assert episode(world).openings == 1
    # Opened anew for half an hour, not an hour.
    last = world.told(EventKind.BREAKER_OPENED)[-1]
    assert last.fields["open_until"] == last.at + 30 * MINUTE


def test_nor_when_its_trial_relapses() -> None:
    world = down()
    world.answer = in_turn(START_FAILURE, START_FAILURE, START_FAILURE, Accepted())
    world.run(4 * MINUTE)
    heals(world)
    ask(world)
    world.run(5 * MINUTE)
    assert episode(world).breaker is BreakerState.CLOSED
    world.show(Status.FAILED)
    world.run(2 * MINUTE)
    assert len(world.told(EventKind.RESTART_RELAPSED)) == 1
    assert episode(world).openings == 1


def test_nor_does_a_late_start_of_its_trial_forget_an_opening_that_it_did_not_cause() -> None:
    world = down()
    world.answer = in_turn(START_FAILURE, START_FAILURE, START_FAILURE, Accepted())
    world.run(4 * MINUTE)
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    ask(world)
    world.run(12 * MINUTE)
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert episode(world).breaker is BreakerState.CLOSED
    assert episode(world).openings == 1


def test_with_an_open_breaker_it_closes_it_when_it_recovers() -> None:
    world = down()
    world.answer = in_turn(START_FAILURE, START_FAILURE, START_FAILURE, Accepted())
    world.run(4 * MINUTE)
    heals(world)
    ask(world)
    world.run(MINUTE)
    assert episode(world).breaker is BreakerState.CLOSED


def test_it_waits_for_a_slot_and_goes_before_all_others() -> None:
    world = World(3, STEADY, Limits(1, storm=CALM), start=Status.FAILED)
    world.answer = in_turn(Accepted())
    world.run(40 * SECOND)
    first = world.calls[0][1]
    waiting = [id_ for id_ in ids(3) if id_ != first]
    assert ask(world, waiting[1]) is None
    world.show(Status.RUNNING, first)
    world.run(30 * SECOND)
    assert world.calls[1][1] == waiting[1]


def test_orders_go_in_the_order_they_came() -> None:
    world = World(4, STEADY, Limits(4, storm=CALM), free=0, start=Status.FAILED)
    world.run(SECOND)
    for id_ in ("a2", "a0", "a3"):
        ask(world, id_)
        world.run(SECOND)
    world.free = 1
    world.run(20 * SECOND)
    assert [id_ for _, id_ in world.calls[:3]] == ["a2", "a0", "a3"]


def test_it_waits_ten_minutes_for_the_hourly_rate_and_then_lapses() -> None:
    world = World(2, STEADY, Limits(restarts_per_hour=1, storm=CALM), start=Status.FAILED)
    world.run(40 * SECOND)
    waiting = next(id_ for id_ in ids(2) if not world.called(id_))
    ask(world, waiting)
    assert world.reason(waiting) is Reason.CENTER_RATE
    world.run(11 * MINUTE)
    told = world.told(EventKind.OPERATOR_COMMAND)
    assert told[-1].fields["lapsed"] == "no place within ten minutes"
    # Asked at 40 s.
    assert told[-1].at == T0 + 640 * SECOND
    assert len(world.called()) == 1


def test_it_waits_for_the_centers_breaker() -> None:
    trips = Limits(center_breaker=CenterBreakerPolicy(instances=1), storm=CALM)
    world = World(2, STEADY, trips)
    world.show(Status.FAILED)
    world.answer = in_turn(START_FAILURE, START_FAILURE, Accepted())
    world.run(35 * SECOND)
    ask(world)
    assert world.reason() is Reason.CENTER_BREAKER_OPEN
    world.run(60 * SECOND)
    # Open from 31 to 91 s; then it is the canary.
    assert world.called() == [30.0, 30.0, 91.0]


def test_its_waiting_survives_a_restart_of_the_daemon_and_lapses_by_its_begin() -> None:
    world = World(1, STEADY, Limits(storm=CALM), free=0, start=Status.STOPPED)
    world.run(SECOND)
    ask(world)
    world.restart_daemon(5 * MINUTE)
    world.free = 6
    world.run(5 * SECOND)
    assert [row.reason for row in world.rows.values()] == [Reason.OPERATOR]
    late = World(1, STEADY, free=0, start=Status.STOPPED)
    late.run(SECOND)
    ask(late)
    late.restart_daemon(11 * MINUTE)
    late.run(5 * SECOND)
    assert late.told(EventKind.OPERATOR_COMMAND)[-1].fields["lapsed"]


def test_it_lapses_when_the_instance_runs_meanwhile() -> None:
    world = World(1, STEADY, free=0, start=Status.STOPPED)
    world.run(SECOND)
    ask(world)
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert world.told(EventKind.OPERATOR_COMMAND)[-1].fields["lapsed"] == "status is running"


def test_a_hold_ends_it() -> None:
    world = World(1, STEADY, free=0, start=Status.STOPPED)
    world.run(SECOND)
    ask(world)
    world.turn(PlaceHold(ONE, "bob"))
    assert world.told(EventKind.OPERATOR_COMMAND)[-1].fields["lapsed"] == "held"


# Reset.


def test_a_reset_closes_the_breaker_and_forgets_failures_openings_and_cooldown() -> None:
    world = down()
    world.answer = answers(START_FAILURE)
    world.run(4 * MINUTE)
    assert episode(world).openings == 1
    world.turn(Reset(ONE, "ann"))
    got = episode(world)
    assert (got.breaker, got.failures, got.openings) == (BreakerState.CLOSED, 0, 0)
    assert len(world.told(EventKind.BREAKER_CLOSED)) == 1
    # Nothing holds it any more: called in this very turn.
    assert world.called()[-1] == 241.0


def test_a_reset_forgives_the_budget_and_leaves_the_hour() -> None:
    spent = replace(EAGER, budget=Budget(1, 24 * HOUR, 24 * HOUR))
    world = World(1, spent, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(2 * MINUTE)
    world.turn(Reset(ONE, "ann"))
    assert len(world.called()) == 2
    assert len(world.fleet.indexes["kunshan"].calls) == 2


def test_a_reset_ends_a_rejection() -> None:
    world = down()
    world.answer = in_turn(INVALID, Accepted())
    world.run(40 * SECOND)
    world.turn(Reset(ONE, "ann"))
    assert world.called() == [30.0, 41.0]


def test_an_open_attempt_and_a_hold_stay() -> None:
    world = down()
    world.answer = answers(UNANSWERED)
    world.run(40 * SECOND)
    world.turn(PlaceHold(ONE, "bob"), Reset(ONE, "ann"))
    assert world.state().facts.care.watch is not None
    assert world.state().facts.care.hold is not None
    assert len(world.called()) == 1


def test_a_reset_of_an_instance_without_an_episode_only_tells_the_command() -> None:
    world = World(2, STEADY)
    world.run(SECOND)
    world.turn(Reset(Scope(ScopeKind.FLEET), "ann"))
    assert [e.kind for e in world.events[-1:]] == [EventKind.OPERATOR_COMMAND]


def test_a_reset_of_a_center_closes_its_breaker_and_the_ramp_begins() -> None:
    trips = Limits(10, center_breaker=CenterBreakerPolicy(instances=1), storm=CALM)
    world = World(4, STEADY, trips, start=Status.FAILED)
    world.answer = in_turn(START_FAILURE, START_FAILURE, START_FAILURE, START_FAILURE, Accepted())
    world.run(35 * SECOND)
    assert center(world).breaker.state is BreakerState.OPEN
    world.run(20 * SECOND)
    world.turn(Reset(CENTER, "ann"))
    assert center(world).breaker.state is BreakerState.CLOSED
    assert len(at(world, EventKind.BREAKER_CLOSED, "center")) == 1
    world.run(MINUTE)
    assert len(world.called()) == 5


def test_a_reset_of_a_healthy_center_changes_nothing() -> None:
    world = World(2, STEADY)
    world.run(MINUTE)
    world.turn(Reset(CENTER, "ann"))
    assert center(world).ramp is None
    assert at(world, EventKind.BREAKER_CLOSED, "center") == []


# Journal.


def test_every_command_is_journalled_with_who_and_what_and_its_row_is_done() -> None:
    world = down()
    decided = world.turn(
        PlaceHold(ONE, "ann", row=1),
        Reset(CENTER, "bob", row=2),
        RestartNow(A0, "eve", row=3),
    )
    told = world.told(EventKind.OPERATOR_COMMAND)
    assert [(e.fields["command"], e.fields["by"]) for e in told] == [
        ("hold", "ann"),
        ("reset", "bob"),
        ("restart", "eve"),
    ]
    assert decided.change.taken == (1, 2, 3)


def test_an_order_is_no_order_for_a_namesake_that_comes_later() -> None:
    world = down()
    ask(world, "zz")
    world.reload(roster([member("a0", STEADY), member("zz", STEADY)]))
    assert world.state("zz").facts.care.order is None
