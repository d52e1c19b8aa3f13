"""From what a store remembers to a fleet: at the start, and at any take-over.

Open attempts become unknown: a call may have been sent for each of them. Moments of what has
happened that lie in the future (the clock was set back meanwhile) are cut to now.
"""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from .change import Change, Memory, StoredInstance
from .draft import Draft
from .fleet import Fleet
from .inputs import CallEnded, Situation
from .leave import found_again, left
from .model import InstanceId
from .outcome import Unanswered
from .policy import Roster
from .settle import settled, take_ended
from .state import InstanceState

_T = TypeVar("_T")


def resume(memory: Memory, roster: Roster, now: datetime) -> tuple[Fleet, Change]:
    """Return the fleet as remembered, and what settling its open attempts changed."""
    fleet = Fleet(roster, now)
    draft = Draft(fleet, Situation(now))
    for stored in memory.instances:
        known = past(stored, now)
        member = roster.members.get(known.id)
        if member is None or member.center != known.center:
            fleet.dormant[known.id] = _leaves(draft, known)
            _keeps_rate(draft, known)
            continue
        state = draft.put(InstanceState(known.id, known.center, known.facts))
        _keeps_storm(draft, state)
    for member in roster.members.values():
        if member.id not in draft.instances:
            draft.put(found_again(member, fleet.dormant))
    for center in memory.centers:
        draft.centers[center.name] = past(center, now)
    for hold in memory.holds:
        draft.holds[hold.scope] = past(hold, now)
    fleet.apply(draft.decided())
    first = Change(instances=_moved(fleet), attempts=tuple(draft.attempts.values()))
    return fleet, first.then(_settle_open(fleet, memory, now))


def slots_end(fleet: Fleet) -> dict[str, datetime]:
    """When each place in flight is given back at the latest, whatever is read until then."""
    found: dict[str, datetime] = {}
    for index in fleet.indexes.values():
        for id_ in index.busy:
            watch = fleet.instances[id_].facts.care.watch
            assert watch is not None  # noqa: S101 - who takes a place has an attempt
            deadline = fleet.roster.members[id_].policy.start_deadline
            found[id_] = watch.attempt.saved_at + deadline
    return found


def past(value: _T, now: datetime) -> _T:
    """Cut every moment in a value that lies in the future to now."""
    if isinstance(value, datetime):
        return value if value <= now else now  # type: ignore[return-value]
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(past(one, now) for one in value)  # type: ignore[return-value]
    if not is_dataclass(value):
        return value
    cut: dict[str, Any] = {}
    for field in fields(value):
        old = getattr(value, field.name)
        new = past(old, now)
        if new is not old and new != old:
            cut[field.name] = new
    return replace(value, **cut) if cut else value  # type: ignore[type-var]


def _leaves(draft: Draft, known: StoredInstance) -> StoredInstance:
    """What is kept of one that the config no longer names, or names under another center."""
    stored, unjudged = left(known, draft.now)
    if unjudged is not None:
        draft.row(unjudged)
    return stored


def _moved(fleet: Fleet) -> dict[InstanceId, StoredInstance]:
    """Whoever the config names under another center is at home there from now on."""
    moved = [id_ for id_ in fleet.dormant if id_ in fleet.roster.members]
    found = {}
    for id_ in moved:
        del fleet.dormant[id_]
        state = fleet.instances[id_]
        found[id_] = StoredInstance(id_, state.center, state.facts)
    return found


def _keeps_storm(draft: Draft, state: InstanceState) -> None:
    """Who was restartable and has not been seen yet still keeps a storm up."""
    if state.facts.status in draft.member(state.id).policy.restart_on:
        draft.own_index(state.center).waits.add(state.id)


def _keeps_rate(draft: Draft, left: StoredInstance) -> None:
    """Calls of an instance that is no longer watched stay in its center's hour."""
    if left.center in draft.fleet.roster.centers:
        index = draft.own_index(left.center)
        index.note_calls(None, InstanceState(left.id, left.center, left.facts))


def _settle_open(fleet: Fleet, memory: Memory, now: datetime) -> Change:
    draft = Draft(fleet, Situation(now))
    lost = Unanswered("the daemon stopped before the call was settled")
    for attempt in memory.open:
        take_ended(draft, CallEnded(attempt.key, lost, now))
        if attempt.key not in draft.attempts:
            # No state knows of it: the row alone is settled.
            ended = CallEnded(attempt.key, lost, now)
            draft.row(settled(past(attempt, now), lost, ended))
    decided = draft.decided()
    fleet.apply(decided)
    return decided.change
