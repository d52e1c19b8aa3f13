"""A new config: state is kept, deadlines are computed anew. Semantics 7."""

from dataclasses import replace

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, World, ids, member, roster
from center_support import (
    ARREARS,
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
from scnet_watchdog.core.command import PlaceHold, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, SourceKey, Status
from scnet_watchdog.core.outcome import Accepted, Outcome, OutcomeKind, Verdict
from scnet_watchdog.core.policy import Cooldown, Limits, Mode, Policy
from scnet_watchdog.core.state import BreakerState

A0 = InstanceId("a0")
BOTH = roster([member("a0", STEADY), member("a1", STEADY)])
WITHOUT = roster([member("a1", STEADY)])


def called(outcome: Outcome = Accepted()) -> World:  # noqa: B008 - a value
    """a0's call is on the wire: saved at 30 s, answered at 40 s."""
    world = World(2, STEADY, start=Status.RUNNING)
    world.show(Status.FAILED, "a0")
    world.answer = answers(outcome)
    world.reply_after = 10 * SECOND
    world.run(32 * SECOND)
    return world


def row(world: World, seq: int = 1) -> tuple[OutcomeKind | None, Verdict | None]:
    """How a0's attempt ended."""
    found = world.rows[next(key for key in world.rows if key.seq == seq)]
    return found.outcome, found.verdict


# Removal.


@pytest.mark.parametrize("outcome", [Accepted(), UNANSWERED])
def test_the_call_of_a_removed_instance_ends_and_is_settled_and_unjudged(outcome: Outcome) -> None:
    world = called(outcome)
    world.reload(WITHOUT)
    assert row(world) == (None, None)
    world.run(MINUTE)
    kind = OutcomeKind.ACCEPTED if isinstance(outcome, Accepted) else OutcomeKind.UNKNOWN
    assert row(world) == (kind, Verdict.UNJUDGED)


def test_one_that_is_refused_is_settled_and_needs_no_verdict() -> None:
    world = called(START_FAILURE)
    world.reload(WITHOUT)
    world.run(MINUTE)
    assert row(world) == (OutcomeKind.REFUSED, None)


def test_a_settled_attempt_of_a_removed_instance_is_unjudged_at_once() -> None:
    world = called()
    world.run(10 * SECOND)
    world.reload(WITHOUT)
    assert row(world) == (OutcomeKind.ACCEPTED, Verdict.UNJUDGED)


def test_its_state_is_kept_and_found_again_by_its_id() -> None:
    world = called()
    heals(world)
    world.run(10 * SECOND)
    world.turn(PlaceHold(Scope(ScopeKind.INSTANCE, "a0"), "ann", HOUR))
    world.reload(WITHOUT)
    world.run(MINUTE)
    world.restart_daemon()
    world.reload(BOTH)
    world.show(Status.FAILED, "a0")
    world.run(2 * MINUTE)
    assert world.reason("a0") is Reason.HELD
    world.run(HOUR)
    # The next attempt is the second: the counter is never reset.
    assert max(key.seq for key in world.rows if key.instance == A0) == 2


def test_its_counter_goes_on_when_it_comes_back_running() -> None:
    world = called()
    world.run(15 * SECOND)
    world.reload(WITHOUT)
    world.reload(BOTH)
    world.run(MINUTE)
    assert world.state("a0").facts.ledger.seq == 1
    assert len(world.state("a0").facts.ledger.calls) == 1


@pytest.mark.parametrize("outcome", [Accepted(), START_FAILURE, NOT_SENT, UNANSWERED, ARREARS])
def test_removed_and_watched_again_while_its_call_is_on_the_wire(outcome: Outcome) -> None:
    world = called(outcome)
    world.reload(WITHOUT)
    world.reload(BOTH)
    world.show(Status.FAILED, "a0")
    world.run(MINUTE)
    assert row(world)[0] is not None
    # Never before the cooldown of 60 s from the saved attempt.
    assert all(moment >= 90.0 for moment in world.called()[1:])


def test_removed_and_watched_again_over_a_restart_its_lost_call_is_unknown() -> None:
    world = called()
    world.reload(WITHOUT)
    world.roster = BOTH
    world.shown[A0] = Status.FAILED
    world.restart_daemon()
    assert row(world)[0] is OutcomeKind.UNKNOWN
    world.run(100 * SECOND)
    assert len(world.calls) == 1


@pytest.mark.parametrize("when", [5 * SECOND, 20 * SECOND])
def test_an_unknown_call_still_asks_for_its_watch_and_reads_after_the_return(
    when: object,
) -> None:
    world = called(UNANSWERED)
    world.run(when)  # type: ignore[arg-type]
    world.reload(WITHOUT)
    world.run(20 * SECOND - when)  # type: ignore[operator]
    world.reload(BOTH)
    world.show(Status.FAILED, "a0")
    world.run(100 * SECOND)
    # Unknown at 40 s: not before 160 s, though it is confirmed after 90 s.
    assert len(world.calls) == 1
    assert world.reason("a0") is Reason.COOLING_DOWN
    world.run(30 * SECOND)
    assert len(world.calls) == 2


def test_the_caution_after_a_platform_error_outlives_a_removal_too() -> None:
    world = called(PLATFORM)
    world.run(20 * SECOND)
    reads = episode(world, "a0").reads
    world.reload(WITHOUT)
    world.reload(BOTH)
    assert episode(world, "a0").cautious_from is not None
    assert episode(world, "a0").reads == reads


def test_an_episode_ends_by_removal() -> None:
    world = World(2, STEADY)
    world.show(Status.FAILED, "a0")
    world.answer = answers(START_FAILURE)
    world.run(5 * MINUTE)
    assert episode(world, "a0").breaker is BreakerState.OPEN
    world.reload(WITHOUT)
    world.reload(BOTH)
    got = episode(world, "a0")
    assert (got.failures, got.openings, got.breaker) == (0, 0, BreakerState.CLOSED)


def test_dropping_an_instance_and_naming_it_again_brings_no_call_forward() -> None:
    world = called(START_FAILURE)
    world.run(12 * SECOND)
    world.reload(WITHOUT)
    world.reload(BOTH)
    world.show(Status.FAILED, "a0")
    world.run(2 * MINUTE)
    # Back at 44 s and confirmed at 74 s; the cooldown of the call at 30 s ends at 90 s.
    assert world.called()[1] == 90.0


# Newcomers.


def test_newcomers_are_looked_at_before_anything_is_done() -> None:
    world = World(1, STEADY)
    world.run(MINUTE)
    world.reload(BOTH)
    assert world.reason("a1") is Reason.QUIET_START
    world.show(Status.FAILED, "a1")
    world.run(SECOND)
    before = len(world.told(EventKind.FLEET_FIRST_LOOK))
    world.run(30 * SECOND)
    looks = world.told(EventKind.FLEET_FIRST_LOOK)
    assert len(looks) == before + 1
    # Told of the newcomer alone.
    assert looks[-1].fields["instances"] == 1
    assert looks[-1].fields["restarts"] == ["a1"]


def test_an_instance_that_moves_to_another_center_is_a_newcomer_there() -> None:
    world = called()
    world.run(10 * SECOND)
    moved = roster([member("a0", STEADY, center="wuzhen"), member("a1", STEADY)])
    world.reload(moved)
    assert row(world) == (OutcomeKind.ACCEPTED, Verdict.UNJUDGED)
    assert world.reason("a0") is Reason.QUIET_START
    world.show(Status.FAILED, "a0")
    world.run(3 * MINUTE)
    assert world.rows[max(world.rows)].center == "wuzhen"
    assert world.rows[max(world.rows)].seq == 2


def test_an_instance_that_gets_another_source_must_be_seen_by_it() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.run(20 * SECOND)
    world.reload(roster([member("a0", STEADY, source="flags")]))
    assert world.reason() is Reason.QUIET_START
    world.run(25 * SECOND)
    assert world.called() == []
    assert SourceKey("flags", CENTER) in world.fleet.sources
    assert KEY not in world.fleet.sources


# Knobs.


def test_a_shorter_cooldown_acts_at_once() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(3 * MINUTE)
    # Calls at 30 and 90 s; the next were due at 210 s.
    quick = replace(STEADY, cooldown=Cooldown(60 * SECOND, 1.0, 60 * SECOND, 0.0))
    world.reload(roster([member("a0", quick)]))
    assert world.called() == [30.0, 90.0, 180.0]


def test_what_is_restartable_is_confirmed_anew_under_the_new_rule() -> None:
    world = World(1, STEADY, start=Status.COMPLETED)
    world.run(5 * MINUTE)
    assert world.reason() is Reason.NOT_RESTARTABLE
    more = replace(STEADY, restart_on=frozenset({Status.COMPLETED}))
    world.reload(roster([member("a0", more)]))
    assert world.reason() is Reason.CONFIRMING
    world.run(MINUTE)
    assert len(world.called()) == 1


def test_watch_only_stops_restarts_and_active_begins_them() -> None:
    world = World(1, replace(STEADY, mode=Mode.WATCH), start=Status.FAILED)
    world.run(5 * MINUTE)
    assert world.reason() is Reason.WATCH_ONLY
    world.reload(roster([member("a0", STEADY)]))
    world.run(SECOND)
    assert len(world.called()) == 1


def test_nothing_changed_changes_nothing() -> None:
    world = World(2, STEADY, start=Status.FAILED)
    world.run(2 * MINUTE)
    before = [world.state(id_) for id_ in ids(2)], center(world), len(world.events)
    world.reload(BOTH)
    assert ([world.state(id_) for id_ in ids(2)], center(world), len(world.events)) == before


def test_holds_breakers_and_blocks_survive() -> None:
    world = World(2, STEADY, start=Status.FAILED)
    world.answer = answers(ARREARS)
    world.run(MINUTE)
    world.turn(PlaceHold(Scope(ScopeKind.FLEET), "ann"))
    world.reload(roster([member("a0", Policy()), member("a1", Policy())]))
    assert center(world).block is not None
    assert world.reason("a0") is Reason.HELD


def test_a_center_that_is_gone_takes_its_instances_along() -> None:
    here, there = member("a0", STEADY), member("a1", STEADY, center="wuzhen")
    world = World([here, there])
    world.run(MINUTE)
    world.reload(roster([here]))
    world.run(5 * MINUTE)
    assert set(world.fleet.instances) == {A0}
    world.reload(roster([here, there]))
    world.run(MINUTE)
    assert world.reason("a1") is Reason.HEALTHY


def test_new_limits_of_a_center_act_at_once() -> None:
    calm = Limits(1)
    world = World(2, STEADY, calm, start=Status.FAILED)
    world.run(MINUTE)
    assert len(world.called()) == 1
    world.reload(roster([member("a0", STEADY), member("a1", STEADY)], Limits(2)))
    assert len(world.called()) == 2


def test_the_first_answer_after_a_reload_is_told_once() -> None:
    world = World(1, STEADY)
    world.run(MINUTE)
    world.reload(BOTH)
    world.run(5 * MINUTE)
    assert len(at(world, EventKind.FLEET_FIRST_LOOK)) == 2
