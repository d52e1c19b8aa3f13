"""The real daemon's parts inside this process, put together by its own composition root."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.adapters.telemetry.log import Log
from scnet_watchdog.adapters.telemetry.secrets import Secrets
from scnet_watchdog.app.compose import Composition, Manner
from scnet_watchdog.app.life import log_options
from scnet_watchdog.core.model import SourceKey
from scnet_watchdog.settings.load import load

from .canned import instance_id

KEY = SourceKey("scnet", "kunshan")
TOKEN = "a-token-for-benchmarks"

CONFIG = """\
centers:
  kunshan:
    base_url: {url}
    token: {token}
sources:
  scnet: {{list: {list}, interval: {interval}, fast_interval: {interval}}}
policy:
  confirm: {{count: 1, over: 0s}}
  cooldown: 1s
limits: {limits}
log: {{format: json, file: {log}}}
state: {{url: "sqlite:///state.db"}}
instances:
{instances}
"""


def write_config(
    folder: Path,
    url: str,
    count: int,
    listed: str = "always",
    interval: str = "30s",
    limits: str = "{}",
) -> Path:
    """A config that watches so many instances of the server."""
    path = folder / "watchdog.yaml"
    instances = "\n".join(f'  - "{instance_id(number)}"' for number in range(count))
    text = CONFIG.format(
        url=url,
        token=TOKEN,
        list=listed,
        interval=interval,
        limits=limits,
        log=folder / "watchdog.log",
        instances=instances,
    )
    path.write_text(text)
    path.chmod(0o600)
    return path


@asynccontextmanager
async def daemon_inside(
    config: Path, clock: SystemClock | None = None
) -> AsyncIterator[Composition]:
    """Engine, adapters and store of the daemon, turns running; polls are made by hand."""
    loaded = load(config, os.environ, kinds())
    secrets, clock = Secrets(), clock or SystemClock()
    log = Log(log_options(loaded.settings), secrets, clock.wall)
    whole = Composition(loaded, os.environ, Manner(signals=False), clock, log, secrets)
    await whole.daemon.start()
    turns = asyncio.create_task(whole.engine.run())
    try:
        yield whole
    finally:
        turns.cancel()
        await asyncio.wait({turns})
        await whole.close()
        log.close()


async def swept(whole: Composition) -> None:
    """One poll, and all the turns that follow from it."""
    turned = asyncio.Event()
    whole.engine.on_turn = turned.set
    before = swept_at(whole)
    if not await whole.engine.poll(KEY):
        raise RuntimeError("the poll failed")
    while swept_at(whole) == before:
        turned.clear()
        await turned.wait()


def swept_at(whole: Composition) -> object:
    """When the last sweep began that a turn has taken."""
    fleet = whole.engine.fleet
    assert fleet is not None
    return fleet.sources[KEY].swept_at
