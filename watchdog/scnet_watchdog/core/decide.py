"""The doorway: inputs and the moment in; changed states, decisions and events out.

The cost of a turn follows what changed or is due, never the size of the fleet.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from . import block, centerbreaker, holds, ramp, storm, throttle
from .allot import allot
from .command import PlaceHold, Release, Reset, RestartNow
from .conclude import conclude, first_answer, upkeep
from .decision import Decision
from .draft import Draft
from .event import EventKind
from .firstlook import first_look
from .fleet import Decided, Fleet
from .inputs import CallEnded, ClockStepped, Input, LookAgain, Situation
from .model import InstanceId, Page, PollFailed, SourceKey, Swept
from .observe import notice_blindness, take_failure, take_page, take_sweep
from .operate import became_eligible, take_command
from .settle import take_ended

CENTER = "center:"
SOURCE = "source:"
HOLDS = "holds"
"""Prefixes and names under which deadlines that are not an instance's are kept."""


def decide(
    fleet: Fleet, inputs: Sequence[Input], due: Collection[str], situation: Situation
) -> Decided:
    """Return what one turn changes; the fleet itself stays as it is."""
    draft = Draft(fleet, situation)
    for one in inputs:
        _take(draft, one)
    for name in due:
        _wake(draft, name)
    for id_ in holds.expire(draft):
        became_eligible(draft, id_)
    conclude_all(draft)
    return draft.decided()


def conclude_all(draft: Draft) -> None:
    """Decide about everyone touched, then about their centers."""
    for id_ in _upkept(draft):
        first_answer(draft, id_)
    for name in list(draft.touched_centers):
        if name in draft.fleet.roster.centers:
            _answer_center(draft, name)
    for key in draft.first_looks:
        first_look(draft, key)
    _wake_holds(draft)


def _upkept(draft: Draft) -> list[InstanceId]:
    """Let time run for everyone touched, until nobody else is touched by that."""
    members = draft.fleet.roster.members
    done: dict[InstanceId, None] = {}
    while pending := [id_ for id_ in draft.touched if id_ not in done and id_ in members]:
        for id_ in pending:
            done[id_] = None
            upkeep(draft, id_)
            draft.touched_centers[members[id_].center] = None
        for name in list(draft.touched_centers):
            _before_answers(draft, name)
    if not done:
        for name in list(draft.touched_centers):
            _before_answers(draft, name)
    return list(done)


def _take(draft: Draft, one: Input) -> None:
    match one:
        case Page():
            take_page(draft, one)
        case Swept():
            take_sweep(draft, one)
            throttle.read_worked(draft, one.key, one.began_at)
            block.nothing_to_try(draft, one)
        case PollFailed():
            take_failure(draft, one)
        case CallEnded():
            take_ended(draft, one)
        case LookAgain():
            block.look_at_once(draft, one.center)
        case ClockStepped():
            _stepped(draft, one)
        case PlaceHold() | Release() | RestartNow() | Reset():
            take_command(draft, one)


def _stepped(draft: Draft, step: ClockStepped) -> None:
    draft.tell(EventKind.CLOCK_STEPPED, step_s=round(step.seconds, 3), opinions_expire=step.expires)
    if step.expires:
        draft.expire_opinions()


def _wake(draft: Draft, name: str) -> None:
    if name.startswith(CENTER):
        draft.touched_centers[name.removeprefix(CENTER)] = None
    elif name.startswith(SOURCE):
        source, _, center = name.removeprefix(SOURCE).rpartition("@")
        key = SourceKey(source, center)
        if key in draft.fleet.sources:
            notice_blindness(draft, key)
    elif name != HOLDS:
        draft.touched[InstanceId(name)] = None


def _before_answers(draft: Draft, name: str) -> None:
    if name in draft.fleet.roster.centers:
        centerbreaker.wait_over(draft, name)
        ramp.grow(draft, name)
        storm.notice(draft, name)


def _answer_center(draft: Draft, name: str) -> None:
    waits = _answer_line(draft, name) if draft.index(name).wanting else ()
    storm.calm_down(draft, name)
    draft.wakes[CENTER + name] = _center_wake(draft, name, waits)


def _answer_line(draft: Draft, name: str) -> Sequence[Decision]:
    """Give out what the gates let through; return what those wait for who got nothing."""
    granted = allot(draft, name)
    line, held = draft.own_index(name).wanting, granted.held
    for attempt in granted.attempts:
        line.discard(attempt.instance)
        conclude(draft, attempt.instance, Decision(attempt.reason))
    for id_ in draft.told_otherwise(line, held, granted.others):
        conclude(draft, id_, held.get(id_, granted.others))
    line.told, line.odd = granted.others.reason, frozenset(held)
    return [*held.values(), *([granted.others] if len(line) > len(held) else [])]


def _center_wake(draft: Draft, name: str, waits: Sequence[Decision]) -> datetime | None:
    center = draft.center(name)
    moments = [centerbreaker.opens_until(center.breaker, draft.limits(name).center_breaker)]
    if center.throttle is not None:
        moments.append(throttle.throttle_ends(center.throttle))
    moments.append(ramp.grows_at(draft, name))
    moments += [one.next_at for one in waits]
    later = [one for one in moments if one is not None and one > draft.now]
    return min(later, default=None)


def _wake_holds(draft: Draft) -> None:
    if not (draft.fleet.holds or draft.holds):
        return
    in_force = {**draft.fleet.holds, **draft.holds}.values()
    ends = [hold.ends_at for hold in in_force if hold is not None and hold.ends_at is not None]
    if ends or draft.holds:
        draft.wakes[HOLDS] = min((end for end in ends if end > draft.now), default=None)
