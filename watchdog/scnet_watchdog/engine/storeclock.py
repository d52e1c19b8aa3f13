"""The engine's clock: our steady clock, corrected by what the store's clock says.

Adapters that stamp observations get this clock too, so that all moments the core compares are of
one kind.
"""

from datetime import datetime, timedelta

from ..ports import Clock


class StoreClock:
    """Fulfils `ports.Clock`; `ahead` is set from each tenure."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = timedelta()
        """How far the store's clock is ahead of ours."""

    def now(self) -> datetime:
        """The steady moment, as the store reckons it."""
        return self._clock.now() + self.ahead

    def wall(self) -> datetime:
        """The wall clock of this machine; it may step."""
        return self._clock.wall()

    def own(self) -> datetime:
        """The steady moment without the correction: for lengths, such as a tenure's validity."""
        return self._clock.now()
