"""Fakes that fulfil the ports: a clock that is set by hand, a store in memory, a small platform.

`Fate` makes a program die: at the n-th await point of any fake that shares it, `Died` is raised,
and from then on nothing has an effect any more.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from scnet_watchdog.core.attempt import Attempt, AttemptKey
from scnet_watchdog.core.center import CenterState
from scnet_watchdog.core.change import Change, Memory, StoredInstance
from scnet_watchdog.core.command import Command, Hold, Scope
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId, Page, SourceKey, Status, Swept
from scnet_watchdog.core.outcome import Accepted, Outcome, Withdrawn
from scnet_watchdog.core.policy import Limits, Member, Pace, Policy, Roster
from scnet_watchdog.engine.wiring import Wiring
from scnet_watchdog.ports import (
    Fenced,
    HeldByAnother,
    PortError,
    Still,
    Tenure,
    Unwritable,
    allowed,
)

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = SourceKey("scnet", "kunshan")


class Died(BaseException):
    """The program ended here, without a chance to clean up."""


@dataclass
class Fate:
    """Dies at the n-th step; 0 = lives for ever."""

    at: int = 0
    steps: int = 0

    @property
    def dead(self) -> bool:
        return bool(self.at) and self.steps >= self.at

    async def step(self) -> None:
        if not self.dead:
            self.steps += 1
        if self.dead:
            raise Died(f"at step {self.at}")
        await asyncio.sleep(0)


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, at: datetime = T0) -> None:
        self.steady = at
        self.wall_at = at

    def now(self) -> datetime:
        return self.steady

    def wall(self) -> datetime:
        return self.wall_at

    def advance(self, seconds: float) -> None:
        self.steady += timedelta(seconds=seconds)
        self.wall_at += timedelta(seconds=seconds)


@dataclass
class FakePlatform:
    """Statuses by id, and the restart calls that arrived."""

    statuses: dict[InstanceId, Status] = field(default_factory=dict)
    calls: list[InstanceId] = field(default_factory=list)
    after_call: Status | None = Status.RUNNING


class FakeSource:
    """Shows what the platform shows; `error` is raised instead, `gate` makes it hang."""

    def __init__(
        self,
        platform: FakePlatform,
        clock: FakeClock,
        key: SourceKey = KEY,
        fate: Fate | None = None,
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._key = key
        self._fate = fate or Fate()
        self.error: BaseException | None = None
        self.gate: asyncio.Event | None = None
        self.polls = 0
        self.looks: list[frozenset[InstanceId]] = []

    async def poll(self, watched: Collection[InstanceId], report: Callable[[Page], None]) -> Swept:
        self.polls += 1
        began = self._clock.now()
        await self._obey()
        page = self._page(watched)
        report(page)
        await self._fate.step()
        absent = frozenset(watched) - page.rows.keys()
        return Swept(self._key, began, self._clock.now(), absent)

    async def look(self, instances: Collection[InstanceId]) -> Page:
        self.looks.append(frozenset(instances))
        await self._obey()
        return self._page(instances)

    async def _obey(self) -> None:
        await self._fate.step()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error

    def _page(self, ids: Iterable[InstanceId]) -> Page:
        now = self._clock.now()
        rows = {id_: self._platform.statuses[id_] for id_ in ids if id_ in self._platform.statuses}
        return Page(self._key, now, now, rows)


class FakeRestarter:
    """Counts calls and answers `outcome`; an exception is raised, `gate` makes it hang."""

    def __init__(self, platform: FakePlatform, fate: Fate | None = None, places: int = 6) -> None:
        self._platform = platform
        self._fate = fate or Fate()
        self._places = places
        self._busy = 0
        self.outcome: Outcome | BaseException = Accepted()
        self.gate: asyncio.Event | None = None

    @property
    def free(self) -> int:
        return self._places - self._busy

    @property
    def deadline(self) -> timedelta:
        return timedelta(seconds=35)

    async def restart(self, instance: InstanceId, why_not: Still = allowed) -> Outcome:
        self._busy += 1
        try:
            await self._fate.step()
            if (why := why_not()) is not None:
                return Withdrawn(why)
            self._platform.calls.append(instance)
            if self._platform.after_call is not None:
                self._platform.statuses[instance] = self._platform.after_call
            await self._fate.step()
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self._busy -= 1
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


class FakeSink:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]

    def of(self, kind: EventKind) -> list[Event]:
        return [event for event in self.events if event.kind is kind]


class FakeStore:
    """Keeps everything in memory; fails, refuses, fences and lapses as told."""

    def __init__(self, fate: Fate | None = None) -> None:
        self.fate = fate or Fate()
        self.instances: dict[InstanceId, StoredInstance] = {}
        self.centers: dict[str, CenterState] = {}
        self.holds: dict[Scope, Hold] = {}
        self.attempts: dict[AttemptKey, Attempt] = {}
        self.journal: list[Event] = []
        self.commands: dict[int, Command] = {}
        self.commits: list[Change] = []
        self.epoch = 0
        self.fresh = True
        self.valid_for: timedelta | None = None
        self.ahead = timedelta()
        self.fail_writes = 0
        self.refuse: set[AttemptKey] = set()
        self.held_by_another = False
        self.error: PortError | None = None
        self.acquired = 0

    async def acquire(self, who: str, wait: timedelta) -> Tenure:
        await self.fate.step()
        self.acquired += 1
        if self.held_by_another:
            raise HeldByAnother("another daemon holds the state")
        if self.error is not None:
            raise self.error
        if self.acquired == 1:
            self.epoch += 1
        return Tenure(self.epoch, None, self.valid_for, self.ahead)

    async def load(self, tenure: Tenure) -> Memory:
        await self.fate.step()
        return Memory(
            instances=tuple(self.instances.values()),
            centers=tuple(self.centers.values()),
            holds=tuple(self.holds.values()),
            open=tuple(one for one in self.attempts.values() if one.outcome is None),
            fresh=self.fresh,
        )

    async def commit(self, tenure: Tenure, change: Change) -> frozenset[AttemptKey]:
        await self.fate.step()
        if tenure.epoch != self.epoch:
            raise Fenced("another owner took over")
        if self.fail_writes:
            self.fail_writes -= 1
            raise Unwritable("no space left on the disk")
        self.commits.append(change)
        self._write(change)
        self.fresh = False
        unjudged = {one.instance for one in self.attempts.values() if not one.closed}
        granted = [
            one
            for one in change.wanted
            if one.key not in self.refuse and one.instance not in unjudged
        ]
        for attempt in granted:
            assert attempt.key not in self.attempts
            self.attempts[attempt.key] = attempt
        await self.fate.step()
        return frozenset(one.key for one in granted)

    async def inbox(self, tenure: Tenure) -> Sequence[Command]:
        await self.fate.step()
        if tenure.epoch != self.epoch:
            raise Fenced("another owner took over")
        return tuple(replace(one, row=row) for row, one in self.commands.items())

    def take_away(self) -> None:
        """Another owner takes the centers."""
        self.epoch += 1

    def reopened(self) -> "FakeStore":
        """The same state as the next program finds it."""
        twin = FakeStore()
        for name in ("instances", "centers", "holds", "attempts", "journal", "commands", "epoch"):
            setattr(twin, name, getattr(self, name))
        twin.fresh = self.fresh
        return twin

    def _write(self, change: Change) -> None:
        self.instances.update(change.instances)
        self.centers.update(change.centers)
        for scope, hold in change.holds.items():
            if hold is None:
                self.holds.pop(scope, None)
            else:
                self.holds[scope] = hold
        self.attempts.update({one.key: one for one in change.attempts})
        self.journal += change.events
        for row in change.taken:
            self.commands.pop(row, None)


def ids(count: int) -> list[InstanceId]:
    """That many instance ids."""
    return [InstanceId(f"i{number:05}") for number in range(count)]


def roster_of(names: Iterable[InstanceId], policy: Policy | None = None) -> Roster:
    """All in one center, asked at the default pace."""
    members = {id_: Member(id_, KEY.center, KEY.source, policy or Policy()) for id_ in names}
    return Roster(members, {KEY.center: Limits()}, {KEY.source: Pace()})


def wiring_of(roster: Roster, source: FakeSource, restarter: FakeRestarter) -> Wiring:
    """One source and one restarter for one center."""
    return Wiring(roster, {KEY: source}, {KEY.center: restarter})


def with_policy(roster: Roster, id_: InstanceId, policy: Policy) -> Roster:
    """The roster with one instance's policy changed."""
    member = replace(roster.members[id_], policy=policy)
    return replace(roster, members={**roster.members, id_: member})
