"""What waits for a turn: inputs, deadlines of the core, and deadlines of the engine itself."""

from collections.abc import Iterable
from datetime import datetime

from ..core.inputs import Input
from .due import Due
from .inputs import TURN_LIMIT, InputQueue

Work = tuple[tuple[Input, ...], tuple[str, ...]]
"""Inputs of one turn, and the keys that are due."""


class Agenda:
    """The next turn's work, at most 1 000 instances of it."""

    def __init__(self) -> None:
        self.queue = InputQueue()
        self.due = Due()
        """Deadlines the core set."""
        self._ours = Due()
        # Kept apart: the core's next deadline for the same key must not replace ours.
        self._alone: list[Work] = []

    def ready(self, now: datetime) -> bool:
        """Whether there is work for a turn now."""
        if self.queue or self._alone:
            return True
        next_at = self.next_at
        return next_at is not None and next_at <= now

    @property
    def next_at(self) -> datetime | None:
        """The earliest deadline, the core's or ours."""
        moments = (self.due.next_at, self._ours.next_at)
        return min((at for at in moments if at is not None), default=None)

    def ask(self, keys: Iterable[str], at: datetime) -> None:
        """Let a turn look at these keys at a moment of our own choice."""
        self._ours.update(dict.fromkeys(keys, at))

    def take(self, now: datetime) -> Work:
        """Remove and return the next turn's work."""
        if self._alone:
            return self._alone.pop()
        due = self._ours.take(now, TURN_LIMIT)
        due += self.due.take(now, TURN_LIMIT - len(due))
        return self.queue.take(max(1, TURN_LIMIT - len(due))), tuple(due)

    def part(self, work: Work) -> bool:
        """Give each input and key of a turn a turn of its own; False when it has only one."""
        inputs, due = work
        if len(inputs) + len(due) <= 1:
            return False
        # Taken from the end of the list: the order in which they came is kept.
        self._alone.extend(((), (key,)) for key in reversed(due))
        self._alone.extend(((one,), ()) for one in reversed(inputs))
        return True

    def pending(self) -> tuple[Input, ...]:
        """Inputs that no turn has taken yet."""
        return (*(one for inputs, _ in self._alone for one in inputs), *self.queue)

    def clear(self) -> None:
        """Forget everything."""
        self.queue.clear()
        self.due.clear()
        self._ours.clear()
        self._alone.clear()
