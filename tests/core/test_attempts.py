"""How a call ended and what later reads make of it, told as stories."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import HOUR, KEY, MINUTE, SECOND, T0, World
from scnet_watchdog.core.attempt import Attempt, AttemptKey
from scnet_watchdog.core.backoff import grown, spread, wait_after
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.inputs import CallEnded
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.outcome import (
    Accepted,
    NotSent,
    Outcome,
    OutcomeKind,
    RefusalClass,
    Refused,
    Unanswered,
    Verdict,
)
from scnet_watchdog.core.policy import BreakerPolicy, Cooldown, Policy
from scnet_watchdog.core.state import BreakerState

A0 = InstanceId("a0")
CONSTANT = Policy(cooldown=Cooldown(60 * SECOND, 1, 60 * SECOND, 0))
PLATFORM = Refused(RefusalClass.PLATFORM, "10001", "internal")
START_FAILED = Refused(RefusalClass.PLATFORM, "716868", "start failed")


def failing(answer: Outcome, policy: Policy = CONSTANT) -> World:
    """An instance that fails at 60 s, and a platform that always answers so."""
    world = World(1, policy)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.answer = lambda attempt: answer
    return world


def last(world: World) -> Attempt:
    """The youngest attempt that has an outcome."""
    return max((row for row in world.rows.values() if row.outcome), key=lambda row: row.seq)


def verdicts(world: World) -> list[Verdict | None]:
    return [row.verdict for _, row in sorted(world.rows.items())]


# Backoff.


def test_the_wait_grows_to_its_cap_and_is_spread_by_a_hash() -> None:
    cooldown = Cooldown(60 * SECOND, 2, 15 * MINUTE, 0.25)
    bases = [60, 120, 240, 480, 900, 900]
    for n, base in enumerate(bases, 1):
        wait = wait_after(n, cooldown, "a0", n).total_seconds()
        assert base <= wait < base * 1.25
        assert wait == wait_after(n, cooldown, "a0", n).total_seconds()
    assert wait_after(0, cooldown, "a0", 1) == timedelta()
    assert 0 <= spread("a0", 1) < 1
    assert spread("a0", 1) != spread("a0", 2)


def test_growth_neither_overflows_nor_begins_at_nothing() -> None:
    assert grown(SECOND, 1000, 10**6, HOUR) == HOUR
    assert grown(SECOND, 1, 10**6, HOUR) == SECOND
    assert grown(2 * HOUR, 2, 0, HOUR) == HOUR


# Outcomes.


def test_a_start_failure_counts_waits_and_keeps_its_confirmation() -> None:
    world = failing(START_FAILED)
    world.run(2 * MINUTE)
    # Confirmed at 120 s; the next 60 s after the saved attempt, not after its answer.
    assert world.called() == [120.0, 180.0]
    assert last(world).refusal is RefusalClass.START_FAILURE
    assert world.told(EventKind.RESTART_REFUSED)[0].fields["class"] is RefusalClass.START_FAILURE


def test_breaker_codes_win_over_the_table() -> None:
    codes = frozenset({"10012", "10001"})
    policy = replace(CONSTANT, breaker=BreakerPolicy(codes=codes))
    for answer in (Unanswered("interrupted", "10012"), PLATFORM):
        world = failing(answer, policy)
        world.run(2 * MINUTE)
        assert last(world).refusal is RefusalClass.START_FAILURE
    world = failing(START_FAILED, policy)
    world.run(2 * MINUTE)
    assert last(world).refusal is RefusalClass.PLATFORM


def test_after_a_platform_error_the_next_call_waits_for_three_good_reads() -> None:
    world = failing(PLATFORM, replace(CONSTANT, cooldown=Cooldown(SECOND, 1, SECOND, 0)))
    world.run(MINUTE + 30 * SECOND)
    # Called at 120 s, answered at 121; reads at 130, 140, 150 (fast polls are over: 30 s apart).
    first, second, *_ = world.called()
    assert first == 120.0
    reads = sum(1 for _ in range(3))
    assert second >= first + 1 + 10 * (reads - 1)
    assert world.state().facts.care.episode is not None


def test_a_call_that_was_not_sent_grows_the_wait_but_not_the_number_nor_the_budget() -> None:
    world = failing(NotSent("refused"), Policy(cooldown=Cooldown(60 * SECOND, 2, HOUR, 0)))
    world.run(7 * MINUTE)
    # Waits of 60, 120 and 240 s after the attempts.
    assert world.called() == [120.0, 180.0, 300.0]
    assert {row.number for row in world.rows.values()} == {1}
    assert world.state().facts.ledger.calls == ()
    world.answer = lambda attempt: Accepted()
    world.run(5 * MINUTE)
    episode = world.state().facts.care.episode
    assert episode is not None
    assert (episode.attempts, episode.not_sent) == (1, 0)


def test_an_outcome_that_was_settled_before_changes_nothing() -> None:
    world = failing(PLATFORM)
    world.run(110 * SECOND)
    key = last(world).key
    before = world.state()
    world.turn(CallEnded(key, Accepted(), world.now))
    world.turn(CallEnded(AttemptKey(A0, 99), Accepted(), world.now))
    assert world.state() == before


def test_another_id_in_the_answer_is_told_and_kept() -> None:
    world = failing(Accepted("other-id"))
    world.run(MINUTE + 5 * SECOND)
    (accepted,) = world.told(EventKind.RESTART_ACCEPTED)
    assert accepted.fields["returned_id"] == "other-id"
    assert last(world).returned_id == "other-id"


# Verdicts.


def test_accepted_and_running_is_recovered() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(2 * MINUTE)
    assert verdicts(world) == [Verdict.RECOVERED]


def test_a_stale_list_after_an_accepted_call_proves_nothing() -> None:
    """For 20 s after the call the list still shows what was."""
    world = failing(Accepted())
    world.run(MINUTE + 5 * SECOND)
    for second in (130, 140):
        world.now = T0 + second * SECOND
        world.poll()
    assert verdicts(world) == [None]
    assert world.reason() is Reason.VERIFYING
    world.show(Status.RUNNING)
    world.run(30 * SECOND)
    assert verdicts(world) == [Verdict.RECOVERED]
    assert len(world.calls) == 1


def test_a_read_asked_before_the_reply_gives_no_verdict() -> None:
    world = failing(Accepted())
    world.run(MINUTE + 5 * SECOND)
    settled = last(world).settled_at
    assert settled is not None
    world.now = settled + 5 * SECOND
    world.turn(Page(KEY, settled, world.now, {A0: Status.RUNNING}))
    assert verdicts(world) == [None]
    # But the place in flight is free: it left.
    watch = world.state().facts.care.watch
    assert watch is not None
    assert not watch.slot


def test_accepted_but_never_left_did_not_help_after_the_deadline() -> None:
    world = failing(Accepted())
    world.run(11 * MINUTE)
    assert verdicts(world)[:1] == [None]
    world.run(2 * MINUTE)
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP
    episode = world.state().facts.care.episode
    assert episode is not None
    assert episode.failures == 1


def test_left_and_failed_again_did_not_help_once_confirmed() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    world.run(90 * SECOND)
    world.show(Status.FAILED)
    world.run(20 * SECOND)
    assert verdicts(world) == [None]
    world.run(40 * SECOND)
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP


def test_waiting_for_capacity_stops_the_deadline_warns_and_is_stuck() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.WAITING)
    world.run(70 * MINUTE)
    warn, critical = world.told(EventKind.RESTART_STUCK_WAITING)
    assert (warn.loudness, warn.fields["alarm"]) == (Level.WARNING, "warn")
    assert (critical.loudness, critical.fields["alarm"]) == (Level.ERROR, "critical")
    assert verdicts(world) == [Verdict.STUCK_WAITING]
    assert world.reason() is Reason.STUCK_WAITING
    assert len(world.calls) == 1
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.RECOVERED]


def test_stuck_waiting_is_replaced_by_a_failure_too() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.WAITING)
    world.run(70 * MINUTE)
    world.show(Status.FAILED)
    world.run(MINUTE)
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP


def test_deploying_past_the_deadline_is_taken_back_when_it_runs() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    world.run(13 * MINUTE)
    assert verdicts(world) == [Verdict.DID_NOT_HELP]
    episode = world.state().facts.care.episode
    assert episode is not None
    assert episode.failures == 1
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.RECOVERED]
    episode = world.state().facts.care.episode
    assert episode is not None
    assert episode.failures == 0
    assert len(world.calls) == 1


def test_an_opening_that_an_overdue_start_alone_caused_is_taken_back() -> None:
    world = failing(Accepted(), replace(CONSTANT, breaker=BreakerPolicy(threshold=1)))
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    world.run(13 * MINUTE)
    assert len(world.told(EventKind.BREAKER_OPENED)) == 1
    world.show(Status.RUNNING)
    world.run(MINUTE)
    episode = world.state().facts.care.episode
    assert episode is not None
    assert (episode.breaker, episode.openings) == (BreakerState.CLOSED, 0)


def test_an_overdue_start_that_fails_in_the_end_stays_one_failure() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    world.run(13 * MINUTE)
    world.show(Status.FAILED)
    # Overdue, it is polled at the usual pace again.
    world.run(35 * SECOND)
    episode = world.state().facts.care.episode
    assert episode is not None
    assert episode.failures == 1
    assert world.state().facts.care.watch is None


def test_accepted_running_failed_after_five_minutes_three_times_opens_the_breaker() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.RUNNING)

    def dies(w: World) -> None:
        running = w.state().facts.care.running_since
        if running is not None and w.now - running >= 5 * MINUTE:
            w.show(Status.FAILED)

    world.run(25 * MINUTE, dies)
    assert verdicts(world)[:3] == [Verdict.RELAPSED] * 3
    (opened,) = world.told(EventKind.BREAKER_OPENED)
    assert opened.fields["failures"] == 3
    assert world.reason() is Reason.BREAKER_OPEN
    assert len(world.calls) == 3


def test_an_unknown_call_that_left_is_as_accepted() -> None:
    world = failing(Unanswered("time-out"))
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(2 * MINUTE)
    assert last(world).outcome is OutcomeKind.UNKNOWN
    assert verdicts(world) == [Verdict.RECOVERED]


def test_an_unknown_call_is_never_repeated_before_its_watch_is_over() -> None:
    world = failing(Unanswered("time-out"))
    world.run(MINUTE + 5 * SECOND)
    world.run(110 * SECOND)
    assert len(world.calls) == 1
    world.run(30 * SECOND)
    # Called at 120, settled at 121: judged by the first read asked at 241 or later.
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP
    assert world.called()[1] >= 241.0
    episode = world.state().facts.care.episode
    assert episode is not None
    # Counted to cooldown and budget, to no breaker.
    assert episode.failures == 0
    assert len(world.state().facts.ledger.calls) >= 1


def test_a_lost_call_of_a_dead_daemon_is_unknown_and_watched() -> None:
    world = failing(Accepted())
    world.run(MINUTE + SECOND / 2)
    assert world.called() == [120.0]
    world.restart_daemon()
    assert len(world.told(EventKind.RESTART_UNKNOWN)) == 1
    world.run(110 * SECOND)
    assert len(world.calls) == 1


def test_missing_after_the_call_is_unjudged_and_ends_no_watch() -> None:
    world = failing(
        Unanswered("time-out"), replace(CONSTANT, cooldown=Cooldown(SECOND, 1, SECOND, 0))
    )
    world.run(MINUTE + 5 * SECOND)
    world.show(Status.MISSING)
    world.run(20 * SECOND)
    assert verdicts(world) == [Verdict.UNJUDGED]
    world.show(Status.FAILED)
    world.run(60 * SECOND)
    # Confirmed by now, but the unknown call's 120 s are not over.
    assert len(world.calls) == 1
    world.run(90 * SECOND)
    assert len(world.calls) == 2


def test_completed_after_the_call_is_success_where_it_is_not_restartable() -> None:
    world = failing(Accepted())
    world.on_call = lambda attempt: world.show(Status.COMPLETED)
    world.run(2 * MINUTE)
    assert verdicts(world) == [Verdict.RECOVERED]
    assert world.state().facts.care.episode is None
    assert world.reason() is Reason.NOT_RESTARTABLE
    assert not world.told(EventKind.RESTART_RELAPSED)


def test_completed_where_it_is_restartable_did_not_help() -> None:
    everything = frozenset({Status.STOPPED, Status.FAILED, Status.COMPLETED})
    world = failing(Accepted(), replace(CONSTANT, restart_on=everything))
    world.on_call = lambda attempt: world.show(Status.DEPLOYING)
    world.run(80 * SECOND)
    world.show(Status.COMPLETED)
    world.run(MINUTE)
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP


def test_the_budget_is_ten_a_day_then_one_an_hour() -> None:
    quick = Policy(cooldown=Cooldown(SECOND, 1, SECOND, 0), breaker=BreakerPolicy(threshold=1000))
    world = failing(START_FAILED, quick)
    world.run(2 * HOUR)
    assert len(world.told(EventKind.BUDGET_SPENT)) == 1
    times = world.called()
    # Ten at once, then one an hour: the second hour ends before the twelfth.
    assert len(times) == 11
    assert times[10] - times[9] >= 3600
    assert world.reason() is Reason.BUDGET_SPENT


@pytest.mark.parametrize(
    "answer",
    [
        Refused(RefusalClass.THROTTLED, "http_429"),
        Refused(RefusalClass.ACCOUNT, "10007"),
        NotSent("no route"),
        PLATFORM,
        Refused(RefusalClass.INVALID, "10004"),
    ],
)
def test_calls_that_started_nothing_are_given_back(answer: Outcome) -> None:
    world = failing(answer)
    world.run(MINUTE + 5 * SECOND)
    assert len(world.calls) == 1
    assert world.state().facts.ledger.calls == ()
    assert world.fleet.indexes[KEY.center].calls == []


def test_throttled_and_account_neither_wait_nor_count() -> None:
    for kind in (RefusalClass.THROTTLED, RefusalClass.ACCOUNT):
        world = failing(Refused(kind, "x", retry_after=5 * SECOND))
        world.run(MINUTE + 5 * SECOND)
        episode = world.state().facts.care.episode
        assert episode is not None
        assert (episode.attempts, episode.waits_from) == (0, None)


def test_a_call_that_outlives_the_episode_it_belongs_to_is_settled_all_the_same() -> None:
    """Somebody started the instance meanwhile, and it was stable before the answer came."""
    world = World(1, replace(CONSTANT, stable_after=30 * SECOND), reply_after=150 * SECOND)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(MINUTE)
    world.run(MINUTE + 20 * SECOND)
    assert len(world.told(EventKind.INSTANCE_STABLE)) == 1
    world.run(3 * MINUTE)
    assert verdicts(world) == [Verdict.RECOVERED]
    assert world.state().at_rest


def test_a_permanent_start_failure_costs_nine_calls_the_first_day_and_four_a_day_later() -> None:
    """The bill that `docs/operations.md` names."""
    world = failing(START_FAILED, Policy())
    world.run(72 * HOUR)
    days = [int(second // 86_400) for second in world.called()]
    assert [days.count(day) for day in range(3)] == [9, 4, 4]
