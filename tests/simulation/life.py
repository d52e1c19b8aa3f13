"""One daemon on virtual time: engine, client and store are the real ones, the runtime is this file.

It dies at the n-th point at which it waits for something outside: from then on nothing of it has
any effect, and whatever it had sent goes on without it.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from scnet_watchdog.adapters.http import HttpClient, HttpOptions
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.login import KeyLogin, Keys
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.core.event import Event
from scnet_watchdog.core.model import InstanceId, Page, Swept
from scnet_watchdog.core.policy import Roster
from scnet_watchdog.engine.engine import Engine
from scnet_watchdog.engine.storeclock import StoreClock
from scnet_watchdog.engine.wiring import Wiring
from scnet_watchdog.ports import Clock
from scnet_watchdog.simulator.answers import Request

from .presets import CENTER, KEY
from .replay import Replay
from .stores import SimStore
from .wire import HOST, Network, SimHttp
from .witness import Witness

SHORTEST_GAP_S = 0.1
CHORES_EVERY_S = 60.0
OPTIONS = HttpOptions()
"""The defaults of a center."""


class Death:
    """When a daemon dies: at the n-th halt from the moment on at which that was wished."""

    def __init__(self, reached: Callable[[str], None]) -> None:
        self._left: int | None = None
        self._reached = reached
        self.dead = False
        self.came = asyncio.Event()

    def wish(self, halts: int) -> None:
        """Die at that halt, counted from now."""
        self._left = halts

    def spare(self) -> None:
        """Do not die after all."""
        self._left = None

    def halt(self, where: str) -> "asyncio.Future[None] | None":
        """A point at which a daemon can die; a future that never ends if it is dead."""
        if self._left is not None and not self.dead:
            self._left -= 1
            if self._left <= 0:
                self.dead = True
                self._reached(f"died at {where}")
                self.came.set()
        return asyncio.get_running_loop().create_future() if self.dead else None


class Watched:
    """A source whose every page is seen by the witness too."""

    def __init__(self, inner: ScnetSource, witness: Witness, death: Death) -> None:
        self._inner = inner
        self._witness = witness
        self._death = death

    async def poll(self, watched: Collection[InstanceId], report: Callable[[Page], None]) -> Swept:
        def both(page: Page) -> None:
            if not self._death.dead:
                self._witness.eyes.read(page)
                report(page)

        swept = await self._inner.poll(watched, both)
        self._witness.eyes.swept(swept)
        return swept

    async def look(self, instances: Collection[InstanceId]) -> Page:
        page = await self._inner.look(instances)
        if not self._death.dead:
            self._witness.eyes.read(page)
        return page


class Life:
    """From start to death or a clean stop.

    Args:
        shadow: run with `--shadow`.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        elapsed: Callable[[], float],
        witness: Witness,
        folder: Path,
        roster: Roster,
        full: Callable[[], int | None],
        shadow: bool = False,
    ) -> None:
        self._witness = witness
        self._elapsed = elapsed
        self._clock = clock
        self.death = Death(lambda where: witness.reached.update([where]))
        self._replay = Replay(witness)
        self.store = SimStore(folder, clock, witness, self.death.halt, full)
        client = self._client(network, elapsed)
        self._source = Watched(ScnetSource(KEY, client, clock, ScnetOptions()), witness, self.death)
        self._restarter = ScnetRestarter(client, OPTIONS)
        self.engine = Engine(
            StoreClock(clock),
            self.store,
            self,
            self._wiring(roster),
            who="simulated",
            broken=self._broken,
            shadow=shadow,
            doorways=self._replay.doorways(),
        )
        self.engine.on_turn = self._plan
        self._tasks: set[asyncio.Task[object]] = set()
        self._poll_timer: asyncio.TimerHandle | None = None
        self._due_timer: asyncio.TimerHandle | None = None
        self._polling = False
        self._polled_at = float("-inf")

    # The engine's sink.

    def emit(self, event: Event) -> None:
        """Take an event, as log and page would."""
        if not self.death.dead:
            self._witness.event(event)
            self._replay.explained(event, self.engine.fleet)

    # What the stage does with it.

    async def begin(self) -> None:
        """Own the state and go on from there; may never return if death comes first."""
        self._witness.begins(lambda: self.engine.fleet)
        await self.engine.start()
        self._spawn(self.engine.run())
        self._spawn(self._chores())
        self._poll()
        self._plan()

    async def reload(self, roster: Roster) -> None:
        """Take up a new config."""
        await self.engine.reconfigure(self._wiring(roster))

    async def stop(self, limit: timedelta) -> None:
        """A clean stop."""
        self._cancel_timers()
        self.engine.on_turn = _nothing
        self._witness.draining = True
        await self.engine.drain(limit)
        await self.engine.save_last()
        await self._end()
        await self.store.close()

    async def bury(self, grave: Path) -> None:
        """Take away what is left of a dead daemon; its files stay as they were."""
        self.death.dead = True
        self._cancel_timers()
        self.store.die(grave)
        await self._end()

    # Its own doings.

    def _wiring(self, roster: Roster) -> Wiring:
        return Wiring(roster, {KEY: self._source}, {CENTER: self._restarter})

    def _client(self, network: Network, elapsed: Callable[[], float]) -> ScnetClient:
        def http(size: int) -> HttpClient:
            simulated = SimHttp(network, size, elapsed, self.death.halt, self._leaves, self._came)
            return cast("HttpClient", simulated)

        keys = Keys("alice", "AKsimulated", "SKsimulated", f"{HOST}/api/user/v3/tokens")
        tokens = KeyLogin(keys, http(2), self._clock, _nothing, _nothing)
        center_url = f"{HOST}/ac/openapi/v2/center"
        return ScnetClient(
            CENTER, tokens, http(OPTIONS.for_polls), http(OPTIONS.for_calls), None, center_url
        )

    def _leaves(self, request: Request) -> None:
        if (id_ := _restarted(request)) is not None and not self.death.dead:
            self._witness.leaves(id_)

    def _came(self, request: Request, answered: bool) -> None:
        if (id_ := _restarted(request)) is not None and not self.death.dead:
            self._witness.came(id_, answered)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken(task.get_name(), error)

    async def _chores(self) -> None:
        while True:
            await self.engine.take_inbox()
            await self.engine.tend()
            await asyncio.sleep(CHORES_EVERY_S)

    def _plan(self) -> None:
        """Set both timers anew, as the scheduler does after every turn."""
        if self.death.dead:
            return
        now, loop = self._clock.now(), asyncio.get_running_loop()
        if not self._polling:
            seconds = self._until(self.engine.next_poll_at(KEY), now)
            if self._misset(self._poll_timer, seconds):
                self._poll_timer = loop.call_later(seconds, self._poll)
        due = self.engine.next_due_at
        if self._due_timer is not None:
            self._due_timer.cancel()
            self._due_timer = None
        if due is not None:
            self._due_timer = loop.call_later(max(0.0, (due - now).total_seconds()), self._due)

    def _until(self, at: datetime, now: datetime) -> float:
        gap = self._polled_at + SHORTEST_GAP_S - self._elapsed()
        return max(0.0, gap, (at - now).total_seconds())

    def _misset(self, timer: asyncio.TimerHandle | None, seconds: float) -> bool:
        """Whether a timer has to be set anew; it is then cancelled."""
        if timer is None or timer.cancelled():
            return True
        if abs(timer.when() - (asyncio.get_running_loop().time() + seconds)) < 0.05:
            return False
        timer.cancel()
        return True

    def _due(self) -> None:
        self.engine.wake()

    def _poll(self) -> None:
        self._poll_timer = None
        self._polling = True
        self._polled_at = self._elapsed()
        self._spawn(self._polls())

    async def _polls(self) -> None:
        await self.engine.poll(KEY)
        self._polling = False
        self._plan()

    def _cancel_timers(self) -> None:
        for timer in (self._poll_timer, self._due_timer):
            if timer is not None:
                timer.cancel()

    def _broken(self, what: str, error: BaseException) -> None:
        if not self.death.dead and not isinstance(error, asyncio.CancelledError):
            self._witness.fail("fault", f"{what}: {type(error).__name__}: {error}")

    async def _end(self) -> None:
        self.death.dead = True
        own = {
            *self._tasks,
            *self.engine.act.calls(),
            *self.engine.polls.running(),
        }
        for task in own:
            task.cancel()
        if own:
            await asyncio.wait(own)


def _restarted(request: Request) -> InstanceId | None:
    """Whom a restart call names, or None for another request."""
    _, found, id_ = request.target.partition("/task/actions/restart?instanceServiceId=")
    return InstanceId(id_) if found else None


def _nothing(*_: object) -> None:
    """Nobody listens."""
