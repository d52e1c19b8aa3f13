"""Who makes a storm, and what its end leaves: semantics 4."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0, World, member
from mutants_support import A0, center_of, draft_of, episode, put, put_center, seen
from scnet_watchdog.core import storm
from scnet_watchdog.core.center import Block, CenterBreaker, Ramp, Seen, Storm
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import BlockCause, InstanceId, Status
from scnet_watchdog.core.policy import Limits, Mode, Policy, StormPolicy
from scnet_watchdog.core.state import BreakerState, Rejection

EMPTY = Ramp(T0, 0, grew_at=T0)

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
    assert center_of(draft).turned == (() if begins else (Seen(draft.now, A0),))


def test_a_storm_that_goes_on_begins_no_second_one_however_many_more_turn() -> None:
    draft = draft_of(4, limits=HALF)
    put_center(draft, storm=Storm(T0, 2), ramp=EMPTY)
    turn(draft, 4)
    storm.notice(draft, CENTER)
    assert storms(draft) == []
    assert center_of(draft).storm == Storm(T0, 2)
    assert center_of(draft).ramp == EMPTY
    assert center_of(draft).turned == ()


def test_where_nobody_turned_a_window_that_has_emptied_is_no_reason_to_write() -> None:
    draft = draft_of(4, limits=HALF, at=HOUR)
    long_ago = tuple(Seen(T0, InstanceId(f"a{at}")) for at in range(2))
    put_center(draft, turned=long_ago)
    storm.notice(draft, CENTER)
    assert center_of(draft).turned == long_ago


def test_where_the_clock_was_set_back_only_those_within_the_window_count() -> None:
    draft = draft_of(4, limits=HALF, at=HOUR)
    ahead = Seen(draft.now + HOUR, InstanceId("a3"))
    old = Seen(draft.now - 20 * MINUTE, InstanceId("a2"))
    put_center(draft, turned=(ahead, old))
    storm.notice(draft, CENTER)
    assert storms(draft) == []
    turn(draft, 1)
    storm.notice(draft, CENTER)
    assert storms(draft) == [{"instances": 2, "eligible": 4}]


def test_one_who_left_the_window_this_very_moment_counts_no_longer_wherever_noted() -> None:
    draft = draft_of(4, limits=HALF, at=HOUR)
    a, b = (Seen(draft.now - ago, InstanceId(id_)) for ago, id_ in ((SECOND, "a0"), (MINUTE, "a1")))
    put_center(draft, turned=(a, replace(b, at=draft.now - 10 * MINUTE)))
    storm.notice(draft, CENTER)
    assert storms(draft) == []
    put_center(draft, turned=(a, b))
    storm.notice(draft, CENTER)
    assert len(storms(draft)) == 1


def test_one_who_turned_twice_within_the_window_is_no_two() -> None:
    draft = draft_of(2, limits=HALF, at=HOUR)
    put_center(draft, turned=(Seen(draft.now - MINUTE, A0), Seen(draft.now, A0)))
    storm.notice(draft, CENTER)
    # One of two is half, but fewer than two make no storm.
    assert storms(draft) == []


def test_only_those_who_left_the_window_are_forgotten_when_others_turn() -> None:
    draft = draft_of(9, limits=HALF, at=HOUR)
    gone, stays = (
        Seen(draft.now - ago, InstanceId(id_))
        for ago, id_ in ((10 * MINUTE, "a8"), (9 * MINUTE, "a7"))
    )
    put_center(draft, turned=(gone, stays))
    turn(draft, 1)
    storm.notice(draft, CENTER)
    assert center_of(draft).turned == (stays, Seen(draft.now, A0))


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


def mixed(at: timedelta = SECOND) -> Draft:
    """Four active instances, one in shadow mode and one only watched."""
    modes = [Mode.ACTIVE] * 4 + [Mode.SHADOW, Mode.WATCH]
    members = [member(f"a{at}", Policy(mode=mode)) for at, mode in enumerate(modes)]
    world = World(members, limits=HALF)
    return Draft(world.fleet, Situation(T0 + at, free={CENTER: 6}))


@pytest.mark.parametrize("shared", ["none", "new", "old"])
def test_only_active_ones_that_are_neither_held_nor_rejected_are_eligible(shared: str) -> None:
    draft = mixed()
    hold = Hold(Scope(ScopeKind.GROUP, "nobody"), T0)
    if shared == "new":
        draft.holds[hold.scope] = hold
    elif shared == "old":
        draft.fleet.holds[hold.scope] = hold
    put(draft, "a3", episode=episode(rejection=Rejection(T0)))
    put(draft, "a5", hold=Hold(Scope(ScopeKind.INSTANCE, "a5"), T0))
    turn(draft, 2)
    storm.notice(draft, CENTER)
    # Four active, one of them rejected: three; two of three are half.
    assert storms(draft) == [{"instances": 2, "eligible": 3}]
    [told] = draft.events
    assert told.center == CENTER
    assert center_of(draft).turned == ()


def test_a_hold_on_the_center_leaves_nobody_to_make_a_storm() -> None:
    draft = mixed()
    hold = Hold(Scope(ScopeKind.CENTER, CENTER), T0)
    draft.fleet.holds[hold.scope] = hold
    turn(draft, 4)
    assert draft.turned == {}


def test_a_storm_is_told_to_the_tenth_of_a_second() -> None:
    draft = draft_of(3, at=timedelta(seconds=90.26))
    put_center(draft, storm=Storm(T0, 2))
    draft.own_index(CENTER).waits.clear()
    storm.calm_down(draft, CENTER)
    assert draft.events[0].fields == {"lasted_s": 90.3}


@pytest.mark.parametrize("placed", ["in this turn", "before"])
def test_who_is_at_rest_under_a_shared_hold_is_not_eligible(placed: str) -> None:
    # Eight active ones, six of them running under a hold on their group: two are eligible.
    members = [member("a0"), member("a1"), *(member(f"a{n}", group="g") for n in range(2, 8))]
    draft = Draft(World(members, limits=HALF).fleet, Situation(T0 + SECOND))
    for n in range(2, 8):
        seen(draft, Status.RUNNING, f"a{n}")
    hold = Hold(Scope(ScopeKind.GROUP, "g"), T0)
    (draft.holds if placed == "in this turn" else draft.fleet.holds)[hold.scope] = hold
    turn(draft, 2)
    storm.notice(draft, CENTER)
    assert storms(draft) == [{"instances": 2, "eligible": 2}]
