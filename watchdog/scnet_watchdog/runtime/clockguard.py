"""Notices what the scheduler cannot: a stepped wall clock, and a machine that slept."""

from collections.abc import Callable
from datetime import timedelta

from ..ports import Clock

LOOK_EVERY = timedelta(seconds=1)
"""How often the clocks are compared."""

STEP = timedelta(seconds=1)
"""A difference between two looks from which on the wall clock has stepped rather than drifted."""

SLEPT = timedelta(seconds=5)
"""Steady time between two looks from which on timers were late: a suspend, or a blocked loop."""


class ClockGuard:
    """Compares wall and steady clock, look by look.

    Args:
        stepped: told by how much the wall clock stepped.
        late: told that timers are late and all moments have to be set anew.
    """

    def __init__(
        self, clock: Clock, stepped: Callable[[timedelta], None], late: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._stepped = stepped
        self._late = late
        self._looked_at = clock.now()
        self._apart = clock.wall() - self._looked_at

    def look(self) -> None:
        """Compare now with the last look."""
        now = self._clock.now()
        apart = self._clock.wall() - now
        step, slept = apart - self._apart, now - self._looked_at
        self._apart, self._looked_at = apart, now
        if abs(step) >= STEP:
            self._stepped(step)
        if abs(step) >= STEP or slept >= SLEPT:
            self._late()
