"""What each read makes of a watched attempt: semantics 3."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import HOUR, MINUTE, SECOND, T0
from mutants_support import LONG, settled
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Policy
from scnet_watchdog.core.state import Row, Watch
from scnet_watchdog.core.verify import Alarm, Reading, confirmed, has_left, is_done, read

POLICY = Policy()
DONE = replace(POLICY, restart_on=frozenset({Status.STOPPED, Status.FAILED, Status.COMPLETED}))
SHORT = Row(1, T0, T0)


def looked(
    one: Watch,
    status: Status,
    after: int = 10,
    down: Row | None = None,
    policy: Policy = POLICY,
) -> Reading:
    """One read, asked so many seconds after the answer."""
    return read(one, status, T0 + after * SECOND, down, policy)


def said(reading: Reading) -> tuple[Verdict | None, bool, bool, bool]:
    """Verdict, start failure, passes, done."""
    return reading.verdict, reading.start_failure, reading.passes, reading.done


NOTHING = (None, False, False, False)

# Left, done, confirmed.


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("policy", [POLICY, DONE])
@pytest.mark.parametrize("began", [Status.FAILED, Status.COMPLETED])
def test_an_instance_left_when_seen_in_any_status_but_down_or_missing(
    status: Status, policy: Policy, began: Status
) -> None:
    one = settled(status=began)
    done = status is Status.COMPLETED and policy is POLICY and began is Status.FAILED
    up = status in (Status.RUNNING, Status.WAITING, Status.DEPLOYING, Status.UNKNOWN)
    assert is_done(status, one, policy) is done
    assert has_left(status, one, policy) is (up or done)


@pytest.mark.parametrize(
    ("row", "enough"),
    [
        (None, False),
        (SHORT, False),
        (Row(1, T0, T0 + HOUR), False),
        (Row(2, T0, T0 + 29 * SECOND), False),
        (LONG, True),
        (Row(9, T0, T0 + MINUTE), True),
    ],
)
def test_a_row_is_confirmed_by_two_reads_at_least_thirty_seconds_apart(
    row: Row | None, enough: bool
) -> None:
    assert confirmed(row, POLICY) is enough


# Verdicts.


def test_running_recovers_and_a_completion_that_is_a_success_ends_the_watch_too() -> None:
    assert said(looked(settled(), Status.RUNNING)) == (Verdict.RECOVERED, False, True, False)
    done = looked(settled(), Status.COMPLETED)
    assert said(done) == (Verdict.RECOVERED, False, True, True)


def test_missing_leaves_it_unjudged() -> None:
    assert said(looked(settled(), Status.MISSING)) == (Verdict.UNJUDGED, False, False, True)


@pytest.mark.parametrize(
    ("one", "after", "down", "verdict", "blamed"),
    [
        # Left, then down: as soon as that is confirmed.
        (settled(left=True), 40, SHORT, None, False),
        (settled(left=True), 40, LONG, Verdict.DID_NOT_HELP, True),
        # Accepted and not left: after `start_deadline` between reads that show it down.
        (settled(), 599, LONG, None, False),
        (settled(), 600, LONG, Verdict.DID_NOT_HELP, True),
        # Unknown and not left: after 120 s and three reads; no start failure.
        (settled(OutcomeKind.UNKNOWN, reads=2), 119, LONG, None, False),
        (settled(OutcomeKind.UNKNOWN, reads=2), 120, LONG, Verdict.DID_NOT_HELP, False),
        (settled(OutcomeKind.UNKNOWN, reads=1), 900, LONG, None, False),
        # Unknown, but it left: as accepted.
        (settled(OutcomeKind.UNKNOWN, left=True), 40, LONG, Verdict.DID_NOT_HELP, True),
    ],
)
def test_down_again_or_still_down_is_judged_when_its_time_has_come(
    one: Watch, after: int, down: Row, verdict: Verdict | None, blamed: bool
) -> None:
    reading = looked(one, Status.FAILED, after, down)
    assert said(reading) == (verdict, blamed, False, verdict is not None)


@pytest.mark.parametrize(("ran", "late"), [(588, False), (589, False), (590, True)])
def test_deploying_past_its_deadline_did_not_help_but_may_be_taken_back(
    ran: int, late: bool
) -> None:
    one = settled(ran_for=ran * SECOND, read_status=Status.DEPLOYING)
    reading = looked(one, Status.DEPLOYING, 10)
    assert reading.watch.overdue is late
    assert said(reading) == ((Verdict.DID_NOT_HELP, True, False, False) if late else NOTHING)
    # Judged so, only running changes it; down again ends the watch without another failure.
    again = settled(verdict=Verdict.DID_NOT_HELP, overdue=True)
    assert said(looked(again, Status.DEPLOYING)) == NOTHING
    assert said(looked(again, Status.WAITING)) == NOTHING
    assert said(looked(again, Status.FAILED)) == (None, False, False, True)
    assert looked(again, Status.RUNNING).verdict is Verdict.RECOVERED


@pytest.mark.parametrize(
    ("status", "policy", "down", "relapsed"),
    [
        (Status.FAILED, POLICY, LONG, True),
        (Status.FAILED, POLICY, SHORT, False),
        (Status.COMPLETED, POLICY, LONG, False),
        (Status.COMPLETED, DONE, LONG, True),
        (Status.DEPLOYING, POLICY, None, False),
        (Status.RUNNING, POLICY, None, False),
    ],
)
def test_after_a_recovery_only_a_confirmed_fall_is_a_relapse(
    status: Status, policy: Policy, down: Row | None, relapsed: bool
) -> None:
    reading = looked(settled(verdict=Verdict.RECOVERED), status, 60, down, policy)
    assert said(reading) == ((Verdict.RELAPSED, True, False, True) if relapsed else NOTHING)


# Clocks of a watch.


@pytest.mark.parametrize(
    ("before", "now", "runs"),
    [
        (Status.FAILED, Status.DEPLOYING, True),
        (Status.DEPLOYING, Status.DEPLOYING, True),
        (Status.STOPPED, Status.FAILED, True),
        # It stands still while waiting, and between anything else.
        (Status.WAITING, Status.DEPLOYING, False),
        (Status.DEPLOYING, Status.WAITING, False),
        (Status.UNKNOWN, Status.DEPLOYING, False),
        (Status.DEPLOYING, Status.UNKNOWN, False),
    ],
)
def test_the_start_deadline_runs_between_reads_that_show_it_down_or_deploying(
    before: Status, now: Status, runs: bool
) -> None:
    one = settled(read_status=before, ran_for=MINUTE, reads=3)
    after = looked(one, now, 10).watch
    assert after.ran_for == MINUTE + (10 * SECOND if runs else timedelta())
    assert (after.read_at, after.read_status) == (T0 + 10 * SECOND, now)
    assert after.reads == 4
    unread = replace(one, read_at=None)
    assert looked(unread, now, 10).watch.ran_for == MINUTE


def test_a_read_that_shows_it_left_frees_the_slot_for_good() -> None:
    for status, left in ((Status.FAILED, False), (Status.WAITING, True)):
        after = looked(settled(), status).watch
        assert (after.left, after.slot) == (left, not left)
    kept = looked(settled(left=True, slot=False), Status.FAILED).watch
    assert (kept.left, kept.slot) == (True, False)


@pytest.mark.parametrize(
    ("waited", "told", "alarm", "verdict", "then"),
    [
        (599, 0, None, None, 0),
        (600, 0, Alarm.WARN, None, 1),
        (601, 1, None, None, 1),
        (3599, 1, None, None, 1),
        (3600, 1, Alarm.CRITICAL, Verdict.STUCK_WAITING, 2),
        (3600, 0, Alarm.CRITICAL, Verdict.STUCK_WAITING, 2),
        (9999, 2, None, None, 2),
    ],
)
def test_waiting_alarms_at_ten_and_at_sixty_minutes_once_each(
    waited: int, told: int, alarm: Alarm | None, verdict: Verdict | None, then: int
) -> None:
    one = settled(waiting_since=T0, told=told, read_status=Status.WAITING)
    reading = looked(one, Status.WAITING, waited)
    assert (reading.alarm, reading.verdict, reading.watch.told) == (alarm, verdict, then)
    assert reading.passes is (alarm is not None)
    assert not reading.done
    assert not reading.start_failure


def test_waiting_is_counted_from_its_first_read_and_anew_after_anything_else() -> None:
    first = looked(settled(), Status.WAITING, 10).watch
    assert first.waiting_since == T0 + 10 * SECOND
    assert looked(first, Status.WAITING, 20).watch.waiting_since == first.waiting_since
    other = looked(replace(first, told=1), Status.UNKNOWN, 20).watch
    assert (other.waiting_since, other.told) == (None, 0)
