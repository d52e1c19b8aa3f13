"""Memory: whatever is sent, one answer takes a bounded part of it, and nothing stays."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hostile_attacks_support import FAST
from hostile_spoil_support import spoil_bytes
from hostile_support import ENDPOINTS, HASTY, Visitor, a_visitor
from scnet_watchdog.adapters.bounds import LARGEST_BODY
from scnet_watchdog.adapters.http import HttpClient, HttpError, Reply
from scnet_watchdog.adapters.scnet.envelope import MOST_VALUES, read_envelope, rows_of
from scnet_watchdog.ports import SourceRefused, SourceUnavailable
from wire_support import client_of, wire

MIB = 2**20
WIRE_CAP = 4 * LARGEST_BODY
"""The parts of a body, the body, and what it is unpacked to: 64 MiB."""
READ_CAP = 256 * MIB
"""One answer's JSON in memory; the worst shape we found takes 180."""
KEPT_CAP = 2 * MIB
"""What hundreds of bad answers may leave behind: caches of the libraries."""

WORST: dict[str, Callable[[], bytes]] = {
    "empty lists": lambda: b"[]," * (MOST_VALUES // 2 - 5),
    "small blocks": lambda: b'{"a":1},' * (MOST_VALUES // 2 - 5),
    "rows": lambda: b'{"id":1},' * (MOST_VALUES // 2 - 5),
    "deep lists": lambda: (b"[" * 400 + b"]" * 400 + b",") * (MOST_VALUES // 401 - 5),
    "deep blocks": lambda: (b'{"":' * 400 + b"1" + b"}" * 400 + b",") * (MOST_VALUES // 401 - 5),
    "wide text": lambda: '"\U0001f600",'.encode() * (MOST_VALUES - 10),
    "one long text": lambda: b'"' + b"x" * (LARGEST_BODY - 100) + b'",',
    "a long number": lambda: b"1" * (LARGEST_BODY - 100) + b",",
}


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """What is taken at the worst moment."""
    gc.collect()
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size, f"{peak / MIB:.0f} MiB"


async def take(client: HttpClient, url: str) -> None:
    try:
        await client.request("GET", url)
    except HttpError:
        return


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FAST)
async def test_an_attack_takes_no_more_than_the_cap(name: str) -> None:
    client = client_of(read=30)
    async with wire(FAST[name]) as server:
        with at_most(WIRE_CAP):
            await take(client, server.url)
    await client.close()


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", WORST)
def test_the_worst_json_takes_no_more_than_the_cap(name: str) -> None:
    body = b'{"code":0,"data":[%b0]}' % WORST[name]()
    assert len(body) <= LARGEST_BODY
    with at_most(READ_CAP):
        envelope = read_envelope(Reply(200, {}, body))
        rows_of(envelope.data if envelope else None)


async def visits(visitor: Visitor, seeds: range) -> None:
    for seed in seeds:
        for endpoint in ENDPOINTS:
            visitor.liar.lies(endpoint, spoil_bytes, seed)
            try:
                await visitor.source().poll([], lambda _: None)
            except (SourceUnavailable, SourceRefused):
                continue
        visitor.liar.served.clear()
        visitor.liar.server.asked.clear()


@pytest.mark.prove
@pytest.mark.timeout(300)
async def test_hundreds_of_bad_answers_leave_nothing_behind() -> None:
    async with a_visitor(HASTY) as visitor:
        await visits(visitor, range(40))
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            await visits(visitor, range(40, 100))
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
    assert kept < KEPT_CAP, f"{kept / MIB:.1f} MiB"
