"""The ramp of a center: the canary, and how many may follow it (1, 2, 4 …)."""

from dataclasses import replace
from datetime import datetime, timedelta

from .center import Ramp
from .draft import Draft
from .model import InstanceId
from .policy import MINUTE
from .state import InstanceState

MORE = 2
"""Places a pass adds."""

EMPTY_WAIT = 10 * MINUTE
"""`start_deadline` of a center without instances (cannot matter, but must be a number)."""


def begin(draft: Draft, name: str, places: int = 1, passed: int = 0) -> None:
    """Begin a ramp, in place of the one that may be running.

    Places taken from that one belong to nobody any more: they neither pass nor come back.
    """
    new = Ramp(draft.now, places, passed, grew_at=draft.now)
    draft.put_center(replace(draft.center(name), ramp=new))
    for id_ in tuple(draft.index(name).unrest):
        watch = draft.state(id_).facts.care.watch
        if watch is not None and watch.place:
            draft.care(draft.state(id_), watch=replace(watch, place=False))


def take(draft: Draft, state: InstanceState) -> bool:
    """Whether the center has a ramp that this save must take a place from; takes it.

    From now on `start_deadline` runs until one more may follow without a pass.
    """
    center = draft.center(state.center)
    if center.ramp is None:
        return False
    places = center.ramp.places - 1
    taken = replace(center.ramp, places=places, grew_at=draft.now)
    draft.put_center(replace(center, ramp=taken))
    return True


def hold_first(draft: Draft, id_: InstanceId) -> None:
    """Let a call that went before the ramp began hold its first place."""
    state = draft.state(id_)
    watch = state.facts.care.watch
    assert watch is not None  # noqa: S101 - its call has just ended
    draft.care(state, watch=replace(watch, place=take(draft, state)))


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


def passes(draft: Draft, state: InstanceState) -> bool:
    """A restart runs, or waits long enough: two more places, once; whether it had a place."""
    watch = state.facts.care.watch
    if watch is None or not watch.place:
        return False
    draft.care(state, watch=replace(watch, place=False))
    center = draft.center(state.center)
    ramp = center.ramp
    if ramp is not None:
        grown = replace(ramp, places=ramp.places + MORE, passed=ramp.passed + 1, grew_at=draft.now)
        draft.put_center(replace(center, ramp=grown))
    return True


def grows_at(draft: Draft, name: str) -> datetime | None:
    """When a place is added without a pass; None where a free one waits for a taker.

    Places nobody takes must not heap up: a center that was quiet for hours begins with one.
    """
    ramp = draft.center(name).ramp
    if ramp is None or ramp.grew_at is None or ramp.places > 0:
        return None
    return ramp.grew_at + longest_start(draft, name)


def grow(draft: Draft, name: str) -> None:
    """After every `start_deadline` without a pass: one more place."""
    due = grows_at(draft, name)
    if due is None or draft.now < due:
        return
    center = draft.center(name)
    assert center.ramp is not None  # noqa: S101 - it grows
    ramp = replace(center.ramp, places=center.ramp.places + 1, grew_at=draft.now)
    draft.put_center(replace(center, ramp=ramp))


def longest_start(draft: Draft, name: str) -> timedelta:
    """The longest `start_deadline` among the center's instances that need attention."""
    unrest = draft.index(name).unrest
    for length, ids in draft.fleet.deadlines_of.get(name, ()) if unrest else ():
        if ids is None or not unrest.isdisjoint(ids):
            return length
    return EMPTY_WAIT
