"""Blocked centers: semantics 4, and the evidence for account, instance or platform of 3."""

from itertools import pairwise

import pytest

from builders import HOUR, KEY, MINUTE, SECOND, T0, World, ids, member, roster
from center_support import (
    ARREARS,
    INVALID,
    NOT_SENT,
    PLATFORM,
    START_FAILURE,
    STEADY,
    UNANSWERED,
    answers,
    at,
    center,
    episode,
    heals,
)
from scnet_watchdog.core.command import Reset, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.inputs import LookAgain
from scnet_watchdog.core.model import BlockCause, Page, PollFailed, Status, Swept
from scnet_watchdog.core.outcome import Accepted, Outcome
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import Limits

WIDE = Limits(max_in_flight=50, restarts_per_hour=1000)


def blocked_by_restart(n: int = 2) -> World:
    """A restart at 30 s is refused for arrears at 31 s."""
    world = World(20, STEADY, WIDE)
    world.show(Status.FAILED, *ids(n))
    world.answer = answers(ARREARS)
    world.run(45 * SECOND)
    return world


def refuse_read(world: World, cause: BlockCause = BlockCause.TOKEN_EXPIRED) -> None:
    """A poll fails for the account."""
    world.turn(PollFailed(KEY, world.now, world.now, "refused", cause, "10008"))


# By a restart.


def test_a_restart_refused_for_the_account_blocks_the_center_and_says_what_to_do() -> None:
    world = blocked_by_restart()
    assert at(world, EventKind.CENTER_BLOCKED) == [31.0]
    told = world.told(EventKind.CENTER_BLOCKED)[0]
    assert told.loudness is Level.ERROR
    assert told.fields["cause"] is BlockCause.ARREARS
    assert "recharge" in str(told.fields["next_step"])
    assert world.reason("a0") is Reason.CENTER_BLOCKED


def test_blocked_by_a_restart_nothing_goes_for_ten_minutes_and_then_one_canary_silently() -> None:
    world = blocked_by_restart()
    before = len(world.events)
    world.run(2 * HOUR)
    calls = world.called()[2:]
    # One canary each time, ten minutes and up to a poll after the last look.
    assert len(calls) == len(set(calls)) > 5
    assert all(600 <= b - a <= 640 for a, b in pairwise(calls))
    loud = [e for e in world.events[before:] if e.loudness is not Level.DEBUG]
    assert loud == []
    # Silent, but in the journal: each call was requested and refused.
    quiet = [e.kind for e in world.events[before:]]
    assert quiet.count(EventKind.RESTART_REQUESTED) == len(calls)
    assert quiet.count(EventKind.RESTART_REFUSED) == len(calls)


def test_a_refusal_for_the_account_is_no_attempt_of_the_instance() -> None:
    world = blocked_by_restart()
    assert episode(world).attempts == 0
    assert world.state("a0").facts.ledger.calls == ()


@pytest.mark.parametrize("outcome", [Accepted(), START_FAILURE])
def test_an_accepted_canary_or_a_start_failure_unblocks(outcome: Outcome) -> None:
    world = blocked_by_restart()
    world.answer = answers(outcome)
    world.run(11 * MINUTE)
    assert len(at(world, EventKind.CENTER_UNBLOCKED)) == 1
    assert center(world).block is None


def test_an_accepted_canary_holds_the_first_place_of_the_ramp_that_follows() -> None:
    world = blocked_by_restart(4)
    before = len(world.called())
    world.answer = answers(Accepted())
    world.run(11 * MINUTE)
    assert len(world.called()) == before + 1
    assert world.reason("a3") is Reason.STORM
    world.on_call = lambda attempt: world.show(Status.RUNNING, attempt.instance)
    world.show(Status.RUNNING, world.calls[-1][1])
    world.run(60 * SECOND)
    # It runs: the other three follow, two and one.
    assert len(world.called()) == before + 4


@pytest.mark.parametrize("outcome", [PLATFORM, UNANSWERED, NOT_SENT, INVALID])
def test_any_other_end_of_the_canary_looks_again_after_the_recheck(outcome: Outcome) -> None:
    world = blocked_by_restart()
    world.answer = answers(outcome)
    world.run(15 * MINUTE)
    assert len(world.called()) == 3
    assert center(world).block is not None


def test_a_good_read_unblocks_when_nothing_of_the_center_is_restartable() -> None:
    world = blocked_by_restart()
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert len(at(world, EventKind.CENTER_UNBLOCKED)) == 1
    assert len(world.called()) == 2


def test_a_sweep_begun_before_the_block_does_not_unblock() -> None:
    world = blocked_by_restart()
    world.show(Status.RUNNING)
    began = T0 + 30 * SECOND
    world.turn(Page(KEY, world.now, world.now, dict(world.shown)), Swept(KEY, began, world.now))
    assert center(world).block is not None


@pytest.mark.parametrize(
    "ask", [LookAgain("kunshan"), Reset(Scope(ScopeKind.CENTER, "kunshan"), "ann")]
)
def test_it_is_looked_at_at_once_when_credentials_change_or_an_operator_asks(
    ask: LookAgain | Reset,
) -> None:
    world = blocked_by_restart()
    world.answer = answers(Accepted())
    world.run(MINUTE)
    assert len(world.called()) == 2
    world.turn(ask)
    world.run(31 * SECOND)
    # First a read, then one canary.
    assert len(world.called()) == 3
    assert len(at(world, EventKind.CENTER_UNBLOCKED)) == 1


def test_to_look_again_at_a_center_that_is_not_blocked_changes_nothing() -> None:
    world = World(2, STEADY, WIDE)
    world.run(MINUTE)
    before = center(world)
    world.turn(LookAgain("kunshan"))
    assert center(world) == before


def test_one_pair_of_events_per_block() -> None:
    world = blocked_by_restart(4)
    world.run(35 * MINUTE)
    world.answer = answers(Accepted())
    heals(world)
    world.run(15 * MINUTE)
    assert len(at(world, EventKind.CENTER_BLOCKED)) == 1
    assert len(at(world, EventKind.CENTER_UNBLOCKED)) == 1


def test_refusals_that_were_on_the_wire_together_block_once() -> None:
    world = blocked_by_restart(4)
    assert len(world.called()) == 4
    assert len(at(world, EventKind.CENTER_BLOCKED)) == 1


def test_a_block_survives_a_restart_of_the_daemon() -> None:
    world = blocked_by_restart()
    world.restart_daemon(MINUTE)
    world.run(5 * MINUTE)
    assert len(world.called()) == 2
    assert world.reason("a0") is Reason.CENTER_BLOCKED
    world.run(6 * MINUTE)
    assert len(world.called()) == 3


# By reads.


def test_a_refused_read_blocks_and_polls_slow_down_to_the_recheck() -> None:
    world = World(2, STEADY, WIDE)
    world.run(MINUTE)
    refuse_read(world)
    assert world.told(EventKind.CENTER_BLOCKED)[0].fields["cause"] is BlockCause.TOKEN_EXPIRED
    asked = next_poll_at(world.fleet, KEY, world._situation(), world.now)
    assert asked == world.now + 10 * MINUTE


def test_nothing_is_called_while_reads_are_refused_and_a_good_read_unblocks() -> None:
    world = World(2, STEADY, WIDE)
    world.run(MINUTE)
    refuse_read(world)
    world.show(Status.FAILED)
    world.run(9 * MINUTE)
    assert world.called() == []
    world.run(3 * MINUTE)
    # Read again at 660 s (refused at 60 s): unblocked, confirmed, and the ramp lets one go.
    assert at(world, EventKind.CENTER_UNBLOCKED) == [660.0]
    assert len(world.called()) == 1


def test_center_blocked_is_the_reason_even_of_instances_that_nobody_can_see() -> None:
    world = World(2, STEADY, WIDE, start=Status.FAILED)
    refuse_read(world)
    world.turn(due=["a0"])
    assert world.reason("a0") is Reason.CENTER_BLOCKED


def test_refused_again_it_stays_silent_and_waits_another_recheck() -> None:
    world = World(2, STEADY, WIDE)
    world.run(MINUTE)
    refuse_read(world)
    world.polling = False
    world.run(10 * MINUTE)
    refuse_read(world)
    assert len(at(world, EventKind.CENTER_BLOCKED)) == 1
    assert next_poll_at(world.fleet, KEY, world._situation(), world.now) == world.now + 10 * MINUTE


def test_a_read_asked_before_the_refusal_does_not_unblock() -> None:
    world = World(2, STEADY, WIDE)
    world.run(MINUTE)
    refuse_read(world)
    world.turn(Page(KEY, world.now - SECOND, world.now, dict(world.shown)))
    assert center(world).block is not None


def test_a_good_read_of_another_source_does_not_unblock() -> None:
    members = [member("a0", STEADY), member("a1", STEADY, source="flags")]
    world = World(members, limits=WIDE)
    world.run(MINUTE)
    refuse_read(world)
    world.turn(Page(KEY._replace(source="flags"), world.now + SECOND, world.now + SECOND, {}))
    assert center(world).block is not None


def test_reads_refused_after_a_restart_was_need_a_read_first_and_then_the_canary() -> None:
    world = blocked_by_restart()
    refuse_read(world)
    world.answer = answers(Accepted())
    world.run(9 * MINUTE)
    assert len(world.called()) == 2
    world.run(2 * MINUTE)
    assert len(world.called()) == 3
    assert len(at(world, EventKind.CENTER_UNBLOCKED)) == 1


def test_a_new_config_has_the_same_block() -> None:
    world = blocked_by_restart()
    world.reload(roster([member(id_, STEADY) for id_ in ids(20)], WIDE))
    assert world.reason("a0") is Reason.CENTER_BLOCKED


def test_a_failed_poll_of_a_source_that_nobody_asks_any_more_changes_nothing() -> None:
    world = World(2, STEADY, WIDE)
    world.run(MINUTE)
    before = center(world), len(world.events)
    gone = KEY._replace(source="flags")
    world.turn(PollFailed(gone, world.now, world.now, "refused", BlockCause.ARREARS, "10007"))
    assert (center(world), len(world.events)) == before
