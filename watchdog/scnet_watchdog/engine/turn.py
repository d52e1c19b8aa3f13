"""One turn at a time: inputs → decide → save → emit → hand over.

The order is the rule. What was decided enters the fleet at once, so that nothing ever looks at a
memory older than the decisions made from it; it is saved before anything acts on it; and nothing
here waits for a restart call: an ended one is an input of a later turn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..core.attempt import Attempt
from ..core.change import Change
from ..core.decide import CENTER
from ..core.decision import Reason
from ..core.event import Event
from ..core.fleet import BLIND_AFTER, Decided, Fleet
from ..core.inputs import CallEnded, Input, Situation
from ..core.model import InstanceId
from ..core.observe import source_wake
from ..core.outcome import Withdrawn
from ..core.policy import Pace
from ..core.resume import slots_end
from ..ports import EventSink, Restarter
from .act import Act, Broken
from .agenda import Agenda, Work
from .caughtup import CaughtUp
from .doorways import Doorways
from .ownership import Ownership, owned
from .polls import Polls
from .save import Saver, not_granted, told_events
from .storeclock import StoreClock
from .wiring import Wiring

ASK_AGAIN_AFTER = timedelta(seconds=60)
"""When a deadline comes back whose turn could not be decided."""

WITHDRAWN_PAUSE = timedelta(seconds=5)
"""After a withdrawn attempt its center gets no new one for so long: a withdrawal costs nothing and
starts no cooldown, so that a lasting cause would else be met again at once, for ever."""


@dataclass(slots=True)
class Switches:
    """What the daemon as a whole is told to do."""

    shadow: bool = False
    draining: bool = False


class Turns:
    """The fleet in memory, and the turns that change it."""

    def __init__(
        self,
        clock: StoreClock,
        ownership: Ownership,
        saver: Saver,
        sink: EventSink,
        wiring: Wiring,
        switches: Switches,
        broken: Broken,
        doorways: Doorways,
    ) -> None:
        self.doorways = doorways
        self.wiring = wiring
        self.agenda = Agenda()
        self.fleet: Fleet | None = None
        self.caught_up = CaughtUp()
        self.told: list[Event] = []
        """Events of the runtime and of adapters, saved and emitted with the next turn."""
        self.act = Act(clock, self.queue_up, self.why_not, broken)
        self.polls = Polls(clock, self.queue_up, broken)
        self.wake: Callable[[], None] = nobody
        self.rows_saved: Callable[[tuple[int, ...]], None] = nobody
        """Told which inbox rows are done."""
        self._clock = clock
        self._ownership = ownership
        self._saver = saver
        self._sink = sink
        self._switches = switches
        self._broken = broken
        self._paused: dict[str, datetime] = {}

    @property
    def pending(self) -> bool:
        """Whether a turn has anything to do now."""
        ready = bool(self.told) or self.agenda.ready(self._clock.now())
        retry_at = self._saver.retry_at
        retry = retry_at is not None and retry_at <= self._clock.now()
        return self.fleet is not None and (ready or retry)

    @property
    def next_at(self) -> datetime | None:
        """The earliest moment at which a turn is wanted, whatever comes in."""
        moments = (self.agenda.next_at, self._saver.retry_at)
        return min((at for at in moments if at is not None), default=None)

    def queue_up(self, one: Input) -> None:
        """Take an input for a later turn; dropped while the state is not ours.

        An outcome that is dropped so is not lost: at the next take-over its attempt is unknown.
        """
        if self.fleet is None:
            return
        if isinstance(one, CallEnded) and isinstance(one.outcome, Withdrawn):
            self._pause(self.fleet, one.key.instance)
        self.agenda.queue.put(one)
        self.caught_up.behind()
        self.wake()

    def _pause(self, fleet: Fleet, instance: InstanceId) -> None:
        member = fleet.roster.members.get(instance)
        if member is not None:
            until = self._clock.now() + WITHDRAWN_PAUSE
            self._paused[member.center] = until
            self.agenda.ask([CENTER + member.center], until)

    def situation(self) -> Situation:
        """What is known at this moment."""
        return self._situation(self._free())

    def _situation(self, free: Mapping[str, int]) -> Situation:
        return Situation(
            now=self._clock.now(),
            epoch=self._ownership.epoch,
            free=free,
            draining=self._switches.draining,
            writable=self._saver.writable,
            shadow=self._switches.shadow,
        )

    def _free(self) -> dict[str, int]:
        """Calls that can start at once and end while the state is ours, per center."""
        now = self._clock.now()
        free = self.act.free(self.wiring.restarters)
        return {
            center: places
            for center, places in free.items()
            if self._paused.get(center, now) <= now
            and self._ownership.outlasts(self.wiring.restarters[center].deadline)
        }

    def why_not(self, attempt: Attempt, restarter: Restarter) -> str | None:
        """Why a granted attempt must not be sent at this very moment, or None."""
        if self.fleet is None or attempt.epoch != self._ownership.epoch:
            return "the right to act is lost"
        if not self._ownership.outlasts(restarter.deadline):
            return "the right to act ends too soon"
        # Its place is taken already: how many are free is no question any more.
        situation = self._situation({})
        return self.doorways.still_allowed(self.fleet, attempt, situation, self.agenda.pending())

    async def turn(self) -> None:
        """Take what waits, decide, save, emit, hand over.

        Raises:
            Fenced
        """
        fleet = self.fleet
        assert fleet is not None  # noqa: S101 - no turn before the state is owned
        decided = self._decide(fleet, self.agenda.take(self._clock.now()))
        if decided is not None:
            await self.carry_out(fleet, decided)

    async def reconfigure(self, wiring: Wiring) -> None:
        """Make a new config the fleet's, in a turn of its own.

        Raises:
            Fenced
        """
        fleet, tenure = self.fleet, self._ownership.tenure
        if fleet is None or tenure is None:
            self.wiring = wiring
            return
        decided = self.doorways.reload(fleet, owned(wiring.roster, tenure), self.situation())
        self.wiring = wiring
        await self.carry_out(fleet, decided)
        self._watch_sources(fleet)

    async def carry_out(self, fleet: Fleet, decided: Decided) -> None:
        """Take a decision into the fleet, save it, tell it, and act on what was granted."""
        fleet.apply(decided)
        self.agenda.due.update(decided.wakes)
        await self.save_and_tell(decided.change)
        for key, ids in decided.looks.items():
            source = self.wiring.sources.get(key)
            if source is not None:
                self.polls.look(key, source, ids)

    async def save_and_tell(self, change: Change) -> None:
        """Save, then emit, then hand over; what was not granted is an input of the next turn."""
        tenure = self._ownership.tenure
        assert tenure is not None  # noqa: S101 - no turn before the state is owned
        told, self.told = self.told, []
        if told:
            change = replace(change, events=(*told, *change.events))
        was_writable = self._saver.writable
        saved = await self._saver.save(tenure, change)
        self.rows_saved(saved.taken)
        for event in (*told_events(change, saved.granted), *saved.events):
            self._sink.emit(event)
        granted = [attempt for attempt in change.wanted if attempt.key in saved.granted]
        self.act.start(granted, self.wiring.restarters)
        why = Withdrawn(
            "the store did not grant it" if saved.written else "the state is unwritable"
        )
        for attempt in not_granted(change, saved.granted):
            self.queue_up(CallEnded(attempt.key, why, self._clock.now()))
        if self._saver.writable is not was_writable:
            self.ask_centers()

    def ask_centers(self) -> None:
        """Let the next turn look at every center: something that concerns all of them changed.

        So does whoever waited only for the state to be writable.
        """
        fleet = self.fleet
        if fleet is None:
            return
        now = self._clock.now()
        self.agenda.ask([CENTER + name for name in fleet.roster.centers], now)
        if self._saver.writable:
            self.agenda.ask(_unwritable(fleet), now)
        self.wake()

    def own(self, fleet: Fleet) -> None:
        """Begin with a fleet that was just loaded: every center is looked at once."""
        self.clear()
        self.fleet = fleet
        self._watch_sources(fleet)
        # A source that stays silent shows nobody: places are given back all the same.
        self.agenda.due.update(slots_end(fleet))
        self.ask_centers()

    def _watch_sources(self, fleet: Fleet) -> None:
        """A source that never answers must be found blind in time."""
        for key, source in fleet.sources.items():
            pace = fleet.roster.paces.get(key.source) or Pace()
            since = source.swept_at or source.since
            self.agenda.due.update({source_wake(key): since + BLIND_AFTER * source.interval(pace)})

    def clear(self) -> None:
        """Drop the fleet and all that waits for a turn: the tenure is over."""
        self.fleet = None
        self.agenda.clear()
        self._paused.clear()
        self._saver.forget()
        self.caught_up.reached()

    def _decide(self, fleet: Fleet, work: Work) -> Decided | None:
        """The edge of a turn: a fault of ours is told, and stays with the input that met it."""
        try:
            return self.doorways.decide(fleet, *work, self.situation())
        except Exception as error:
            # Each input is tried by itself; the one that fails alone is dropped.
            if not self.agenda.part(work):
                self._broken("a turn", error)
                self.agenda.ask(work[1], self._clock.now() + ASK_AGAIN_AFTER)
            return None


def _unwritable(fleet: Fleet) -> list[str]:
    """Instances that are held only because the state could not be written."""
    unrest = (id_ for index in fleet.indexes.values() for id_ in index.unrest)
    return [
        id_
        for id_ in unrest
        if id_ in fleet.instances and fleet.instances[id_].facts.reason is Reason.STATE_UNWRITABLE
    ]


def nobody(*_: object) -> None:
    """Nobody listens yet."""
