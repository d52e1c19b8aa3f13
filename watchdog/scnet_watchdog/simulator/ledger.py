"""What reached the platform and what it answered; nothing is counted that did not arrive."""

from collections import Counter, deque
from dataclasses import dataclass, field

LONGEST = 100_000
"""Calls that are remembered. Those that change something are kept apart, so that no number of
reads pushes them out."""
CHANGING = frozenset({"restart", "stop"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Args:
        at: when it was answered, or would have been.
        instance: whom it names; several are joined by commas.
        code: what was answered: the code, `http_503`, `html`, `reset` … as it was on the wire.
        acted: whether the platform did what was asked, whatever it answered.
    """

    at: float
    endpoint: str
    instance: str | None
    code: str
    acted: bool


def _bounded() -> deque[Call]:
    return deque(maxlen=LONGEST)


@dataclass(slots=True)
class Ledger:
    """Every call, the latest last."""

    calls: deque[Call] = field(default_factory=_bounded)
    changes: deque[Call] = field(default_factory=_bounded)
    totals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many calls there were by endpoint and answer, since the start."""

    def note(self, call: Call) -> None:
        """Remember a call."""
        self.calls.append(call)
        self.totals[call.endpoint, call.code] += 1
        if call.endpoint in CHANGING:
            self.changes.append(call)

    def restarts(self, instance: str | None = None) -> list[Call]:
        """The restart calls, of one instance or of all."""
        return [
            call
            for call in self.changes
            if call.endpoint == "restart" and instance in (None, call.instance)
        ]
