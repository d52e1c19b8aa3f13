"""The whole daemon against the simulator, on loopback and with short waits."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from scnet_watchdog.simulator.account import Account
from scnet_watchdog.simulator.instance import Instance
from scnet_watchdog.simulator.platform import Platform
from scnet_watchdog.simulator.server import Server

FIRST = "4c1f43ddb030483e89b55413bee6c004"
SECOND = "5d2054eec141594f9ac66524cff7d115"
TOKEN = "a-token-for-tests"

PROGRAM = """
import os, sys
from pathlib import Path
from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.app import Manner, run
from scnet_watchdog.settings.load import load
loaded = load(Path(sys.argv[1]), os.environ, kinds())
sys.exit(run(loaded, os.environ, Manner(once="--once" in sys.argv, shadow="--shadow" in sys.argv)))
"""

CONFIG = """
centers:
  kunshan:
    base_url: http://127.0.0.1:{port}
    token: {token}
    timeout: {{connect: 1s, read: {read}}}
sources:
  scnet: {{interval: 0.2s, fast_interval: 0.1s}}
policy:
  confirm: {{count: 2, over: 0.1s}}
  cooldown: 1s
instances: [{instances}]
state: {{url: "sqlite:///state.db"}}
log: {{format: json}}
"""


@asynccontextmanager
async def simulated(*ids: str, deploy_for: float = 0.2) -> AsyncIterator[Server]:
    """A platform with these instances, running."""
    platform = Platform(account=Account(fixed=TOKEN))
    platform.add(Instance(id_, f"job {n}", deploy_for=deploy_for) for n, id_ in enumerate(ids))
    server = Server(platform, time.monotonic, time.time)
    await server.start()
    yield server
    await server.stop()


def write_config(folder: Path, server: Server, *ids: str, read: str = "5s") -> Path:
    """A config with short waits for these instances."""
    port = server.endpoints.gateway.rsplit(":", 1)[1]
    path = folder / "watchdog.yaml"
    quoted = ", ".join(f'"{id_}"' for id_ in ids)
    path.write_text(CONFIG.format(port=port, token=TOKEN, instances=quoted, read=read))
    return path


def set_status(server: Server, id_: str, status: str) -> None:
    """What the platform shows of an instance from now on."""
    server.platform.set_status(id_, status, time.monotonic())


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def daemon(config: Path, *arguments: str) -> AsyncIterator["Process"]:
    """A daemon that is gone when the test is over, however that ended."""
    one = Process()
    await one.start(config, *arguments)
    try:
        yield one
    finally:
        await one.gone()


class Process:
    """The daemon as a process of its own; its log is read as it comes."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self, config: Path, *arguments: str) -> None:
        environ = {key: value for key, value in os.environ.items() if "SCNET" not in key}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-c",
            PROGRAM,
            str(config),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=environ,
        )
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.lines.append(json.loads(line))

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event."""
        return [line for line in self.lines if line["event"] == event]

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def ends(self) -> int:
        """The exit code."""
        assert self.process is not None
        assert self._reading is not None
        code = await asyncio.wait_for(self.process.wait(), 20)
        await self._reading
        return code

    async def gone(self) -> None:
        """Kill it if it still runs."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.ends()

    async def stops(self) -> int:
        """End it as a service manager does; the exit code."""
        self.signal(signal.SIGTERM)
        return await self.ends()
