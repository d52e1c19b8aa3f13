"""Two thousand restarts at once, the limits opened: calls per second, every attempt saved first."""

import asyncio
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from scnet_watchdog.adapters.http import HttpClient, HttpOptions

from .canned import GATEWAY, instance_id
from .figures import Figure, ms
from .inside import TOKEN, daemon_inside, swept, write_config
from .served import Served, served

COUNT = 2000
WITHIN_S = 120.0
OPEN = "{max_in_flight: 100000, restarts_per_hour: 100000, storm: {at_least: 100000}}"


def measure(quick: bool) -> list[Figure]:
    """One figure, beside the same calls without decisions, state or journal."""
    return asyncio.run(_measure(400 if quick else COUNT))


async def _measure(count: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, served(count, heals=True) as server:
        config = write_config(Path(folder), server.url, count, limits=OPEN)
        bare, least = await _bare(server.url, count)
        async with daemon_inside(config) as whole:
            await swept(whole)
            server.fail(range(count))
            began, cpu = time.monotonic(), time.process_time()
            await swept(whole)
            calls = await _all_called(server, count)
            ours, cpu = max(calls.values()) - began, time.process_time() - cpu
    ratio = bare / ours
    return [
        Figure(
            f"{count} restarts at once",
            f"{count / ours:.0f} calls/s (CPU {ms(cpu / count)} each)",
            f"{count / bare:.0f} calls/s (CPU {ms(least / count)} each)",
            "",
            f"{ratio:.2f} × limit",
            "≥ 0.6 × limit",
            ratio >= 0.6,
        )
    ]


async def _all_called(server: Served, count: int) -> dict[str, float]:
    """When each call arrived; asked seldom, in a thread: it costs the measured process little."""
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends:
        await asyncio.sleep(0.5)
        called: dict[str, float] = (await asyncio.to_thread(server.log))["called_at"]
        if len(called) == count:
            return called
    raise TimeoutError("not every instance was restarted")


async def _bare(url: str, count: int) -> tuple[float, float]:
    """Seconds, and seconds of CPU, for the same calls through the daemon's client for calls."""
    client = HttpClient(
        HttpOptions(timedelta(seconds=5), timedelta(seconds=30)), time.monotonic, for_calls=True
    )
    began, cpu = time.monotonic(), time.process_time()
    await asyncio.gather(*(_call(client, url, number) for number in range(count)))
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    await client.close()
    return took, cpu


async def _call(client: HttpClient, url: str, number: int) -> None:
    params = {"instanceServiceId": instance_id(number)}
    await client.request("POST", f"{url}{GATEWAY}/actions/restart", {"token": TOKEN}, params, b"")
