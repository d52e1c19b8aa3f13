"""Whom a person means: an id, a unique start of one, or a name; a group; a center; the fleet."""

from ..core.command import Scope, ScopeKind
from ..core.fleet import Fleet
from ..core.model import InstanceId
from ..desk import NobodyMeant

SHORTEST = 4
"""Characters an abbreviated id needs at least, so that a slip names nobody."""

LISTED = 5
"""So many of several matches are named."""


def instance_meant(fleet: Fleet, text: str) -> InstanceId:
    """The one watched instance a text names.

    Raises:
        NobodyMeant
    """
    if text in fleet.roster.members:
        return InstanceId(text)
    named = [id_ for id_ in fleet.roster.members if fleet.name_of(id_) == text]
    if len(named) == 1:
        return named[0]
    if named:
        raise NobodyMeant(f"{text}: several instances have this name: {_some(named)}")
    starts = [id_ for id_ in fleet.roster.members if id_.startswith(text)]
    if len(text) < SHORTEST or not starts:
        raise NobodyMeant(f"{text}: no watched instance has this id or name")
    if len(starts) > 1:
        raise NobodyMeant(f"{text}: several instances begin so: {_some(starts)}")
    return starts[0]


def scope_meant(fleet: Fleet, kind: ScopeKind, name: str) -> Scope:
    """The scope a kind and a name stand for.

    Raises:
        NobodyMeant
    """
    if kind is ScopeKind.INSTANCE:
        return Scope(kind, instance_meant(fleet, name))
    if kind is ScopeKind.GROUP and all(m.group != name for m in fleet.roster.members.values()):
        raise NobodyMeant(f"{name}: no watched instance is in a group of this name")
    if kind is ScopeKind.CENTER and name not in fleet.roster.centers:
        raise NobodyMeant(f"{name}: no center has this name")
    return Scope(kind, "" if kind is ScopeKind.FLEET else name)


def called(fleet: Fleet, scope: Scope) -> str:
    """How a sentence names a scope."""
    if scope.kind is ScopeKind.INSTANCE:
        return fleet.name_of(InstanceId(scope.name))
    return "the fleet" if scope.kind is ScopeKind.FLEET else f"{scope.kind} {scope.name}"


def _some(ids: list[InstanceId]) -> str:
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return ", ".join(ids[:LISTED]) + more
