"""What an operator may ask: hold, release, restart, reset.

Commands reach the core as inputs of a turn, from the control socket or from the store's inbox;
`row` names the inbox row that is done once the turn is saved.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .model import InstanceId


class ScopeKind(StrEnum):
    """How far a hold reaches."""

    INSTANCE = "instance"
    GROUP = "group"
    CENTER = "center"
    FLEET = "fleet"


class Scope(NamedTuple):
    """Whom a command or a hold is about; `name` is an id, a group, a center, or empty (fleet)."""

    kind: ScopeKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Leave alone: stored as begin + length, so that no stepped clock makes it longer.

    Args:
        length: None together with `until_running`: no time limit.
        until_running: ends, for each member by itself, when a person has started it.
    """

    scope: Scope
    begun_at: datetime
    length: timedelta | None = timedelta(hours=4)
    until_running: bool = False
    author: str = ""
    reason: str = ""

    @property
    def ends_at(self) -> datetime | None:
        """When it ends by itself, or None where only an observation ends it."""
        return None if self.length is None else self.begun_at + self.length


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Place a hold; a second one on the same scope replaces the first."""

    scope: Scope
    by: str
    length: timedelta | None = timedelta(hours=4)
    until_running: bool = False
    reason: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """End the hold of this scope only; with `every`, also the single holds under it."""

    scope: Scope
    by: str
    every: bool = False
    row: int | None = None


@dataclass(frozen=True, slots=True)
class RestartNow:
    """Restart past confirmation, cooldown, breaker, budget, rejection and storm."""

    instance: InstanceId
    by: str
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """Forget failures, openings, cooldown, rejection and budget; for a center: breaker, block."""

    scope: Scope
    by: str
    row: int | None = None


Command = PlaceHold | Release | RestartNow | Reset


@dataclass(frozen=True, slots=True)
class Wish:
    """A command whose target is still a name as people say it.

    Args:
        verb: hold, release, restart or reset.
        name: an instance by id, unique start of the id, or name; a group; a center.
        by: who asks, for the journal.
        length: how long to hold; None together with `until_running`.
        every: release single holds under the scope too.
    """

    verb: str
    kind: ScopeKind
    name: str
    by: str
    length: timedelta | None = None
    until_running: bool = False
    reason: str = ""
    every: bool = False
