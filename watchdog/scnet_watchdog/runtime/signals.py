"""What signals mean: SIGTERM and SIGINT drain, a second one leaves at once, SIGHUP reloads.

SIGHUP from a terminal that closed is no wish for a reload: if standard input was a terminal at the
start, it means the end. If it was ignored at the start (nohup), it stays ignored.
"""

import asyncio
import signal
from collections.abc import Callable
from enum import Enum


class Hangup(Enum):
    """What SIGHUP means to this process."""

    RELOAD = "reload"
    STOP = "stop"
    IGNORE = "ignore"


def hangup_means(stdin_is_terminal: bool, ignored: bool) -> Hangup:
    """Read off how the process was started what SIGHUP will mean."""
    if ignored:
        return Hangup.IGNORE
    return Hangup.STOP if stdin_is_terminal else Hangup.RELOAD


class Signals:
    """Signals turned into calls.

    Args:
        stop: begins to drain; called once.
        reload: called at each SIGHUP that means it.
        leave: ends the process at once; called when a second stop is asked.
    """

    def __init__(
        self, stop: Callable[[], None], reload: Callable[[], None], leave: Callable[[], None]
    ) -> None:
        self._stop = stop
        self._reload = reload
        self._leave = leave
        self._stopping = False

    def install(self, loop: asyncio.AbstractEventLoop, hangup: Hangup) -> None:
        """Take the signals over."""
        loop.add_signal_handler(signal.SIGTERM, self.asked_to_stop)
        loop.add_signal_handler(signal.SIGINT, self.asked_to_stop)
        if hangup is Hangup.RELOAD:
            loop.add_signal_handler(signal.SIGHUP, self._reload)
        elif hangup is Hangup.STOP:
            loop.add_signal_handler(signal.SIGHUP, self.asked_to_stop)

    def remove(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the signals back."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)

    def asked_to_stop(self) -> None:
        """Drain at the first time, leave at once at the second."""
        if self._stopping:
            self._leave()
        self._stopping = True
        self._stop()
