"""Properties of core.command, core.holds and core.operate: who is held, and for how long."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, HOUR, MINUTE, SECOND, World
from scnet_watchdog.core.command import (
    Command,
    Hold,
    PlaceHold,
    Release,
    Reset,
    RestartNow,
    Scope,
    ScopeKind,
)
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.fleet import scopes_of
from scnet_watchdog.core.holds import hold_of, in_force, members_under
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.operate import ORDER_LASTS, refusal
from strategies import COMMANDS, IDS, SCOPES, STATUSES, examples, situation_of, worlds

WHO = st.sampled_from(IDS)
ASKED = st.lists(
    st.tuples(COMMANDS, STATUSES, st.sampled_from([SECOND, 45 * SECOND, 10 * MINUTE, HOUR])),
    max_size=8,
)


def draft_of(world: World) -> Draft:
    return Draft(world.fleet, situation_of(world))


def holds_now(world: World) -> list[Hold]:
    """Every hold that stands anywhere."""
    own = (world.state(id_).facts.care.hold for id_ in IDS)
    return [*world.fleet.holds.values(), *(hold for hold in own if hold is not None)]


@examples(25)
@given(ASKED)
def test_each_hold_is_told_once_when_it_begins_and_once_when_it_ends(
    asked: list[tuple[Command, object, object]],
) -> None:
    world = World(len(IDS))
    for command, status, wait in asked:
        world.turn(command)
        world.show(status, IDS[0])  # type: ignore[arg-type]
        world.run(wait)  # type: ignore[arg-type]
        placed: Counter[object] = Counter()
        ended: Counter[object] = Counter()
        for event in world.events:
            name = (event.fields.get("scope"), event.fields.get("target"))
            # The end for one member of a shared hold is that member's own.
            for_one = event.instance is not None and name[0] is not ScopeKind.INSTANCE
            if event.kind is EventKind.HOLD_PLACED:
                placed[name] += 1
            elif event.kind is EventKind.HOLD_ENDED and not for_one:
                ended[name] += 1
        placed.subtract(ended)
        stand = Counter((hold.scope.kind, hold.scope.name or None) for hold in holds_now(world))
        assert {name: n for name, n in placed.items() if n} == stand


@examples(10)
@given(worlds())
def test_whoever_is_held_is_covered_by_that_hold_and_it_is_in_force(world: World) -> None:
    draft = draft_of(world)
    for id_ in IDS:
        hold = hold_of(draft, id_)
        if hold is None:
            continue
        assert in_force(draft, hold)
        assert hold in holds_now(world)
        assert id_ in members_under(draft, hold.scope)
        assert hold.scope in (Scope(ScopeKind.INSTANCE, id_), *scopes_of(world.fleet, id_))


@examples(10)
@given(worlds(), SCOPES)
def test_a_hold_with_a_length_covers_all_under_it_and_is_over_at_its_end(
    world: World, scope: Scope
) -> None:
    world.turn(PlaceHold(scope, "ann", HOUR))
    draft = draft_of(world)
    covered = members_under(draft, scope)
    assert all(hold_of(draft, id_) is not None for id_ in covered)
    world.turn(Release(Scope(ScopeKind.FLEET), "ann", every=True))
    for others in (ScopeKind.CENTER, ScopeKind.GROUP):
        world.turn(Release(Scope(others, CENTER if others is ScopeKind.CENTER else "g"), "ann"))
    assert not holds_now(world)
    world.turn(PlaceHold(scope, "ann", HOUR))
    world.run(HOUR)
    assert not holds_now(world)


@examples(10)
@given(worlds(), SCOPES)
def test_nobody_under_a_hold_is_called_until_it_is_released(world: World, scope: Scope) -> None:
    world.turn(PlaceHold(scope, "ann", HOUR))
    calls = len(world.calls)
    world.run(HOUR / 3)
    under = members_under(draft_of(world), scope)
    assert not {id_ for _, id_ in world.calls[calls:]} & set(under)


@examples(10)
@given(worlds(), SCOPES)
def test_a_reset_forgives_once_and_leaves_attempt_and_hold_alone(
    world: World, scope: Scope
) -> None:
    before = {id_: world.state(id_).facts.care for id_ in IDS}
    draft = draft_of(world)
    covered = members_under(draft, scope) if scope.kind is not ScopeKind.CENTER else ()
    decided = world.turn(Reset(scope, "ann"))
    gave = {attempt.instance for attempt in decided.change.wanted}
    for id_ in covered:
        care, calls = world.state(id_).facts.care, world.state(id_).facts.ledger.calls
        assert care.hold == before[id_].hold
        assert care.watch == before[id_].watch or id_ in gave
        assert all(call.by_operator or call.at == world.now for call in calls)
    again = world.turn(Reset(scope, "ann")).change
    assert [event.kind for event in again.events] == [EventKind.OPERATOR_COMMAND]
    # The call of a restart that followed at once is what a second reset would forgive.
    assert gave or replace(again, events=()).empty


@examples(10)
@given(worlds(), WHO)
def test_an_operators_restart_is_taken_up_or_refused_with_a_reason_and_lapses_in_time(
    world: World, id_: InstanceId
) -> None:
    # No connection is free: whoever is taken up waits.
    world.show(Status.FAILED, id_)
    world.free = 0
    world.run(45 * SECOND)
    why = refusal(draft_of(world), id_)
    had = world.state(id_).facts.care.order
    decided = world.turn(RestartNow(id_, "ann"))
    told = next(one for one in decided.change.events if one.kind is EventKind.OPERATOR_COMMAND)
    assert told.fields.get("refused") == why
    if why is not None:
        assert world.state(id_).facts.care.order in (had, None)
    world.polling = False
    world.run(ORDER_LASTS)
    assert world.state(id_).facts.care.order is None
