"""A loop on which hours pass in a moment: when nothing is ready, time jumps to the next timer.

The wall clock moves with the loop, and can be stepped besides. APScheduler reads the wall clock by
itself, so its `datetime` is replaced; nothing of ours is patched.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeVar
from unittest import mock

from fakes import T0

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: the next timer is always now."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        super().__init__()

    def time(self) -> float:
        return self.elapsed

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready and scheduled:
            self.elapsed = max(self.elapsed, scheduled[0]._when)
        super()._run_once()  # type: ignore[misc]


class VirtualClock:
    """The clock of a virtual loop; fulfils the port and can stand in for `FakeClock`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.stepped = timedelta()

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self._loop.elapsed)

    def wall(self) -> datetime:
        return self.now() + self.stepped


@contextmanager
def apscheduler_on(clock: VirtualClock) -> Iterator[None]:
    """Let APScheduler see the virtual wall clock."""

    class Moment(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.wall().astimezone(tz or UTC)

    with mock.patch("apscheduler.schedulers.base.datetime", Moment):
        yield


def run_virtually(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end on a virtual loop."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main)
