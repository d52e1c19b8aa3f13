"""Events for whoever comes and goes: the desk that awaits a turn, clients of the stream."""

from collections.abc import Callable

from ..core.event import Event

Hear = Callable[[Event], None]


class Feed:
    """Fulfils `ports.EventSink`; a listener must not raise and must not block."""

    def __init__(self) -> None:
        self._listeners: dict[object, Hear] = {}

    def emit(self, event: Event) -> None:
        """Tell everyone who listens at this moment."""
        for hear in tuple(self._listeners.values()):
            hear(event)

    def listen(self, hear: Hear) -> Callable[[], None]:
        """Hear every event from now on; returns what ends that."""
        key = object()
        self._listeners[key] = hear
        return lambda: self._forget(key)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def _forget(self, key: object) -> None:
        self._listeners.pop(key, None)
