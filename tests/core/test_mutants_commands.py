"""Holds, releases, orders and resets to the letter: whom they reach, what is told. Semantics 7."""

from dataclasses import replace
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0, member, roster
from mutants_support import A0, draft_of, episode, events, polled, put, put_center, seen
from scnet_watchdog.core import holds, operate
from scnet_watchdog.core.center import CenterBreaker
from scnet_watchdog.core.command import (
    Hold,
    PlaceHold,
    Release,
    Reset,
    RestartNow,
    Scope,
    ScopeKind,
)
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.state import BreakerState, Mark, Order, Sight

A1 = InstanceId("a1")
OWN = Scope(ScopeKind.INSTANCE, A0)
WHOLE = Scope(ScopeKind.CENTER, CENTER)
FLEET = Scope(ScopeKind.FLEET, "")
# A group that bears an instance's name is still a group.
GROUP = Scope(ScopeKind.GROUP, A0)
SCOPES = [OWN, GROUP, WHOLE, FLEET]
CENTERS = {OWN: CENTER, GROUP: None, WHOLE: CENTER, FLEET: None}


def grouped() -> Draft:
    """Two instances of one group, a minute after the start."""
    members = [replace(member(id_), group=A0) for id_ in ("a0", "a1")]
    return Draft(Fleet(roster(members), T0), Situation(T0 + MINUTE, free={CENTER: 6}))


def about(event: Event) -> tuple[Any, ...]:
    """Whom an event is about, and whether it tells the parts that may be left out."""
    target = event.fields.get("target", "left out")
    return event.instance, event.center, event.fields["scope"], target


@pytest.mark.parametrize("scope", SCOPES)
def test_each_event_of_a_hold_says_whom_it_covers(scope: Scope) -> None:
    draft = grouped()
    operate.take_command(draft, PlaceHold(scope, "eve", HOUR))
    operate.take_command(draft, Release(scope, "eve"))
    instance = A0 if scope is OWN else None
    target = scope.name or "left out"
    expected = (instance, CENTERS[scope], scope.kind, target)
    kinds = [EventKind.OPERATOR_COMMAND, EventKind.HOLD_PLACED]
    assert [one.kind for one in draft.events] == [*kinds, kinds[0], EventKind.HOLD_ENDED]
    assert [about(one) for one in draft.events] == [expected] * 4
    # What was not said is not told, nor is a list of nobody.
    for one in draft.events:
        assert not {"hold_reason", "still_held"} & set(one.fields)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_hold_and_its_release_bring_a_new_decision_to_all_they_cover(scope: Scope) -> None:
    draft = grouped()
    # Counted to a storm before: nothing else brings one.
    put(draft, turned=True)
    put(draft, "a1", turned=True)
    draft.touched.clear()
    operate.take_command(draft, PlaceHold(scope, "eve", HOUR))
    covered = {A0} if scope is OWN else {A0, A1}
    assert set(draft.touched) == covered
    draft.touched.clear()
    operate.take_command(draft, Release(scope, "eve"))
    assert set(draft.touched) == covered
    assert holds.hold_of(draft, A0) is None


def test_a_group_nobody_belongs_to_yet_can_be_held() -> None:
    draft = draft_of()
    later = Scope(ScopeKind.GROUP, "later")
    operate.take_command(draft, PlaceHold(later, "eve", HOUR))
    assert draft.holds == {later: Hold(later, T0, HOUR, False, "eve", "")}


def test_who_is_released_but_not_restartable_did_not_turn() -> None:
    draft = polled(at=MINUTE)
    seen(draft, Status.COMPLETED, care={"hold": Hold(OWN, T0, HOUR)})
    operate.take_command(draft, Release(OWN, "eve"))
    assert draft.state(A0).facts.care.hold is None
    assert draft.turned == {}


# A hold until it runs.


def test_who_was_not_seen_yet_makes_no_way_under_a_hold() -> None:
    draft = draft_of()
    state = put(draft, hold=Hold(OWN, T0, None, until_running=True))
    assert holds.mark_progress(draft, state) is state


def marked(status: Status, *marks: Mark, until_running: bool = True) -> tuple[Draft, Any]:
    """A read at one minute under an own hold and one of the fleet, both begun at the start."""
    draft = polled(at=MINUTE)
    length = None if until_running else HOUR
    draft.fleet.holds[FLEET] = Hold(FLEET, T0, length, until_running)
    care = {"hold": Hold(OWN, T0, length, until_running), "marks": marks}
    state = seen(draft, status, sight=Sight(T0 + MINUTE, T0 + MINUTE), care=care)
    return draft, holds.mark_progress(draft, state).facts.care


def test_a_hold_for_a_time_is_not_followed() -> None:
    assert marked(Status.FAILED, until_running=False)[1].marks == ()


def test_each_hold_is_followed_by_itself() -> None:
    down = (Mark(OWN, T0, was_down=True), Mark(FLEET, T0, was_down=True))
    assert marked(Status.FAILED)[1].marks == down
    # Marked already: nothing changes, not even the order.
    assert marked(Status.FAILED, *reversed(down))[1].marks == tuple(reversed(down))
    # Only the fleet's hold saw it down: only that one ends.
    draft, care = marked(Status.RUNNING, down[1])
    assert care.hold is not None
    assert care.marks == (Mark(FLEET, T0, was_down=True, ended=True),)
    assert [one.fields["scope"] for one in draft.events] == [ScopeKind.FLEET]


def test_a_hold_that_ended_for_one_ends_for_it_once() -> None:
    ended = Mark(FLEET, T0, was_down=False, ended=True)
    draft, care = marked(Status.FAILED, ended)
    assert ended in care.marks
    assert events(draft, EventKind.HOLD_ENDED) == []


def test_the_end_of_an_own_hold_takes_its_mark_along_and_no_other() -> None:
    draft = draft_of()
    hold = Hold(OWN, T0, None, until_running=True)
    other = Mark(FLEET, T0, was_down=True)
    state = put(draft, hold=hold, marks=(Mark(OWN, T0, was_down=True), other))
    holds.end_own(draft, state, hold, "released")
    assert draft.state(A0).facts.care.marks == (other,)


# Orders and resets.


def test_an_order_and_its_lapse_are_told_of_the_instance() -> None:
    draft = polled(at=SECOND)
    seen(draft, Status.FAILED)
    operate.take_command(draft, RestartNow(A0, "eve"))
    assert draft.state(A0).facts.care.order == Order(draft.now, "eve")
    draft.now += 10 * MINUTE
    operate.lapse(draft, A0)
    assert [about(one) for one in draft.events] == [(A0, CENTER, ScopeKind.INSTANCE, A0)] * 2


def test_a_reset_of_a_center_is_told_of_it_and_leaves_its_instances_alone() -> None:
    draft = draft_of(at=MINUTE)
    put_center(draft, breaker=CenterBreaker(BreakerState.OPEN, T0, openings=1))
    put(draft, episode=episode(failures=2))
    operate.take_command(draft, Reset(WHOLE, "eve"))
    assert [one.center for one in draft.events] == [CENTER, CENTER]
    assert draft.state(A0).facts.care.episode == episode(failures=2)
