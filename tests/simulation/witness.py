"""The witness sees what goes in and out of the daemon, and knows what must never be seen.

It keeps books of its own: what was shown, what was acknowledged as saved, which calls are on the
wire, who is held. The first thing that breaks an invariant of `docs/invariants.md` is kept.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scnet_watchdog.core.attempt import Attempt, AttemptKey
from scnet_watchdog.core.center import CenterState
from scnet_watchdog.core.change import Change, Memory
from scnet_watchdog.core.command import Command, Reset, Scope, ScopeKind
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.model import DOWN, InstanceId, Status
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Member, Mode
from scnet_watchdog.core.state import BreakerState

from . import rules
from .eyes import Eyes
from .holdbook import HoldBook, scopes
from .rules import Past

LINES_KEPT = 400


@dataclass(frozen=True, slots=True)
class Violation:
    """What was broken, and by what."""

    invariant: str
    sentence: str
    at: datetime

    def __str__(self) -> str:
        return f"({self.invariant}) at {self.at:%H:%M:%S}: {self.sentence}"


class Witness:
    """One for a whole story; daemons come and go.

    Args:
        now: the daemon's moment.
        broken: told of the first violation.
    """

    def __init__(self, now: Callable[[], datetime], broken: Callable[[], None]) -> None:
        self.now = now
        self._broken = broken
        self.violation: Violation | None = None
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self.reached: Counter[str] = Counter()
        self.eyes = Eyes()
        self.holds = HoldBook()
        self.rows: dict[InstanceId, dict[int, Attempt]] = {}
        self.centers: dict[str, CenterState] = {}
        self.fleet: Callable[[], Fleet | None] = lambda: None
        self.shadow = False
        self.draining = False
        self.reset_at: dict[InstanceId, datetime] = {}
        self.removed_at: dict[InstanceId, datetime] = {}
        self.reloaded_at: datetime | None = None
        self.unwritable = False
        self._posts: Counter[AttemptKey] = Counter()
        self._answers: Counter[AttemptKey] = Counter()
        self._on_the_wire: dict[InstanceId, AttemptKey] = {}
        self.calls = 0

    # What is told.

    def fail(self, invariant: str, sentence: str) -> None:
        """Keep the first violation."""
        if self.violation is None:
            self.violation = Violation(invariant, sentence, self.now())
            self.say(f"VIOLATION {self.violation}")
            self._broken()

    def say(self, line: str) -> None:
        """One line of what happened."""
        self.lines.append(f"{self.now():%d %H:%M:%S.%f} {line}")

    def event(self, event: Event) -> None:
        """An event the daemon told."""
        fields = " ".join(f"{key}={value}" for key, value in event.fields.items())
        self.say(f"{event.kind} {event.instance or event.center or ''} {fields}")
        self.reached[f"event {event.kind}"] += 1
        reason = event.fields.get("reason")
        if event.kind is EventKind.DECISION_CHANGED or event.kind is EventKind.RESTART_REQUESTED:
            self.reached[f"reason {reason}"] += 1
        if event.kind in _EDGES:
            self.reached[f"{event.fields.get('scope')} {event.kind}"] += 1

    # The daemon's life.

    def begins(self, fleet: Callable[[], Fleet | None]) -> None:
        """A daemon begins."""
        self.fleet = fleet
        self.draining = False
        self.unwritable = False
        self._on_the_wire.clear()
        self.eyes.forget()

    def loaded(self, memory: Memory) -> None:
        """What a new daemon finds must be what was acknowledged."""
        open_rows = {row.key for row in memory.open}
        mine = {row.key for row in self.all_rows() if row.outcome is None}
        # A row whose commit was never acknowledged may be there or not; nothing was sent for it.
        if lost := mine - open_rows:
            self.fail("iv", f"rows acknowledged as saved are lost: {sorted(lost)}")
        for row in memory.open:
            self.rows.setdefault(row.instance, {}).setdefault(row.seq, row)
        self.centers = {center.name: center for center in memory.centers}
        self.holds.found(memory)

    def commanded(self, command: Command) -> None:
        """An operator's command reached the daemon."""
        self.holds.commanded(command, self.now())
        if isinstance(command, Reset) and command.scope.kind is not ScopeKind.CENTER:
            for id_ in self._under(command.scope):
                self.reset_at[id_] = self.now()

    def _under(self, scope: Scope) -> list[InstanceId]:
        fleet = self.fleet()
        members = fleet.roster.members if fleet is not None else {}
        return [id_ for id_, member in members.items() if scope in scopes(id_, member)]

    # The store.

    def not_saved(self) -> None:
        """A commit failed."""
        self.unwritable = True
        self.reached["commit failed"] += 1

    def saved(self, change: Change, granted: frozenset[AttemptKey]) -> None:
        """A commit was acknowledged."""
        self.unwritable = False
        self.centers |= change.centers
        for row in change.attempts:
            self._row_changed(row)
        for attempt in change.wanted:
            if attempt.key in granted:
                self._granted(attempt)

    def _row_changed(self, row: Attempt) -> None:
        rows = self.rows.setdefault(row.instance, {})
        before = rows.get(row.seq)
        rows[row.seq] = row
        if row.outcome is not None and (before is None or before.outcome is None):
            refusal = f" {row.refusal}" if row.refusal else ""
            self.reached[f"outcome {row.outcome}{refusal}"] += 1
            lost = self._posts[row.key] > self._answers[row.key]
            if lost and row.outcome in (OutcomeKind.WITHDRAWN, OutcomeKind.NOT_SENT):
                self.fail("v", f"{row.key} left and was not answered, but is {row.outcome}")
        if row.verdict is not None and (before is None or before.verdict is not row.verdict):
            self.reached[f"verdict {row.verdict}"] += 1
            self._judged(row)

    def _granted(self, new: Attempt) -> None:
        member, fleet = self._member(new.instance), self.fleet()
        rows = self.rows.setdefault(new.instance, {})
        unjudged = [row.key for row in rows.values() if not row.closed]
        if unjudged:
            self.fail("ii", f"{new.key} was saved while {unjudged} had no verdict")
        past = Past(
            tuple(rows.values()),
            self.reset_at.get(new.instance),
            self.removed_at.get(new.instance),
            self.reloaded_at,
        )
        rows[new.seq] = new
        if member is None or fleet is None:
            self.fail("vii", f"{new.key} was saved for an instance nobody watches")
            return
        policy = member.policy
        wrong = (
            ("iii", rules.within_cooldown(new, past, policy, self.eyes)),
            ("iii", rules.breaker_shut(new, past, policy)),
            ("v", rules.still_watched(new, past, policy, self.eyes)),
            ("vi", rules.over_budget(new, past, policy)),
            *self._over_limits(new, fleet),
        )
        for invariant, sentence in wrong:
            if sentence is not None:
                self.fail(invariant, sentence)
        breaker = self.centers.get(new.center)
        if breaker is not None and breaker.breaker.state is BreakerState.OPEN:
            self.fail("iii", f"{new.key} was saved while the center's breaker is open")

    def _over_limits(self, new: Attempt, fleet: Fleet) -> list[tuple[str, str | None]]:
        limits = fleet.roster.centers[new.center]
        watched = len(fleet.members_of[new.center])
        of_center = [row for row in self.all_rows() if row.center == new.center]
        rate = limits.restarts_per_hour or max(10, watched)
        slots = limits.max_in_flight or max(2, -(-watched // 20))
        busy = [row.key for row in of_center if self._in_flight(row)]
        too_many = f"{new.key}: {len(busy)} of {slots} in flight" if len(busy) > slots else None
        return [("vi", rules.over_rate(new, of_center, rate)), ("vi", too_many)]

    def _in_flight(self, row: Attempt) -> bool:
        if row.outcome in (OutcomeKind.REFUSED, OutcomeKind.NOT_SENT, OutcomeKind.WITHDRAWN):
            return False
        member = self._member(row.instance)
        if row.verdict is not None or member is None:
            return False
        if self.now() >= row.saved_at + member.policy.start_deadline:
            return False
        reads = self.eyes.reads.get(row.instance)
        shown = reads.after(row.saved_at) if reads is not None else []
        return all(one in DOWN or one is Status.MISSING for one in shown)

    def _judged(self, row: Attempt) -> None:
        """A verdict rests on reads begun after the reply."""
        reads = self.eyes.reads.get(row.instance)
        if row.verdict is Verdict.UNJUDGED or row.outcome is OutcomeKind.REFUSED:
            return
        if reads is None or not reads.whole or row.settled_at is None:
            return
        if reads.since > row.settled_at:
            return
        shown = reads.after(row.settled_at)
        if not any(one in _EVIDENCE[row.verdict] for one in shown if row.verdict):
            self.fail(
                "xi", f"{row.key} is {row.verdict}, but reads since its reply showed {shown[-5:]}"
            )

    # The wire.

    def leaves(self, id_: InstanceId) -> None:
        """A restart call leaves now."""
        self.calls += 1
        row = next((r for r in self.rows.get(id_, {}).values() if r.outcome is None), None)
        self.say(f"POST restart {id_} for {row.key if row else None}")
        if row is None:
            self.fail("iv", f"a call for {id_} has no open row")
            return
        self._posts[row.key] += 1
        if self._posts[row.key] > 2:
            self.fail("iv", f"{row.key} is called {self._posts[row.key]} times")
        if id_ in self._on_the_wire:
            self.fail("ii", f"{row.key} is called while {self._on_the_wire[id_]} is on the wire")
        self._on_the_wire[id_] = row.key
        if self._posts[row.key] == 1:
            self.eyes.follow(id_, self.now())
        self._may_leave(row)

    def came(self, id_: InstanceId, answered: bool) -> None:
        """A call is over."""
        key = self._on_the_wire.pop(id_, None)
        if key is not None and answered:
            self._answers[key] += 1

    def _may_leave(self, row: Attempt) -> None:
        member, fleet = self._member(row.instance), self.fleet()
        if member is None or fleet is None:
            self.fail("vii", f"{row.key} is called for an instance nobody watches")
            return
        self._seen_restartable(row, member, fleet)
        for why, forbidden in (
            ("it is held", self.holds.holds(row.instance, member, self.now(), self.eyes)),
            (f"its mode is {member.policy.mode}", member.policy.mode is not Mode.ACTIVE),
            ("the daemon runs in shadow mode", self.shadow),
            ("the daemon drains", self.draining),
            ("the state cannot be written", self.unwritable),
            ("its center is blocked", self._blocked(row, fleet)),
        ):
            if forbidden:
                self.fail("vii", f"{row.key} is called although {why}")

    def _blocked(self, row: Attempt, fleet: Fleet) -> bool:
        return fleet.centers[row.center].block is not None and row.reason is not Reason.CANARY

    def _seen_restartable(self, row: Attempt, member: Member, fleet: Fleet) -> None:
        look = self.eyes.looks.get(row.instance)
        wanted = DOWN if row.reason is Reason.OPERATOR else member.policy.restart_on
        if look is None or look.status not in wanted:
            shown = look.status if look is not None else "nothing"
            self.fail("i", f"{row.key} is called, but the last read shows {shown}")
            return
        if row.instance not in self.eyes.seen:
            self.fail("i", f"{row.key} is called by a daemon that was never shown it")
        interval = max(fleet.roster.paces[member.source].interval, self.eyes.sweep)
        age = self.now() - look.last
        if age > 2 * interval:
            self.fail("i", f"{row.key} is called by a read that was begun {age} ago")
        if age > 3 * interval:
            self.fail("vii", f"{row.key} is called while its source is blind")

    # Slots.

    def turned(self, fleet: Fleet) -> None:
        """After a turn nobody takes a place longer than he may."""
        for index in fleet.indexes.values():
            for id_ in index.busy:
                watch = fleet.instances[id_].facts.care.watch
                member = fleet.roster.members[id_]
                if watch is None:
                    self.fail("xii", f"{id_} takes a place without an attempt")
                elif watch.attempt.outcome is None:
                    # Its call is not over: it has a deadline of its own.
                    continue
                elif self.now() > watch.attempt.saved_at + member.policy.start_deadline + _SOON:
                    self.fail("xii", f"{watch.attempt.key} still takes a place in flight")

    def all_rows(self) -> list[Attempt]:
        """Every row, of every instance."""
        return [row for rows in self.rows.values() for row in rows.values()]

    def _member(self, id_: InstanceId) -> Member | None:
        fleet = self.fleet()
        return None if fleet is None else fleet.roster.members.get(id_)


_SOON = timedelta(seconds=2)
_EDGES = {EventKind.BREAKER_OPENED, EventKind.BREAKER_HALF_OPENED, EventKind.BREAKER_CLOSED}
_EVIDENCE = {
    Verdict.RECOVERED: {Status.RUNNING, Status.COMPLETED},
    Verdict.DID_NOT_HELP: {*DOWN, Status.DEPLOYING},
    Verdict.RELAPSED: DOWN,
    Verdict.STUCK_WAITING: {Status.WAITING},
    Verdict.UNJUDGED: set(Status),
}
