"""Those of a center who want a call, in the order in which they get one.

Kept in order from turn to turn: where thousands wait for a few places, a turn asks only the first.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator
from datetime import datetime

from .decision import Reason
from .model import InstanceId

Place = tuple[int, datetime, InstanceId]
"""Attempts in the episode, down since, id: fewest first, then the longest down."""


class Line:
    """A set of ids in the order of their places."""

    __slots__ = ("_order", "_places", "odd", "told")

    def __init__(self) -> None:
        self._places: dict[InstanceId, Place] = {}
        self._order: list[Place] = []
        self.told: Reason | None = None
        """The reason everyone in line was told last, but for the odd ones and newcomers."""
        self.odd: frozenset[InstanceId] = frozenset()
        """Those who were told a reason of their own."""

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._places

    def __iter__(self) -> Iterator[InstanceId]:
        return (place[2] for place in self._order)

    def put(self, place: Place) -> None:
        """Let an instance wait at its place, wherever it waited before."""
        id_ = place[2]
        if self._places.get(id_) != place:
            self.discard(id_)
            self._places[id_] = place
            insort(self._order, place)

    def discard(self, id_: InstanceId) -> None:
        """Let an instance leave."""
        place = self._places.pop(id_, None)
        if place is not None:
            del self._order[bisect_left(self._order, place)]

    def first(self, count: int, without: Collection[InstanceId] = ()) -> list[InstanceId]:
        """The first in line."""
        found: list[InstanceId] = []
        for place in self._order:
            if len(found) == count:
                break
            if place[2] not in without:
                found.append(place[2])
        return found

    def copy(self) -> "Line":
        """The same line, to be changed."""
        twin = Line.__new__(Line)
        twin._places, twin._order = self._places.copy(), self._order.copy()
        twin.told, twin.odd = self.told, self.odd
        return twin
