"""Account, instance or platform: what refusals as invalid speak of. Semantics 3."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from builders import HOUR, MINUTE, SECOND, World, ids, member, roster
from center_support import (
    DENIED,
    INVALID,
    STEADY,
    answers,
    center,
    episode,
    in_turn,
)
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.inputs import LookAgain
from scnet_watchdog.core.model import BlockCause, Status
from scnet_watchdog.core.outcome import Accepted, NotSent, RefusalClass, Refused
from scnet_watchdog.core.policy import Limits

WIDE = Limits(max_in_flight=50, restarts_per_hour=1000)


def test_one_denied_instance_is_rejected_and_tried_again_after_doubling_rechecks() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, "a0")
    world.answer = answers(DENIED)
    world.run(26 * HOUR)
    calls = world.called()
    gaps = [b - a for a, b in pairwise(calls)]
    # 10 min doubled up to `breaker.max_open` of 6 h, from the answer a second after the call.
    assert gaps[:7] == [m * 60.0 + 1 for m in (10, 20, 40, 80, 160, 320, 360)]
    assert world.told(EventKind.CENTER_BLOCKED) == []
    assert world.reason("a0") is Reason.REJECTED


def test_two_denied_instances_within_ten_minutes_block_the_center() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, *ids(2))
    world.answer = answers(DENIED)
    world.run(45 * SECOND)
    told = world.told(EventKind.CENTER_BLOCKED)
    assert [one.fields["cause"] for one in told] == [BlockCause.PERMISSION]


@pytest.mark.parametrize(("apart", "blocks"), [(9 * MINUTE, True), (11 * MINUTE, False)])
def test_denials_further_apart_say_nothing_of_the_account(apart: timedelta, blocks: bool) -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, "a0")
    world.answer = answers(DENIED)
    world.run(45 * SECOND)
    world.show(Status.RUNNING, "a0")
    world.run(apart - 45 * SECOND)
    world.show(Status.FAILED, "a1")
    world.run(62 * SECOND)
    assert bool(world.told(EventKind.CENTER_BLOCKED)) is blocks


def test_an_accepted_restart_between_two_denials_speaks_for_the_account() -> None:
    world = World(20, STEADY, WIDE)
    world.answer = in_turn(DENIED, Accepted(), DENIED)
    for one in ids(3):
        world.show(Status.FAILED, one)
        world.run(62 * SECOND)
        world.show(Status.RUNNING, one)
    assert len(world.called()) == 3
    assert world.told(EventKind.CENTER_BLOCKED) == []


def test_unblocking_ends_rejections_by_denial_only() -> None:
    world = World(20, STEADY, WIDE)
    world.answer = in_turn(INVALID, DENIED, DENIED)
    for one in ids(3):
        world.show(Status.FAILED, one)
        world.run(62 * SECOND)
    assert center(world).block is not None
    assert episode(world, "a1").rejection is not None
    world.turn(LookAgain("kunshan"))
    world.answer = answers(Accepted())
    world.run(40 * SECOND)
    assert center(world).block is None
    assert episode(world, "a1").rejection is None
    assert episode(world, "a0").rejection is not None


def test_three_invalid_instances_within_ten_minutes_are_the_platforms_fault() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, *ids(3))
    world.answer = answers(INVALID)
    world.run(40 * SECOND)
    classes = [row.refusal for row in world.rows.values()]
    assert classes == [RefusalClass.INVALID, RefusalClass.INVALID, RefusalClass.PLATFORM]
    for one in ids(3):
        assert episode(world, one).rejection is None
        # All three cool down from now on, none is called again in the same turn.
        assert world.reason(one) is Reason.COOLING_DOWN
        assert episode(world, one).attempts == 1
    assert center(world).breaker.errors == ("a0", "a1", "a2")
    assert world.called() == [30.0, 30.0, 30.0]


def test_two_invalid_instances_are_rejected_each() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, *ids(2))
    world.answer = answers(INVALID)
    world.run(5 * MINUTE)
    assert [world.reason(one) for one in ids(2)] == [Reason.REJECTED] * 2
    assert len(world.called()) == 2


def test_an_instance_removed_meanwhile_is_no_rejection_to_end() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, *ids(2))
    world.answer = answers(INVALID)
    world.run(45 * SECOND)
    left = {k: v for k, v in world.roster.members.items() if k != "a0"}
    world.reload(replace(world.roster, members=left))
    world.show(Status.RUNNING, "a1")
    world.run(MINUTE)
    world.show(Status.FAILED, "a2")
    world.run(62 * SECOND)
    assert episode(world, "a2").attempts == 1


def test_a_rejection_ends_when_the_instances_settings_change() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, "a0")
    world.answer = in_turn(INVALID, Accepted())
    world.run(45 * SECOND)
    assert world.reason("a0") is Reason.REJECTED
    same = [member(id_, STEADY) for id_ in ids(20)]
    world.reload(roster(same, WIDE))
    assert world.reason("a0") is Reason.REJECTED
    world.reload(roster([member("a0", STEADY, name="llm"), *same[1:]], WIDE))
    world.run(MINUTE)
    assert len(world.called()) == 2


def test_a_rejected_instance_tried_once_more_is_accepted_and_forgiven() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, "a0")
    world.answer = in_turn(INVALID, Accepted())
    world.run(12 * MINUTE)
    assert world.called() == [30.0, 631.0]
    assert episode(world).rejection is None


def test_breaker_codes_win_over_the_platforms_table() -> None:
    odd = replace(STEADY, breaker=replace(STEADY.breaker, codes=frozenset({"10007"})))
    world = World(20, odd, WIDE)
    world.show(Status.FAILED, "a0")
    world.answer = answers(Refused(RefusalClass.ACCOUNT, "10007"))
    world.run(45 * SECOND)
    assert world.told(EventKind.CENTER_BLOCKED) == []
    assert episode(world).failures == 1


def test_not_sent_has_no_code_that_could_win() -> None:
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, "a0")
    world.answer = answers(NotSent("unknown host"))
    world.run(45 * SECOND)
    assert episode(world).failures == 0


def test_three_invalid_instances_further_apart_than_ten_minutes_are_rejected_each() -> None:
    world = World(20, STEADY, WIDE)
    world.answer = answers(INVALID)
    for one in ids(3):
        world.show(Status.FAILED, one)
        world.run(6 * MINUTE)
        world.show(Status.RUNNING, one)
    # The first was answered twelve minutes before the third.
    assert [row.refusal for row in world.rows.values()] == [RefusalClass.INVALID] * 3
    assert center(world).breaker.errors == ()
