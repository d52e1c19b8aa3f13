"""What is now, counted from the fleet in memory at the moment somebody asks."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from ...core.fleet import Fleet
from ...core.model import BlockCause, InstanceId, SourceKey, Status
from ...core.state import BreakerState, InstanceState

BREATH = 500
"""Instances after which the loop is given to others: a large fleet must not hold a turn up."""


@dataclass(slots=True)
class Gauges:
    """The numbers of one moment; complete when `look` returns it, and never changed after.

    Args:
        instances: by center and status, the zeros too, so that a sum never goes missing.
        decisions: by center and reason; only those there are.
        breakers: by center and scope: open ones.
        blocked: by center and cause, 0 or 1.
        swept: when each source's last good poll began, seconds since 1970.
        up: id, name and center of each instance, and whether it runs.
    """

    instances: Counter[tuple[str, str]] = field(default_factory=Counter)
    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    breakers: Counter[tuple[str, str]] = field(default_factory=Counter)
    blocked: dict[tuple[str, str], int] = field(default_factory=dict)
    swept: dict[SourceKey, float] = field(default_factory=dict)
    up: list[tuple[str, str, str, bool]] = field(default_factory=list)
    watched: frozenset[InstanceId] = frozenset()

    @property
    def centers(self) -> tuple[str, ...]:
        """The centers there are."""
        return tuple(sorted({center for center, _ in self.instances}))


async def look(fleet: Fleet) -> Gauges:
    """Count the fleet; turns may happen meanwhile, and each instance is counted once."""
    found = Gauges(watched=frozenset(fleet.roster.members))
    for name in fleet.roster.centers:
        _center(found, fleet, name)
    for number, id_ in enumerate(tuple(fleet.roster.members), 1):
        if number % BREATH == 0:
            await asyncio.sleep(0)
        # A reload meanwhile may have taken somebody out.
        if (state := fleet.instances.get(id_)) is not None:
            _instance(found, fleet.name_of(id_), state)
    return found


def _center(found: Gauges, fleet: Fleet, name: str) -> None:
    center = fleet.centers[name]
    found.instances.update({(name, str(status)): 0 for status in Status})
    found.breakers[name, "instance"] = 0
    found.breakers[name, "center"] = int(center.breaker.state is BreakerState.OPEN)
    cause = center.block.cause if center.block is not None else None
    found.blocked.update({(name, str(one)): int(one is cause) for one in BlockCause})
    for key, source in fleet.sources.items():
        if key.center == name and source.swept_at is not None:
            found.swept[key] = source.swept_at.timestamp()


def _instance(found: Gauges, name: str, state: InstanceState) -> None:
    facts, center = state.facts, state.center
    status = facts.status or Status.UNKNOWN
    found.instances[center, str(status)] += 1
    if facts.reason is not None:
        found.decisions[center, str(facts.reason)] += 1
    episode = facts.care.episode
    if episode is not None and episode.breaker is BreakerState.OPEN:
        found.breakers[center, "instance"] += 1
    found.up.append((state.id, name, center, status is Status.RUNNING))
