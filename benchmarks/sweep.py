"""A sweep of a calm fleet through the list: CPU time of the process that asks."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from .bare import by_client, by_streams, new_client, plainly, plainly_at_once
from .figures import Figure, ms
from .inside import daemon_inside, swept, write_config
from .served import served

REPEATS = 7
"""The least of so many is taken: other work on the machine only ever adds."""
BESIDE_PLAIN = 1000
"""The fleet for which the plain ways are measured as well."""


def measure(quick: bool) -> list[Figure]:
    """Sweeps of all sizes."""
    sizes = (1000, 10_000) if quick else (1000, 10_000, 100_000)
    return [figure for size in sizes for figure in asyncio.run(_sweeps(size))]


async def _cpu(work: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    await work()
    return time.process_time() - began


async def _sweeps(count: int) -> list[Figure]:
    ours, limit, streams, one, many = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder, served(count) as server:
        config = write_config(Path(folder), server.url, count)
        client = new_client()
        async with daemon_inside(config) as whole:
            await swept(whole)
            for _ in range(REPEATS):
                # Turn by turn, so that a busy moment of the machine meets all of them.
                ours.append(await _cpu(lambda: swept(whole)))
                limit.append(await _cpu(lambda: by_client(client, server.url)))
                streams.append(await _cpu(lambda: by_streams(server.url)))
                if count == BESIDE_PLAIN:
                    one.append(await _cpu(lambda: asyncio.to_thread(plainly, server.url, count)))
                    many.append(await _cpu(lambda: plainly_at_once(server.url, count)))
        await client.close()
    mine, least = min(ours), min(limit)
    figures = [_beside_limit(count, mine, least, min(streams))]
    if one:
        figures.append(_beside_plain("httpx.Client", mine, min(one), 30))
        figures.append(_beside_plain("httpx.AsyncClient", mine, min(many), 75))
    return figures


def _beside_limit(count: int, ours: float, limit: float, streams: float) -> Figure:
    ratio = ours / limit
    return Figure(
        f"sweep of {count} by list, CPU",
        ms(ours),
        f"{ms(limit)} (streams {ms(streams)})",
        "",
        f"{ratio:.2f} × limit",
        "≤ 1.5 × limit",
        ratio <= 1.5,
    )


def _beside_plain(name: str, ours: float, plain: float, goal: int) -> Figure:
    ratio = plain / ours
    return Figure(
        f"sweep of {BESIDE_PLAIN} by list, CPU",
        ms(ours),
        "",
        f"{ms(plain)} ({name})",
        f"{ratio:.0f} × less",
        f"≥ {goal} × less",
        ratio >= goal,
    )
