"""From the store's memory to a fleet: semantics 8, and the moments of 2."""

from dataclasses import replace
from datetime import timedelta

from builders import HOUR, MINUTE, SECOND, T0, World, ids, member, roster
from center_support import START_FAILURE, STEADY, UNANSWERED, answers, center, episode
from scnet_watchdog.core.attempt import Attempt, AttemptKey
from scnet_watchdog.core.change import Memory, StoredInstance
from scnet_watchdog.core.command import Hold, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.resume import past, resume
from scnet_watchdog.core.state import Call, Care, Facts, Ledger, Order, Row, Watch

A0 = InstanceId("a0")
ONE = roster([member("a0", STEADY)])
OPEN = Attempt(A0, 3, "kunshan", 1, 1, Reason.STOPPED, Status.STOPPED, T0, T0)


def on_the_wire() -> World:
    """The call at 30 s has no answer yet."""
    world = World(1, STEADY, start=Status.FAILED)
    world.reply_after = HOUR
    world.run(40 * SECOND)
    return world


def test_an_open_attempt_becomes_unknown_and_its_call_is_not_repeated_before_the_watch() -> None:
    world = on_the_wire()
    world.restart_daemon(20 * SECOND)
    row = next(iter(world.rows.values()))
    assert row.outcome is OutcomeKind.UNKNOWN
    assert row.settled_at == T0 + 60 * SECOND
    assert world.reason() is Reason.VERIFYING
    world.reply_after = SECOND
    world.run(100 * SECOND)
    assert world.called() == [30.0]
    world.run(2 * MINUTE)
    # Watched for 120 s from 60 s on: it did not help, and the second goes.
    assert next(iter(world.rows.values())).verdict is Verdict.DID_NOT_HELP
    assert len(world.called()) == 2


def test_a_call_that_had_acted_is_found_to_have_recovered() -> None:
    world = on_the_wire()
    world.show(Status.RUNNING)
    world.restart_daemon(20 * SECOND)
    world.run(MINUTE)
    assert next(iter(world.rows.values())).verdict is Verdict.RECOVERED
    assert world.called() == [30.0]


def test_everyone_must_be_seen_before_anything_is_done() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.run(20 * SECOND)
    world.restart_daemon()
    world.polling = False
    world.run(HOUR)
    assert world.called() == []
    world.polling = True
    world.run(SECOND)
    # Seen, but what was seen before the start confirms nothing.
    assert world.reason() is Reason.CONFIRMING
    world.run(40 * SECOND)
    assert len(world.called()) == 1


def test_cooldown_failures_and_windows_survive() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(START_FAILURE)
    world.run(100 * SECOND)
    assert world.called() == [30.0, 90.0]
    world.restart_daemon()
    world.run(108 * SECOND)
    assert len(world.called()) == 2
    world.run(30 * SECOND)
    # 90 + 120 = 210 s.
    assert world.called()[2] == 210.0
    assert episode(world).failures == 3
    assert len(world.fleet.indexes["kunshan"].calls) == 3


def test_an_open_row_that_no_state_knows_of_is_settled_alone() -> None:
    fleet, change = resume(Memory(open=(OPEN,)), ONE, T0 + HOUR)
    settled = change.attempts[0]
    assert (settled.key, settled.outcome) == (AttemptKey(A0, 3), OutcomeKind.UNKNOWN)
    assert fleet.instances[A0].facts.care.watch is None


def test_an_open_row_of_an_instance_that_is_no_longer_watched_is_unjudged() -> None:
    stored = StoredInstance(
        A0, "kunshan", Facts(Status.STOPPED, T0, ledger=Ledger(3), care=Care(watch=Watch(OPEN)))
    )
    other = roster([member("a1", STEADY)])
    fleet, change = resume(Memory((stored,), open=(OPEN,)), other, T0 + HOUR)
    assert change.attempts[0].verdict is Verdict.UNJUDGED
    kept = fleet.dormant[A0].facts.care
    assert kept.watch is None
    assert kept.episode is not None
    assert kept.episode.watches


def test_instances_of_the_roster_that_nothing_is_stored_of_begin_unseen() -> None:
    fleet, change = resume(Memory(fresh=True), roster([member(i, STEADY) for i in ids(3)]), T0)
    assert all(one.facts == Facts() for one in fleet.instances.values())
    assert change.empty


def test_moments_that_lie_in_the_future_are_cut_to_now() -> None:
    later = T0 + 3 * HOUR
    care = Care(order=Order(later, "ann"), running_since=later)
    facts = Facts(Status.STOPPED, later, ledger=Ledger(1, 1, (Call(later),)), care=care)
    cut = past(StoredInstance(A0, "kunshan", facts), T0).facts
    assert cut.since == T0
    assert cut.ledger.calls == (Call(T0),)
    assert cut.care.order == Order(T0, "ann")


def test_a_value_without_future_moments_is_the_same_object() -> None:
    row = Row(2, T0, T0)
    assert past(row, T0) is row
    assert past((row, Status.RUNNING, None, timedelta(1)), T0) == (
        row,
        Status.RUNNING,
        None,
        timedelta(1),
    )


def test_a_hold_is_never_longer_than_its_length_after_the_clock_went_back() -> None:
    hold = Hold(Scope(ScopeKind.FLEET), T0 + 10 * HOUR, HOUR, author="ann")
    fleet, _ = resume(Memory(holds=(hold,)), ONE, T0)
    assert fleet.holds[hold.scope].ends_at == T0 + HOUR


def test_scopes_keep_their_names() -> None:
    hold = Hold(Scope(ScopeKind.CENTER, "kunshan"), T0 + HOUR, HOUR)
    assert past(hold, T0).scope == hold.scope


def test_a_restart_in_the_middle_of_a_watch_does_not_begin_it_anew() -> None:
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(UNANSWERED)
    world.run(90 * SECOND)
    world.restart_daemon()
    world.run(2 * MINUTE)
    told = world.told(EventKind.RESTART_DID_NOT_HELP)
    # Unanswered at 31 s, watched until 151 s.
    assert [151 <= (one.at - T0).total_seconds() <= 165 for one in told] == [True]


def test_a_center_that_the_roster_does_not_name_is_kept_as_it_was() -> None:
    world = World(1, STEADY)
    world.run(SECOND)
    old = replace(center(world), name="wuzhen")
    left = StoredInstance(InstanceId("zz"), "wuzhen", Facts(ledger=Ledger(1, 1, (Call(T0),))))
    fleet, _ = resume(Memory((left,), (old,)), ONE, T0)
    assert fleet.centers["wuzhen"] == old
    assert "wuzhen" not in fleet.indexes
