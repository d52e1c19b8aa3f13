"""Semantics 1: what is an observation, when sources are asked, and when an opinion is too old."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, World, member
from center_support import EAGER, START_FAILURE, STEADY, UNANSWERED, answers
from scnet_watchdog.core.command import PlaceHold, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Page, PollFailed, SourceKey, Status, Swept
from scnet_watchdog.core.outcome import Verdict
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import Confirm, Policy

A0 = InstanceId("a0")
FLAGS = SourceKey("flags", CENTER)
AT_ONCE = replace(EAGER, confirm=Confirm(1, timedelta()))


def page(world: World, status: Status, id_: InstanceId = A0) -> Page:
    """One row, asked and seen now."""
    return Page(KEY, world.now, world.now, {id_: status})


def asks_next(world: World, key: SourceKey = KEY) -> float:
    """Seconds until the source is asked next, had it been asked just now."""
    moment = next_poll_at(world.fleet, key, Situation(world.now), world.now)
    return (moment - world.now).total_seconds()


# Rows.


def test_rows_received_are_observations_at_once_though_their_poll_fails_later() -> None:
    world = World(2)
    for second in (0, 30):
        world.now = T0 + second * SECOND
        world.turn(page(world, Status.FAILED))
        world.turn(PollFailed(KEY, world.now, world.now, "the second page never came"))
    assert world.called() == [30.0]


def test_several_reads_of_one_turn_are_told_like_those_of_several() -> None:
    """Running for an hour, then failed and running again before the next turn."""
    world = World(1, Policy(confirm=Confirm(2, 10 * SECOND)))
    world.run(HOUR)
    pages = []
    for second, status in enumerate((Status.FAILED,) * 3 + (Status.RUNNING,)):
        asked = world.now + 10 * (second + 1) * SECOND
        pages.append(Page(KEY, asked, asked, {A0: status}))
    world.now += 40 * SECOND
    world.turn(*pages)
    went, came = world.told(EventKind.INSTANCE_STATUS_CHANGED)
    assert "down_for_s" not in went.fields
    # Down from the first failed read on, thirty seconds ago; not for an hour.
    assert came.fields["down_for_s"] == 30.0
    assert len(world.told(EventKind.INSTANCE_CONFIRMED)) == 1


def test_what_one_source_says_of_anothers_instance_is_nothing() -> None:
    world = World([member("a0"), member("b0", source="flags")], policy=AT_ONCE)
    world.turn(Page(FLAGS, T0, T0, {A0: Status.FAILED}))
    assert world.state("a0").sight.asked_at is None
    assert not world.calls


def test_the_hundred_unknown_texts_are_counted_over_all_polls() -> None:
    world = World(1)
    for n in range(3):
        world.now = T0 + n * 30 * SECOND
        texts = tuple(f"text {n} {m}" for m in range(60))
        world.turn(Page(KEY, world.now, world.now, {A0: Status.UNKNOWN}, unrecognised=texts))
    # 60, then 40 of 60, then none.
    assert len(world.told(EventKind.STATUS_UNRECOGNISED)) == 100


# Quiet start.


def test_each_instance_waits_for_its_own_source() -> None:
    """The other source answers; this one has not yet."""
    ones = [member("a0", AT_ONCE), member("b0", AT_ONCE, source="flags")]
    world = World(ones, start=Status.FAILED)
    world.poll(FLAGS)
    assert [id_ for _, id_ in world.calls] == ["b0"]
    world.turn(due=["a0"])
    assert world.reason("a0") is Reason.QUIET_START
    world.poll(KEY)
    assert [id_ for _, id_ in world.calls] == ["b0", "a0"]


def test_what_was_confirmed_before_the_daemon_restarts_is_confirmed_anew() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.free = 0
    world.run(MINUTE)
    assert world.reason() is Reason.CENTER_BUSY
    world.free = 6
    world.restart_daemon()
    world.poll()
    assert world.reason() is Reason.CONFIRMING
    assert not world.calls


# Blind, expired.


@pytest.mark.parametrize(("age", "reason"), [(89, Reason.CONFIRMING), (90, Reason.SOURCE_BLIND)])
def test_blind_is_three_intervals_without_a_good_read(age: int, reason: Reason) -> None:
    """Three times 30 s, though it is asked every 10 s while it confirms."""
    world = World(1, Policy(confirm=Confirm(10)), start=Status.FAILED)
    world.poll()
    world.now = T0 + age * SECOND
    world.turn(due=["a0"])
    assert world.reason() is reason


@pytest.mark.parametrize(("age", "reads"), [(90, 2), (91, 1)])
def test_an_opinion_older_than_that_begins_the_row_anew(age: int, reads: int) -> None:
    world = World(1, Policy(confirm=Confirm(10)), start=Status.FAILED)
    world.poll()
    world.now = T0 + age * SECOND
    world.poll()
    row = world.state().sight.restartable
    assert row is not None
    assert row.count == reads


def test_an_expired_opinion_is_none_for_the_verdict_either() -> None:
    """Running, failed, two minutes of nothing, failed: the second failed read is a first one."""
    world = World(1, STEADY, start=Status.FAILED)
    world.run(35 * SECOND)
    world.show(Status.RUNNING)
    world.run(MINUTE)
    world.polling = False
    world.show(Status.FAILED)
    world.poll()
    world.now += 2 * MINUTE
    world.poll()
    (row,) = world.rows.values()
    assert row.verdict is Verdict.RECOVERED
    world.now += 30 * SECOND
    world.poll()
    assert next(iter(world.rows.values())).verdict is Verdict.RELAPSED


def test_a_source_that_never_answered_is_told_to_be_blind_after_three_intervals() -> None:
    world = World(1)
    world.polling = False
    world.now = T0 + 89 * SECOND
    world.turn(due=[f"source:{KEY.source}@{KEY.center}"])
    assert not world.told(EventKind.SOURCE_BLIND)
    world.now += SECOND
    world.turn(due=[f"source:{KEY.source}@{KEY.center}"])
    assert len(world.told(EventKind.SOURCE_BLIND)) == 1


def test_a_blind_source_that_sees_again_can_be_told_blind_again() -> None:
    world = World(1)
    world.poll()
    world.polling = False
    world.run(2 * MINUTE)
    world.polling = True
    world.run(MINUTE)
    world.polling = False
    world.run(2 * MINUTE)
    assert len(world.told(EventKind.SOURCE_BLIND)) == 2


def test_each_source_of_a_center_is_blind_by_itself() -> None:
    world = World([member("a0"), member("b0", source="flags")], start=Status.FAILED)
    world.poll(KEY)
    world.poll(FLAGS)
    for second in (30, 60, 90):
        world.now = T0 + second * SECOND
        world.poll(FLAGS)
    world.turn(due=["a0", f"source:{KEY.source}@{CENTER}", f"source:flags@{CENTER}"])
    assert world.reason("a0") is Reason.SOURCE_BLIND
    assert world.reason("b0") is not Reason.SOURCE_BLIND
    (blind,) = world.told(EventKind.SOURCE_BLIND)
    assert (blind.fields["source"], blind.fields["instances"]) == ("scnet", 1)


# How often a source is asked.


def test_it_is_asked_fast_while_a_young_attempt_is_not_judged_and_slowly_when_it_is_old() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.run(35 * SECOND)
    world.show(Status.WAITING)
    world.run(MINUTE)
    assert asks_next(world) == 10
    # Saved at 30 s: older than the start deadline of ten minutes after 630 s.
    world.run(T0 + 661 * SECOND - world.now)
    assert next(iter(world.rows.values())).awaits_verdict
    assert asks_next(world) == 30


def test_it_is_asked_fast_while_an_unclear_call_wants_reads() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(UNANSWERED)
    world.run(40 * SECOND)
    assert asks_next(world) == 10


def test_what_goes_on_at_another_source_or_center_hurries_nobody() -> None:
    ones = [member("a0"), member("b0", source="flags"), member("c0", center="hefei")]
    world = World(ones)
    for key in world.fleet.sources:
        world.poll(key)
    world.show(Status.FAILED, "a0")
    world.now += SECOND
    world.poll(KEY)
    assert asks_next(world, KEY) == 10
    assert asks_next(world, FLAGS) == 30
    assert asks_next(world, SourceKey("scnet", "hefei")) == 30


def test_a_call_that_is_due_hurries_only_the_source_of_its_instance() -> None:
    world = World([member("a0", STEADY), member("b0", source="flags")])
    world.poll(FLAGS)
    world.show(Status.FAILED, "a0")
    world.answer = answers(START_FAILURE)
    world.run(85 * SECOND)
    # Called at 30 s; due again at 90 s.
    assert world.called("a0") == [30.0]
    assert (asks_next(world, KEY), asks_next(world, FLAGS)) == (10, 30)


@pytest.mark.parametrize(("until_running", "pace"), [(True, 30), (False, 10)])
def test_a_hold_hurries_its_source_only_when_its_end_is_near(
    until_running: bool, pace: int
) -> None:
    """Held for five minutes, of which 295 s are over; or until a person starts it."""
    world = World(1, STEADY, start=Status.FAILED)
    scope = Scope(ScopeKind.INSTANCE, A0)
    world.turn(PlaceHold(scope, "ann", 5 * MINUTE, until_running=until_running))
    world.run(295 * SECOND)
    assert world.reason() is Reason.HELD
    assert asks_next(world) == pace


def test_a_first_look_names_nobody_who_is_held_until_a_person_starts_it() -> None:
    world = World(2, STEADY, start=Status.FAILED)
    scope = Scope(ScopeKind.INSTANCE, A0)
    world.turn(PlaceHold(scope, "ann", None, until_running=True))
    world.poll()
    (look,) = world.told(EventKind.FLEET_FIRST_LOOK)
    assert (look.fields["down"], look.fields["restarts"]) == (2, ["a1"])


# At rest.


def test_only_running_with_nothing_open_is_at_rest() -> None:
    world = World(1)
    assert not world.state().at_rest
    world.poll()
    assert world.state().at_rest
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, A0), "ann", HOUR))
    assert not world.state().at_rest


def test_sweeps_alone_keep_an_instance_at_rest_seen() -> None:
    """Not touched for ten minutes, and still two reads after that are in a row with no gap."""
    world = World(2)
    world.run(10 * MINUTE)
    assert world.state().sight.asked_at == T0
    world.turn(due=["a0"])
    assert world.reason() is Reason.HEALTHY
    world.now += SECOND
    world.turn(Swept(KEY, world.now, world.now))
    assert not world.told(EventKind.SOURCE_BLIND)
