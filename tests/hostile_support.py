"""A platform that lies: its true answers, recorded from the simulator, spoiled on the way.

What is spoiled comes from a seed that every failure tells, so that it can be played again.
"""

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from fakes import KEY, FakeClock
from scnet_support import RESTART, TASK, detail_of
from scnet_watchdog.adapters.http import HttpClient, HttpOptions
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.login import KeyLogin, Keys
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.adapters.telemetry.secrets import Secrets
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.simulator.account import Account
from scnet_watchdog.simulator.instance import Instance
from scnet_watchdog.simulator.platform import Platform
from simulator_support import TOKEN, Wire
from wire_support import Asked, wire
from wire_support import Wire as Raw

UP, FAILED, STOPPED = (InstanceId(letter * 32) for letter in "abc")
STATUSES = {UP: "Running", FAILED: "Failed", STOPPED: "Terminated"}
LOGIN, CENTER = "/api/user/v3/tokens", "/ac/openapi/v2/center"
ENDPOINTS = {
    "list": TASK,
    "detail": detail_of(FAILED),
    "restart": RESTART,
    "tokens": LOGIN,
    "center": CENTER,
}
HASTY = HttpOptions(timedelta(seconds=2), timedelta(seconds=0.3))
"""Silence ends after 0.3 s: on loopback an answer takes a millisecond."""
_HOSTS = re.compile(rb"://([^/\"\\]*)")

Spoil = Callable[[bytes, Random], bytes]


@dataclass
class Liar:
    """Answers truly but for one endpoint, whose answers go through `spoil`."""

    server: Raw
    true: dict[str, bytes] = field(default_factory=dict)
    spoiled: str = ""
    spoil: Spoil = lambda answer, _: answer
    dice: Random = field(default_factory=Random)
    keeps: bool = False
    served: list[tuple[str, bytes]] = field(default_factory=list)

    async def play(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        answer = self.true.get(asked.path, NOT_FOUND)
        if self.spoiled and asked.path == ENDPOINTS[self.spoiled]:
            answer = self._spoiled(answer)
        self.served.append((asked.path, answer))
        writer.write(answer)
        if not self.keeps:
            writer.close()

    def lies(self, endpoint: str, spoil: Spoil, seed: int, keeps: bool = False) -> None:
        """Spoil one endpoint's answers from now on; `keeps`: its connections stay open."""
        self.spoiled, self.spoil, self.dice, self.keeps = endpoint, spoil, Random(seed), keeps
        self.served.clear()

    def is_honest(self) -> None:
        """Spoil nothing from now on."""
        self.lies("", self.spoil, 0, keeps=True)

    def _spoiled(self, answer: bytes) -> bytes:
        while True:
            found = self.spoil(answer, self.dice)
            # No test may call a host that is not ours: a gateway keeps its name or loses all of it.
            if all(host == self.server.url[7:].encode() for host in _HOSTS.findall(found)):
                return found


def first_seed() -> int:
    """Where a long proof begins: anywhere, or at HOSTILE_SEED to see the same again."""
    return int(os.environ.get("HOSTILE_SEED", "0")) or Random().randrange(10**9)


NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot Found"


@asynccontextmanager
async def a_liar() -> AsyncIterator[Liar]:
    """A lying platform on loopback, with the true answers of a simulated one."""

    async def nothing(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with wire(nothing) as server:
        liar = Liar(server, await _recorded(server.url))
        server.play = liar.play
        yield liar


async def _recorded(gateway: str) -> dict[str, bytes]:
    """The simulator's own bytes for each endpoint; the center names `gateway`."""
    platform = Platform(account=Account(fixed=TOKEN))
    platform.add(Instance(id_, f"job {id_[:2]}", status) for id_, status in STATUSES.items())
    asked = Wire(platform)
    asked.port = await asked.server.start()
    asked.server.endpoints.gateway = gateway
    for region in platform.account.regions.values():
        region.gateway = gateway
    await asked.login()
    true = {path: await asked.raw("GET", path) for path in (CENTER, *map(detail_of, STATUSES))}
    true[TASK] = await asked.raw("GET", f"{TASK}?limit=200&sort=desc&start=0")
    true[RESTART] = await asked.raw("POST", f"{RESTART}?instanceServiceId={FAILED}")
    true[LOGIN] = _login_answer(asked)
    await asked.server.stop()
    return true


def _login_answer(asked: Wire) -> bytes:
    regions = [{"clusterId": "0", "token": "platform"}, {"clusterId": "11250", "token": TOKEN}]
    body = json.dumps({"code": "0", "msg": "success", "data": regions}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def asked_of(path: str) -> str | None:
    """Whose detail a path is."""
    return path.split("/")[-2] if path.endswith("/detail") else None


class Visitor:
    """The daemon's side: one pair of connection pools for many visits."""

    def __init__(self, liar: Liar, options: HttpOptions = HASTY) -> None:
        self.liar = liar
        self.options = options
        self.polls = HttpClient(options, time.monotonic)
        self.calls = HttpClient(options, time.monotonic, for_calls=True)
        self.secrets = Secrets()

    def client(self) -> ScnetClient:
        """A client that knows nothing yet: it logs in and asks for its gateway."""
        url = self.liar.server.url
        keys = Keys("alice", "an-access-key", "a-secret-key", url + LOGIN)
        login = KeyLogin(keys, self.polls, FakeClock(), self.secrets.add, lambda: None)
        return ScnetClient("kunshan", login, self.polls, self.calls, None, url + CENTER)

    def source(self, clock: FakeClock | None = None) -> ScnetSource:
        return ScnetSource(KEY, self.client(), clock or FakeClock(), ScnetOptions())

    def restarter(self) -> ScnetRestarter:
        return ScnetRestarter(self.client(), self.options)

    async def close(self) -> None:
        await self.polls.close()
        await self.calls.close()


@asynccontextmanager
async def a_visitor(options: HttpOptions = HASTY) -> AsyncIterator[Visitor]:
    """A lying platform and who visits it."""
    async with a_liar() as liar:
        visitor = Visitor(liar, options)
        try:
            yield visitor
        finally:
            await visitor.close()
