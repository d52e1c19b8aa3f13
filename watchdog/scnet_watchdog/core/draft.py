"""A turn's working copy over a fleet that it never changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from .attempt import Attempt, AttemptKey
from .center import CenterState, Seen
from .change import Change, StoredInstance
from .command import Hold, Scope
from .decision import Decision
from .event import Event, EventKind, Level
from .fleet import BLIND_AFTER, Decided, Fleet, Index, SourceState
from .inputs import Situation
from .line import Line
from .model import InstanceId, SourceKey
from .policy import HOUR, Limits, Member, Mode, Pace
from .state import REST, UNSEEN, Care, InstanceState

_T = TypeVar("_T")


class Draft:
    """Everything one turn changes, beside the fleet it reads."""

    def __init__(self, fleet: Fleet, situation: Situation) -> None:
        self.fleet = fleet
        self.situation = situation
        self.now: datetime = situation.now
        self.instances: dict[InstanceId, InstanceState] = {}
        self.centers: dict[str, CenterState] = {}
        self.sources: dict[SourceKey, SourceState] = {}
        self.holds: dict[Scope, Hold | None] = {}
        self.attempts: dict[AttemptKey, Attempt] = {}
        self.wanted: list[Attempt] = []
        self.events: list[Event] = []
        self.taken: list[int] = []
        self.wakes: dict[str, datetime | None] = {}
        self.looks: dict[SourceKey, set[InstanceId]] = {}
        self.dormant: dict[InstanceId, StoredInstance] = {}
        self.turned: dict[str, list[Seen]] = {}
        self.first_looks: set[SourceKey] = set()
        self.touched: dict[InstanceId, None] = {}
        self.touched_centers: dict[str, None] = {}
        self._indexes: dict[str, Index] = {}
        self._blind_after: dict[SourceKey, timedelta] = {}

    # Reading.

    def member(self, id_: InstanceId) -> Member:
        """The instance as the config names it."""
        return self.fleet.roster.members[id_]

    def mode(self, id_: InstanceId) -> Mode:
        """The instance's mode in force."""
        return self.fleet.mode_of(id_, self.situation.shadow)

    def limits(self, center: str) -> Limits:
        """The center's knobs."""
        return self.fleet.roster.centers[center]

    def pace(self, key: SourceKey) -> Pace:
        """How often a source is polled."""
        return self.fleet.roster.paces.get(key.source) or Pace()

    def state(self, id_: InstanceId) -> InstanceState:
        """The instance as this turn has it so far."""
        found = self.instances.get(id_) or self.fleet.instances.get(id_)
        return found or InstanceState(id_, self.member(id_).center)

    def center(self, name: str) -> CenterState:
        """The center as this turn has it so far."""
        return self.centers.get(name) or self.fleet.centers.get(name) or CenterState(name)

    def source(self, key: SourceKey) -> SourceState:
        """The source as this turn has it so far."""
        found = self.sources.get(key) or self.fleet.sources.get(key)
        return found or SourceState(self.now)

    def index(self, center: str) -> Index:
        """The center's index, for reading."""
        found = self._indexes.get(center) or self.fleet.indexes.get(center)
        return found if found is not None else self.own_index(center)

    def hold(self, scope: Scope) -> Hold | None:
        """The hold in force on a shared scope."""
        return self.holds[scope] if scope in self.holds else self.fleet.holds.get(scope)

    def asked_at(self, state: InstanceState) -> datetime | None:
        """When the last observation of an instance was asked for, sweeps at rest included."""
        own = state.sight.asked_at
        if own is None or not state.at_rest:
            return own
        swept = self.source(self.member(state.id).key).swept_at
        return own if swept is None else max(own, swept)

    def interval(self, key: SourceKey) -> timedelta:
        """The interval in which ages are measured."""
        return self.source(key).interval(self.pace(key))

    def blind_at(self, state: InstanceState) -> datetime | None:
        """When the source becomes blind for the instance unless it is seen again."""
        asked = self.asked_at(state)
        return asked and asked + self.blind_after(self.member(state.id).key)

    def blind_after(self, key: SourceKey) -> timedelta:
        """The age at which what a source showed no longer counts."""
        age = self._blind_after.get(key)
        if age is None:
            age = self._blind_after[key] = BLIND_AFTER * self.interval(key)
        return age

    def told_otherwise(
        self, line: Line, held: Mapping[InstanceId, Decision], others: Decision
    ) -> list[InstanceId]:
        """Those in line who were touched, or whose last reason is another one."""
        mine, theirs, touched = self.instances, self.fleet.instances, self.touched
        # As a rule all were told the same by the last turn: who is new or odd has to be asked.
        same = line.told is others.reason
        asked = dict.fromkeys((*touched, *line.odd, *held)) if same else line
        return [
            id_
            for id_ in asked
            if id_ in line
            and (
                id_ in touched
                or (mine.get(id_) or theirs[id_]).facts.reason is not held.get(id_, others).reason
            )
        ]

    # Writing.

    def own_index(self, center: str) -> Index:
        """The center's index as this turn's own copy."""
        mine = self._indexes.get(center)
        if mine is None:
            theirs = self.fleet.indexes.get(center)
            mine = self._indexes[center] = theirs.copy() if theirs is not None else Index()
        return mine

    def put(self, state: InstanceState) -> InstanceState:
        """Take an instance's new state; keeps the index and touches it."""
        id_ = state.id
        care = state.facts.care
        if care is not REST and not care.turned and care == REST:
            # Whoever was counted to a storm, as most who are not at rest, is not compared at all.
            state = state.with_care(REST)
        old = self.instances.get(id_) or self.fleet.instances.get(id_)
        index = self.own_index(state.center)
        watch = care.watch
        restartable = state.facts.status in self.member(id_).policy.restart_on
        (index.unrest.discard if state.at_rest else index.unrest.add)(id_)
        (index.busy.add if watch is not None and watch.slot else index.busy.discard)(id_)
        (index.restartable.add if restartable else index.restartable.discard)(id_)
        (index.ordered.discard if care.order is None else index.ordered.add)(id_)
        index.note_calls(old, state)
        self.instances[id_] = state
        self.touched[id_] = None
        return state

    def line_up(self, id_: InstanceId) -> None:
        """Let an instance wait for a call: behind those with fewer attempts or longer down."""
        facts = self.state(id_).facts
        attempts = facts.care.episode.attempts if facts.care.episode is not None else 0
        center = self.member(id_).center
        self.own_index(center).wanting.put((attempts, facts.since or self.now, id_))

    def care(self, state: InstanceState, **changes: object) -> InstanceState:
        """Change what is open for an instance."""
        care: Care = replace(state.facts.care, **changes)  # type: ignore[arg-type]
        return self.put(state.with_care(care))

    def put_center(self, state: CenterState) -> CenterState:
        """Take a center's new state."""
        self.centers[state.name] = state
        self.touched_centers[state.name] = None
        return state

    def put_source(self, key: SourceKey, state: SourceState) -> None:
        """Take a source's new state."""
        self.sources[key] = state
        self._blind_after.pop(key, None)

    def row(self, attempt: Attempt) -> None:
        """Write a ledger row that was settled or judged."""
        self.attempts[attempt.key] = attempt

    def expire_opinions(self) -> None:
        """Nothing seen so far counts any more: every instance must be seen anew."""
        for source_key, source in self.fleet.sources.items():
            self.put_source(source_key, replace(source, swept_at=None))
        for state in self.fleet.instances.values():
            self.put(replace(self.state(state.id), sight=UNSEEN))

    def tell(
        self,
        kind: EventKind,
        instance: InstanceId | None = None,
        center: str | None = None,
        level: Level | None = None,
        **fields: Any,
    ) -> None:
        """Note a fact; instance events get name and center."""
        name = None
        if instance is not None:
            name = self.fleet.name_of(instance)
            center = center or self.member(instance).center
        known = {key: value for key, value in fields.items() if value is not None}
        self.events.append(Event(kind, self.now, instance, name, center, known, level))

    def decided(self) -> Decided:
        """What this turn decided, with only what really changed."""
        stored = {
            id_: StoredInstance(id_, state.center, state.facts)
            for id_, state in self.instances.items()
            if self._facts_before(id_) != state.facts
        }
        change = Change(
            instances={**stored, **self.dormant},
            centers=_changed(self.centers, self.fleet.centers),
            holds=dict(self.holds),
            attempts=tuple(self.attempts.values()),
            wanted=tuple(self.wanted),
            events=tuple(self.events),
            taken=tuple(self.taken),
        )
        for index in self._indexes.values():
            index.forget_before(self.now - HOUR)
        return Decided(
            change=change,
            wakes=self.wakes,
            looks={key: frozenset(ids) for key, ids in self.looks.items()},
            instances=self.instances,
            sources=self.sources,
            indexes=self._indexes,
            dormant=self.dormant,
        )

    def _facts_before(self, id_: InstanceId) -> object:
        before = self.fleet.instances.get(id_)
        return before.facts if before is not None else None


def keep(members: set[InstanceId], id_: InstanceId, wanted: bool) -> None:
    """Keep an id in or out of a set."""
    if wanted:
        members.add(id_)
    else:
        members.discard(id_)


def _changed(new: Mapping[str, _T], old: Mapping[str, _T]) -> dict[str, _T]:
    return {name: value for name, value in new.items() if old.get(name) != value}
