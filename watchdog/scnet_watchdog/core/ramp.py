"""The ramp of a center: the canary, and how many may follow it (1, 2, 4 …)."""

from dataclasses import replace
from datetime import timedelta

from . import centerbreaker
from .center import CenterState, Ramp
from .draft import Draft
from .model import InstanceId
from .policy import MINUTE
from .state import InstanceState

MORE = 2
"""Places a pass adds."""

EMPTY_WAIT = 10 * MINUTE
"""`start_deadline` of a center without instances (cannot matter, but must be a number)."""


def begin(draft: Draft, center: CenterState) -> CenterState:
    """Begin a ramp with one place, or cut the running one to one."""
    return draft.put_center(replace(center, ramp=Ramp(draft.now, grew_at=draft.now)))


def take(draft: Draft, state: InstanceState) -> bool:
    """Whether the center has a ramp that this save must take a place from; takes it."""
    center = draft.center(state.center)
    if center.ramp is None:
        return False
    places = center.ramp.places - 1
    draft.put_center(replace(center, ramp=replace(center.ramp, places=places)))
    return True


def give_back(draft: Draft, id_: InstanceId) -> None:
    """Put a place back whose restart ended without passing."""
    state = draft.state(id_)
    watch = state.facts.care.watch
    if watch is None or not watch.place:
        return
    draft.care(state, watch=replace(watch, place=False))
    center = draft.center(state.center)
    if center.ramp is not None:
        ramp = replace(center.ramp, places=center.ramp.places + 1)
        draft.put_center(replace(center, ramp=ramp))


def passes(draft: Draft, state: InstanceState) -> None:
    """A restart runs, or waits long enough: two more places, once."""
    watch = state.facts.care.watch
    if watch is None or not watch.place:
        return
    draft.care(state, watch=replace(watch, place=False))
    center = draft.center(state.center)
    if center.ramp is None:
        return
    ramp = center.ramp
    grown = replace(ramp, places=ramp.places + MORE, passed=ramp.passed + 1, grew_at=draft.now)
    draft.put_center(replace(center, ramp=grown))
    centerbreaker.canary_passed(draft, state.center)


def grow(draft: Draft, name: str) -> None:
    """After every `start_deadline` without a pass: one more place."""
    center = draft.center(name)
    if center.ramp is None or center.ramp.grew_at is None:
        return
    due = center.ramp.grew_at + longest_start(draft, name)
    if draft.now < due:
        return
    ramp = replace(center.ramp, places=center.ramp.places + 1, grew_at=draft.now)
    draft.put_center(replace(center, ramp=ramp))


def longest_start(draft: Draft, name: str) -> timedelta:
    """The longest `start_deadline` among the center's instances that need attention."""
    deadlines = (
        draft.member(id_).policy.start_deadline
        for id_ in draft.index(name).unrest
        if id_ in draft.fleet.roster.members
    )
    return max(deadlines, default=EMPTY_WAIT)
