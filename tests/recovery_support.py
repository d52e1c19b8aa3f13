"""Small journals, by the minute."""

from datetime import datetime

from builders import CENTER, HOUR, MINUTE, T0
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.presence import Window

K = EventKind
A = InstanceId("a")
DAY = Window(T0, T0 + 24 * HOUR)


def at(minutes: float) -> datetime:
    return T0 + minutes * MINUTE


def told(kind: EventKind, minutes: float, id_: str | None = "a", **fields: object) -> Event:
    """One event, so many minutes after the window begins; `cls` stands for `class`."""
    known = {"class" if key == "cls" else key: value for key, value in fields.items()}
    instance = None if id_ is None else InstanceId(id_)
    return Event(kind, at(minutes), instance, id_ and f"job-{id_}", CENTER, known)


def turned(minutes: float, previous: str, status: str, id_: str = "a") -> Event:
    return told(K.INSTANCE_STATUS_CHANGED, minutes, id_, previous=previous, status=status)
