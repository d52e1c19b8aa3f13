"""When a source is asked next: usually, faster while something is going on, rarely when blocked."""

from datetime import datetime, timedelta

from .block import next_look
from .fleet import Fleet, Index
from .inputs import Situation
from .model import InstanceId, SourceKey
from .policy import Pace
from .throttle import throttle_ends

NEAR = timedelta(seconds=10)
"""A call that is due within this time wants a fresh read."""


def next_poll_at(
    fleet: Fleet, key: SourceKey, situation: Situation, last_began: datetime | None
) -> datetime:
    """Return when the source is to be polled next; at once when it never was."""
    earliest = _earliest(fleet, key)
    if last_began is None:
        return max(situation.now, earliest or situation.now)
    pace = fleet.roster.paces.get(key.source) or Pace()
    wanted = min(last_began + pace.interval, _wanted(fleet, key, pace, last_began))
    return max(wanted, earliest) if earliest is not None else wanted


def _earliest(fleet: Fleet, key: SourceKey) -> datetime | None:
    """Before this moment the platform does not want to be asked."""
    center = fleet.centers.get(key.center)
    if center is None:
        return None
    limits = fleet.roster.centers[key.center]
    block = center.block
    moments = []
    if block is not None and block.reads_fail and block.source == key.source:
        moments.append(next_look(block, limits.blocked_recheck))
    if center.throttle is not None:
        moments.append(throttle_ends(center.throttle))
    return max(moments, default=None)


def _wanted(fleet: Fleet, key: SourceKey, pace: Pace, last_began: datetime) -> datetime:
    """When something going on wants the next read."""
    fast = last_began + pace.fast_interval
    index = fleet.indexes.get(key.center) or Index()
    members = fleet.roster.members
    hurried = [id_ for id_ in index.hurry if id_ in members and members[id_].key == key]
    if hurried:
        return min(fast, _completes(fleet, hurried, last_began) or fast)
    due = (
        moment for id_, moment in index.due.items() if id_ in members and members[id_].key == key
    )
    soonest = min(due, default=None)
    if soonest is None:
        return last_began + pace.interval
    return max(fast, soonest - NEAR)


def _completes(fleet: Fleet, hurried: list[InstanceId], last_began: datetime) -> datetime | None:
    """The first moment at which one more read completes somebody's confirmation."""
    moments = []
    for id_ in hurried:
        row = fleet.instances[id_].sight.restartable
        confirm = fleet.roster.members[id_].policy.confirm
        if row is not None and row.count >= confirm.count - 1:
            completes = row.first_at + confirm.over
            if completes > last_began:
                moments.append(completes)
    return min(moments, default=None)
