"""The breaker of one instance: semantics 4, first paragraphs."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest

from builders import HOUR, MINUTE, SECOND, T0, World, member, roster
from center_support import (
    DENIED,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    STEADY,
    THROTTLED,
    UNANSWERED,
    answers,
    at,
    episode,
    heals,
    in_turn,
)
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.breaker import NEXT, Move, moved
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import Accepted, Outcome, Withdrawn
from scnet_watchdog.core.state import BreakerState


def opened() -> World:
    """Three start failures: calls at 30, 90 and 210 s; open from 211 s to 2011 s."""
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(4 * MINUTE)
    return world


def half_open() -> World:
    """Its time is over at 2011 s; the trial's call goes then."""
    world = opened()
    world.run(2010 * SECOND - (world.now - T0))
    return world


def test_three_start_failures_in_a_row_open_the_breaker_for_half_an_hour() -> None:
    world = opened()
    # Seen at 0, confirmed at 30 s; then cooldowns of 60 and 120 s from the saved attempts.
    assert world.called() == [30.0, 90.0, 210.0]
    assert at(world, EventKind.BREAKER_OPENED) == [211.0]
    told = world.told(EventKind.BREAKER_OPENED)[0]
    assert told.fields["open_until"] == T0 + 211 * SECOND + 30 * MINUTE
    assert world.reason() is Reason.BREAKER_OPEN


def test_no_call_goes_while_the_breaker_is_open_and_one_trial_goes_after() -> None:
    world = opened()
    world.run(2010 * SECOND - (world.now - T0))
    assert len(world.called()) == 3
    world.run(2 * SECOND)
    # 211 + 1800 = 2011 s.
    assert world.called()[3:] == [2011.0]
    assert at(world, EventKind.BREAKER_HALF_OPENED) == [2011.0]
    row = world.rows[max(world.rows)]
    assert row.reason is Reason.TRIAL


def test_each_failed_trial_opens_it_longer_up_to_six_hours() -> None:
    world = opened()
    world.run(40 * HOUR)
    moments = at(world, EventKind.BREAKER_OPENED)
    gaps = [b - a for a, b in pairwise(moments)]
    # 30 min doubled: 30, 60, 120, 240, then 360 (not 480) minutes; a second for each reply.
    assert gaps[:6] == [m * 60.0 + 1 for m in (30, 60, 120, 240, 360, 360)]


def test_a_trial_that_recovers_closes_it_and_the_openings_are_remembered_until_stable() -> None:
    world = half_open()
    world.answer = answers(Accepted())
    heals(world)
    world.run(MINUTE)
    assert episode(world).breaker is BreakerState.CLOSED
    assert episode(world).openings == 1
    world.run(12 * MINUTE)
    assert world.state().at_rest


def test_once_it_had_opened_one_start_failure_opens_it_again_and_longer() -> None:
    world = half_open()
    world.answer = answers(Accepted())
    heals(world)
    world.run(5 * MINUTE)
    world.show(Status.FAILED)
    world.run(2 * MINUTE)
    # The trial had recovered; the relapse is one start failure: opening two lasts an hour.
    assert len(world.told(EventKind.RESTART_RELAPSED)) == 1
    assert len(at(world, EventKind.BREAKER_OPENED)) == 2
    assert world.told(EventKind.BREAKER_OPENED)[1].fields["open_until"] == (
        world.told(EventKind.BREAKER_OPENED)[1].at + HOUR
    )


def test_accepted_running_and_failed_after_five_minutes_three_times_the_breaker_opens() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    died: list[datetime] = []

    def starts(attempt: Attempt) -> None:
        world.show(Status.RUNNING)
        died.append(world.now + 5 * MINUTE)

    def dies(world: World) -> None:
        if died and world.now >= died[-1]:
            world.show(Status.FAILED)

    world.on_call = starts
    world.run(30 * MINUTE, dies)
    assert len(world.told(EventKind.RESTART_RELAPSED)) == 3
    assert len(world.told(EventKind.BREAKER_OPENED)) == 1
    assert len(world.called()) == 3


def test_being_stable_ends_the_row_of_start_failures() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = in_turn(START_FAILURE, START_FAILURE, Accepted())
    world.on_call = lambda attempt: world.show(Status.RUNNING) if attempt.number == 3 else None
    world.run(20 * MINUTE)
    assert world.state().at_rest
    world.show(Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(3 * MINUTE)
    # Seen at 1200 s, calls at 1230 and 1290 s. Two more failures make no row of three.
    assert world.told(EventKind.BREAKER_OPENED) == []


@pytest.mark.parametrize("outcome", [PLATFORM, THROTTLED, INVALID, NOT_SENT, Withdrawn("held")])
def test_a_trial_that_could_not_tell_is_not_used_up(outcome: Outcome) -> None:
    world = half_open()
    world.answer = answers(outcome)
    world.run(3 * SECOND)
    assert len(world.called()) >= 4
    assert episode(world).breaker is BreakerState.HALF_OPEN
    world.answer = answers(Accepted())
    heals(world)
    world.run(HOUR)
    assert len(at(world, EventKind.BREAKER_OPENED)) == 1
    assert [row.reason for row in world.rows.values()][-1] is Reason.TRIAL


def test_a_trial_without_an_answer_is_half_open_until_judged_and_then_not_used_up() -> None:
    world = half_open()
    world.answer = answers(UNANSWERED)
    world.run(MINUTE)
    assert episode(world).breaker is BreakerState.HALF_OPEN
    world.run(3 * MINUTE)
    # Watched for two minutes and three reads: it did not help, which is no start failure.
    assert len(world.told(EventKind.RESTART_DID_NOT_HELP)) == 1
    assert episode(world).breaker is BreakerState.HALF_OPEN
    assert episode(world).failures == 3


@pytest.mark.parametrize("status", [Status.WAITING, Status.UNKNOWN])
def test_a_trial_that_waits_is_half_open_until_judged(status: Status) -> None:
    world = half_open()
    world.answer = answers(Accepted())
    world.on_call = lambda attempt: world.show(status)
    world.run(2 * HOUR)
    assert episode(world).breaker is BreakerState.HALF_OPEN
    assert len(world.called()) == 4


def test_a_trial_that_leaves_and_falls_back_opens_it_longer() -> None:
    world = half_open()
    world.answer = answers(Accepted())
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.run(2 * MINUTE)
    assert len(world.told(EventKind.RESTART_DID_NOT_HELP)) == 1
    assert episode(world).openings == 2
    assert episode(world).breaker is BreakerState.OPEN


def test_a_late_start_takes_back_the_failure_and_the_opening_that_it_alone_caused() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = in_turn(START_FAILURE, START_FAILURE, Accepted())
    world.on_call = lambda attempt: world.show(Status.DEPLOYING) if attempt.number == 3 else None
    world.run(15 * MINUTE)
    # Deploying past `start_deadline`: a third start failure, the breaker opens ...
    assert len(world.told(EventKind.BREAKER_OPENED)) == 1
    assert episode(world).failures == 3
    world.show(Status.RUNNING)
    world.run(MINUTE)
    # ... and it runs after all, without another call.
    assert episode(world).breaker is BreakerState.CLOSED
    assert (episode(world).failures, episode(world).openings) == (2, 0)
    assert world.told(EventKind.BREAKER_CLOSED)


def test_a_late_trial_takes_back_its_opening_only() -> None:
    world = half_open()
    world.answer = answers(Accepted())
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    world.run(12 * MINUTE)
    assert episode(world).openings == 2
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert episode(world).breaker is BreakerState.CLOSED
    assert episode(world).openings == 1


def test_it_is_never_a_permanent_latch() -> None:
    world = opened()
    world.run(100 * HOUR)
    gaps = [b - a for a, b in pairwise(world.called())]
    # Never longer apart than `max_open` and a reply; the budget allows ten a day.
    assert max(gaps) <= 6 * 3600 + 2


def test_being_stable_by_somebody_elses_start_closes_an_open_breaker() -> None:
    world = opened()
    world.show(Status.RUNNING)
    world.run(11 * MINUTE)
    assert world.state().at_rest
    assert len(at(world, EventKind.BREAKER_CLOSED)) == 1


def test_an_open_breaker_and_its_openings_survive_a_restart_of_the_daemon() -> None:
    world = opened()
    world.restart_daemon(10 * MINUTE)
    world.run(MINUTE)
    assert world.reason() is Reason.BREAKER_OPEN
    world.run(HOUR)
    # 211 + 1800 = 2011 s, as if the daemon had never been away.
    assert world.called()[3] == 2011.0
    assert episode(world).openings == 2


def test_the_wait_follows_the_policy_in_force() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(4 * MINUTE)
    patient = replace(STEADY, breaker=replace(STEADY.breaker, open_for=10 * MINUTE))
    world.reload(roster([member("a0", patient)]))
    world.run(HOUR)
    # Opened at 211 s; the new ten minutes count from there: 811 s.
    assert world.called()[3] == 811.0


def test_two_denials_of_one_instance_say_nothing_of_the_account() -> None:
    world = half_open()
    world.answer = answers(DENIED)
    world.run(HOUR)
    assert world.told(EventKind.CENTER_BLOCKED) == []


@pytest.mark.parametrize("state", BreakerState)
@pytest.mark.parametrize("move", Move)
def test_a_move_that_the_table_does_not_name_changes_nothing(
    state: BreakerState, move: Move
) -> None:
    assert moved(state, move) is NEXT.get((state, move), state)
