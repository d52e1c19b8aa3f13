"""Holds from their begin to their end, each step by itself: semantics 7."""

from dataclasses import replace
from typing import Any

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    center_of,
    draft_of,
    events,
    page,
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
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.observe import take_page
from scnet_watchdog.core.outcome import Verdict
from scnet_watchdog.core.state import Mark, Sight

A1 = InstanceId("a1")
OWN = Scope(ScopeKind.INSTANCE, A0)
WHOLE = Scope(ScopeKind.CENTER, CENTER)
FLEET = Scope(ScopeKind.FLEET, "")
LASTING = Hold(OWN, T0, None, until_running=True, author="eve")


def told(draft: Draft, kind: EventKind) -> list[dict[str, Any]]:
    """The fields of the events of one kind."""
    return [dict(one.fields) for one in events(draft, kind)]


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
    assert told(draft, EventKind.HOLD_ENDED) == ([] if held else [fields])
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


# Until running.


def through(hold: Hold, *statuses: Status) -> Draft:
    """Reads a minute apart, the first a minute after the hold; the hold is a0's own."""
    draft = polled(2, at=MINUTE)
    put(draft, "a0", None, hold=hold)
    for status in statuses:
        take_page(draft, page(draft, {"a0": status}))
        draft.now += MINUTE
    return draft


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        ([Status.RUNNING], False),
        ([Status.FAILED], False),
        ([Status.FAILED, Status.RUNNING], True),
        ([Status.WAITING, Status.RUNNING], True),
        ([Status.DEPLOYING, Status.RUNNING], True),
        ([Status.COMPLETED, Status.RUNNING], True),
        # What was not seen down may always have run.
        ([Status.UNKNOWN, Status.RUNNING], False),
        ([Status.MISSING, Status.RUNNING], False),
        ([Status.FAILED, Status.UNKNOWN, Status.RUNNING], True),
    ],
)
def test_a_hold_until_running_ends_when_it_runs_after_it_was_seen_down(
    statuses: list[Status], ended: bool
) -> None:
    draft = through(LASTING, *statuses)
    care = draft.state(A0).facts.care
    assert (care.hold is None) is ended
    if ended:
        assert care.marks == ()
        [fields] = told(draft, EventKind.HOLD_ENDED)
        assert fields["cause"] == "running again"
    else:
        assert told(draft, EventKind.HOLD_ENDED) == []


@pytest.mark.parametrize(("begun", "ended"), [(0, True), (1, False), (2, False)])
def test_only_reads_asked_after_the_hold_count(begun: int, ended: bool) -> None:
    # The two reads are asked at one and at two minutes.
    hold = replace(LASTING, begun_at=T0 + begun * MINUTE)
    draft = through(hold, Status.FAILED, Status.RUNNING)
    assert (draft.state(A0).facts.care.hold is None) is ended


def test_a_shared_hold_until_running_ends_for_one_member_by_itself() -> None:
    draft = polled(2, at=MINUTE)
    whole = Hold(WHOLE, T0, None, until_running=True)
    draft.fleet.holds[WHOLE] = whole
    for status in (Status.FAILED, Status.RUNNING, Status.FAILED):
        take_page(draft, page(draft, {"a0": status}))
        draft.now += MINUTE
    assert draft.state(A0).facts.care.marks == (Mark(WHOLE, T0, True, True),)
    assert holds.hold_of(draft, A0) is None
    assert holds.hold_of(draft, A1) == whole
    [ended] = events(draft, EventKind.HOLD_ENDED)
    assert (ended.instance, ended.fields["scope"]) == (A0, ScopeKind.CENTER)


@pytest.mark.parametrize(
    ("verdict", "ends"), [(None, False), (Verdict.RECOVERED, True), (Verdict.DID_NOT_HELP, False)]
)
def test_a_running_that_our_own_attempt_brought_ends_no_hold(
    verdict: Verdict | None, ends: bool
) -> None:
    draft = polled(at=MINUTE)
    one = watch()
    attempt = replace(one.attempt, verdict=verdict)
    state = seen(
        draft,
        Status.RUNNING,
        care={
            "hold": LASTING,
            "marks": (Mark(OWN, T0, was_down=True),),
            "watch": replace(one, attempt=attempt),
        },
        sight=Sight(draft.now, draft.now),
    )
    care = holds.mark_progress(draft, state).facts.care
    assert (care.hold is None) is ends
    if not ends:
        # It must be seen down anew before a running counts.
        assert care.marks == (Mark(OWN, T0, was_down=False),)


def test_marks_of_holds_that_are_over_are_forgotten() -> None:
    draft = polled(at=MINUTE)
    stale = Mark(WHOLE, T0, was_down=True)
    mine = Mark(OWN, T0, was_down=True)
    state = seen(
        draft,
        Status.FAILED,
        care={"hold": LASTING, "marks": (stale, mine)},
        sight=Sight(draft.now, draft.now),
    )
    assert holds.mark_progress(draft, state).facts.care.marks == (mine,)


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
        ended = told(draft, EventKind.HOLD_ENDED)
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
    causes = [one["cause"] for one in told(draft, EventKind.HOLD_ENDED)]
    assert causes == ["released"] * (1 if stays else 2)
    # Whoever is restartable and no longer held turned so now.
    turned = [one.instance for one in draft.turned.get(CENTER, [])]
    assert turned == ([A1] if stays else [A0, A1])


def test_a_release_of_someone_who_was_not_held_makes_nobody_turn() -> None:
    draft = draft_of()
    put(draft)
    operate.take_command(draft, Release(OWN, "eve"))
    assert draft.turned == {}
    assert told(draft, EventKind.HOLD_ENDED) == []
