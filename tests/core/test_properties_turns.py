"""Properties of core.decide, core.inputs and core.change: what a turn may and may not touch."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from builders import T0, World
from scnet_watchdog.core.command import Command, Release, Reset, RestartNow, Scope, ScopeKind
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import CallEnded, Input, LookAgain
from scnet_watchdog.core.model import InstanceId, Page, PollFailed, SourceKey, Status, Swept
from strategies import any_of, examples

GONE = SourceKey("gone", "nowhere")
STRANGERS = st.sampled_from([InstanceId("stranger"), InstanceId("")])
STATUSES = st.sampled_from(Status)
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
