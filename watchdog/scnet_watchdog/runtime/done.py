"""What a wish came to, in one sentence for whoever asked."""

from collections.abc import Mapping
from datetime import tzinfo

from ..core.command import Scope, ScopeKind, Wish
from ..core.draft import Draft
from ..core.explain import explain
from ..core.fleet import Fleet
from ..core.holds import hold_of
from ..core.inputs import Situation
from ..core.model import InstanceId
from .because import moment_in
from .meant import called

LISTED = 5
"""So many instances are named."""


def done(
    fleet: Fleet,
    wish: Wish,
    scope: Scope,
    fields: Mapping[str, object],
    situation: Situation,
    zone: tzinfo | None = None,
) -> str:
    """The sentence.

    Args:
        fields: those of the event that journalled the command.
        zone: moments are told in its time, with offset; None = this machine's.
    """
    who = called(fleet, scope)
    match wish.verb:
        case "hold":
            said = _held(wish, situation, zone)
        case "release":
            said = f"is released{_still(fleet, scope, fields, situation)}"
        case "restart":
            said = _ordered(fleet, InstanceId(scope.name), situation)
        case _:
            said = "is reset"
    kept = "" if situation.writable else "; the state cannot be written now, it is saved later"
    return f"{who} {said}{kept}"


def _held(wish: Wish, situation: Situation, zone: tzinfo | None) -> str:
    if wish.until_running or wish.length is None:
        return "is held until it was seen not running and then running again"
    return f"is held until {moment_in(zone, situation.now)(situation.now + wish.length)}"


def _still(fleet: Fleet, scope: Scope, fields: Mapping[str, object], situation: Situation) -> str:
    held = fields.get("still_held")
    if isinstance(held, (list, tuple)) and held:
        names = ", ".join(fleet.name_of(InstanceId(str(id_))) for id_ in held[:LISTED])
        more = f" and {len(held) - LISTED} more" if len(held) > LISTED else ""
        return f"; held by themselves still: {names}{more}"
    if scope.kind is not ScopeKind.INSTANCE or scope.name not in fleet.roster.members:
        return ""
    hold = hold_of(Draft(fleet, situation), InstanceId(scope.name))
    return "" if hold is None else f", but the hold of {called(fleet, hold.scope)} covers it still"


def _ordered(fleet: Fleet, id_: InstanceId, situation: Situation) -> str:
    if id_ not in fleet.instances:
        return "was to be restarted, and is no longer watched"
    decision = explain(fleet, id_, situation).decision
    if fleet.instances[id_].facts.care.order is None or decision.restarts:
        return "is being restarted"
    return f"will be restarted as soon as nothing is in the way ({decision.reason})"
