"""What the engine works with under one config: who is watched, and through which adapters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.model import InstanceId, SourceKey
from ..core.policy import Roster
from ..ports import Restarter, StatusSource


@dataclass(frozen=True, slots=True)
class Wiring:
    """One config's roster with the sources and restarters built for it.

    Args:
        sources: one per source and center that the roster names.
        restarters: one per center.
    """

    roster: Roster
    sources: Mapping[SourceKey, StatusSource] = field(default_factory=dict)
    restarters: Mapping[str, Restarter] = field(default_factory=dict)


def watched_by(roster: Roster) -> dict[SourceKey, tuple[InstanceId, ...]]:
    """The instances each source is asked for."""
    found: dict[SourceKey, list[InstanceId]] = {}
    for member in roster.members.values():
        found.setdefault(member.key, []).append(member.id)
    return {key: tuple(ids) for key, ids in found.items()}
