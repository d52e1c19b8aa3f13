"""A sweep of a calm fleet through the list: CPU time of the process that asks."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from .bare import by_client, by_streams, new_client, plainly, plainly_at_once
from .figures import Figure, ms
from .inside import daemon_inside, swept, write_config
from .served import served

REPEATS = 7


def measure(quick: bool) -> list[Figure]:
    """Sweeps of all sizes."""
    sizes = (1000, 10_000) if quick else (1000, 10_000, 100_000)
    return [figure for size in sizes for figure in asyncio.run(_sweeps(size))]


async def _cpu(work: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    await work()
    return time.process_time() - began


async def _sweeps(count: int) -> list[Figure]:
    ours, limit, streams = [], [], []
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
        await client.close()
        plain = await _plain_ways(server.url, count) if count == 1000 else []
    return [_figure(count, ours, limit, streams), *_against(ours, plain)]


async def _plain_ways(url: str, count: int) -> list[float]:
    one, many = [], []
    for _ in range(3):
        began = time.process_time()
        await asyncio.to_thread(plainly, url, count)
        one.append(time.process_time() - began)
        many.append(await _cpu(lambda: plainly_at_once(url, count)))
    return [statistics.median(one), statistics.median(many)]


def _figure(count: int, ours: list[float], limit: list[float], streams: list[float]) -> Figure:
    mine, bare = statistics.median(ours), statistics.median(limit)
    ratio = mine / bare
    return Figure(
        f"sweep of {count} by list, CPU",
        ms(mine),
        f"{ms(bare)} (streams {ms(statistics.median(streams))})",
        "",
        f"{ratio:.2f} × limit",
        "≤ 1.5 × limit",
        ratio <= 1.5,
    )


def _against(ours: list[float], plain: list[float]) -> list[Figure]:
    mine = statistics.median(ours)
    names = (("httpx.Client", 30), ("httpx.AsyncClient", 75))
    return [
        Figure(
            f"sweep of 1000, beside {name}",
            ms(mine),
            "",
            ms(cpu),
            f"{cpu / mine:.0f} × less",
            f"≥ {goal} × less",
            cpu / mine >= goal,
        )
        for (name, goal), cpu in zip(names, plain, strict=False)
    ]
