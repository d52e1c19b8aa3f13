"""Calls that may hang (a library, a file on a network home) in a thread that nobody waits for.

A thread cannot be ended from outside. One that hangs is left behind, its owner starts no other, and
being a daemon thread it does not keep the program from ending.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Generic, TypeVar

from .delivery import Undelivered

_T = TypeVar("_T")


class OneThread(Generic[_T]):
    """At most one call at a time.

    Args:
        deadline: how long a call is waited for.
    """

    def __init__(self, name: str, deadline: timedelta) -> None:
        self._name = name
        self._deadline_s = deadline.total_seconds()
        self._busy = False

    async def run(self, call: Callable[[], _T]) -> _T:
        """Return what the call returns, waiting no longer than the deadline.

        Raises:
            Undelivered: it did not end in time, the one before still hangs, or it failed; of a
                foreign exception only the type is told, because its text may hold the URL.
        """
        if self._busy:
            raise Undelivered("the attempt before has not ended yet")
        ended = self._start(call)
        await asyncio.wait({ended}, timeout=self._deadline_s)
        if not ended.done():
            ended.cancel()
            raise Undelivered(f"not done after {self._deadline_s:g} s")
        error = ended.exception()
        if error is None:
            return ended.result()
        if isinstance(error, Undelivered):
            raise error
        raise Undelivered(f"failed with {type(error).__name__}") from None

    def _start(self, call: Callable[[], _T]) -> "asyncio.Future[_T]":
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[_T] = loop.create_future()

        def work() -> None:
            settle = _outcome(call, ended)
            # Before the outcome is known: whoever waits for it may start the next call at once.
            self._busy = False
            # The loop may be gone by now: then nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle)

        self._busy = True
        threading.Thread(target=work, name=self._name, daemon=True).start()
        return ended


def _outcome(call: Callable[[], _T], ended: "asyncio.Future[_T]") -> Callable[[], None]:
    """Make the call; return what hands its outcome over, on the loop's own thread."""
    try:
        result = call()
    except BaseException as caught:  # Nothing is swallowed: whoever waits gets it.
        error = caught
        return lambda: None if ended.done() else ended.set_exception(error)
    return lambda: None if ended.done() else ended.set_result(result)
