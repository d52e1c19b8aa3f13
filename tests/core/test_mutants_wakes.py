"""What a turn wakes for: the next moment at which time alone changes something. Semantics 2."""

from dataclasses import replace
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0, World
from mutants_support import A0, draft_of, polled, put_center, seen, watch
from scnet_watchdog.core import conclude
from scnet_watchdog.core.center import CenterBreaker, Ramp, Throttle
from scnet_watchdog.core.command import Hold, PlaceHold, Release, Scope, ScopeKind
from scnet_watchdog.core.decide import decide
from scnet_watchdog.core.decision import Decision, Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.inputs import ClockStepped
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.policy import Limits
from scnet_watchdog.core.state import BreakerState

FLEET = Scope(ScopeKind.FLEET)
WHOLE = Scope(ScopeKind.CENTER, CENTER)
OPEN = CenterBreaker(BreakerState.OPEN, T0 + SECOND, openings=1)


def turn(draft: Draft, *inputs: Any, due: tuple[str, ...] = ()) -> dict[str, Any]:
    """The wakes of one turn over what a test has prepared."""
    draft.fleet.apply(draft.decided())
    decided = decide(draft.fleet, inputs, due, draft.situation)
    draft.fleet.apply(decided)
    return dict(decided.wakes)


def test_a_center_that_falls_due_is_seen_to_though_no_instance_is() -> None:
    draft = draft_of(at=MINUTE)
    put_center(draft, breaker=CenterBreaker(BreakerState.OPEN, T0, openings=1))
    turn(draft, due=("center:" + CENTER,))
    assert draft.fleet.centers[CENTER].breaker.state is BreakerState.HALF_OPEN


@pytest.mark.parametrize(
    ("center", "wake"),
    [
        ({"breaker": OPEN}, 61),
        ({"throttle": Throttle(T0, 2 * MINUTE)}, 120),
        # The first of several.
        ({"breaker": OPEN, "throttle": Throttle(T0, 2 * MINUTE)}, 61),
        # An empty ramp grows after the longest start deadline: 600 s.
        ({"ramp": Ramp(T0, 0, grew_at=T0 + SECOND), "block": None}, 601),
        ({}, None),
    ],
)
def test_a_center_wakes_when_its_next_gate_opens(center: dict[str, Any], wake: int | None) -> None:
    draft = draft_of(at=MINUTE)
    put_center(draft, **center)
    # Whoever cools down keeps a ramp up.
    draft.own_index(CENTER).due[A0] = T0 + HOUR
    wakes = turn(draft, due=("center:" + CENTER,))
    assert wakes["center:" + CENTER] == (T0 + wake * SECOND if wake else None)


def test_a_center_wakes_when_its_hourly_rate_lets_the_next_one_go() -> None:
    world = World(2, limits=Limits(restarts_per_hour=1), start=Status.FAILED)
    world.run(40 * SECOND)
    # The one call went at 30 s.
    assert world.called() == [30.0]
    assert world.wakes["center:" + CENTER] == T0 + 30 * SECOND + HOUR


def test_a_turn_wakes_for_the_next_end_of_a_shared_hold() -> None:
    draft = draft_of(at=MINUTE)
    assert "holds" not in turn(draft)
    assert turn(draft, PlaceHold(FLEET, "ann", HOUR))["holds"] == T0 + MINUTE + HOUR
    draft.fleet.holds |= {FLEET: Hold(FLEET, T0, HOUR), WHOLE: Hold(WHOLE, T0, 2 * HOUR)}
    assert turn(draft)["holds"] == T0 + HOUR
    assert turn(draft, Release(FLEET, "eve"))["holds"] == T0 + 2 * HOUR
    assert turn(draft, Release(WHOLE, "eve"))["holds"] is None


def test_a_stepped_clock_is_told_with_its_step_in_milliseconds() -> None:
    draft = draft_of()
    turn(draft)
    decided = decide(draft.fleet, (ClockStepped(1.23456, True),), (), draft.situation)
    [event] = decided.change.events
    assert event.fields == {"step_s": 1.235, "opinions_expire": True}


@pytest.mark.parametrize(("status", "wake"), [(Status.RUNNING, None), (Status.FAILED, 90)])
def test_one_at_rest_wakes_for_nothing(status: Status, wake: int | None) -> None:
    draft = polled(at=SECOND)
    seen(draft, status)
    conclude.conclude(draft, A0, Decision(Reason.HEALTHY))
    assert draft.wakes == {A0: T0 + wake * SECOND if wake else None}


def test_a_place_in_flight_that_was_given_back_wakes_nobody() -> None:
    draft = polled(at=SECOND)
    one = watch(slot=False)
    early = replace(one, attempt=replace(one.attempt, saved_at=T0 - 9 * MINUTE))
    seen(draft, Status.FAILED, care={"watch": early})
    conclude.conclude(draft, A0, Decision(Reason.VERIFYING))
    assert draft.wakes == {A0: T0 + 90 * SECOND}
