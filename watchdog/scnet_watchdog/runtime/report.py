"""Recovery figures of the running daemon, read and computed beside its turns.

The journal is read in parts, so that a turn's commit waits for one part at most; the rest happens
on another thread, one report at a time.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from ..core.event import Event
from ..core.fleet import Fleet
from ..core.model import InstanceId
from ..core.presence import Standing, Window
from ..core.recovery import recovery
from ..desk import Among, Answer, Unavailable
from ..ports import Clock, Journal, Sought
from .figures import as_plain, narrowed

PART = 5000
"""Events read at once."""

EVENTS = 100_000
"""Events one report is computed from, the newest: about 50 MB while it is."""

WAITING_AT_MOST = 8
"""Reports asked for at once, the one that is computed included."""

BREATH = 1000
"""Instances after which the loop is given to others."""


class Reports:
    """Computes one after another."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._asked = 0
        self._one = asyncio.Lock()

    async def report(
        self, fleet: Fleet, since: datetime, among: Among, id_: InstanceId | None
    ) -> Answer:
        """The figures since a moment.

        Args:
            id_: the instance that `among` means.

        Raises:
            Unavailable, StoreError
        """
        if self._asked >= WAITING_AT_MOST:
            raise Unavailable("too many reports are being computed; try again")
        self._asked += 1
        try:
            async with self._one:
                return await self._report(fleet, since, among, id_)
        finally:
            self._asked -= 1

    async def _report(
        self, fleet: Fleet, since: datetime, among: Among, id_: InstanceId | None
    ) -> Answer:
        # What changes while the standings are taken is told by an event, so those are read later.
        standings = await _standings(fleet, None if id_ is None else (id_,))
        now = self._clock.now()
        events, complete = await self._events(since, id_)
        window = Window(since if complete else max(since, events[0].at), max(since, now))
        members = _members(fleet, among.group, id_)

        def compute() -> Answer:
            found = narrowed(recovery(events, standings, window), members, among.center)
            return as_plain(found, complete, among.worst)

        return await asyncio.to_thread(compute)

    async def _events(self, since: datetime, id_: InstanceId | None) -> tuple[list[Event], bool]:
        """The newest events, oldest first, and whether those are all."""
        if id_ is None:
            return await self._read(Sought(since, PART))
        own, complete = await self._read(Sought(since, PART, of_none=True))
        its, whole = await self._read(Sought(since, PART, instance=id_))
        if not (complete and whole):
            # Only from where on both are known.
            since = max(rows[0].at for rows, all_ in ((own, complete), (its, whole)) if not all_)
        events = [one for one in (*own, *its) if one.at >= since]
        return sorted(events, key=lambda one: one.at), complete and whole

    async def _read(self, sought: Sought) -> tuple[list[Event], bool]:
        parts: list[Event] = []
        while True:
            found = await self._journal.excerpt(sought)
            parts[:0] = found.events
            if found.before is None or len(parts) >= EVENTS:
                return parts, found.before is None
            sought = replace(sought, before=found.before)


def _members(fleet: Fleet, group: str | None, id_: InstanceId | None) -> set[InstanceId] | None:
    """Whom a report is narrowed to; None = nobody is left out."""
    if group is None:
        return None if id_ is None else {id_}
    members = fleet.roster.members.items()
    return {one for one, member in members if member.group == group and id_ in (None, one)}


async def _standings(fleet: Fleet, only: Collection[InstanceId] | None) -> list[Standing]:
    """What is known of the watched instances now."""
    found: list[Standing] = []
    for number, id_ in enumerate(only or tuple(fleet.roster.members), 1):
        member, state = fleet.roster.members.get(id_), fleet.instances.get(id_)
        # A reload meanwhile may have taken somebody out.
        if member is not None and state is not None:
            name, facts = fleet.name_of(id_), state.facts
            found.append(Standing(id_, name, member.center, facts.status, facts.since))
        if number % BREATH == 0:
            await asyncio.sleep(0)
    return found
