"""One center: who of those that want a restart may have it now, and what holds the others.

Gates in order: blocked, throttled, center breaker (or its canary), storm allowance, hourly rate,
in flight, free connection. Every gate opens by a moment or a verdict, never by another gate.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nsmallest

from . import ramp, throttle
from .assess import assess, restart_reason
from .attempt import Attempt
from .decision import Decision, Reason
from .draft import Draft
from .episode import open_episode
from .event import EventKind, Level
from .gates import Wish, shut_gate
from .model import InstanceId
from .policy import DAY
from .state import BreakerState, Call, Watch
from .view import View, view_of

FRESH_FOR = 1
"""Intervals after which an observation is looked at again before a call."""

_FOR_A_PLACE = Decision(Reason.CENTER_BUSY)


@dataclass(slots=True)
class Granted:
    """What one center's round gave.

    Args:
        held: who was asked and hears a reason of their own.
        others: what everyone else in line waits for.
    """

    attempts: list[Attempt] = field(default_factory=list)
    held: dict[InstanceId, Decision] = field(default_factory=dict)
    others: Decision = _FOR_A_PLACE


def allot(draft: Draft, name: str) -> Granted:
    """Give out what the center's gates let through; tell why the others wait."""
    granted = Granted()
    line = draft.index(name).wanting
    free = draft.situation.free.get(name, 0)
    operators = _ordered(draft, [id_ for id_ in draft.index(name).ordered if id_ in line])
    for id_ in operators:
        _give(draft, id_, True, free, granted)
    others = _closed(draft, name, free, granted)
    if others is None:
        # Only then: where thousands wait behind a shut gate, nobody has to be found.
        for id_ in _first_of(draft, name, operators, free):
            if not _give(draft, id_, False, free, granted):
                break
        others = _closed(draft, name, free, granted)
    granted.others = others or granted.others
    return granted


def _closed(draft: Draft, name: str, free: int, granted: Granted) -> Decision | None:
    """What holds those whom no operator asked for, or None."""
    return shut_gate(draft, name, Wish(False, free - len(granted.attempts)))


def _ordered(draft: Draft, ids: Collection[InstanceId]) -> list[InstanceId]:
    """Those an operator asked for, the oldest order first."""
    orders = ((draft.state(id_).facts.care.order, id_) for id_ in ids)
    return [id_ for _, id_ in sorted((one.begun_at, id_) for one, id_ in orders if one)]


def _give(draft: Draft, id_: InstanceId, by_operator: bool, free: int, granted: Granted) -> bool:
    """Grant one instance its attempt, or say why not; whether the next may be asked."""
    view = view_of(draft, id_)
    shut = shut_gate(draft, view.member.center, Wish(by_operator, free - len(granted.attempts)))
    if shut is not None:
        granted.held[id_] = shut
        return False
    still = assess(view)
    if still is not None:
        granted.held[id_] = still
    elif (looking := looks_again(draft, view)) is not None:
        draft.looks.setdefault(view.member.key, set()).add(id_)
        granted.held[id_] = looking
    else:
        granted.attempts.append(grant(draft, view))
    return True


def _first_of(
    draft: Draft, name: str, operators: Collection[InstanceId], free: int
) -> list[InstanceId]:
    """The next in line who are not an operator's: fewest attempts, then longest down.

    A ramp without a pass wants its canary first: breaker closed if possible, tried least recently.
    """
    center, line = draft.center(name), draft.index(name).wanting
    if center.block is None and (center.ramp is None or center.ramp.passed):
        return line.first(max(free, 1), without=operators)
    long_ago = draft.now - timedelta(days=36500)

    def tried(id_: InstanceId) -> tuple[bool, datetime]:
        episode = draft.state(id_).facts.care.episode
        shut = episode is not None and episode.breaker is not BreakerState.CLOSED
        return shut, (episode.last_call_at if episode is not None else None) or long_ago

    # The smallest of equals is the first in line: `nsmallest` keeps their order.
    return nsmallest(max(free, 1), (id_ for id_ in line if id_ not in operators), key=tried)


def looks_again(draft: Draft, view: View) -> Decision | None:
    """The observation is too old for a call: it is asked for again first."""
    asked = draft.asked_at(view.state)
    if asked is not None and draft.now - asked <= FRESH_FOR * draft.interval(view.member.key):
        return None
    return Decision(Reason.CONFIRMING, None, {"looking": "again"})


def grant(draft: Draft, view: View) -> Attempt:
    """Write the attempt's row, reserve its call, and take its places."""
    name = view.member.center
    center = draft.center(name)
    gated = not view.ordered or center.breaker.state is BreakerState.HALF_OPEN
    canary = center.block is not None or (
        gated and center.ramp is not None and not center.ramp.passed
    )
    reason = restart_reason(view, canary)
    state = open_episode(draft, view.state, view.state.facts.since or draft.now)
    place = gated and ramp.take(draft, state)
    throttle.goes_first(draft, name, state.id)
    attempt = _row(draft, view, reason)
    episode = state.facts.care.episode
    assert episode is not None  # noqa: S101 - just opened
    trial = episode.breaker is not BreakerState.CLOSED
    ledger = replace(
        state.facts.ledger,
        seq=attempt.seq,
        calls=(*_pruned(draft, view), Call(draft.now, reason is Reason.OPERATOR)),
    )
    state = replace(state, facts=replace(state.facts, ledger=ledger))
    draft.care(
        state,
        watch=Watch(attempt, place=place, canary=canary, trial=trial),
        order=None,
        episode=replace(episode, last_call_at=draft.now),
    )
    draft.wanted.append(attempt)
    _tell_request(draft, view, attempt)
    return attempt


def _row(draft: Draft, view: View, reason: Reason) -> Attempt:
    state = draft.state(view.member.id)
    episode = state.facts.care.episode
    asked = draft.asked_at(view.state)
    assert episode is not None and asked is not None and view.status is not None  # noqa: S101, PT018
    return Attempt(
        instance=state.id,
        seq=state.facts.ledger.seq + 1,
        center=view.member.center,
        episode=episode.number,
        number=episode.attempts + 1,
        reason=reason,
        status=view.status,
        asked_at=asked,
        saved_at=draft.now,
        epoch=draft.situation.epoch,
    )


def _pruned(draft: Draft, view: View) -> tuple[Call, ...]:
    """Calls that a window may still ask for; a reload may make it longer, up to a day."""
    keep = max(view.policy.budget.per, DAY)
    return tuple(call for call in view.state.facts.ledger.calls if call.at > draft.now - keep)


def _tell_request(draft: Draft, view: View, attempt: Attempt) -> None:
    since = view.state.facts.since
    down = (draft.now - since).total_seconds() if since is not None else None
    draft.tell(
        EventKind.RESTART_REQUESTED,
        attempt.instance,
        # The canary of a blocked center is silent unless it succeeds.
        level=Level.DEBUG if draft.center(attempt.center).block is not None else None,
        seq=attempt.seq,
        attempt=attempt.number,
        reason=attempt.reason,
        status=attempt.status,
        down_for_s=round(down, 1) if down is not None else None,
    )
