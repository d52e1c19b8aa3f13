"""A center whose account or credentials refuse us: no restarts, rare looks, one pair of events."""

from dataclasses import replace
from datetime import datetime, timedelta

from . import ramp
from .center import Block, CenterState, Seen
from .draft import Draft
from .event import EventKind
from .model import BlockCause, InstanceId, PollFailed, SourceKey, Swept
from .policy import MINUTE

PERMISSION_CODES = frozenset({"10008", "10009"})
"""Codes that mean a stale token, a missing permission, or one instance's: evidence decides."""

DENIALS_WITHIN = 10 * MINUTE
"""Two distinct instances denied within this time speak of the account, not of the instances."""

NEXT_STEP = {
    BlockCause.ARREARS: "recharge the account; restarts resume by themselves",
    BlockCause.DISABLED: "have the account enabled again; restarts resume by themselves",
    BlockCause.FROZEN: "have the account unfrozen; restarts resume by themselves",
    BlockCause.TOKEN_EXPIRED: "write a new token to the token file, or configure AK/SK",
    BlockCause.CREDENTIALS: "check user, access key and secret key",
    BlockCause.PERMISSION: "give the account the right to restart container instances",
}


def reads_refused(draft: Draft, failed: PollFailed) -> None:
    """A read was refused: the center is blocked, and nothing can be seen."""
    assert failed.cause is not None  # noqa: S101 - checked by the caller
    center = draft.center(failed.key.center)
    old = center.block
    if old is not None:
        block = replace(old, looked_at=draft.now, reads_fail=True, source=failed.key.source)
        draft.put_center(replace(center, block=block))
        return
    _block(draft, failed.key.center, failed.cause, failed.code, failed.key.source)


def restart_refused(draft: Draft, name: str, cause: BlockCause | None, code: str | None) -> None:
    """A restart was refused for the account: the center is blocked until one restart works."""
    center = draft.center(name)
    old = center.block
    if old is not None:
        block = replace(old, looked_at=draft.now, by_restart=True, may_try=False)
        draft.put_center(replace(center, block=block))
        return
    _block(draft, name, cause or BlockCause.PERMISSION, code, None)


def _block(
    draft: Draft, name: str, cause: BlockCause, code: str | None, source: str | None
) -> None:
    block = Block(
        cause,
        draft.now,
        draft.now,
        by_restart=source is None,
        reads_fail=source is not None,
        source=source,
        code=code,
    )
    draft.put_center(replace(draft.center(name), block=block))
    _touch_all(draft, name)
    draft.tell(
        EventKind.CENTER_BLOCKED,
        center=name,
        cause=cause,
        code=code,
        next_step=NEXT_STEP[cause],
        next_at=draft.now + draft.limits(name).blocked_recheck,
    )


def next_look(block: Block, recheck: timedelta) -> datetime:
    """When a blocked center is looked at again."""
    return block.looked_at + recheck


def read_worked(draft: Draft, key: SourceKey, asked_at: datetime) -> None:
    """A good read: ends a block of the reads; prepares the canary restart of any other."""
    center = draft.center(key.center)
    block = center.block
    if block is None or asked_at <= block.looked_at:
        return
    if block.reads_fail:
        if block.source != key.source:
            return
        if not block.by_restart:
            _unblock(draft, center, block)
            return
        block = replace(block, reads_fail=False, may_try=True)
    elif not block.may_try and draft.now >= next_look(
        block, draft.limits(key.center).blocked_recheck
    ):
        block = replace(block, may_try=True)
    draft.put_center(replace(center, block=block))


def nothing_to_try(draft: Draft, sweep: Swept) -> None:
    """After a good sweep, when nothing is restartable, no restart can test the block: it ends.

    A sweep begun before the block was last looked at does not know of it yet.
    """
    center = draft.center(sweep.key.center)
    block = center.block
    if block is None or block.reads_fail or sweep.began_at <= block.looked_at:
        return
    if not draft.index(center.name).restartable:
        _unblock(draft, center, block)


def tried_in_vain(draft: Draft, name: str) -> None:
    """The canary restart did not unblock: look again later, silently."""
    center = draft.center(name)
    if center.block is not None and center.block.may_try:
        block = replace(center.block, looked_at=draft.now, may_try=False)
        draft.put_center(replace(center, block=block))


def _unblock(draft: Draft, center: CenterState, block: Block) -> None:
    """The center answers again: rejections for lack of permission end, and a ramp begins."""
    name = center.name
    lasted = (draft.now - block.since).total_seconds()
    draft.put_center(replace(center, block=None, denials=()))
    ramp.begin(draft, name)
    draft.tell(
        EventKind.CENTER_UNBLOCKED,
        center=name,
        cause=block.cause,
        blocked_for_s=round(lasted, 1),
    )
    _touch_all(draft, name)
    for id_ in tuple(draft.index(name).unrest):
        end_rejection(draft, id_, PERMISSION_CODES)


def unblock_by_restart(draft: Draft, id_: InstanceId) -> None:
    """A restart was taken up, or failed to start: the account is in order, and a ramp begins.

    The canary that showed it holds the ramp's first place.
    """
    center = draft.center(draft.state(id_).center)
    if center.block is None:
        return
    _unblock(draft, center, center.block)
    ramp.hold_first(draft, id_)


def look_at_once(draft: Draft, name: str) -> None:
    """Something about the credentials changed, or an operator asked: look now."""
    center = draft.center(name)
    if center.block is None:
        return
    past = draft.now - draft.limits(name).blocked_recheck
    block = replace(center.block, looked_at=min(center.block.looked_at, past))
    draft.put_center(replace(center, block=block))


def denied(draft: Draft, name: str, id_: InstanceId) -> bool:
    """Note a restart denied by permission; whether that makes two distinct ones in ten minutes."""
    center = draft.center(name)
    recent = tuple(
        one for one in center.denials if one.at > draft.now - DENIALS_WITHIN and one.instance != id_
    )
    draft.put_center(replace(center, denials=(*recent, Seen(draft.now, id_))))
    return bool(recent)


def end_rejection(draft: Draft, id_: InstanceId, codes: frozenset[str] | None = None) -> None:
    """Forget a rejection (with `codes`: only one by these)."""
    state = draft.state(id_)
    episode = state.facts.care.episode
    if episode is None or episode.rejection is None:
        return
    if codes is None or episode.rejection.code in codes:
        draft.care(state, episode=replace(episode, rejection=None))


def _touch_all(draft: Draft, name: str) -> None:
    """Everyone of the center who is not at rest gets a new decision."""
    for id_ in draft.index(name).unrest:
        draft.touched[id_] = None
