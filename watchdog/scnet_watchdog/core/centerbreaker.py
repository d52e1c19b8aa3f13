"""The breaker of a whole center: tripped by start failures of several, or by platform errors."""

from dataclasses import replace
from datetime import datetime

from . import ramp
from .attempt import AttemptKey
from .backoff import grown
from .center import CenterBreaker, CenterState, Judged
from .draft import Draft
from .event import EventKind
from .model import InstanceId
from .policy import CenterBreakerPolicy
from .state import BreakerState, InstanceState, Watch

RAMP_AFTER_CLOSING = 2
"""Places of the ramp when the half-open center breaker closes."""


def opens_until(breaker: CenterBreaker, policy: CenterBreakerPolicy) -> datetime | None:
    """When an open breaker lets its canary go, or None where it is not open."""
    if breaker.state is not BreakerState.OPEN or breaker.opened_at is None:
        return None
    return breaker.opened_at + grown(
        policy.open_for, policy.multiplier, breaker.openings - 1, policy.max_open
    )


def judged(draft: Draft, key: AttemptKey, name: str, failed: bool) -> None:
    """Count one judged attempt of a center; a later verdict on it replaces the earlier one."""
    center = draft.center(name)
    within = draft.limits(name).center_breaker.within
    kept = tuple(
        one
        for one in center.breaker.judged
        if one.at > draft.now - within and (one.instance, one.seq) != key
    )
    entry = Judged(draft.now, key.instance, failed, key.seq)
    draft.put_center(replace(center, breaker=replace(center.breaker, judged=(*kept, entry))))


def start_failed(draft: Draft, state: InstanceState, watch: Watch) -> None:
    """Count a start failure; it opens the breaker of a canary, or when enough of them came."""
    judged(draft, watch.attempt.key, state.center, failed=True)
    _errors_end(draft, state.center)
    center = draft.center(state.center)
    breaker = center.breaker
    if breaker.state is BreakerState.HALF_OPEN and watch.place:
        if breaker.by_errors:
            # The platform answers again; that it could not start this one is the instance's.
            close(draft, state.center)
        else:
            _open(draft, center, by_errors=False)
        return
    if breaker.state is not BreakerState.CLOSED:
        return
    canary_failed = watch.place and center.ramp is not None and not center.ramp.passed
    if canary_failed or _too_many(breaker, draft.limits(state.center).center_breaker):
        _open(draft, center, by_errors=False)


def _too_many(breaker: CenterBreaker, policy: CenterBreakerPolicy) -> bool:
    failed = [one.instance for one in breaker.judged if one.failed]
    return len(set(failed)) >= policy.instances and 2 * len(failed) >= len(breaker.judged)


def did_not_help(draft: Draft, state: InstanceState, watch: Watch) -> None:
    """An unknown call that never acted: no start failure, but a half-open center opens again."""
    center = draft.center(state.center)
    if center.breaker.state is BreakerState.HALF_OPEN and watch.place:
        _open(draft, center, by_errors=center.breaker.by_errors)


def platform_error(draft: Draft, state: InstanceState, watch: Watch, unanswered: bool) -> None:
    """Count a platform error in a row; reads do not count."""
    center = draft.center(state.center)
    breaker = center.breaker
    if breaker.state is BreakerState.HALF_OPEN:
        # An unanswered canary is watched first: it may have acted.
        if watch.place and not unanswered:
            _open(draft, center, by_errors=breaker.by_errors)
        return
    error(draft, state)


def error(draft: Draft, state: InstanceState) -> None:
    """Lengthen the row of platform errors; a row of two instances' or more opens the breaker."""
    center = draft.center(state.center)
    breaker = center.breaker
    if breaker.state is not BreakerState.CLOSED:
        return
    policy = draft.limits(state.center).center_breaker
    errors = (*breaker.errors, state.id)[-4 * policy.errors :]
    center = draft.put_center(replace(center, breaker=replace(breaker, errors=errors)))
    if len(errors) >= policy.errors and len(set(errors)) >= 2:
        _open(draft, center, by_errors=True)


def answered(draft: Draft, state: InstanceState) -> None:
    """Accepted or start failure: ends the row of errors, closes a breaker that errors opened."""
    _errors_end(draft, state.center)
    breaker = draft.center(state.center).breaker
    if breaker.state is BreakerState.HALF_OPEN and breaker.by_errors:
        close(draft, state.center)


def _errors_end(draft: Draft, name: str) -> None:
    center = draft.center(name)
    if center.breaker.errors:
        draft.put_center(replace(center, breaker=replace(center.breaker, errors=())))


def taken_back(draft: Draft, state: InstanceState, watch: Watch) -> None:
    """The opening that a canary caused ends when its failure was none."""
    if watch.canary and draft.center(state.center).breaker.state is not BreakerState.CLOSED:
        close(draft, state.center)


def canary_passed(draft: Draft, name: str) -> None:
    """The canary of a half-open breaker passed: closed."""
    if draft.center(name).breaker.state is BreakerState.HALF_OPEN:
        close(draft, name)


def _open(draft: Draft, center: CenterState, by_errors: bool) -> None:
    """Open, longer than last time; what was counted is forgotten, the ramp has one place."""
    policy = draft.limits(center.name).center_breaker
    old = center.breaker
    rested = old.closed_at is not None and draft.now - old.closed_at >= policy.max_open
    openings = 1 if rested else old.openings + 1
    breaker = CenterBreaker(BreakerState.OPEN, draft.now, None, openings, by_errors)
    draft.put_center(replace(center, breaker=breaker))
    ramp.begin(draft, center.name)
    draft.tell(
        EventKind.BREAKER_OPENED,
        center=center.name,
        scope="center",
        cause="platform_errors" if by_errors else "start_failures",
        openings=openings,
        open_until=opens_until(breaker, policy),
    )


def close(draft: Draft, name: str) -> None:
    """Close; what was counted is forgotten and the ramp goes on with two places."""
    center = draft.center(name)
    breaker = CenterBreaker(closed_at=draft.now, openings=center.breaker.openings)
    draft.put_center(replace(center, breaker=breaker))
    ramp.begin(draft, name, RAMP_AFTER_CLOSING, passed=1)
    draft.tell(EventKind.BREAKER_CLOSED, center=name, scope="center")


def wait_over(draft: Draft, name: str) -> None:
    """Half-open a breaker whose time is over: one canary may go."""
    center = draft.center(name)
    until = opens_until(center.breaker, draft.limits(name).center_breaker)
    if until is None or draft.now < until:
        return
    breaker = replace(center.breaker, state=BreakerState.HALF_OPEN)
    draft.put_center(replace(center, breaker=breaker))
    ramp.begin(draft, name)
    draft.tell(
        EventKind.BREAKER_HALF_OPENED, center=name, scope="center", openings=breaker.openings
    )


def quiet(draft: Draft, id_: InstanceId) -> None:
    """Forget what one instance contributed (it was removed)."""
    name = draft.state(id_).center
    center = draft.center(name)
    judged_ = tuple(one for one in center.breaker.judged if one.instance != id_)
    errors = tuple(one for one in center.breaker.errors if one != id_)
    if (judged_, errors) != (center.breaker.judged, center.breaker.errors):
        breaker = replace(center.breaker, judged=judged_, errors=errors)
        draft.put_center(replace(center, breaker=breaker))
