"""The platform asked us to slow down: the whole center waits, then one call goes first."""

from dataclasses import replace
from datetime import datetime, timedelta

from .backoff import grown
from .center import Throttle
from .draft import Draft
from .event import EventKind
from .model import InstanceId, SourceKey


def throttled(
    draft: Draft, name: str, retry_after: timedelta | None, by: InstanceId | None = None
) -> None:
    """Begin or lengthen the wait.

    As long as told (without a value `center_breaker.open_for`), at least `fast_interval` doubled
    with every throttle in a row, at most `center_breaker.max_open`.
    """
    center = draft.center(name)
    old = center.throttle
    in_row = old.in_row + 1 if old is not None else 1
    policy = draft.limits(name).center_breaker
    fast = min(
        (draft.pace(key).fast_interval for key in draft.fleet.sources if key.center == name),
        default=policy.open_for,
    )
    least = grown(fast, 2, in_row - 1, policy.max_open)
    told = retry_after if retry_after is not None else policy.open_for
    length = min(max(told, least), policy.max_open)
    by_call = by is not None or (old is not None and old.by_call)
    throttle = Throttle(draft.now, length, in_row, by_call=by_call)
    draft.put_center(replace(center, throttle=throttle))
    draft.tell(
        EventKind.CENTER_THROTTLED,
        instance=by,
        center=name,
        in_row=in_row,
        next_at=draft.now + length,
        told_s=retry_after.total_seconds() if retry_after is not None else None,
    )


def throttle_ends(throttle: Throttle) -> datetime:
    """When the center may be asked again."""
    return throttle.begun_at + throttle.length


def goes_first(draft: Draft, name: str, id_: InstanceId) -> None:
    """Where a wait is over, this call goes ahead of the others."""
    center = draft.center(name)
    if center.throttle is not None:
        draft.put_center(replace(center, throttle=replace(center.throttle, probing=id_)))


def gone_ahead(draft: Draft, throttle: Throttle) -> InstanceId | None:
    """The instance whose call has gone ahead and has no outcome yet.

    Asked of the ledger: a note alone would shut the gate for ever once its instance is removed.
    """
    id_ = throttle.probing
    if id_ is None or id_ not in draft.fleet.roster.members:
        return None
    watch = draft.state(id_).facts.care.watch
    return id_ if watch is not None and watch.attempt.outcome is None else None


def read_worked(draft: Draft, key: SourceKey, began_at: datetime) -> None:
    """A sweep begun after the wait ends what only polls have met; a call's waits for a call."""
    center = draft.center(key.center)
    told = center.throttle
    if told is not None and not told.by_call and began_at >= throttle_ends(told):
        draft.put_center(replace(center, throttle=None))


def not_throttled(draft: Draft, name: str) -> None:
    """A call was answered with anything else: the others may follow."""
    center = draft.center(name)
    if center.throttle is not None and draft.now >= throttle_ends(center.throttle):
        draft.put_center(replace(center, throttle=None))


def came_to_nothing(draft: Draft, name: str, id_: InstanceId) -> None:
    """The call that went first was not made or brought no answer: another may go first."""
    center = draft.center(name)
    if center.throttle is not None and center.throttle.probing == id_:
        draft.put_center(replace(center, throttle=replace(center.throttle, probing=None)))
