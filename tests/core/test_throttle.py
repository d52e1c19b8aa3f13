"""The platform asks us to slow down: semantics 3, row `throttled`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import KEY, MINUTE, SECOND, T0, World, ids
from center_support import (
    NOT_SENT,
    PLATFORM,
    STEADY,
    THROTTLED,
    UNANSWERED,
    answers,
    at,
    center,
    episode,
    in_turn,
)
from scnet_watchdog.core.attempt import AttemptKey
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, PollFailed, Status
from scnet_watchdog.core.outcome import Accepted, Outcome, RefusalClass, Refused, Withdrawn
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import Limits

WIDE = Limits(max_in_flight=50, restarts_per_hour=1000)


def told_to_wait(seconds: float) -> Refused:
    """429 with Retry-After."""
    return Refused(RefusalClass.THROTTLED, "http_429", retry_after=timedelta(seconds=seconds))


def fleet(n: int = 1) -> World:
    """The first n are down; their calls go at 30 s."""
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, *ids(n))
    return world


def throttle_poll(world: World, seconds: float | None = None) -> None:
    """A poll is throttled."""
    wait = None if seconds is None else timedelta(seconds=seconds)
    world.turn(PollFailed(KEY, world.now, world.now, "429", throttled=True, retry_after=wait))


def length(world: World) -> float:
    """How long the center waits."""
    throttle = center(world).throttle
    assert throttle is not None
    return throttle.length.total_seconds()


def test_the_center_waits_as_long_as_told_and_nothing_is_counted_to_the_instance() -> None:
    world = fleet()
    world.answer = in_turn(told_to_wait(200), Accepted())
    world.run(5 * MINUTE)
    # Answered at 31 s, so until 231 s. Polls wait too: what was seen has expired, and thirty
    # seconds of confirmation begin anew.
    assert world.called() == [30.0, 261.0]
    assert episode(world).attempts == 1
    assert len(world.state().facts.ledger.calls) == 1


def test_without_a_value_it_waits_for_the_center_breakers_open_for() -> None:
    world = fleet()
    world.answer = in_turn(THROTTLED, Accepted())
    world.run(3 * MINUTE)
    assert world.called() == [30.0, 91.0]


def test_at_least_the_fast_interval_doubled_with_each_throttle_in_a_row() -> None:
    world = fleet()
    world.answer = answers(told_to_wait(1))
    world.run(30 * MINUTE)
    told = world.told(EventKind.CENTER_THROTTLED)
    waits = [(one.fields["next_at"] - one.at).total_seconds() for one in told]  # type: ignore[operator]
    # 10 s × 1, 2, 4 … at most ten minutes.
    assert waits[:7] == [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0]


def test_at_most_the_center_breakers_max_open() -> None:
    world = fleet()
    world.answer = answers(told_to_wait(86_400))
    world.run(40 * SECOND)
    assert length(world) == 600


def test_polls_wait_too() -> None:
    world = fleet()
    world.answer = answers(told_to_wait(200))
    world.run(40 * SECOND)
    asked = next_poll_at(world.fleet, KEY, world._situation(), T0 + 30 * SECOND)
    assert asked == T0 + 231 * SECOND


def test_the_others_hold_with_the_reason_throttled() -> None:
    world = fleet(2)
    world.free = 1
    world.answer = answers(told_to_wait(60))
    world.run(40 * SECOND)
    assert [world.reason(one) for one in ids(2)] == [Reason.THROTTLED] * 2


def test_after_the_wait_one_call_goes_first_and_the_rest_after_its_answer() -> None:
    world = fleet(4)
    world.reply_after = 5 * SECOND
    world.answer = in_turn(THROTTLED, THROTTLED, THROTTLED, THROTTLED, Accepted())
    world.run(5 * MINUTE)
    # Four at 30 s, throttled at 35 s (one row: 60 s, then 80 s as the fourth in a row): 115 s.
    assert world.called() == [30.0] * 4 + [115.0] + [120.0] * 3
    assert center(world).throttle is None


@pytest.mark.parametrize("outcome", [PLATFORM, Accepted()])
def test_any_other_answer_lets_the_rest_follow(outcome: Outcome) -> None:
    world = fleet(2)
    world.answer = in_turn(THROTTLED, THROTTLED, outcome, Accepted())
    world.run(2 * MINUTE)
    # Both at 30 s; one at 91 s, answered at 92 s, when the other goes.
    assert world.called() == [30.0, 30.0, 91.0, 92.0]


@pytest.mark.parametrize("outcome", [NOT_SENT, UNANSWERED, Withdrawn("held")])
def test_without_an_answer_the_next_one_goes_first_alone(outcome: Outcome) -> None:
    world = fleet(3)
    world.answer = in_turn(THROTTLED, THROTTLED, THROTTLED, outcome, Accepted())
    world.reply_after = 2 * SECOND
    world.run(2 * MINUTE)
    # 30 s + 2 s + 60 s = 92 s the first; at 94 s the second alone; at 96 s the third.
    assert world.called()[3:5] == [92.0, 94.0]
    assert all(later >= 96.0 for later in world.called()[5:])


def test_a_throttle_is_stored_as_begin_and_length() -> None:
    world = fleet()
    world.answer = answers(told_to_wait(300))
    world.run(40 * SECOND)
    world.restart_daemon(MINUTE)
    world.answer = answers(Accepted())
    world.run(3 * MINUTE)
    assert len(world.called()) == 1
    world.run(2 * MINUTE)
    # 31 + 300 s, as if the daemon had never been away.
    assert len(world.called()) == 2
    assert world.called()[1] >= 331.0


def test_who_goes_first_and_is_removed_does_not_shut_the_gate_for_ever() -> None:
    world = fleet(2)
    world.answer = in_turn(THROTTLED, THROTTLED, Accepted())
    world.reply_after = 2 * SECOND
    world.run(93 * SECOND)
    first = world.calls[2][1]
    left = {k: v for k, v in world.roster.members.items() if k != first}
    world.reload(replace(world.roster, members=left))
    world.run(10 * SECOND)
    assert len(world.called()) == 4


def test_who_goes_first_when_the_daemon_dies_does_not_shut_the_gate_for_ever() -> None:
    world = fleet(2)
    world.answer = in_turn(THROTTLED, THROTTLED, Accepted())
    world.run(91 * SECOND)
    assert len(world.called()) == 3
    world.restart_daemon()
    world.run(2 * MINUTE)
    assert len(world.called()) >= 4


def test_a_throttled_poll_holds_calls_as_well() -> None:
    world = fleet()
    world.run(20 * SECOND)
    throttle_poll(world, 100)
    world.run(90 * SECOND)
    assert world.called() == []
    world.run(MINUTE)
    # Until 120 s; then it is seen again and confirmed.
    assert len(world.called()) == 1


def test_what_only_polls_have_met_ends_with_a_good_poll() -> None:
    world = World(20, STEADY, WIDE)
    world.run(45 * SECOND)
    for _ in range(3):
        throttle_poll(world, 5)
        world.run(5 * MINUTE)
        # Throttles with good polls between them are no row.
        assert center(world).throttle is None
    assert [one.fields["in_row"] for one in world.told(EventKind.CENTER_THROTTLED)] == [1, 1, 1]


def test_a_good_poll_says_nothing_of_calls() -> None:
    world = fleet()
    world.answer = answers(told_to_wait(20))
    world.run(40 * SECOND)
    world.show(Status.RUNNING)
    world.run(5 * MINUTE)
    assert center(world).throttle is not None
    throttle_poll(world, 5)
    world.run(5 * MINUTE)
    assert center(world).throttle is not None
    assert center(world).throttle.by_call  # type: ignore[union-attr]


def test_a_call_that_was_on_the_wire_already_does_not_end_the_wait() -> None:
    world = fleet(2)
    world.answer = in_turn(told_to_wait(200), Accepted())
    world.run(35 * SECOND)
    assert length(world) == 200
    assert at(world, EventKind.RESTART_ACCEPTED) == [31.0]
    assert AttemptKey(InstanceId("a0"), 1) in world.rows


def test_the_instance_is_named_in_the_event_of_a_call() -> None:
    world = fleet()
    world.answer = answers(told_to_wait(200))
    world.run(35 * SECOND)
    assert world.told(EventKind.CENTER_THROTTLED, "a0")[0].fields["told_s"] == 200
