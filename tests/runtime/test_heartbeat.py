"""The dead man's switch and systemd's watchdog: alive only as long as turns really happen."""

import asyncio
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine_support import Bench
from fakes import FakeStore
from scnet_watchdog.errors import WatchdogError
from scnet_watchdog.runtime.heartbeat import Heartbeat, SystemdWatchdog
from scnet_watchdog.runtime.systemd import Notifier

SECOND = timedelta(seconds=1)


class Switch:
    """Somebody's URL, and what the daemon says about it."""

    def __init__(self, bench: Bench) -> None:
        self.asked = 0
        self.fails = False
        self.again: list[str] = []
        self.bench = bench
        self.heartbeat = Heartbeat(
            bench.engine,
            bench.clock,
            self._ask,
            lambda what, error: bench.broken.append((what, error)),
            self.again.append,
        )

    async def _ask(self) -> None:
        self.asked += 1
        if self.fails:
            raise WatchdogError("the receiver answered with status 500")

    async def beats(self) -> bool:
        """Whether a beat now reaches the URL."""
        before = self.asked
        await self.heartbeat.beat()
        return self.asked > before


def overdue(bench: Bench) -> timedelta:
    """How far the clock must go until a turn is overdue by more than a minute."""
    due = bench.engine.next_due_at
    assert due is not None
    return due - bench.clock.now() + 61 * SECOND


async def test_it_beats_while_turns_happen() -> None:
    bench = Bench()
    switch = Switch(bench)
    await bench.start()
    await bench.engine.turn()
    assert await switch.beats()
    bench.clock.advance(5)
    await bench.engine.turn()
    assert await switch.beats()


async def test_it_beats_while_no_turn_is_due() -> None:
    bench = Bench()
    switch = Switch(bench)
    await bench.start()
    await bench.engine.turn()
    assert await switch.beats()
    assert await switch.beats()


async def test_it_is_silent_before_the_state_is_owned() -> None:
    assert not await Switch(Bench()).beats()


async def test_it_is_silent_when_a_turn_is_due_and_none_happens() -> None:
    bench = Bench()
    switch = Switch(bench)
    await bench.start()
    await bench.engine.turn()
    assert await switch.beats()
    bench.clock.advance(overdue(bench).total_seconds() - 60)
    # Due for a second, and no turn since the last beat: not yet stuck, and no proof of life either.
    assert not await switch.beats()
    bench.clock.advance(60)
    assert not await switch.beats()


class StuckStore(FakeStore):
    """A disk that hangs: commits never end."""

    stuck = False

    async def commit(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        while self.stuck:
            await asyncio.sleep(0)
        return await super().commit(*args, **kwargs)  # type: ignore[arg-type]


async def test_it_is_silent_while_a_turn_is_stuck() -> None:
    store = StuckStore()
    bench = Bench(store=store)
    switch = Switch(bench)
    await bench.start()
    await bench.engine.poll(next(iter(bench.engine.sources)))
    store.stuck = True
    turn = asyncio.create_task(bench.engine.turn())
    for _ in range(5):
        await asyncio.sleep(0)
    bench.clock.advance(61)
    assert not await switch.beats()
    store.stuck = False
    await turn
    assert await switch.beats()


async def test_a_url_that_fails_is_told_once_and_its_return_too() -> None:
    bench = Bench()
    switch = Switch(bench)
    await bench.start()
    switch.fails = True
    for _ in range(3):
        await bench.engine.turn()
        assert await switch.beats()
    assert [what for what, _ in bench.broken] == ["the heartbeat"]
    switch.fails = False
    await switch.beats()
    assert switch.again == ["the heartbeat's URL answers again"]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        channel.setblocking(False)
        yield channel, {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "120000000"}


async def test_systemd_is_fed_until_turns_are_overdue(
    systemd: tuple[socket.socket, dict[str, str]],
) -> None:
    channel, environ = systemd
    bench = Bench()
    watchdog = SystemdWatchdog(bench.engine, bench.clock, Notifier(environ))
    # half of 120 s
    assert watchdog.period == 60 * SECOND
    await bench.start()
    await bench.engine.turn()
    await watchdog.feed()
    assert channel.recv(100) == b"WATCHDOG=1"
    bench.clock.advance(overdue(bench).total_seconds())
    await watchdog.feed()
    with pytest.raises(BlockingIOError):
        channel.recv(100)


@pytest.mark.parametrize(
    "changes",
    [
        {"WATCHDOG_USEC": ""},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "-5"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "9" * 400},
        {"WATCHDOG_PID": "1"},
        {"NOTIFY_SOCKET": ""},
    ],
)
def test_systemd_is_not_fed_where_it_does_not_ask_for_it(changes: dict[str, str]) -> None:
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000", **changes}
    assert Notifier(environ).watchdog_period is None


def test_systemd_may_name_this_process() -> None:
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000"}
    assert Notifier(environ).watchdog_period == 15 * SECOND
    assert Notifier({**environ, "WATCHDOG_PID": str(os.getpid())}).watchdog_period == 15 * SECOND
