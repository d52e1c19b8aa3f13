"""The ways in for people: built here, and loaded only when the daemon really serves."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..adapters.clock import SystemClock
from ..adapters.telemetry.log import Log
from ..adapters.telemetry.secrets import Secrets
from ..adapters.telemetry.sentences import as_logged
from ..core.event import Level
from ..desk import Desk
from ..runtime.configfile import ConfigFile
from ..runtime.feed import Feed
from ..settings.model import Server

if TYPE_CHECKING:
    from ..adapters.web.api import Metrics
    from ..adapters.web.doors import Doors, Ways

HEAD_START_S = 0.03
"""How much longer than the first poll the ways in wait to be loaded."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What the ways in are built from.

    Args:
        control: the control socket, and whether it was configured.
        metrics: what `/metrics` answers; None = nothing.
    """

    settings: Server
    control: tuple[Path, bool]
    base: Path
    clock: SystemClock
    log: Log
    secrets: Secrets
    feed: Feed
    metrics: "Metrics | None" = None


class Serving:
    """Opened once the state is owned; closed before it is given up."""

    def __init__(self, premises: Premises, desk: Callable[[], Desk]) -> None:
        self._with = premises
        self._desk = desk
        self._doors: Doors | None = None

    async def open(self) -> None:
        """Listen and serve.

        Raises:
            CannotListen, TokenUnusable
        """
        await asyncio.to_thread(_load)
        from ..adapters.web.api import Face
        from ..adapters.web.doors import Doors
        from ..adapters.web.stream import Streams

        one = self._with
        mask = one.secrets.redact
        streams = Streams(one.feed.listen, as_logged, mask)
        face = Face(self._desk(), streams, mask, as_logged, one.clock.now, __version__, one.metrics)
        self._doors = Doors(face, await self._ways(), one.clock.elapsed)
        missing = await self._doors.open()
        if missing is not None:
            said = f"{missing}; commands cannot reach this daemon: set server.socket"
            one.log.line(Level.ERROR, "daemon.trouble", said)

    async def close(self) -> None:
        """Hear nobody any more."""
        if self._doors is not None:
            await self._doors.close()

    async def _ways(self) -> "Ways":
        from ..adapters.web.auth import BearerToken
        from ..adapters.web.doors import Ways

        one = self._with
        token = None
        if one.settings.token_file is not None:
            path = one.base / one.settings.token_file
            token = await asyncio.to_thread(BearerToken, path, one.secrets.add, one.clock.elapsed)
        control, must = one.control
        return Ways(control, must, one.settings.listen, token)


def _load() -> None:
    """Import what serves: a sixth of a second, and only a daemon that serves needs it."""
    # Both threads want the interpreter: the first request leaves before this one begins.
    time.sleep(HEAD_START_S)
    import_module("scnet_watchdog.adapters.web.doors")


async def about(config: ConfigFile, since: object) -> dict[str, Any]:
    """The daemon itself, for `status`."""
    facts = await asyncio.to_thread(config.facts)
    return {"version": __version__, "pid": os.getpid(), "since": since, "config": facts}
