"""The limits: the same requests without decisions and state; and the loops a user would write."""

import asyncio
import json
import time
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from scnet_watchdog.adapters.http import HttpClient, HttpOptions

from .canned import GATEWAY, PAGE, instance_id
from .inside import TOKEN

HEADERS = {"token": TOKEN, "Content-Type": "application/json"}


def new_client() -> HttpClient:
    """The daemon's HTTP client as a center's polls use it."""
    return HttpClient(HttpOptions(timedelta(seconds=5), timedelta(seconds=30)), time.monotonic)


async def by_client(client: HttpClient, url: str) -> int:
    """Ask for every page through the daemon's client and parse it; returns the rows."""
    found = 0
    while True:
        params = {"start": str(found), "limit": str(PAGE), "sort": "desc"}
        body = json.dumps({"start": found, "limit": PAGE, "sort": "desc"}).encode()
        reply = await client.request("GET", url + GATEWAY, HEADERS, params, body)
        rows = json.loads(reply.body)["data"]
        if not rows:
            return found
        found += len(rows)


async def by_streams(url: str) -> int:
    """The same with asyncio's streams alone: what Python itself costs."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=2**20)
    found = 0
    while True:
        body = json.dumps({"start": found, "limit": PAGE, "sort": "desc"})
        writer.write(
            f"GET {GATEWAY}?start={found}&limit={PAGE}&sort=desc HTTP/1.1\r\nHost: {place.netloc}"
            f"\r\ntoken: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        rows = json.loads(await reader.readexactly(size))["data"]
        if not rows:
            writer.close()
            return found
        found += len(rows)


def _detail(url: str, number: int) -> str:
    return f"{url}{GATEWAY.removesuffix('/task')}/{instance_id(number)}/detail"


def plainly(url: str, count: int) -> int:
    """A user's loop: one detail request per instance with httpx.Client."""
    down = 0
    with httpx.Client(headers={"token": TOKEN}) as client:
        for number in range(count):
            answer = client.get(_detail(url, number)).json()
            down += answer["data"]["status"] != "Running"
    return down


async def plainly_at_once(url: str, count: int, at_once: int = 100) -> int:
    """The same with httpx.AsyncClient, as many at once as it has connections by default."""
    places = asyncio.Semaphore(at_once)

    async def down(client: httpx.AsyncClient, number: int) -> bool:
        async with places:
            answer = await client.get(_detail(url, number))
        return bool(answer.json()["data"]["status"] != "Running")

    async with httpx.AsyncClient(headers={"token": TOKEN}, timeout=60) as client:
        return sum(await asyncio.gather(*(down(client, number) for number in range(count))))
