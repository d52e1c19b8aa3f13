"""A new config while the daemon runs: taken up whole, or not at all.

An invalid file changes nothing and is told. All state is kept; a center whose settings did not
change keeps its client and tokens; old clients are closed when their last call has ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..core.event import Event, EventKind
from ..core.inputs import LookAgain
from ..core.model import InstanceId
from ..engine.engine import Engine
from ..engine.wiring import Wiring
from ..errors import WatchdogError
from ..ports import Clock
from .impact import eligible, impact


@dataclass(frozen=True, slots=True)
class Fitted:
    """A config that was loaded, and everything built for it.

    Args:
        news: what `config.reloaded` tells: added, removed, changed, needs_restart.
        anew: centers whose client was built anew: their block is looked at again at once.
        gone: centers whose old client is given up.
        retire: closes the old clients; called when nothing uses them any more.
        token_files: by file, the centers whose token it holds.
        reload_on_change: whether a change of the config file is a wish to reload.
    """

    wiring: Wiring
    news: Mapping[str, object] = field(default_factory=dict)
    anew: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    retire: Callable[[], Awaitable[None]] | None = None
    token_files: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    reload_on_change: bool = False


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of a reload.

    Args:
        error: why the config was rejected; then nothing changed.
        news: what `config.reloaded` tells.
        impact: one sentence on the restarts it leads to.
    """

    error: WatchdogError | None = None
    news: Mapping[str, object] = field(default_factory=dict)
    impact: str = ""


Refit = Callable[[], Awaitable[Fitted]]
"""Loads and builds the config anew; raises `WatchdogError` when it is not valid."""


Tell = Callable[[Reloaded], None]


def nobody(reloaded: Reloaded) -> None:
    """Nobody waits for what comes of it: events tell it too."""


class Reloader:
    """Reloads one at a time; `taken_up` is told what is in force now."""

    def __init__(
        self, engine: Engine, clock: Clock, refit: Refit, taken_up: Callable[[Fitted], None]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._refit = refit
        self._taken_up = taken_up
        self._one = asyncio.Lock()

    async def reload(self, told: Tell = nobody) -> None:
        """Take up the config as it is on disk now, or tell why not.

        Args:
            told: what came of it, before old clients are closed.
        """
        async with self._one:
            try:
                fitted = await self._refit()
            except WatchdogError as error:
                self._tell(EventKind.CONFIG_REJECTED, {"error": str(error)})
                told(Reloaded(error))
                return
            before = self._eligible()
            await self._engine.reconfigure(fitted.wiring)
            means = self._impact(before, fitted.news)
            for center in sorted(fitted.anew):
                self._engine.feed(LookAgain(center))
            self._tell(EventKind.CONFIG_RELOADED, fitted.news)
            self._taken_up(fitted)
        told(Reloaded(None, fitted.news, means))
        await self._retire(fitted)

    def _eligible(self) -> frozenset[InstanceId]:
        fleet = self._engine.fleet
        return frozenset() if fleet is None else eligible(fleet, self._engine.situation)

    def _impact(self, before: frozenset[InstanceId], news: Mapping[str, object]) -> str:
        fleet, added = self._engine.fleet, news.get("added")
        if fleet is None:
            return "the state is not owned: the config is in force once it is"
        names = added if isinstance(added, (list, tuple)) else ()
        return impact(fleet, before, names, self._engine.situation)

    async def _retire(self, fitted: Fitted) -> None:
        """Close old clients when their last poll and call have ended; none is cancelled."""
        if fitted.retire is None:
            return
        calls = self._engine.act.calls(fitted.gone)
        polls = self._engine.polls.running(fitted.gone)
        # Some may be of the new client already: they end as well.
        for users in (calls, polls):
            if users:
                await asyncio.wait(users)
        await fitted.retire()

    def _tell(self, kind: EventKind, fields: Mapping[str, object]) -> None:
        self._engine.tell(Event(kind, self._clock.now(), fields=fields))
