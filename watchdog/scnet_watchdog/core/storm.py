"""Storm: a large share of a center turned restartable at once; one canary goes, then a ramp."""

from dataclasses import replace
from datetime import datetime

from . import ramp
from .center import Seen, Storm
from .decision import Reason
from .draft import Draft
from .event import EventKind
from .holds import hold_of
from .model import InstanceId
from .policy import Mode
from .state import InstanceState

WAITS = frozenset(
    {
        Reason.QUIET_START,
        Reason.SOURCE_BLIND,
        Reason.CONFIRMING,
        Reason.CENTER_BLOCKED,
        Reason.THROTTLED,
        Reason.CENTER_BREAKER_OPEN,
        Reason.STORM,
        Reason.CENTER_RATE,
        Reason.CENTER_BUSY,
        # The daemon's own troubles, while which nothing becomes better.
        Reason.DRAINING,
        Reason.STATE_UNWRITABLE,
    }
)
"""Reasons of a restartable instance that keep a storm up."""


def turned(draft: Draft, id_: InstanceId) -> None:
    """Count an instance that is restartable and eligible, once until it is stable.

    The mark that it was counted is stored. So whoever became eligible in any way (released, armed
    by a reload or by a start without `--shadow`) counts when that is met, and nobody twice.
    """
    state = draft.state(id_)
    if turns(draft, state):
        draft.care(state, turned=True)
        count(draft, state)


def turns(draft: Draft, state: InstanceState) -> bool:
    """Whether a restartable instance is to be counted: eligible, and not counted yet."""
    if state.facts.care.turned or draft.mode(state.id) is not Mode.ACTIVE:
        return False
    return not _excepted(draft, state.id)


def count(draft: Draft, state: InstanceState) -> None:
    """Count an instance whose mark is set."""
    draft.turned.setdefault(state.center, []).append(Seen(draft.now, state.id))


def _excepted(draft: Draft, id_: InstanceId) -> bool:
    episode = draft.state(id_).facts.care.episode
    rejected = episode is not None and episode.rejection is not None
    return rejected or hold_of(draft, id_) is not None


def notice(draft: Draft, name: str) -> None:
    """Begin a storm when the share is reached; its gate shuts in this very turn."""
    center = draft.center(name)
    policy = draft.limits(name).storm
    new = draft.turned.pop(name, [])
    if center.storm is not None:
        # Whoever turns now is part of it, and its end forgets who was counted.
        return
    since = draft.now - policy.within
    turned = center.turned
    if new:
        turned = (*_without_first(turned, since), *new)
        center = draft.put_center(center.with_turned(turned))
    if len(turned) < max(policy.at_least, policy.share * _surely_eligible(draft, name)):
        # Most turns end here: nobody has to be asked one by one.
        return
    # Everyone counts once; and where the clock was set back, the first are not the oldest.
    recent = {one.instance for one in turned if one.at > since}
    if len(recent) < policy.at_least:
        return
    eligible = _eligible(draft, name)
    if len(recent) < policy.share * eligible:
        return
    draft.put_center(replace(center, storm=Storm(draft.now, len(recent)), turned=()))
    if center.ramp is None or center.ramp.passed:
        # A ramp whose canary is out already waits for the same restart.
        ramp.begin(draft, name)
    draft.tell(EventKind.STORM_BEGAN, center=name, instances=len(recent), eligible=eligible)


def _without_first(turned: tuple[Seen, ...], since: datetime) -> tuple[Seen, ...]:
    """Without those at the front that turned before the window: as a rule all that did."""
    gone = 0
    while gone < len(turned) and turned[gone].at <= since:
        gone += 1
    return turned[gone:]


def _surely_eligible(draft: Draft, name: str) -> int:
    """At least so many: without shared holds whoever is held or rejected is not at rest."""
    if draft.fleet.holds or draft.holds:
        return 0
    return draft.fleet.active_of.get(name, 0) - len(draft.index(name).unrest)


def _eligible(draft: Draft, name: str) -> int:
    """Active instances of a center that are not held or rejected."""
    members = draft.fleet.members_of.get(name, ())
    if draft.fleet.holds or draft.holds:
        return sum(draft.mode(id_) is Mode.ACTIVE and not _excepted(draft, id_) for id_ in members)
    # Without shared holds whoever is held or rejected is not at rest: no need to ask all.
    excepted = sum(
        id_ in draft.fleet.roster.members
        and draft.mode(id_) is Mode.ACTIVE
        and _excepted(draft, id_)
        for id_ in draft.index(name).unrest
    )
    return draft.fleet.active_of.get(name, 0) - excepted


def calm_down(draft: Draft, name: str) -> None:
    """End storm and ramp when nobody restartable confirms or waits at a gate any more."""
    center = draft.center(name)
    if draft.index(name).waits:
        return
    if center.storm is None:
        # Whoever cools down comes later: a ramp without a storm waits for them too.
        over = center.breaker.state == "closed" and center.block is None
        if center.ramp is not None and over and not draft.index(name).due:
            draft.put_center(replace(center, ramp=None))
        return
    lasted = (draft.now - center.storm.since).total_seconds()
    kept = None if center.breaker.state == "closed" else center.ramp
    draft.put_center(replace(center, storm=None, turned=(), ramp=kept))
    draft.tell(EventKind.STORM_ENDED, center=name, lasted_s=round(lasted, 1))
