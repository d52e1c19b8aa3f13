"""Inputs that wait for a turn, in the order in which they came.

A turn takes at most 1 000 instances, so that the loop breathes: a larger page becomes several.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from ..core.inputs import Input
from ..core.model import Page, Swept

TURN_LIMIT = 1000
"""Instances one turn takes at most."""

INPUTS_LIMIT = 200 * TURN_LIMIT
"""Instances that inputs which wait may speak of, 50 MiB; beyond it polls are left out until turns
have caught up (a disk that hangs must not fill the memory)."""


class InputQueue:
    """First in, first out, weighed by the instances an input speaks of."""

    def __init__(self) -> None:
        self._waiting: deque[Input] = deque()
        self.weight = 0
        """Instances that all that waits speaks of: what it costs in memory follows this."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Input]:
        return iter(self._waiting)

    def put(self, one: Input) -> None:
        """Append an input; a page of more than 1 000 rows is split."""
        self.weight += weight(one)
        if isinstance(one, Page) and len(one.rows) > TURN_LIMIT:
            self._waiting.extend(_split(one))
        else:
            self._waiting.append(one)

    def take(self, limit: int = TURN_LIMIT) -> tuple[Input, ...]:
        """Remove and return inputs worth at most `limit` instances, but at least one input."""
        taken: list[Input] = []
        room = limit
        while self._waiting and (not taken or weight(self._waiting[0]) <= room):
            room -= weight(self._waiting[0])
            taken.append(self._waiting.popleft())
        self.weight -= sum(map(weight, taken))
        return tuple(taken)

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self.weight = 0


def weight(one: Input) -> int:
    """How many instances an input speaks of."""
    if isinstance(one, Page):
        return max(1, len(one.rows))
    if isinstance(one, Swept):
        return max(1, len(one.absent))
    return 1


def _split(page: Page) -> Iterator[Page]:
    rows = iter(page.rows.items())
    texts = page.unrecognised
    while part := dict(islice(rows, TURN_LIMIT)):
        labels = {id_: page.labels[id_] for id_ in part if id_ in page.labels}
        yield replace(page, rows=part, labels=labels, unrecognised=texts)
        # Told once: the first part carries the texts.
        texts = ()
