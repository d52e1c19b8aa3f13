"""Start, run, drain, stop.

The daemon ends in three steps: no new call, then those in flight end (30 s at most) and are saved,
then everything is closed. What is still open then is judged after the next start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ..core.event import Event, EventKind
from ..core.inputs import ClockStepped, LookAgain
from ..engine.engine import Engine
from ..ports import Clock, Unreadable
from .clockguard import LOOK_EVERY, ClockGuard
from .filewatch import FileWatch
from .jobs import Jobs
from .reload import Fitted, Refit, Reloaded, Reloader, Tell, nobody
from .scheduler import Scheduler
from .systemd import Notifier

DRAIN_LIMIT = timedelta(seconds=30)
"""How long calls in flight are waited for; below systemd's and Docker's own limits of 45 s."""

FILES_EVERY = timedelta(seconds=2)
"""How often config and token files are looked at."""

Broken = Callable[[str, BaseException], None]


@dataclass(frozen=True, slots=True)
class Chore:
    """Something the daemon does again and again, once a period."""

    name: str
    run: Callable[[], Awaitable[None]]
    period: timedelta


@dataclass(frozen=True, slots=True)
class Equipment:
    """What a daemon runs on.

    Args:
        fitted: the config in force and all that was built for it.
        refit: loads and builds it anew.
        config: the config file; None = the environment alone is the config.
        prune: deletes what the journal need not keep any more.
        monotonic_us: CLOCK_MONOTONIC in microseconds, for systemd.
        chores: what else is done again and again.
        listen: opens the ways in for people, once the state is owned.
        counts_suspend: whether the steady clock goes on while the machine is suspended.
        started: fields of `daemon.started`.
        loaded: fields of `config.loaded`.
    """

    engine: Engine
    clock: Clock
    fitted: Fitted
    refit: Refit
    broken: Broken
    notifier: Notifier
    prune: Callable[[], Awaitable[None]]
    monotonic_us: Callable[[], int]
    listen: Callable[[], Awaitable[None]]
    chores: tuple[Chore, ...] = ()
    counts_suspend: bool = True
    config: Path | None = None
    started: Mapping[str, object] = field(default_factory=dict)
    loaded: Mapping[str, object] = field(default_factory=dict)


class Daemon:
    """One life of the daemon on an engine that has not started."""

    def __init__(self, equipment: Equipment) -> None:
        self._with = equipment
        self._engine = equipment.engine
        self._clock = equipment.clock
        self._fitted = equipment.fitted
        self._stop = asyncio.Event()
        self._fatal: BaseException | None = None
        self.scheduler = Scheduler(equipment.clock, self._failed)
        self._jobs = Jobs(self._engine, self._clock, self.scheduler, equipment.notifier)
        self.reloader = Reloader(self._engine, self._clock, equipment.refit, self._take_up)
        self._files = FileWatch()
        self._guard = ClockGuard(self._clock, self._stepped, self.scheduler.reconsider)
        self._reloads: set[asyncio.Task[None]] = set()

    # What others may ask.

    def stop(self) -> None:
        """Begin to drain."""
        self._stop.set()

    def reload(self) -> None:
        """Begin to reload; what comes of it is told as events."""
        self._begin_reload(nobody)

    async def reloaded(self) -> Reloaded | None:
        """Reload and return what came of it; None where a fault ended it, which is told."""
        found: list[Reloaded] = []
        known = asyncio.Event()

        def told(reloaded: Reloaded) -> None:
            found.append(reloaded)
            known.set()

        task = self._begin_reload(told)
        task.add_done_callback(lambda _: known.set())
        await known.wait()
        return found[0] if found else None

    @property
    def stopping(self) -> asyncio.Event:
        """Set as soon as the daemon is to end."""
        return self._stop

    async def start(self) -> None:
        """Own the state.

        Raises:
            HeldByAnother, Unreadable, Unwritable, Fenced
        """
        await self._engine.start()
        self._tell(EventKind.DAEMON_STARTED, self._with.started)
        self._tell(EventKind.CONFIG_LOADED, self._with.loaded)

    async def open(self) -> None:
        """Open the ways in, and tell that the daemon is ready.

        Raises:
            what `listen` raises
        """
        await self._with.listen()
        self._with.notifier.ready()

    async def run(self) -> BaseException | None:
        """Run until stopped, then drain; return what ended it otherwise, or None.

        Raises:
            what `listen` raises; nothing was decided then
        """
        self._schedule()
        async with AsyncExitStack() as undone:
            undone.push_async_callback(self._jobs.stop)
            undone.callback(self._jobs.pause)
            # The platform is asked meanwhile; no turn acts on it before everyone can look in.
            await self.open()
            undone.pop_all()
        turning = asyncio.create_task(self._engine.run(), name="turns")
        turning.add_done_callback(self._turns_ended)
        guard = asyncio.create_task(self._look_at_clocks(), name="clock guard")
        await self._stop.wait()
        guard.cancel()
        await self._drain(turning)
        return self._fatal

    def _schedule(self) -> None:
        self._jobs.add_all(self._with.prune)
        for chore in self._with.chores:
            self.scheduler.every(chore.name, chore.run, chore.period)
        self.scheduler.every("files", self._look_at_files, FILES_EVERY)
        self._watch_files()
        self.scheduler.start()

    async def finish(self) -> None:
        """Drain, save and tell the end, for a daemon that ran without scheduler."""
        await self._last_words()

    # Clocks and files.

    async def _look_at_clocks(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            self._guard.look()

    def _stepped(self, step: timedelta) -> None:
        paces = self._fitted.wiring.roster.paces.values()
        shortest = min((pace.interval for pace in paces), default=timedelta(seconds=30))
        # A steady clock that counts a suspend explains all that passed; another one does not.
        expires = not self._with.counts_suspend and step > shortest
        self._engine.feed(ClockStepped(step.total_seconds(), expires))

    def _watch_files(self) -> None:
        config = self._with.config if self._fitted.reload_on_change else None
        self._files.watch([*self._fitted.token_files, *([config] if config else [])])

    async def _look_at_files(self) -> None:
        if not self._files:
            return
        # In a thread: a network home that hangs must not stop the loop.
        for path in await asyncio.to_thread(self._files.changed):
            for center in sorted(self._fitted.token_files.get(path, ())):
                self._engine.feed(LookAgain(center))
            if path == self._with.config:
                self.reload()

    # Reload.

    def _begin_reload(self, told: Tell) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(self._reload(told))
        self._reloads.add(task)
        task.add_done_callback(self._reload_ended)
        return task

    async def _reload(self, told: Tell) -> None:
        self._with.notifier.reloading(self._with.monotonic_us())
        try:
            await self.reloader.reload(told)
        finally:
            self._with.notifier.ready()

    def _take_up(self, fitted: Fitted) -> None:
        self._fitted = fitted
        if self._stop.is_set():
            return
        self._jobs.follow_sources()
        self._watch_files()

    def _reload_ended(self, task: asyncio.Task[None]) -> None:
        self._reloads.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._with.broken("a reload", error)

    # The end.

    def _failed(self, job: str, error: BaseException) -> None:
        """A chore failed: told; only a state that became unreadable ends the daemon."""
        self._with.broken(job, error)
        if isinstance(error, Unreadable):
            self._die(error)

    def _turns_ended(self, turning: asyncio.Task[None]) -> None:
        error = None if turning.cancelled() else turning.exception()
        if error is not None:
            # Memory and store may differ: the next start settles that, carrying on would not.
            self._with.broken("the turns", error)
            self._die(error)

    def _die(self, error: BaseException) -> None:
        self._fatal = self._fatal or error
        self._stop.set()

    async def _drain(self, turning: asyncio.Task[None]) -> None:
        self._jobs.pause()
        if self._fatal is None:
            await self._last_words()
        turning.cancel()
        await asyncio.wait({turning})
        await self._jobs.stop()

    async def _last_words(self) -> None:
        self._with.notifier.stopping()
        left_open = await self._engine.drain(DRAIN_LIMIT)
        self._tell(EventKind.DAEMON_STOPPED, {"calls_left_open": left_open})
        await self._engine.save_last()

    def _tell(self, kind: EventKind, fields: Mapping[str, object]) -> None:
        self._engine.tell(Event(kind, self._clock.now(), fields=dict(fields)))
