"""The fleet and its indexes, part by part."""

from dataclasses import replace

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, member, roster
from mutants_support import A0, draft_of
from scnet_watchdog.core.center import CenterState, Ramp
from scnet_watchdog.core.change import Change, StoredInstance
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.fleet import (
    SETS,
    Decided,
    Fleet,
    Index,
    SourceState,
    new_sources,
    scopes_of,
)
from scnet_watchdog.core.model import InstanceId, SourceKey
from scnet_watchdog.core.policy import Limits, Mode, Pace, Policy
from scnet_watchdog.core.state import (
    FRESH,
    Call,
    Facts,
    InstanceState,
)

A1 = InstanceId("a1")
WHOLE = Scope(ScopeKind.CENTER, CENTER)
FLEET = Scope(ScopeKind.FLEET)


def state_with(*calls: Call, id_: InstanceId = A0) -> InstanceState:
    """An instance that made these calls."""
    return InstanceState(id_, CENTER, Facts(ledger=replace(FRESH, calls=calls)))


# The index.


def test_a_copy_of_an_index_is_equal_and_its_own() -> None:
    index = Index()
    for name in SETS:
        getattr(index, name).add(A0)
    index.due[A0] = T0
    index.calls.append((T0, A0))
    twin = index.copy()
    for name in (*SETS, "due", "calls"):
        assert getattr(twin, name) == getattr(index, name)
        assert getattr(twin, name) is not getattr(index, name)


def test_who_is_dropped_leaves_its_calls_only() -> None:
    index = Index()
    for name in SETS:
        getattr(index, name).update({A0, A1})
    index.due |= {A0: T0, A1: T0}
    index.calls.append((T0, A0))
    index.drop(A0)
    assert [getattr(index, name) for name in SETS] == [{A1}] * len(SETS)
    assert (index.due, index.calls) == ({A1: T0}, [(T0, A0)])


def test_the_hour_follows_each_call_that_comes_and_each_that_is_given_back() -> None:
    first, second, third = Call(T0), Call(T0 + SECOND), Call(T0 + MINUTE)
    index = Index()
    index.note_calls(None, state_with(third, id_=A1))
    index.note_calls(None, state_with(first, second))
    assert index.calls == [(T0, A0), (T0 + SECOND, A0), (T0 + MINUTE, A1)]
    # The same again, or the same call in other words: nothing twice.
    index.note_calls(None, state_with(first, second))
    index.note_calls(state_with(first, second), state_with(replace(first), second))
    assert index.calls == [(T0, A0), (T0 + SECOND, A0), (T0 + MINUTE, A1)]
    index.note_calls(state_with(first, second), state_with(first))
    assert index.calls == [(T0, A0), (T0 + MINUTE, A1)]
    # One that has left the hour already is not given back again.
    index.note_calls(state_with(second), state_with())
    assert index.calls == [(T0, A0), (T0 + MINUTE, A1)]
    index.note_calls(state_with(Call(T0 + MINUTE)), state_with())
    assert index.calls == [(T0, A0), (T0 + MINUTE, A1)]


@pytest.mark.parametrize(("after", "made"), [(0, 3), (3599, 3), (3600, 1), (3601, 1), (3660, 0)])
def test_a_call_leaves_the_sliding_hour_at_its_very_end(after: int, made: int) -> None:
    index = Index()
    index.calls += [(T0, A0), (T0, A1), (T0 + MINUTE, A0)]
    now = T0 + after * SECOND
    assert index.in_last_hour(now) == made
    index.forget_before(now - HOUR)
    assert len(index.calls) == made


def test_a_new_index_and_a_new_source_know_nothing() -> None:
    assert not any(getattr(Index(), name) for name in (*SETS, "due", "calls"))
    new = SourceState(T0)
    assert (new.swept_at, new.failing_since, new.newcomers) == (None, None, None)
    assert (new.blind, new.looked, new.texts) == (False, False, frozenset())
    assert new.interval(Pace(30 * SECOND)) == 30 * SECOND
    assert replace(new, sweep=MINUTE).interval(Pace(30 * SECOND)) == MINUTE


# The fleet.


def test_a_turns_result_is_taken_over_part_by_part() -> None:
    fleet = draft_of(2).fleet
    gone, kept = Scope(ScopeKind.GROUP, "g"), Hold(FLEET, T0)
    fleet.holds[gone] = Hold(gone, T0)
    state = state_with()
    dormant = {InstanceId("x"): StoredInstance(InstanceId("x"), CENTER, Facts())}
    other = SourceKey("flags", CENTER)
    index, center = Index(), CenterState(CENTER, ramp=Ramp(T0))
    fleet.apply(
        Decided(
            Change(centers={CENTER: center}, holds={gone: None, FLEET: kept}),
            instances={A0: state},
            sources={other: SourceState(T0)},
            indexes={CENTER: index},
            dormant=dormant,
        )
    )
    assert fleet.instances[A0] is state
    assert set(fleet.instances) == {A0, A1}
    assert fleet.centers[CENTER] is center
    assert fleet.holds == {FLEET: kept}
    assert fleet.indexes[CENTER] is index
    assert set(fleet.sources) == {KEY, other}
    assert fleet.dormant == dormant
    # Ending one that is not there is no error.
    fleet.apply(Decided(Change(holds={gone: None})))


def test_a_new_roster_replaces_sources_and_sleepers_and_drops_who_is_not_in_it() -> None:
    fleet = draft_of(2).fleet
    fleet.dormant[InstanceId("x")] = StoredInstance(InstanceId("x"), CENTER, Facts())
    new = roster([member("a1", Policy(mode=Mode.WATCH)), member("b0", center="wuzhen")])
    fleet.apply(Decided(Change(), sources=new_sources(new, {}, T0), roster=new))
    assert set(fleet.instances) == {A1}
    assert fleet.roster is new
    assert fleet.members_of == {CENTER: (A1,), "wuzhen": ("b0",)}
    assert fleet.active_of == {"wuzhen": 1}
    assert fleet.deadlines_of == {
        CENTER: ((10 * MINUTE, None),),
        "wuzhen": ((10 * MINUTE, None),),
    }
    assert set(fleet.sources) == {KEY, SourceKey("scnet", "wuzhen")}
    assert fleet.dormant == {}


def test_a_center_knows_its_start_deadlines_the_longest_first_and_whose_they_are() -> None:
    members = [member(f"a{at}", Policy(start_deadline=at * MINUTE)) for at in (1, 3, 2)]
    same = member("b0", Policy(start_deadline=3 * MINUTE))
    fleet = Fleet(roster([*members, same]), T0)
    assert fleet.deadlines_of[CENTER] == (
        (3 * MINUTE, frozenset({"a3", "b0"})),
        (2 * MINUTE, frozenset({"a2"})),
        (MINUTE, frozenset({"a1"})),
    )
    # Where all have the same nobody is named: a set of 100 000 would take 4 MiB.
    fleet.apply(Decided(Change(), roster=roster([same])))
    assert fleet.deadlines_of == {CENTER: ((3 * MINUTE, None),)}


def test_a_fleet_begins_with_an_index_and_a_state_for_each_center() -> None:
    limits = {CENTER: Limits(), "empty": Limits()}
    fleet = Fleet(roster([member("a0"), member("a1")], limits), T0)
    assert set(fleet.indexes) == {CENTER, "empty"}
    assert fleet.centers == {name: CenterState(name) for name in limits}
    assert fleet.members_of == {CENTER: (A0, A1), "empty": ()}
    assert fleet.sources == {KEY: SourceState(T0)}
    known = SourceState(T0 - HOUR)
    assert new_sources(fleet.roster, {KEY: known}, T0) == {KEY: known}


@pytest.mark.parametrize(
    ("config", "label", "name"),
    [("llm", "box", "llm"), (None, "box", "box"), (None, None, "a0"), ("", "box", "box")],
)
def test_an_instance_is_told_by_the_configs_name_then_the_platforms_then_its_id(
    config: str | None, label: str | None, name: str
) -> None:
    fleet = Fleet(roster([replace(member("a0"), name=config)]), T0)
    assert fleet.name_of(A0) == (config or "a0")
    fleet.instances[A0] = InstanceState(A0, CENTER, Facts(label=label))
    assert fleet.name_of(A0) == name
    assert fleet.name_of(InstanceId("gone")) == "gone"


@pytest.mark.parametrize("shadow", [True, False])
@pytest.mark.parametrize("mode", list(Mode))
def test_the_daemons_shadow_switch_changes_active_ones_alone(mode: Mode, shadow: bool) -> None:
    draft = draft_of(1, Policy(mode=mode), shadow=shadow)
    expected = Mode.SHADOW if shadow and mode is Mode.ACTIVE else mode
    assert draft.mode(A0) is draft.fleet.mode_of(A0, shadow) is expected


@pytest.mark.parametrize("group", [None, "g"])
def test_the_shared_scopes_of_an_instance_are_nearest_first(group: str | None) -> None:
    fleet = Fleet(roster([replace(member("a0"), group=group)]), T0)
    first = () if group is None else (Scope(ScopeKind.GROUP, "g"),)
    assert scopes_of(fleet, A0) == (*first, WHOLE, FLEET)
