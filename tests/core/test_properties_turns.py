"""Properties of core.decide, core.draft, core.inputs, core.change, core.conclude, core.decision,
core.event, core.pace and core.policy: what a turn may touch, and when the next one is wanted.
"""

import json
from copy import copy
from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, KEY, SECOND, T0, World
from scnet_watchdog.core.change import Change
from scnet_watchdog.core.command import Command, Release, Reset, RestartNow, Scope, ScopeKind
from scnet_watchdog.core.decide import decide
from scnet_watchdog.core.decision import RESTART_REASONS
from scnet_watchdog.core.draft import Draft
from scnet_watchdog.core.event import LEVELS, EventKind, Level
from scnet_watchdog.core.fleet import Fleet, Index
from scnet_watchdog.core.inputs import CallEnded, Input, LookAgain
from scnet_watchdog.core.model import InstanceId, Page, PollFailed, SourceKey, Status, Swept
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import Limits, Pace, Policy
from strategies import COMMANDS, IDS, STATUSES, any_of, examples, situation_of, worlds

GONE = SourceKey("gone", "nowhere")
STRANGERS = st.sampled_from([InstanceId("stranger"), InstanceId("")])
AT = st.just(T0)
NOWHERE = st.sampled_from(
    [Scope(ScopeKind.INSTANCE, "stranger"), Scope(ScopeKind.CENTER, "nowhere")]
)
FOREIGN_INPUTS: st.SearchStrategy[Input] = st.one_of(
    st.builds(Page, st.just(GONE), AT, AT, st.dictionaries(STRANGERS, STATUSES)),
    st.builds(Swept, st.just(GONE), AT, AT, st.frozensets(STRANGERS)),
    any_of(PollFailed).filter(lambda one: one.key.center != "kunshan"),
    any_of(CallEnded),
    st.builds(LookAgain, st.just("nowhere")),
)
FOREIGN_COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Reset, NOWHERE, st.just("ann")),
    st.builds(Release, NOWHERE, st.just("ann"), st.booleans()),
    st.builds(RestartNow, STRANGERS, st.just("ann")),
)


@examples(60)
@given(st.lists(FOREIGN_INPUTS, max_size=5))
def test_what_comes_late_from_a_source_or_of_an_instance_that_was_removed_changes_nothing(
    late: list[Input],
) -> None:
    world = World(2)
    world.poll()
    decided = world.turn(*late)
    assert decided.change.empty
    assert not decided.instances
    assert not decided.sources


@examples(40)
@given(st.lists(FOREIGN_COMMANDS, max_size=5))
def test_a_command_that_names_nobody_is_journalled_and_changes_nothing(
    commands: list[Command],
) -> None:
    world = World(2)
    world.poll()
    change = world.turn(*commands).change
    assert [event.kind for event in change.events] == [EventKind.OPERATOR_COMMAND] * len(commands)
    assert replace(change, events=()).empty


PAGES = st.dictionaries(st.sampled_from(IDS), STATUSES, min_size=1)


@examples(10)
@given(worlds(), PAGES, st.lists(COMMANDS, max_size=2))
def test_a_turn_is_a_question_it_changes_no_fleet_and_gets_the_same_answer_again(
    world: World, rows: dict[InstanceId, Status], commands: list[Command]
) -> None:
    world.now += SECOND
    inputs = [Page(KEY, world.now, world.now, rows), *commands]
    before = contents(world.fleet)
    first = decide(world.fleet, inputs, IDS, situation_of(world))
    assert contents(world.fleet) == before
    second = decide(world.fleet, inputs, IDS, situation_of(world))
    assert second.change == first.change
    assert (second.wakes, second.looks) == (first.wakes, first.looks)
    assert second.instances == first.instances


def contents(fleet: Fleet) -> object:
    """A copy of everything a fleet holds."""
    indexes = {
        name: {part: copy(getattr(index, part)) for part in Index.__slots__ if part != "wanting"}
        for name, index in fleet.indexes.items()
    }
    lines = [
        (list(one.wanting), one.wanting.told, one.wanting.odd) for one in fleet.indexes.values()
    ]
    plain = (fleet.instances, fleet.centers, fleet.sources, fleet.holds, fleet.dormant)
    return [dict(one) for one in plain], indexes, lines


@examples(10)
@given(worlds(), st.integers(0, 3600))
def test_a_turn_without_inputs_and_deadlines_changes_nothing(world: World, wait: int) -> None:
    # Time alone does nothing: what it brings about has a deadline of its own.
    world.now += wait * SECOND
    decided = decide(world.fleet, (), (), situation_of(world))
    expired = [hold for hold in world.fleet.holds.values() if not still(hold.ends_at, world.now)]
    assert decided.change.empty or expired
    assert not decided.change.wanted or expired


def still(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is None or now < ends_at


@examples(10)
@given(worlds())
def test_deciding_again_about_everyone_at_the_same_moment_tells_nothing_new(world: World) -> None:
    world.turn(due=IDS)
    decided = world.turn(due=IDS)
    assert not decided.change.wanted
    assert not decided.change.events
    assert not decided.change.instances


@examples(10)
@given(worlds())
def test_every_deadline_lies_ahead_and_whoever_is_not_at_rest_has_one(world: World) -> None:
    assert all(moment > world.now for moment in world.wakes.values())
    draft = Draft(world.fleet, situation_of(world))
    for id_ in IDS:
        state = world.state(id_)
        blind_at = draft.blind_at(state)
        # At the latest when its source becomes blind for it; after that its next read decides.
        if not state.at_rest and blind_at is not None and blind_at > world.now:
            assert world.wakes[id_] <= blind_at


@examples(10)
@given(worlds())
def test_events_are_plain_name_their_instance_and_are_told_at_a_level(world: World) -> None:
    for event in world.events:
        assert event.loudness in Level
        assert event.loudness is (event.level or LEVELS[event.kind])
        assert (event.instance is None) is (event.name is None)
        assert event.instance is None or event.center == CENTER
        json.dumps(dict(event.fields), default=datetime.isoformat)
        if event.kind is EventKind.DECISION_CHANGED:
            assert event.fields["reason"] not in RESTART_REASONS
            assert event.fields.get("previous") != event.fields["reason"]


@examples(10)
@given(worlds(), st.integers(0, 7200))
def test_a_source_is_asked_within_its_interval_unless_the_platform_wants_none_of_it(
    world: World, ago: int
) -> None:
    last = world.now - ago * SECOND
    pace, center = Pace(), world.fleet.centers[CENTER]
    at = next_poll_at(world.fleet, KEY, situation_of(world), last)
    shut = center.throttle is not None or center.block is not None
    assert last < at
    assert at <= last + pace.interval or shut
    if center.throttle is not None:
        assert at >= center.throttle.begun_at + center.throttle.length
    # A source that was never asked is asked at once.
    first = next_poll_at(world.fleet, KEY, situation_of(world), None)
    assert first == world.now or shut


@examples(12)
@given(any_of(Change), any_of(Change))
def test_two_changes_saved_as_one_keep_all_rows_and_only_the_later_wishes(
    earlier: Change, later: Change
) -> None:
    both = earlier.then(later)
    assert both.wanted == later.wanted
    assert both.events == earlier.events + later.events
    assert {row.key for row in both.attempts} == {
        row.key for row in (*earlier.attempts, *later.attempts)
    }
    assert both.instances.keys() == earlier.instances.keys() | later.instances.keys()
    assert all(both.instances[id_] == one for id_, one in later.instances.items())
    assert both.empty is (replace(earlier, wanted=()).empty and later.empty)


@examples(20)
@given(any_of(Policy), any_of(Limits))
def test_equal_knobs_are_one_key_so_that_equal_policies_can_be_shared(
    policy: Policy, limits: Limits
) -> None:
    assert {policy, replace(policy)} == {policy}
    assert {limits, replace(limits)} == {limits}
