"""The ramp of a center: 1, 2, 4 … Semantics 4."""

from dataclasses import replace

import pytest

from builders import MINUTE, SECOND, World, ids
from center_support import (
    ARREARS,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    STEADY,
    answers,
    at,
    center,
    in_turn,
)
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.command import PlaceHold, RestartNow, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import Accepted, Outcome, Withdrawn
from scnet_watchdog.core.policy import Limits
from scnet_watchdog.core.state import BreakerState

WIDE = Limits(max_in_flight=50, restarts_per_hour=1000)


def storm(n: int = 16, free: int = 50) -> World:
    """All fail at once: seen at 0 s, confirmed at 30 s, when the canary goes."""
    return World(n, STEADY, WIDE, free=free, start=Status.FAILED)


def waves(world: World) -> list[int]:
    """How many calls went at each moment."""
    moments = world.called()
    return [moments.count(one) for one in sorted(set(moments))]


def test_one_goes_then_two_then_four_then_eight() -> None:
    world = storm(16)
    world.on_call = lambda attempt: world.show(Status.RUNNING, attempt.instance)
    world.run(5 * MINUTE)
    # Each pass adds two places: 1 → 2 → 4 → 8; one of sixteen remains.
    assert waves(world) == [1, 2, 4, 8, 1]
    assert world.rows[min(world.rows)].reason is Reason.CANARY


def test_the_others_wait_with_the_reason_storm() -> None:
    world = storm()
    world.run(40 * SECOND)
    reasons = [world.reason(id_) for id_ in ids(16)]
    assert reasons.count(Reason.STORM) == 15


def test_waiting_for_capacity_passes_only_after_the_alarm() -> None:
    world = storm()
    world.on_call = lambda attempt: world.show(Status.WAITING, attempt.instance)
    world.run(9 * MINUTE)
    assert waves(world) == [1]
    world.run(2 * MINUTE)
    # At 630 s one more, for want of a verdict; the canary waits since 40 s: two more at 640 s.
    assert world.called() == [30.0, 630.0, 640.0, 640.0]


@pytest.mark.parametrize("outcome", [INVALID, PLATFORM, NOT_SENT, Withdrawn("held")])
def test_a_restart_that_was_none_gives_its_own_place_back(outcome: Outcome) -> None:
    world = storm()
    world.answer = in_turn(outcome, Accepted())
    world.run(60 * SECOND)
    # Once more one place: at most one is under way.
    assert len(world.called()) == 2
    assert center(world).ramp is not None
    assert center(world).ramp.places == 0  # type: ignore[union-attr]


def test_a_start_failure_before_the_first_pass_opens_the_centers_breaker() -> None:
    world = storm()
    world.answer = answers(START_FAILURE)
    world.run(40 * SECOND)
    assert at(world, EventKind.BREAKER_OPENED, "center") == [31.0]
    world.run(55 * SECOND)
    # Half open at 91 s: storm and breaker wait for the same canary, one.
    assert world.called() == [30.0, 91.0]


def test_a_start_failure_after_the_first_pass_only_counts() -> None:
    world = storm()
    world.on_call = lambda attempt: (
        world.show(Status.RUNNING, attempt.instance) if len(world.calls) == 1 else None
    )
    world.answer = in_turn(Accepted(), START_FAILURE, Accepted())
    world.run(80 * SECOND)
    assert center(world).breaker.state is BreakerState.CLOSED
    assert sum(one.failed for one in center(world).breaker.judged) == 1


def test_an_undecided_canary_lets_one_more_go_after_every_start_deadline() -> None:
    world = storm()
    world.on_call = lambda attempt: world.show(Status.UNKNOWN, attempt.instance)
    world.run(31 * MINUTE)
    # 30 s, then every ten minutes from the call before.
    assert world.called() == [30.0, 630.0, 1230.0, 1830.0]


def test_the_canary_is_one_whose_breaker_is_closed_and_who_was_tried_least_recently() -> None:
    world = World(8, STEADY, WIDE)
    world.answer = answers(START_FAILURE)
    world.show(Status.FAILED, "a0")
    world.run(5 * MINUTE)
    world.answer = answers(PLATFORM)
    world.show(Status.FAILED, "a1")
    world.run(2 * MINUTE)
    before = len(world.calls)
    # Nothing can go for forty minutes; then a0 is half open, and a1 has long cooled down.
    world.free = 0
    world.show(Status.FAILED)
    world.run(40 * MINUTE)
    world.free = 6
    world.answer = answers(Accepted())
    world.run(MINUTE)
    # Not a0, not a1: of the six that were never tried the first.
    assert [id_ for _, id_ in world.calls[before:]] == ["a2"]


def test_a_canary_that_is_held_gives_its_place_to_another() -> None:
    world = storm()
    world.run(32 * SECOND)
    canary = world.calls[0][1]
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, canary), "ann"))
    world.run(20 * SECOND)
    assert len(world.called()) == 2
    assert world.calls[1][1] != canary


def test_a_canary_that_is_removed_gives_its_place_to_another() -> None:
    world = storm()
    world.run(32 * SECOND)
    canary = world.calls[0][1]
    left = {k: v for k, v in world.roster.members.items() if k != canary}
    world.reload(replace(world.roster, members=left))
    world.run(20 * SECOND)
    assert len(world.called()) == 2


def test_a_canary_that_never_starts_opens_the_centers_breaker() -> None:
    world = storm()
    world.run(9 * MINUTE)
    assert len(world.called()) == 1
    world.run(3 * MINUTE)
    # Accepted and not left for ten minutes: a start failure before the first pass.
    assert len(at(world, EventKind.BREAKER_OPENED, "center")) == 1


def test_places_survive_a_restart_of_the_daemon() -> None:
    world = storm()
    world.on_call = lambda attempt: world.show(Status.UNKNOWN, attempt.instance)
    world.run(40 * SECOND)
    world.restart_daemon(5 * SECOND)
    world.run(3 * MINUTE)
    assert len(world.called()) == 1


def test_an_operators_restart_takes_no_place_of_a_storm() -> None:
    world = storm()
    asked: list[Attempt] = []
    world.on_call = asked.append
    world.run(40 * SECOND)
    waiting = next(id_ for id_ in ids(16) if not world.called(id_))
    world.turn(RestartNow(waiting, "ann"))
    assert [one.reason for one in asked] == [Reason.CANARY, Reason.OPERATOR]


def test_a_blocked_canarys_refusal_gives_the_place_back() -> None:
    world = storm()
    world.answer = answers(ARREARS)
    world.run(40 * SECOND)
    assert center(world).ramp is not None
    assert center(world).ramp.places == 1  # type: ignore[union-attr]
