"""Everything of one daemon, put together from valid settings."""

import asyncio
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from socket import gethostname
from typing import TypeVar

from .. import __version__
from ..adapters.clock import SystemClock
from ..adapters.registry import Kinds
from ..adapters.stores.sqlite import SqliteStore
from ..adapters.telemetry.fanout import FanOut
from ..adapters.telemetry.log import Log
from ..adapters.telemetry.metrics import Metrics
from ..adapters.telemetry.secrets import Secrets
from ..core.event import Event, Level
from ..core.policy import Pace, Roster
from ..desk import Answer, Rejected, Unavailable
from ..engine.engine import Engine
from ..engine.storeclock import StoreClock
from ..engine.wiring import Wiring
from ..errors import WatchdogError
from ..ports import EventSink, Restarter, StateStore
from ..runtime.configfile import ConfigFile
from ..runtime.desk import LiveDesk, Means
from ..runtime.feed import Feed
from ..runtime.impact import eligible, foreseen, impact
from ..runtime.lifecycle import Daemon, Equipment
from ..runtime.reload import Fitted
from ..runtime.systemd import Notifier
from ..runtime.wishes import NOT_OURS
from ..settings.compare import in_force, news_of
from ..settings.load import Loaded, load
from ..settings.to_policy import paces, roster
from .centers import Centers, Fit, Surroundings, close_all
from .outward import Outward
from .overheard import overheard
from .places import socket_place, state_place
from .serving import Premises, Serving, about

CLOSE_LIMIT_S = 1.0
"""How long polls are waited for before connections are closed under them."""

_Port = TypeVar("_Port")

SHORTEST_KEEP = timedelta(hours=25)
"""Retention keeps at least so much: budgets look back a day."""


def itself(port: _Port) -> _Port:
    """The port as it is."""
    return port


@dataclass(frozen=True, slots=True)
class Manner:
    """How the daemon is run.

    Args:
        once: poll, confirm, decide, call, settle, exit.
        signals: take over the process's signals.
        listeners: hear every event besides the log.
        quiet: events go to the listeners only, not to the log.
        store: what the engine gets in place of the store, usually something around it.
        restarter: the same for each center's restarter.
    """

    shadow: bool = False
    once: bool = False
    signals: bool = True
    listeners: Sequence[EventSink] = ()
    quiet: bool = False
    store: Callable[[StateStore], StateStore] = itself
    restarter: Callable[[Restarter], Restarter] = itself


class Composition:
    """Built once per life of the daemon.

    Raises:
        WatchdogError: what the config names cannot be built here.
    """

    def __init__(
        self,
        loaded: Loaded,
        environ: Mapping[str, str],
        manner: Manner,
        clock: SystemClock,
        log: Log,
        secrets: Secrets,
    ) -> None:
        self._path = loaded.path
        self._environ = environ
        self._manner = manner
        self._steady = clock
        self._log = log
        self._kinds = Kinds()
        self.clock = StoreClock(clock)
        base = loaded.path.absolute().parent if loaded.path is not None else Path.cwd()
        metrics = self._metrics = Metrics(__version__, lambda: self.engine.fleet, self._skipped)
        around = Surroundings(self.clock, clock.elapsed, secrets.add, self._tell, base, self._kinds)
        self._centers = Centers(replace(around, caught_up=self._caught_up, took=metrics.read))
        fit = self._centers.fit(loaded.settings)
        self._in_force = in_force(loaded.settings, fit.wiring.roster)
        place, explicit = state_place(loaded.settings.state.url, environ, Path.home(), base)
        self._store = SqliteStore(place, self.clock, explicit)
        self._config = ConfigFile(loaded.path)
        self._feed = Feed()
        self._outward = Outward(
            loaded.settings, clock, self.clock, log, secrets, self._tell, self.broken, self._roster
        )
        self._serving = self._ways_in(base, place, secrets)
        self.engine = self._engine(fit)
        self.daemon = Daemon(self._equipment(fit))

    def _engine(self, fit: Fit) -> Engine:
        """The engine, and everybody who hears of what it does."""
        manner = self._manner
        own = () if manner.quiet else (self._log,)
        told = () if self._outward.notices is None else (self._outward.notices,)
        listeners = (*own, self._feed, self._metrics, *told, *manner.listeners)
        engine = Engine(
            self.clock,
            manner.store(self._store),
            FanOut(listeners, self.broken),
            self._wiring(fit),
            who=f"{gethostname()}:{os.getpid()}",
            broken=self.broken,
            shadow=manner.shadow,
            doorways=overheard(self._metrics.rows),
        )
        engine.on_turned = self._metrics.turned
        engine.polls.on_polled = self._metrics.polled
        return engine

    def broken(self, what: str, error: BaseException) -> None:
        """Tell a fault that no event of the contract speaks of."""
        if isinstance(error, WatchdogError):
            self._log.line(Level.WARNING, "daemon.trouble", f"{what}: {error}")
            return
        text = "".join(traceback.format_exception(error))
        said = f"{what}: unexpected {type(error).__name__}: {error}"
        self._log.line(Level.ERROR, "daemon.fault", said, exception=text)

    async def close(self) -> None:
        """Close the ways in, connections and the state, in this order."""
        await self._serving.close()
        await self._outward.close()
        polls = self.engine.polls.running()
        if polls:
            await asyncio.wait(polls, timeout=CLOSE_LIMIT_S)
        await close_all(self._centers.clients)
        await self._store.close()

    @property
    def paces(self) -> tuple[Pace, ...]:
        """The paces of the sources."""
        return tuple(paces(self._in_force.settings).values())

    def _ways_in(self, base: Path, state: Path, secrets: Secrets) -> Serving:
        server = self._in_force.settings.server
        control = socket_place(server.socket, self._environ, state, base)
        premises = Premises(
            server, control, base, self._steady, self._log, secrets, self._feed, self._metrics.page
        )
        return Serving(premises, self._desk)

    def _desk(self) -> LiveDesk:
        since = self.clock.now()
        return LiveDesk(
            Means(
                self.engine,
                self.clock,
                self._store,
                self._feed,
                lambda: about(self._config, since),
                self._reload,
            )
        )

    async def _listen(self) -> None:
        # A single run ends before anybody could ask it anything.
        if not self._manner.once:
            await self._serving.open()
            await self._outward.start(self._store)

    async def _reload(self, preview: bool) -> Answer:
        if preview:
            return await self._foretell()
        found = await self.daemon.reloaded()
        if found is None:
            raise Unavailable("a fault ended the reload; the log says more")
        if found.error is not None:
            raise Rejected(str(found.error).splitlines())
        return {**found.news, "impact": found.impact}

    async def _foretell(self) -> Answer:
        """What a reload would change; nothing is."""
        try:
            new = await self._load()
        except WatchdogError as error:
            raise Rejected(str(error).splitlines()) from error
        members = roster(new.settings)
        news = news_of(self._in_force, in_force(new.settings, members))
        fleet, situation = self.engine.fleet, self.engine.situation
        if fleet is None:
            raise Unavailable(NOT_OURS)
        then = foreseen(fleet, members, situation)
        said = impact(then, eligible(fleet, situation), news["added"], situation)
        return {**news, "impact": said}

    def _skipped(self) -> int:
        return self.daemon.scheduler.skipped.total()

    def _roster(self) -> Roster:
        return self._in_force.roster

    def _tell(self, event: Event) -> None:
        self.engine.tell(event)

    async def _caught_up(self) -> None:
        await self.engine.caught_up()

    def _equipment(self, fit: Fit) -> Equipment:
        settings = self._in_force.settings
        path = str(self._path) if self._path is not None else None
        watched = fit.wiring.roster
        counts = {"instances": len(watched.members), "centers": sorted(watched.centers)}
        started = {"version": __version__, "pid": os.getpid(), "shadow": self._manner.shadow}
        notifier = Notifier(self._environ)
        return Equipment(
            engine=self.engine,
            clock=self.clock,
            fitted=self._fitted(fit, {}, settings.reload_on_change),
            refit=self._refit,
            broken=self.broken,
            notifier=notifier,
            prune=self._prune,
            monotonic_us=self._steady.monotonic_us,
            listen=self._listen,
            chores=self._outward.chores(self.engine, notifier),
            counts_suspend=self._steady.counts_suspend,
            config=self._path,
            started=started,
            loaded={"path": path, **counts},
        )

    async def _refit(self) -> Fitted:
        old = self._in_force
        content = await asyncio.to_thread(self._config.content)
        try:
            new = await self._load()
            fit = self._centers.fit(new.settings)
        except WatchdogError as error:
            self._config.rejected = str(error)
            raise
        self._in_force = in_force(new.settings, fit.wiring.roster)
        self._config.loaded(content)
        for warning in new.warnings:
            self._log.line(Level.WARNING, "config.warning", str(warning))
        news = news_of(old, self._in_force)
        # What only a restart takes up stays as it was at the start.
        return self._fitted(fit, news, old.settings.reload_on_change)

    async def _load(self) -> Loaded:
        """The config as it is on disk.

        Raises:
            WatchdogError
        """
        # In a thread: a large config takes a while, and the turns go on meanwhile.
        return await asyncio.to_thread(load, self._path, self._environ, self._kinds)

    def _fitted(self, fit: Fit, news: Mapping[str, object], on_change: bool) -> Fitted:
        return Fitted(
            self._wiring(fit),
            news,
            fit.anew,
            fit.gone,
            lambda: close_all(fit.old),
            fit.token_files,
            on_change,
        )

    def _wiring(self, fit: Fit) -> Wiring:
        around = self._manner.restarter
        restarters = {center: around(one) for center, one in fit.wiring.restarters.items()}
        return replace(fit.wiring, restarters=restarters)

    async def _prune(self) -> None:
        keep = max(self._in_force.settings.state.keep, SHORTEST_KEEP)
        fleet = self.engine.fleet
        watched = frozenset(fleet.roster.members) if fleet is not None else None
        await self._store.prune(self.clock.now() - keep, watched)
