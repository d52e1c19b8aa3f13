"""The last look before a call: is the saved attempt still allowed?"""

from collections.abc import Sequence
from datetime import datetime

from .attempt import Attempt
from .command import PlaceHold
from .decision import Reason
from .draft import Draft
from .fleet import Fleet
from .holds import members_under
from .inputs import Input, Situation
from .model import DOWN, Page, Status
from .policy import Mode
from .seen import source_blind
from .state import BreakerState
from .throttle import gone_ahead, throttle_ends
from .view import View, view_of

OLDEST = 2
"""Intervals after which an observation no longer carries a call."""


def still_allowed(
    fleet: Fleet, attempt: Attempt, situation: Situation, pending: Sequence[Input]
) -> str | None:
    """Return None where the call may go, else why the attempt is withdrawn.

    Args:
        pending: inputs that no turn has taken yet; a newer read or a hold among them counts.
    """
    if situation.draining:
        return "the daemon is stopping"
    if not situation.writable:
        return "the state cannot be written"
    if attempt.instance not in fleet.roster.members:
        return "the instance is no longer watched"
    draft = Draft(fleet, situation)
    watch = draft.state(attempt.instance).facts.care.watch
    if watch is None or watch.attempt.key != attempt.key or watch.attempt.outcome is not None:
        return "the attempt is already settled"
    view = view_of(draft, attempt.instance)
    return (
        _seen_otherwise(view, attempt, pending)
        or _held(view, attempt, pending)
        or _center_shut(view, attempt)
    )


def _may_call(view: View, attempt: Attempt, status: Status | None) -> bool:
    by_operator = attempt.reason is Reason.OPERATOR
    return status in (DOWN if by_operator else view.policy.restart_on)


def _seen_otherwise(view: View, attempt: Attempt, pending: Sequence[Input]) -> str | None:
    draft = view.draft
    status, asked = view.status, draft.asked_at(view.state)
    for one in pending:
        if isinstance(one, Page) and one.key == view.member.key and attempt.instance in one.rows:
            status, asked = _newer(status, asked, one, one.rows[attempt.instance])
    if not _may_call(view, attempt, status):
        return f"a newer read shows {status}"
    if asked is None or draft.now - asked > OLDEST * draft.interval(view.member.key):
        return "the last read is too old"
    if source_blind(view) is not None:
        return "the source is blind"
    return None


def _newer(
    status: Status | None, asked: datetime | None, page: Page, shown: Status
) -> tuple[Status | None, datetime | None]:
    if asked is not None and page.asked_at <= asked:
        return status, asked
    return shown, page.asked_at


def _held(view: View, attempt: Attempt, pending: Sequence[Input]) -> str | None:
    if view.mode is not Mode.ACTIVE:
        return f"the mode is {view.mode}"
    asked = any(
        isinstance(one, PlaceHold) and attempt.instance in members_under(view.draft, one.scope)
        for one in pending
    )
    return "held" if asked or view.hold is not None else None


def _center_shut(view: View, attempt: Attempt) -> str | None:
    """A gate of the center, or the instance's breaker, that shut after the attempt was saved."""
    watch = view.state.facts.care.watch
    episode = view.episode
    block, throttle = view.center.block, view.center.throttle
    if block is not None and not (block.may_try and watch is not None and watch.canary):
        return "the center is blocked"
    if throttle is not None and (
        view.now < throttle_ends(throttle)
        or gone_ahead(view.draft, throttle) not in (None, attempt.instance)
    ):
        return "the center is throttled"
    if view.center.breaker.state is BreakerState.OPEN:
        return "the center's breaker is open"
    opened = episode is not None and episode.breaker is BreakerState.OPEN
    if opened and attempt.reason is not Reason.OPERATOR:
        return "the breaker is open"
    return None
