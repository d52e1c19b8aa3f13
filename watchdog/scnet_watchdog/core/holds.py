"""Holds in force: an instance's own, its group's, its center's or the fleet's."""

from dataclasses import replace

from .command import Hold, Scope, ScopeKind
from .draft import Draft
from .event import EventKind
from .fleet import scopes_of
from .model import DOWN, InstanceId, Status
from .outcome import Verdict
from .state import InstanceState, Mark

_NOT_RUNNING = DOWN | {Status.WAITING, Status.DEPLOYING}
"""Statuses after which a running read may mean that a person started the instance."""


def hold_of(draft: Draft, id_: InstanceId) -> Hold | None:
    """The hold that keeps an instance alone, the nearest first; None where there is none."""
    state = draft.state(id_)
    if state.facts.care.hold is not None and in_force(draft, state.facts.care.hold):
        return state.facts.care.hold
    if not draft.fleet.holds and not draft.holds:
        return None
    for scope in scopes_of(draft.fleet, id_):
        hold = draft.hold(scope)
        if hold is not None and in_force(draft, hold) and not _ended_for(state, hold):
            return hold
    return None


def in_force(draft: Draft, hold: Hold) -> bool:
    """Whether a hold has not reached its end."""
    return hold.ends_at is None or draft.now < hold.ends_at


def _ended_for(state: InstanceState, hold: Hold) -> bool:
    return any(
        mark.ended and mark.scope == hold.scope and mark.of == hold.begun_at
        for mark in state.facts.care.marks
    )


def mark_progress(draft: Draft, state: InstanceState) -> InstanceState:
    """Follow a hold that lasts until the instance runs again.

    It ends at a running read that follows a down, waiting or deploying one, both begun after the
    hold. A running brought by an attempt that was under way ends nothing.
    """
    care = state.facts.care
    if not (care.hold or care.marks or draft.fleet.holds or draft.holds):
        # As a rule nobody is held: no scope has to be asked.
        return state
    status, asked = state.facts.status, state.sight.asked_at
    if asked is None or (status is not Status.RUNNING and status not in _NOT_RUNNING):
        return state
    shared = (draft.hold(scope) for scope in scopes_of(draft.fleet, state.id))
    lasting = [one for one in (state.facts.care.hold, *shared) if one and one.until_running]
    state = _forget_marks(draft, state, lasting)
    for hold in lasting:
        if asked > hold.begun_at:
            state = _mark(draft, state, hold, status)
    return state


def _forget_marks(draft: Draft, state: InstanceState, lasting: list[Hold]) -> InstanceState:
    """Marks of holds that are over would keep an instance from ever being at rest."""
    of = {(hold.scope, hold.begun_at) for hold in lasting}
    kept = tuple(mark for mark in state.facts.care.marks if (mark.scope, mark.of) in of)
    return state if kept == state.facts.care.marks else draft.care(state, marks=kept)


def _mark(draft: Draft, state: InstanceState, hold: Hold, status: Status) -> InstanceState:
    found = next(
        (m for m in state.facts.care.marks if m.scope == hold.scope and m.of == hold.begun_at),
        Mark(hold.scope, hold.begun_at),
    )
    if found.ended:
        return state
    watch = state.facts.care.watch
    if status is not Status.RUNNING:
        new = replace(found, was_down=True)
    elif watch is not None and watch.attempt.verdict is not Verdict.RECOVERED:
        # Our own attempt is under way; its running is not a person's.
        new = replace(found, was_down=False)
    elif found.was_down:
        new = replace(found, ended=True)
    else:
        return state
    if new == found:
        return state
    others = tuple(m for m in state.facts.care.marks if m.scope != hold.scope)
    state = draft.care(state, marks=(*others, new))
    if new.ended:
        tell_end(draft, hold, "running again", state.id)
        if hold.scope.kind is ScopeKind.INSTANCE:
            state = draft.care(state, hold=None, marks=others)
    return state


def tell_end(draft: Draft, hold: Hold, why: str, instance: InstanceId | None = None) -> None:
    """Tell that a hold ended, for one instance or for a whole scope."""
    if instance is None and hold.scope.kind is ScopeKind.INSTANCE:
        instance = InstanceId(hold.scope.name)
    draft.tell(
        EventKind.HOLD_ENDED,
        instance,
        center=hold.scope.name if hold.scope.kind is ScopeKind.CENTER else None,
        scope=hold.scope.kind,
        target=hold.scope.name or None,
        cause=why,
        ends_at=hold.ends_at,
        author=hold.author,
        hold_reason=hold.reason or None,
    )


def expire(draft: Draft) -> list[InstanceId]:
    """End shared holds whose time is over; whom they covered gets a new decision."""
    covered: list[InstanceId] = []
    for scope, hold in list(draft.fleet.holds.items()):
        if draft.hold(scope) is hold and not in_force(draft, hold):
            draft.holds[scope] = None
            tell_end(draft, hold, "its time is over")
            touch_scope(draft, scope)
            covered += members_under(draft, scope)
    return covered


def end_own(draft: Draft, state: InstanceState, hold: Hold, why: str) -> None:
    """End an instance's own hold."""
    marks = tuple(mark for mark in state.facts.care.marks if mark.scope != hold.scope)
    draft.care(state, hold=None, marks=marks)
    tell_end(draft, hold, why)


def expire_own(draft: Draft, id_: InstanceId) -> bool:
    """End an instance's own hold when its time is over; whether it was."""
    state = draft.state(id_)
    hold = state.facts.care.hold
    if hold is None or in_force(draft, hold):
        return False
    end_own(draft, state, hold, "its time is over")
    return True


def touch_scope(draft: Draft, scope: Scope) -> None:
    """Everyone under a scope who is not at rest gets a new decision."""
    for id_ in members_under(draft, scope):
        if not draft.state(id_).at_rest:
            draft.touched[id_] = None


def members_under(draft: Draft, scope: Scope) -> tuple[InstanceId, ...]:
    """The watched instances a scope covers."""
    members = draft.fleet.roster.members
    if scope.kind is ScopeKind.INSTANCE:
        id_ = InstanceId(scope.name)
        return (id_,) if id_ in members else ()
    if scope.kind is ScopeKind.CENTER:
        return draft.fleet.members_of.get(scope.name, ())
    if scope.kind is ScopeKind.GROUP:
        return tuple(m.id for m in members.values() if m.group == scope.name)
    return tuple(members)
