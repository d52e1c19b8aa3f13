"""Properties of core.may, core.gates, core.allot and core.fleet: budget, rate and places."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, HOUR, MINUTE, SECOND, T0, World, ids
from scnet_watchdog.core.allot import allot
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.fleet import Index
from scnet_watchdog.core.gates import Wish, max_in_flight, per_hour, shut_gate
from scnet_watchdog.core.may import budget_spent
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Budget, Limits, Policy, StormPolicy
from scnet_watchdog.core.state import Call, Facts, InstanceState, Ledger
from scnet_watchdog.core.view import view_of
from strategies import examples, situation_of, worlds

GAPS = st.lists(st.timedeltas(timedelta(), 8 * HOUR), max_size=40)
BUDGETS = st.builds(
    Budget,
    st.integers(1, 5),
    st.timedeltas(HOUR, 48 * HOUR),
    st.timedeltas(timedelta(minutes=1), 12 * HOUR),
)


def called(budget: Budget, gaps: list[timedelta]) -> list[datetime]:
    """When calls went of someone who wants one after each gap and goes only where it may."""
    world = World(1, Policy(budget=budget))
    state = world.state()
    for gap in gaps:
        world.now += gap
        world.fleet.instances[state.id] = state
        if budget_spent(view_of(Draft(world.fleet, situation_of(world)), state.id)) is None:
            ledger = Ledger(calls=(*state.facts.ledger.calls, Call(world.now)))
            state = replace(state, facts=replace(state.facts, ledger=ledger))
    return [call.at for call in state.facts.ledger.calls]


@examples(40)
@given(BUDGETS, GAPS)
def test_no_series_of_calls_spends_more_than_the_budget_and_then_one_per_interval(
    budget: Budget, gaps: list[timedelta]
) -> None:
    calls = called(budget, gaps)
    for number, (earlier, later) in enumerate(pairwise(calls), 1):
        if sum(at > later - budget.per for at in calls[:number]) >= budget.restarts:
            # The window is full: this one is one of those that go once per `then_every`.
            assert later - earlier >= budget.then_every


@examples(30)
@given(BUDGETS, GAPS)
def test_a_spent_budget_always_frees_a_call_at_the_moment_it_names(
    budget: Budget, gaps: list[timedelta]
) -> None:
    calls = called(budget, gaps)
    world = World(1, Policy(budget=budget))
    world.now = max(calls, default=T0)
    facts = Facts(ledger=Ledger(calls=tuple(map(Call, calls))))
    world.fleet.instances[ids(1)[0]] = replace(world.state(), facts=facts)
    spent = budget_spent(view_of(Draft(world.fleet, situation_of(world)), ids(1)[0]))
    if spent is not None:
        assert spent.next_at is not None
        assert spent.next_at - world.now <= max(budget.per, budget.then_every)
        world.now = spent.next_at
        assert budget_spent(view_of(Draft(world.fleet, situation_of(world)), ids(1)[0])) is None


def pruned(state: InstanceState, moment: datetime) -> InstanceState:
    """The instance without the calls that no window asks for."""
    kept = tuple(call for call in state.facts.ledger.calls if call.at > moment)
    return replace(state, facts=Facts(ledger=Ledger(calls=kept)))


@examples(40)
@given(st.lists(st.tuples(st.sampled_from(ids(3)), st.integers(0, 4 * 3600)), max_size=20))
def test_the_sliding_hour_counts_each_call_once_in_any_order(
    noted: list[tuple[InstanceId, int]],
) -> None:
    index = Index()
    states = {id_: InstanceState(id_, CENTER) for id_ in ids(3)}
    for id_, second in noted:
        old = states[id_]
        calls = (*old.facts.ledger.calls, Call(T0 + timedelta(seconds=second)))
        states[id_] = replace(old, facts=Facts(ledger=Ledger(calls=calls)))
        index.note_calls(old, states[id_])
    now = T0 + 4 * HOUR
    # Two calls of one instance at the same moment are one call.
    recent = {(id_, second) for id_, second in noted if second > 3 * 3600}
    assert index.in_last_hour(now) == len(recent)
    index.forget_before(now - HOUR)
    assert index.in_last_hour(now) == len(recent)
    # Who is removed and comes back brings the calls that are counted already.
    for id_, state in states.items():
        index.drop(id_)
        index.note_calls(None, pruned(state, now - HOUR))
    assert index.in_last_hour(now) == len(recent)
    for id_, old in states.items():
        index.note_calls(old, InstanceState(id_, CENTER))
    assert index.in_last_hour(now) == 0


@examples(30)
@given(st.integers(1, 500), st.booleans())
def test_automatic_limits_never_shrink_with_the_center(many: int, configured: bool) -> None:
    limits = Limits(7, 9) if configured else Limits()
    few, more = (
        Draft(World(n, limits=limits).fleet, situation_of(World(1))) for n in (many, many + 1)
    )
    assert 2 <= max_in_flight(few, CENTER) <= max_in_flight(more, CENTER)
    assert 9 <= per_hour(few, CENTER) <= per_hour(more, CENTER)
    # 5 % rounded up, so never more than all of them beyond the first two.
    assert max_in_flight(few, CENTER) <= max(2, many) or configured


FEW = st.integers(1, 6)


@examples(40)
@given(FEW, FEW, FEW, st.integers(0, 6))
def test_as_many_go_at_once_as_all_limits_together_allow_and_no_fewer(
    many: int, in_flight: int, an_hour: int, free: int
) -> None:
    # No storm with at_least = 100. All are seen down at 0 s and at 30 s, and confirmed then.
    limits = Limits(in_flight, an_hour, storm=StormPolicy(at_least=100))
    world = World(many, limits=limits, free=free, start=Status.FAILED)
    world.run(30 * SECOND)
    assert len(world.calls) == min(many, in_flight, an_hour, free)
    # Answers come after a second; the calls keep their places in flight, and the hour its calls.
    world.run(5 * MINUTE)
    most = min(many, in_flight, an_hour) if free else 0
    assert len(world.calls) == most


@examples(10)
@given(worlds(), st.integers(0, 8), st.booleans())
def test_no_round_gives_more_than_connections_places_rate_and_ramp_allow(
    world: World, free: int, everyone: bool
) -> None:
    situation = replace(situation_of(world), free={CENTER: free})
    draft = Draft(world.fleet, situation)
    if everyone:
        # Even where all want one at once.
        for id_ in world.roster.members:
            draft.line_up(id_)
    wanting = set(draft.index(CENTER).wanting)
    ramp, before = draft.center(CENTER).ramp, len(draft.index(CENTER).busy)
    made = draft.index(CENTER).in_last_hour(world.now)
    granted = allot(draft, CENTER)
    gave = [attempt.instance for attempt in granted.attempts]
    assert len(gave) == len(set(gave)) <= free
    assert not gave or before + len(gave) <= 3
    assert not gave or made + len(gave) <= 8
    by_itself = [one for one in granted.attempts if one.reason != "operator"]
    assert ramp is None or len(by_itself) <= ramp.places
    # Everyone who wanted one got it or knows why not.
    assert set(gave) | set(granted.held) <= wanting
    assert not set(gave) & set(granted.held)
    assert set(gave) | set(granted.held) == wanting or not granted.others.restarts


@examples(10)
@given(worlds())
def test_a_shut_gate_names_a_moment_or_waits_for_a_call_that_is_under_way(world: World) -> None:
    draft = Draft(world.fleet, situation_of(world))
    shut = shut_gate(draft, CENTER, Wish(free=1))
    if shut is not None and shut.next_at is None:
        assert draft.index(CENTER).busy or draft.index(CENTER).unrest
    again = shut_gate(draft, CENTER, Wish(by_operator=True, free=1))
    # What lets the ordinary go lets an operator's restart go.
    assert shut is not None or again is None
