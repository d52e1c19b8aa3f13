"""Lives of the real daemon on a real state file, ended at a chosen step."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crash.relay import Relay
from scnet_watchdog.simulator.account import Account
from scnet_watchdog.simulator.instance import Instance
from scnet_watchdog.simulator.manners import Manners
from scnet_watchdog.simulator.platform import Platform
from scnet_watchdog.simulator.server import Server

TESTS = Path(__file__).parent
TOKEN = "a-token-for-tests"
WATCH_S = 0.8
"""How long a call without an answer is watched."""
CONFIG = """
centers:
  kunshan:
    base_url: "http://127.0.0.1:{port}"
    token: {token}
    timeout: {{connect: 1s, read: 0.4s}}
sources:
  scnet: {{interval: 0.1s, fast_interval: 0.05s}}
policy:
  confirm: {{count: 2, over: 0.05s}}
  cooldown: 0.1s
  breaker: {{threshold: 1000}}
  start_deadline: 1s
  stable_after: 0.2s
  unknown_outcome: {{watch: {watch}s, reads: 2}}
  budget: {{restarts: 1000}}
limits:
  restarts_per_hour: 100000
  max_in_flight: 10
  center_breaker: {{instances: 1000, errors: 1000}}
  storm: {{at_least: 1000}}
instances: [{instances}]
state: {{url: "sqlite:///{state}"}}
log: {{format: json}}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a life is to end: at the nth passing of a step; None = it lives until it is told."""

    step: str | None = None
    nth: int = 1


@dataclass(slots=True)
class Life:
    """One daemon that runs, or did.

    Args:
        status: its exit code, negative for the signal that killed it.
    """

    pid: int
    out: Path
    trail: Path
    status: int | None = None

    @property
    def said(self) -> str:
        """All that it wrote."""
        return self.out.read_text(encoding="utf-8")

    @property
    def steps(self) -> list[str]:
        """The steps it passed, in order."""
        return self.trail.read_text().splitlines()

    def told(self, event: str) -> list[dict[str, object]]:
        """The log lines of one event; a line that is being written is left out."""
        whole = self.said.rpartition("\n")[0]
        lines = [line for line in whole.splitlines() if line.startswith("{")]
        return [one for one in map(json.loads, lines) if one["event"] == event]

    def signal(self, number: int) -> None:
        """Send a signal, if it still lives."""
        if self.status is None:
            with suppress(ProcessLookupError):
                # It ended by itself meanwhile.
                os.kill(self.pid, number)


class Nursery:
    """Raises daemons, one after another.

    Args:
        under: a command that the whole nursery runs under, such as a tracer.
    """

    def __init__(self, folder: Path, under: Sequence[str] = ()) -> None:
        self._folder = folder
        self._under = under
        self._process: asyncio.subprocess.Process | None = None
        self._count = 0
        self._latest: Life | None = None

    async def start(self) -> None:
        """Start the process that forks them."""
        path = os.pathsep.join((str(TESTS), os.environ.get("PYTHONPATH", "")))
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._under,
            sys.executable,
            "-m",
            "crash.nursery",
            stdin=pipe,
            stdout=pipe,
            env={**os.environ, "PYTHONPATH": path},
        )

    async def stop(self) -> None:
        """Let it end; a daemon that a failed test left behind ends before it."""
        assert self._process is not None
        assert self._process.stdin is not None
        if self._latest is not None:
            self._latest.signal(signal.SIGKILL)
        self._process.stdin.close()
        await self._process.wait()

    async def bear(self, config: Path, plan: Plan | None = None, **more: object) -> Life:
        """Start a daemon."""
        self._count += 1
        plan = plan or Plan()
        out, trail = (self._folder / f"{self._count}.{end}" for end in ("out", "trail"))
        for path in (out, trail):
            path.touch()
        wanted = {"config": str(config), "out": str(out), "trail": str(trail), **more}
        wanted |= {"step": plan.step, "nth": plan.nth}
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._latest = Life((await self._answer())["pid"], out, trail)
        return self._latest

    async def bury(self, life: Life, within: float, by: int = signal.SIGKILL) -> int:
        """Wait for a daemon's end; one that lives longer than that is killed.

        Args:
            by: the signal; after SIGABRT its output ends with where each thread was.
        """
        waiting = asyncio.ensure_future(self._answer())
        try:
            done, _ = await asyncio.wait((waiting,), timeout=within)
        except asyncio.CancelledError:
            waiting.cancel()
            raise
        if not done:
            life.signal(by)
        life.status = (await waiting)["status"]
        return life.status

    async def _answer(self) -> dict[str, int]:
        assert self._process is not None
        assert self._process.stdout is not None
        answer: dict[str, int] = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def nursery(folder: Path, under: Sequence[str] = ()) -> AsyncIterator[Nursery]:
    """A nursery that ends with its block."""
    one = Nursery(folder, under)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


@dataclass(slots=True)
class World:
    """A platform, the relay before it, and the config of the daemon that watches."""

    server: Server
    relay: Relay
    config: Path
    state: Path
    ids: tuple[str, ...]

    def show(self, status: str, *ids: str) -> None:
        """What the platform shows of instances from now on."""
        for id_ in ids:
            self.server.platform.set_status(id_, status, time.monotonic())

    def started(self) -> list[tuple[str, float]]:
        """Which instances the platform started, and when, in seconds since the epoch."""
        ahead = time.time() - time.monotonic()
        acted = [call for call in self.server.platform.restarts() if call.acted]
        return [(call.instance or "", call.at + ahead) for call in acted]

    def all_running(self) -> bool:
        """Whether nothing is left to heal."""
        counts = self.server.platform.counts(time.monotonic())
        return counts.get("Running", 0) == len(self.ids)


@asynccontextmanager
async def world(
    folder: Path, passed: "Passed", count: int = 3, state: Path | None = None
) -> AsyncIterator[World]:
    """A platform with so many running instances."""
    ids = tuple(f"{number:02}{'ab' * 15}" for number in range(count))
    # A code of its own tells calls of instances that are not down from refused starts.
    platform = Platform(account=Account(fixed=TOKEN), manners=Manners(restart_running="716020"))
    platform.add(Instance(id_, f"job {n}", deploy_for=0.1) for n, id_ in enumerate(ids))
    server = Server(platform, time.monotonic, time.time)
    port = await server.start()
    state = state or folder / "state.db"
    relay = Relay(port, state, passed)
    await relay.start()
    config = folder / "watchdog.yaml"
    config.touch(mode=0o600)
    quoted = ", ".join(f'"{id_}"' for id_ in ids)
    config.write_text(
        CONFIG.format(port=relay.port, token=TOKEN, watch=WATCH_S, instances=quoted, state=state)
    )
    yield World(server, relay, config, state, ids)
    await relay.stop()
    await server.stop()


class Passed:
    """Kills a daemon from outside when its call reaches a stage on the wire."""

    def __init__(self) -> None:
        self.life: Life | None = None
        self.plan = Plan()
        self.then: Callable[[str], object] | None = None
        """What else happens at a stage."""
        self._left = 0

    def arm(self, plan: Plan) -> None:
        """From now on this plan; stages of other names are only noted."""
        self.life, self.plan, self._left = None, plan, plan.nth

    def reached(self, life: Life) -> bool:
        """Whether a life came to its step, on the wire or by its own trail."""
        if self.plan.step is None or self.plan.step.startswith("wire "):
            return self.plan.step is not None and self._left <= 0
        return life.steps[-1:] == [self.plan.step] and (
            life.steps.count(self.plan.step) == self.plan.nth
        )

    def __call__(self, stage: str) -> None:
        """Pass a stage."""
        if self.then is not None:
            self.then(stage)
        if stage != self.plan.step or self.life is None:
            return
        self._left -= 1
        if self._left == 0:
            self.life.signal(signal.SIGKILL)
