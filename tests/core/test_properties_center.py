"""Properties of core.center, core.centerbreaker, core.ramp, core.storm, core.throttle, core.block
and core.evidence: no series of answers shuts a center for ever, or lets too many go.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, HOUR, MINUTE, SECOND, T0, World, ids
from scnet_watchdog.core import block, centerbreaker, evidence, ramp, storm, throttle
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import Block, CenterState, Ramp, Throttle
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import RefusalClass, Refused
from scnet_watchdog.core.policy import CenterBreakerPolicy, Limits, StormPolicy
from scnet_watchdog.core.state import BreakerState, Watch
from strategies import IDS, any_of, examples, situation_of, worlds

LONG = timedelta(days=365)
RETRY = st.one_of(st.none(), st.timedeltas(timedelta(), LONG))
GAPS = st.timedeltas(timedelta(), 2 * HOUR)


def draft_of(world: World) -> Draft:
    return Draft(world.fleet, situation_of(world))


@examples(40)
@given(st.lists(st.tuples(RETRY, GAPS, st.booleans()), min_size=1, max_size=12))
def test_a_throttle_lasts_between_the_fast_interval_and_the_longest_opening(
    told: list[tuple[timedelta | None, timedelta, bool]],
) -> None:
    world = World(2)
    policy = CenterBreakerPolicy()
    before = timedelta()
    for retry_after, gap, by_call in told:
        world.now += gap
        draft = draft_of(world)
        throttle.throttled(draft, CENTER, retry_after, IDS[0] if by_call else None)
        world.fleet.apply(draft.decided())
        found = world.fleet.centers[CENTER].throttle
        assert found is not None
        # Ten seconds is the default fast interval.
        assert 10 * SECOND <= found.length <= policy.max_open
        if retry_after is not None and retry_after <= policy.max_open:
            assert found.length >= retry_after
        if retry_after is None and before <= policy.open_for:
            assert found.length >= policy.open_for
        before = found.length
        assert throttle.throttle_ends(found) > world.now


@examples(40)
@given(any_of(Throttle), st.booleans())
def test_whoever_went_ahead_of_a_throttle_lets_the_others_go_when_it_is_gone(
    told: Throttle, known: bool
) -> None:
    # A note of somebody who is removed, or whose call has ended, keeps no gate shut.
    world = World(1)
    probing = ids(1)[0] if known else InstanceId("removed")
    draft = draft_of(world)
    draft.put_center(CenterState(CENTER, throttle=told))
    throttle.goes_first(draft, CENTER, probing)
    noted = draft.center(CENTER).throttle
    assert noted is not None
    assert noted.probing == probing
    assert throttle.gone_ahead(draft, noted) is None


def attempt_of(id_: InstanceId, seq: int = 1) -> Attempt:
    """A saved attempt."""
    return Attempt(id_, seq, CENTER, 1, 1, Reason.FAILED, Status.FAILED, T0, T0)


ERRORS = st.lists(
    st.tuples(
        st.sampled_from(["error", "failure", "passed", "answered", "wait"]),
        st.sampled_from(IDS),
        GAPS,
    ),
    max_size=25,
)


def fails(draft: Draft, id_: InstanceId) -> None:
    state = draft.state(id_)
    watch = state.facts.care.watch
    if watch is not None:
        centerbreaker.start_failed(draft, state, watch)


HAPPENS: dict[str, Callable[[Draft, InstanceId], None]] = {
    "error": lambda draft, id_: centerbreaker.error(draft, draft.state(id_)),
    "failure": fails,
    "passed": lambda draft, id_: centerbreaker.canary_passed(draft, CENTER),
    "answered": lambda draft, id_: centerbreaker.answered(draft, draft.state(id_)),
    "wait": lambda draft, id_: centerbreaker.wait_over(draft, CENTER),
}


@examples(10)
@given(worlds(3), ERRORS)
def test_an_open_center_always_has_a_moment_and_a_half_open_one_a_ramp(
    world: World, events: list[tuple[str, InstanceId, timedelta]]
) -> None:
    policy = CenterBreakerPolicy()
    for what, id_, gap in events:
        world.now += gap
        draft = draft_of(world)
        HAPPENS[what](draft, id_)
        world.fleet.apply(draft.decided())
        center = world.fleet.centers[CENTER]
        until = centerbreaker.opens_until(center.breaker, policy)
        if center.breaker.state is BreakerState.OPEN:
            assert until is not None
            assert center.breaker.opened_at is not None
            assert policy.open_for <= until - center.breaker.opened_at <= policy.max_open
        else:
            assert until is None
        assert center.breaker.state is BreakerState.CLOSED or center.ramp is not None


@examples(60)
@given(st.lists(st.tuples(st.booleans(), GAPS), max_size=25))
def test_a_center_never_trips_by_one_instance_alone(
    seen: list[tuple[bool, timedelta]],
) -> None:
    world = World(1)
    only = ids(1)[0]
    for number, (is_error, gap) in enumerate(seen):
        world.now += gap
        draft = draft_of(world)
        if is_error:
            centerbreaker.error(draft, draft.state(only))
        else:
            centerbreaker.start_failed(draft, draft.state(only), Watch(attempt_of(only, number)))
        world.fleet.apply(draft.decided())
        assert world.fleet.centers[CENTER].breaker.state is BreakerState.CLOSED


@examples(60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "back", "pass", "grow"]), st.sampled_from(IDS), GAPS),
        max_size=30,
    )
)
def test_places_are_never_owed_and_none_is_lost_or_made(
    events: list[tuple[str, InstanceId, timedelta]],
) -> None:
    world = World(len(IDS))
    draft = draft_of(world)
    for id_ in IDS:
        draft.care(draft.state(id_), watch=Watch(attempt_of(id_)))
    ramp.begin(draft, CENTER)
    more = 0
    for what, id_, gap in events:
        draft.now += gap
        grew = ramp.grows_at(draft, CENTER)
        watch = draft.state(id_).facts.care.watch
        assert watch is not None
        if what == "take" and purse(draft).places > 0 and not watch.place:
            ramp.hold_first(draft, id_)
        elif what == "back":
            ramp.give_back(draft, id_)
        elif what == "pass":
            # A pass gives its own back and one more: 1, 2, 4 … places are out at once.
            more += ramp.passes(draft, draft.state(id_))
        elif what == "grow":
            more += grew is not None and draft.now >= grew
            ramp.grow(draft, CENTER)
        watches = [draft.state(one).facts.care.watch for one in IDS]
        out = sum(one is not None and one.place for one in watches)
        assert purse(draft).places >= 0
        assert purse(draft).places + out == 1 + more


def purse(draft: Draft) -> Ramp:
    found = draft.center(CENTER).ramp
    assert found is not None
    return found


@examples(60)
@given(st.integers(1, 12), st.data(), st.floats(0.1, 1), st.integers(1, 8))
def test_a_storm_begins_exactly_when_share_and_number_are_reached(
    many: int, data: st.DataObject, share: float, at_least: int
) -> None:
    failing = data.draw(st.integers(0, many))
    world = World(many, limits=Limits(storm=StormPolicy(share, at_least)))
    world.poll()
    world.show(Status.FAILED, *ids(failing))
    world.now += MINUTE
    if failing:
        world.poll()
    begins = failing >= at_least and failing >= share * many and failing > 0
    assert (world.fleet.centers[CENTER].storm is not None) is begins
    assert bool(world.told(EventKind.STORM_BEGAN)) is begins


@examples(20)
@given(st.lists(st.tuples(st.sampled_from(IDS), st.booleans()), max_size=20))
def test_those_who_come_and_go_are_counted_to_a_storm_once(
    shown: list[tuple[InstanceId, bool]],
) -> None:
    world = World(5, limits=Limits(storm=StormPolicy(0.2, 3)))
    world.poll()
    turned: set[InstanceId] = set()
    for id_, down in shown:
        world.show(Status.FAILED if down else Status.RUNNING, id_)
        turned |= {id_} if down else set()
        world.now += 10 * SECOND
        world.poll()
        # Twenty polls in 200 s: all within the window, nobody stable yet.
        counted = world.fleet.centers[CENTER].turned
        if not world.told(EventKind.STORM_BEGAN):
            assert {one.instance for one in counted} == turned
        elif not world.told(EventKind.STORM_ENDED):
            assert counted == ()
        # Five in all: the two that are left after the first three make no second storm.
        assert len(world.told(EventKind.STORM_BEGAN)) == (len(turned) >= 3)


@examples(10)
@given(worlds(), st.booleans())
def test_a_storm_over_forgets_what_was_counted_and_one_that_lasts_waits_for_somebody(
    world: World, calm: bool
) -> None:
    draft = draft_of(world)
    if calm:
        draft.own_index(CENTER).waits.clear()
    storm.calm_down(draft, CENTER)
    center = draft.center(CENTER)
    assert center.storm is None or draft.index(CENTER).waits
    if world.fleet.centers[CENTER].storm is not None and center.storm is None:
        assert not center.turned


@examples(40)
@given(any_of(Block), st.timedeltas(SECOND, LONG))
def test_a_block_is_looked_at_again_at_a_moment_and_at_once_when_asked(
    found: Block, recheck: timedelta
) -> None:
    world = World(1, limits=Limits(blocked_recheck=recheck))
    draft = draft_of(world)
    draft.put_center(CenterState(CENTER, block=found))
    assert block.next_look(found, recheck) == found.looked_at + recheck
    block.look_at_once(draft, CENTER)
    now = draft.center(CENTER).block
    assert now is not None
    assert block.next_look(now, recheck) <= world.now
    # Nothing but the moment of the next look changed.
    assert replace(now, looked_at=found.looked_at) == found


REFUSALS = st.lists(
    st.tuples(st.sampled_from(IDS), GAPS.map(lambda gap: gap / 40)), min_size=4, max_size=15
)


@pytest.mark.parametrize("code", ["10004", "10008", "10009"])
@examples(30)
@given(refusals=REFUSALS)
def test_refusals_speak_of_more_than_their_instance_when_others_got_them_too(
    code: str, refusals: list[tuple[InstanceId, timedelta]]
) -> None:
    # Invalid: three distinct instances in ten minutes; denied by permission: two.
    denied = code in block.PERMISSION_CODES
    enough, spoken = (2, RefusalClass.ACCOUNT) if denied else (3, RefusalClass.PLATFORM)
    world = World(len(IDS))
    refused = Refused(RefusalClass.INVALID, code)
    last: dict[InstanceId, datetime] = {}
    draft = draft_of(world)
    for id_, gap in refusals:
        draft.now += gap
        last[id_] = draft.now
        recent = [at for at in last.values() if at > draft.now - 10 * MINUTE]
        kind = evidence.by_evidence(draft, draft.state(id_), refused).kind
        assert kind is (spoken if len(recent) >= enough else RefusalClass.INVALID)
