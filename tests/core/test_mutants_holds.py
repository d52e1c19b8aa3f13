"""Holds from their begin to their end, each step by itself: semantics 7."""

from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    center_of,
    draft_of,
    events,
    fields_of,
    polled,
    put,
    put_center,
    seen,
    watch,
)
from scnet_watchdog.core import holds, operate
from scnet_watchdog.core.center import Ramp
from scnet_watchdog.core.command import (
    Hold,
    PlaceHold,
    Release,
    Scope,
    ScopeKind,
)
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.state import Mark

A1 = InstanceId("a1")
OWN = Scope(ScopeKind.INSTANCE, A0)
WHOLE = Scope(ScopeKind.CENTER, CENTER)
FLEET = Scope(ScopeKind.FLEET, "")


# Holds and their ends.


@pytest.mark.parametrize(("after", "held"), [(59, True), (60, False), (61, False)])
def test_a_hold_ends_at_its_very_moment(after: int, held: bool) -> None:
    draft = draft_of(at=after * SECOND)
    hold = Hold(OWN, T0, MINUTE, author="eve", reason="tea")
    put(draft, hold=hold)
    assert (holds.hold_of(draft, A0) == hold) is held
    assert holds.expire_own(draft, A0) is not held
    assert draft.state(A0).facts.care.hold == (hold if held else None)
    fields = {
        "scope": ScopeKind.INSTANCE,
        "target": A0,
        "cause": "its time is over",
        "ends_at": T0 + MINUTE,
        "author": "eve",
        "hold_reason": "tea",
    }
    assert fields_of(draft, EventKind.HOLD_ENDED) == ([] if held else [fields])
    assert [one.instance for one in draft.events] == ([] if held else [A0])


@pytest.mark.parametrize(("after", "held"), [(59, True), (60, False)])
def test_a_shared_hold_ends_for_all_it_covers(after: int, held: bool) -> None:
    draft = draft_of(2, at=after * SECOND)
    hold = Hold(WHOLE, T0, MINUTE)
    draft.fleet.holds[WHOLE] = hold
    assert holds.hold_of(draft, A0) == (hold if held else None)
    assert holds.expire(draft) == ([] if held else [A0, A1])
    assert draft.holds == ({} if held else {WHOLE: None})
    assert (A0 in draft.touched) is not held
    assert [one.center for one in draft.events] == ([] if held else [CENTER])
    assert holds.expire(draft) == []


def test_the_nearest_hold_that_is_in_force_is_the_one() -> None:
    draft = draft_of(2, at=MINUTE)
    own, whole = Hold(OWN, T0, HOUR), Hold(WHOLE, T0, HOUR)
    draft.holds[WHOLE] = whole
    put(draft, hold=own)
    assert holds.hold_of(draft, A0) == own
    put(draft, hold=Hold(OWN, T0, SECOND))
    assert holds.hold_of(draft, A0) == whole
    assert holds.hold_of(draft, A1) == whole
    put(draft, hold=None, marks=(Mark(WHOLE, T0, ended=True),))
    assert holds.hold_of(draft, A0) is None
    # A mark of an earlier hold on the same scope, or of another scope, is none of this one's.
    for mark in (Mark(WHOLE, T0 - HOUR, ended=True), Mark(FLEET, T0, ended=True)):
        put(draft, hold=None, marks=(mark,))
        assert holds.hold_of(draft, A0) == whole
    put(draft, hold=None, marks=(Mark(WHOLE, T0, ended=False),))
    assert holds.hold_of(draft, A0) == whole


def test_what_a_scope_covers() -> None:
    draft = draft_of(2)
    assert holds.members_under(draft, OWN) == (A0,)
    assert holds.members_under(draft, Scope(ScopeKind.INSTANCE, "gone")) == ()
    assert holds.members_under(draft, WHOLE) == (A0, A1)
    assert holds.members_under(draft, Scope(ScopeKind.CENTER, "gone")) == ()
    assert holds.members_under(draft, Scope(ScopeKind.GROUP, "g")) == ()
    assert holds.members_under(draft, FLEET) == (A0, A1)


def test_only_who_is_not_at_rest_is_decided_anew_when_a_scope_changes() -> None:
    draft = polled(2)
    seen(draft, Status.RUNNING)
    seen(draft, Status.FAILED, "a1")
    draft.touched.clear()
    holds.touch_scope(draft, WHOLE)
    assert list(draft.touched) == [A1]


# Placing and releasing.


def test_a_hold_is_placed_told_and_gives_a_place_back() -> None:
    draft = draft_of(2, at=MINUTE)
    put_center(draft, ramp=Ramp(T0, 0, grew_at=T0))
    put(draft, watch=watch(place=True))
    operate.take_command(draft, PlaceHold(OWN, "eve", HOUR, reason="tea", row=7))
    assert draft.state(A0).facts.care.hold == Hold(OWN, draft.now, HOUR, False, "eve", "tea")
    assert draft.taken == [7]
    ramp = center_of(draft).ramp
    assert ramp is not None
    assert ramp.places == 1
    command, placed = draft.events
    assert (command.kind, command.instance) == (EventKind.OPERATOR_COMMAND, A0)
    assert command.fields == {
        "command": "hold",
        "by": "eve",
        "scope": ScopeKind.INSTANCE,
        "target": A0,
    }
    assert (placed.kind, placed.instance, placed.center) == (EventKind.HOLD_PLACED, A0, CENTER)
    assert placed.fields == {
        "scope": ScopeKind.INSTANCE,
        "target": A0,
        "next_at": draft.now + HOUR,
        "until_running": False,
        "author": "eve",
        "hold_reason": "tea",
    }


def test_a_hold_until_running_has_no_length() -> None:
    draft = draft_of()
    operate.take_command(draft, PlaceHold(FLEET, "eve", HOUR, until_running=True))
    assert draft.holds == {FLEET: Hold(FLEET, T0, None, True, "eve", "")}
    assert draft.taken == []
    [placed] = events(draft, EventKind.HOLD_PLACED)
    assert (placed.instance, placed.center) == (None, None)


@pytest.mark.parametrize(("length", "replaced"), [(59, False), (60, False), (61, True)])
def test_a_hold_that_is_in_force_is_replaced_and_told_so(length: int, replaced: bool) -> None:
    for scope in (OWN, WHOLE):
        draft = draft_of(at=MINUTE)
        old = Hold(scope, T0, length * SECOND, author="adam")
        if scope is OWN:
            put(draft, hold=old, marks=(Mark(OWN, T0, True), Mark(FLEET, T0, True)))
        else:
            draft.fleet.holds[scope] = old
        operate.take_command(draft, PlaceHold(scope, "eve", HOUR))
        ended = fields_of(draft, EventKind.HOLD_ENDED)
        assert [one["author"] for one in ended] == (["adam"] if replaced else [])
        assert [one["cause"] for one in ended] == (["replaced"] if replaced else [])
        if scope is OWN:
            assert draft.state(A0).facts.care.marks == (Mark(FLEET, T0, True),)


@pytest.mark.parametrize("command", [PlaceHold, Release])
def test_a_command_for_someone_not_watched_is_refused(command: Any) -> None:
    draft = draft_of()
    gone = Scope(ScopeKind.INSTANCE, "gone")
    operate.take_command(draft, command(gone, "eve"))
    [event] = draft.events
    assert (event.instance, event.fields["refused"]) == (None, "not watched")
    assert draft.instances == {}


@pytest.mark.parametrize(("every", "stays"), [(False, True), (True, False)])
def test_releasing_a_center_ends_its_hold_and_lists_single_ones_unless_told_to_end_them(
    every: bool, stays: bool
) -> None:
    draft = draft_of(2, at=MINUTE)
    draft.fleet.holds[WHOLE] = Hold(WHOLE, T0, HOUR)
    put(draft, hold=Hold(OWN, T0, HOUR))
    put(draft, "a1")
    operate.take_command(draft, Release(WHOLE, "eve", every=every))
    assert draft.holds == {WHOLE: None}
    assert (holds.hold_of(draft, A0) is not None) is stays
    [command] = events(draft, EventKind.OPERATOR_COMMAND)
    assert (command.center, command.fields.get("still_held")) == (CENTER, [A0] if stays else None)
    causes = [one["cause"] for one in fields_of(draft, EventKind.HOLD_ENDED)]
    assert causes == ["released"] * (1 if stays else 2)
    # Whoever is restartable and no longer held turned so now.
    turned = [one.instance for one in draft.turned.get(CENTER, [])]
    assert turned == ([A1] if stays else [A0, A1])


def test_a_release_of_someone_who_was_not_held_makes_nobody_turn() -> None:
    draft = draft_of()
    put(draft)
    operate.take_command(draft, Release(OWN, "eve"))
    assert draft.turned == {}
    assert fields_of(draft, EventKind.HOLD_ENDED) == []
