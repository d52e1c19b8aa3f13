"""The middle rungs: it is restartable; may we restart it?"""

from datetime import datetime

from .backoff import grown, wait_after
from .breaker import opens_until
from .decision import Decision, Reason
from .policy import Mode
from .seen import blocked
from .state import BreakerState, Rejection
from .verify import confirmed
from .view import View


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
    over = row.first_at + confirm.over if row is not None else None
    return Decision(
        Reason.CONFIRMING,
        over if over is not None and over > view.now else None,
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
    return None if block is None or block.may_try else blocked(view)


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


def spent_calls(view: View) -> list[datetime]:
    """When the calls of the sliding window were made that its budget counts, oldest first."""
    since = view.now - view.policy.budget.per
    calls = view.state.facts.ledger.calls
    return [call.at for call in calls if not call.by_operator and call.at > since]


def budget_spent(view: View) -> Decision | None:
    """Its restarts of the sliding window are spent; one per `then_every` remains."""
    if view.ordered:
        return None
    budget = view.policy.budget
    spent = spent_calls(view)
    if len(spent) < budget.restarts:
        return None
    freed = spent[-budget.restarts] + budget.per
    again = min(freed, spent[-1] + budget.then_every)
    if view.now >= again:
        return None
    return Decision(Reason.BUDGET_SPENT, again, {"spent": len(spent), "of": budget.restarts})
