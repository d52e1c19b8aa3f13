"""Messages of one channel that wait to be delivered, and when the next attempt is due."""

from collections import deque
from datetime import datetime, timedelta

from .message import Message

KEPT = 50
"""Messages that wait at most; then the oldest is lost, and counted."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
"""After a failure the channel rests: 30 s, then twice as long each time, 15 min at most."""


class Outbox:
    """Bounded, in order; moments are passed in."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._retry_at: datetime | None = None
        self._failures = 0
        self.failing_since: datetime | None = None
        """When the failures that last began; None = the channel works, as far as is known."""
        self.lost = 0
        """Messages lost since then."""

    def put(self, message: Message) -> None:
        """Let a message wait."""
        if len(self._waiting) == KEPT:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(message)

    def due_at(self, now: datetime) -> datetime | None:
        """When the next attempt is due; None = nothing waits."""
        if not self._waiting:
            return None
        return max(now, self._retry_at or now)

    def next(self, now: datetime, at_once: bool = False) -> Message | None:
        """The message that is to be tried now, which goes on waiting; None = none is due.

        Args:
            at_once: whatever pause a failure made.
        """
        due_at = self.due_at(now)
        if due_at is None or (due_at > now and not at_once):
            return None
        return self._waiting[0]

    def delivered(self, message: Message) -> None:
        """It arrived, and the channel works."""
        if self._waiting and self._waiting[0] is message:
            self._waiting.popleft()
        self._retry_at, self._failures = None, 0
        self.failing_since, self.lost = None, 0

    def failed(self, now: datetime) -> bool:
        """It did not; return whether this is the first failure of a row."""
        self._failures += 1
        # 30 s * 2**5 = 16 min is over the longest pause already: no need for larger powers.
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 5))
        self._retry_at = now + pause
        if self.failing_since is not None:
            return False
        self.failing_since = now
        return True
