"""A dead man's switch: a URL is asked for as long as turns really happen, and not otherwise.

Whoever watches that URL raises the alarm when nobody asks any more. The systemd watchdog is fed on
the same terms, so that a daemon that is stuck is killed and started anew.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from ..engine.engine import Engine
from ..errors import WatchdogError
from ..ports import Clock
from .pulse import stuck
from .systemd import Notifier

Ask = Callable[[], Awaitable[None]]
"""Asks the URL once, within a deadline of its own; raises a `WatchdogError` where that failed."""


def silent(engine: Engine, clock: Clock) -> str | None:
    """Why the heartbeat must be silent, or None: the state is ours and turns happen when due."""
    if engine.fleet is None:
        return "the state is not owned"
    return stuck(engine, clock)


class Heartbeat:
    """The outgoing heartbeat; `beat` is a job of the scheduler.

    Args:
        ask: asks the URL.
        broken: told once when a row of failures begins.
        again: takes one sentence when the URL answers again.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        ask: Ask,
        broken: Callable[[str, BaseException], None],
        again: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._ask = ask
        self._broken = broken
        self._again = again
        self._fails = False
        self._turns = -1

    async def beat(self) -> None:
        """Ask the URL, if turns happened since the last beat and none is overdue."""
        turns = self._engine.turns
        if silent(self._engine, self._clock) is not None or not self._turned(turns):
            return
        try:
            await self._ask()
        except WatchdogError as error:
            if not self._fails:
                self._broken("the heartbeat", error)
            self._fails = True
            return
        if self._fails:
            self._again("the heartbeat's URL answers again")
        self._fails = False
        self._turns = turns

    def _turned(self, turns: int) -> bool:
        """Whether a turn happened since the last beat, or none was due: sources may be slow."""
        due = self._engine.next_due_at
        return turns != self._turns or (due is not None and due > self._clock.now())


class SystemdWatchdog:
    """Feeds systemd's watchdog; `feed` is a job of the scheduler.

    Silent only where turns are overdue, as `/healthz`: a daemon that lost its right to act lives,
    and to start it anew would not win the right back.
    """

    def __init__(self, engine: Engine, clock: Clock, notifier: Notifier) -> None:
        self._engine = engine
        self._clock = clock
        self._notifier = notifier

    @property
    def period(self) -> timedelta | None:
        """How often it is to be fed; None = systemd does not ask for it."""
        return self._notifier.watchdog_period

    async def feed(self) -> None:
        """Say that the daemon lives, if it does."""
        if stuck(self._engine, self._clock) is None:
            self._notifier.alive()
