"""A center as the SCNet adapters see it: answers by path over a real connection on loopback."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from fakes import FakeClock
from scnet_watchdog.adapters.http import HttpClient, HttpOptions
from scnet_watchdog.adapters.scnet.client import ScnetClient
from scnet_watchdog.adapters.scnet.login import FixedToken, Tokens
from scnet_watchdog.adapters.scnet.restarter import ScnetRestarter
from scnet_watchdog.core.model import InstanceId
from wire_support import Asked, Wire, said, whole, wire

SERVICE = "/ai/openapi/v2/instance-service"
RESTART = f"{SERVICE}/task/actions/restart"
TASK = f"{SERVICE}/task"
TASK_LIST = f"{SERVICE}/task/list"
TOKEN = "a-token-of-the-region"
FRESH = "a-fresher-token"
ID = InstanceId("4c1f43ddb030483e89b55413bee6c004")
OPTIONS = HttpOptions(timedelta(seconds=0.5), timedelta(seconds=0.5))

Answer = bytes | Callable[[Asked, asyncio.StreamWriter], Any]
Rule = Callable[[Asked], "Answer | None"]


def detail_of(id_: str) -> str:
    return f"{SERVICE}/{id_}/detail"


def row(id_: str, status: str = "Running", **more: object) -> dict[str, object]:
    return {"id": id_, "instanceServiceName": f"name of {id_}", "status": status, **more}


def ok(data: Any = None) -> bytes:
    return whole(said(data))


def refused(code: str | int, message: str = "no", status: str = "200 OK") -> bytes:
    return whole(said(None, code, message), status)


def query_of(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(asked.target.partition("?")[2]))


def jwt(**payload: object) -> str:
    """A token that says this of itself; its signature is nobody's business."""
    middle = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"e30.{middle}.c2ln"


def expiring(at: datetime) -> str:
    return jwt(expireTime=str(int(at.timestamp() * 1000)))


@dataclass
class Center:
    """Rules are asked in order; the first that has an answer gives it; else HTTP 404."""

    server: Wire
    rules: list[Rule] = field(default_factory=list)

    def on(self, path: str, *answers: Answer) -> None:
        """Answer a path in this order, the last one for ever. A newer rule wins."""
        left = list(answers)

        def rule(asked: Asked) -> Answer | None:
            if asked.path != path:
                return None
            return left.pop(0) if len(left) > 1 else left[0]

        self.rules.insert(0, rule)

    async def play(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        for rule in self.rules:
            answer = rule(asked)
            if isinstance(answer, bytes):
                writer.write(answer)
                return
            if answer is not None:
                await answer(asked, writer)
                return
        writer.write(whole(b"<html>Not Found</html>", "404 Not Found"))

    def asked(self, path: str) -> list[Asked]:
        return [one for one in self.server.asked if one.path == path]


@asynccontextmanager
async def a_center() -> AsyncIterator[Center]:
    async def nothing(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with wire(nothing) as server:
        center = Center(server)
        server.play = center.play
        yield center


class TwoTokens:
    """One token, and one fresher, or an error, after the first was refused."""

    def __init__(
        self, first: Tokens, fresh: str | None = FRESH, error: Exception | None = None
    ) -> None:
        self._now = first
        self._fresh = fresh
        self._error = error
        self.renewals = 0

    async def get(self) -> Any:
        return await self._now.get()

    async def renew(self, stale: Any) -> Any:
        self.renewals += 1
        if self._error is not None:
            raise self._error
        held = await self._now.get()
        if held.value != stale.value:
            return held
        if self._fresh is None:
            return None
        self._now = fixed(self._fresh)
        return await self._now.get()


def fixed(value: str = TOKEN) -> FixedToken:
    return FixedToken(value, lambda _: None)


def polls_client(options: HttpOptions = OPTIONS) -> HttpClient:
    return HttpClient(options, time.monotonic)


@asynccontextmanager
async def client_for(
    center: Center | str,
    tokens: Tokens | None = None,
    center_url: str | None = None,
    options: HttpOptions = OPTIONS,
    took: Callable[[str, timedelta], None] = lambda kind, length: None,
) -> AsyncIterator[ScnetClient]:
    """A client of a center, or of a URL; with `center_url` it asks there for its gateways."""
    base = center if isinstance(center, str) else center.server.url
    client = ScnetClient(
        "kunshan",
        tokens or fixed(),
        polls_client(options),
        HttpClient(options, time.monotonic, for_calls=True),
        None if center_url else base,
        center_url or "http://nowhere.invalid/",
        took,
    )
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def restarter_for(
    center: Center | str, tokens: Tokens | None = None, center_url: str | None = None
) -> AsyncIterator[ScnetRestarter]:
    async with client_for(center, tokens, center_url) as client:
        yield ScnetRestarter(client, OPTIONS)


class TickingClock(FakeClock):
    """Goes on by a second whenever it is asked: every moment is another one."""

    def now(self) -> datetime:
        self.advance(1)
        return self.steady
