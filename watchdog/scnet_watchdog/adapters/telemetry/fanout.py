"""Every listener hears every event; one that fails is counted and hurts nobody else."""

from collections import Counter
from collections.abc import Callable, Sequence

from ...core.event import Event
from ...ports import EventSink


class FanOut:
    """Fulfils `ports.EventSink` for several listeners.

    Args:
        broken: told the first failure of each listener.
    """

    def __init__(
        self, listeners: Sequence[EventSink], broken: Callable[[str, BaseException], None]
    ) -> None:
        self._listeners = tuple(listeners)
        self._broken = broken
        self.failures: Counter[str] = Counter()

    def emit(self, event: Event) -> None:
        """Tell everyone."""
        for listener in self._listeners:
            try:
                listener.emit(event)
            except Exception as error:
                name = type(listener).__name__
                self.failures[name] += 1
                if self.failures[name] == 1:
                    self._broken(f"telling events through {name}", error)
