"""After quiet start: what is down, and what will be done about it."""

from collections import Counter
from datetime import datetime

from .draft import Draft
from .event import EventKind, Level
from .model import DOWN, InstanceId, SourceKey

MOST = 100
"""How many ids one event names; the counts are always whole."""


def first_look(draft: Draft, key: SourceKey) -> None:
    """Tell counts by status, which instances will be restarted, and when the first of them."""
    newcomers = draft.fleet.sources[key].newcomers
    ids = [
        id_
        for id_ in draft.fleet.members_of.get(key.center, ())
        if draft.member(id_).key == key and (newcomers is None or id_ in newcomers)
    ]
    # What is only remembered from before the start has not been seen.
    seen = {id_: draft.state(id_).facts.status for id_ in ids if draft.asked_at(draft.state(id_))}
    counts = Counter(str(seen.get(id_) or "unseen") for id_ in ids)
    index = draft.index(key.center)
    restarts = [
        id_ for id_ in seen if id_ in index.waits or id_ in index.wanting or id_ in index.due
    ]
    moments = [_when(draft, id_) for id_ in restarts]
    down = sum(status in DOWN for status in seen.values())
    draft.tell(
        EventKind.FLEET_FIRST_LOOK,
        center=key.center,
        level=Level.WARNING if down else Level.INFO,
        source=key.source,
        instances=len(ids),
        counts=dict(counts),
        down=down,
        restarts=restarts[:MOST],
        next_at=min(moments, default=None),
    )


def _when(draft: Draft, id_: InstanceId) -> datetime:
    """The earliest moment at which time alone lets a restart go."""
    state = draft.state(id_)
    row = state.sight.restartable
    confirmed_at = draft.now
    if row is not None:
        confirmed_at = row.first_at + draft.member(id_).policy.confirm.over
    due = draft.index(state.center).due.get(id_)
    return max(draft.now, confirmed_at, due or draft.now)
