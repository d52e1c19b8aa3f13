"""What each verdict does, and what is told of it: semantics 3 and 4."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import CENTER, HOUR, MINUTE, SECOND, T0
from mutants_support import (
    A0,
    RAMP,
    care_of,
    center_of,
    draft_of,
    episode,
    judged_by,
    kinds,
    put,
    put_center,
    settled,
    watch,
)
from scnet_watchdog.core import judge
from scnet_watchdog.core.center import CenterBreaker, Judged
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.state import BreakerState


@pytest.mark.parametrize(("asked", "free"), [(-1, False), (0, False), (1, True)])
def test_a_read_asked_after_the_save_frees_the_slot_before_any_answer(
    asked: int, free: bool
) -> None:
    draft = judged_by(draft_of(at=MINUTE), watch(), Status.DEPLOYING, T0 + asked * SECOND)
    assert care_of(draft).watch == watch(slot=not free)
    assert draft.attempts == {}


def test_a_read_asked_before_the_answer_judges_nothing() -> None:
    one = settled()
    for asked in (T0 - SECOND, T0):
        assert care_of(judged_by(draft_of(at=MINUTE), one, Status.RUNNING, asked)).watch == one
    after = judged_by(draft_of(at=MINUTE), one, Status.RUNNING, T0 + SECOND)
    assert care_of(after).watch.attempt.verdict is Verdict.RECOVERED


def test_a_recovery_is_told_with_its_numbers_and_counts_as_no_failure() -> None:
    draft = judged_by(draft_of(at=90 * SECOND), settled(), Status.RUNNING)
    [one] = draft.events
    assert one.kind is EventKind.RESTART_RECOVERED
    assert one.fields == {
        "seq": 1,
        "attempt": 1,
        "reason": Reason.FAILED,
        "outcome": OutcomeKind.ACCEPTED,
        "verdict": Verdict.RECOVERED,
        "status": Status.RUNNING,
        "took_s": 90.0,
    }
    found = care_of(draft).watch
    assert (found.attempt.verdict, found.attempt.judged_at) == (Verdict.RECOVERED, draft.now)
    assert (found.slot, found.left) == (False, True)
    assert center_of(draft).breaker.judged == (Judged(draft.now, A0, False, 1),)
    assert draft.attempts[found.attempt.key] == found.attempt


@pytest.mark.parametrize("place", [True, False])
def test_a_pass_closes_a_half_open_center_only_when_it_was_the_canarys(place: bool) -> None:
    draft = draft_of(at=MINUTE)
    put_center(draft, breaker=CenterBreaker(BreakerState.HALF_OPEN, T0), ramp=RAMP)
    judged_by(draft, settled(place=place), Status.RUNNING)
    assert (EventKind.BREAKER_CLOSED in kinds(draft)) is place


@pytest.mark.parametrize("state", list(BreakerState))
@pytest.mark.parametrize("trial", [True, False])
def test_a_recovered_trial_closes_the_breaker_and_remembers_its_openings(
    state: BreakerState, trial: bool
) -> None:
    before = episode(breaker=state, opened_at=T0, openings=2, failures=4)
    draft = judged_by(draft_of(at=MINUTE), settled(trial=trial), Status.RUNNING, episode=before)
    closes = trial and state is not BreakerState.CLOSED
    after = replace(before, breaker=BreakerState.CLOSED, opened_at=None) if closes else before
    assert care_of(draft).episode == after
    fields = [e.fields for e in draft.events if e.kind is EventKind.BREAKER_CLOSED]
    assert fields == ([{"scope": "instance", "openings": 2}] if closes else [])


@pytest.mark.parametrize("failures", [1, 2])
def test_a_start_failure_is_told_when_it_opens_the_breaker(failures: int) -> None:
    draft = draft_of(at=HOUR)
    put_center(draft, ramp=replace(RAMP, passed=1))
    before = episode(failures=failures)
    judged_by(draft, settled(left=True, place=True), Status.FAILED, episode=before)
    opens = failures == 2
    opened = [e.fields for e in draft.events if e.kind is EventKind.BREAKER_OPENED]
    fields = {
        "scope": "instance",
        "failures": 3,
        "openings": 1,
        "open_until": draft.now + 30 * MINUTE,
    }
    assert opened == ([fields] if opens else [])
    # The attempt is over and its place is given back.
    assert care_of(draft).watch is None
    ramp = center_of(draft).ramp
    assert ramp is not None
    assert ramp.places == 1


@pytest.mark.parametrize(
    ("state", "opened"), [(BreakerState.CLOSED, True), (BreakerState.HALF_OPEN, False)]
)
def test_a_late_start_remembers_whether_its_failure_alone_opened_the_breaker(
    state: BreakerState, opened: bool
) -> None:
    draft = draft_of(at=HOUR)
    one = settled(ran_for=20 * MINUTE, read_status=Status.DEPLOYING)
    judged_by(draft, one, Status.DEPLOYING, episode=episode(failures=2, breaker=state))
    found = care_of(draft).watch
    assert (found.overdue, found.opened) == (True, opened)


def test_an_unclear_call_that_did_not_help_counts_to_no_breaker() -> None:
    draft = draft_of(at=HOUR)
    judged_by(draft, settled(OutcomeKind.UNKNOWN, reads=2), Status.FAILED)
    assert kinds(draft) == [EventKind.RESTART_DID_NOT_HELP]
    assert care_of(draft).episode == episode()
    assert care_of(draft).watch is None
    assert center_of(draft).breaker.judged == ()


def test_after_an_unjudged_call_the_next_waits_for_watch_and_reads() -> None:
    draft = draft_of(at=MINUTE)
    put_center(draft, ramp=RAMP)
    judged_by(draft, settled(reads=2, place=True), Status.MISSING)
    # The reads of the watch count on: this was the third.
    careful = episode(cautious_from=T0, watches=True, reads=3)
    assert care_of(draft).episode == careful
    assert care_of(draft).watch is None
    # An unjudged end is told by what ended it.
    assert draft.events == []
    ramp = center_of(draft).ramp
    assert ramp is not None
    assert ramp.places == 1


@pytest.mark.parametrize(("asked", "reads"), [(-1, 1), (0, 1), (1, 2)])
def test_only_reads_asked_after_the_unclear_call_count(asked: int, reads: int) -> None:
    draft = draft_of(at=MINUTE)
    put(draft, episode=episode(cautious_from=T0, reads=1))
    judge.by_read(draft, draft.state(A0), Status.FAILED, T0 + asked * SECOND)
    assert care_of(draft).episode.reads == reads


@pytest.mark.parametrize(
    ("waited", "kind", "level", "verdict"),
    [
        (10 * MINUTE, "warn", Level.WARNING, None),
        (60 * MINUTE, "critical", Level.ERROR, Verdict.STUCK_WAITING),
    ],
)
def test_a_waiting_alarm_is_told_with_its_length(
    waited: timedelta, kind: str, level: Level, verdict: Verdict | None
) -> None:
    draft = draft_of(at=waited)
    one = settled(waiting_since=T0, read_status=Status.WAITING)
    judged_by(draft, one, Status.WAITING)
    [event] = draft.events
    assert (event.kind, event.level) == (EventKind.RESTART_STUCK_WAITING, level)
    fields: dict[str, object] = {
        "seq": 1,
        "attempt": 1,
        "status": Status.WAITING,
        "alarm": kind,
        "waiting_for_s": waited.total_seconds(),
    }
    assert event.fields == fields | ({"verdict": verdict} if verdict else {})
    assert care_of(draft).watch.attempt.verdict is verdict


def test_a_breaker_whose_time_is_over_is_half_open_and_told() -> None:
    draft = draft_of()
    opened = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=2)
    judge.wait_over(draft, put(draft, episode=opened))
    assert care_of(draft).episode == replace(opened, breaker=BreakerState.HALF_OPEN)
    [event] = draft.events
    assert (event.kind, event.instance) == (EventKind.BREAKER_HALF_OPENED, A0)
    assert (event.fields, event.center) == ({"scope": "instance", "openings": 2}, CENTER)


def test_seconds_are_told_to_the_tenth() -> None:
    draft = judged_by(draft_of(at=timedelta(seconds=90.26)), settled(), Status.RUNNING)
    assert draft.events[0].fields["took_s"] == 90.3
    late = draft_of(at=timedelta(minutes=10, seconds=0.26))
    judged_by(late, settled(waiting_since=T0, read_status=Status.WAITING), Status.WAITING)
    assert late.events[0].fields["waiting_for_s"] == 600.3


def test_a_verdict_that_replaces_another_names_it() -> None:
    one = settled(verdict=Verdict.STUCK_WAITING)
    draft = judged_by(draft_of(at=MINUTE), one, Status.RUNNING)
    assert draft.events[0].fields["previous"] is Verdict.STUCK_WAITING


def test_a_verdict_keeps_the_slot_free() -> None:
    # An unclear call that never left still holds its slot until its verdict.
    draft = draft_of(at=11 * MINUTE)
    one = settled(ran_for=11 * MINUTE, read_status=Status.DEPLOYING, left=True)
    judged_by(draft, one, Status.DEPLOYING)
    assert not care_of(draft).watch.slot


def test_stuck_waiting_keeps_its_place_until_something_else_happens() -> None:
    draft = draft_of(at=HOUR)
    put_center(draft, ramp=RAMP, breaker=CenterBreaker(BreakerState.OPEN, T0))
    one = settled(waiting_since=T0, told=1, read_status=Status.WAITING)
    judged_by(draft, one, Status.WAITING)
    ramp = center_of(draft).ramp
    assert ramp is not None
    # It had no place, so none comes back, and its verdict opens nothing.
    assert (ramp.places, kinds(draft)) == (0, [EventKind.RESTART_STUCK_WAITING])


def test_a_failure_long_after_an_opening_is_not_told_as_an_opening() -> None:
    draft = draft_of(at=HOUR)
    one = settled(ran_for=20 * MINUTE, read_status=Status.DEPLOYING)
    # Closed, one failure before, threshold three: nothing opens.
    judged_by(draft, one, Status.DEPLOYING, episode=episode(opened_at=HOUR + T0))
    assert EventKind.BREAKER_OPENED not in kinds(draft)
    assert not care_of(draft).watch.opened
