"""What one turn changed: everything a store must keep, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .attempt import Attempt
from .center import CenterState
from .command import Hold, Scope
from .event import Event
from .model import InstanceId
from .state import Facts


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """One instance as the store keeps it."""

    id: InstanceId
    center: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Memory:
    """What a store hands over at a take-over: the fleet of the tenure's centers.

    Args:
        open: attempts that have no outcome; a call may have been sent for each of them.
        fresh: nothing was stored before (a new state).
    """

    instances: tuple[StoredInstance, ...] = ()
    centers: tuple[CenterState, ...] = ()
    holds: tuple[Hold, ...] = ()
    open: tuple[Attempt, ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What to save. `wanted` are new attempts: only those the store grants may be acted on.

    Args:
        holds: holds on groups, centers and the fleet; None = ended.
        attempts: rows that were settled or judged, to be written over (or, if never saved, added).
        taken: inbox rows that are done.
    """

    instances: Mapping[InstanceId, StoredInstance] = field(default_factory=dict)
    centers: Mapping[str, CenterState] = field(default_factory=dict)
    holds: Mapping[Scope, Hold | None] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    wanted: tuple[Attempt, ...] = ()
    events: tuple[Event, ...] = ()
    taken: tuple[int, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to save."""
        return not (
            self.instances
            or self.centers
            or self.holds
            or self.attempts
            or self.wanted
            or self.events
            or self.taken
        )

    def then(self, later: "Change") -> "Change":
        """Both changes as one, the later one winning; attempts wanted earlier are dropped."""
        merged = {row.key: row for row in (*self.attempts, *later.attempts)}
        return Change(
            instances={**self.instances, **later.instances},
            centers={**self.centers, **later.centers},
            holds={**self.holds, **later.holds},
            attempts=tuple(merged.values()),
            wanted=later.wanted,
            events=self.events + later.events,
            taken=self.taken + later.taken,
        )
