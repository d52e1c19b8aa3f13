"""The fake platform on loopback, asked byte by byte: what arrives is what was sent."""

import asyncio
import json
from typing import Any

from scnet_watchdog.simulator.account import signature
from scnet_watchdog.simulator.platform import Platform
from scnet_watchdog.simulator.server import Server

TOKEN = "simulated-token"
SERVICE = "/ai/openapi/v2/instance-service"
EPOCH = 1_700_000_000.0
START = 1000.0


class Wire:
    """One raw connection per request, on a clock that a test moves."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.now = START
        self.wall = EPOCH
        self.server = Server(platform, lambda: self.now, lambda: self.wall)
        self.port = 0

    async def raw(
        self, method: str, path: str, body: bytes = b"", token: str | None = TOKEN, **headers: str
    ) -> bytes:
        """The head and as much of the body as was announced or came."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request(method, path, body, token, **headers))
        await writer.drain()
        found = b""
        try:
            found = await reader.readuntil(b"\r\n\r\n")
            length = int(found.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            found += await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            found += getattr(error, "partial", b"")
        writer.close()
        return found

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """The answer's JSON."""
        sent = json.dumps(body).encode() if body is not None else b""
        answer = await self.raw(method, path, sent, **more)
        found: dict[str, Any] = json.loads(answer.split(b"\r\n\r\n", 1)[1])
        return found

    async def tell(self, name: str, /, **wanted: Any) -> None:
        """POST below `/_sim/`, which must succeed."""
        assert await self.ask("POST", f"/_sim/{name}", wanted) == {"ok": True}

    async def listed(self, query: str = "limit=200&sort=desc", **more: Any) -> Any:
        """The data of the list asked by query."""
        return (await self.ask("GET", f"{SERVICE}/task?{query}", **more))["data"]

    async def restart(self, id_: str, **more: Any) -> dict[str, Any]:
        """The answer to a restart."""
        path = f"{SERVICE}/task/actions/restart?instanceServiceId={id_}"
        return await self.ask("POST", path, **more)

    async def login(self) -> list[dict[str, Any]]:
        """The regions of a login with AK/SK."""
        account = self.platform.account
        stamp = str(int(self.wall))
        signed = signature(account.secret_key, account.access_key, stamp, account.user)
        headers = {"user": account.user, "accessKey": account.access_key, "timestamp": stamp}
        answer = await self.ask(
            "POST", "/api/user/v3/tokens", token=None, signature=signed, **headers
        )
        assert answer["code"] == "0", answer
        found: list[dict[str, Any]] = answer["data"]
        return found


def request(
    method: str, path: str, body: bytes = b"", token: str | None = TOKEN, **headers: str
) -> bytes:
    """The bytes of a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    if token is not None:
        head += f"token: {token}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode() + b"\r\n" + body


def first(wire: Wire) -> str:
    """The id of the oldest instance."""
    return next(iter(wire.platform.instances))
