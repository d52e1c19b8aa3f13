"""The engine: owns the state, runs the turns, polls the sources. The runtime decides when.

When the tenure is lost, nothing is sent any more, memory is dropped, and the right to act is
acquired anew: then the state is loaded and every instance must be seen first (quiet start).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ..core.event import Event, EventKind
from ..core.fleet import Fleet
from ..core.inputs import Input, Situation
from ..core.model import InstanceId, SourceKey
from ..core.pace import next_poll_at
from ..core.policy import Pace
from ..ports import EventSink, Fenced, HeldByAnother, StateStore, Unwritable
from .act import Act, Broken
from .doorways import CORE, Doorways
from .inbox import Inbox
from .inputs import INPUTS_LIMIT
from .ownership import Ownership, owned
from .polls import Polls
from .save import Saver
from .storeclock import StoreClock
from .turn import Switches, Turns, nobody
from .wiring import Wiring, watched_by

ACQUIRE_WAIT = timedelta(seconds=1)
"""How long the state is waited for: a reader may hold it for a moment."""


class Engine:
    """The only caller of ports.

    Args:
        who: how the store's owner row names us.
        broken: told of faults that never should happen; the engine carries on.
    """

    def __init__(
        self,
        clock: StoreClock,
        store: StateStore,
        sink: EventSink,
        wiring: Wiring,
        who: str,
        broken: Broken,
        shadow: bool = False,
        doorways: Doorways = CORE,
    ) -> None:
        self._clock = clock
        self._store = store
        self._switches = Switches(shadow=shadow)
        self._ownership = Ownership(store, clock, who)
        self._saver = Saver(store, clock)
        self._inbox = Inbox(store)
        self._turns = Turns(
            clock, self._ownership, self._saver, sink, wiring, self._switches, broken, doorways
        )
        self._turns.rows_saved = self._inbox.saved
        self._watched: Mapping[SourceKey, tuple[InstanceId, ...]] = {}
        self._one_turn = asyncio.Lock()
        self._awake = asyncio.Event()
        self._turns.wake = self._awake.set
        self._sink = sink
        self._broken = broken
        self._lost = False
        self.on_turn: Callable[[], None] = nobody
        """Told when turns have caught up: deadlines and paces may have changed."""
        self.on_turned: Callable[[timedelta], None] = nobody
        """Told how long a turn took, its save included."""
        self.turns = 0
        self.turn_began_at: datetime | None = None  # None between turns.

    # What others may see.

    @property
    def fleet(self) -> Fleet | None:
        """The fleet in memory; None while the state is not ours. For reading only."""
        return self._turns.fleet

    @property
    def writable(self) -> bool:
        """Whether the state can be written."""
        return self._saver.writable

    @property
    def situation(self) -> Situation:
        """What is known at this moment, as the next turn would know it."""
        return self._turns.situation()

    @property
    def act(self) -> Act:
        """The restart calls in flight."""
        return self._turns.act

    @property
    def polls(self) -> Polls:
        """Polls and looks under way."""
        return self._turns.polls

    @property
    def sources(self) -> frozenset[SourceKey]:
        """The sources that are asked; none while the state is not ours."""
        return frozenset(self._watched)

    # What others may ask.

    def feed(self, one: Input) -> None:
        """Take an input for a later turn; dropped while the state is not ours."""
        self._turns.queue_up(one)

    def tell(self, event: Event) -> None:
        """Take an event of the runtime or an adapter: saved and emitted with the next turn.

        While the right to act is lost it is emitted at once, and is in no journal.
        """
        if self._lost:
            self._sink.emit(event)
            return
        self._turns.told.append(event)
        self._awake.set()

    async def start(self, wait: timedelta = ACQUIRE_WAIT) -> None:
        """Take over: acquire, load, resume.

        Raises:
            HeldByAnother, Unreadable, Unwritable, Fenced
        """
        async with self._one_turn:
            await self._take_over(wait)

    async def run(self) -> None:
        """Run turns whenever there is something to do, for ever."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            await self.run_turns()

    async def run_turns(self) -> None:
        """Run turns until nothing waits."""
        while self._turns.pending:
            await self.turn()
            # The loop breathes: between two turns everyone else gets their go.
            await asyncio.sleep(0)

    async def turn(self) -> None:
        """Run one turn; when the tenure turns out to be over, memory is dropped."""
        async with self._one_turn:
            if self.fleet is None:
                return
            self.turn_began_at = began = self._clock.now()
            try:
                await self._turns.turn()
            except Fenced as error:
                self._lose(error)
            self.turn_began_at = None
            self.turns += 1
            self.on_turned(self._clock.now() - began)
        if not self._turns.pending:
            self._turns.caught_up.reached()
            self.on_turn()

    def wake(self) -> None:
        """Let turns happen for whatever is due."""
        self._awake.set()

    async def reconfigure(self, wiring: Wiring) -> None:
        """Take up a new config, between two turns; all state is kept."""
        async with self._one_turn:
            try:
                await self._turns.reconfigure(wiring)
            except Fenced as error:
                self._lose(error)
            self._watch()
        self.wake()
        self.on_turn()

    async def poll(self, key: SourceKey) -> bool:
        """Ask one source for all it watches; return whether that went well."""
        source, watched = self._turns.wiring.sources.get(key), self._watched.get(key)
        if source is None or not watched or self._turns.agenda.queue.weight > INPUTS_LIMIT:
            return False
        return await self.polls.poll(key, source, watched)

    def next_poll_at(self, key: SourceKey, began: datetime | None = None) -> datetime:
        """When a source is to be polled next; `began`: its last poll, if not known here yet."""
        began = began or self.polls.last_began(key)
        if self.fleet is not None and key in self.fleet.sources:
            return next_poll_at(self.fleet, key, self._turns.situation(), began)
        pace = self._turns.wiring.roster.paces.get(key.source) or Pace()
        return self._clock.now() if began is None else began + pace.interval

    def may_poll(self, key: SourceKey) -> bool:
        """Whether nothing forbids to ask a source now: no throttle, no block that waits."""
        fleet, situation = self.fleet, self._turns.situation()
        if fleet is None or key not in fleet.sources:
            return False
        return next_poll_at(fleet, key, situation, None) <= situation.now

    @property
    def next_due_at(self) -> datetime | None:
        """The earliest moment at which a turn is wanted, whatever comes in."""
        return self._turns.next_at

    async def caught_up(self) -> None:
        """Wait until turns have taken what was fed; for a moment at most (see `caughtup`)."""
        await self._turns.caught_up.wait(self.act)

    async def tend(self) -> None:
        """Keep the right to act, win it back when it was lost, try to write what waits.

        Raises:
            Unreadable
        """
        if self.fleet is None:
            await self._win_back()
        elif not await self._ownership.renew():
            async with self._one_turn:
                self._lose(Fenced("the right to act could not be renewed"))
        if self._turns.pending:
            self.wake()

    async def take_inbox(self) -> None:
        """Take up commands that were left in the store; each once."""
        tenure = self._ownership.tenure
        if self.fleet is None or tenure is None:
            return
        try:
            commands = await self._inbox.new(tenure)
        except Fenced as error:
            async with self._one_turn:
                self._lose(error)
            return
        for command in commands:
            self.feed(command)

    async def drain(self, limit: timedelta) -> int:
        """Begin no new call, wait for those in flight, settle and save them.

        Args:
            limit: how long calls are waited for at most; they are never cancelled.

        Returns:
            How many calls stay open.
        """
        self._switches.draining = True
        self._turns.ask_centers()
        calls = self.act.calls()
        if calls:
            await asyncio.wait(calls, timeout=limit.total_seconds())
        await self.run_turns()
        return self.act.in_flight

    async def save_last(self) -> None:
        """Save what is still unsaved, whatever the retry pause says."""
        self._saver.hurry()
        await self.run_turns()

    async def _win_back(self) -> None:
        async with self._one_turn:
            try:
                await self._take_over(timedelta())
            except (HeldByAnother, Unwritable):
                # Asked again by the next round of housekeeping.
                self._ownership.drop()
            except Fenced as error:
                self._lose(error)

    async def _take_over(self, wait: timedelta) -> None:
        tenure = await self._ownership.take(wait)
        memory = await self._store.load(tenure)
        now = self._clock.now()
        fleet, change = self._turns.doorways.resume(
            memory, owned(self._turns.wiring.roster, tenure), now
        )
        if memory.fresh:
            change = replace(change, events=(Event(EventKind.STATE_CREATED, now), *change.events))
        self._inbox.forget()
        self._turns.own(fleet)
        self._lost = False
        self._watch()
        await self._turns.save_and_tell(change)
        self.wake()

    def _lose(self, error: Fenced) -> None:
        """Nothing is sent or saved any more; calls on the wire end by themselves."""
        self._broken("owning the state", error)
        self._ownership.drop()
        self._turns.clear()
        self._watch()
        self._lost = True
        told, self._turns.told = self._turns.told, []
        for event in told:
            self._sink.emit(event)

    def _watch(self) -> None:
        self._watched = watched_by(self.fleet.roster) if self.fleet is not None else {}
