"""Builders for core tests: a small world on virtual time, without engine, store or network."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from scnet_watchdog.core.attempt import Attempt, AttemptKey
from scnet_watchdog.core.change import Change, Memory, StoredInstance
from scnet_watchdog.core.decide import decide
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.fleet import Decided
from scnet_watchdog.core.inputs import CallEnded, Input, Situation
from scnet_watchdog.core.model import InstanceId, Page, SourceKey, Status, Swept
from scnet_watchdog.core.outcome import Accepted, Outcome
from scnet_watchdog.core.pace import next_poll_at
from scnet_watchdog.core.policy import Limits, Member, Pace, Policy, Roster
from scnet_watchdog.core.reload import reload
from scnet_watchdog.core.resume import resume
from scnet_watchdog.core.state import InstanceState

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CENTER = "kunshan"
SOURCE = "scnet"
KEY = SourceKey(SOURCE, CENTER)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def ids(n: int) -> list[InstanceId]:
    """a0, a1, a2 …"""
    return [InstanceId(f"a{i}") for i in range(n)]


def member(id_: str, policy: Policy | None = None, **kwargs: str) -> Member:
    """One watched instance of the one center."""
    return Member(
        InstanceId(id_),
        kwargs.get("center", CENTER),
        kwargs.get("source", SOURCE),
        policy or Policy(),
        name=kwargs.get("name"),
        group=kwargs.get("group"),
    )


def roster(
    members: Iterable[Member],
    limits: Limits | Mapping[str, Limits] | None = None,
    pace: Pace | None = None,
) -> Roster:
    """Members under one set of limits (or one per center)."""
    members = tuple(members)
    centers = {one.center for one in members} or {CENTER}
    per = limits if isinstance(limits, Mapping) else dict.fromkeys(centers, limits or Limits())
    paces = {one.source: pace or Pace() for one in members}
    return Roster({one.id: one for one in members}, dict(per), paces)


class World:
    """A fleet, what the platform shows of it, and a clock that moves to the next deadline.

    Args:
        free: free connections for restart calls.
        reply_after: how long a restart call takes.
    """

    def __init__(
        self,
        members: int | Iterable[Member] = 1,
        policy: Policy | None = None,
        limits: Limits | None = None,
        *,
        free: int = 6,
        reply_after: timedelta = SECOND,
        start: Status = Status.RUNNING,
    ) -> None:
        if isinstance(members, int):
            members = [member(id_, policy) for id_ in ids(members)]
        self.now = T0
        self.roster = roster(members, limits)
        self.shown: dict[InstanceId, Status] = dict.fromkeys(self.roster.members, start)
        self.free = free
        self.reply_after = reply_after
        self.answer: Callable[[Attempt], Outcome] = lambda attempt: Accepted()
        self.on_call: Callable[[Attempt], None] = lambda attempt: None
        self.situation: dict[str, bool] = {}
        self.events: list[Event] = []
        self.calls: list[tuple[datetime, InstanceId]] = []
        self.rows: dict[AttemptKey, Attempt] = {}
        self.stored: dict[InstanceId, StoredInstance] = {}
        self.wakes: dict[str, datetime] = {}
        self.polling = True
        self._ends: list[tuple[datetime, CallEnded]] = []
        self._last: dict[SourceKey, datetime] = {}
        self.fleet, change = resume(Memory(fresh=True), self.roster, T0)
        self._save(change)

    # What a test does.

    def turn(self, *inputs: Input, due: Collection[str] = ()) -> Decided:
        """One turn at this moment."""
        decided = decide(self.fleet, inputs, due, self._situation())
        self._take(decided)
        return decided

    def poll(self, key: SourceKey = KEY, asked_at: datetime | None = None) -> None:
        """One poll that ends well and shows what the platform shows now."""
        asked = asked_at or self.now
        self._last[key] = asked
        rows = {id_: s for id_, s in self.shown.items() if self.roster.members[id_].key == key}
        self.turn(Page(key, asked, self.now, rows))
        self.turn(Swept(key, asked, self.now))

    def run(self, for_: timedelta, each: Callable[["World"], None] | None = None) -> None:
        """Let time pass: polls when they are due, wakes, ends of calls."""
        until = self.now + for_
        while (moment := self._next()) is not None and moment <= until:
            self.now = max(self.now, moment)
            if each is not None:
                each(self)
            self._happen()
        self.now = until

    def show(self, status: Status, *which: str) -> None:
        """The platform shows this status from now on."""
        for id_ in which or tuple(self.shown):
            self.shown[InstanceId(id_)] = status

    def restart_daemon(self, down_for: timedelta = SECOND) -> None:
        """Die without a word and start again on what was stored."""
        self.now += down_for
        open_ = tuple(row for row in self.rows.values() if row.outcome is None)
        memory = Memory(
            tuple(self.stored.values()),
            tuple(self.fleet.centers.values()),
            tuple(self.fleet.holds.values()),
            open_,
        )
        self._ends.clear()
        self._last.clear()
        self.wakes.clear()
        self.fleet, change = resume(memory, self.roster, self.now)
        self._save(change)

    def reload(self, new: Roster) -> None:
        """Take a new config."""
        self.roster = new
        for id_ in new.members:
            self.shown.setdefault(id_, Status.RUNNING)
        self.shown = {id_: s for id_, s in self.shown.items() if id_ in new.members}
        self._take(reload(self.fleet, new, self._situation()))

    # What a test asks.

    def state(self, id_: str = "a0") -> InstanceState:
        """One instance's state."""
        return self.fleet.instances[InstanceId(id_)]

    def reason(self, id_: str = "a0") -> Reason | None:
        """The last decision told for an instance."""
        return self.state(id_).facts.reason

    def called(self, id_: str | None = None) -> list[float]:
        """Seconds after the start at which restart calls were made."""
        return [(at - T0).total_seconds() for at, who in self.calls if id_ is None or who == id_]

    @property
    def in_flight(self) -> int:
        """Calls that have no answer yet."""
        return len(self._ends)

    def told(self, kind: EventKind, id_: str | None = None) -> list[Event]:
        """Events of one kind, in order."""
        return [e for e in self.events if e.kind is kind and (id_ is None or e.instance == id_)]

    # How it works.

    def _situation(self) -> Situation:
        free = dict.fromkeys(self.roster.centers, self.free - len(self._ends))
        return Situation(self.now, free=free, **self.situation)

    def _take(self, decided: Decided) -> None:
        self.fleet.apply(decided)
        self._save(decided.change)
        for name, moment in decided.wakes.items():
            if moment is None:
                self.wakes.pop(name, None)
            else:
                self.wakes[name] = moment
        for attempt in decided.change.wanted:
            self.calls.append((self.now, attempt.instance))
            self.on_call(attempt)
            at = self.now + self.reply_after
            self._ends.append((at, CallEnded(attempt.key, self.answer(attempt), at)))
        for key, which in decided.looks.items():
            rows = {id_: self.shown[id_] for id_ in which}
            self.turn(Page(key, self.now, self.now, rows))

    def _save(self, change: Change) -> None:
        self.events += change.events
        self.stored.update(change.instances)
        self.rows.update({row.key: row for row in (*change.wanted, *change.attempts)})

    def _polls(self) -> dict[SourceKey, datetime]:
        if not self.polling:
            return {}
        keys = self.fleet.sources
        return {
            key: max(
                self.now, next_poll_at(self.fleet, key, self._situation(), self._last.get(key))
            )
            for key in keys
        }

    def _next(self) -> datetime | None:
        moments = [*self._polls().values(), *self.wakes.values(), *(at for at, _ in self._ends)]
        return min(moments, default=None)

    def _happen(self) -> None:
        ended = [end for at, end in self._ends if at <= self.now]
        self._ends = [one for one in self._ends if one[0] > self.now]
        if ended:
            self.turn(*ended)
        due = [name for name, at in self.wakes.items() if at <= self.now]
        for name in due:
            del self.wakes[name]
        if due:
            self.turn(due=due)
        for key, at in self._polls().items():
            if at <= self.now and self._last.get(key) != self.now:
                self.poll(key)
