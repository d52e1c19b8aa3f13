"""Places of a ramp and the size of a storm: semantics 4."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import A0, center_of, draft_of, episode, put, put_center, watch
from scnet_watchdog.core import ramp, storm
from scnet_watchdog.core.center import Block, CenterBreaker, Ramp, Seen, Storm
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import BlockCause, InstanceId
from scnet_watchdog.core.policy import Limits, Policy, StormPolicy
from scnet_watchdog.core.state import BreakerState, Rejection

EMPTY = Ramp(T0, 0, grew_at=T0)


def with_ramp(places: int = 0, passed: int = 0, at: timedelta = SECOND) -> Draft:
    """A center whose ramp began at the start."""
    draft = draft_of(3, at=at)
    put_center(draft, ramp=Ramp(T0, places, passed, grew_at=T0))
    return draft


def places(draft: Draft) -> tuple[int, int] | None:
    """Free places and passes."""
    found = center_of(draft).ramp
    return None if found is None else (found.places, found.passed)


# Ramp.


def test_a_pass_puts_two_places_in_and_only_once() -> None:
    draft = with_ramp()
    put(draft, watch=watch(place=True))
    assert ramp.passes(draft, draft.state(A0))
    assert places(draft) == (2, 1)
    assert not ramp.passes(draft, draft.state(A0))
    assert places(draft) == (2, 1)
    # From a pass on `start_deadline` runs anew.
    found = center_of(draft).ramp
    assert found is not None
    assert found.grew_at == draft.now


def test_a_restart_without_a_place_neither_passes_nor_gives_back() -> None:
    draft = with_ramp()
    for state in (put(draft, watch=watch()), put(draft, "a1")):
        assert not ramp.passes(draft, state)
        ramp.give_back(draft, state.id)
        assert places(draft) == (0, 0)


def test_a_place_is_given_back_once() -> None:
    draft = with_ramp()
    put(draft, watch=watch(place=True))
    ramp.give_back(draft, A0)
    ramp.give_back(draft, A0)
    assert places(draft) == (1, 0)
    found = draft.state(A0).facts.care.watch
    assert found == watch(place=False)


def test_a_place_of_a_ramp_that_has_ended_is_only_forgotten() -> None:
    for end in (ramp.give_back, lambda draft, id_: ramp.passes(draft, draft.state(id_))):
        draft = draft_of(3)
        put(draft, watch=watch(place=True))
        end(draft, A0)
        assert draft.state(A0).facts.care.watch == watch(place=False)
        assert center_of(draft).ramp is None


def test_a_save_takes_a_place_only_where_there_is_a_ramp() -> None:
    draft = with_ramp(2, at=MINUTE)
    assert ramp.take(draft, put(draft))
    assert center_of(draft).ramp == Ramp(T0, 1, 0, grew_at=T0 + MINUTE)
    put_center(draft, ramp=None)
    assert not ramp.take(draft, draft.state(A0))
    assert center_of(draft).ramp is None


def test_a_new_ramp_makes_the_old_ones_places_nobodys() -> None:
    draft = with_ramp()
    put(draft, watch=watch(place=True))
    bare = put(draft, "a1", watch=watch("a1"))
    ramp.begin(draft, CENTER)
    assert draft.state(A0).facts.care.watch == watch(place=False)
    assert draft.state(bare.id) is bare
    assert center_of(draft).ramp == Ramp(T0 + SECOND, 1, 0, grew_at=T0 + SECOND)


def test_the_call_that_went_before_the_ramp_holds_its_first_place() -> None:
    draft = with_ramp(1)
    put(draft, watch=watch())
    ramp.hold_first(draft, A0)
    assert draft.state(A0).facts.care.watch == watch(place=True)
    assert places(draft) == (0, 0)


@pytest.mark.parametrize(("after", "grows"), [(599, False), (600, True), (601, True)])
def test_one_place_more_after_every_start_deadline_without_a_pass(after: int, grows: bool) -> None:
    draft = with_ramp(at=after * SECOND)
    put(draft)
    assert ramp.grows_at(draft, CENTER) == T0 + 10 * MINUTE
    ramp.grow(draft, CENTER)
    assert places(draft) == ((1, 0) if grows else (0, 0))
    # Where one is free, none is added: they must not heap up.
    assert (ramp.grows_at(draft, CENTER) is None) is grows
    ramp.grow(draft, CENTER)
    assert places(draft) == ((1, 0) if grows else (0, 0))


def test_the_longest_start_deadline_of_those_in_trouble_counts() -> None:
    policy = Policy(start_deadline=25 * MINUTE)
    draft = draft_of(3, policy)
    put_center(draft, ramp=EMPTY)
    # Nobody has been seen yet, so nobody is at rest: all three count.
    assert ramp.longest_start(draft, CENTER) == 25 * MINUTE
    assert ramp.longest_start(draft, "elsewhere") == 10 * MINUTE


# Storm.

HALF = Limits(storm=StormPolicy(share=0.5, at_least=2, within=10 * MINUTE))


def storms(draft: Draft) -> list[dict[str, object]]:
    """The storms that began."""
    return [dict(e.fields) for e in draft.events if e.kind is EventKind.STORM_BEGAN]


def turn(draft: Draft, n: int) -> None:
    """The first n instances turn restartable now."""
    for at in range(n):
        storm.turned(draft, put(draft, f"a{at}").id)


@pytest.mark.parametrize(("many", "of", "begins"), [(2, 4, True), (2, 5, False), (1, 2, False)])
def test_a_storm_is_half_of_the_eligible_and_at_least_the_number(
    many: int, of: int, begins: bool
) -> None:
    draft = draft_of(of, limits=HALF)
    turn(draft, many)
    storm.notice(draft, CENTER)
    assert storms(draft) == ([{"instances": many, "eligible": of}] if begins else [])


@pytest.mark.parametrize(("before", "begins"), [(599, True), (600, False)])
def test_whoever_turned_exactly_a_window_ago_counts_no_longer(before: int, begins: bool) -> None:
    draft = draft_of(4, limits=HALF, at=HOUR)
    long_ago = Seen(draft.now - before * SECOND, InstanceId("a3"))
    put_center(draft, turned=(long_ago,))
    turn(draft, 1)
    storm.notice(draft, CENTER)
    assert bool(storms(draft)) is begins
    kept = (long_ago,) if begins else ()
    assert center_of(draft).turned == (*kept, Seen(draft.now, A0))


def test_nobody_is_counted_twice_and_the_rejected_and_held_not_at_all() -> None:
    draft = draft_of(4, limits=HALF)
    turn(draft, 1)
    storm.turned(draft, A0)
    storm.turned(draft, put(draft, "a1", episode=episode(rejection=Rejection(T0))).id)
    storm.turned(draft, put(draft, "a2", hold=Hold(Scope(ScopeKind.INSTANCE, A0), T0)).id)
    assert draft.turned == {CENTER: [Seen(T0, A0)]}
    # Of four, two are eligible: two are needed, one is there.
    storm.notice(draft, CENTER)
    assert storms(draft) == []
    draft.turned[CENTER] = [Seen(T0, A0), Seen(T0, InstanceId("a3"))]
    storm.notice(draft, CENTER)
    assert storms(draft) == [{"instances": 2, "eligible": 2}]


def test_in_shadow_mode_nobody_makes_a_storm() -> None:
    draft = draft_of(2, limits=HALF, shadow=True)
    turn(draft, 2)
    assert draft.turned == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The canary that is out is the storm's too; one that has passed is not.
        (EMPTY, EMPTY),
        (replace(EMPTY, passed=1), Ramp(T0, 1, 0, grew_at=T0)),
        (None, Ramp(T0, 1, 0, grew_at=T0)),
    ],
)
def test_a_storm_begins_a_ramp_unless_a_canary_is_out(before: Ramp | None, after: Ramp) -> None:
    draft = draft_of(2, limits=HALF)
    put_center(draft, ramp=before)
    turn(draft, 2)
    storm.notice(draft, CENTER)
    assert center_of(draft).ramp == after
    assert center_of(draft).storm == Storm(T0, 2)


@pytest.mark.parametrize("state", list(BreakerState))
def test_the_end_of_a_storm_forgets_who_turned_and_a_shut_breaker_keeps_its_ramp(
    state: BreakerState,
) -> None:
    draft = draft_of(3, at=90 * SECOND)
    turned = (Seen(T0, A0),)
    breaker = CenterBreaker(state, T0)
    put_center(draft, storm=Storm(T0, 2), ramp=EMPTY, turned=turned, breaker=breaker)
    draft.own_index(CENTER).waits.clear()
    storm.calm_down(draft, CENTER)
    center = center_of(draft)
    assert (center.storm, center.turned) == (None, ())
    assert center.ramp == (None if state is BreakerState.CLOSED else EMPTY)
    [ended] = draft.events
    assert (ended.kind, ended.center) == (EventKind.STORM_ENDED, CENTER)
    assert ended.fields == {"lasted_s": 90.0}


def test_a_storm_goes_on_while_somebody_waits() -> None:
    draft = draft_of(3)
    put_center(draft, storm=Storm(T0, 2), ramp=EMPTY)
    draft.own_index(CENTER).waits.add(A0)
    storm.calm_down(draft, CENTER)
    assert center_of(draft).storm is not None
    assert draft.events == []


@pytest.mark.parametrize(
    ("center", "due", "ends"),
    [
        ({}, False, True),
        # Whoever cools down will come later.
        ({}, True, False),
        ({"breaker": CenterBreaker(BreakerState.HALF_OPEN, T0)}, False, False),
        ({"block": Block(BlockCause.ARREARS, T0, T0, by_restart=True)}, False, False),
    ],
)
def test_a_ramp_without_a_storm_ends_when_nobody_will_come(
    center: dict[str, object], due: bool, ends: bool
) -> None:
    draft = draft_of(3)
    put_center(draft, ramp=EMPTY, **center)
    if due:
        draft.own_index(CENTER).due[A0] = T0
    storm.calm_down(draft, CENTER)
    assert (center_of(draft).ramp is None) is ends


def test_where_there_is_neither_storm_nor_ramp_nothing_ends() -> None:
    draft = draft_of(3)
    storm.calm_down(draft, CENTER)
    assert draft.centers == {}
