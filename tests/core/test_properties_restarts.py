"""Properties of core.resume, core.reload, core.settle, core.outcome, core.episode, core.recheck and
core.state: starting and reloading twice is starting and reloading once, and each end counts once.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, KEY, SECOND, T0, World, member
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import CenterState
from scnet_watchdog.core.change import Memory
from scnet_watchdog.core.command import Hold, PlaceHold, Scope, ScopeKind
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.episode import end_episode, open_episode
from scnet_watchdog.core.inputs import CallEnded
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.outcome import Outcome, OutcomeKind
from scnet_watchdog.core.policy import Mode, Policy
from scnet_watchdog.core.recheck import still_allowed
from scnet_watchdog.core.reload import reload
from scnet_watchdog.core.resume import past, resume
from scnet_watchdog.core.settle import settled
from scnet_watchdog.core.state import REST, Facts
from strategies import ANSWERS, IDS, OUTCOMES, any_of, examples, situation_of, worlds

WHO = st.sampled_from(IDS)


def moments(value: object) -> Iterator[datetime]:
    """Every moment in a value."""
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from moments(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from moments(getattr(value, field.name))


@examples(80)
@given(st.one_of(any_of(Facts), any_of(CenterState), any_of(Hold)))
def test_moments_that_lie_ahead_are_cut_to_now_once_and_others_stay(
    value: Facts | CenterState | Hold,
) -> None:
    cut = past(value, T0)
    assert list(moments(cut)) == [min(one, T0) for one in moments(value)]
    assert past(cut, T0) == cut
    latest = max(moments(value), default=T0)
    assert past(value, latest) == value


def memory_of(world: World) -> Memory:
    """What a store would hand over."""
    return Memory(
        tuple(world.stored.values()),
        tuple(world.fleet.centers.values()),
        tuple(world.fleet.holds.values()),
        tuple(row for row in world.rows.values() if row.outcome is None),
    )


@examples(10)
@given(worlds())
def test_a_start_right_after_a_start_finds_nothing_to_settle(world: World) -> None:
    fleet, change = resume(memory_of(world), world.roster, world.now)
    # Every call without an outcome may have been made: it is unknown from now on.
    assert {row.outcome for row in change.attempts} <= {OutcomeKind.UNKNOWN}
    world.stored.update(change.instances)
    world.rows.update({row.key: row for row in change.attempts})
    world.fleet = fleet
    again, nothing = resume(memory_of(world), world.roster, world.now)
    assert nothing.empty
    assert again.instances == fleet.instances
    assert again.centers == fleet.centers
    assert again.holds == fleet.holds


@examples(10)
@given(worlds(), st.sampled_from(Mode), st.sets(WHO))
def test_a_reload_right_after_the_same_reload_changes_nothing(
    world: World, mode: Mode, leave: set[InstanceId]
) -> None:
    kept = {id_: member(id_, Policy(mode=mode)) for id_ in IDS if id_ not in leave}
    new = replace(world.roster, members=kept)
    world.reload(new)
    before = dict(world.fleet.instances)
    decided = reload(world.fleet, new, situation_of(world))
    assert not decided.change.instances
    assert not decided.change.wanted
    assert not decided.change.events
    world.reload(new)
    assert world.fleet.instances == before


@examples(10)
@given(worlds(), st.sets(WHO, min_size=1))
def test_nobody_who_leaves_and_comes_back_may_call_sooner_or_forgets_a_call(
    world: World, leave: set[InstanceId]
) -> None:
    roster = world.roster
    before = {id_: world.state(id_).facts for id_ in leave}
    world.reload(
        replace(roster, members={k: v for k, v in roster.members.items() if k not in leave})
    )
    world.reload(roster)
    for id_, facts in before.items():
        after = world.state(id_).facts
        assert after.ledger == facts.ledger
        assert after.care.hold == facts.care.hold
        assert after.status is None
        had, has = facts.care.episode, after.care.episode
        if had is not None:
            assert has is not None
            assert has.waits_from == had.waits_from


@examples(60)
@given(any_of(Attempt), OUTCOMES)
def test_any_outcome_closes_an_attempt_or_leaves_it_to_a_verdict(
    attempt: Attempt, outcome: Outcome
) -> None:
    row = settled(replace(attempt, verdict=None), outcome, CallEnded(attempt.key, outcome, T0))
    assert row.key == attempt.key
    assert row.settled_at == T0
    assert row.closed is not row.awaits_verdict
    assert (row.refusal is not None) is (row.outcome is OutcomeKind.REFUSED)


@examples(10)
@given(worlds(), OUTCOMES, st.integers(0, 3))
def test_an_end_told_again_or_of_an_attempt_nobody_made_changes_nothing(
    world: World, outcome: Outcome, beyond: int
) -> None:
    closed = [row.key for row in world.rows.values() if row.outcome is not None]
    unknown = [row.key._replace(seq=row.seq + 1000 + beyond) for row in world.rows.values()]
    states = dict(world.fleet.instances)
    decided = world.turn(*(CallEnded(key, outcome, world.now) for key in (*closed, *unknown)))
    assert not decided.change.attempts
    assert world.fleet.instances == states


@examples(40)
@given(ANSWERS, OUTCOMES)
def test_the_first_end_of_a_call_is_the_one_that_counts(first: Outcome, again: Outcome) -> None:
    world = World(1, start=Status.FAILED)
    world.answer = lambda attempt: first
    # Confirmed and called at 30 s, answered at 31 s.
    world.run(31 * SECOND)
    (row,) = world.rows.values()
    before = world.state()
    decided = world.turn(CallEnded(row.key, again, world.now))
    assert row.outcome is not None
    assert not decided.change.attempts
    assert world.state() == before


@examples(10)
@given(worlds(), WHO)
def test_an_episode_is_opened_once_and_its_end_keeps_hold_ledger_and_open_attempt(
    world: World, id_: InstanceId
) -> None:
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, id_), "ann"))
    draft = Draft(world.fleet, situation_of(world))
    before = draft.state(id_).facts
    opened = open_episode(draft, draft.state(id_), world.now)
    assert open_episode(draft, opened, world.now + SECOND) is opened
    made = opened.facts.ledger.episodes - before.ledger.episodes
    assert made == (before.care.episode is None)
    ended = end_episode(draft, opened).facts
    assert ended.care.episode is None
    assert ended.ledger == opened.facts.ledger
    assert (ended.care.hold, ended.care.order) == (before.care.hold, before.care.order)
    watch = before.care.watch
    assert ended.care.watch == (watch if watch and not watch.attempt.closed else None)


@examples(10)
@given(worlds())
def test_the_index_says_what_the_states_say(world: World) -> None:
    index = world.fleet.indexes[CENTER]
    states = world.fleet.instances.values()
    assert index.unrest == {one.id for one in states if not one.at_rest}
    # At rest: it was seen running, and nothing is open.
    calm = [one for one in states if one.at_rest]
    assert all(one.facts.status is Status.RUNNING and one.facts.care == REST for one in calm)
    watches = {one.id: one.facts.care.watch for one in states}
    assert index.busy == {id_ for id_, watch in watches.items() if watch and watch.slot}
    restartable = {
        one.id
        for one in states
        if one.facts.status in world.roster.members[one.id].policy.restart_on
    }
    assert index.restartable == restartable


@examples(10)
@given(worlds(3))
def test_the_last_look_lets_go_what_was_just_decided_and_nothing_that_has_changed(
    world: World,
) -> None:
    def called(attempt: Attempt) -> None:
        situation = situation_of(world)
        assert still_allowed(world.fleet, attempt, situation, ()) is None
        assert still_allowed(world.fleet, attempt, replace(situation, draining=True), ())
        runs = Page(KEY, world.now + SECOND, world.now, {attempt.instance: Status.RUNNING})
        assert still_allowed(world.fleet, attempt, situation, (runs,))
        stranger = replace(attempt, seq=attempt.seq + 1)
        assert still_allowed(world.fleet, stranger, situation, ())

    world.on_call = called
    world.show(Status.FAILED)
    world.run(90 * SECOND)
