"""Operators' commands applied to the state: hold, release, restart, reset."""

from dataclasses import replace
from typing import Any, assert_never

from . import block, ramp, storm
from .center import CenterBreaker
from .command import Command, Hold, PlaceHold, Release, Reset, RestartNow, Scope, ScopeKind
from .decision import Reason
from .draft import Draft
from .event import EventKind
from .holds import end_own, hold_of, in_force, members_under, tell_end, touch_scope
from .model import DOWN, InstanceId
from .outcome import OutcomeKind
from .policy import MINUTE, Mode
from .state import BreakerState, Order
from .view import view_of

ORDER_LASTS = 10 * MINUTE
"""How long an operator's restart waits for a place, a rate or the center's breaker."""


def take_command(draft: Draft, command: Command) -> None:
    """Apply one command and journal who asked what."""
    if command.row is not None:
        draft.taken.append(command.row)
    match command:
        case PlaceHold():
            _place(draft, command)
        case Release():
            _release(draft, command)
        case RestartNow():
            _order(draft, command)
        case Reset():
            _reset(draft, command)
        case _:
            assert_never(command)


def _told(draft: Draft, what: str, scope: Scope, by: str, **fields: Any) -> None:
    id_ = InstanceId(scope.name) if scope.kind is ScopeKind.INSTANCE else None
    known = id_ if id_ in draft.fleet.roster.members else None
    draft.tell(
        EventKind.OPERATOR_COMMAND,
        known,
        center=scope.name if scope.kind is ScopeKind.CENTER else None,
        command=what,
        by=by,
        scope=scope.kind,
        target=scope.name or None,
        **fields,
    )


def _place(draft: Draft, command: PlaceHold) -> None:
    scope = command.scope
    if _watches_nobody(draft, scope):
        _told(draft, "hold", scope, command.by, refused="not watched")
        return
    length = None if command.until_running else command.length
    hold = Hold(scope, draft.now, length, command.until_running, command.by, command.reason)
    _told(draft, "hold", scope, command.by)
    old = _current(draft, scope)
    if old is not None and in_force(draft, old):
        tell_end(draft, old, "replaced")
    if scope.kind is ScopeKind.INSTANCE:
        state = draft.state(InstanceId(scope.name))
        marks = tuple(mark for mark in state.facts.care.marks if mark.scope != scope)
        draft.care(state, hold=hold, marks=marks)
    else:
        draft.holds[scope] = hold
    for id_ in members_under(draft, scope):
        ramp.give_back(draft, id_)
    touch_scope(draft, scope)
    _tell_placed(draft, hold)


def _watches_nobody(draft: Draft, scope: Scope) -> bool:
    return scope.kind is ScopeKind.INSTANCE and not members_under(draft, scope)


def _tell_placed(draft: Draft, hold: Hold) -> None:
    kind, name = hold.scope
    draft.tell(
        EventKind.HOLD_PLACED,
        InstanceId(name) if kind is ScopeKind.INSTANCE else None,
        center=name if kind is ScopeKind.CENTER else None,
        scope=kind,
        target=name or None,
        next_at=hold.ends_at,
        until_running=hold.until_running,
        author=hold.author,
        hold_reason=hold.reason or None,
    )


def _current(draft: Draft, scope: Scope) -> Hold | None:
    if scope.kind is ScopeKind.INSTANCE:
        return draft.state(InstanceId(scope.name)).facts.care.hold
    return draft.hold(scope)


def _release(draft: Draft, command: Release) -> None:
    scope = command.scope
    if _watches_nobody(draft, scope):
        _told(draft, "release", scope, command.by, refused="not watched")
        return
    under = members_under(draft, scope)
    held_before = [id_ for id_ in under if hold_of(draft, id_) is not None]
    _end_singles(draft, command, under)
    old = None if scope.kind is ScopeKind.INSTANCE else draft.hold(scope)
    if old is not None:
        draft.holds[scope] = None
        tell_end(draft, old, "released")
    touch_scope(draft, scope)
    for id_ in held_before:
        if hold_of(draft, id_) is None:
            became_eligible(draft, id_)


def _end_singles(draft: Draft, command: Release, under: tuple[InstanceId, ...]) -> None:
    """Tell the command; end single holds where it means them, else list those that stay."""
    holds = {id_: draft.state(id_).facts.care.hold for id_ in under}
    singles = {id_: hold for id_, hold in holds.items() if hold is not None}
    ends = command.every or command.scope.kind is ScopeKind.INSTANCE
    stay = None if ends else [*singles] or None
    _told(draft, "release", command.scope, command.by, still_held=stay)
    for id_, hold in singles.items() if ends else ():
        end_own(draft, draft.state(id_), hold, "released")


def became_eligible(draft: Draft, id_: InstanceId) -> None:
    """Who is restartable when released, reloaded or armed counts as turned restartable now."""
    if id_ in draft.index(draft.member(id_).center).restartable:
        storm.turned(draft, id_)


def _order(draft: Draft, command: RestartNow) -> None:
    id_ = command.instance
    scope = Scope(ScopeKind.INSTANCE, id_)
    refused = "not watched" if id_ not in draft.fleet.roster.members else refusal(draft, id_)
    if refused is not None:
        _told(draft, "restart", scope, command.by, refused=refused)
        return
    _told(draft, "restart", scope, command.by)
    draft.care(draft.state(id_), order=Order(draft.now, command.by))


def refusal(draft: Draft, id_: InstanceId) -> str | None:
    """Why an operator's restart is refused, or None."""
    view = view_of(draft, id_)
    watch = view.state.facts.care.watch
    block_ = view.center.block
    if view.mode is not Mode.ACTIVE:
        return str(Reason.WATCH_ONLY if view.mode is Mode.WATCH else Reason.SHADOW)
    if view.hold is not None:
        return str(Reason.HELD)
    if block_ is not None:
        return str(Reason.CENTER_BLOCKED)
    if view.state.sight.asked_at is None:
        return str(Reason.QUIET_START)
    if view.blind_at is not None and view.now >= view.blind_at:
        return str(Reason.SOURCE_BLIND)
    if watch is not None and not watch.attempt.closed:
        return str(Reason.VERIFYING)
    return None if view.status in DOWN else f"status is {view.status}"


def lapse(draft: Draft, id_: InstanceId) -> None:
    """End an operator's restart that waited too long, or that is no longer to the point."""
    state = draft.state(id_)
    order = state.facts.care.order
    if order is None:
        return
    if draft.now >= order.begun_at + ORDER_LASTS:
        why = "no place within ten minutes"
    elif state.sight.asked_at is not None and state.facts.status not in DOWN:
        why = f"status is {state.facts.status}"
    elif hold_of(draft, id_) is not None:
        why = str(Reason.HELD)
    else:
        return
    draft.care(state, order=None)
    scope = Scope(ScopeKind.INSTANCE, id_)
    _told(draft, "restart", scope, order.by, lapsed=why)


def _reset(draft: Draft, command: Reset) -> None:
    scope = command.scope
    if scope.kind is ScopeKind.CENTER and scope.name not in draft.fleet.roster.centers:
        _told(draft, "reset", scope, command.by, refused="not watched")
        return
    _told(draft, "reset", scope, command.by)
    if scope.kind is ScopeKind.CENTER:
        _reset_center(draft, scope.name)
        return
    for id_ in members_under(draft, scope):
        _reset_instance(draft, id_)


def _reset_instance(draft: Draft, id_: InstanceId) -> None:
    """Forget failures, openings, cooldown, rejection and budget; attempt and hold stay."""
    state = draft.state(id_)
    ledger = state.facts.ledger
    if ledger.calls:
        # The hourly rate of the center still counts them: only the budget is forgiven.
        ledger = replace(
            ledger, calls=tuple(replace(call, by_operator=True) for call in ledger.calls)
        )
        state = draft.put(replace(state, facts=replace(state.facts, ledger=ledger)))
    episode = state.facts.care.episode
    if episode is None:
        return
    if episode.breaker is not BreakerState.CLOSED:
        draft.tell(EventKind.BREAKER_CLOSED, id_, scope="instance", cause="reset")
    kept = replace(
        episode,
        attempts=0,
        not_sent=0,
        waits_from=None,
        failures=0,
        breaker=BreakerState.CLOSED,
        opened_at=None,
        openings=0,
        rejection=None,
    )
    watch = state.facts.care.watch
    unanswered = watch is not None and watch.attempt.outcome is OutcomeKind.UNKNOWN
    if not unanswered and not episode.watches:
        kept = replace(kept, cautious_from=None, reads=0)
    draft.care(state, episode=kept)


def _reset_center(draft: Draft, name: str) -> None:
    center = draft.center(name)
    if center.breaker.state is not BreakerState.CLOSED:
        # Whoever was down waits at the ramp still: a reset is no reason for a rush.
        draft.tell(EventKind.BREAKER_CLOSED, center=name, scope="center", cause="reset")
        ramp.begin(draft, name)
    draft.put_center(replace(draft.center(name), breaker=CenterBreaker()))
    block.look_at_once(draft, name)
