"""The last look before a call, and the first look after a start: what is true at that moment."""

from dataclasses import replace
from datetime import datetime, timedelta

from builders import CENTER, KEY, MINUTE, SECOND, T0, World, member
from center_support import EAGER, START_FAILURE, STEADY, UNANSWERED, answers
from scnet_watchdog.core.command import RestartNow
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.inputs import Input, Situation
from scnet_watchdog.core.model import InstanceId, Page, SourceKey, Status, Swept
from scnet_watchdog.core.policy import Confirm
from scnet_watchdog.core.recheck import still_allowed
from scnet_watchdog.core.state import BreakerState, Episode

A0 = InstanceId("a0")
A1 = InstanceId("a1")
AT_ONCE = replace(EAGER, confirm=Confirm(1, timedelta()))


def saved(status: Status = Status.FAILED) -> World:
    """An attempt that was saved at 0 s; its call has not been made."""
    world = World(1, AT_ONCE, start=status)
    world.reply_after = 10 * MINUTE
    world.poll()
    return world


def why_not(world: World, *pending: Input) -> str | None:
    """What the last look says of the attempt."""
    (attempt,) = world.rows.values()
    return still_allowed(world.fleet, attempt, Situation(world.now, free={CENTER: 6}), pending)


def read(status: Status, asked_at: datetime, key: SourceKey = KEY) -> Page:
    """A page that no turn has taken yet."""
    return Page(key, asked_at, asked_at, {A0: status})


# A newer observation.


def test_another_restartable_status_in_a_newer_read_changes_nothing() -> None:
    world = saved()
    assert why_not(world, read(Status.STOPPED, T0 + SECOND)) is None


def test_of_several_reads_the_one_asked_last_counts_in_whatever_order_they_came() -> None:
    world = saved()
    failed, waits = read(Status.FAILED, T0 + SECOND), read(Status.WAITING, T0 + 2 * SECOND)
    assert why_not(world, waits, failed) == "a newer read shows waiting"
    assert why_not(world, failed, waits) == "a newer read shows waiting"


def test_neither_missing_nor_unknown_nor_a_completion_carries_a_call() -> None:
    world = saved()
    for status in (Status.MISSING, Status.UNKNOWN, Status.COMPLETED):
        assert why_not(world, read(status, T0 + SECOND)) == f"a newer read shows {status}"


def test_reads_of_another_source_or_of_others_say_nothing() -> None:
    world = saved()
    assert why_not(world, read(Status.RUNNING, T0 + SECOND, SourceKey("flags", CENTER))) is None
    other = Page(KEY, T0 + SECOND, T0 + SECOND, {A1: Status.RUNNING})
    assert why_not(world, other) is None


def test_an_operators_restart_needs_any_down_status() -> None:
    world = World(1, STEADY, start=Status.COMPLETED)
    world.poll()
    world.reply_after = MINUTE
    world.turn(RestartNow(A0, "ann"))
    assert why_not(world) is None
    assert why_not(world, read(Status.STOPPED, T0 + SECOND)) is None
    assert why_not(world, read(Status.RUNNING, T0 + SECOND)) == "a newer read shows running"


# Age.


def test_an_observation_begun_two_intervals_ago_still_carries_a_call() -> None:
    world = saved()
    world.now = T0 + 60 * SECOND
    assert why_not(world) is None
    world.now += SECOND
    assert why_not(world) == "the last read is too old"
    # One that nobody has taken yet is young enough.
    assert why_not(world, read(Status.FAILED, world.now)) is None


def test_a_new_read_does_not_revive_an_opinion_that_has_expired() -> None:
    """Saved on reads that are three intervals old: it has to be confirmed anew."""
    world = saved()
    world.now = T0 + 90 * SECOND
    assert why_not(world, read(Status.FAILED, world.now)) == "the source is blind"


def test_an_instance_that_was_never_seen_by_this_process_is_not_called() -> None:
    world = saved()
    (row,) = world.rows.values()
    state = world.state()
    world.fleet.instances[A0] = replace(state, sight=type(state.sight)())
    assert why_not(world) == "the last read is too old"
    assert row.outcome is None


# Breaker.


def test_an_open_breaker_stops_all_but_an_operators_restart() -> None:
    world = saved()
    state = world.state()
    opened = Episode(T0, 1, breaker=BreakerState.OPEN, opened_at=T0, openings=1)
    facts = replace(state.facts, care=replace(state.facts.care, episode=opened))
    world.fleet.instances[A0] = replace(state, facts=facts)
    assert why_not(world) == "the breaker is open"


def test_an_operators_restart_passes_its_open_breaker() -> None:
    world = World(1, AT_ONCE, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(25 * SECOND)
    world.reply_after = MINUTE
    world.turn(RestartNow(A0, "ann"))
    youngest = max(world.rows.values(), key=lambda row: row.seq)
    assert youngest.outcome is None
    assert still_allowed(world.fleet, youngest, Situation(world.now), ()) is None


def test_an_attempt_of_before_is_not_called_in_place_of_the_youngest() -> None:
    world = World(1, AT_ONCE, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(15 * SECOND)
    oldest = min(world.rows.values(), key=lambda row: row.seq)
    unsettled = replace(oldest, outcome=None)
    found = still_allowed(world.fleet, unsettled, Situation(world.now), ())
    assert found == "the attempt is already settled"


# The first look.


def test_what_is_only_remembered_is_unseen_in_the_first_look_after_a_start() -> None:
    """Failed before the daemon restarted, and in no answer since."""
    world = World(2, STEADY, start=Status.FAILED)
    world.poll()
    world.restart_daemon()
    world.turn(Page(KEY, world.now, world.now, {A1: Status.FAILED}))
    world.turn(Swept(KEY, world.now, world.now, frozenset({A0})))
    look = world.told(EventKind.FLEET_FIRST_LOOK)[-1]
    assert look.fields["counts"] == {"unseen": 1, "failed": 1}
    assert (look.fields["down"], look.fields["restarts"]) == (1, ["a1"])


def test_an_operators_restart_that_waits_is_told_in_the_first_look() -> None:
    """Asked for before the daemon restarted; it needs no confirmation and goes at once."""
    world = World(1, STEADY, start=Status.COMPLETED)
    world.poll()
    world.free = 0
    world.turn(RestartNow(A0, "ann"))
    world.restart_daemon()
    world.poll()
    look = world.told(EventKind.FLEET_FIRST_LOOK)[-1]
    assert look.fields["restarts"] == ["a0"]
    assert look.fields["next_at"] == world.now


def test_the_first_look_tells_the_earliest_moment_and_counts_the_cooldown() -> None:
    """Called at 30 s and lost in a restart at 40 s: not before the cooldown ends at 90 s."""
    world = World(1, replace(STEADY, confirm=Confirm(1, timedelta())), start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(10 * SECOND)
    world.restart_daemon()
    world.poll()
    look = world.told(EventKind.FLEET_FIRST_LOOK)[-1]
    # Called at 0 s.
    assert look.fields["next_at"] == T0 + 60 * SECOND


def test_the_first_look_names_at_most_a_hundred_and_counts_all() -> None:
    ones = [member(f"b{n:03}", STEADY) for n in range(120)]
    world = World(ones, start=Status.STOPPED)
    world.poll()
    (look,) = world.told(EventKind.FLEET_FIRST_LOOK)
    assert look.loudness is Level.WARNING
    assert look.fields["counts"] == {"stopped": 120}
    assert len(look.fields["restarts"]) == 100  # type: ignore[arg-type]


def test_a_lost_call_is_told_as_verified_and_not_as_a_restart_to_come() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(UNANSWERED)
    world.run(40 * SECOND)
    world.restart_daemon()
    world.poll()
    look = world.told(EventKind.FLEET_FIRST_LOOK)[-1]
    assert (look.fields["down"], look.fields["restarts"]) == (1, [])


def test_a_state_that_cannot_be_written_any_more_lets_no_call_leave() -> None:
    world = saved()
    (attempt,) = world.rows.values()
    full = Situation(world.now, free={CENTER: 6}, writable=False)
    assert still_allowed(world.fleet, attempt, full, ()) == "the state cannot be written"
