"""One instance: restart, or hold, and why. The ladder of checks in order of precedence.

Each rung answers for itself, so that `explain` can show all of them; a decision is the first that
holds. Below the last rung a restart follows, if the center's gates (`allot`) let it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .backoff import grown, wait_after
from .block import next_look
from .breaker import opens_until
from .center import CenterState
from .command import Hold
from .decision import Decision, Reason
from .draft import Draft
from .holds import hold_of
from .model import DOWN, InstanceId, Status
from .policy import Member, Mode, Policy
from .state import BreakerState, Episode, InstanceState, Rejection
from .verify import confirmed


@dataclass(frozen=True, slots=True)
class View:
    """Everything one instance's decision rests on."""

    member: Member
    mode: Mode
    state: InstanceState
    center: CenterState
    now: datetime
    hold: Hold | None
    blind_at: datetime | None
    draft: Draft

    @property
    def policy(self) -> Policy:
        """The knobs in force."""
        return self.member.policy

    @property
    def status(self) -> Status | None:
        """The last status seen."""
        return self.state.facts.status

    @property
    def episode(self) -> Episode | None:
        """The open episode."""
        return self.state.facts.care.episode

    @property
    def ordered(self) -> bool:
        """Whether an operator asked for a restart."""
        return self.state.facts.care.order is not None


def view_of(draft: Draft, id_: InstanceId) -> View:
    """Collect what an instance's decision rests on."""
    state = draft.state(id_)
    member = draft.member(id_)
    return View(
        member,
        draft.mode(id_),
        state,
        draft.center(member.center),
        draft.now,
        hold_of(draft, id_),
        draft.blind_at(state),
        draft,
    )


Rung = Callable[[View], Decision | None]


def watch_only(view: View) -> Decision | None:
    """The config asks only to watch it."""
    return Decision(Reason.WATCH_ONLY) if view.mode is Mode.WATCH else None


def draining(view: View) -> Decision | None:
    """The daemon is stopping."""
    return Decision(Reason.DRAINING) if view.draft.situation.draining else None


def reads_blocked(view: View) -> Decision | None:
    """Account or credentials refuse even reads."""
    block = view.center.block
    if block is None or not block.reads_fail:
        return None
    return _blocked(view)


def quiet_start(view: View) -> Decision | None:
    """Its source has not answered for it since the start."""
    if view.state.sight.asked_at is not None:
        return None
    return Decision(Reason.QUIET_START)


def source_blind(view: View) -> Decision | None:
    """No good read of it for three intervals."""
    if view.blind_at is None or view.now < view.blind_at:
        return None
    return Decision(Reason.SOURCE_BLIND, None, {"last_seen_at": view.draft.asked_at(view.state)})


def missing(view: View) -> Decision | None:
    """The platform says that it does not exist."""
    return Decision(Reason.MISSING) if view.status is Status.MISSING else None


def status_unknown(view: View) -> Decision | None:
    """The platform's word for its status is not one we know."""
    return Decision(Reason.STATUS_UNKNOWN) if view.status is Status.UNKNOWN else None


def stuck_waiting(view: View) -> Decision | None:
    """It has waited for capacity for `waiting_alarm.critical`."""
    since = view.state.facts.since
    if view.status is not Status.WAITING or since is None:
        return None
    critical = since + view.policy.waiting_alarm.critical
    if view.now < critical:
        return None
    return Decision(Reason.STUCK_WAITING, None, {"waiting_since": since})


def verifying(view: View) -> Decision | None:
    """Our attempt is not judged yet, and it does not run yet."""
    watch = view.state.facts.care.watch
    if watch is None or watch.attempt.closed or view.status is Status.RUNNING:
        return None
    numbers = {"seq": watch.attempt.seq, "attempt": watch.attempt.number}
    return Decision(Reason.VERIFYING, None, numbers)


def starting(view: View) -> Decision | None:
    """It waits or deploys, not by an attempt of ours."""
    if view.status not in (Status.WAITING, Status.DEPLOYING):
        return None
    since = view.state.facts.since
    waits = view.status is Status.WAITING and since is not None
    next_at = since + view.policy.waiting_alarm.critical if waits and since else None
    return Decision(Reason.STARTING, next_at, {"since": since})


def healthy(view: View) -> Decision | None:
    """It runs."""
    return Decision(Reason.HEALTHY) if view.status is Status.RUNNING else None


def not_restartable(view: View) -> Decision | None:
    """It is down in a way that `restart_on` does not name."""
    if view.status in view.policy.restart_on or (view.ordered and view.status in DOWN):
        return None
    return Decision(
        Reason.NOT_RESTARTABLE,
        None,
        {"status": view.status, "restart_on": sorted(view.policy.restart_on)},
    )


def held(view: View) -> Decision | None:
    """An operator asked to leave it alone."""
    if view.hold is None:
        return None
    numbers = {
        "author": view.hold.author,
        "hold_reason": view.hold.reason,
        "until_running": view.hold.until_running,
    }
    return Decision(Reason.HELD, view.hold.ends_at, numbers)


def confirming(view: View) -> Decision | None:
    """Not enough restartable reads in a row, or not far enough apart."""
    row = view.state.sight.restartable
    if view.ordered or confirmed(row, view.policy):
        return None
    confirm = view.policy.confirm
    return Decision(
        Reason.CONFIRMING,
        row.first_at + confirm.over if row is not None else None,
        {"reads": row.count if row else 0, "of": confirm.count},
    )


def retry_at(view: View, rejection: Rejection) -> datetime:
    """When a rejected instance may be tried once more."""
    first = view.draft.limits(view.member.center).blocked_recheck
    cap = max(first, view.policy.breaker.max_open)
    return rejection.since + grown(first, 2, rejection.tries - 1, cap)


def rejected(view: View) -> Decision | None:
    """The platform called our request for it invalid."""
    if view.ordered or view.episode is None or view.episode.rejection is None:
        return None
    rejection = view.episode.rejection
    again = retry_at(view, rejection)
    if view.now >= again:
        return None
    return Decision(Reason.REJECTED, again, {"code": rejection.code, "tries": rejection.tries})


def center_blocked(view: View) -> Decision | None:
    """The center's account or credentials refuse restarts (its canary may try: see `allot`)."""
    block = view.center.block
    return None if block is None or block.may_try else _blocked(view)


def _blocked(view: View) -> Decision:
    block = view.center.block
    assert block is not None  # noqa: S101 - checked by the callers
    again = next_look(block, view.draft.limits(view.member.center).blocked_recheck)
    return Decision(Reason.CENTER_BLOCKED, again, {"cause": block.cause, "since": block.since})


def breaker_open(view: View) -> Decision | None:
    """Repeated start failures stopped its restarts."""
    if view.ordered or view.episode is None or view.mode is Mode.SHADOW:
        return None
    if view.episode.breaker is not BreakerState.OPEN:
        return None
    until = opens_until(view.episode, view.policy.breaker)
    numbers = {
        "failures": view.episode.failures,
        "openings": view.episode.openings,
        "open_until": until,
    }
    return Decision(Reason.BREAKER_OPEN, until, numbers)


def cools_until(view: View) -> datetime | None:
    """When the cooldown ends, or None where none runs."""
    episode = view.episode
    if episode is None or episode.waits_from is None:
        return None
    n = episode.attempts + episode.not_sent
    wait = wait_after(n, view.policy.cooldown, view.member.id, episode.waits_seq)
    return episode.waits_from + wait


def cooling_down(view: View) -> Decision | None:
    """Too soon after the last attempt, or too few good reads after an unclear one."""
    until = cools_until(view)
    episode = view.episode
    if view.ordered or episode is None:
        return None
    numbers: dict[str, object] = {"attempts": episode.attempts, "not_sent": episode.not_sent}
    if until is not None and view.now < until:
        return Decision(Reason.COOLING_DOWN, until, numbers)
    if episode.cautious_from is None:
        return None
    unknown = view.policy.unknown_outcome
    watched = episode.cautious_from + unknown.watch if episode.watches else None
    if episode.reads >= unknown.reads and (watched is None or view.now >= watched):
        return None
    numbers |= {"reads": episode.reads, "of": unknown.reads}
    later = watched if watched is not None and view.now < watched else None
    return Decision(Reason.COOLING_DOWN, later, numbers)


def budget_spent(view: View) -> Decision | None:
    """Its restarts of the sliding window are spent; one per `then_every` remains."""
    if view.ordered:
        return None
    budget = view.policy.budget
    spent = [
        call.at
        for call in view.state.facts.ledger.calls
        if not call.by_operator and call.at > view.now - budget.per
    ]
    if len(spent) < budget.restarts:
        return None
    freed = spent[-budget.restarts] + budget.per
    again = min(freed, spent[-1] + budget.then_every)
    if view.now >= again:
        return None
    return Decision(Reason.BUDGET_SPENT, again, {"spent": len(spent), "of": budget.restarts})


LADDER: tuple[tuple[Reason, Rung], ...] = (
    (Reason.WATCH_ONLY, watch_only),
    (Reason.DRAINING, draining),
    (Reason.CENTER_BLOCKED, reads_blocked),
    (Reason.QUIET_START, quiet_start),
    (Reason.SOURCE_BLIND, source_blind),
    (Reason.MISSING, missing),
    (Reason.STATUS_UNKNOWN, status_unknown),
    (Reason.STUCK_WAITING, stuck_waiting),
    (Reason.VERIFYING, verifying),
    (Reason.STARTING, starting),
    (Reason.HEALTHY, healthy),
    (Reason.NOT_RESTARTABLE, not_restartable),
    (Reason.HELD, held),
    (Reason.CONFIRMING, confirming),
    (Reason.REJECTED, rejected),
    (Reason.CENTER_BLOCKED, center_blocked),
    (Reason.BREAKER_OPEN, breaker_open),
    (Reason.COOLING_DOWN, cooling_down),
    (Reason.BUDGET_SPENT, budget_spent),
)
"""All rungs in order of precedence; `state_unwritable` follows, only where a restart would."""


def assess(view: View) -> Decision | None:
    """Return why the instance is held, or None where a restart follows if the gates let it."""
    for _, rung in LADDER:
        decision = rung(view)
        if decision is not None:
            return decision
    if not view.draft.situation.writable and view.mode is not Mode.SHADOW:
        return Decision(Reason.STATE_UNWRITABLE)
    return None


def restart_reason(view: View, canary: bool) -> Reason:
    """Why a restart that nothing holds is made."""
    if view.ordered:
        return Reason.OPERATOR
    if canary:
        return Reason.CANARY
    if view.episode is not None and view.episode.breaker is BreakerState.HALF_OPEN:
        return Reason.TRIAL
    assert view.status is not None  # noqa: S101 - quiet_start holds what was never seen
    return Reason(view.status.value)
