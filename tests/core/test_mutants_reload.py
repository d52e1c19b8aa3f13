"""A new config, each step by itself: who leaves, who comes, whose knobs change. Semantics 7."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, member, roster
from mutants_support import A0, attempted, episode, polled, put_center, seen
from scnet_watchdog.core.center import CenterBreaker, Ramp, Seen
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.fleet import SETS, Decided, Fleet, SourceState
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, SourceKey, Status
from scnet_watchdog.core.policy import (
    CenterBreakerPolicy,
    Cooldown,
    Limits,
    Mode,
    Policy,
    Roster,
)
from scnet_watchdog.core.reload import reload
from scnet_watchdog.core.state import (
    BreakerState,
    Rejection,
    Row,
    Sight,
)

A1 = InstanceId("a1")
DOWN_ROW = Row(3, T0 - MINUTE, T0)


def fleet_of(draft: Draft) -> Fleet:
    """The fleet after the turn that a test has prepared."""
    draft.turned.clear()
    draft.fleet.apply(draft.decided())
    return draft.fleet


def took(fleet: Fleet, new: Roster, at: timedelta = SECOND, shadow: bool = False) -> Decided:
    """What a new config changes, that long after the start; the fleet has taken it."""
    decided = reload(fleet, new, Situation(T0 + at, free={CENTER: 6}, shadow=shadow))
    fleet.apply(decided)
    return decided


# Who leaves.


def test_who_leaves_is_in_no_index_and_its_state_is_stored_and_kept() -> None:
    draft = polled(2)
    seen(draft, Status.FAILED, care={"watch": attempted(None), "episode": episode()})
    draft.own_index(CENTER).waits.add(A0)
    fleet = fleet_of(draft)
    decided = took(fleet, roster([member("a1")]))
    index = fleet.indexes[CENTER]
    assert [name for name in SETS if A0 in getattr(index, name)] == []
    assert set(fleet.instances) == {A1}
    assert set(fleet.dormant) == {A0}
    assert decided.change.instances[A0] == fleet.dormant[A0]


def test_who_left_before_is_kept_over_the_next_config_and_forgotten_when_it_is_back() -> None:
    fleet = fleet_of(polled(2))
    took(fleet, roster([member("a1")]))
    took(fleet, roster([member("a1", Policy(stable_after=HOUR))]))
    assert set(fleet.dormant) == {A0}
    took(fleet, roster([member("a0"), member("a1")]))
    assert fleet.dormant == {}


def test_a_center_that_is_gone_is_not_stored_again_and_its_index_is_empty() -> None:
    draft = polled(1)
    seen(draft, Status.FAILED, care={"watch": attempted(None, place=True)})
    put_center(draft, ramp=Ramp(T0, 0, grew_at=T0))
    fleet = fleet_of(draft)
    decided = took(fleet, roster([member("b0", center="wuzhen")]))
    assert CENTER not in decided.change.centers
    assert fleet.indexes[CENTER].unrest == set()
    assert fleet.indexes["wuzhen"].unrest == {InstanceId("b0")}


def test_the_place_of_one_who_leaves_goes_back_to_its_centers_ramp() -> None:
    draft = polled(2)
    seen(draft, Status.FAILED, care={"watch": attempted(None, place=True), "episode": episode()})
    seen(draft, Status.FAILED, "a1", care={"hold": Hold(Scope(ScopeKind.INSTANCE, A1), T0)})
    put_center(
        draft, ramp=Ramp(T0, 0, grew_at=T0), breaker=CenterBreaker(BreakerState.HALF_OPEN, T0)
    )
    fleet = fleet_of(draft)
    took(fleet, roster([member("a1")]))
    ramp = fleet.centers[CENTER].ramp
    assert ramp is not None
    assert ramp.places == 1
    care = fleet.dormant[A0].facts.care
    assert care.watch is not None
    assert not care.watch.place


# Who comes.


@pytest.mark.parametrize("looked", [True, False])
def test_a_source_whose_first_look_was_told_tells_another_of_its_newcomers_alone(
    looked: bool,
) -> None:
    draft = polled(1)
    draft.fleet.sources[KEY] = SourceState(T0, swept_at=T0, looked=looked)
    fleet = fleet_of(draft)
    other = SourceKey("flags", CENTER)
    took(fleet, roster([member("a0"), member("a1"), member("a2", source="flags")]))
    known = replace(SourceState(T0, swept_at=T0), newcomers=frozenset({A1}) if looked else None)
    assert fleet.sources == {KEY: known, other: SourceState(T0 + SECOND)}


def test_what_is_known_of_a_source_is_kept_while_nobody_comes() -> None:
    draft = polled(1)
    known = SourceState(T0, swept_at=T0, sweep=SECOND, looked=True)
    draft.fleet.sources[KEY] = known
    fleet = fleet_of(draft)
    took(fleet, roster([member("a0", Policy(stable_after=HOUR))]))
    assert fleet.sources == {KEY: known}


# Whose knobs change.


def test_deadlines_are_computed_anew_also_for_those_whose_own_knobs_stay() -> None:
    draft = polled(1)
    row = Row(2, T0 - MINUTE, T0)
    seen(draft, Status.FAILED, sight=Sight(T0, T0, row, row))
    opened = CenterBreaker(BreakerState.OPEN, T0, openings=1)
    put_center(draft, breaker=opened)
    fleet = fleet_of(draft)
    slow = Limits(center_breaker=CenterBreakerPolicy(open_for=5 * MINUTE))
    decided = took(fleet, roster([member("a0")], slow))
    assert decided.wakes["center:" + CENTER] == T0 + 5 * MINUTE
    # Nothing of it is due before its source would be blind.
    assert decided.wakes[A0] == T0 + 90 * SECOND


def test_a_center_where_all_is_well_is_looked_at_too() -> None:
    draft = polled(1)
    seen(draft, Status.RUNNING)
    put_center(draft, breaker=CenterBreaker(BreakerState.OPEN, T0, openings=1))
    fleet = fleet_of(draft)
    slow = Limits(center_breaker=CenterBreakerPolicy(open_for=5 * MINUTE))
    assert took(fleet, roster([member("a0")], slow)).wakes["center:" + CENTER] == T0 + 5 * MINUTE


def test_one_at_rest_is_decided_anew_when_its_own_knobs_change() -> None:
    draft = polled(1)
    seen(draft, Status.RUNNING)
    fleet = fleet_of(draft)
    took(fleet, roster([member("a0", Policy(mode=Mode.WATCH))]))
    assert fleet.instances[A0].facts.reason is Reason.WATCH_ONLY


@pytest.mark.parametrize(
    ("policy", "source", "sight"),
    [
        # Another rule of what is restartable: rows in a row begin anew.
        (Policy(restart_on=frozenset({Status.FAILED})), "scnet", Sight(T0, T0)),
        (Policy(stable_after=HOUR), "scnet", Sight(T0, T0, DOWN_ROW, DOWN_ROW)),
        # Another source must see it first.
        (Policy(), "flags", Sight()),
    ],
)
def test_what_was_seen_counts_under_the_rule_and_the_source_that_saw_it(
    policy: Policy, source: str, sight: Sight
) -> None:
    draft = polled(1)
    hold = Hold(Scope(ScopeKind.INSTANCE, A0), T0)
    seen(draft, Status.FAILED, sight=Sight(T0, T0, DOWN_ROW, DOWN_ROW), care={"hold": hold})
    fleet = fleet_of(draft)
    took(fleet, roster([member("a0", policy, source=source)]))
    assert fleet.instances[A0].sight == sight


@pytest.mark.parametrize("changes", [True, False])
def test_a_rejection_ends_when_the_settings_change(changes: bool) -> None:
    draft = polled(1)
    rejected = episode(rejection=Rejection(T0))
    seen(draft, Status.FAILED, care={"episode": rejected})
    fleet = fleet_of(draft)
    policy = Policy(cooldown=Cooldown(initial=2 * MINUTE)) if changes else None
    took(fleet, roster([member("a0", policy)]))
    found = fleet.instances[A0].facts.care.episode
    assert found == (replace(rejected, rejection=None) if changes else rejected)


WATCH = Policy(mode=Mode.WATCH)
ACTIVE = Policy()
ONLY_STOPPED = Policy(restart_on=frozenset({Status.STOPPED}))


@pytest.mark.parametrize(
    ("old", "new", "status", "shadow", "turned"),
    [
        (WATCH, ACTIVE, Status.FAILED, False, True),
        (ONLY_STOPPED, ACTIVE, Status.FAILED, False, True),
        # Armed before, or not now, or not restartable.
        (ACTIVE, Policy(stable_after=HOUR), Status.FAILED, False, False),
        (ACTIVE, WATCH, Status.FAILED, False, False),
        (WATCH, Policy(mode=Mode.SHADOW), Status.FAILED, False, False),
        (WATCH, ACTIVE, Status.COMPLETED, False, False),
        (WATCH, ACTIVE, Status.FAILED, True, False),
        (ONLY_STOPPED, WATCH, Status.FAILED, False, False),
    ],
)
def test_who_is_armed_by_a_config_while_restartable_turned_so_now(
    old: Policy, new: Policy, status: Status, shadow: bool, turned: bool
) -> None:
    draft = polled(1, old)
    seen(draft, status)
    fleet = fleet_of(draft)
    took(fleet, roster([member("a0", new)]), shadow=shadow)
    assert fleet.instances[A0].facts.care.turned is turned
    assert fleet.centers[CENTER].turned == ((Seen(T0 + SECOND, A0),) if turned else ())


def test_only_what_changed_is_stored() -> None:
    draft = polled(2)
    seen(draft, Status.RUNNING)
    seen(draft, Status.RUNNING, "a1")
    fleet = fleet_of(draft)
    longer = Policy(stable_after=2 * HOUR)
    took(fleet, roster([member("a0", longer), member("a1", longer)]))
    slower = Policy(stable_after=HOUR)
    # Knobs are no facts: nothing is to be stored of them.
    decided = took(fleet, roster([member("a0", slower), member("a1", slower)]))
    assert decided.change.instances == {}
    decided = took(fleet, roster([member("a0", slower), member("a1", WATCH)]))
    assert set(decided.change.instances) == {A1}
    assert [one.kind for one in decided.change.events] == [EventKind.DECISION_CHANGED]
