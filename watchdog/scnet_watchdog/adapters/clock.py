"""The one module that reads the clock of the system.

The core's *now* is steady: the wall clock at the start plus monotonic time since, so that a step of
the wall clock moves no deadline.
"""

import time
from datetime import UTC, datetime, timedelta

BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""The system's clock that goes on through a suspend (Linux), or None where there is none."""


class SystemClock:
    """Fulfils `ports.Clock` with the clocks of this machine."""

    counts_suspend = BOOTTIME is not None
    """Whether the steady clock goes on while the machine is suspended."""

    def __init__(self) -> None:
        self._began_at = self.wall()
        self._zero = self.elapsed()

    def now(self) -> datetime:
        """The steady moment, aware UTC: wall clock at the start plus time since."""
        return self._began_at + timedelta(seconds=self.elapsed() - self._zero)

    def wall(self) -> datetime:
        """The wall clock, aware UTC; it may step."""
        return datetime.now(UTC)

    def monotonic_us(self) -> int:
        """Microseconds of CLOCK_MONOTONIC, as systemd wants them in a reload notice."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    @staticmethod
    def elapsed() -> float:
        """Seconds of a clock that never steps; only differences mean something."""
        return time.monotonic() if BOOTTIME is None else time.clock_gettime(BOOTTIME)
