"""The fleet in memory: roster, states and the indexes that keep a turn's cost to what changed.

Only `Fleet.apply` changes a fleet; deciding works on a draft beside it.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .center import CenterState
from .change import Change, StoredInstance
from .command import Hold, Scope, ScopeKind
from .line import Line
from .model import InstanceId, SourceKey
from .policy import HOUR, Mode, Pace, Roster
from .state import InstanceState

BLIND_AFTER = 3
"""Intervals without a good read after which a source is blind for an instance."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """What this process knows of one source and center. Never stored.

    Args:
        since: when it began to be polled.
        swept_at: when the last complete sweep was begun.
        sweep: how long that sweep took.
        failing_since: when its polls began to fail without a success since.
        blind: it has been told to be blind.
        looked: its first look has been told.
        texts: status texts already told as unrecognised.
        newcomers: whom the next first look is about; None = everyone.
    """

    since: datetime
    swept_at: datetime | None = None
    sweep: timedelta = timedelta()
    failing_since: datetime | None = None
    blind: bool = False
    looked: bool = False
    texts: frozenset[str] = frozenset()
    newcomers: frozenset[InstanceId] | None = None

    def interval(self, pace: Pace) -> timedelta:
        """The interval in which ages are measured: never the fast one."""
        return max(pace.interval, self.sweep)


SETS = ("unrest", "busy", "restartable", "ordered", "waits", "hurry")
"""The sets of an index."""


class Index:
    """Who of a center needs attention; derived from the states, never stored."""

    __slots__ = ("calls", "due", "wanting", *SETS)

    def __init__(self) -> None:
        self.unrest: set[InstanceId] = set()
        """Not at rest."""
        self.busy: set[InstanceId] = set()
        """Their attempt takes a place in flight."""
        self.restartable: set[InstanceId] = set()
        """Their last status is restartable."""
        self.ordered: set[InstanceId] = set()
        """An operator asked for their restart."""
        self.wanting = Line()
        """A restart follows as soon as the center's gates let it."""
        self.waits: set[InstanceId] = set()
        """Restartable, and confirming, unseen or waiting at a gate: they keep a storm up."""
        self.hurry: set[InstanceId] = set()
        """Confirming, or with a young unjudged attempt: polled at the fast interval."""
        self.due: dict[InstanceId, datetime] = {}
        """When a call for them is due by time."""
        self.calls: list[tuple[datetime, InstanceId]] = []
        """Calls of the last hour that may have started something, oldest first."""

    def copy(self) -> "Index":
        """A draft's own copy."""
        twin = Index.__new__(Index)
        twin.unrest, twin.busy = self.unrest.copy(), self.busy.copy()
        twin.restartable, twin.ordered = self.restartable.copy(), self.ordered.copy()
        twin.waits, twin.hurry = self.waits.copy(), self.hurry.copy()
        twin.wanting, twin.due = self.wanting.copy(), self.due.copy()
        twin.calls = self.calls.copy()
        return twin

    def drop(self, id_: InstanceId) -> None:
        """Forget an instance that is no longer watched; its calls stay in the hour."""
        for name in SETS:
            getattr(self, name).discard(id_)
        self.wanting.discard(id_)
        self.due.pop(id_, None)

    def note_calls(self, old: InstanceState | None, new: InstanceState) -> None:
        """Keep the hourly window in step with one instance's calls."""
        before = old.facts.ledger.calls if old else ()
        after = new.facts.ledger.calls
        if before is after:
            return
        # The calls that stay are the very same objects: compared so, a long window costs little.
        kept, known = {id(call) for call in after}, {id(call) for call in before}
        for call in (one for one in before if id(one) not in kept):
            entry = (call.at, new.id)
            # Only a call that was given back leaves the hour; a pruned one left it long ago.
            if self._noted(entry):
                self.calls.remove(entry)
        for call in (one for one in after if id(one) not in known):
            # One who was removed and comes back within the hour is still in it.
            if not self._noted((call.at, new.id)):
                insort(self.calls, (call.at, new.id))

    def _noted(self, entry: tuple[datetime, InstanceId]) -> bool:
        at = bisect_left(self.calls, entry)
        return at < len(self.calls) and self.calls[at] == entry

    def in_last_hour(self, now: datetime) -> int:
        """How many calls the sliding hour holds."""
        return len(self.calls) - bisect_right(self.calls, (now - HOUR, InstanceId("\uffff")))

    def forget_before(self, moment: datetime) -> None:
        """Drop calls that no window can ask for any more."""
        del self.calls[: bisect_right(self.calls, (moment, InstanceId("\uffff")))]


Deadline = tuple[timedelta, frozenset[InstanceId] | None]
"""A `start_deadline`, and who of a center has it; None = everyone."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a turn decided.

    Args:
        change: what to save.
        wakes: instance id, `center:<name>` or `source:<source>@<center>` → its next deadline;
            None = none any more.
        looks: instances to be asked now.
        roster: set when the config changed; `sources` and `dormant` are then complete.
    """

    change: Change
    wakes: Mapping[str, datetime | None] = field(default_factory=dict)
    looks: Mapping[SourceKey, frozenset[InstanceId]] = field(default_factory=dict)
    instances: Mapping[InstanceId, InstanceState] = field(default_factory=dict)
    sources: Mapping[SourceKey, SourceState] = field(default_factory=dict)
    indexes: Mapping[str, Index] = field(default_factory=dict)
    dormant: Mapping[InstanceId, StoredInstance] = field(default_factory=dict)
    roster: Roster | None = None


class Fleet:
    """Roster, states and indexes. Read freely; changed only by `apply`."""

    def __init__(self, roster: Roster, now: datetime) -> None:
        self.instances: dict[InstanceId, InstanceState] = {}
        self.centers: dict[str, CenterState] = {name: CenterState(name) for name in roster.centers}
        self.sources: dict[SourceKey, SourceState] = new_sources(roster, {}, now)
        self.holds: dict[Scope, Hold] = {}
        self.indexes: dict[str, Index] = {name: Index() for name in roster.centers}
        self.dormant: dict[InstanceId, StoredInstance] = {}
        """Stored instances that the roster does not name: found again when they come back."""
        self.roster = roster
        self.members_of = _by_center(roster)
        self.active_of = _active(roster)
        self.deadlines_of = _deadlines(roster)

    def apply(self, decided: Decided) -> None:
        """Make a turn's result the fleet's state."""
        self.instances.update(decided.instances)
        self.centers.update(decided.change.centers)
        self.indexes.update(decided.indexes)
        for scope, hold in decided.change.holds.items():
            if hold is None:
                self.holds.pop(scope, None)
            else:
                self.holds[scope] = hold
        if decided.roster is None:
            self.sources.update(decided.sources)
            self.dormant.update(decided.dormant)
        else:
            self._take_roster(decided, decided.roster)

    def _take_roster(self, decided: Decided, roster: Roster) -> None:
        self.roster = roster
        self.members_of = _by_center(roster)
        self.active_of = _active(roster)
        self.deadlines_of = _deadlines(roster)
        self.sources = dict(decided.sources)
        self.dormant = dict(decided.dormant)
        for id_ in [id_ for id_ in self.instances if id_ not in roster.members]:
            del self.instances[id_]

    def name_of(self, id_: InstanceId) -> str:
        """The name an instance is told by: the config's, the platform's, else the id."""
        member = self.roster.members.get(id_)
        if member is not None and member.name:
            return member.name
        state = self.instances.get(id_)
        return (state.facts.label if state else None) or id_

    def mode_of(self, id_: InstanceId, shadow: bool) -> Mode:
        """The mode in force; `shadow` is the daemon's own switch."""
        mode = self.roster.members[id_].policy.mode
        return Mode.SHADOW if shadow and mode is Mode.ACTIVE else mode


def _by_center(roster: Roster) -> dict[str, tuple[InstanceId, ...]]:
    found: dict[str, list[InstanceId]] = {name: [] for name in roster.centers}
    for member in roster.members.values():
        found.setdefault(member.center, []).append(member.id)
    return {name: tuple(ids) for name, ids in found.items()}


def _active(roster: Roster) -> Counter[str]:
    active = (one for one in roster.members.values() if one.policy.mode is Mode.ACTIVE)
    return Counter(one.center for one in active)


def _deadlines(roster: Roster) -> dict[str, tuple[Deadline, ...]]:
    """Per center, the longest first: whoever asks for the longest in trouble need not ask all."""
    found: dict[str, dict[timedelta, list[InstanceId]]] = {}
    for one in roster.members.values():
        by_length = found.setdefault(one.center, {})
        by_length.setdefault(one.policy.start_deadline, []).append(one.id)
    return {
        name: tuple(
            (length, frozenset(ids) if len(by_length) > 1 else None)
            for length, ids in sorted(by_length.items(), reverse=True)
        )
        for name, by_length in found.items()
    }


def new_sources(
    roster: Roster, known: Mapping[SourceKey, SourceState], now: datetime
) -> dict[SourceKey, SourceState]:
    """The sources a roster asks; those not known yet begin to be watched now."""
    keys = dict.fromkeys(member.key for member in roster.members.values())
    return {key: known.get(key) or SourceState(now) for key in keys}


def scopes_of(fleet: Fleet, id_: InstanceId) -> tuple[Scope, ...]:
    """The shared scopes an instance belongs to, nearest first."""
    member = fleet.roster.members[id_]
    group = () if member.group is None else (Scope(ScopeKind.GROUP, member.group),)
    return (*group, Scope(ScopeKind.CENTER, member.center), Scope(ScopeKind.FLEET))
