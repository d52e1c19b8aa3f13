"""An instance that the config moves to another center while the daemon is down. Semantics 3, 7."""

from datetime import timedelta

import pytest

from builders import HOUR, MINUTE, SECOND, T0, World, member, roster
from center_support import START_FAILURE, STEADY, UNANSWERED, answers, episode
from scnet_watchdog.core.command import PlaceHold, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import Accepted, Outcome, OutcomeKind, Verdict

A0 = InstanceId("a0")
MOVED = roster([member("a0", STEADY, center="wuzhen"), member("a1", STEADY)])


def called(
    reply_after: timedelta = SECOND,
    outcome: Outcome = START_FAILURE,
) -> World:
    """a0's call goes at 30 s."""
    world = World(2, STEADY)
    world.show(Status.FAILED, "a0")
    world.answer = answers(outcome)
    world.reply_after = reply_after
    world.run(35 * SECOND)
    return world


def moves(world: World) -> None:
    """The daemon is down for a second, and its config names another center then."""
    world.roster = MOVED
    world.restart_daemon()


def test_its_counter_and_calls_go_on() -> None:
    world = called()
    moves(world)
    assert world.state("a0").facts.ledger.seq == 1
    world.run(3 * MINUTE)
    # A second row 1 could never be saved: the ledger has one already.
    assert [(key.seq, row.center) for key, row in sorted(world.rows.items())][1] == (2, "wuzhen")


def test_its_cooldown_is_not_cut_short() -> None:
    world = called()
    moves(world)
    world.run(3 * MINUTE)
    # Down again from 36 s: confirmed at 66 s, but the call at 30 s asks for 60 s.
    assert world.called()[1] == 90.0


def test_its_own_hold_stays() -> None:
    world = called()
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, "a0"), "ann", HOUR))
    moves(world)
    world.run(5 * MINUTE)
    assert world.reason("a0") is Reason.HELD
    assert len(world.calls) == 1


def test_its_open_call_is_unknown_and_the_next_one_waits_for_its_watch() -> None:
    world = called(reply_after=HOUR)
    moves(world)
    assert world.rows[min(world.rows)].outcome is OutcomeKind.UNKNOWN
    world.run(2 * MINUTE - SECOND)
    # Unknown at 36 s: not before 156 s.
    assert len(world.calls) == 1


def test_a_call_that_awaits_its_verdict_is_unjudged_and_still_asks_for_caution() -> None:
    world = called(outcome=UNANSWERED)
    moves(world)
    row = world.rows[min(world.rows)]
    assert (row.outcome, row.verdict) == (OutcomeKind.UNKNOWN, Verdict.UNJUDGED)
    assert episode(world, "a0").watches


@pytest.mark.parametrize("running", [True, False])
def test_it_is_a_newcomer_at_home_there_from_then_on(running: bool) -> None:
    world = called()
    if running:
        world.roster = MOVED
        world.reload(MOVED)
    else:
        moves(world)
    assert world.state("a0").center == "wuzhen"
    assert world.reason("a0") in (None, Reason.QUIET_START)
    assert world.stored[A0].center == "wuzhen"
    assert world.fleet.dormant == {}
    assert A0 not in world.fleet.indexes["kunshan"].unrest


def test_one_that_is_dropped_while_down_is_unjudged_and_found_again_with_its_hold() -> None:
    world = called(outcome=Accepted())
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, "a0"), "ann", HOUR))
    world.roster = roster([member("a1", STEADY)])
    world.restart_daemon()
    row = world.rows[min(world.rows)]
    assert (row.outcome, row.verdict) == (OutcomeKind.ACCEPTED, Verdict.UNJUDGED)
    world.reload(MOVED)
    world.run(MINUTE)
    assert world.reason("a0") is Reason.HELD
    assert world.state("a0").facts.ledger.seq == 1


@pytest.mark.parametrize("running", [True, False])
def test_its_calls_of_the_last_hour_count_where_it_is_now(running: bool) -> None:
    world = called(outcome=Accepted())
    if running:
        world.reload(MOVED)
    else:
        moves(world)
    assert world.fleet.indexes["wuzhen"].calls == [(T0 + 30 * SECOND, A0)]
