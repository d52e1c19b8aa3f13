"""Whom a command is about: instances by any of their names, a group, a center, or the fleet."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple
from urllib.parse import quote

import typer

from ..core.command import Scope, ScopeKind
from .client import API, instance_path
from .common import ExitCode, leave
from .complete import instances as known_instances
from .which import resolve

if TYPE_CHECKING:
    from ..core.policy import Roster

InstancesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INSTANCE",
        help="Ids, unique starts of one (four characters), or names.",
        autocompletion=known_instances,
    ),
]
WholeGroup = Annotated[
    str | None, typer.Option("--group", help="A group, later members too.", show_default=False)
]
WholeCenter = Annotated[
    str | None, typer.Option("--center", help="A center, later members too.", show_default=False)
]
WholeFleet = Annotated[bool, typer.Option("--all", help="The fleet, later members too.")]


class Target(NamedTuple):
    """One scope as a person names it; `name` is empty for the fleet."""

    kind: ScopeKind
    name: str = ""

    def __str__(self) -> str:
        if self.kind is ScopeKind.FLEET:
            return "the fleet"
        return self.name if self.kind is ScopeKind.INSTANCE else f"{self.kind} {self.name}"

    def path(self, verb: str) -> str:
        """Where a daemon is asked for it."""
        if self.kind is ScopeKind.INSTANCE:
            return instance_path(self.name, verb)
        if self.kind is ScopeKind.FLEET:
            return f"{API}/fleet/{verb}"
        return f"{API}/{self.kind}s/{quote(self.name, safe='')}/{verb}"

    def scope(self, roster: "Roster") -> Scope:
        """The scope it means by the config alone; ends the command with 2 where it means none."""
        if self.kind is ScopeKind.INSTANCE:
            return Scope(self.kind, resolve(self.name, roster))
        known: dict[ScopeKind, list[str | None]] = {
            ScopeKind.GROUP: [one.group for one in roster.members.values()],
            ScopeKind.CENTER: [*roster.centers],
            ScopeKind.FLEET: [""],
        }
        if self.name not in known[self.kind]:
            leave(ExitCode.USAGE, f"{self.name}: the config knows no {self.kind} of this name")
        return Scope(self.kind, self.name)


def targets(
    instances: Sequence[str] | None, group: str | None, center: str | None, everyone: bool
) -> list[Target]:
    """Everything a command names; ends it with 2 where that is nothing."""
    found = [Target(ScopeKind.INSTANCE, name) for name in instances or ()]
    if group is not None:
        found.append(Target(ScopeKind.GROUP, group))
    if center is not None:
        found.append(Target(ScopeKind.CENTER, center))
    if everyone:
        found.append(Target(ScopeKind.FLEET))
    if not found:
        leave(ExitCode.USAGE, "name an instance, or give --group, --center or --all")
    return found
