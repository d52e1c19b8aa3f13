"""A turn's draft over a fleet, part by part: what it shows, keeps in step and saves."""

from dataclasses import replace
from typing import Any

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0
from mutants_support import A0, draft_of, episode, polled, put, put_center, seen, watch
from scnet_watchdog.core.center import CenterState, Ramp
from scnet_watchdog.core.change import StoredInstance
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.decision import Decision, Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.fleet import (
    SETS,
    SourceState,
)
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, SourceKey, Status
from scnet_watchdog.core.policy import Pace
from scnet_watchdog.core.state import (
    FRESH,
    REST,
    Call,
    Care,
    Facts,
    InstanceState,
    Ledger,
    Order,
    Sight,
)

A1 = InstanceId("a1")
WHOLE = Scope(ScopeKind.CENTER, CENTER)
FLEET = Scope(ScopeKind.FLEET)


def test_a_draft_shows_its_own_values_before_the_fleets() -> None:
    draft = draft_of(2)
    fleet = draft.fleet
    fleet.holds[WHOLE] = Hold(WHOLE, T0)
    assert draft.state(A0) is fleet.instances[A0]
    assert draft.center(CENTER) is fleet.centers[CENTER]
    assert draft.source(KEY) is fleet.sources[KEY]
    assert draft.index(CENTER) is fleet.indexes[CENTER]
    assert draft.hold(WHOLE) is fleet.holds[WHOLE]
    mine = put(draft)
    center = put_center(draft, ramp=Ramp(T0))
    assert set(draft.touched_centers) == {CENTER}
    draft.put_source(KEY, SourceState(T0 + HOUR))
    draft.holds[WHOLE] = None
    assert draft.state(A0) is mine
    assert draft.center(CENTER) is center
    assert draft.source(KEY) == SourceState(T0 + HOUR)
    assert draft.index(CENTER) is draft.own_index(CENTER) is not fleet.indexes[CENTER]
    assert draft.hold(WHOLE) is None
    assert fleet.instances[A0] is not mine


def test_a_draft_makes_up_what_nobody_knows_yet() -> None:
    draft = draft_of(at=HOUR)
    draft.fleet.instances.clear()
    assert draft.state(A0) == InstanceState(A0, CENTER)
    assert draft.center("new") == CenterState("new")
    assert draft.source(SourceKey("new", CENTER)) == SourceState(draft.now)
    assert draft.index("new") is draft.own_index("new")
    assert draft.pace(SourceKey("new", CENTER)) == Pace()
    draft.fleet.roster.paces[KEY.source] = Pace(MINUTE)  # type: ignore[index]
    assert draft.pace(KEY) == Pace(MINUTE)
    assert draft.interval(KEY) == MINUTE


@pytest.mark.parametrize(
    ("status", "own", "swept", "asked"),
    [
        (Status.RUNNING, 10, 20, 20),
        (Status.RUNNING, 20, 10, 20),
        (Status.RUNNING, 10, None, 10),
        (Status.RUNNING, None, 20, None),
        # Only who is at rest is vouched for by a sweep.
        (Status.FAILED, 10, 20, 10),
    ],
)
def test_a_sweep_vouches_for_whoever_is_at_rest(
    status: Status, own: int | None, swept: int | None, asked: int | None
) -> None:
    def moment(seconds: int | None) -> Any:
        return None if seconds is None else T0 + seconds * SECOND

    draft = polled()
    draft.put_source(KEY, SourceState(T0, swept_at=moment(swept)))
    state = seen(draft, status, sight=Sight(moment(own), moment(own)))
    assert draft.asked_at(state) == moment(asked)
    # Blind three intervals of 30 s later.
    assert draft.blind_at(state) == moment(None if asked is None else asked + 90)


@pytest.mark.parametrize(
    ("status", "care", "among"),
    [
        (Status.RUNNING, {}, set()),
        (Status.FAILED, {}, {"unrest", "restartable"}),
        (Status.COMPLETED, {}, {"unrest"}),
        (Status.RUNNING, {"watch": watch()}, {"unrest", "busy"}),
        (Status.RUNNING, {"watch": watch(slot=False)}, {"unrest"}),
        (Status.RUNNING, {"order": Order(T0, "eve")}, {"unrest", "ordered"}),
    ],
)
def test_what_an_instance_is_shows_in_its_centers_index(
    status: Status, care: dict[str, Any], among: set[str]
) -> None:
    draft = polled()
    for name in ("unrest", "busy", "restartable", "ordered"):
        getattr(draft.own_index(CENTER), name).add(A0)
    seen(draft, status, care=care)
    assert {name for name in SETS if A0 in getattr(draft.index(CENTER), name)} == among
    assert A0 in draft.touched


def test_nothing_open_is_always_the_one_rest() -> None:
    draft = draft_of()
    assert draft.put(InstanceState(A0, CENTER, Facts(care=Care()))).facts.care is REST
    assert draft.care(put(draft, episode=episode()), episode=None).facts.care is REST


def test_a_draft_keeps_the_hour_in_step() -> None:
    draft = draft_of()
    state = put(draft)
    call = Call(T0)
    facts = replace(state.facts, ledger=Ledger(1, 1, (call,)))
    state = draft.put(replace(state, facts=facts))
    assert draft.index(CENTER).calls == [(T0, A0)]
    draft.fleet.apply(draft.decided())
    # The next turn knows it from the fleet.
    later = Draft(draft.fleet, draft.situation)
    later.put(replace(state, facts=replace(facts, ledger=FRESH)))
    assert later.index(CENTER).calls == []


def test_told_otherwise_is_who_was_touched_or_had_another_reason() -> None:
    draft = draft_of(3)
    for n in range(3):
        state = draft.state(InstanceId(f"a{n}"))
        reason = Reason.STORM if n < 2 else Reason.HELD
        draft.fleet.instances[state.id] = replace(state, facts=Facts(reason=reason))
        draft.line_up(state.id)
    line = draft.own_index(CENTER).wanting
    draft.touched[A1] = None
    # Touched, and no longer in line.
    draft.touched[InstanceId("a9")] = None
    storm = Decision(Reason.STORM)
    assert draft.told_otherwise(line, {}, storm) == [A1, "a2"]
    # This turn's own reason counts.
    draft.instances[InstanceId("a2")] = InstanceState(
        InstanceId("a2"), CENTER, Facts(reason=Reason.STORM)
    )
    assert draft.told_otherwise(line, {}, storm) == [A1]
    assert draft.told_otherwise(line, {A0: Decision(Reason.HELD)}, storm) == [A0, A1]


def test_where_all_were_told_the_same_only_new_and_odd_ones_are_asked() -> None:
    draft = draft_of(4)
    ids = [InstanceId(f"a{n}") for n in range(4)]
    for id_ in ids:
        facts = Facts(reason=Reason.CONFIRMING)
        draft.fleet.instances[id_] = replace(draft.state(id_), facts=facts)
        draft.line_up(id_)
    line = draft.own_index(CENTER).wanting
    line.told, line.odd = Reason.STORM, frozenset({ids[0]})
    draft.touched[ids[1]] = None
    held = {ids[2]: Decision(Reason.CENTER_RATE)}
    # a3 counts as told: it is neither new, nor odd, nor held for a reason of its own.
    assert draft.told_otherwise(line, held, Decision(Reason.STORM)) == [ids[1], ids[0], ids[2]]
    assert draft.told_otherwise(line, held, Decision(Reason.CENTER_BUSY)) == ids


def test_when_opinions_expire_everyone_must_be_seen_anew() -> None:
    draft = polled(2)
    draft.fleet.sources[KEY] = SourceState(T0, swept_at=T0, looked=True)
    for id_ in ("a0", "a1"):
        seen(draft, Status.RUNNING, id_)
    draft.fleet.apply(draft.decided())
    new = Draft(draft.fleet, Situation(T0 + HOUR))
    put(new, "a1", Status.FAILED)
    new.expire_opinions()
    assert new.source(KEY) == SourceState(T0, looked=True)
    assert new.state(A0).sight == new.state(A1).sight == Sight()
    # What the turn has done before stays.
    assert new.state(A1).facts.status is Status.FAILED


def test_an_event_names_its_instance_and_center_and_leaves_out_what_is_not_known() -> None:
    draft = draft_of(at=MINUTE)
    draft.tell(EventKind.HOLD_ENDED, A0, level=Level.DEBUG, code=None, seq=0)
    draft.tell(EventKind.HOLD_ENDED, A0, center="other")
    draft.tell(EventKind.STORM_BEGAN, center="other")
    first, second, third = draft.events
    assert (first.at, first.instance, first.name) == (draft.now, A0, "a0")
    assert (first.center, first.level, first.fields) == (CENTER, Level.DEBUG, {"seq": 0})
    assert (second.center, second.name) == ("other", "a0")
    assert (third.instance, third.name, third.center) == (None, None, "other")


def test_only_what_really_changed_is_to_be_saved() -> None:
    draft = draft_of(3)
    put(draft)
    draft.put(draft.state(A1))
    put_center(draft)
    sleeping = StoredInstance(InstanceId("x"), CENTER, Facts())
    draft.dormant[sleeping.id] = sleeping
    row = watch().attempt
    draft.row(row)
    draft.wanted.append(replace(row, seq=2))
    draft.taken.append(7)
    draft.holds[FLEET] = None
    draft.looks[KEY] = {A1}
    draft.wakes["holds"] = None
    draft.tell(EventKind.STORM_BEGAN)
    draft.own_index(CENTER).calls.extend([(T0 - HOUR, A0), (T0, A0)])
    decided = draft.decided()
    change = decided.change
    stored = StoredInstance(A0, CENTER, draft.state(A0).facts)
    assert change.instances == {A0: stored, sleeping.id: sleeping}
    assert change.centers == {}
    assert (change.attempts, change.wanted) == ((row,), (replace(row, seq=2),))
    assert (change.taken, change.holds) == ((7,), {FLEET: None})
    assert change.events == tuple(draft.events)
    assert (decided.looks, decided.wakes) == ({KEY: frozenset({A1})}, {"holds": None})
    assert set(decided.instances) == {A0, A1}
    assert decided.dormant == {sleeping.id: sleeping}
    assert decided.indexes[CENTER].calls == [(T0, A0)]
    center = put_center(draft, ramp=Ramp(T0))
    assert draft.decided().change.centers == {CENTER: center}
    draft.put_source(KEY, SourceState(T0 + HOUR))
    assert draft.decided().sources == {KEY: SourceState(T0 + HOUR)}
    draft.fleet.instances.clear()
    assert set(draft.decided().change.instances) == {A0, A1, "x"}


def test_the_age_of_blindness_follows_the_sweep_of_this_very_turn() -> None:
    draft = draft_of()
    assert draft.blind_after(KEY) == 90 * SECOND
    draft.put_source(KEY, SourceState(T0, sweep=MINUTE))
    assert draft.blind_after(KEY) == 3 * MINUTE
