"""Carrying out granted attempts.

At the very moment of the call it is asked once more whether it is still allowed. A call is never
cancelled, and however it ends, its outcome becomes an input of a later turn: an unexpected
exception is an `Unanswered`, for the request may have left.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from ..core.attempt import Attempt
from ..core.inputs import CallEnded
from ..core.outcome import Outcome, Unanswered, Withdrawn
from ..ports import Clock, Restarter

WhyNot = Callable[[Attempt, Restarter], str | None]
"""Why an attempt must not be sent now, or None where it may."""

Broken = Callable[[str, BaseException], None]
"""Told what was being done and what went wrong that never should."""


class Act:
    """The restart calls in flight."""

    def __init__(
        self, clock: Clock, feed: Callable[[CallEnded], None], why_not: WhyNot, broken: Broken
    ) -> None:
        self._clock = clock
        self._feed = feed
        self._why_not = why_not
        self._broken = broken
        self._sizes: dict[str, tuple[Restarter, int]] = {}
        self._calls: dict[asyncio.Task[Outcome], Attempt] = {}

    @property
    def in_flight(self) -> int:
        """How many calls have no outcome yet."""
        return len(self._calls)

    def calls(self, centers: Iterable[str] | None = None) -> set[asyncio.Task[Outcome]]:
        """The calls in flight, of some centers or of all: to be waited for, never cancelled."""
        names = None if centers is None else set(centers)
        return {call for call, of in self._calls.items() if names is None or of.center in names}

    def free(self, restarters: Mapping[str, Restarter]) -> dict[str, int]:
        """Calls that can start at once, per center.

        A call may take its connection late (a token may have to be renewed first), so that those
        in flight are counted here too, against the most places a restarter was seen to have.
        """
        busy = Counter(attempt.center for attempt in self._calls.values())
        found = {}
        for center, restarter in restarters.items():
            known, size = self._sizes.get(center, (restarter, 0))
            size = max(size if known is restarter else 0, restarter.free)
            self._sizes[center] = (restarter, size)
            found[center] = max(0, min(restarter.free, size - busy[center]))
        return found

    def start(self, attempts: Iterable[Attempt], restarters: Mapping[str, Restarter]) -> None:
        """Hand over granted attempts; returns at once."""
        for attempt in attempts:
            restarter = restarters.get(attempt.center)
            call = asyncio.create_task(
                self._call(attempt, restarter), name=f"restart {attempt.key}"
            )
            self._calls[call] = attempt
            call.add_done_callback(partial(self._ended, attempt))

    async def _call(self, attempt: Attempt, restarter: Restarter | None) -> Outcome:
        # Asked again by the restarter right before the call leaves, should it have to wait first.
        if restarter is None:
            return Withdrawn("its center is no longer configured")
        why = self._why_not(attempt, restarter)
        if why is not None:
            return Withdrawn(why)
        return await restarter.restart(attempt.instance, partial(self._why_not, attempt, restarter))

    def _ended(self, attempt: Attempt, call: asyncio.Task[Outcome]) -> None:
        del self._calls[call]
        self._feed(CallEnded(attempt.key, self._outcome(call), self._clock.now()))

    def _outcome(self, call: asyncio.Task[Outcome]) -> Outcome:
        if call.cancelled():
            return Unanswered("the program ended before the answer came")
        error = call.exception()
        if error is None:
            return call.result()
        self._broken(call.get_name(), error)
        return Unanswered(f"unexpected {type(error).__name__}")
