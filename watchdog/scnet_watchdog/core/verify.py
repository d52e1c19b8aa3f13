"""Did the restart help? Reads begun after the reply answer; deadlines alone never do."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from .model import DOWN, Status
from .outcome import OutcomeKind, Verdict
from .policy import Policy
from .state import Row, Watch

LEFT = frozenset({Status.RUNNING, Status.WAITING, Status.DEPLOYING, Status.UNKNOWN})
"""Statuses that show that an instance left its down status."""

_RUNS_DEADLINE = DOWN | {Status.DEPLOYING}
"""`start_deadline` runs only between good reads that show one of these."""


class Alarm(StrEnum):
    """How far an instance that waits for capacity has come."""

    WARN = "warn"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one more read made of a watched attempt.

    Args:
        verdict: a verdict given or replaced by this read.
        start_failure: whether that verdict counts as a start failure.
        alarm: a waiting alarm that rang with this read.
        passes: the ramp may go on (running, or long enough waiting).
        done: nothing more is expected of the attempt.
    """

    watch: Watch
    verdict: Verdict | None = None
    start_failure: bool = False
    alarm: Alarm | None = None
    passes: bool = False
    done: bool = False


def has_left(status: Status, watch: Watch, policy: Policy) -> bool:
    """Whether a status shows that the instance left: a `completed` may do so too."""
    return status in LEFT or is_done(status, watch, policy)


def is_done(status: Status, watch: Watch, policy: Policy) -> bool:
    """Whether it is a `completed` that counts as success.

    It does where it is not restartable and was not what the attempt began from.
    """
    return (
        status is Status.COMPLETED
        and Status.COMPLETED not in policy.restart_on
        and watch.attempt.status is not Status.COMPLETED
    )


def confirmed(row: Row | None, policy: Policy) -> bool:
    """Whether a row of reads is long enough, in number and in time."""
    return (
        row is not None
        and row.count >= policy.confirm.count
        and row.last_at - row.first_at >= policy.confirm.over
    )


def read(
    watch: Watch, status: Status, asked_at: datetime, down: Row | None, policy: Policy
) -> Reading:
    """Take one read begun after the reply into a settled attempt."""
    watch = _counted(watch, status, asked_at, policy)
    verdict = watch.attempt.verdict
    if verdict is Verdict.RECOVERED:
        return _after_recovery(watch, status, down, policy)
    if status is Status.RUNNING or is_done(status, watch, policy):
        return Reading(watch, Verdict.RECOVERED, passes=True, done=status is not Status.RUNNING)
    if verdict is Verdict.DID_NOT_HELP:
        # Overdue: only running can take that back.
        return Reading(watch, done=status in DOWN)
    if status is Status.MISSING:
        return Reading(watch, Verdict.UNJUDGED, done=True)
    if status in DOWN and not _still_hopes(watch, asked_at, down, policy):
        blamed = watch.left or watch.attempt.outcome is OutcomeKind.ACCEPTED
        return Reading(watch, Verdict.DID_NOT_HELP, start_failure=blamed, done=True)
    if status is Status.DEPLOYING and watch.ran_for >= policy.start_deadline:
        return Reading(replace(watch, overdue=True), Verdict.DID_NOT_HELP, start_failure=True)
    return _waited(watch, status, asked_at, policy)


def _counted(watch: Watch, status: Status, asked_at: datetime, policy: Policy) -> Watch:
    runs = (
        watch.read_at is not None
        and watch.read_status in _RUNS_DEADLINE
        and status in _RUNS_DEADLINE
    )
    gap = asked_at - watch.read_at if runs and watch.read_at is not None else None
    waits = status is Status.WAITING
    return replace(
        watch,
        reads=watch.reads + 1,
        left=watch.left or has_left(status, watch, policy),
        slot=watch.slot and not has_left(status, watch, policy),
        ran_for=watch.ran_for + gap if gap is not None else watch.ran_for,
        read_at=asked_at,
        read_status=status,
        waiting_since=(watch.waiting_since or asked_at) if waits else None,
        told=watch.told if waits else 0,
    )


def _after_recovery(watch: Watch, status: Status, down: Row | None, policy: Policy) -> Reading:
    ends_well = status is Status.COMPLETED and Status.COMPLETED not in policy.restart_on
    if status in DOWN and not ends_well and confirmed(down, policy):
        return Reading(watch, Verdict.RELAPSED, start_failure=True, done=True)
    return Reading(watch)


def _still_hopes(watch: Watch, asked_at: datetime, down: Row | None, policy: Policy) -> bool:
    """Whether a down read is not yet enough for a verdict."""
    if watch.left:
        return not confirmed(down, policy)
    if watch.attempt.outcome is OutcomeKind.ACCEPTED:
        return watch.ran_for < policy.start_deadline
    settled = watch.attempt.settled_at
    over = settled is not None and asked_at >= settled + policy.unknown_outcome.watch
    return not (over and watch.reads >= policy.unknown_outcome.reads)


def _waited(watch: Watch, status: Status, asked_at: datetime, policy: Policy) -> Reading:
    if status is not Status.WAITING or watch.waiting_since is None:
        return Reading(watch)
    waited = asked_at - watch.waiting_since
    if waited >= policy.waiting_alarm.critical and watch.told < 2:
        stuck = replace(watch, told=2)
        return Reading(stuck, Verdict.STUCK_WAITING, alarm=Alarm.CRITICAL, passes=True)
    if waited >= policy.waiting_alarm.warn and watch.told < 1:
        return Reading(replace(watch, told=1), alarm=Alarm.WARN, passes=True)
    return Reading(watch)
