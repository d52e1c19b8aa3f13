"""Semantics 3, what became of a call: the rare ends, and the moments between two reads."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, KEY, MINUTE, SECOND, T0, World
from center_support import EAGER, START_FAILURE, STEADY, UNANSWERED, answers, episode, in_turn
from scnet_watchdog.core.command import Reset, RestartNow, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.explain import explain
from scnet_watchdog.core.inputs import Situation
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.core.outcome import Accepted, Outcome, Verdict
from scnet_watchdog.core.policy import Budget, Confirm, Cooldown, Policy, UnknownOutcome
from scnet_watchdog.core.state import BreakerState

A0 = InstanceId("a0")
AT_ONCE = replace(EAGER, confirm=Confirm(1, timedelta()))
"""One read confirms, ten seconds between attempts."""


def verdicts(world: World) -> list[Verdict | None]:
    """The verdicts of all attempts, in order."""
    return [row.verdict for _, row in sorted(world.rows.items())]


def called(policy: Policy = STEADY, outcome: Outcome | None = None) -> World:
    """Failed from the start; called at 30 s, answered at 31 s."""
    world = World(1, policy, start=Status.FAILED)
    world.answer = answers(outcome or Accepted())
    world.run(35 * SECOND)
    assert len(world.calls) == 1
    return world


# Left.


@pytest.mark.parametrize("status", [Status.RUNNING, Status.WAITING, Status.COMPLETED])
def test_a_poll_begun_after_the_call_frees_the_place_even_before_the_reply(status: Status) -> None:
    """A `completed` that is not restartable, and was not what it began from, shows it too."""
    world = World(1, AT_ONCE, start=Status.FAILED)
    world.reply_after = MINUTE
    world.run(SECOND)
    assert world.fleet.indexes[CENTER].busy == {A0}
    world.now += SECOND
    world.turn(Page(KEY, world.now, world.now, {A0: status}))
    assert world.fleet.indexes[CENTER].busy == set()
    # But it proves nothing: the verdict waits for a read begun after the reply.
    assert verdicts(world) == [None]


@pytest.mark.parametrize("status", [Status.STOPPED, Status.MISSING])
def test_another_down_status_or_none_at_all_is_not_left(status: Status) -> None:
    world = called()
    world.show(status)
    world.run(10 * SECOND)
    watch = world.state().facts.care.watch
    assert watch is None or not watch.left


def test_an_unknown_status_after_the_call_is_left() -> None:
    """Unanswered, then a word we do not know, then failed: it did act, so it is a start failure."""
    world = called(STEADY, UNANSWERED)
    world.show(Status.UNKNOWN)
    world.run(10 * SECOND)
    world.show(Status.FAILED)
    world.run(MINUTE)
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP
    assert episode(world).failures == 1


# Completed.


def ordered_job() -> World:
    """A completed job whose owner restarted it by hand at 60 s; it is deploying now."""
    world = World(1, STEADY, start=Status.COMPLETED)
    world.run(MINUTE)
    world.turn(RestartNow(A0, "ann"))
    world.run(5 * SECOND)
    world.show(Status.DEPLOYING)
    world.run(30 * SECOND)
    return world


def test_a_restarted_job_that_is_completed_again_is_judged_all_the_same() -> None:
    """It began from `completed`, so that shows no success; nor may it be watched for ever."""
    world = ordered_job()
    world.show(Status.COMPLETED)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.DID_NOT_HELP]
    assert world.reason() is Reason.NOT_RESTARTABLE
    world.turn(RestartNow(A0, "ann"))
    world.run(5 * SECOND)
    assert len(world.calls) == 2


def test_one_completed_read_is_not_enough_for_that() -> None:
    world = ordered_job()
    world.show(Status.COMPLETED)
    world.run(10 * SECOND)
    assert verdicts(world) == [None]


def test_a_job_seen_running_and_then_completed_has_recovered_and_not_relapsed() -> None:
    world = ordered_job()
    world.show(Status.RUNNING)
    world.run(30 * SECOND)
    world.show(Status.COMPLETED)
    world.run(5 * MINUTE)
    assert verdicts(world) == [Verdict.RECOVERED]
    assert not world.told(EventKind.RESTART_RELAPSED)
    assert world.state().facts.care.episode is None


# Start deadline.


def test_the_deadline_stands_still_while_waiting_and_goes_on_after_it() -> None:
    """Deploying 5 min, waiting 30 min, deploying again: overdue after five more minutes."""
    world = called()
    world.show(Status.DEPLOYING)
    world.run(5 * MINUTE)
    world.show(Status.WAITING)
    world.run(30 * MINUTE)
    world.show(Status.DEPLOYING)
    world.run(4 * MINUTE)
    assert verdicts(world) == [None]
    world.run(2 * MINUTE)
    assert verdicts(world) == [Verdict.DID_NOT_HELP]


def test_a_deadline_that_passes_while_nobody_looks_gives_no_verdict() -> None:
    world = called()
    world.polling = False
    world.run(HOUR)
    assert verdicts(world) == [None]
    world.show(Status.RUNNING)
    world.polling = True
    world.run(MINUTE)
    # The first good read after it speaks, and shows that it helped.
    assert verdicts(world) == [Verdict.RECOVERED]
    assert episode(world).failures == 0


def test_the_deadline_of_a_call_without_an_answer_runs_from_the_call() -> None:
    """Saved at 30 s, time-out at 130 s, deploying since: overdue at 630 s, not at 730 s."""
    world = World(1, STEADY, start=Status.FAILED)
    world.answer = answers(UNANSWERED)
    world.reply_after = 100 * SECOND
    world.run(31 * SECOND)
    world.show(Status.DEPLOYING)
    world.run(T0 + 620 * SECOND - world.now)
    assert verdicts(world) == [None]
    world.run(40 * SECOND)
    assert verdicts(world) == [Verdict.DID_NOT_HELP]
    # It acted, so it is a start failure like that of an accepted call.
    assert episode(world).failures == 1


def test_down_past_the_deadline_is_confirmed_like_any_other() -> None:
    """Deploying almost to the deadline; the first failed read comes after it."""
    world = called()
    world.show(Status.DEPLOYING)
    # Answered at 31 s, so the deadline is 600 s of reads after that.
    world.run(T0 + 630 * SECOND - world.now)
    world.show(Status.FAILED)
    world.polling = False
    world.now = T0 + 640 * SECOND
    world.poll()
    assert verdicts(world) == [None]
    world.now = T0 + 670 * SECOND
    world.poll()
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP


def test_the_alarm_is_told_as_a_warning_first_and_as_a_verdict_only_at_the_end() -> None:
    world = called()
    world.show(Status.WAITING)
    world.run(65 * MINUTE)
    told = world.told(EventKind.RESTART_STUCK_WAITING)
    assert [(one.fields["alarm"], one.fields.get("verdict")) for one in told] == [
        ("warn", None),
        ("critical", Verdict.STUCK_WAITING),
    ]


def test_one_that_is_stuck_for_a_day_ends_its_episode() -> None:
    world = called()
    world.show(Status.WAITING)
    world.run(HOUR + 5 * MINUTE)
    world.polling = False
    # The call was at 30 s.
    world.run(T0 + 24 * HOUR + 29 * SECOND - world.now)
    assert world.state().facts.care.episode is not None
    world.run(SECOND)
    assert world.state().facts.care.episode is None


# Watch.


def test_a_call_without_an_answer_is_watched_for_so_many_reads_however_long_that_takes() -> None:
    """Two reads after 120 s are not three."""
    world = called(STEADY, UNANSWERED)
    world.polling = False
    for second in (100, 160):
        world.now = T0 + second * SECOND
        world.poll()
    assert verdicts(world) == [None]
    world.now = T0 + 190 * SECOND
    world.poll()
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP


def test_and_for_so_long_however_many_reads_there_are() -> None:
    """Answered by nothing at 31 s: not before 151 s."""
    world = called(STEADY, UNANSWERED)
    world.polling = False
    for second in (50, 70, 90, 110, 130, 150):
        world.now = T0 + second * SECOND
        world.poll()
    assert verdicts(world) == [None]
    world.now = T0 + 151 * SECOND
    world.poll()
    assert verdicts(world)[0] is Verdict.DID_NOT_HELP


@pytest.mark.parametrize("outcome", [Accepted(), UNANSWERED])
def test_unjudged_ends_no_watch(outcome: Outcome) -> None:
    """It went missing and came back failed: the call at 0 s may have acted, whatever was said."""
    world = World(1, AT_ONCE, start=Status.FAILED)
    world.answer = answers(outcome)
    world.run(5 * SECOND)
    world.show(Status.MISSING)
    world.run(20 * SECOND)
    assert verdicts(world) == [Verdict.UNJUDGED]
    world.show(Status.FAILED)
    world.run(T0 + 119 * SECOND - world.now)
    # Answered at 1 s: the watch of 120 s ends at 121 s.
    assert world.called() == [0.0]
    assert world.reason() is Reason.COOLING_DOWN
    world.run(20 * SECOND)
    assert len(world.calls) == 2
    assert 121 <= world.called()[1] <= 131


def test_unjudged_is_the_last_word_whatever_comes_back() -> None:
    world = called()
    world.show(Status.MISSING)
    world.run(MINUTE)
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.UNJUDGED]
    assert not world.told(EventKind.RESTART_RECOVERED)


def test_after_the_watch_it_is_reads_that_are_waited_for_and_no_moment() -> None:
    """Unjudged at 30 s with two reads, then nothing for a while; back at 150 s: one read short."""
    policy = replace(AT_ONCE, unknown_outcome=UnknownOutcome(120 * SECOND, 5))
    world = World(1, policy, start=Status.FAILED)
    world.answer = answers(UNANSWERED)
    world.run(5 * SECOND)
    world.show(Status.MISSING)
    world.polling = False
    for second in (20, 90, 150):
        world.now = T0 + second * SECOND
        world.poll()
    world.show(Status.FAILED)
    world.now = T0 + 160 * SECOND
    world.poll()
    decision = explain(world.fleet, A0, Situation(world.now)).decision
    # Reads at 20, 90, 150 and 160 s are four of five; the watch ended at 121 s.
    assert (decision.reason, decision.next_at) == (Reason.COOLING_DOWN, None)
    assert (decision.numbers["reads"], decision.numbers["of"]) == (4, 5)
    world.now = T0 + 170 * SECOND
    world.poll()
    assert world.called() == [0.0, 170.0]


def test_unjudged_counts_to_no_breaker() -> None:
    world = called()
    world.show(Status.MISSING)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.UNJUDGED]
    assert (episode(world).failures, episode(world).breaker) == (0, BreakerState.CLOSED)


def test_another_id_in_the_answer_is_no_verdict_by_itself() -> None:
    """The old id is polled on; once that is gone nobody will know."""
    world = called(STEADY, Accepted("moved-to"))
    world.run(MINUTE)
    assert verdicts(world) == [None]
    world.show(Status.MISSING)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.UNJUDGED]


# Taken back.


def test_an_overdue_start_that_another_call_followed_is_not_taken_back() -> None:
    world = called(replace(EAGER, budget=Budget(1000)))
    world.show(Status.DEPLOYING)
    world.run(12 * MINUTE)
    assert verdicts(world) == [Verdict.DID_NOT_HELP]
    world.show(Status.FAILED)
    world.run(MINUTE)
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.DID_NOT_HELP, Verdict.RECOVERED]
    assert episode(world).failures == 1


def test_a_trial_whose_breaker_was_reset_meanwhile_closes_nothing_when_it_recovers() -> None:
    world = World(1, AT_ONCE, start=Status.FAILED)
    world.answer = in_turn(START_FAILURE, START_FAILURE, START_FAILURE, Accepted())
    world.run(31 * MINUTE)
    assert len(world.calls) == 4
    world.turn(Reset(Scope(ScopeKind.INSTANCE, A0), "ann"))
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert verdicts(world)[-1] is Verdict.RECOVERED
    (closed,) = world.told(EventKind.BREAKER_CLOSED)
    assert closed.fields["cause"] == "reset"


# Stable.


def test_stable_counts_from_the_first_running_read_whoever_started_it() -> None:
    """Ten minutes between the first and the last running read, with no other status between."""
    policy = Policy(cooldown=Cooldown(2 * HOUR, 1, 2 * HOUR, 0))
    world = called(policy)
    world.show(Status.WAITING)
    world.run(35 * SECOND)
    world.show(Status.RUNNING)
    world.run(9 * MINUTE)
    world.show(Status.DEPLOYING)
    world.run(MINUTE)
    # Another status between: begun anew.
    world.show(Status.RUNNING)
    world.run(9 * MINUTE)
    assert not world.told(EventKind.INSTANCE_STABLE)
    world.run(2 * MINUTE)
    (stable,) = world.told(EventKind.INSTANCE_STABLE)
    assert 600 <= stable.fields["running_for_s"] < 631  # type: ignore[operator]
    assert world.state().facts.care.episode is None
    # The budget and the hour still know of the call.
    assert len(world.state().facts.ledger.calls) == 1
    assert world.fleet.indexes[CENTER].in_last_hour(world.now) == 1


def test_it_goes_on_over_a_restart_of_the_daemon() -> None:
    world = called()
    world.show(Status.RUNNING)
    world.run(5 * MINUTE)
    world.restart_daemon(MINUTE)
    world.run(5 * MINUTE)
    assert len(world.told(EventKind.INSTANCE_STABLE)) == 1


def test_down_again_once_it_was_stable_is_no_relapse() -> None:
    world = called()
    world.show(Status.RUNNING)
    world.run(11 * MINUTE)
    world.show(Status.FAILED)
    world.run(MINUTE)
    assert verdicts(world) == [Verdict.RECOVERED, None]
    assert not world.told(EventKind.RESTART_RELAPSED)
    # A new episode: its first attempt.
    assert [row.number for _, row in sorted(world.rows.items())] == [1, 1]
    assert [row.episode for _, row in sorted(world.rows.items())] == [1, 2]


def test_an_episode_ends_a_day_after_its_last_call_and_not_before() -> None:
    """Called once, then stuck in a way that restarts cannot help: 24 h later all is forgotten."""
    world = called(replace(STEADY, cooldown=Cooldown(30 * HOUR, 1, 30 * HOUR, 0)))
    world.show(Status.RUNNING)
    world.run(MINUTE)
    world.show(Status.STOPPED)
    world.run(5 * MINUTE)
    assert verdicts(world) == [Verdict.RELAPSED]
    assert world.reason() is Reason.COOLING_DOWN
    world.polling = False
    # The call was at 30 s.
    world.run(T0 + 24 * HOUR + 29 * SECOND - world.now)
    assert episode(world).failures == 1
    world.run(SECOND)
    assert world.state().facts.care.episode is None
