"""Whether turns have taken all that was fed: whoever reads page after page waits for them.

Otherwise the next pages are read while a turn saves and its calls leave, on the same interpreter,
and a restart waits for pages that have nothing to do with it.
"""

import asyncio

PATIENCE_S = 0.25
"""The longest wait: a disk that hangs must not make the sources look blind."""


class CaughtUp:
    """Set while nothing waits for a turn."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._reached.set()

    def behind(self) -> None:
        """Something waits for a turn."""
        self._reached.clear()

    def reached(self) -> None:
        """Nothing waits any more."""
        self._reached.set()

    async def wait(self) -> None:
        """Return when nothing waits, or when waiting has lasted long enough."""
        # A turn that has nothing to save has ended by then.
        await asyncio.sleep(0)
        if self._reached.is_set():
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._reached.wait()
        except TimeoutError:
            return
