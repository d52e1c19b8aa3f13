"""Properties of core.explain, core.assess, core.seen, core.may, core.numbers and core.view.

Whatever a fleet has come to, `explain` answers, and its answer is the first check that failed.
"""

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from builders import World
from scnet_watchdog.core import may, seen
from scnet_watchdog.core.assess import LADDER, assess
from scnet_watchdog.core.change import Memory, StoredInstance
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.numbers import passed
from scnet_watchdog.core.policy import Mode
from scnet_watchdog.core.resume import resume
from scnet_watchdog.core.state import Facts, Sight
from scnet_watchdog.core.view import view_of
from strategies import IDS, any_of, examples, situation_of, worlds

SITUATIONS = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name in ("draining", "writable", "shadow")}
)
PLAIN = (str, int, float, datetime, type(None))
WHO = st.sampled_from(IDS)


@examples(10)
@given(worlds(), SITUATIONS)
def test_the_answer_is_the_first_check_that_failed(world: World, changes: dict[str, bool]) -> None:
    situation = situation_of(world, **changes)
    for id_ in IDS:
        told = explain(world.fleet, id_, situation)
        failed = [check.name for check in told.checks if not check.passed]
        if told.decision.restarts:
            # An operator's restart passes the storm, which the ladder shows all the same.
            assert not failed
        elif told.decision.reason is not Reason.SHADOW:
            assert failed[0] == told.decision.reason


@examples(10)
@given(worlds(3), SITUATIONS)
def test_asking_changes_nothing_and_the_same_question_gets_the_same_answer(
    world: World, changes: dict[str, bool]
) -> None:
    situation = situation_of(world, **changes)
    before = (dict(world.fleet.instances), dict(world.fleet.centers))
    first = [explain(world.fleet, id_, situation) for id_ in IDS]
    assert [explain(world.fleet, id_, situation) for id_ in IDS] == first
    assert (world.fleet.instances, world.fleet.centers) == before


@examples(60)
@given(any_of(Facts), any_of(Sight), SITUATIONS)
def test_whatever_was_stored_can_be_explained(
    facts: Facts, sight: Sight, changes: dict[str, bool]
) -> None:
    world = World(1)
    id_ = IDS[0]
    stored = Memory((StoredInstance(id_, "kunshan", facts),))
    world.fleet, _ = resume(stored, world.roster, world.now)
    world.fleet.instances[id_] = replace(world.fleet.instances[id_], sight=sight)
    told = explain(world.fleet, id_, situation_of(world, **changes))
    assert {check.name for check in told.checks} == {*Reason} - {
        *map(Reason, ("operator", "canary", "trial", "stopped", "failed", "completed"))
    }


@examples(10)
@given(worlds(), WHO)
def test_only_the_first_rung_that_holds_answers(world: World, id_: InstanceId) -> None:
    view = view_of(Draft(world.fleet, situation_of(world)), id_)
    held = [decision for _, rung in LADDER if (decision := rung(view)) is not None]
    assert assess(view) == (held[0] if held else None)
    for reason, rung in LADDER:
        decision = rung(view)
        assert decision is None or decision.reason is reason
        # What a passed check rests on are plain numbers, never a value of ours.
        assert all(isinstance(one, PLAIN) for one in passed(reason, view).values())


@examples(10)
@given(worlds(), WHO)
def test_a_hold_that_names_its_end_is_over_then_or_waits_for_something_later(
    world: World, id_: InstanceId
) -> None:
    view = view_of(Draft(world.fleet, situation_of(world)), id_)
    for rung in (may.held, may.confirming, may.rejected, may.cooling_down, may.budget_spent):
        decision = rung(view)
        if decision is None or decision.next_at is None:
            continue
        assert decision.next_at > view.now
        later = replace(situation_of(world), now=decision.next_at)
        then = rung(view_of(Draft(world.fleet, later), id_))
        assert then is None or then.next_at is None or then.next_at > decision.next_at


@examples(10)
@given(worlds(), WHO)
def test_what_is_seen_has_at_most_one_name(world: World, id_: InstanceId) -> None:
    view = view_of(Draft(world.fleet, situation_of(world)), id_)
    rungs = (seen.missing, seen.status_unknown, seen.starting, seen.healthy)
    named = [rung for rung in rungs if rung(view) is not None]
    assert len(named) <= 1
    # Whoever is neither named nor restartable is told to be not restartable: nobody is forgotten.
    if not named and view.status is not None and view.status not in view.policy.restart_on:
        assert view.ordered or seen.not_restartable(view) is not None
    # Nobody is looked at more kindly for being watched only.
    assert (seen.watch_only(view) is not None) is (view.mode is Mode.WATCH)
