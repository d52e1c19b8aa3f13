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
        self._thread: threading.Thread | None = None

    async def run(self, call: Callable[[], _T]) -> _T:
        """Return what the call returns, waiting no longer than the deadline.

        Raises:
            Undelivered: it did not end in time, the one before still hangs, or it failed; of a
                foreign exception only the type is told, because its text may hold the URL.
        """
        if self._thread is not None and self._thread.is_alive():
            raise Undelivered("the attempt before has not ended yet")
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[_T] = loop.create_future()

        def settle(result: _T | None, error: BaseException | None) -> None:
            if ended.done():
                return
            if error is not None:
                ended.set_exception(error)
            else:
                ended.set_result(result)  # type: ignore[arg-type]

        def work() -> None:
            result, error = _outcome(call)
            # The loop may be gone by now: then nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result, error)

        self._thread = threading.Thread(target=work, name=self._name, daemon=True)
        self._thread.start()
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


def _outcome(call: Callable[[], _T]) -> tuple[_T | None, BaseException | None]:
    try:
        return call(), None
    except BaseException as error:  # Nothing is swallowed: it is handed to whoever waits.
        return None, error
