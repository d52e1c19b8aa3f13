"""The gates once more at the very moment of the call, and turns in which only a gate is asked."""

import pytest

from builders import KEY, MINUTE, SECOND, World, ids
from center_support import (
    ARREARS,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    STEADY,
    THROTTLED,
    UNANSWERED,
    answers,
    at,
    in_turn,
)
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import CallEnded, Situation
from scnet_watchdog.core.model import InstanceId, PollFailed, Status
from scnet_watchdog.core.outcome import Outcome
from scnet_watchdog.core.policy import CenterBreakerPolicy, Limits, StormPolicy
from scnet_watchdog.core.recheck import still_allowed
from scnet_watchdog.core.state import BreakerState

TRIPS = Limits(50, 1000, CenterBreakerPolicy(instances=1), StormPolicy(1.0, 10_000))
WIDE = Limits(50, 1000, CenterBreakerPolicy(10_000, errors=10_000), StormPolicy(1.0, 10_000))


def saved(limits: Limits) -> tuple[World, Attempt, Attempt]:
    """Two attempts, saved at 30 s; neither call has been made."""
    world = World(2, STEADY, limits, start=Status.FAILED)
    world.reply_after = 10 * MINUTE
    world.run(30 * SECOND)
    first, second = world.rows.values()
    return world, first, second


def why_not(world: World, attempt: Attempt) -> str | None:
    """What the last look says."""
    return still_allowed(world.fleet, attempt, Situation(world.now, free={"kunshan": 6}), ())


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (ARREARS, "the center is blocked"),
        (THROTTLED, "the center is throttled"),
        (START_FAILURE, "the center's breaker is open"),
    ],
)
def test_a_gate_that_shut_after_the_save_withdraws_the_attempt(outcome: Outcome, why: str) -> None:
    world, first, second = saved(TRIPS)
    assert why_not(world, second) is None
    world.turn(CallEnded(first.key, outcome, world.now))
    assert why_not(world, second) == why


def test_a_canary_that_may_test_a_block_is_allowed() -> None:
    world = World(2, STEADY, WIDE, start=Status.FAILED)
    world.answer = answers(ARREARS)
    world.run(2 * MINUTE)
    world.reply_after = MINUTE
    # Looked at again from 631 s on; the canary goes with the next poll.
    world.run(9 * MINUTE + 20 * SECOND)
    canary = [row for row in world.rows.values() if row.outcome is None]
    assert [why_not(world, row) for row in canary] == [None]


def test_the_one_that_goes_first_after_a_throttle_is_allowed() -> None:
    world = World(2, STEADY, WIDE, start=Status.FAILED)
    world.answer = answers(THROTTLED)
    world.run(40 * SECOND)
    world.reply_after = MINUTE
    world.run(80 * SECOND)
    first = [row for row in world.rows.values() if row.outcome is None]
    assert [why_not(world, row) for row in first] == [None]


def test_draining_or_an_unwritable_state_shuts_the_gate_of_who_already_waits() -> None:
    for switch, value, reason in (
        ("draining", True, Reason.DRAINING),
        ("writable", False, Reason.STATE_UNWRITABLE),
    ):
        world = World(1, STEADY, WIDE, free=0, start=Status.FAILED)
        world.run(40 * SECOND)
        assert world.reason() is Reason.CENTER_BUSY
        world.situation[switch] = value
        world.free = 6
        world.turn(due=["center:kunshan"])
        assert world.called() == []
        assert world.reason() is reason


def test_who_waited_and_went_blind_meanwhile_is_not_called_when_the_gate_opens() -> None:
    world = World(1, STEADY, WIDE, free=0, start=Status.FAILED)
    world.run(40 * SECOND)
    world.free = 6
    world.now += 5 * MINUTE
    world.turn(due=["center:kunshan"])
    assert world.called() == []
    assert world.reason() is Reason.SOURCE_BLIND


def test_deadlines_of_what_is_gone_change_nothing() -> None:
    world = World(1, STEADY, WIDE)
    world.run(MINUTE)
    decided = world.turn(due=["center:gone", "source:gone@kunshan", "zz", "holds"])
    assert decided.change.empty


def test_a_storm_that_finds_a_canary_out_waits_for_the_same_one() -> None:
    trips = Limits(50, 1000, CenterBreakerPolicy(instances=1))
    world = World(10, STEADY, trips)
    world.show(Status.FAILED, *ids(1))
    world.answer = in_turn(START_FAILURE, UNANSWERED)
    world.run(95 * SECOND)
    # The breaker opened at 31 s; its canary went at 91 s and has no answer.
    assert len(world.called()) == 2
    world.show(Status.FAILED)
    world.run(60 * SECOND)
    assert len(at(world, EventKind.STORM_BEGAN)) == 1
    assert len(world.called()) == 2


def test_a_canary_that_left_and_fell_back_closes_a_breaker_that_errors_opened() -> None:
    world = World(20, STEADY, Limits(50, 1000))
    world.show(Status.FAILED, *ids(4))
    world.answer = answers(NOT_SENT)
    world.run(200 * SECOND)
    world.answer = answers(UNANSWERED)
    world.on_call = lambda attempt: world.show(Status.DEPLOYING, attempt.instance)
    world.run(40 * SECOND)
    canary = world.calls[-1][1]
    assert world.fleet.centers["kunshan"].breaker.state is BreakerState.HALF_OPEN
    world.show(Status.FAILED, canary)
    world.on_call = lambda attempt: None
    world.answer = answers(PLATFORM)
    world.run(60 * SECOND)
    # The platform acted on it: what failed is the instance.
    assert len(at(world, EventKind.BREAKER_CLOSED, "center")) == 1


def test_a_shadow_that_would_call_waits_while_the_platform_asks_for_patience() -> None:
    world = World(1, STEADY, WIDE, start=Status.FAILED)
    world.situation["shadow"] = True
    world.run(85 * SECOND)
    world.turn(PollFailed(KEY, world.now, world.now, "429", throttled=True))
    world.run(10 * SECOND)
    # The second would go at 90 s.
    assert len(world.told(EventKind.RESTART_REQUESTED)) == 1
    assert world.reason(InstanceId("a0")) is Reason.THROTTLED
