"""What must hold of a new attempt, computed anew from the ledger's rows: not from the core's state.

Each rule returns a sentence that says what is wrong, or None.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.model import Status
from scnet_watchdog.core.outcome import OutcomeKind, RefusalClass, Verdict
from scnet_watchdog.core.policy import DAY, HOUR, Policy

from .eyes import Eyes, has_left

_NOTHING = (RefusalClass.THROTTLED, RefusalClass.ACCOUNT, RefusalClass.INVALID)
NEAR = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Past:
    """One instance's earlier attempts, oldest first, and what was forgotten on purpose.

    Args:
        reset_at: rows saved before it count for nothing but an unknown outcome's watch.
        removed_at: when it last left the config; earlier rows count as one.
        reloaded_at: when the policy last changed: how often a breaker had opened by then is
            not to be told from the policy in force.
    """

    rows: Sequence[Attempt]
    reset_at: datetime | None = None
    removed_at: datetime | None = None
    reloaded_at: datetime | None = None

    def remembered(self) -> list[Attempt]:
        """Rows since the last reset."""
        return [row for row in self.rows if self.reset_at is None or row.saved_at >= self.reset_at]


def counts(row: Attempt) -> bool:
    """Whether an attempt is one of the episode's: it waits and grows the wait."""
    if row.outcome is OutcomeKind.REFUSED:
        return row.refusal in (RefusalClass.START_FAILURE, RefusalClass.PLATFORM)
    return row.outcome in (None, OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)


def may_have_acted(row: Attempt) -> bool:
    """Whether budget and hourly rate count it."""
    if row.outcome is OutcomeKind.REFUSED:
        return row.refusal is RefusalClass.START_FAILURE
    return row.outcome in (None, OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)


def failed_to_start(row: Attempt) -> bool:
    """Whether the instance's breaker surely counts it."""
    if row.refusal is RefusalClass.START_FAILURE or row.verdict is Verdict.RELAPSED:
        return True
    return row.verdict is Verdict.DID_NOT_HELP and row.outcome is OutcomeKind.ACCEPTED


def within_cooldown(new: Attempt, past: Past, policy: Policy, eyes: Eyes) -> str | None:
    """Whether an attempt comes before the wait after the last one is over."""
    if new.reason is Reason.OPERATOR:
        return None
    rows = [row for row in past.remembered() if counts(row) or _not_sent(row)]
    if not rows:
        return None
    last = rows[-1]
    if last.episode == new.episode:
        n = _number([row for row in rows if row.episode == new.episode], past)
    elif _episode_over(last, new, policy, eyes):
        return None
    else:
        n = 1
    until = last.saved_at + shortest_wait(n, policy)
    if new.saved_at >= until - NEAR:
        return None
    return f"{new.key} was saved at {new.saved_at}, {last.key} asked to wait until {until}"


def _not_sent(row: Attempt) -> bool:
    return row.outcome is OutcomeKind.NOT_SENT


def _number(rows: list[Attempt], past: Past) -> int:
    """The episode's attempts that count, plus those not sent since the last of them."""
    before = [row for row in rows if _before(row, past.removed_at)]
    later = rows[len(before) :]
    attempts = sum(counts(row) for row in later) + bool(before)
    unsent = 0
    for row in reversed(later):
        if counts(row):
            break
        unsent += 1
    return max(1, attempts + unsent)


def shortest_wait(n: int, policy: Policy) -> timedelta:
    """The wait after attempt n without its jitter."""
    knobs = policy.cooldown
    grown = knobs.initial.total_seconds() * knobs.multiplier ** min(n - 1, 60)
    return min(knobs.max, timedelta(seconds=grown))


def _episode_over(last: Attempt, new: Attempt, policy: Policy, eyes: Eyes) -> bool:
    """Whether an episode may have ended between two attempts."""
    id_, since, completed = new.instance, last.saved_at, Status.COMPLETED
    return (
        eyes.was_stable(id_, since, policy.stable_after)
        or new.saved_at - since >= DAY
        or (completed not in policy.restart_on and eyes.showed(id_, since, completed))
    )


def breaker_shut(new: Attempt, past: Past, policy: Policy) -> str | None:
    """Whether an attempt comes while its breaker must be open."""
    if new.reason is Reason.OPERATOR:
        return None
    failures = _failures_in_row(new, past)
    if len(failures) < policy.breaker.threshold:
        return None
    knobs = policy.breaker
    openings = len(failures) - knobs.threshold
    if any(row.reason is Reason.OPERATOR or _before(row, past.reloaded_at) for row in failures):
        openings = 0
    length = min(knobs.max_open, knobs.open_for * knobs.multiplier**openings)
    last = failures[-1]
    until = (last.judged_at or last.settled_at or last.saved_at) + length
    if new.saved_at >= until - NEAR:
        return None
    return (
        f"{new.key} was saved at {new.saved_at}, but after {len(failures)} start failures in a row"
        f" the breaker is open until {until}"
    )


def _before(row: Attempt, moment: datetime | None) -> bool:
    return moment is not None and row.saved_at <= moment


def _failures_in_row(new: Attempt, past: Past) -> list[Attempt]:
    """The start failures just before, the oldest first; rows that say nothing are left out."""
    found: list[Attempt] = []
    for row in reversed(past.remembered()):
        if row.episode != new.episode or _before(row, past.removed_at):
            break
        if failed_to_start(row):
            found.append(row)
        elif row.outcome not in (OutcomeKind.WITHDRAWN, OutcomeKind.NOT_SENT) and (
            row.refusal not in _NOTHING
        ):
            break
    return found[::-1]


def still_watched(new: Attempt, past: Past, policy: Policy, eyes: Eyes) -> str | None:
    """Whether the call before has an unknown outcome that is not clear yet."""
    called = [row for row in past.rows if may_have_acted(row)]
    if not called or called[-1].outcome is not OutcomeKind.UNKNOWN:
        return None
    last = called[-1]
    reads = eyes.reads.get(new.instance)
    if reads is None or reads.since > (last.settled_at or last.saved_at):
        return None
    if has_left(reads.after(last.saved_at), policy.restart_on):
        return None
    since = last.settled_at or last.saved_at
    knobs = policy.unknown_outcome
    seen = len(reads.after(since))
    if new.saved_at >= since + knobs.watch - NEAR and (seen >= knobs.reads or not reads.whole):
        return None
    return (
        f"{new.key} was saved at {new.saved_at}; {last.key} is unknown since {since}, "
        f"read {seen} times since"
    )


def over_budget(new: Attempt, past: Past, policy: Policy) -> str | None:
    """Whether an instance spends more restarts than its window holds."""
    if new.reason is Reason.OPERATOR:
        return None
    knobs = policy.budget
    spent = [
        row.saved_at
        for row in past.remembered()
        if may_have_acted(row)
        and row.reason is not Reason.OPERATOR
        and row.saved_at > new.saved_at - knobs.per
    ]
    if len(spent) < knobs.restarts or new.saved_at >= spent[-1] + knobs.then_every - NEAR:
        return None
    return f"{new.key} is restart {len(spent) + 1} of {knobs.restarts} within {knobs.per}"


def over_rate(new: Attempt, of_center: Sequence[Attempt], limit: int) -> str | None:
    """Whether a center calls more often in an hour than it may; `of_center` has the new one."""
    since = new.saved_at - HOUR
    made = sum(may_have_acted(row) and since < row.saved_at <= new.saved_at for row in of_center)
    return f"{new.key} is call {made} of {limit} within an hour" if made > limit else None
