"""A start that came late takes its failure back: semantics 3 and 4."""

from dataclasses import replace

import pytest

from builders import HOUR, MINUTE, T0
from mutants_support import (
    care_of,
    draft_of,
    episode,
    judged_by,
    kinds,
    settled,
)
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import Verdict
from scnet_watchdog.core.state import BreakerState


@pytest.mark.parametrize(("openings", "reason"), [(1, Reason.FAILED), (2, Reason.OPERATOR)])
def test_a_late_start_takes_back_the_failure_and_the_opening_it_alone_caused(
    openings: int, reason: Reason
) -> None:
    before = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=openings, failures=3)
    trial = reason is Reason.OPERATOR
    one = settled(
        verdict=Verdict.DID_NOT_HELP, overdue=True, opened=not trial, trial=trial, reason=reason
    )
    draft = judged_by(draft_of(at=MINUTE), one, Status.RUNNING, episode=before)
    # An operator's failed trial had not added an opening, so none is taken away.
    less = openings if trial else openings - 1
    after = replace(before, breaker=BreakerState.CLOSED, opened_at=None, openings=less, failures=2)
    assert care_of(draft).episode == after
    found = care_of(draft).watch
    assert (found.overdue, found.opened) == (False, False)
    closed = [e.fields for e in draft.events if e.kind is EventKind.BREAKER_CLOSED]
    assert closed == [{"scope": "instance", "openings": openings}]


@pytest.mark.parametrize("overdue", [True, False])
def test_an_opening_that_others_caused_stays_when_one_is_taken_back(overdue: bool) -> None:
    before = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=1, failures=3)
    one = settled(verdict=Verdict.DID_NOT_HELP, overdue=overdue)
    draft = judged_by(draft_of(at=MINUTE), one, Status.RUNNING, episode=before)
    assert care_of(draft).episode == replace(before, failures=2 if overdue else 3)
    assert EventKind.BREAKER_CLOSED not in kinds(draft)


def test_a_failure_taken_back_never_makes_the_count_negative() -> None:
    before = episode(breaker=BreakerState.OPEN, opened_at=T0, openings=0, failures=0)
    one = settled(verdict=Verdict.DID_NOT_HELP, overdue=True, opened=True)
    draft = judged_by(draft_of(at=MINUTE), one, Status.RUNNING, episode=before)
    found = care_of(draft).episode
    assert (found.failures, found.openings) == (0, 0)


@pytest.mark.parametrize(("trial", "openings"), [(True, 1), (False, 2)])
def test_only_an_operators_trial_leaves_the_openings_as_they_are(
    trial: bool, openings: int
) -> None:
    draft = draft_of(at=HOUR)
    one = settled(
        ran_for=20 * MINUTE, read_status=Status.DEPLOYING, trial=trial, reason=Reason.OPERATOR
    )
    half = episode(breaker=BreakerState.HALF_OPEN, openings=1, failures=3)
    judged_by(draft, one, Status.DEPLOYING, episode=half)
    assert care_of(draft).episode.openings == openings


def test_a_recovery_that_was_overdue_by_an_earlier_verdict_only_takes_back_that_one() -> None:
    # Marked overdue, but judged nothing yet: there is no failure to take back.
    before = episode(failures=2)
    draft = judged_by(draft_of(at=MINUTE), settled(overdue=True), Status.RUNNING, episode=before)
    assert care_of(draft).episode == before


def test_a_closed_breaker_is_not_told_closed_when_a_late_failure_is_taken_back() -> None:
    before = episode(failures=3, openings=1)
    one = settled(verdict=Verdict.DID_NOT_HELP, overdue=True, opened=True)
    draft = judged_by(draft_of(at=MINUTE), one, Status.RUNNING, episode=before)
    assert care_of(draft).episode == replace(before, failures=2)
    assert EventKind.BREAKER_CLOSED not in kinds(draft)
