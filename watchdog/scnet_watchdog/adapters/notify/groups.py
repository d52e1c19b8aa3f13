"""Lines wait for each other: the first of a group for half a minute, later ones for five.

One group per center, and one for the daemon itself, so that the trouble of one center does not hold
back the first word about another. (Waits as Alertmanager's `group_wait` and `group_interval`.)
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ...core.event import Level
from .message import RANK, Line, News

FIRST_WAIT = timedelta(seconds=30)
"""How long the first line of a group waits for more."""
NEXT_WAIT = timedelta(minutes=5)
"""The shortest time between two messages of a group."""
LINES_KEPT = 200
"""Lines that wait in a group at most; further ones are counted, the loudest are kept."""


@dataclass(slots=True)
class _Group:
    lines: list[Line] = field(default_factory=list)
    more: int = 0
    lowest: int = RANK[Level.ERROR]
    due_at: datetime | None = None
    told_at: datetime | None = None

    def add(self, line: Line, now: datetime) -> None:
        if self.due_at is None:
            earliest = self.told_at + NEXT_WAIT if self.told_at is not None else now
            self.due_at = max(now + FIRST_WAIT, earliest)
        if len(self.lines) < LINES_KEPT:
            self.lines.append(line)
            self.lowest = min(self.lowest, RANK[line.level])
            return
        self.more += 1
        if RANK[line.level] > self.lowest:
            ranks = [RANK[one.level] for one in self.lines]
            self.lines[ranks.index(self.lowest)] = line
            self.lowest = min(RANK[one.level] for one in self.lines)


class Groups:
    """The lines that wait, by center."""

    def __init__(self) -> None:
        self._groups: dict[str | None, _Group] = {}

    def add(self, line: Line, now: datetime) -> None:
        """Let a line wait in the group of its center."""
        self._groups.setdefault(line.event.center, _Group()).add(line, now)

    @property
    def due_at(self) -> datetime | None:
        """When the next message is due; None = nothing waits."""
        moments = (group.due_at for group in self._groups.values())
        return min((moment for moment in moments if moment is not None), default=None)

    def take(self, now: datetime, at_once: bool = False) -> list[News]:
        """Messages that are due, the loudest lines first; they wait no more.

        Args:
            at_once: all that waits, due or not.
        """
        messages = []
        for center, group in self._groups.items():
            if group.due_at is None or (group.due_at > now and not at_once):
                continue
            # Sorting is stable: lines of one level stay in the order of their moments.
            lines = sorted(group.lines, key=lambda line: -RANK[line.level])
            messages.append(News(tuple(lines), center, group.more))
            self._groups[center] = _Group(told_at=now)
        return messages
