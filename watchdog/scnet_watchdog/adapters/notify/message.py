"""What is told to people, before it is put into words: lines of news, and the daily digest."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ...core.event import Event, Level

RANK = {level: rank for rank, level in enumerate(Level)}
"""Levels in order, debug first."""


class Phase(StrEnum):
    """Where in its life a fact is when it is told."""

    BEGAN = "began"
    """A lasting trouble begins, or became worse."""
    STILL = "still"
    """It lasts, and is told once more."""
    ENDED = "ended"
    """It is over."""
    ONCE = "once"
    """Something happened, and that is all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of a message.

    Args:
        event: what began or happened; of an ended trouble, what ended it.
        level: how loud it is told; an end is as loud as its beginning.
        since: when the trouble began; None = the event's own moment.
        began: of an ended trouble, the event that was told when it began.
    """

    event: Event
    level: Level
    phase: Phase = Phase.ONCE
    since: datetime | None = None
    began: Event | None = None


@dataclass(frozen=True, slots=True)
class News:
    """Lines of one center (or of the daemon itself) that are told together, loudest first.

    Args:
        more: how many further lines there were.
    """

    lines: tuple[Line, ...]
    center: str | None = None
    more: int = 0

    @property
    def level(self) -> Level:
        """As loud as its loudest line."""
        return max((line.level for line in self.lines), key=RANK.__getitem__)


@dataclass(frozen=True, slots=True)
class Healed:
    """One instance's restarts that helped, for the digest.

    Args:
        took_s: how long the last one took, in seconds, where that is known.
    """

    name: str
    count: int
    last_at: datetime
    took_s: float | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """Restarts of a day that helped and were told to nobody at the time."""

    healed: tuple[Healed, ...]
    more: int = 0
    level: Level = Level.INFO


Message = News | Digest
