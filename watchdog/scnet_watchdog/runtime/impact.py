"""What a new config means for whoever is down: said before the first restart it leads to."""

from collections.abc import Collection
from copy import copy
from datetime import datetime, timedelta

from ..core.decision import Reason
from ..core.draft import Draft
from ..core.explain import explain
from ..core.fleet import Fleet
from ..core.holds import hold_of
from ..core.inputs import Situation
from ..core.model import InstanceId
from ..core.policy import Mode, Roster
from ..core.reload import reload

ASKED = 100
"""So many instances are asked when their restart may come: all, in most fleets."""


def eligible(fleet: Fleet, situation: Situation) -> frozenset[InstanceId]:
    """Who is down in a way that the config wants restarted, and is held by nobody."""
    draft = Draft(fleet, situation)
    return frozenset(
        id_
        for index in fleet.indexes.values()
        for id_ in index.restartable
        if id_ in fleet.roster.members
        and fleet.mode_of(id_, situation.shadow) is Mode.ACTIVE
        and hold_of(draft, id_) is None
    )


def foreseen(fleet: Fleet, roster: Roster, situation: Situation) -> Fleet:
    """The fleet as it would be under another config; the given one stays as it is."""
    twin = copy(fleet)
    # States are values: copies of what holds them are enough, and indexes come as new ones.
    for name in ("instances", "centers", "sources", "holds", "indexes", "dormant"):
        setattr(twin, name, dict(getattr(fleet, name)))
    twin.apply(reload(fleet, roster, situation))
    return twin


def impact(
    fleet: Fleet,
    before: frozenset[InstanceId],
    added: Collection[str],
    situation: Situation,
) -> str:
    """One sentence on what a config that is now in force leads to.

    Args:
        before: who was eligible under the old config.
        added: ids that are newly watched; they must be seen before anything is decided.
    """
    after = eligible(fleet, situation)
    come, gone = sorted(after - before), before - after
    parts = []
    if come:
        verb = "becomes" if len(come) == 1 else "become"
        when = _first(fleet, come[:ASKED], situation)
        parts.append(f"{_count(len(come))} {verb} eligible; restarts start {when}")
    if gone:
        parts.append(f"{_count(len(gone))} no longer eligible")
    if added:
        parts.append(f"{_count(len(added))} newly watched: looked at first, then decided")
    return "; ".join(parts) or "nobody becomes eligible for a restart"


def _first(fleet: Fleet, ids: Collection[InstanceId], situation: Situation) -> str:
    now = situation.now
    moments = [_earliest(fleet, id_, situation) for id_ in ids]
    known = [at for at in moments if at is not None]
    if not known:
        return "when what holds them back is over"
    seconds = max(0, round((min(known) - now) / timedelta(seconds=1)))
    return f"in {seconds} s" if seconds else "now"


def _earliest(fleet: Fleet, id_: InstanceId, situation: Situation) -> datetime | None:
    decision = explain(fleet, id_, situation).decision
    if decision.restarts:
        return situation.now
    if decision.reason is Reason.CONFIRMING and decision.next_at is None:
        return situation.now + fleet.roster.members[id_].policy.confirm.over
    return decision.next_at


def _count(number: int) -> str:
    return f"{number} instance{'' if number == 1 else 's'}"
