"""The heap of next deadlines: one per key, the latest value wins.

A superseded entry stays in the heap and is skipped when it surfaces; the heap is built anew when
it holds mostly such leftovers, so that its size follows the number of keys.
"""

import heapq
from collections.abc import Mapping
from datetime import datetime

_SLACK = 64
"""Leftovers tolerated before a rebuild is considered, so that small heaps never rebuild."""


class Due:
    """Keys (instance ids, `center:<name>`, `source:<source>@<center>`) and when they are due."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    def __len__(self) -> int:
        return len(self._at)

    @property
    def next_at(self) -> datetime | None:
        """The earliest deadline, or None."""
        self._skip_leftovers()
        return self._heap[0][0] if self._heap else None

    def update(self, wakes: Mapping[str, datetime | None]) -> None:
        """Set the next deadline of each key; None = none any more."""
        for key, at in wakes.items():
            if at is None:
                self._at.pop(key, None)
            elif self._at.get(key) != at:
                self._at[key] = at
                heapq.heappush(self._heap, (at, key))
        if len(self._heap) > 2 * len(self._at) + _SLACK:
            self._heap = [(at, key) for key, at in self._at.items()]
            heapq.heapify(self._heap)

    def take(self, now: datetime, limit: int) -> list[str]:
        """Remove and return at most `limit` keys whose moment has come, earliest first."""
        found: list[str] = []
        while len(found) < limit:
            self._skip_leftovers()
            if not self._heap or self._heap[0][0] > now:
                break
            _, key = heapq.heappop(self._heap)
            del self._at[key]
            found.append(key)
        return found

    def clear(self) -> None:
        """Forget everything."""
        self._at.clear()
        self._heap.clear()

    def _skip_leftovers(self) -> None:
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
